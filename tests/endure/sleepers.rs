//! What do hundreds cost who stop reading? So much memory and no more, and the others hear as soon as before.

use super::link::{By, Link};
use super::tongues::ROOMS;
use crate::support::*;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// Below the server's bound of sockets per account.
const PER_ACCOUNT: usize = 45;
/// Listeners that do read.
const AWAKE: usize = 20;
/// Bytes in a message.
const LONG: usize = 1_000;
/// So fast that both sides keep up on a small machine.
const EVERY: Duration = Duration::from_millis(5);

#[derive(Debug)]
pub struct Cost {
    /// Resident memory in MiB: with everybody there who reads; and at most, with those who do not as well.
    pub before: u64,
    pub most: u64,
    /// How long the others waited for a message, phase by phase: without sleepers, with them, without …
    pub p99: Vec<Duration>,
}

/// So many fall asleep and stay until they are ended, while so many messages are said; and this as often, in turn with
/// as many messages without them.
pub async fn sleepers(count: usize, phases: usize, messages: usize) -> Cost {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let mut people = Vec::new();
    for at in 0..count.div_ceil(PER_ACCOUNT) {
        people.push(chat.rooms(&format!("sleeper {at}")).await);
    }
    let room = ann.opens_room("General Discussion").await;
    let mut awake = Vec::new();
    for _ in 0..AWAKE {
        awake.push(listens(&chat, &ann, &room, By::Websocket).await);
    }
    // Whatever the first messages take once is none of the sleepers' cost.
    talk(&chat, &ann, &room, &mut awake, messages / 3).await;
    let before = resident(&chat);
    let (mut most, mut p99) = (before, Vec::new());
    for phase in 0..2 * phases {
        let mut asleep = Vec::new();
        if phase % 2 == 1 {
            for at in 0..count {
                asleep.push(
                    listens(&chat, &people[at / PER_ACCOUNT], &room, By::NarrowWebsocket).await,
                );
            }
        }
        let (mut waits, heaviest) = talk(&chat, &ann, &room, &mut awake, messages).await;
        most = most.max(heaviest);
        waits.sort_unstable();
        p99.push(waits[waits.len() * 99 / 100]);
        // The connections of those who were ended are closed, those of the others end here.
        drop(asleep);
        sleep(Duration::from_millis(500)).await;
    }
    Cost { before, most, p99 }
}

async fn listens(chat: &Chat, person: &Person, room: &str, by: By) -> Link {
    let auth = json!({ "token": person.token });
    for _ in 0..100 {
        if let Ok(mut link) = Link::open(&chat.address, by, &ROOMS, &auth).await {
            link.say(ROOMS.joins(room).expect("rooms joins by event"))
                .await;
            link.next().await.expect("joining is acknowledged");
            return link;
        }
        // A place may be taken still by somebody who has just left.
        sleep(Duration::from_millis(100)).await;
    }
    panic!("{} is never let in", person.name);
}

/// Says messages at a steady pace; returns how long each of the later ones took to each who is awake, and the most memory
/// meanwhile.
async fn talk(
    chat: &Chat,
    ann: &Person,
    room: &str,
    awake: &mut [Link],
    messages: usize,
) -> (Vec<Duration>, u64) {
    let socket = ann.opens_a_socket().await;
    let begun = Instant::now();
    let talking = async {
        let mut most = 0;
        for at in 0..messages {
            let words = format!("{} {:.<LONG$}", begun.elapsed().as_micros(), "");
            socket.emit("message", json!({ "roomId": room, "content": words }));
            if at % 100 == 0 {
                most = most.max(resident(chat));
            }
            let due = EVERY * at as u32;
            sleep(due.saturating_sub(begun.elapsed())).await;
        }
        most.max(resident(chat))
    };
    let listening = futures_util::future::join_all(awake.iter_mut().map(|link| async {
        let mut waits = Vec::with_capacity(messages);
        while waits.len() < messages {
            let packet = link.next().await.expect("who reads is not cut off");
            if let Some((words, _)) = ROOMS.hears(&packet.data) {
                let said = words.split(' ').next().and_then(|said| said.parse().ok());
                let said = Duration::from_micros(said.expect("when it was said"));
                waits.push(begun.elapsed().saturating_sub(said));
            }
        }
        // While the connections of those who sleep still take something, they are listeners like others.
        waits.split_off(messages / 3)
    }));
    let (most, waits) = tokio::join!(talking, listening);
    (waits.concat(), most)
}

/// The server's resident memory in MiB.
pub fn resident(chat: &Chat) -> u64 {
    let process = &chat.announced["pid"];
    let status = std::fs::read_to_string(format!("/proc/{process}/status"));
    let status = status.expect("this needs Linux's /proc");
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes =
        resident.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.expect("VmRSS in kB") >> 10
}

#[tokio::test]
async fn who_stops_reading_costs_little() {
    let cost = sleepers(30, 1, 300).await;
    assert_eq!(cost.p99.len(), 2);
    assert!(cost.most - cost.before < 64, "{cost:?}");
}
