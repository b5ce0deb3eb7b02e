//! Item 10: an answer that nobody reads is held. So here are hundreds of connections that ask for pages as long as may be, and
//! read nothing.

use super::field::Field;
use super::{stage, wire};
use crate::support::Person;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::sleep;

/// Connections. A debug build takes ten times as long to write a page.
const AT_ONCE: (usize, usize) = (600, 40);
/// Messages on a page of 3 MB.
const PAGE: usize = 100;
/// How often a connection is tried: what is said on one that was ended fails.
const TRY: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(100);

pub async fn prepare(mallory: &Person) -> Vec<String> {
    stage::long_talk(mallory, PAGE).await
}

pub async fn attack(field: Field) {
    let at_once = field.size.of(AT_ONCE.0, AT_ONCE.1);
    field
        .keeps_doing(at_once, PAUSE, |field, number| async move {
            let mut connection = field.connects(number).await?;
            let room = &field.places[0];
            let path = format!("/api/conversations/{room}/messages?limit={PAGE}");
            let asked = wire::request("GET", &path, &field.token, None);
            loop {
                // One after the other they wait in the kernel.
                connection.write_all(&asked).await?;
                field.begins();
                sleep(TRY).await;
            }
        })
        .await;
}

#[tokio::test]
async fn answers_that_nobody_reads_cost_little() {
    super::is_borne(super::Attack::Answers).await;
}
