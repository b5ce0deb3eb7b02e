//! How fast are requests answered, and what does the server spend on each?

use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::line::{Line, request};
use crate::run::late;
use crate::server::Server;
use crate::wire::{scratch, wait_for};
use crate::{Results, rounded};

/// What is asked again and again.
pub struct Ask {
    pub method: &'static str,
    pub token: Option<String>,
    /// Path and body of the request with this number.
    pub what: Box<dyn Fn(u64) -> (String, String)>,
    /// How many of this each answer has to hold.
    pub holds: (String, usize),
}

struct Asking {
    line: Line,
    since: Instant,
    waits: bool,
}

/// Asks over so many kept connections at a time, for so long.
pub fn measure(
    server: &Server,
    ask: &Ask,
    connections: u32,
    warm_up: f64,
    seconds: u32,
) -> anyhow::Result<Results> {
    let mut asking = Vec::new();
    for _ in 0..connections {
        let (line, since) = (Line::open(server.address)?, Instant::now());
        asking.push(Asking {
            line,
            since,
            waits: false,
        });
    }
    let (mut number, mut latencies, mut bytes) = (0, Vec::new(), 0);
    let (mut scratch, mut wrong) = (scratch(), None);
    let from = Instant::now() + Duration::from_secs_f64(warm_up);
    let mut first = None;
    loop {
        let now = Instant::now();
        if first.is_none() && now >= from {
            latencies.clear();
            bytes = 0;
            first = Some((server.usage()?, Instant::now()));
        }
        if now >= from + Duration::from_secs(seconds.into()) {
            break;
        }
        for one in &mut asking {
            if !one.waits {
                let (path, body) = (ask.what)(number);
                number += 1;
                let request = request(ask.method, &path, ask.token.as_deref(), &body);
                one.line.wire.say(&request);
                (one.waits, one.since) = (true, now);
            }
            one.line.wire.flush()?;
        }
        wait_for(
            asking.iter().map(|one| &one.line.wire),
            Duration::from_millis(20),
        )?;
        for one in &mut asking {
            let (since, waits) = (one.since, &mut one.waits);
            one.line.look(&mut scratch, |answer| {
                *waits = false;
                latencies.push(since.elapsed());
                bytes += answer.body.len();
                // Whether all is there is looked up now and then: it would cost what is measured.
                let right = matches!(answer.status, 200..300)
                    && (latencies.len() % 64 != 1 || ask.is_whole(answer.body));
                if !right {
                    let said = String::from_utf8_lossy(answer.body).into_owned();
                    wrong.get_or_insert((answer.status, said));
                }
            })?;
        }
        ensure!(wrong.is_none(), "not the right answer: {wrong:?}");
    }
    let Some((before, began)) = first else {
        anyhow::bail!("the measurement has no length")
    };
    let (after, lasted) = (server.usage()?, began.elapsed().as_secs_f64());
    ensure!(!latencies.is_empty(), "nothing was answered");
    #[allow(clippy::cast_precision_loss)] // a few seconds' worth
    let (count, bytes) = (latencies.len() as f64, bytes as f64);
    let cpu = after.cpu_seconds - before.cpu_seconds;
    let [p50, p99] = late(latencies);
    Ok(vec![
        ("requests_per_second", rounded(count / lasted).into()),
        (
            "server_cpu_us_per_request",
            rounded(cpu * 1e6 / count).into(),
        ),
        ("answer_ms_p50", p50.into()),
        ("answer_ms_p99", p99.into()),
        ("bytes_per_answer", rounded(bytes / count).into()),
        ("server_cpus", rounded(cpu / lasted).into()),
    ])
}

impl Ask {
    fn is_whole(&self, body: &[u8]) -> bool {
        let (what, count) = &self.holds;
        let found = body
            .windows(what.len())
            .filter(|part| *part == what.as_bytes());
        found.count() == *count
    }
}
