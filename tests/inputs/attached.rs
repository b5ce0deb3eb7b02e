//! What comes with an event, and what is in it: more than there may be is refused in words, and the socket lives.

use super::wire::Wire;
use crate::support::packet::Kind;
use crate::support::*;
use tokio_tungstenite::tungstenite::Message;

const MOST: usize = 64 << 10;
const SMALL: &[&str] = &["--max-upload", "64KiB"];

/// Says an event with these attachments, and returns what the callback gets, once `error` has said the same.
async fn asks(wire: &mut Wire, version: u8, event: &str, attached: &[Vec<u8>]) -> Value {
    assert!(wire.says(event).await);
    for bytes in attached {
        let before: &[u8] = if version == 3 { &[4] } else { &[] };
        let message = Message::binary([before, bytes].concat());
        assert!(wire.sends(message).await, "the connection ended");
    }
    let mut told = None;
    let said = loop {
        let packet = wire.next().await;
        let packet = packet.unwrap_or_else(|| panic!("{event} ended the connection"));
        if packet.kind == Kind::Ack {
            break packet.data[0].clone();
        }
        if packet.data[0] == "error" {
            told = Some(packet.data[1].clone());
        }
    };
    if said["ok"] == false {
        assert_eq!(told.as_ref(), Some(&said["error"]), "`error` says the same");
    }
    said
}

fn file(room: &str, count: usize) -> String {
    let placeholder = |number| json!({ "_placeholder": true, "num": number });
    let payload = json!({
        "roomId": room,
        "filename": "notes.txt",
        "mimetype": "text/plain",
        "data": placeholder(0),
        "more": (1..count).map(placeholder).collect::<Vec<_>>(),
    });
    format!("45{count}-1[\"fileUpload\",{payload}]")
}

async fn comes_in(chat: &Chat, person: &Person, version: u8) -> Wire {
    if version == 4 {
        return Wire::enters(person, &chat.address, "/").await;
    }
    let mut wire = Wire::open(&chat.address, 3, &format!("&token={}", person.token)).await;
    let entered = wire.hears(|packet| packet.kind == Kind::Connect).await;
    entered.expect("it is let in");
    wire
}

#[tokio::test]
async fn a_file_above_the_limit_is_refused_in_words_and_the_socket_lives() {
    let chat = Chat::with(SMALL).await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("Files").await;
    for version in [3, 4] {
        let mut wire = comes_in(&chat, &ann, version).await;
        for (sizes, status) in [
            (&[MOST][..], None),
            (&[MOST + 1], Some(413)),
            (&[MOST + 2], Some(413)),
            (&[MOST + 10], Some(413)),
            (&[100 * MOST], Some(413)),
            (&[MOST / 2, MOST / 2 + 1], Some(413)),
            (&[MOST, MOST, MOST], Some(400)),
            (&[7; 3], Some(400)),
            (&[0; 200], Some(400)),
            (&[7], None),
        ] {
            let attached: Vec<_> = sizes.iter().map(|size| vec![b'x'; *size]).collect();
            let event = file(&room, sizes.len());
            let said = asks(&mut wire, version, &event, &attached).await;
            let which = format!("{version} {sizes:?}: {said}");
            match status {
                None => assert_eq!(said["file"]["size"], sizes[0], "{which}"),
                Some(status) => {
                    assert_eq!(said["error"]["statusCode"], status, "{which}");
                    assert_eq!(said["error"]["event"], "fileUpload", "{which}");
                    let words = match status {
                        413 => "A file must be at most 65536 bytes",
                        _ => "An event must have at most 2 attachments",
                    };
                    assert_eq!(said["error"]["message"], words, "{which}");
                }
            }
        }
    }
}

#[tokio::test]
async fn what_is_no_json_is_said_to_be_none() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("Lobby").await;
    let mut wire = Wire::enters(&ann, &chat.address, "/").await;
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let half = "\\ud83d";
    for (payload, words) in [
        (
            format!("{{\"roomId\":\"{room}\",\"content\":\"Hello {half}\"}}"),
            "The event is not valid JSON: ",
        ),
        (
            format!("{{\"roomId\":\"{room}\",\"content\":\"{half}, no\"}}"),
            "The event is not valid JSON: ",
        ),
        (
            format!("{{\"{half}\":1,\"roomId\":\"{room}\"}}"),
            "The event is not valid JSON: ",
        ),
        (
            format!("{{\"roomId\":\"{room}\",\"content\":{deep}}}"),
            "The event is not valid JSON: ",
        ),
        ("{}".to_owned(), "Validation failed"),
    ] {
        let event = format!("421[\"message\",{payload}]");
        let said = asks(&mut wire, 4, &event, &[]).await;
        let message = said["error"]["message"].as_str().unwrap_or_default();
        assert!(message.starts_with(words), "{payload}: {said}");
        assert_eq!(said["error"]["statusCode"], 400, "{payload}: {said}");
    }
    // Without an argument it says nothing, and that is what is wrong with it.
    let said = asks(&mut wire, 4, "421[\"message\"]", &[]).await;
    assert_eq!(said["error"]["message"], "Validation failed", "{said}");
    let missing = format!(
        "450-1[\"fileUpload\",{{\"roomId\":\"{room}\",\"filename\":\"a\",\"data\":{{\"_placeholder\":true,\"num\":0}}}}]"
    );
    let said = asks(&mut wire, 4, &missing, &[]).await;
    assert_eq!(said["error"]["statusCode"], 400, "{said}");
}
