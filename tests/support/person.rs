//! People: an account, the token it logged in with, and a socket that opens when it is first needed.

use super::Chat;
use super::entry::Entry;
use super::http::{Answer, Form, Request};
use super::looks::Expected;
use super::socket::Socket;
use serde_json::{Value, json};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

pub struct Person {
    pub name: String,
    /// The account as rooms spells it: 24 hex digits.
    pub id: String,
    /// The account as campus, emote and mentor spell it.
    pub uuid: String,
    /// The account as direct spells it.
    pub number: u64,
    /// Empty for somebody who brings none.
    pub token: String,
    pub(super) address: String,
    namespace: &'static str,
    place: Option<IpAddr>,
    socket: Mutex<Option<Arc<Socket>>>,
}

impl Person {
    pub(super) fn without_token(address: &str) -> Person {
        Person {
            name: "nobody".to_owned(),
            id: String::new(),
            uuid: String::new(),
            number: 0,
            token: String::new(),
            address: address.to_owned(),
            namespace: "/",
            place: None,
            socket: Mutex::default(),
        }
    }

    /// The same person with something else in the place of the token.
    pub fn with_token(&self, token: &str) -> Person {
        Person {
            name: self.name.clone(),
            id: self.id.clone(),
            uuid: self.uuid.clone(),
            number: self.number,
            token: token.to_owned(),
            address: self.address.clone(),
            namespace: self.namespace,
            place: self.place,
            socket: Mutex::default(),
        }
    }

    /// The same person, with the same token, at a server that was started anew.
    pub fn at(&self, chat: &Chat) -> Person {
        self.by(&chat.address)
    }

    /// The same person, with the same token, by another door of the same house.
    pub fn by(&self, address: &str) -> Person {
        Person {
            address: address.to_owned(),
            ..self.with_token(&self.token)
        }
    }

    /// The same person, with the same token, asking from another client address.
    pub fn elsewhere(&self) -> Person {
        // All of 127.0.0.0/8 is this machine, and any of it may be where a connection comes from.
        let place = Some(IpAddr::from([127, 0, 0, 2]));
        Person {
            place,
            ..self.with_token(&self.token)
        }
    }

    /// The same person, who speaks through this namespace.
    pub fn through(self, namespace: &'static str) -> Person {
        Person { namespace, ..self }
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

    pub async fn put(&self, path: impl AsRef<str>) -> Answer {
        self.sends(Request::new("PUT", path)).await
    }
    pub async fn puts(&self, path: impl AsRef<str>, body: Value) -> Answer {
        self.sends(Request::new("PUT", path).json(&body)).await
    }

    /// As [`Person::delete`], with a body.
    pub async fn deletes(&self, path: impl AsRef<str>, body: Value) -> Answer {
        self.sends(Request::new("DELETE", path).json(&body)).await
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
        let request = match self.place {
            Some(place) => request.from(place),
            None => request,
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
        self.entry().auth(auth).connect().await
    }

    /// An entry that brings nothing yet, for whoever brings the token another way.
    pub fn entry(&self) -> Entry {
        Entry::to(&self.address).namespace(self.namespace)
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
}

pub fn email_of(name: &str) -> String {
    format!("{}@example.test", name.replace(' ', "."))
}

pub fn password_of(name: &str) -> String {
    format!("password of {name}")
}
