//! Servers come and go while everybody talks: nobody misses a message, nobody is shown one twice, none is stored twice.

use crate::endure::cuts::Talk;
use crate::support::*;
use std::time::Duration;
use tokio::time::sleep;

/// How long it goes on between two changes.
const PAUSE: Duration = Duration::from_millis(400);
/// So many links break meanwhile, so that everybody comes to every server.
const CUTS: usize = 200;

#[tokio::test]
async fn one_is_added_and_others_drained_with_nothing_lost_and_nothing_doubled() {
    let mut chat = Chat::of_several(2, &[]).await;
    let first = chat.servers();
    let talk = Talk::begins(&chat, CUTS, 1, true).await;
    for drained in &first {
        sleep(PAUSE).await;
        chat.gains_a_server().await;
        sleep(PAUSE).await;
        chat.drains(drained).await;
    }
    assert!(
        talk.goes_on(),
        "all of that happened while everybody talked"
    );
    let tally = talk.ends(&chat).await;
    assert!(tally.cuts >= CUTS && tally.said_again > 0, "{tally:?}");
    assert!(chat.servers().iter().all(|server| !first.contains(server)));
}
