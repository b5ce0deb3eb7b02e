//! One account with a good token and bad intent, and a thousand addresses beside it, at work with all that there is: whatever
//! has a limit is tried at it, by every dialect.

use super::field::Field;
use super::{logins, stage, wire};
use crate::support::*;
use std::time::Duration;
use tokio::time::sleep;

/// Connections that ask, and how long each waits between two requests.
const AT_ONCE: usize = 24;
const PAUSE: Duration = Duration::from_millis(40);
/// Sockets that say something.
const SOCKETS: usize = 8;
const EVENTS: usize = 100;
/// What is uploaded each time.
const UPLOAD: usize = 4 << 20;

/// A room, a group with everybody in it, and a message there.
pub async fn prepare(mallory: &Person, friends: &[Person]) -> Vec<String> {
    let room = mallory.opens_room("Mine").await;
    let others: Vec<_> = friends.iter().collect();
    let group = mallory.gathers("Ours", &others).await;
    let said = mallory.sends_to(&group, "Hello").await;
    let message = said["id"].as_str().expect("an id").to_owned();
    vec![room, group, message, friends[0].uuid.clone()]
}

pub async fn attack(field: Field) {
    let asking = field.keeps_doing(AT_ONCE, PAUSE, |field, number| async move {
        let asked = asked(&field, number);
        let mut connection = field.connects(number).await?;
        wire::ask(&mut connection, &asked).await?;
        field.begins();
        Ok(())
    });
    let saying = field.keeps_doing(SOCKETS, PAUSE, |field, number| async move {
        let namespace = ["/", "/chat"][number % 2];
        let mut socket = field.enters(number, namespace).await?;
        for count in 0..EVENTS {
            let (event, said) = said(&field, number + count);
            let packet = packet::event(namespace, None, &json!([event, said]), 0);
            wire::say(&mut socket, packet).await?;
            sleep(PAUSE / 2).await;
        }
        Ok(())
    });
    let strangers = logins::attack(field.clone());
    tokio::join!(asking, saying, strangers);
}

/// A request of the account's, each time another one.
fn asked(field: &Field, number: usize) -> Vec<u8> {
    let [_, group, message, friend] = &*field.places else {
        unreachable!("prepared above")
    };
    let words = format!("words {number} 🙊");
    let emoji = ["%F0%9F%91%8D", "%F0%9F%91%8E", "%F0%9F%99%8A"][number % 3];
    let changes = format!("/api/conversations/{group}/messages/{message}");
    let (method, path, body) = match number % 23 {
        0 => ("POST", "/api/rooms".to_owned(), json!({ "name": words })),
        1 => {
            let group = json!({ "name": words, "groupMenmbers": [friend] });
            ("POST", "/conversaton/create-group".to_owned(), group)
        }
        2 | 3 => {
            let said = json!({ "content": stage::long_words() });
            ("POST", format!("/api/conversations/{group}/messages"), said)
        }
        4 => ("PATCH", changes, json!({ "content": words })),
        5 => ("PUT", format!("{changes}/reactions/{emoji}"), Value::Null),
        6 => (
            "GET",
            "/api/conversations/search?q=words%20hello%20from:ann".to_owned(),
            Value::Null,
        ),
        7 => (
            "GET",
            format!("/api/conversations/{group}/messages?limit=100"),
            Value::Null,
        ),
        8 => (
            "GET",
            "/api/profile/users?page=1&page_size=100".to_owned(),
            Value::Null,
        ),
        9 => ("GET", "/api/profile/export".to_owned(), Value::Null),
        10 => ("PATCH", "/api/profile".to_owned(), json!({ "name": words })),
        11 => {
            let asked = json!({ "email": format!("victim{number}@example.test"), "password": "password of mallory" });
            ("POST", "/api/profile/email".to_owned(), asked)
        }
        12 => (
            "POST",
            format!("/api/conversations/{group}/members"),
            json!({ "userId": friend }),
        ),
        13 => (
            "DELETE",
            format!("/api/conversations/{group}/members/{friend}"),
            Value::Null,
        ),
        14 => ("POST", "/api/invitations".to_owned(), json!({ "uses": 25 })),
        15 => (
            "POST",
            "/api/auth/login".to_owned(),
            json!({ "email": "mallory@example.test", "password": "password of mallory" }),
        ),
        16 | 17 => return upload(field, number),
        18 => (
            "GET",
            "/api/presence?userIds=1,2,3,4,5,6".to_owned(),
            Value::Null,
        ),
        19 => (
            "PATCH",
            format!("/api/conversations/{group}"),
            json!({ "name": words }),
        ),
        20 => (
            "PUT",
            format!("/api/conversations/{group}/owners/{friend}"),
            Value::Null,
        ),
        21 => (
            "POST",
            "/conversaton/create".to_owned(),
            json!({ "receiverId": friend }),
        ),
        _ => (
            "GET",
            format!("/api/conversations?limit=100&offset={}", number % 1_000),
            Value::Null,
        ),
    };
    let body = (!body.is_null()).then_some(&body);
    wire::request(method, &path, &field.token, body)
}

fn upload(field: &Field, number: usize) -> Vec<u8> {
    let head = format!(
        "--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{number}.bin\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    let tail = "\r\n--cut--\r\n";
    let length = head.len() + UPLOAD + tail.len();
    let mut asked = format!(
        "POST /api/conversations/{}/attachments HTTP/1.1\r\nHost: chat\r\nAuthorization: Bearer {}\r\n\
         Content-Type: multipart/form-data; boundary=cut\r\nContent-Length: {length}\r\n\r\n{head}",
        field.places[1], field.token
    )
    .into_bytes();
    asked.resize(asked.len() + UPLOAD, number as u8);
    asked.extend_from_slice(tail.as_bytes());
    asked
}

/// An event of the account's, each time another one.
fn said(field: &Field, number: usize) -> (&'static str, Value) {
    let [room, group, message, friend] = &*field.places else {
        unreachable!("prepared above")
    };
    let words = format!("words {number}");
    match number % 8 {
        0 => ("joinRoom", json!({ "roomId": room })),
        1 => ("message", json!({ "roomId": room, "content": words })),
        2 => (
            "send-group-message",
            json!({ "conversation": group, "message": words }),
        ),
        3 => (
            "send_message",
            json!({ "toUserId": friend, "message": words }),
        ),
        4 => (
            "typing",
            json!({ "conversationId": group, "isTyping": number.is_multiple_of(2) }),
        ),
        5 => (
            "mark_read",
            json!({ "conversationId": group, "messageId": message }),
        ),
        6 => ("leaveRoom", json!({ "roomId": room })),
        _ => ("typing_start", json!({ "conversationId": group })),
    }
}

#[tokio::test]
async fn one_account_and_a_thousand_addresses_at_work_with_everything_hold_up_nobody() {
    super::is_borne(super::Attack::Everything).await;
}
