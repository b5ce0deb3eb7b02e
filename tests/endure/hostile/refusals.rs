//! Item 9: an event past the rate is refused by its name. So here are events of huge names, said on sockets that read no
//! refusal.

use super::field::Field;
use super::wire;
use crate::support::{json, packet};
use std::time::Duration;
use tokio::time::{interval, timeout};

/// Sockets.
const AT_ONCE: (usize, usize) = (10, 4);
/// Characters in an event's name: nearly as many as an event may have bytes.
const NAME: usize = 100 << 10;
/// Ten times as often as a socket may say something.
const EVERY: Duration = Duration::from_millis(5);
/// What one socket says until it comes again, if it is not ended before.
const EVENTS: u64 = 5_000;
/// How long it waits for a server that reads no more.
const STUCK: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(100);

pub async fn attack(field: Field) {
    let at_once = field.size.of(AT_ONCE.0, AT_ONCE.1);
    field
        .keeps_doing(at_once, PAUSE, |field, number| async move {
            let mut socket = field.enters(number, "/").await?;
            field.begins();
            let mut tick = interval(EVERY);
            let name = "x".repeat(NAME);
            for event in 0..EVENTS {
                tick.tick().await;
                // A callback is one answer more.
                let said = packet::event("/", Some(event), &json!([name, {}]), 0);
                let said = timeout(STUCK, wire::say(&mut socket, said)).await;
                match said {
                    Ok(said) => said?,
                    Err(_) => break,
                }
            }
            Ok(())
        })
        .await;
}

#[tokio::test]
async fn refusals_that_nobody_reads_cost_little() {
    super::is_borne(super::Attack::Refusals).await;
}
