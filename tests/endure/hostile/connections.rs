//! Item 10: a server has places for so many connections. So here is one address that opens as many, and says nothing on them.

use super::field::{Field, Size};
use super::wire;
use std::process::Command;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

/// Files that the server may have open; some of these are its own.
const FILES: (usize, usize) = (4_096, 2_048);
/// So many connections for four files: more than there are places, also while some of them have been ended and come again.
const FOR_FOUR: usize = 5;
/// How long one is held that is not ended, and what comes before the next.
const HELD: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_secs(1);

/// A server that has places for so many.
pub fn server(size: Size) -> Command {
    let files = size.of(FILES.0, FILES.1);
    let mut shell = Command::new("sh");
    let few = format!(r#"ulimit -n {files}; exec "$0" "$@""#);
    shell.args(["-c", &few, env!("CARGO_BIN_EXE_chat")]);
    shell
}

/// Until all places are taken.
pub fn at_first(size: Size) -> usize {
    size.of(FILES.0, FILES.1)
}

pub async fn attack(field: Field) {
    let connections = field.size.of(FILES.0, FILES.1) / 4 * FOR_FOUR;
    field
        .keeps_doing(connections, PAUSE, |field, _| async move {
            let mut connection = wire::connect(field.server, wire::address(0)).await?;
            field.begins();
            let mut nothing = [0];
            let ended = timeout(HELD, connection.read(&mut nothing)).await;
            ended.unwrap_or(Ok(0)).map(drop)
        })
        .await;
}

#[tokio::test]
async fn one_address_leaves_the_others_their_places() {
    super::is_borne(super::Attack::Connections).await;
}
