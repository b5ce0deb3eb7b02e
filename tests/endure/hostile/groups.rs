//! Item 13: whoever is away is mailed to. So here is somebody who posts at full speed in groups as large as may be, whose members
//! are all away.

use super::field::{Field, Size};
use super::wire;
use crate::support::*;
use futures_util::future::join_all;
use rusqlite::Connection;
use std::io;
use std::time::Duration;
use tokio::time::interval;

/// Members in a group, as many as may be.
const MEMBERS: usize = 256;
/// Sockets that say something, below the bound per account; each in a group of its own, of the same people, so that none
/// hears what the others say.
const SOCKETS: (usize, usize) = (40, 10);
/// As often as a socket may, after as much at once as it may.
const EVERY: Duration = Duration::from_millis(50);
const BURST: u64 = 100;
/// Connections that post besides, each as soon as it was answered.
const POSTING: (usize, usize) = (16, 8);
/// Accounts that are made at a time.
const MADE_AT_ONCE: usize = 16;
const PAUSE: Duration = Duration::from_millis(100);

/// Makes the groups.
pub async fn prepare(chat: &Chat, mallory: &Person, size: Size) -> Vec<String> {
    let (nobody, mut members) = (chat.nobody(), Vec::new());
    let names: Vec<_> = (1..MEMBERS).map(|at| format!("member{at}")).collect();
    for names in names.chunks(MADE_AT_ONCE) {
        let made = names.iter().map(|name| {
            let email = format!("{name}@example.test");
            let new = json!({ "username": name, "email": email, "password": "password of all" });
            nobody.post("/api/auth/signup", new)
        });
        for made in join_all(made).await {
            members.push(made.has_status(201).json()["data"]["userId"].clone());
        }
    }
    let mut groups = Vec::new();
    for at in 0..size.of(SOCKETS.0, SOCKETS.1) {
        let group = json!({ "name": format!("Group {at}"), "groupMenmbers": members });
        let made = mallory.post("/conversaton/create-group", group).await;
        groups.push(mentor::id(&made.has_status(201).json()));
    }
    groups
}

/// Everybody has proven their address: others get no mail.
pub fn fill(rows: &Connection) {
    let proven = "UPDATE accounts SET proven_at = created_at";
    rows.execute_batch(proven).expect("rows can be changed");
}

pub async fn attack(field: Field) {
    let sockets = field.size.of(SOCKETS.0, SOCKETS.1);
    let saying = field.keeps_doing(sockets, PAUSE, |field, number| async move {
        let mut socket = field.enters(number, "/").await?;
        let group = &field.places[number % field.places.len()];
        let said = json!(["message", { "roomId": group, "content": "Hello?" }]);
        for number in 0..BURST {
            let said = packet::event("/", Some(number), &said, 0);
            wire::say(&mut socket, said).await?;
        }
        let mut tick = interval(EVERY);
        for number in BURST.. {
            let said = packet::event("/", Some(number), &said, 0);
            tokio::select! {
                _ = tick.tick() => wire::say(&mut socket, said).await?,
                heard = wire::hear(&mut socket) => drop(heard?),
            }
        }
        Ok(())
    });
    let posting = field.size.of(POSTING.0, POSTING.1);
    let posting = field.keeps_doing(posting, PAUSE, |field, number| async move {
        let mut connection = field.connects(number).await?;
        let group = &field.places[number % field.places.len()];
        let path = format!("/api/conversations/{group}/messages");
        let hello = json!({ "content": "Hello?" });
        let post = wire::request("POST", &path, &field.token, Some(&hello));
        loop {
            let (status, answer) = wire::ask(&mut connection, &post).await?;
            if status != 201 {
                // Too often, perhaps.
                let said = String::from_utf8_lossy(&answer).into_owned();
                return Err(io::Error::other(said));
            }
            field.begins();
        }
    });
    tokio::join!(saying, posting);
}

#[tokio::test]
async fn who_writes_to_many_who_are_away_holds_up_nobody() {
    super::is_borne(super::Attack::Groups).await;
}
