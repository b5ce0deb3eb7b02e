//! How is a row asked? With what it mentions put in: what is there, or what never was.

use super::cast::{Cast, enters, text};
use crate::support::person::{email_of, password_of};
use crate::support::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::OnceCell;

/// What is not for everybody, and what stands in its place in a request for nothing.
const PRIVATE: &[(&str, &str)] = &[
    ("device", NOTHING),
    ("diary", NOTHING),
    ("direct", NOTHING),
    ("direct message", NOTHING),
    ("file", NOTHING),
    ("file url", "notes-999999999.txt"),
    ("group", NOTHING),
    ("message", NOTHING),
    ("message of bob", NOTHING),
    ("message of carl", NOTHING),
    ("message of max", NOTHING),
    ("notice", NOTHING),
    ("session", "00000000-0000-4000-8000-000000000000"),
    ("talk", NOTHING),
    ("talk message", NOTHING),
];
const NOTHING: &str = "999999999";

/// Does it take the id of something private?
pub fn is_private(text: &str) -> bool {
    PRIVATE
        .iter()
        .any(|(name, _)| text.contains(&format!("{{{name}}}")))
}

/// One of the people asks once, for something or for nothing.
pub struct Asking<'a> {
    cast: &'a Cast<'a>,
    who: usize,
    for_nothing: bool,
    /// A name that nobody has yet.
    new: String,
    account: OnceCell<Person>,
}

impl<'a> Asking<'a> {
    pub fn of(cast: &'a Cast<'a>, who: usize, for_nothing: bool) -> Self {
        static NEW: AtomicUsize = AtomicUsize::new(0);
        Self {
            cast,
            who,
            for_nothing,
            new: format!("new{}", NEW.fetch_add(1, Ordering::Relaxed)),
            account: OnceCell::new(),
        }
    }

    /// Sends `GET /path` with a body to a listener, and returns the status and the body of the answer.
    pub async fn asks(&self, address: &str, asked: &str, given: &str) -> (u16, String) {
        let asked = self.filled(asked).await;
        let (method, path) = asked.split_once(' ').expect("a method and a path");
        let mut request = Request::new(method, path);
        if !given.is_empty() {
            let given = json_of(&self.filled(given).await);
            request = match given["file"].as_str() {
                Some(name) => {
                    let form = Form::file(name, "text/plain", "Hello");
                    let room = given["roomId"].as_str();
                    request.form(match room {
                        Some(room) => form.field("roomId", room),
                        None => form,
                    })
                }
                None => request.json(&given),
            };
        }
        let token = &self.cast.people[self.who].token;
        if !token.is_empty() {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let answer = request.send(address).await;
        (answer.status, answer.text())
    }

    /// Says an event through a socket, and returns the status and what the callback got.
    pub async fn says(&self, namespace: &str, event: &str, given: &str) -> (u16, String) {
        let given = json_of(&self.filled(given).await);
        let person = &self.cast.people[self.who];
        let answer = match &self.cast.sockets[self.who] {
            Some(socket) if event == "fileUpload" => {
                socket.tries_with(event, given, b"Hello").await
            }
            Some(socket) => socket.tries(event, given).await,
            None => None,
        };
        match answer {
            Some(answer) if answer["ok"] == true => (200, answer.to_string()),
            Some(answer) => {
                let status = answer["error"]["statusCode"].as_u64().unwrap_or_default();
                (
                    u16::try_from(status).unwrap_or_default(),
                    answer.to_string(),
                )
            }
            None => match enters(person, namespace).await {
                Ok(_) => (0, "was not heard, and yet let in".to_owned()),
                Err(words) => (401, words),
            },
        }
    }

    /// The text with what it mentions put in.
    pub async fn filled(&self, text: &str) -> String {
        let (mut filled, mut rest) = (String::new(), text);
        while let Some(at) = rest.find('{') {
            let name = rest[at + 1..].split('}').next().unwrap_or_default();
            filled += &rest[..at];
            if name.starts_with(|letter: char| letter.is_ascii_lowercase()) {
                filled += &self.named(name).await;
                rest = &rest[at + name.len() + 2..];
            } else {
                // JSON has braces too.
                filled.push('{');
                rest = &rest[at + 1..];
            }
        }
        filled + rest
    }

    async fn named(&self, name: &str) -> String {
        let cast = self.cast;
        if let Some((_, nothing)) = PRIVATE.iter().find(|(private, _)| *private == name)
            && self.for_nothing
        {
            return (*nothing).to_owned();
        }
        let new = email_of(&self.new);
        match name {
            // Who has no account is nobody in particular.
            "me" if cast.people[self.who].uuid.is_empty() => cast.carl.uuid.clone(),
            "me" => cast.people[self.who].uuid.clone(),
            "my name" => cast.people[self.who].name.clone(),
            "address code" => self.address_code().await,
            "new" => self.new.clone(),
            "sign-up code" => {
                self.nobody_posts("/user/send-signup-code", json!({ "email": new }))
                    .await;
                cast.chat.code_for(&new).await
            }
            "sign-up token" => cast.chat.proves(&new).await,
            "account" => self.account().await.name.clone(),
            "account id" => self.account().await.uuid.clone(),
            "reset code" => self.reset_code().await,
            "reset token" => {
                let proof = json!({ "email": new, "verificationCode": self.reset_code().await });
                text(&self.nobody_posts("/user/verify-reset-code", proof).await["resetToken"])
            }
            "link token" => {
                self.account().await;
                self.nobody_posts("/api/password/reset-request", json!({ "email": new }))
                    .await;
                cast.chat.link_token_for(&new).await
            }
            thing => cast.thing(thing).await,
        }
    }

    /// Somebody who has nothing to do with all this.
    async fn account(&self) -> &Person {
        self.account
            .get_or_init(|| self.cast.chat.rooms(&self.new))
            .await
    }

    /// The code that this person asked for to have a new address; whoever may not ask gets none.
    async fn address_code(&self) -> String {
        let (person, new) = (&self.cast.people[self.who], email_of(&self.new));
        let asked = json!({ "email": new, "password": password_of(&person.name) });
        match person.post("/api/profile/email", asked).await.status {
            200 => self.cast.chat.code_for(&new).await,
            _ => "000000".to_owned(),
        }
    }

    async fn reset_code(&self) -> String {
        let email = email_of(&self.account().await.name);
        self.nobody_posts("/user/reset-password-code", json!({ "email": email }))
            .await;
        self.cast.chat.code_for(&email).await
    }

    async fn nobody_posts(&self, path: &str, body: Value) -> Value {
        let posted = self.cast.chat.nobody().post(path, body).await;
        posted.has_status(200).json()
    }
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|why| panic!("{why}: {text}"))
}
