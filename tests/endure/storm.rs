//! A storm of logins: everybody's password is checked with all due slowness, and messages go on as before.

use crate::support::*;
use futures_util::future::join_all;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How long messages took until they were acknowledged.
#[derive(Debug)]
pub struct Waits {
    pub messages: usize,
    pub median: Duration,
    pub p99: Duration,
    /// From the first login asked for to the last one answered.
    pub storm: Duration,
}

/// So many log in at once, while two others talk.
pub async fn storm(logins: usize) -> Waits {
    // A throwaway server would hash faster than others do.
    let chat = Chat::with(&["--bcrypt-cost", "11"]).await;
    let talker = chat.rooms("ann").await;
    let room = talker.opens_room("General Discussion").await;
    let login = json!({ "email": "ann@example.test", "password": "password of ann" });
    let storming = async {
        let begun = Instant::now();
        let nobody = chat.nobody();
        let logins = (0..logins).map(|_| nobody.post("/api/auth/login", login.clone()));
        for login in join_all(logins).await {
            login.has_status(200);
        }
        begun.elapsed()
    };
    let mut waits = Vec::new();
    let storm = {
        let talking = async {
            loop {
                let said = Instant::now();
                let message = json!({ "roomId": room, "content": "Hello" });
                talker.does("message", message).await;
                waits.push(said.elapsed());
                sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::select! {
            storm = storming => storm,
            () = talking => unreachable!("it talks until the storm is over"),
        }
    };
    waits.sort_unstable();
    Waits {
        messages: waits.len(),
        median: waits[waits.len() / 2],
        p99: waits[waits.len() * 99 / 100],
        storm,
    }
}

#[tokio::test]
async fn a_storm_of_logins_holds_up_no_message() {
    let waits = storm(40).await;
    assert!(
        waits.messages > 50 && waits.median <= waits.p99,
        "{waits:?}"
    );
    assert!(
        waits.storm > Duration::from_secs(1),
        "that was no storm: {waits:?}"
    );
    // All scenes run at once here: alone the slowest hundredth is below 50 ms.
    assert!(
        waits.median < Duration::from_millis(100) && waits.p99 < Duration::from_secs(1),
        "{waits:?}"
    );
}
