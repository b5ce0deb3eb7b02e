//! What the scenes do to PostgreSQL and to the way there happens as they say.

use crate::support::postgres::{Cluster, Database, Disk};
use crate::support::proxy::{Loss, Proxy, Way};
use crate::support::*;
use rustix::process::Signal;
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};
use tokio_postgres::Client;

const SHORT: Duration = Duration::from_millis(300);

async fn numbers(client: &Client) -> Vec<i64> {
    let rows = client.query("SELECT n FROM t ORDER BY n", &[]).await;
    rows.expect("numbers")
        .iter()
        .map(|row| row.get(0))
        .collect()
}

#[tokio::test]
async fn commits_and_connections_are_lost_as_told() {
    let cluster = Cluster::start(Disk::Hurried);
    let database = cluster.database().await;
    let proxy = Proxy::before(cluster.port);
    let way = Database::at(&proxy.url(&database.url())).expect("an address");
    let client = way.client().await;
    client
        .batch_execute("CREATE TABLE t (n BIGINT)")
        .await
        .expect("a table");

    // It has happened, and nobody heard of it; and the one after that is heard of.
    proxy.loses(Loss::Answer);
    let lost = client
        .batch_execute("BEGIN; INSERT INTO t VALUES (1)")
        .await;
    lost.expect("nothing is committed yet");
    let lost = client.batch_execute("COMMIT").await;
    assert!(lost.expect_err("no answer").is_closed());
    let client = way.client().await;
    let heard = "BEGIN; INSERT INTO t VALUES (2); COMMIT";
    client.batch_execute(heard).await.expect("an answer");
    assert_eq!(numbers(&client).await, [1, 2]);

    // It has not happened: as a simple query, and as one that was prepared.
    for number in [3_i64, 4] {
        let client = way.client().await;
        client.batch_execute("BEGIN").await.expect("it begins");
        client
            .execute("INSERT INTO t VALUES ($1)", &[&number])
            .await
            .expect("it runs");
        proxy.loses(Loss::Commit);
        let lost = match number {
            3 => client.batch_execute("COMMIT").await,
            _ => client.execute("COMMIT", &[]).await.map(drop),
        };
        assert!(lost.expect_err("no answer").is_closed());
    }
    assert_eq!((proxy.lost(), numbers(&client).await), (3, vec![1, 2]));

    for way in [Way::ToServer, Way::ToClient] {
        proxy.stalls(way);
        let asked = client.query("SELECT 1", &[]);
        assert!(timeout(SHORT, asked).await.is_err(), "stalled {way:?}");
        proxy.flows();
        numbers(&client).await;
    }

    let before = proxy.taken();
    proxy.cuts();
    assert!(client.query("SELECT 1", &[]).await.is_err());
    let client = way.client().await;
    assert_eq!(
        (numbers(&client).await.len(), proxy.taken()),
        (2, before + 1)
    );
    proxy.refuses(true);
    let refused = tokio_postgres::connect(&way.url(), tokio_postgres::NoTls).await;
    assert!(refused.is_err());
    proxy.refuses(false);

    proxy.delays(Duration::from_millis(20));
    let far = way.client().await;
    let asked = Instant::now();
    for _ in 0..5 {
        numbers(&far).await;
    }
    // Preparing and asking, each a round trip.
    assert!(
        asked.elapsed() >= Duration::from_millis(180),
        "{:?}",
        asked.elapsed()
    );
}

#[tokio::test]
async fn a_cluster_ends_hangs_and_goes_on_as_told() {
    let mut cluster = Cluster::start(Disk::Flushed);
    let database = cluster.database().await;
    let client = database.client().await;
    client
        .batch_execute("CREATE TABLE t (n BIGINT)")
        .await
        .expect("a table");
    let mut expected = Vec::new();
    let inserts = async |expected: &mut Vec<i64>| {
        let next = expected.len() as i64;
        let client = database.client().await;
        client
            .execute("INSERT INTO t VALUES ($1)", &[&next])
            .await
            .expect("it serves");
        expected.push(next);
        assert_eq!(numbers(&client).await, *expected);
    };
    inserts(&mut expected).await;
    cluster.crashes();
    assert!(client.query("SELECT pg_sleep(10)", &[]).await.is_err());
    let serves = async || {
        let connected = tokio_postgres::connect(&database.url(), tokio_postgres::NoTls).await;
        connected.is_ok()
    };
    while !serves().await {
        sleep(Duration::from_millis(20)).await;
    }
    inserts(&mut expected).await;
    cluster.is_killed();
    assert!(!serves().await);
    cluster.goes_on();
    inserts(&mut expected).await;
    cluster.ends();
    assert!(!serves().await);
    cluster.goes_on();
    inserts(&mut expected).await;
    let client = database.client().await;
    cluster.all_are_told(Signal::STOP);
    assert!(timeout(SHORT, client.query("SELECT 1", &[])).await.is_err());
    cluster.all_are_told(Signal::CONT);
    inserts(&mut expected).await;
}

#[tokio::test]
async fn a_scene_has_a_database_of_its_own_and_leaves_none() {
    let cluster = Cluster::start(Disk::Hurried);
    let (one, other) = (cluster.database().await, cluster.database().await);
    let made = one
        .client()
        .await
        .batch_execute("CREATE TABLE t (n BIGINT)")
        .await;
    made.expect("a table");
    assert!(
        other
            .client()
            .await
            .query("SELECT n FROM t", &[])
            .await
            .is_err()
    );
    drop((one, other));
    let all = Database::at(&cluster.url("postgres")).expect("an address");
    let left = async || {
        let left = "SELECT count(*) FROM pg_database WHERE datname LIKE 'scene%'";
        let left = all.client().await.query_one(left, &[]).await;
        left.expect("a count").get::<_, i64>(0)
    };
    let asked = Instant::now();
    while left().await > 0 {
        assert!(asked.elapsed() < PATIENCE, "they are left");
        sleep(Duration::from_millis(20)).await;
    }
}
