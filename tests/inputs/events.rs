//! Every event of every dialect, with whatever in it: done, or refused in words; never a fault of ours, never silence.

use super::cases::Cases;
use super::json::nearly;
use super::verdict::{is_well, wrong_with_ack};
use super::wire::Wire;
use crate::doors::table::asking::Asking;
use crate::doors::table::cast::{Cast, MEMBER, OWNER};
use crate::doors::table::rows::{self, EVENTS, Row};
use crate::support::packet::Kind;
use crate::support::*;
use futures_util::stream::{self, StreamExt};

/// Cases for each row of the table.
const CASES: u32 = 40;
const AT_ONCE: usize = 6;

#[tokio::test]
async fn every_event_is_answered_whatever_is_in_it() {
    let chat = Chat::open().await;
    let rows = rows::read(EVENTS);
    let playing = rows
        .iter()
        .enumerate()
        .map(|(at, row)| play(&chat, at, row));
    let wrong: Vec<String> = stream::iter(playing)
        .buffer_unordered(AT_ONCE)
        .concat()
        .await;
    Cases::of(CASES).all_well(&wrong);
    is_well(&chat).await;
}

async fn play(chat: &Chat, at: usize, row: &Row) -> Vec<String> {
    let dialect = chat::dialects::ALL.iter();
    let dialect = dialect.clone().find(|known| known.name() == row.dialect);
    let namespace = dialect.expect("a dialect").namespace().path();
    let cast = Cast::of(chat, at, row.dialect, None).await;
    let right = Asking::of(&cast, OWNER, false).filled(row.given).await;
    let right: Value = serde_json::from_str(&right).expect("the table's JSON");
    let mut ids = ids_of(&cast).await;
    ids.extend(right.as_str().map(str::to_owned));
    let mut cases = Cases::of(CASES);
    let payloads = cases.all(&nearly(&right, &ids));

    let ann = &cast.people[OWNER];
    let mut wire = Wire::enters(ann, &chat.address, namespace).await;
    let prefix = match namespace {
        "/" => String::new(),
        other => format!("{other},"),
    };
    let mut wrong = Vec::new();
    for (number, payload) in payloads.iter().enumerate() {
        let event = Value::from(row.asked);
        // First for nothing, then with a callback: what is refused is refused both times, and said both times.
        wire.says(&format!("42{prefix}[{event},{payload}]")).await;
        wire.says(&format!("42{prefix}{number}[{event},{payload}]"))
            .await;
        if let Some(what) = wrong_with_answers(&mut wire, row.asked, number as u64).await {
            wrong.push(format!("[{}] {} {payload}: {what}", row.dialect, row.asked));
            wire = Wire::enters(ann, &chat.address, namespace).await;
        }
    }
    wrong
}

async fn wrong_with_answers(wire: &mut Wire, event: &str, number: u64) -> Option<String> {
    let mut refusals = 0;
    loop {
        let Some(packet) = wire.next().await else {
            return Some("the connection ended".to_owned());
        };
        if packet.kind == Kind::Event && packet.data[0] == "error" {
            if packet.data[1]["event"] == event {
                refusals += 1;
            }
        } else if packet.kind == Kind::Ack && packet.ack == Some(number) {
            let said = &packet.data[0];
            let expected = if said["ok"] == true { 0 } else { 2 };
            let told = refusals == expected;
            return wrong_with_ack(said)
                .or_else(|| (!told).then(|| format!("{refusals} times `error`, but {said}")));
        }
    }
}

/// Things that are there, of all kinds and in all spellings, so that one may stand where another belongs.
pub async fn ids_of(cast: &Cast<'_>) -> Vec<String> {
    let (bob, ann) = (&cast.people[MEMBER], &cast.people[OWNER]);
    let mut ids = vec![bob.id.clone(), bob.uuid.clone(), bob.number.to_string()];
    ids.extend([ann.token.clone(), cast.thing("group").await]);
    // The administrator owns nothing.
    if !ann.uuid.is_empty() {
        for thing in ["direct", "room", "file", "diary"] {
            ids.push(cast.thing(thing).await);
        }
    }
    ids
}
