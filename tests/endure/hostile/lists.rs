//! Item 14: a list costs by what it shows. So here are a million groups that are not shown, and whoever likes asks for the
//! first page of each list.

use super::field::{Field, Size};
use super::{stage, wire};
use rusqlite::Connection;
use std::io;
use std::time::{Duration, Instant};
use tokio::time::interval;

/// Groups, and how many of them are the hostile account's.
const GROUPS: usize = 1_000_000;
const OWN: (usize, usize) = (200_000, 20_000);
/// Connections, and how often each of them asks: 160 times in a second together.
const AT_ONCE: usize = 32;
const EVERY: Duration = Duration::from_millis(200);
/// Longer than this no first page takes, whatever is behind it and however much there is to do.
const SLOW: Duration = Duration::from_millis(1_500);
/// The rooms' API answers so many requests of one address in a quarter of an hour.
const BEFORE_THE_LIMIT: usize = 80;
const PAUSE: Duration = Duration::from_millis(10);

/// What is asked for: with the token, or without.
const LISTS: [(&str, bool); 6] = [
    ("/api/rooms", false),
    ("/api/conversations?limit=1", true),
    ("/api/rooms?limit=1&sort=name&order=asc", false),
    ("/api/conversations?page=1&page_size=1", true),
    ("/api/rooms?limit=1&sort=description", false),
    ("/api/files?limit=1", false),
];

pub fn fill(rows: &Connection, mallory: u64, size: Size) {
    stage::gather(rows, mallory, GROUPS, size.of(OWN.0, OWN.1));
}

pub async fn attack(field: Field) {
    field
        .keeps_doing(AT_ONCE, PAUSE, |field, number| async move {
            let (path, known) = LISTS[number % LISTS.len()];
            let token = if known { &*field.token } else { "" };
            let asked = wire::request("GET", path, token, None);
            let mut connection = field.connects(number).await?;
            let mut tick = interval(EVERY);
            for _ in 0..BEFORE_THE_LIMIT {
                tick.tick().await;
                let since = Instant::now();
                let answered = wire::ask(&mut connection, &asked).await;
                if since.elapsed() > SLOW {
                    let took = since.elapsed();
                    field.finds(format!("{path} takes {took:?}"));
                }
                match answered? {
                    (200, _) => field.begins(),
                    (503, _) => {}
                    (429, _) => break,
                    (status, _) => return Err(io::Error::other(status.to_string())),
                }
            }
            Ok(())
        })
        .await;
}

#[tokio::test]
async fn lists_cost_by_what_they_show() {
    super::is_borne(super::Attack::Lists).await;
}
