//! Packets that never come completely: so much of them is held for an account, and whoever finishes theirs is served.

use super::upgrading::Polling;
use super::verdict::is_well;
use super::wire::Wire;
use crate::support::*;
use futures_util::future::join_all;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;

/// What one session holds of attachments, while it waits for one more.
const HELD: usize = 6 << 20;
/// By polling it comes in so many parts.
const PARTS: usize = 16;
/// Those that fit into the 64 MiB that may be held.
const FIT: usize = 10;

/// An event with so many attachments, of which the last never comes.
fn half_an_event(attachments: usize) -> String {
    let file = json!({ "data": { "_placeholder": true, "num": 0 } });
    packet::event("/", None, &json!(["fileUpload", file]), attachments)
}

/// Devices of one person's that send the largest files there may be, all at once.
async fn three_files_arrive(chat: &Chat, person: &Person) {
    let room = person.opens_room("Pictures").await;
    let sockets = join_all((0..3).map(|_| person.opens_a_socket())).await;
    let bytes = vec![7; 10 << 20];
    let sent = sockets.iter().enumerate().map(|(at, socket)| {
        let file = json!({ "roomId": room, "filename": format!("{at}.bin"), "mimetype": "application/octet-stream" });
        socket.asks_with("fileUpload", file, &bytes)
    });
    for answer in join_all(sent).await {
        assert_looks_like(&answer, json!({ "ok": true }), "fileUpload");
    }
    is_well(chat).await;
}

/// So many sessions by websocket, each with an attachment whose event is never complete: those that stand.
async fn websockets_hold(chat: &Chat, person: &Person, sessions: usize) -> JoinSet<()> {
    let mut standing = JoinSet::new();
    for _ in 0..sessions {
        let mut wire = Wire::enters(person, &chat.address, "/").await;
        assert!(wire.says(&half_an_event(2)).await);
        wire.sends(Message::binary(vec![7; HELD])).await;
        if wire.stands().await {
            standing.spawn(wire.stays());
        }
    }
    standing
}

#[tokio::test]
async fn attachments_whose_event_is_never_complete_are_held_up_to_so_much_by_websocket() {
    let chat = Chat::open().await;
    let (ann, mallory) = (chat.rooms("ann").await, chat.rooms("mallory").await);
    let standing = websockets_hold(&chat, &mallory, FIT + 4).await;
    assert_eq!(standing.len(), FIT);
    // That is nothing to anybody else,
    three_files_arrive(&chat, &ann).await;
    // and to Mallory no more, once it is over.
    drop(standing);
    tokio::time::sleep(Duration::from_secs(1)).await;
    three_files_arrive(&chat, &mallory).await;
}

#[tokio::test]
async fn attachments_whose_event_is_never_complete_are_held_up_to_so_much_by_polling() {
    for version in [4, 3] {
        let chat = Chat::open().await;
        let mallory = chat.rooms("mallory").await;
        // Nearly all of it is faster by websocket.
        let standing = websockets_hold(&chat, &mallory, FIT - 1).await;
        assert_eq!(standing.len(), FIT - 1);
        let kind = if version == 4 { "b" } else { "b4" };
        // In parts: what reads an Engine.IO 3 client's payload takes four times as long for one of twice the length.
        let part = format!("{kind}{}", "A".repeat(HELD / PARTS / 3 * 4));
        let brings = async |session: &Polling| {
            let event = half_an_event(PARTS + 1);
            session.says(&event).await.has_status(200);
            let mut taken = 0;
            while taken < PARTS && session.says(&part).await.status == 200 {
                taken += 1;
            }
            taken
        };
        for _ in 0..2 {
            let session = Polling::begins(&chat, &mallory, version).await;
            assert_eq!(brings(&session).await, PARTS, "by Engine.IO {version}");
            // The last attachment completes the event, and makes room for the next.
            session.says(&format!("{kind}AAAA")).await.has_status(200);
        }
        let one_more = websockets_hold(&chat, &mallory, 1).await;
        assert_eq!(one_more.len(), 1);
        let session = Polling::begins(&chat, &mallory, version).await;
        let taken = brings(&session).await;
        assert!(
            (1..PARTS).contains(&taken),
            "{taken} by Engine.IO {version}"
        );
        // The session has ended.
        assert_eq!(session.says(&part).await.status, 400);
        drop((standing, one_more));
    }
}
