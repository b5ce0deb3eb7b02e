//! How fast do messages pass, and does everyone hear all of them, once, in one order?
//!
//! One thread looks at all sockets in turn and then rests. That costs less than being woken for each
//! packet, and what came meanwhile is read at once; the price is that latencies are as coarse as the rest.

use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::gathering::Gathering;
use crate::person::Tally;
use crate::server::{Server, Usage, usage};
use crate::shape::Shape;
use crate::wire::{scratch, wait_for};
use crate::{Results, rounded};

struct Moment {
    at: Instant,
    acknowledged: u64,
    delivered: u64,
    server: Usage,
    own: Usage,
}

pub fn measure(server: &Server, shape: &Shape) -> anyhow::Result<Results> {
    let mut all = Gathering::of(server, shape)?;
    let mut tally = Tally::default();
    let mut scratch = scratch();
    let begin = Instant::now();
    let from = begin + Duration::from_secs_f64(shape.warm_up);
    let until = from + Duration::from_secs(shape.seconds.into());
    let (mut first, mut last) = (None, None);
    loop {
        let now = Instant::now();
        if first.is_none() && now >= from {
            first = Some(moment(server, &tally)?);
            tally.latencies.clear();
            tally.crossings.clear();
        }
        if last.is_none() && now >= until {
            last = Some((
                moment(server, &tally)?,
                std::mem::take(&mut tally.latencies),
                std::mem::take(&mut tally.crossings),
            ));
        }
        all.listen(&mut scratch, shape.dialect, &mut tally)?;
        if last.is_none() {
            all.send(shape, begin);
        }
        all.flush()?;
        let due = tally.acknowledged * u64::from(shape.heard_by());
        let done = all.unanswered() == 0 && tally.delivered >= due;
        // What does not come within 10 s of the last word does not come.
        if last.is_some() && (done || now > until + Duration::from_secs(10)) {
            break;
        }
        if shape.sweep_us == 0 {
            wait_for(all.wires(), all.until_next(shape, begin))?;
        } else {
            let sweep = Duration::from_micros(shape.sweep_us.into());
            std::thread::sleep(sweep.saturating_sub(now.elapsed()));
        }
    }
    // One more look, for what should not come: a delivery too many.
    std::thread::sleep(Duration::from_millis(200));
    all.listen(&mut scratch, shape.dialect, &mut tally)?;
    let (Some(first), Some((last, latencies, crossings))) = (first, last) else {
        unreachable!("the loop ends after the last moment, which follows the first")
    };
    ensure!(
        last.acknowledged > first.acknowledged,
        "nothing was acknowledged: {:?}",
        tally.wrong
    );
    let problem = problem(&all, &tally);
    let mut results = results(shape, &first, &last, latencies, problem.as_deref());
    if server.count() > 1 {
        let late = late(crossings);
        results.push(("servers", server.count().into()));
        results.push(("crossing_ms_p50", late[0].into()));
        results.push(("crossing_ms_p99", late[1].into()));
    }
    Ok(results)
}

/// What was promised and not kept, if anything.
fn problem(all: &Gathering, tally: &Tally) -> Option<String> {
    if let Some(wrong) = &tally.wrong {
        return Some(format!(
            "{} packets were wrong, the first: {wrong}",
            tally.wrongs
        ));
    }
    let unanswered = all.unanswered();
    if unanswered > 0 {
        return Some(format!("{unanswered} messages were not acknowledged"));
    }
    (0..all.rooms.len()).find_map(|room| {
        let sent: u64 = all.agendas().map(|agenda| agenda.said_in(room)).sum();
        let mut seats = all.people.iter().filter_map(|one| one.seat_in(room));
        let order = seats.clone().next()?.order;
        if let Some(seat) = seats.clone().find(|seat| seat.heard != sent) {
            return Some(format!(
                "room {room}: {} of {sent} messages were heard by someone",
                seat.heard
            ));
        }
        seats
            .any(|seat| seat.order != order)
            .then(|| format!("room {room} was heard in more than one order"))
    })
}

fn moment(server: &Server, tally: &Tally) -> anyhow::Result<Moment> {
    Ok(Moment {
        at: Instant::now(),
        acknowledged: tally.acknowledged,
        delivered: tally.delivered,
        server: server.usage()?,
        own: usage("self")?,
    })
}

#[allow(clippy::cast_precision_loss)] // counts of a few seconds
fn results(
    shape: &Shape,
    first: &Moment,
    last: &Moment,
    latencies: Vec<Duration>,
    problem: Option<&str>,
) -> Results {
    let seconds = (last.at - first.at).as_secs_f64();
    let messages = (last.acknowledged - first.acknowledged) as f64;
    let deliveries = (last.delivered - first.delivered) as f64;
    let cpu = last.server.cpu_seconds - first.server.cpu_seconds;
    let own = last.own.cpu_seconds - first.own.cpu_seconds;
    let late = late(latencies);
    vec![
        ("senders", shape.senders.into()),
        ("in_flight", shape.in_flight.into()),
        ("room_size", shape.room_size.into()),
        ("messages_per_second", rounded(messages / seconds).into()),
        (
            "deliveries_per_second",
            rounded(deliveries / seconds).into(),
        ),
        ("ack_ms_p50", late[0].into()),
        ("ack_ms_p99", late[1].into()),
        (
            "server_cpu_us_per_message",
            rounded(cpu * 1e6 / messages).into(),
        ),
        (
            "server_cpu_us_per_delivery",
            rounded(cpu * 1e6 / deliveries).into(),
        ),
        ("server_cpus", rounded(cpu / seconds).into()),
        ("own_cpus", rounded(own / seconds).into()),
        (
            "server_mib",
            rounded(last.server.resident_bytes / 1_048_576.0).into(),
        ),
        ("problem", problem.into()),
    ]
}

/// Half of them, and all but one in a hundred, were not later than this; in milliseconds.
pub fn late(mut latencies: Vec<Duration>) -> [f64; 2] {
    latencies.sort_unstable();
    [50, 99].map(|share| {
        let at = latencies.len().saturating_sub(1) * share / 100;
        rounded(latencies.get(at).map_or(0.0, |one| one.as_secs_f64() * 1e3))
    })
}
