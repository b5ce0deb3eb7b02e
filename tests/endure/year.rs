//! What does a year leave behind? The clock is set from day to day, and each day has logins here and in the surrounding
//! application, codes, connects and reads, and news from the command line: what is over is gone, in the file and in memory.

use super::preload;
use super::sleepers::resident;
use crate::support::server::on_file;
use crate::support::*;
use crate::trust_jwt::keys::Keys;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

const DAY: i64 = 86_400;

/// What is there when a year is over, and nobody has come for two days.
#[derive(Debug)]
pub struct Left {
    /// Of devices, codes, proofs and news.
    pub rows: [i64; 4],
    /// Of marks that somebody has read, and of messages.
    pub reads: i64,
    pub messages: i64,
    /// Logins and tokens that the server remembers.
    pub remembered: i64,
    /// Of memory, when a tenth of the year was over, and at its end.
    pub mebibytes: [u64; 2],
    /// Of the file, but for the pages that are free.
    pub bytes: i64,
}

impl Left {
    /// Nothing but what was said, and when it was read.
    pub fn is_little(&self) {
        assert_eq!(self.rows, [0; 4], "{self:?}");
        assert_eq!(self.remembered, 0, "{self:?}");
        assert!(self.reads <= 2 * self.messages, "{self:?}");
        let [early, late] = self.mebibytes;
        assert!(late < early + 24, "{self:?}");
        assert!(self.bytes < (1 << 20) + 1_000 * self.messages, "{self:?}");
    }
}

fn asked(file: &Path, sql: &str) -> i64 {
    let conn = rusqlite::Connection::open(file).expect("the database");
    conn.busy_timeout(PATIENCE).expect("patience");
    conn.query_row(sql, (), |row| row.get(0)).expect("a number")
}

/// Plays so many days, each with so many logins of each sort.
pub async fn year(days: i64, logins: usize) -> Left {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = preload::compiled(include_str!("clock.c"), "clock.so", folder.path());
    let (shift, file) = (folder.path().join("shift"), folder.path().join("chat.db"));
    std::fs::write(&shift, 0_i64.to_ne_bytes()).expect("a shift");
    let environment = [("LD_PRELOAD", &*clock), ("CLOCK_SHIFT", &*shift)];
    let hand = std::fs::File::options().write(true).open(&shift);
    let hand = hand.expect("the clock's hand");
    let day_is = |day: i64| {
        let set = hand.write_all_at(&(day * DAY).to_ne_bytes(), 0);
        set.expect("the clock is set");
    };
    let keys = Keys::hs256();
    let flags = ["--trust-jwt", keys.file(), "--jwt-ttl", "12h"];
    let chat = Chat::start_in(&environment, &[&on_file(&file)[..], &flags].concat()).await;
    let chat = chat.expect("a server with another clock");
    let (mut ann, mut bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let group = ann.gathers("Everybody", &[&bob]).await;

    let mut early = 0;
    for day in 1..=days {
        day_is(day);
        (ann, bob) = (ann.logs_in().await, bob.logs_in().await);
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("a time")
            .as_secs() as i64
            + day * DAY;
        for number in 0..logins {
            let socket = bob.logs_in().await.opens_a_socket().await;
            drop(socket);
            let claims = json!({ "sub": "42", "name": "Greta", "exp": now + 3_600, "jti": number });
            let greta = chat.nobody().with_token(&keys.sign(&claims));
            greta.get("/api/auth/validate").await.has_status(200);
            if number % 2 == 0 {
                // A token that was revoked is remembered, for as long as it would be good.
                greta
                    .post("/api/auth/logout", json!({}))
                    .await
                    .has_status(200);
            }
        }
        for _ in 0..3 {
            ann.sends_to(&group, "Another day").await;
            bob.reads(&group).await;
            bob.sends_to(&group, "Yes").await;
            ann.reads(&group).await;
        }
        // Nobody has the address, so nothing is mailed.
        let code = json!({ "email": format!("{day}@example.test") });
        let asked = chat.nobody().post("/user/reset-password-code", code).await;
        asked.has_status(200);
        if day % 10 == 0 {
            chat.notifies(&bob, "Another week", "has passed", "system")
                .await;
        }
        if day == (days / 10).max(2) {
            early = resident(&chat);
        }
    }

    day_is(days + 2);
    let rows = || {
        ["devices", "codes", "proofs", "news"]
            .map(|table| asked(&file, &format!("SELECT count(*) FROM {table}")))
    };
    let remembered = async || {
        let metrics = chat.nobody().get("/metrics").await.has_status(200).text();
        let logins = metrics
            .lines()
            .filter_map(|line| line.strip_prefix("chat_logins{")?.rsplit(' ').next());
        logins
            .map(|count| count.parse::<i64>().expect("a number"))
            .sum::<i64>()
    };
    eventually("what is over is gone", async || {
        rows() == [0; 4] && remembered().await == 0
    })
    .await;
    Left {
        rows: rows(),
        reads: asked(&file, "SELECT count(*) FROM reads"),
        messages: asked(&file, "SELECT messages FROM log"),
        remembered: remembered().await,
        mebibytes: [early, resident(&chat)],
        bytes: asked(
            &file,
            "SELECT (page_count - freelist_count) * page_size
             FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
        ),
    }
}

#[tokio::test]
async fn what_is_over_is_gone_while_the_server_runs() {
    year(12, 10).await.is_little();
}
