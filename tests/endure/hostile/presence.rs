//! Whoever comes or goes is told of in all their conversations. So here are people who belong to as many groups as may be told,
//! each of them together with somebody who listens on every socket that an account may have, and who come and go as often as
//! that is told.

use super::field::{Field, Size};
use super::{stage, wire};
use crate::support::{Chat, json};
use rusqlite::Connection;
use std::time::Duration;
use tokio::time::sleep;

/// People who come and go.
const PEOPLE: (usize, usize) = (100, 20);
/// Groups to which all of them belong.
const GROUPS: (usize, usize) = (1_000, 500);
/// Sockets that listen to all of these.
const LISTENING: usize = 45;
/// As long as somebody counts as being there after they have gone.
const GRACE: Duration = Duration::from_millis(10_250);
const PAUSE: Duration = Duration::from_millis(100);

/// The tokens of those who come and go.
pub async fn prepare(chat: &Chat, size: Size) -> Vec<String> {
    let mut tokens = Vec::new();
    for at in 0..size.of(PEOPLE.0, PEOPLE.1) {
        tokens.push(chat.rooms(&format!("guest {at}")).await.token);
    }
    tokens
}

pub fn fill(rows: &Connection, mallory: u64, size: Size) {
    let groups = size.of(GROUPS.0, GROUPS.1);
    stage::gather(rows, mallory, groups, groups);
    rows.execute_batch(
        "INSERT INTO members (conversation, account, joined_at)
         SELECT c.id, a.id, c.created_at FROM conversations c, accounts a
         WHERE c.name LIKE 'plot %' AND a.name LIKE 'guest %'",
    )
    .expect("rows can be added");
}

pub async fn attack(field: Field) {
    let listening = field.keeps_doing(LISTENING, PAUSE, |field, number| async move {
        let mut socket = field.enters(number, "/chat").await?;
        loop {
            let heard = wire::hear(&mut socket).await?;
            if heard.data[0] == "user_presence" {
                field.begins();
            }
        }
    });
    let people = field.places.len();
    let coming = field.keeps_doing(people, GRACE, |field, number| async move {
        let token = &field.places[number % field.places.len()];
        let auth = json!({ "token": token });
        let from = wire::address(number);
        drop(wire::guest(field.server, from, "/", &auth).await?);
        sleep(PAUSE).await;
        Ok(())
    });
    tokio::join!(listening, coming);
}

#[tokio::test]
async fn people_who_come_and_go_in_very_many_groups_hold_up_nobody() {
    super::is_borne(super::Attack::Presence).await;
}
