//! One order for everybody: so many messages, said in every way, to ten who listen in every dialect on both transports.

use super::link::{By, Link};
use super::tongues::{CAMPUS, DIRECT, MENTOR, ROOMS, Tongue};
use crate::support::packet::Kind;
use crate::support::*;
use std::time::{Duration, Instant};

const LISTENERS: [(&Tongue, By); 10] = [
    (&ROOMS, By::Websocket),
    (&ROOMS, By::Websocket),
    (&ROOMS, By::Polling),
    (&DIRECT, By::Websocket),
    (&DIRECT, By::Polling),
    (&CAMPUS, By::Websocket),
    (&CAMPUS, By::Websocket),
    (&CAMPUS, By::Polling),
    (&MENTOR, By::Websocket),
    (&MENTOR, By::Polling),
];

/// Who speaks by event, and what share in percent; the rest is said by REST.
const SPEAKERS: [(&Tongue, By, usize); 5] = [
    (&ROOMS, By::Websocket, 30),
    (&DIRECT, By::Websocket, 30),
    (&CAMPUS, By::Websocket, 25),
    (&DIRECT, By::Polling, 5),
    (&CAMPUS, By::Polling, 4),
];
const BY_REST: usize = 2;
/// Messages that a speaker has under way at a time.
const UNDER_WAY: usize = 16;

/// What ten listeners heard, measured against what is stored.
#[derive(Debug, Default, PartialEq)]
pub struct Disorder {
    pub lost: usize,
    pub doubled: usize,
    pub inverted: usize,
}

/// Returns what was wrong, and how long it took from the first word to the last one heard.
pub async fn order(messages: usize) -> (Disorder, Duration) {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let group = ann.gathers("Everybody", &[&bob]).await;
    let share = |percent: usize| messages * percent / 100;
    let by_rest = share(BY_REST);
    let all = SPEAKERS
        .iter()
        .map(|(.., percent)| share(*percent))
        .sum::<usize>()
        + 3 * by_rest;

    let mut listening = Vec::new();
    for (tongue, by) in LISTENERS {
        let mut link = enters(&chat, &bob, tongue, by).await;
        if let Some(join) = tongue.joins(&group) {
            link.say(join).await;
            acknowledged(&mut link, 1).await;
        }
        listening.push(tokio::spawn(async move {
            let mut heard = Vec::with_capacity(all);
            while heard.len() < all {
                let packet = link.next().await;
                let packet = packet.unwrap_or_else(|| panic!("{} {by:?} was cut off", tongue.name));
                heard.extend(
                    tongue
                        .hears(&packet.data)
                        .map(|(words, _)| words.to_owned()),
                );
            }
            // Whatever is doubled may come last.
            let more = tokio::time::timeout(MOMENT, link.next()).await;
            heard.extend(more.ok().flatten().map(|packet| packet.data.to_string()));
            heard
        }));
    }

    let begun = Instant::now();
    let mut speaking = Vec::new();
    for (at, (tongue, by, percent)) in SPEAKERS.into_iter().enumerate() {
        let mut link = enters(&chat, &ann, tongue, by).await;
        let (group, count) = (group.clone(), share(percent));
        speaking.push(tokio::spawn(async move {
            for start in (0..count).step_by(UNDER_WAY) {
                let some = start..(start + UNDER_WAY).min(count);
                for number in some.clone() {
                    let words = format!("{at} {number}");
                    let said = tongue.says(&group, &words, number as u64, None);
                    link.say(said.expect("this dialect speaks by event")).await;
                }
                acknowledged(&mut link, some.len()).await;
            }
        }));
    }
    let by_rooms = async {
        for number in 0..by_rest {
            ann.posts(&group, &format!("rooms {number}")).await;
        }
    };
    let by_campus = async {
        for number in 0..by_rest {
            ann.sends_to(&group, &format!("campus {number}")).await;
        }
    };
    let by_mentor = async {
        for number in 0..by_rest {
            ann.says(&group, &format!("mentor {number}")).await;
        }
    };
    tokio::join!(by_rooms, by_campus, by_mentor);
    for speaker in speaking {
        speaker.await.expect("everybody has their say");
    }

    let mut disorder = Disorder::default();
    let mut all_heard = Vec::new();
    for listener in listening {
        all_heard.push(listener.await.expect("everybody hears everything"));
    }
    let took = begun.elapsed();
    let stored = stored(&chat);
    assert_eq!(stored.len(), all, "as many are stored as were acknowledged");
    let place: std::collections::HashMap<_, _> = stored.iter().zip(0..).collect();
    for heard in all_heard {
        let places: Vec<i32> = heard.iter().map(|words| place[words]).collect();
        let mut once = places.clone();
        once.sort_unstable();
        once.dedup();
        disorder.doubled += places.len() - once.len();
        disorder.lost += all - once.len();
        disorder.inverted += places.windows(2).filter(|two| two[0] > two[1]).count();
    }
    (disorder, took)
}

async fn enters(chat: &Chat, who: &Person, tongue: &Tongue, by: By) -> Link {
    let auth = json!({ "token": who.token });
    let link = Link::open(&chat.address, by, tongue, &auth).await;
    link.unwrap_or_else(|why| panic!("{} {by:?}: {why}", tongue.name))
}

/// Waits until so many of the events have been acknowledged, each with success.
async fn acknowledged(link: &mut Link, mut count: usize) {
    while count > 0 {
        let packet = link.next().await.expect("whoever speaks is listened to");
        if packet.kind == Kind::Ack {
            assert_looks_like(
                &packet.data[0],
                json!({ "ok": true }),
                "the acknowledgement",
            );
            count -= 1;
        }
    }
}

/// All that was said, in the order of the sequence numbers, which have no gap.
pub fn stored(chat: &Chat) -> Vec<String> {
    let file = chat.announced["db"]
        .as_str()
        .expect("the announcement names the file");
    let conn = rusqlite::Connection::open(file).expect("the database");
    let sql = "SELECT seq, text FROM messages ORDER BY conversation, seq";
    let mut rows = conn.prepare(sql).expect("a query");
    let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, u32>(0)?, row.get::<_, String>(1)?));
    let rows = rows.query_map((), row).expect("an answer");
    let mut stored = Vec::new();
    for row in rows {
        let (seq, text) = row.expect("a row");
        assert_eq!(
            seq as usize,
            stored.len() + 1,
            "there is one conversation, and no gap"
        );
        stored.push(text);
    }
    stored
}

#[tokio::test]
async fn ten_listeners_on_all_transports_hear_one_order() {
    assert_eq!(order(5_000).await.0, Disorder::default());
}
