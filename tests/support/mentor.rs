//! Sessions, and what people of the mentor document do again and again.

use super::{Chat, Person, Socket, Value, json};

/// A session's UUID is another application's: of any version, and nothing of ours.
pub const SESSION: &str = "6f1d2c3b-4a59-4e87-9b06-1c2d3e4f5a6b";

impl Chat {
    /// Records a session as the surrounding application does.
    pub async fn has_session(&self, uuid: &str, mentor: &Person, mentee: &Person) {
        let people = ["--mentor", &mentor.name, "--mentee", &mentee.name];
        let put = ["session", "put", uuid, "--start-at", "2024-01-15T10:00:00Z"];
        self.command(&[&put[..], &people].concat()).await;
    }
}

impl Person {
    /// One more socket, in mentor's namespace.
    pub async fn opens_chat(&self) -> Socket {
        let opened = self.enters_chat(json!({})).await;
        opened.unwrap_or_else(|why| panic!("{}'s socket was refused: {why}", self.name))
    }

    /// One more socket in mentor's namespace, with more in `auth` than the token; or the words of the refusal.
    pub async fn enters_chat(&self, mut auth: Value) -> Result<Socket, String> {
        auth["token"] = json!(self.token);
        self.entry().namespace("/chat").auth(auth).connect().await
    }

    /// The conversation of a session, made if there is none yet.
    pub async fn opens_session(&self, uuid: &str) -> Value {
        let asked = json!({ "sessionId": uuid });
        let answer = self.post("/api/conversations/by-session", asked).await;
        assert!([200, 201].contains(&answer.status), "{answer:?}");
        answer.json()
    }

    /// A conversation as mentor shows it to this person.
    pub async fn conversation(&self, id: &str) -> Value {
        let shown = self.get(format!("/api/conversations/{id}")).await;
        shown.has_status(200).json()
    }

    /// Posts by mentor's REST and returns the message.
    pub async fn says(&self, conversation: &str, content: &str) -> Value {
        let said = json!({ "content": content });
        let path = format!("/api/conversations/{conversation}/messages");
        self.post(path, said).await.has_status(201).json()
    }

    /// Reads everything there by mentor's REST and returns how many messages became read.
    pub async fn reads(&self, conversation: &str) -> Value {
        let path = format!("/api/conversations/{conversation}/read");
        let read = self.patch(path, json!({})).await;
        read.looks_like(200, json!({ "conversationId": conversation }))["count"].clone()
    }
}

/// The `id` of a thing.
pub fn id(thing: &Value) -> String {
    let id = thing["id"].as_str();
    id.unwrap_or_else(|| panic!("no id in {thing}")).to_owned()
}

/// The participants are these people and no others, in whichever order.
#[track_caller]
pub fn has_people(conversation: &Value, people: &[&Person]) {
    let told = |one: &Value| format!("{} {}", one["id"], one["fullName"]);
    let shown = conversation["participants"].as_array();
    let mut shown: Vec<_> = shown.expect("participants").iter().map(told).collect();
    let expected = people.iter().map(|one| (&one.uuid, &one.name));
    let expected = expected.map(|(id, name)| told(&json!({ "id": id, "fullName": name })));
    let mut expected: Vec<_> = expected.collect();
    shown.sort();
    expected.sort();
    assert_eq!(shown, expected, "{conversation}");
}
