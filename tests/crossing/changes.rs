//! A message that changes: whoever changes it, in whatever dialect, is heard by all who listen, each in their own words; and
//! by who was away, once.

use super::gone::{DIALECTS, gone_in};
use super::stage::*;
use crate::support::*;
use chat::core::id::{MessageId, MessageKind};
use serde_json::Map;

/// A message's id, as each dialect spells it.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    pub uuid: String,
    pub hex: String,
    pub number: i64,
}

impl Named {
    /// The id that a message of any dialect has.
    pub fn of(chat: &Chat, message: &Value) -> Named {
        let id = message.get("id").or(message.get("_id"));
        Named::read(chat, id.expect("a message has an id"))
    }

    fn read(chat: &Chat, id: &Value) -> Named {
        let spell = chat.spelling();
        let id = match id.as_i64() {
            Some(number) => MessageId::new(number).expect("an id"),
            None => {
                let text = id.as_str().expect("an id is a number or a text");
                spell.read::<MessageKind>(text).expect("of a message")
            }
        };
        Named {
            uuid: spell.uuid(id).to_string(),
            hex: spell.hex(id).to_string(),
            number: id.number(),
        }
    }

    pub fn in_dialect(&self, dialect: Listener) -> Value {
        match dialect {
            Listener::Rooms => json!(self.hex),
            Listener::Direct => json!(self.number),
            Listener::Campus | Listener::Mentor => json!(self.uuid),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change<'t> {
    Edit(&'t str),
    React(&'t str),
    TakeBack(&'t str),
    Pin,
    Unpin,
    Delete,
}
use Change::*;

/// The dialect in which somebody speaks.
pub fn dialect_of(speaker: Speaker) -> Listener {
    match speaker {
        Speaker::RoomsRest | Speaker::RoomsSocket => Listener::Rooms,
        Speaker::DirectSocket => Listener::Direct,
        Speaker::CampusRest | Speaker::CampusSocket => Listener::Campus,
        Speaker::MentorRest => Listener::Mentor,
    }
}

/// An emoji as it stands in a path.
fn in_path(emoji: &str) -> String {
    emoji.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Somebody changes a message of a conversation: the status, and the message or the refusal as it comes back.
pub async fn changes(
    who: &Person,
    socket: &Socket,
    speaker: Speaker,
    place: &str,
    message: &Named,
    change: Change<'_>,
) -> (u16, Value) {
    let (method, path, body) = match speaker {
        Speaker::CampusRest => {
            let id = &message.uuid;
            match change {
                Edit(text) => ("PATCH", format!("update/{id}"), json!({ "message": text })),
                React(emoji) => ("PUT", format!("reaction/{id}"), json!({ "emoji": emoji })),
                TakeBack(emoji) => (
                    "DELETE",
                    format!("reaction/{id}"),
                    json!({ "emoji": emoji }),
                ),
                Pin => ("PUT", format!("pin/{id}"), Value::Null),
                Unpin => ("DELETE", format!("pin/{id}"), Value::Null),
                Delete => ("DELETE", format!("remove/{id}"), Value::Null),
            }
        }
        Speaker::MentorRest | Speaker::RoomsRest => match change {
            Edit(text) => ("PATCH", String::new(), json!({ "content": text })),
            React(emoji) => ("PUT", format!("/reactions/{}", in_path(emoji)), Value::Null),
            TakeBack(emoji) => (
                "DELETE",
                format!("/reactions/{}", in_path(emoji)),
                Value::Null,
            ),
            Pin => ("PUT", "/pin".to_owned(), Value::Null),
            Unpin => ("DELETE", "/pin".to_owned(), Value::Null),
            Delete => ("DELETE", String::new(), Value::Null),
        },
        _ => return changes_by_event(socket, speaker, message, change).await,
    };
    let path = match speaker {
        Speaker::CampusRest => format!("/message/{path}"),
        Speaker::MentorRest => {
            format!("/api/conversations/{place}/messages/{}{path}", message.uuid)
        }
        _ => format!("/api/messages/{}{path}", message.hex),
    };
    let request = Request::new(method, path);
    let answer = who.sends(match body {
        Value::Null => request,
        body => request.json(&body),
    });
    let answer = answer.await;
    let body = answer.json();
    match (answer.status, speaker) {
        (200, Speaker::RoomsRest) => {
            let words = match change {
                Delete => "Message deleted successfully",
                _ => "Message updated successfully",
            };
            assert_looks_like(&body, json!({ "success": true, "message": words }), words);
            (200, body["data"].clone())
        }
        (status, _) => (status, body),
    }
}

async fn changes_by_event(
    socket: &Socket,
    speaker: Speaker,
    message: &Named,
    change: Change<'_>,
) -> (u16, Value) {
    let id = message.in_dialect(dialect_of(speaker));
    let words = match speaker {
        Speaker::CampusSocket => "message",
        _ => "content",
    };
    let (verb, payload) = match change {
        Edit(text) => ("edit", json!({ "messageId": id, words: text })),
        React(emoji) => ("react", json!({ "messageId": id, "emoji": emoji })),
        TakeBack(emoji) => (
            "react",
            json!({ "messageId": id, "emoji": emoji, "remove": true }),
        ),
        Pin => ("pin", json!({ "messageId": id })),
        Unpin => ("pin", json!({ "messageId": id, "remove": true })),
        Delete => ("delete", json!({ "messageId": id })),
    };
    let event = match speaker {
        Speaker::CampusSocket => format!("{verb}-message"),
        Speaker::RoomsSocket => format!("{verb}Message"),
        _ => format!("{verb}_message"),
    };
    let answer = socket.asks(&event, payload).await;
    match answer["ok"] == true {
        true => (200, answer["message"].clone()),
        false => {
            let status = answer["error"]["statusCode"].as_u64().expect("a status");
            (status as u16, answer["error"].clone())
        }
    }
}

/// What a message is now.
#[derive(Clone)]
pub struct Now<'p> {
    pub text: String,
    pub edited: bool,
    pub reply_to: Option<Named>,
    pub reactions: Vec<(&'p str, Vec<&'p Person>)>,
    pub mentions: Vec<&'p Person>,
    pub pinned: Option<&'p Person>,
}

impl<'p> Now<'p> {
    pub fn said(text: &str) -> Self {
        Now {
            text: text.to_owned(),
            edited: false,
            reply_to: None,
            reactions: Vec::new(),
            mentions: Vec::new(),
            pinned: None,
        }
    }

    /// Somebody changes it, who has reacted with nothing yet, or takes all back.
    fn becomes(&mut self, change: Change<'p>, by: &'p Person) {
        match change {
            Edit(text) => (self.text, self.edited) = (text.to_owned(), true),
            React(emoji) => self.reactions.push((emoji, vec![by])),
            TakeBack(emoji) => self.reactions.retain(|(known, _)| *known != emoji),
            Pin => self.pinned = Some(by),
            Unpin => self.pinned = None,
            Delete => {}
        }
    }

    /// Whatever was added to the message is told, in this dialect, and nothing else is.
    #[track_caller]
    pub fn is_told(&self, dialect: Listener, message: &Value, in_a_change: bool) {
        let snake = dialect == Listener::Direct;
        let person = |who: &Person| match dialect {
            Listener::Rooms => json!(who.id),
            Listener::Direct => json!(who.number),
            Listener::Campus | Listener::Mentor => json!(who.uuid),
        };
        let people = |all: &[&Person]| all.iter().map(|who| person(who)).collect::<Value>();
        let name = |camel, snakes| if snake { snakes } else { camel };
        // When it was, and at which position, is as it is told.
        let told = |name: &str| {
            let told = message[name].clone();
            assert!(!told.is_null(), "no {name} in {message}");
            told
        };
        let mut expected = Map::new();
        if self.edited {
            let name = name("editedAt", "edited_at");
            expected.insert(name.into(), told(name));
        }
        if let Some(answered) = &self.reply_to {
            let name = name("replyTo", "reply_to");
            expected.insert(name.into(), answered.in_dialect(dialect));
        }
        if !self.reactions.is_empty() {
            let all = self.reactions.iter().map(
                |(emoji, by)| json!({ "emoji": emoji, "count": by.len(), "users": people(by) }),
            );
            expected.insert("reactions".into(), all.collect());
        }
        if !self.mentions.is_empty() {
            expected.insert("mentions".into(), people(&self.mentions));
        }
        if let Some(by) = self.pinned {
            let at = name("pinnedAt", "pinned_at");
            expected.insert(at.into(), told(at));
            expected.insert(name("pinnedBy", "pinned_by").into(), person(by));
        }
        if in_a_change {
            expected.insert("position".into(), told("position"));
        }
        let added = [
            "editedAt",
            "edited_at",
            "replyTo",
            "reply_to",
            "reactions",
            "mentions",
            "pinnedAt",
            "pinned_at",
            "pinnedBy",
            "pinned_by",
            "position",
        ];
        let mut given = message.as_object().expect("a message").clone();
        given.retain(|name, _| added.contains(&name.as_str()));
        assert_eq!(Value::from(given), Value::from(expected), "in {message}");
        let words = match dialect {
            Listener::Campus => "message",
            _ => "content",
        };
        assert_eq!(message[words], self.text, "in {message}");
    }
}

/// The event in which a dialect tells what a message is now.
pub fn updated_in(dialect: Listener) -> &'static str {
    match dialect {
        Listener::Rooms => "messageUpdated",
        Listener::Direct | Listener::Mentor => "message_updated",
        Listener::Campus => "message-updated",
    }
}

/// The message in an event about it.
pub fn message_in(dialect: Listener, told: &Value) -> &Value {
    match dialect {
        Listener::Mentor => &told["message"],
        _ => told,
    }
}

/// These ears hear what Ann's message is now; returns the position of the change.
async fn hears_it(
    stage: &Stage,
    ears: &Ears,
    dialect: Listener,
    named: &Named,
    now: &Now<'_>,
) -> i64 {
    let heard = ears.socket.hears(updated_in(dialect), json!({})).await;
    let (_, body, _) = stage.heard_in(dialect, &now.text);
    assert_looks_like(&heard, body, "a change");
    let message = message_in(dialect, &heard);
    assert_eq!(Named::of(&stage.chat, message), *named);
    now.is_told(dialect, message, true);
    Named::read(&stage.chat, &message["position"]).number
}

async fn hears_that_it_is_gone(
    stage: &Stage,
    ears: &Ears,
    dialect: Listener,
    named: &Named,
) -> i64 {
    let (event, body, _) = gone_in(stage, dialect, named.number);
    let heard = ears.socket.hears(event, body).await;
    Named::read(&stage.chat, &heard["position"]).number
}

/// The log's position, as any list tells it.
pub async fn position(person: &Person) -> String {
    let listed = person.get("/api/conversations?limit=1").await;
    listed.has_status(200).says("X-Position").to_owned()
}

/// Whoever changes it, and however; the same once more changes nothing, and nobody hears of it.
async fn everybody_hears_whatever_changes(sort: Sort) {
    let stage = Stage::of(sort).await;
    let (ann, bob) = (&stage.ann, &stage.bob);
    let mut messages = Vec::new();
    for _ in SPEAKERS {
        let said = ann.sends_to(&stage.uuid, "Hello").await;
        messages.push(Named::of(&stage.chat, &said));
    }
    let mut listening = stage.listens_everywhere(bob).await;
    listening.push(stage.listens(ann, &[Listener::Mentor]).await);
    listening.push(stage.listens(ann, &AT_HOME).await);
    let mouth = ann.opens_a_socket().await;
    let mut last = messages.last().expect("messages").number;
    for (speaker, message) in SPEAKERS.into_iter().zip(&messages) {
        let mut now = Now::said("Hello");
        for change in [
            Edit("Hello, all"),
            React("👍"),
            React("❤️"),
            Pin,
            TakeBack("👍"),
            Unpin,
            Edit("Hello"),
            React("👍"),
            Delete,
        ] {
            let of = format!("{change:?} by {speaker:?}");
            let change_it = || changes(ann, &mouth, speaker, &stage.uuid, message, change);
            let (status, answer) = change_it().await;
            assert_eq!(status, 200, "{of}: {answer}");
            now.becomes(change, ann);
            let before = position(ann).await;
            assert_eq!(change_it().await, (200, answer.clone()), "{of} once more");
            assert_eq!(position(ann).await, before, "{of} once more");
            if change != Delete {
                now.is_told(dialect_of(speaker), &answer, false);
            }
            let mut positions = Vec::new();
            for ears in &listening {
                for dialect in &ears.dialects {
                    positions.push(match change {
                        Delete => hears_that_it_is_gone(&stage, ears, *dialect, message).await,
                        _ => hears_it(&stage, ears, *dialect, message, &now).await,
                    });
                }
            }
            positions.dedup();
            assert_eq!(positions.len(), 1, "{of} is one change: {positions:?}");
            assert!(positions[0] > last, "{of}: {positions:?} after {last}");
            last = positions[0];
        }
    }
    all_is_quiet(&listening).await;
}

#[tokio::test]
async fn in_a_direct_conversation_everybody_hears_whatever_changes() {
    everybody_hears_whatever_changes(Sort::Direct).await;
}

#[tokio::test]
async fn in_a_group_everybody_hears_whatever_changes() {
    everybody_hears_whatever_changes(Sort::Group).await;
}

#[tokio::test]
async fn in_a_room_everybody_hears_whatever_changes() {
    everybody_hears_whatever_changes(Sort::Room).await;
}

#[tokio::test]
async fn in_a_session_everybody_hears_whatever_changes() {
    everybody_hears_whatever_changes(Sort::Session).await;
}

/// Ann says something in answer to a message, and returns what came back.
pub async fn answers(
    stage: &Stage,
    socket: &Socket,
    speaker: Speaker,
    answered: &Named,
    words: &str,
) -> Value {
    let to = answered.in_dialect(dialect_of(speaker));
    let rest = |path: String, body: Value| async move {
        stage.ann.post(path, body).await.has_status(201).json()
    };
    match speaker {
        Speaker::RoomsRest => {
            let said = json!({ "roomId": stage.hex, "content": words, "replyTo": to });
            rest("/api/messages".into(), said).await["data"].clone()
        }
        Speaker::CampusRest => {
            let said = json!({ "conversationId": stage.uuid, "message": words, "replyTo": to });
            rest("/message/create".into(), said).await
        }
        Speaker::MentorRest => {
            let path = format!("/api/conversations/{}/messages", stage.uuid);
            rest(path, json!({ "content": words, "replyTo": to })).await
        }
        Speaker::RoomsSocket => {
            let said = json!({ "roomId": stage.hex, "content": words, "replyTo": to });
            socket.does("message", said).await["message"].clone()
        }
        Speaker::DirectSocket => {
            let said = json!({ "conversationId": stage.number, "content": words, "reply_to": to });
            socket.does("send_message", said).await["message"].clone()
        }
        Speaker::CampusSocket => {
            let said = json!({ "conversationId": stage.uuid, "message": words, "replyTo": to });
            socket.does("send-message", said).await["message"].clone()
        }
    }
}

#[tokio::test]
async fn an_answer_and_a_mention_are_told_beside_the_words_in_every_dialect() {
    for sort in SORTS {
        let stage = Stage::of(sort).await;
        let first = stage.ann.sends_to(&stage.uuid, "A question").await;
        let first = Named::of(&stage.chat, &first);
        let listening = stage.listens_everywhere(&stage.bob).await;
        let mouth = stage.ann.opens_a_socket().await;
        for speaker in SPEAKERS {
            let words = format!("@bob: {speaker:?} answers");
            let said = answers(&stage, &mouth, speaker, &first, &words).await;
            let mut now = Now::said(&words);
            (now.reply_to, now.mentions) = (Some(first.clone()), vec![&stage.bob]);
            now.is_told(dialect_of(speaker), &said, false);
            for ears in &listening {
                for dialect in &ears.dialects {
                    let (event, body, _) = stage.heard_in(*dialect, &words);
                    let heard = ears.socket.hears(event, body).await;
                    now.is_told(*dialect, message_in(*dialect, &heard), false);
                }
            }
            // Whom it mentions changes with the words.
            let said = Named::of(&stage.chat, &said);
            for (words, mentioned) in [("@ann @eve bob", None), ("To @Bob", Some(&stage.bob))] {
                let edit = changes(&stage.ann, &mouth, speaker, &stage.uuid, &said, Edit(words));
                assert_eq!(edit.await.0, 200);
                now.becomes(Edit(words), &stage.ann);
                now.mentions = mentioned.into_iter().collect();
                for ears in &listening {
                    for dialect in &ears.dialects {
                        hears_it(&stage, ears, *dialect, &said, &now).await;
                    }
                }
            }
        }
        all_is_quiet(&listening).await;
    }
}

#[tokio::test]
async fn who_was_away_hears_once_what_each_message_is_now() {
    for sort in SORTS {
        let stage = Stage::of(sort).await;
        let (ann, bob) = (&stage.ann, &stage.bob);
        let mouth = ann.opens_a_socket().await;
        let says =
            async |words: &str| Named::of(&stage.chat, &ann.sends_to(&stage.uuid, words).await);
        let changed = async |speaker, message: &Named, change: Change<'_>| {
            let (status, answer) =
                changes(ann, &mouth, speaker, &stage.uuid, message, change).await;
            assert_eq!(status, 200, "{answer}");
        };
        let (first, second) = (says("First").await, says("Second").await);
        let untouched = says("Untouched").await;
        // While Bob is away:
        changed(Speaker::CampusRest, &first, Edit("First, edited")).await;
        let third = answers(&stage, &mouth, Speaker::RoomsRest, &first, "@bob, look").await;
        let third = Named::of(&stage.chat, &third);
        let fourth = says("Came and went").await;
        changed(Speaker::RoomsSocket, &second, Delete).await;
        changed(Speaker::MentorRest, &third, Edit("@bob, see")).await;
        changed(Speaker::DirectSocket, &first, React("👍")).await;
        changed(Speaker::CampusSocket, &first, Pin).await;
        changed(Speaker::RoomsRest, &fourth, Delete).await;

        let mut first_now = Now::said("First, edited");
        (first_now.edited, first_now.pinned) = (true, Some(ann));
        first_now.reactions = vec![("👍", vec![ann])];
        let mut third_now = Now::said("@bob, see");
        (third_now.edited, third_now.reply_to) = (true, Some(first.clone()));
        third_now.mentions = vec![bob];
        for dialect in DIALECTS {
            let of = format!("{sort:?} in {dialect:?}");
            let socket = stage
                .comes_back(bob, dialect, &json!(untouched.number))
                .await;
            let all = socket.hears_all(3).await;
            let events: Vec<_> = all.iter().map(|(event, _)| event.as_str()).collect();
            let (said, gone) = (stage.heard_in(dialect, "").0, gone_in(&stage, dialect, 1).0);
            assert_eq!(events, [said, gone, updated_in(dialect)], "{of}");
            third_now.is_told(dialect, message_in(dialect, &all[0].1), false);
            let (_, body, _) = gone_in(&stage, dialect, second.number);
            assert_looks_like(&all[1].1, body, &of);
            first_now.is_told(dialect, message_in(dialect, &all[2].1), true);
            // What comes after it is live, and told once.
            let words = format!("First, edited for {dialect:?}");
            changed(Speaker::MentorRest, &first, Edit(&words)).await;
            first_now.text = words;
            let (event, live) = socket.hears_all(1).await.remove(0);
            assert_eq!(event, updated_in(dialect), "{of}");
            let live = message_in(dialect, &live);
            first_now.is_told(dialect, live, true);
            socket.hears_nothing().await;

            // Whoever brings the position of what was heard last hears nothing of it again.
            let socket = stage.comes_back(bob, dialect, &live["position"]).await;
            socket.hears_nothing().await;
            let socket = stage.comes_back(bob, dialect, &all[1].1["position"]).await;
            let again = socket.hears_all(3).await;
            third_now.is_told(dialect, message_in(dialect, &again[0].1), true);
            let (_, body, _) = gone_in(&stage, dialect, fourth.number);
            assert_looks_like(&again[1].1, body, &of);
            first_now.is_told(dialect, message_in(dialect, &again[2].1), true);
            socket.hears_nothing().await;
            // And whoever brings the last message, as the documents know it, hears what it was since.
            let socket = stage
                .comes_back(bob, dialect, &third.in_dialect(dialect))
                .await;
            let again = socket.hears_all(3).await;
            let events: Vec<_> = again.iter().map(|(event, _)| event.as_str()).collect();
            let updated = updated_in(dialect);
            assert_eq!(events, [gone, updated, updated], "{of}");
            third_now.is_told(dialect, message_in(dialect, &again[1].1), true);
            first_now.is_told(dialect, message_in(dialect, &again[2].1), true);
            socket.hears_nothing().await;
        }
    }
}
