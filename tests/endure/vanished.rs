//! Who vanishes without a word is found out: a socket that answers no ping is ended, and its person is away.

use super::link::{By, Link};
use super::tongues::{DIRECT, MENTOR, ROOMS};
use crate::support::*;
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};

/// A ping every 25 s, the first one at once, and 20 s to answer it: so long does it take for whoever goes right after an answer.
const FOUND_OUT: Duration = Duration::from_secs(45);

#[tokio::test]
async fn who_vanishes_without_a_word_is_found_out_within_45_seconds() {
    let chat = Chat::with(&["--mail-delay", "1s"]).await;
    let (ann, bob) = (chat.rooms("ann").await, chat.campus("bob").await);
    let place = ann.meets(&bob).await;
    let auth = json!({ "token": bob.token });
    let opens = async |tongue, by| {
        let link = Link::open(&chat.address, by, tongue, &auth).await;
        link.expect("Bob is let in")
    };
    let (one, other) = (
        opens(&ROOMS, By::Websocket).await,
        opens(&MENTOR, By::Websocket).await,
    );
    // One who polled once and never again.
    let polling = opens(&DIRECT, By::Polling).await;
    let begun = Instant::now();
    let vanishing = tokio::spawn(async { tokio::join!(one.vanishes(), other.vanishes()) });
    ann.sends_to(&place, "Are you there?").await;
    // Nobody writes a letter to somebody who is there.
    sleep(Duration::from_secs(3)).await;
    assert!(chat.digests_to(&bob).await.is_empty());

    let vanished = timeout(FOUND_OUT + Duration::from_secs(5), vanishing).await;
    let (one, other) = vanished
        .expect("both are ended")
        .expect("and nothing panicked");
    for after in [one, other] {
        assert!(
            after < FOUND_OUT + Duration::from_secs(1),
            "ended after {after:?} only"
        );
        assert!(
            after > Duration::from_secs(15),
            "ended after {after:?} already"
        );
    }
    sleep((FOUND_OUT + Duration::from_secs(1)).saturating_sub(begun.elapsed())).await;
    drop(polling);
    ann.sends_to(&place, "Have you gone?").await;
    // Bob is away now, and is written to.
    chat.digest_to(&bob).await;
}
