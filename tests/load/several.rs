//! What do several servers on one PostgreSQL cost, and what does PostgreSQL?

use std::time::Duration;

use crate::contestant::Launch;
use crate::server::{self, Server};
use crate::support::postgres::{Cluster, Database, Disk, blocking};
use crate::support::proxy::Proxy;
use crate::{Results, measured, rounded};

/// Measures so many servers on a cluster of their own, to which a round trip takes so much longer.
pub fn measure(
    launch: &Launch,
    count: u32,
    trip_us: u64,
    measurement: impl Fn(&Server) -> anyhow::Result<Results>,
) -> anyhow::Result<Results> {
    let cluster = Cluster::start(Disk::Flushed);
    let database: Database = blocking(cluster.database());
    let way = (trip_us > 0).then(|| Proxy::before(cluster.port));
    let mut url = database.url();
    if let Some(way) = &way {
        way.delays(Duration::from_micros(trip_us));
        url = way.url(&url) + "?sslmode=disable";
    }
    let launch = Launch {
        db: Some(url.into()),
        ..launch.clone()
    };
    let server = Server::start_several(&launch, count as usize)?;
    let used = || -> anyhow::Result<f64> {
        let mut sum = 0.0;
        for process in cluster.processes() {
            sum += server::usage(&process.as_raw_nonzero().to_string())?.cpu_seconds;
        }
        Ok(sum)
    };
    let mut spent = 0.0;
    let mut results = measured(server, |server| {
        let before = used()?;
        let results = measurement(server)?;
        spent = used()? - before;
        Ok(results)
    })?;
    results.push(("postgres_cpu_seconds", rounded(spent).into()));
    Ok(results)
}
