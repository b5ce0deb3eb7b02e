//! How somebody gets an account: signing up in each dialect, and logging in.

use super::person::{email_of, password_of};
use super::{Chat, Person, token};
use serde_json::{Value, json};

impl Chat {
    /// Somebody new, who will speak rooms.
    pub async fn rooms(&self, name: &str) -> Person {
        let new =
            json!({ "username": name, "email": email_of(name), "password": password_of(name) });
        let new = self.nobody().post("/api/auth/signup", new).await;
        new.has_status(201);
        self.logs_in(name).await
    }

    /// Somebody new, who will speak direct; direct documents no way to sign up or log in.
    pub async fn direct(&self, name: &str) -> Person {
        self.rooms(name).await
    }

    /// Somebody new, who will speak mentor, whose socket is in `/chat`; mentor documents no way to sign up either.
    pub async fn mentor(&self, name: &str) -> Person {
        self.rooms(name).await.through("/chat")
    }

    /// Somebody new, who will speak campus, and has proven the address.
    pub async fn campus(&self, name: &str) -> Person {
        self.proves(&email_of(name)).await;
        let new = self.nobody().post("/user/register", student(name)).await;
        new.has_status(201);
        self.logs_in(name).await
    }

    /// Somebody new, who will speak emote.
    pub async fn emote(&self, name: &str) -> Person {
        let new = json!({ "name": name, "email": email_of(name), "password": password_of(name) });
        let new = self.nobody().post("/api/auth/register", new).await;
        new.has_status(200);
        self.logs_in(name).await
    }

    /// Somebody who has no account and brings no token.
    pub fn nobody(&self) -> Person {
        Person::without_token(&self.address)
    }

    /// The administrator of a throwaway server.
    pub fn admin(&self) -> Person {
        let token = self.announced["adminToken"].as_str();
        let token = token.expect("a throwaway server announces its administrator");
        let mut admin = self.nobody().with_token(token);
        admin.name = "admin".to_owned();
        admin
    }

    /// Shows in campus that the mails to this address are read, and returns the `signupToken`.
    pub async fn proves(&self, email: &str) -> String {
        let nobody = self.nobody();
        let asked = nobody.post("/user/send-signup-code", json!({ "email": email }));
        asked.await.has_status(200);
        let code = self.code_for(email).await;
        let proof = json!({ "email": email, "verificationCode": code });
        let proof = nobody.post("/user/verify-email", proof).await;
        let proof = proof.looks_like(200, json!({ "verified": true }));
        let token = proof["signupToken"].as_str();
        token.expect("a proof comes with a token").to_owned()
    }

    pub async fn logs_in(&self, name: &str) -> Person {
        let mut person = self.nobody();
        person.name = name.to_owned();
        person.logs_in().await
    }
}

impl Person {
    /// The same person on one more device, with a token of its own.
    pub async fn logs_in(&self) -> Person {
        let login = json!({ "email": email_of(&self.name), "password": password_of(&self.name) });
        let login = self.with_token("").post("/api/auth/login", login).await;
        let login = login.looks_like(200, json!({ "success": true }));
        let token = login["token"].as_str().expect("a login answers a token");
        let number = token::claims(token)["sub"]
            .as_str()
            .and_then(|sub| sub.parse().ok());
        let mut person = self.with_token(token);
        person.id = text(&login["data"]["id"]);
        person.number = number.expect("sub is the account's decimal id");
        let known = person.get("/api/auth/validate").await;
        person.uuid = text(&known.has_status(200).json()["user"]["id"]);
        person
    }
}

/// Whom campus registers under this name, field by field; the picture is left out.
pub fn student(name: &str) -> Value {
    json!({
        "full_name": name,
        "email": email_of(name),
        "gender": "female",
        "dateOfBirth": "1999-12-31",
        "password": password_of(name),
        "role": "student",
    })
}

fn text(id: &Value) -> String {
    id.as_str().expect("an id that is text").to_owned()
}
