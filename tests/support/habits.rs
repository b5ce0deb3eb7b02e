//! What people do again and again: open a room, meet, write to each other, read what was said.

use super::Person;
use serde_json::{Value, json};

impl Person {
    /// Opens a room and returns its id.
    pub async fn opens_room(&self, name: &str) -> String {
        let room = json!({ "name": name, "description": "A room for general conversations" });
        let room = self
            .post("/api/rooms", room)
            .await
            .looks_like(201, json!({ "success": true }));
        room["data"]["_id"]
            .as_str()
            .expect("a room has an _id")
            .to_owned()
    }

    /// Posts by rooms' REST and returns the message.
    pub async fn posts(&self, conversation: &str, content: &str) -> Value {
        let message = json!({ "roomId": conversation, "content": content });
        self.post("/api/messages", message)
            .await
            .looks_like(201, json!({ "success": true }))["data"]
            .clone()
    }

    /// Writes to another person through direct and returns the message.
    pub async fn writes_to(&self, other: &Person, content: &str) -> Value {
        let sent = json!({ "toUserId": other.number, "content": content });
        self.does("send_message", sent).await["message"].clone()
    }

    /// All messages of a conversation as rooms' REST lists them, oldest first.
    pub async fn history(&self, conversation: &str) -> Vec<Value> {
        let mut history = Vec::new();
        for page in 1.. {
            let path =
                format!("/api/messages/{conversation}?page={page}&limit=100&sort=_id&order=asc");
            let listed = self
                .get(path)
                .await
                .looks_like(200, json!({ "success": true }));
            let listed = listed["data"].as_array().expect("a list of messages");
            history.extend(listed.iter().cloned());
            if listed.len() < 100 {
                break;
            }
        }
        history
    }

    /// Gets or creates the conversation of the two in campus, and returns its UUID.
    pub async fn meets(&self, other: &Person) -> String {
        let pair = json!({ "senderId": self.uuid, "receiverId": other.uuid });
        let met = self.post("/conversaton/create", pair).await;
        assert!(matches!(met.status, 200 | 201), "{met:?}");
        id_of(&met.json())
    }

    /// Creates a group in campus, and returns its UUID.
    pub async fn gathers(&self, name: &str, others: &[&Person]) -> String {
        let others: Vec<_> = others.iter().map(|person| &person.uuid).collect();
        let group = json!({ "name": name, "groupMenmbers": others });
        let group = self.post("/conversaton/create-group", group).await;
        id_of(&group.has_status(201).json())
    }

    /// Sends a message by campus' REST and returns it.
    pub async fn sends_to(&self, conversation: &str, message: &str) -> Value {
        let message =
            json!({ "conversationId": conversation, "senderId": self.uuid, "message": message });
        let sent = self.post("/message/create", message).await;
        sent.has_status(201).json()
    }
}

fn id_of(shown: &Value) -> String {
    shown["id"].as_str().expect("it has an id").to_owned()
}
