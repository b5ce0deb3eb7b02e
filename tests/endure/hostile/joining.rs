//! Item 8: whoever connects to `/chat` joins everything that is theirs. So here is somebody with very many groups who connects
//! again and again.

use super::field::{Field, Size};
use super::stage;
use rusqlite::Connection;
use std::time::Duration;
use tokio::time::sleep;

/// Groups, more than a server lets anybody make by now: a file may have them from before.
const GROUPS: (usize, usize) = (100_000, 10_000);
/// So many connect at a time, below the bound of sockets per account,
const AT_ONCE: usize = 30;
/// stay for so long once they are in,
const STAY: Duration = Duration::from_millis(20);
/// and come back so much later.
const PAUSE: Duration = Duration::from_millis(20);

pub fn fill(rows: &Connection, mallory: u64, size: Size) {
    let groups = size.of(GROUPS.0, GROUPS.1);
    stage::gather(rows, mallory, groups, groups);
}

pub async fn attack(field: Field) {
    field
        .keeps_doing(AT_ONCE, PAUSE, |field: Field, number: usize| async move {
            let socket = field.enters(number, "/chat").await?;
            field.begins();
            sleep(STAY).await;
            drop(socket);
            Ok(())
        })
        .await;
}

#[tokio::test]
async fn who_joins_very_many_groups_again_and_again_holds_up_nobody() {
    super::is_borne(super::Attack::Joining).await;
}
