//! What do ten busy years leave behind, where messages are kept for one and files for a quarter of one? The clock is set from
//! step to step; people come with new devices, talk, share, react and read, and each year the server starts anew: neither
//! the file nor memory nor the start grows with the years.

use super::preload;
use super::sleepers::resident;
use crate::support::mentor::eventually;
use crate::support::server::on_file;
use crate::support::*;
use futures_util::future::join_all;
use rusqlite::Connection;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

const DAY: i64 = 86_400;
const YEAR: i64 = 365 * DAY;
/// Messages that are said at the same time.
const AT_ONCE: usize = 200;
const PEOPLE: [&str; 6] = ["ann", "bob", "carl", "dora", "eve", "fay"];

/// What is there at the end of a year.
#[derive(Clone, Copy, Debug)]
pub struct Year {
    pub messages: i64,
    /// Bytes of the file, with its log folded in.
    pub bytes: u64,
    /// Resident memory just before the server ended, in MiB.
    pub mebibytes: u64,
    pub start: Duration,
    /// Rows of all tables but those of messages and their words.
    pub rows: i64,
}

/// The second year is the first with as much in it as all that follow; none of those may be much larger.
pub fn stay_alike(years: &[Year]) {
    let second = years[1];
    for (number, year) in years.iter().enumerate().skip(2) {
        let said = || format!("year {}: {year:?}, the second: {second:?}", number + 1);
        assert!(year.messages <= second.messages * 11 / 10, "{}", said());
        assert!(year.bytes <= second.bytes * 5 / 4 + (4 << 20), "{}", said());
        assert!(
            year.mebibytes <= second.mebibytes * 5 / 4 + 16,
            "{}",
            said()
        );
        assert!(
            year.start <= second.start * 2 + Duration::from_millis(250),
            "{}",
            said()
        );
        assert!(year.rows <= second.rows * 5 / 4 + 200, "{}", said());
    }
}

/// Plays so many years, each of so many steps with so many messages.
pub async fn years(years: i64, steps: i64, messages: usize) -> Vec<Year> {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = preload::compiled(include_str!("clock.c"), "clock.so", folder.path());
    let (shift, file) = (folder.path().join("shift"), folder.path().join("chat.db"));
    std::fs::write(&shift, 0_i64.to_ne_bytes()).expect("a shift");
    let hand = File::options().write(true).open(&shift);
    let hand = hand.expect("the clock's hand");
    let starts = async || {
        let environment = [("LD_PRELOAD", &*clock), ("CLOCK_SHIFT", &*shift)];
        let flags = [
            "--keep-messages",
            "365d",
            "--keep-files",
            "90d",
            "--mail-delay",
            "1s",
        ];
        let begun = Instant::now();
        let chat = Chat::start_in(&environment, &[&on_file(&file)[..], &flags].concat()).await;
        (chat.expect("a server with another clock"), begun.elapsed())
    };
    let (mut chat, _) = starts().await;
    for name in PEOPLE {
        chat.rooms(name).await;
    }
    let (mut places, mut played) = (Vec::new(), Vec::new());
    for year in 0..years {
        for step in 0..steps {
            let now = year * YEAR + step * YEAR / steps;
            let set = hand.write_all_at(&now.to_ne_bytes(), 0);
            set.expect("the clock is set");
            let people = join_all(PEOPLE.map(|name| chat.logs_in(name))).await;
            if places.is_empty() {
                places = opens(&people).await;
            }
            goes_by(
                &chat,
                &people,
                &places,
                (year * steps + step) as usize,
                messages,
            )
            .await;
            let old = format!(
                "SELECT count(*) FROM messages WHERE deleted_at IS NULL
                     AND sent_at < (unixepoch() + {now} - {YEAR}) * 1000"
            );
            eventually("what is too old is gone", async || asked(&file, &old) == 0).await;
        }
        let mebibytes = resident(&chat);
        assert_eq!(chat.stop().await, 0);
        let rows = rows(&file);
        let bytes = std::fs::metadata(&file).expect("the file").len();
        let messages = asked(&file, "SELECT count(*) FROM messages");
        let (again, start) = starts().await;
        chat = again;
        let year = Year {
            messages,
            bytes,
            mebibytes,
            start,
            rows,
        };
        println!("{year:?}");
        played.push(year);
    }
    assert_eq!(chat.stop().await, 0);
    played
}

/// Three rooms and a group of everybody.
async fn opens(people: &[Person]) -> Vec<String> {
    let mut places = Vec::new();
    for name in ["General", "Work", "Lunch"] {
        places.push(people[0].opens_room(name).await);
    }
    let others: Vec<_> = people[1..].iter().collect();
    places.push(people[0].gathers("Team", &others).await);
    places
}

/// One step: everybody talks, and does a little of everything else.
async fn goes_by(chat: &Chat, people: &[Person], places: &[String], step: usize, messages: usize) {
    let mut sockets = Vec::new();
    for person in people {
        // Another device comes, and goes by itself.
        drop(person.logs_in().await.opens_a_socket().await);
        let socket = person.opens_a_socket().await;
        socket
            .does("joinRoom", json!({ "roomId": places[3] }))
            .await;
        sockets.push(socket);
    }
    let all: Vec<_> = (0..messages).collect();
    for some in all.chunks(AT_ONCE) {
        let said = some.iter().map(|number| {
            let place = &places[number % places.len()];
            let words = format!(
                "message {number} of step {step}, about thing{} and nothing else",
                number % 997
            );
            let said = json!({ "roomId": place, "content": words });
            sockets[number % sockets.len()].does("message", said)
        });
        join_all(said).await;
    }
    for (number, person) in people.iter().enumerate() {
        let place = &places[number % places.len()];
        let said = person.posts(place, "to be changed").await;
        let message = said["_id"].as_str().expect("an id");
        let path = format!("/api/conversations/{place}/messages/{message}");
        person.put(format!("{path}/reactions/%F0%9F%91%8D")).await;
        let changed = match number % 3 {
            0 => person.patch(&path, json!({ "content": "changed" })).await,
            1 => person.delete(&path).await,
            // Owners alone may.
            _ => person.put(format!("{path}/pin")).await,
        };
        assert!(matches!(changed.status, 200 | 403), "{changed:?}");
        let form = Form::file("notes.txt", "text/plain", "x".repeat(20_000)).field("roomId", place);
        person.uploads(form).await.has_status(201);
        let code = json!({ "email": format!("guest{step}.{number}@example.test") });
        chat.nobody()
            .post("/user/send-signup-code", code)
            .await
            .has_status(200);
        for place in places {
            person
                .patch(format!("/api/conversations/{place}/read"), json!({}))
                .await;
        }
        person.hangs_up().await;
    }
}

fn asked(file: &Path, sql: &str) -> i64 {
    let conn = Connection::open(file).expect("the database");
    conn.busy_timeout(PATIENCE).expect("patience");
    conn.query_row(sql, (), |row| row.get(0)).expect("a number")
}

/// Rows of all tables but those of messages and their words.
fn rows(file: &Path) -> i64 {
    let conn = Connection::open(file).expect("the database");
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'search%'
                  AND name NOT LIKE 'sqlite%' AND name NOT IN ('messages', 'reads')";
    let mut tables = conn.prepare(tables).expect("the schema");
    let tables = tables
        .query_map((), |row| row.get::<_, String>(0))
        .expect("tables");
    let counts = tables.map(|table| {
        asked(
            file,
            &format!("SELECT count(*) FROM {}", table.expect("a name")),
        )
    });
    counts.sum()
}

#[tokio::test]
async fn years_in_which_old_things_are_removed_are_all_alike() {
    stay_alike(&years(3, 4, 300).await);
}
