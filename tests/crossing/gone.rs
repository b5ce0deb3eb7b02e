//! A message that is gone is gone for everybody: for who listens at once, for who was away when they come back.

use super::stage::*;
use crate::endure::chance::Chance;
use crate::support::mentor::id;
use crate::support::*;
use chat::core::id::{MessageId, MessageKind};
use std::collections::BTreeMap;

async fn deletes(stage: &Stage, message: &Value) {
    let number = message["id"].to_string();
    let number = number.trim_matches('"');
    let path = format!("/api/admin/messages/{number}");
    stage.chat.admin().delete(path).await.has_status(200);
}

/// The id of a message of direct's shape.
fn number(message: &Value) -> i64 {
    message["id"].as_i64().expect("a number")
}

/// How a dialect tells that the message of this number is gone.
pub fn gone_in(
    stage: &Stage,
    dialect: Listener,
    number: i64,
) -> (&'static str, Value, &'static str) {
    let id = MessageId::new(number).expect("an id");
    let spell = stage.chat.spelling();
    let uuid = spell.uuid(id);
    match dialect {
        Listener::Rooms => (
            "messageDeleted",
            json!({ "_id": &*spell.hex(id), "room": stage.hex }),
            "/deletedAt",
        ),
        Listener::Direct => (
            "message_deleted",
            json!({ "id": number, "conversation_id": stage.number }),
            "/deleted_at",
        ),
        Listener::Campus => (
            "message-deleted",
            json!({ "id": &*uuid, "conversationId": stage.uuid }),
            "/deletedAt",
        ),
        Listener::Mentor => (
            "message_deleted",
            json!({ "messageId": &*uuid, "conversationId": stage.uuid }),
            "/deletedAt",
        ),
    }
}

pub const DIALECTS: [Listener; 4] = [
    Listener::Rooms,
    Listener::Direct,
    Listener::Campus,
    Listener::Mentor,
];

#[tokio::test]
async fn everybody_who_listens_hears_in_their_own_words_that_it_is_gone() {
    for sort in SORTS {
        let stage = Stage::of(sort).await;
        let mouth = stage.ann.opens_a_socket().await;
        let said = json!({ "conversationId": stage.number, "content": "Never mind" });
        let said = mouth.does("send_message", said).await["message"].clone();
        let mut listening = Vec::new();
        for dialect in DIALECTS {
            listening.push((dialect, stage.listens(&stage.bob, &[dialect]).await));
        }
        deletes(&stage, &said).await;
        for (dialect, ears) in &listening {
            let (event, body, at) = gone_in(&stage, *dialect, number(&said));
            let heard = ears.socket.hears(event, body).await;
            assert!(heard.pointer(at).is_some_and(Value::is_string), "{heard}");
            assert!(!heard["position"].is_null(), "{heard}");
            ears.socket.hears_nothing().await;
        }
        // A change is no message.
        let heard = format!("/api/admin/messages/{}", said["id"]);
        stage.chat.admin().delete(heard).await.refused(404);
    }
}

#[tokio::test]
async fn who_was_away_hears_that_what_they_had_heard_is_gone_and_nothing_of_what_came_and_went() {
    let stage = Stage::of(Sort::Group).await;
    let mouth = stage.ann.opens_a_socket().await;
    let say = async |content: &str| {
        let said = json!({ "conversationId": stage.number, "content": content });
        mouth.does("send_message", said).await["message"].clone()
    };
    let heard = say("Heard, and gone later").await;
    let last = say("The last that was heard").await;
    say("Missed").await;
    let came_and_went = say("Came and went").await;
    deletes(&stage, &came_and_went).await;
    deletes(&stage, &heard).await;
    say("Missed, too").await;
    for dialect in DIALECTS {
        let socket = stage.comes_back(&stage.bob, dialect, &last["id"]).await;
        let all = socket.hears_all(3).await;
        let (event, body, _) = gone_in(&stage, dialect, number(&heard));
        assert!(all[0].1.to_string().contains("Missed"), "{all:?}");
        assert_eq!(all[1].0, event, "in the order of the log: {all:?}");
        assert_looks_like(&all[1].1, body, event);
        assert!(all[2].1.to_string().contains("Missed, too"), "{all:?}");
        socket.hears_nothing().await;

        // Its position is as good a place to come back to as a message's.
        let position = &all[1].1["position"];
        let socket = stage.comes_back(&stage.bob, dialect, position).await;
        let (_, missed) = socket.hears_all(1).await.remove(0);
        assert!(missed.to_string().contains("Missed, too"), "{missed}");
        socket.hears_nothing().await;
    }
}

#[tokio::test]
async fn a_file_that_was_shared_meanwhile_is_heard_in_its_place_among_the_messages() {
    for sort in SORTS {
        let stage = Stage::of(sort).await;
        let first = stage.ann.posts(&stage.hex, "Heard").await;
        let share = async |name: &str| {
            let form = Form::file(name, "text/plain", "some notes").field("roomId", &stage.hex);
            stage.ann.uploads(form).await.has_status(201);
        };
        stage.ann.posts(&stage.hex, "Before it").await;
        share("first.txt").await;
        stage.ann.posts(&stage.hex, "After it").await;
        share("second.txt").await;
        // What is the uploader's own is not for him.
        let own = Form::file("own.txt", "text/plain", "some notes");
        stage.ann.uploads(own).await.has_status(201);
        let come_back = async |position: &Value| {
            let socket = stage.bob.enters(json!({ "lastMessageId": position })).await;
            let socket = socket.expect("a position");
            socket.emit("joinRoom", json!({ "roomId": stage.hex }));
            socket
        };
        let socket = come_back(&first["_id"]).await;
        let all = socket.hears_all(4).await;
        let heard = |at: usize| {
            let (event, body) = &all[at];
            let words = body["content"].as_str().or(body["originalName"].as_str());
            (event.as_str(), words.expect("words or a name"))
        };
        assert_eq!(heard(0), ("message", "Before it"));
        assert_eq!(heard(1), ("fileUpload", "first.txt"));
        assert_eq!(heard(2), ("message", "After it"));
        assert_eq!(heard(3), ("fileUpload", "second.txt"));
        stage.ann.posts(&stage.hex, "Live").await;
        socket.hears("message", json!({ "content": "Live" })).await;
        socket.hears_nothing_said().await;

        // Whoever says that the first file was the last thing heard does not hear it again.
        let socket = come_back(&all[1].1["position"]).await;
        let rest = socket.hears_all(3).await;
        assert_eq!(rest[0].1["content"], "After it");
        assert_eq!(rest[1].1["originalName"], "second.txt");
        assert_eq!(rest[2].1["content"], "Live");
        socket.hears_nothing().await;
    }
}

#[tokio::test]
async fn a_long_absence_full_of_files_and_deletions_is_told_whole_and_in_order() {
    let stage = Stage::of(Sort::Room).await;
    let mouth = stage.ann.opens_a_socket().await;
    let say = async |at: usize| {
        let said = json!({ "conversationId": stage.number, "content": format!("{at}") });
        mouth.does("send_message", said).await["message"].clone()
    };
    let mut old = Vec::new();
    for at in 0..60 {
        old.push(say(at).await);
    }
    let mut expected = Vec::new();
    for (at, heard) in old.iter().enumerate() {
        let missed = say(1_000 + at).await;
        match at % 3 {
            0 => {
                deletes(&stage, heard).await;
                expected.push(format!("message {}", missed["content"]));
                expected.push(format!("gone {}", heard["id"]));
            }
            1 => deletes(&stage, &missed).await,
            _ => {
                expected.push(format!("message {}", missed["content"]));
                let form = Form::file(&format!("{at}.txt"), "text/plain", "some notes");
                let form = form.field("roomId", &stage.hex);
                stage.ann.uploads(form).await.has_status(201);
                expected.push(format!("file \"{at}.txt\""));
            }
        }
    }
    let position = json!({ "lastMessageId": old[59]["id"] });
    let socket = stage.bob.enters(position).await.expect("a position");
    socket.emit("joinRoom", json!({ "roomId": stage.hex }));
    let told = socket.hears_all(expected.len()).await;
    let spell = stage.chat.spelling();
    let told = told.iter().map(|(event, body)| match event.as_str() {
        "message" => format!("message {}", body["content"]),
        "fileUpload" => format!("file {}", body["originalName"]),
        "messageDeleted" => {
            let hex = body["_id"].as_str().expect("an id");
            let number = spell
                .read::<MessageKind>(hex)
                .expect("of a message")
                .number();
            let is_it = |one: &&Value| one["id"] == number;
            format!("gone {}", old.iter().find(is_it).expect("an old one")["id"])
        }
        other => panic!("{other}"),
    });
    assert_eq!(told.collect::<Vec<_>>(), expected);
    socket.hears_nothing().await;
}

/// What a client of mentor's knows: the messages, by their ids.
struct Client {
    known: BTreeMap<String, String>,
    position: Value,
}

impl Client {
    async fn loads(stage: &Stage) -> Client {
        let path = format!("/api/conversations/{}/messages?limit=100", stage.uuid);
        let page = stage.bob.get(path).await.has_status(200).json();
        let messages = page["messages"].as_array().expect("messages");
        let known = messages.iter().map(|one| (id(one), words(one)));
        Client {
            known: known.collect(),
            position: messages
                .first()
                .map_or(Value::Null, |one| one["id"].clone()),
        }
    }

    fn hears(&mut self, event: &str, body: &Value) {
        match event {
            "new_message" => {
                let message = &body["message"];
                self.known.insert(id(message), words(message));
                self.position = message["id"].clone();
            }
            "message_deleted" => {
                let gone = body["messageId"].as_str().expect("an id");
                self.known.remove(gone);
                self.position = body["position"].clone();
            }
            other => panic!("{other} {body}"),
        }
    }
}

fn words(message: &Value) -> String {
    message["content"].as_str().expect("words").to_owned()
}

#[tokio::test]
async fn what_was_loaded_and_what_was_heard_since_is_what_there_is_now() {
    for seed in 1..=4 {
        let stage = Stage::of(Sort::Group).await;
        let mut chance = Chance::of(seed);
        let mouth = stage.ann.opens_a_socket().await;
        let mut client = Client::loads(&stage).await;
        let (mut all, mut socket) = (Vec::new(), None::<Socket>);
        for at in 0..120 {
            match chance.below(10) {
                0..6 => {
                    let said =
                        json!({ "conversationId": stage.number, "content": format!("{at}") });
                    all.push(mouth.does("send_message", said).await["message"].clone());
                }
                6..8 if !all.is_empty() => {
                    let gone = all.swap_remove(chance.below(all.len()));
                    deletes(&stage, &gone).await;
                }
                _ => {
                    // Goes at any moment, perhaps before having heard everything; comes back from where it was.
                    match socket.take() {
                        Some(open) => {
                            for _ in 0..chance.below(4) {
                                let next = tokio::time::timeout(MOMENT, open.hears_all(1)).await;
                                let Ok(mut next) = next else { break };
                                let (event, body) = next.remove(0);
                                client.hears(&event, &body);
                            }
                        }
                        None => {
                            let from = json!({ "lastMessageId": client.position });
                            let opened = stage.bob.enters_chat(from).await;
                            socket = Some(opened.expect("a position"));
                        }
                    }
                }
            }
        }
        drop(socket);
        let from = json!({ "lastMessageId": client.position });
        let socket = stage.bob.enters_chat(from).await.expect("a position");
        let end = json!({ "conversationId": stage.number, "content": "The end" });
        mouth.does("send_message", end).await;
        while !client.known.values().any(|words| words == "The end") {
            let (event, body) = socket.hears_all(1).await.remove(0);
            client.hears(&event, &body);
        }
        let now = Client::loads(&stage).await;
        assert!(now.known.len() < 100, "all of it fits on a page");
        assert_eq!(client.known, now.known, "seed {seed}");
    }
}
