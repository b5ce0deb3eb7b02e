//! How fast do messages pass, and does everyone hear all of them, once, in one order?
//!
//! One thread looks at all sockets in turn and then rests. That costs less than being woken for each
//! packet, and what came meanwhile is read at once; the price is that latencies are as coarse as the rest.

use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::crowd;
use crate::person::{Person, Tally};
use crate::server::{Server, Usage, usage};
use crate::websocket::{Socket, scratch};
use crate::{Flags, Results, rounded};

struct Moment {
    at: Instant,
    acknowledged: u64,
    delivered: u64,
    server: Usage,
    own: Usage,
}

pub fn measure(server: &Server, flags: &Flags) -> anyhow::Result<Results> {
    let (mut people, rooms) = gather(server, flags)?;
    let mut tally = Tally::default();
    let mut scratch = scratch();
    let sweep = Duration::from_micros(flags.sweep_us.into());
    let begin = Instant::now();
    let from = begin + Duration::from_secs(flags.warm_up.into());
    let until = from + Duration::from_secs(flags.seconds.into());
    let (mut first, mut last) = (None, None);
    loop {
        let now = Instant::now();
        if first.is_none() && now >= from {
            first = Some(moment(server, &tally)?);
            tally.latencies.clear();
        }
        if last.is_none() && now >= until {
            last = Some((
                moment(server, &tally)?,
                std::mem::take(&mut tally.latencies),
            ));
        }
        for person in &mut people {
            person.listen(&mut scratch, flags.dialect, &mut tally)?;
            if last.is_none() {
                person.send(flags, &rooms, now);
            }
            person.socket.flush()?;
        }
        let due = tally.acknowledged * u64::from(flags.room_size);
        let done = people.iter().all(|one| one.waiting.is_empty()) && tally.delivered >= due;
        // What does not come within 10 s of the last word does not come.
        if last.is_some() && (done || now > until + Duration::from_secs(10)) {
            break;
        }
        std::thread::sleep(sweep.saturating_sub(now.elapsed()));
    }
    // One more look, for what should not come: a delivery too many.
    std::thread::sleep(Duration::from_millis(200));
    for person in &mut people {
        person.listen(&mut scratch, flags.dialect, &mut tally)?;
    }
    let (Some(first), Some((last, latencies))) = (first, last) else {
        unreachable!("the loop ends after the last moment, which follows the first")
    };
    ensure!(
        last.acknowledged > first.acknowledged,
        "nothing was acknowledged: {:?}",
        tally.wrong
    );
    let problem = problem(&people, rooms.len(), &tally);
    Ok(results(flags, &first, &last, latencies, problem.as_deref()))
}

fn gather(server: &Server, flags: &Flags) -> anyhow::Result<(Vec<Person>, Vec<String>)> {
    let (senders, room_size) = (flags.senders as usize, flags.room_size as usize);
    let count = senders.max(room_size);
    let tokens = (0..count)
        .map(|number| crowd::sign_up(server, number))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let mut people = Vec::with_capacity(count);
    for (number, token) in tokens.iter().enumerate() {
        let socket = Socket::open(server.address, token)?;
        people.push(Person::new(
            number,
            socket,
            (number < senders).then_some(number / room_size),
        ));
    }
    let mut rooms = Vec::new();
    for (room, sitting) in crowd::seats(count, room_size).into_iter().enumerate() {
        let id = crowd::open_room(server, &tokens[sitting[0]], room)?;
        for number in sitting {
            let person = &mut people[number];
            crowd::join(flags.dialect, &mut person.socket, &id)?;
            person.sit(room, senders);
        }
        rooms.push(id);
    }
    for person in &mut people {
        person.socket.never_wait()?;
    }
    Ok((people, rooms))
}

/// What was promised and not kept, if anything.
fn problem(people: &[Person], rooms: usize, tally: &Tally) -> Option<String> {
    if let Some(wrong) = &tally.wrong {
        return Some(format!(
            "{} packets were wrong, the first: {wrong}",
            tally.wrongs
        ));
    }
    let unanswered: usize = people.iter().map(|one| one.waiting.len()).sum();
    if unanswered > 0 {
        return Some(format!("{unanswered} messages were not acknowledged"));
    }
    (0..rooms).find_map(|room| {
        let sent: u64 = people
            .iter()
            .filter(|one| one.home == Some(room))
            .map(|one| u64::from(one.sent))
            .sum();
        let mut seats = people
            .iter()
            .flat_map(|one| &one.seats)
            .filter(|seat| seat.room == room);
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
    flags: &Flags,
    first: &Moment,
    last: &Moment,
    mut latencies: Vec<Duration>,
    problem: Option<&str>,
) -> Results {
    latencies.sort_unstable();
    let seconds = (last.at - first.at).as_secs_f64();
    let messages = (last.acknowledged - first.acknowledged) as f64;
    let deliveries = (last.delivered - first.delivered) as f64;
    let cpu = last.server.cpu_seconds - first.server.cpu_seconds;
    let own = last.own.cpu_seconds - first.own.cpu_seconds;
    let late = |share: usize| {
        rounded(
            latencies
                .get(latencies.len().saturating_sub(1) * share / 100)
                .map_or(0.0, |one| one.as_secs_f64() * 1e3),
        )
    };
    vec![
        ("senders", flags.senders.into()),
        ("in_flight", flags.in_flight.into()),
        ("room_size", flags.room_size.into()),
        ("messages_per_second", rounded(messages / seconds).into()),
        (
            "deliveries_per_second",
            rounded(deliveries / seconds).into(),
        ),
        ("ack_ms_p50", late(50).into()),
        ("ack_ms_p99", late(99).into()),
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
