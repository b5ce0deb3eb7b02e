//! Item 12's sibling: unfinished packets are bounded per account. So here are as many sessions as an account may have, by
//! websocket and by polling, and each brings nearly all of the largest packet there may be.

use super::field::Field;
use super::posts::{begin, brings_most, trickle};
use crate::support::packet;
use futures_util::SinkExt;
use serde_json::json;
use std::io;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message;

/// Sessions: fewer than an account may have.
const SESSIONS: (usize, usize) = (45, 24);
/// Bytes in a websocket's frame that holds the largest file there may be; and what is brought of it.
const FRAME: u64 = 10 << 20;
const BROUGHT: usize = (10 << 20) - (64 << 10);
const PAUSE: Duration = Duration::from_millis(200);
/// MiB that they may hold together: 64, in buffers that grow by doubling.
pub const MOST: u64 = 160;

pub async fn attack(field: Field) {
    let sessions = field.size.of(SESSIONS.0, SESSIONS.1);
    field
        .keeps_doing(sessions, PAUSE, |field, number| async move {
            match number % 2 {
                0 => by_websocket(&field, number).await,
                _ => {
                    let session = begin(&field, number).await?;
                    field.begins();
                    brings_most(&field, number, &session).await
                }
            }
        })
        .await;
}

/// An event whose bytes are said to come, and then most of them.
async fn by_websocket(field: &Field, number: usize) -> io::Result<()> {
    let mut socket = field.enters(number, "/").await?;
    field.begins();
    let file = json!(["fileUpload", { "data": { "_placeholder": true, "num": 0 } }]);
    let said = socket.send(Message::text(packet::event("/", None, &file, 1)));
    said.await.map_err(io::Error::other)?;
    let connection = socket.get_mut();
    // A whole binary frame, masked by nothing, with its length in eight bytes.
    let head = [&[0x82, 0xff][..], &FRAME.to_be_bytes(), &[0; 4]].concat();
    connection.write_all(&head).await?;
    trickle(connection, BROUGHT).await
}

#[tokio::test]
async fn packets_that_are_never_finished_cost_little_in_many_sessions() {
    super::is_borne(super::Attack::Halves).await;
}
