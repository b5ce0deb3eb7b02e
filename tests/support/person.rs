//! People: an account, the token it logged in with, and a socket that opens when it is first needed.

use super::entry::Entry;
use super::http::{Answer, Form, Request};
use super::looks::Expected;
use super::socket::Socket;
use super::{Chat, token};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

pub struct Person {
    pub name: String,
    /// The account as rooms spells it: 24 hex digits.
    pub id: String,
    /// The account as direct spells it.
    pub number: u64,
    /// Empty for somebody who brings none.
    pub token: String,
    address: String,
    socket: Mutex<Option<Arc<Socket>>>,
}

impl Person {
    pub(super) async fn signs_up(address: &str, name: &str) -> Person {
        let nobody = Person::without_token(address);
        let (email, password) = (email_of(name), password_of(name));
        let new = json!({ "username": name, "email": email, "password": password });
        let new = nobody
            .post("/api/auth/signup", new)
            .await
            .looks_like(201, json!({ "success": true }));
        let id = new["data"]["userId"]
            .as_str()
            .expect("signing up answers a userId")
            .to_owned();
        let person = Person {
            name: name.to_owned(),
            id,
            ..nobody
        };
        person.logs_in().await
    }

    pub(super) fn without_token(address: &str) -> Person {
        let (name, id, token) = ("nobody".to_owned(), String::new(), String::new());
        Person {
            name,
            id,
            number: 0,
            token,
            address: address.to_owned(),
            socket: Mutex::default(),
        }
    }

    /// The same person on one more device, with a token of its own.
    pub async fn logs_in(&self) -> Person {
        let login = json!({ "email": email_of(&self.name), "password": password_of(&self.name) });
        let login = Person::without_token(&self.address)
            .post("/api/auth/login", login)
            .await;
        let login = login.looks_like(200, json!({ "success": true }));
        let token = login["token"].as_str().expect("a login answers a token");
        let number = token::claims(token)["sub"]
            .as_str()
            .and_then(|sub| sub.parse().ok());
        Person {
            number: number.expect("sub is the account's decimal id"),
            ..self.with_token(token)
        }
    }

    /// The same person with something else in the place of the token.
    pub fn with_token(&self, token: &str) -> Person {
        let (name, id, address) = (self.name.clone(), self.id.clone(), self.address.clone());
        Person {
            name,
            id,
            number: self.number,
            token: token.to_owned(),
            address,
            socket: Mutex::default(),
        }
    }

    /// The same person, with the same token, at a server that was started anew.
    pub fn at(&self, chat: &Chat) -> Person {
        Person {
            address: chat.address.clone(),
            ..self.with_token(&self.token)
        }
    }

    // By REST

    pub async fn get(&self, path: impl AsRef<str>) -> Answer {
        self.sends(Request::new("GET", path)).await
    }

    pub async fn post(&self, path: impl AsRef<str>, body: Value) -> Answer {
        self.sends(Request::new("POST", path).json(&body)).await
    }

    pub async fn patch(&self, path: impl AsRef<str>, body: Value) -> Answer {
        self.sends(Request::new("PATCH", path).json(&body)).await
    }

    pub async fn delete(&self, path: impl AsRef<str>) -> Answer {
        self.sends(Request::new("DELETE", path)).await
    }

    pub async fn uploads(&self, form: Form) -> Answer {
        self.sends(Request::new("POST", "/api/files/upload").form(form))
            .await
    }

    /// Any request, with the token if there is one.
    pub async fn sends(&self, request: Request) -> Answer {
        let known = !self.token.is_empty();
        let request = if known {
            request.header("Authorization", format!("Bearer {}", self.token))
        } else {
            request
        };
        request.send(&self.address).await
    }

    // Through the socket

    /// This person's socket, opened if it is not open.
    pub async fn socket(&self) -> Arc<Socket> {
        let mut socket = self.socket.lock().await;
        if let Some(socket) = &*socket {
            return Arc::clone(socket);
        }
        let opened = Arc::new(self.opens_a_socket().await);
        *socket = Some(Arc::clone(&opened));
        opened
    }

    /// One more socket, beside the one that the methods below speak through.
    pub async fn opens_a_socket(&self) -> Socket {
        let opened = self.enters(json!({})).await;
        opened.unwrap_or_else(|why| panic!("{}'s socket was refused: {why}", self.name))
    }

    /// One more socket, with more in `auth` than the token; or the words with which it was refused.
    pub async fn enters(&self, mut auth: Value) -> Result<Socket, String> {
        auth["token"] = json!(self.token);
        Entry::to(&self.address).auth(auth).connect().await
    }

    /// An entry that brings nothing yet, for whoever brings the token another way.
    pub fn entry(&self) -> Entry {
        Entry::to(&self.address)
    }

    pub async fn hangs_up(&self) {
        *self.socket.lock().await = None;
    }

    pub async fn emit(&self, event: &str, payload: Value) {
        self.socket().await.emit(event, payload);
    }

    pub async fn asks(&self, event: &str, payload: Value) -> Value {
        self.socket().await.asks(event, payload).await
    }

    pub async fn asks_with(&self, event: &str, payload: Value, data: &[u8]) -> Value {
        self.socket().await.asks_with(event, payload, data).await
    }

    pub async fn does(&self, event: &str, payload: Value) -> Value {
        self.socket().await.does(event, payload).await
    }

    pub async fn is_refused(&self, status: u16, event: &str, payload: Value) -> Value {
        self.socket().await.is_refused(status, event, payload).await
    }

    pub async fn hears(&self, event: &str, expected: impl Into<Expected>) -> Value {
        self.socket().await.hears(event, expected).await
    }

    pub async fn hears_within(
        &self,
        patience: Duration,
        event: &str,
        expected: impl Into<Expected>,
    ) -> Value {
        self.socket()
            .await
            .hears_within(patience, event, expected)
            .await
    }

    pub async fn hears_nothing_of(&self, event: &str) {
        self.socket().await.hears_nothing_of(event).await;
    }

    // What people do again and again

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
}

pub fn email_of(name: &str) -> String {
    format!("{}@example.test", name.replace(' ', "."))
}

pub fn password_of(name: &str) -> String {
    format!("password of {name}")
}
