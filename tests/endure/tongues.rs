//! How does a client join, speak and listen in each dialect? In a group, where all of them may.

use crate::support::packet;
use crate::support::{Value, json};
use chat::core::id::{IdKind, Spelling};

pub struct Tongue {
    pub name: &'static str,
    pub namespace: &'static str,
    /// The event by which one joins, and its field; whoever connects to `/chat` has joined.
    join: Option<(&'static str, &'static str)>,
    /// The event by which one speaks, its field for the place and its field for the words; mentor documents none.
    say: Option<[&'static str; 3]>,
    /// The event by which one hears, and where in it the words and the message's id stand.
    hear: [&'static str; 3],
}

pub const ROOMS: Tongue = Tongue {
    name: "rooms",
    namespace: "/",
    join: Some(("joinRoom", "roomId")),
    say: Some(["message", "roomId", "content"]),
    hear: ["message", "/content", "/_id"],
};
pub const DIRECT: Tongue = Tongue {
    name: "direct",
    namespace: "/",
    join: Some(("join_conversation", "conversationId")),
    say: Some(["send_message", "conversationId", "content"]),
    hear: ["new_message", "/content", "/id"],
};
pub const CAMPUS: Tongue = Tongue {
    name: "campus",
    namespace: "/",
    join: Some(("join-group", "conversation")),
    say: Some(["send-group-message", "conversationId", "message"]),
    hear: ["receive-group-message", "/message", "/id"],
};
pub const MENTOR: Tongue = Tongue {
    name: "mentor",
    namespace: "/chat",
    join: None,
    say: None,
    hear: ["new_message", "/message/content", "/message/id"],
};

/// The number under which joining is acknowledged; messages have their own, from 0 on.
pub const JOINED: u64 = 1 << 40;

impl Tongue {
    pub fn joins(&self, place: &str) -> Option<String> {
        let (event, field) = self.join?;
        let join = json!([event, { field: place }]);
        Some(packet::event(self.namespace, Some(JOINED), &join, 0))
    }

    pub fn says(
        &self,
        place: &str,
        words: &str,
        number: u64,
        client_id: Option<&str>,
    ) -> Option<String> {
        let [event, room, content] = self.say?;
        let mut said = json!({ room: place, content: words });
        if let Some(client_id) = client_id {
            said["clientMessageId"] = json!(client_id);
        }
        Some(packet::event(
            self.namespace,
            Some(number),
            &json!([event, said]),
            0,
        ))
    }

    /// The words and the id of a message, where this event is one.
    pub fn hears<'e>(&self, event: &'e Value) -> Option<(&'e str, &'e Value)> {
        let [name, words, id] = self.hear;
        let body = event.get(1).filter(|_| event[0] == name)?;
        Some((body.pointer(words)?.as_str()?, body.pointer(id)?))
    }
}

/// The number that an id stands for, in whichever spelling.
pub fn number<K: IdKind>(spelling: &Spelling, id: &Value) -> i64 {
    match id {
        Value::Number(number) => number.as_i64().expect("an integer"),
        Value::String(text) => spelling.read::<K>(text).expect("an id of ours").number(),
        other => panic!("no id: {other}"),
    }
}
