//! From an address to an account: the code by mail, its proof, and the registration.

use super::{JOHN_SHOWN, john, told};
use crate::support::*;
use std::time::Duration;

const SEND: &str = "/user/send-signup-code";
const RESEND: &str = "/user/resend-signup-code";

#[tokio::test]
async fn john_proves_his_address_and_registers() {
    let chat = Chat::open().await;
    let nobody = chat.nobody();
    let address = json!({ "email": "john@example.com" });
    told(&nobody.post(SEND, address).await);

    let code = chat.code_for("john@example.com").await;
    let proof = json!({ "email": "john@example.com", "verificationCode": code });
    let proven = told(&nobody.post("/user/verify-email", proof).await);
    assert_eq!(proven["verified"], true);
    assert!(proven["signupToken"].is_string(), "{proven}");

    let form = Request::new("POST", "/user/register").form(Form::default().fields(&john()));
    let new = nobody.sends(form).await;
    let new = new.looks_like(
        201,
        r#"{ "token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9..." }"#,
    );
    assert!(new["message"].is_string(), "{new}");
    assert_looks_like(&new["user"], JOHN_SHOWN, "the user");

    let john = nobody.with_token(new["token"].as_str().expect("a token"));
    let profile = john.get("/user/profile").await.looks_like(200, JOHN_SHOWN);
    assert_eq!(profile, new["user"], "the token is good at once");
    assert_eq!(
        profile["id"].as_str().map(|id| &id[14..15]),
        Some("8"),
        "a UUID of version 8"
    );
    let login = json!({ "email": "john@example.com", "password": "securePassword123" });
    let login = told(&nobody.post("/auth/login", login).await);
    assert_eq!(login["user"], new["user"]);
}

#[tokio::test]
async fn the_code_is_mailed_to_the_address_and_nowhere_else() {
    let chat = Chat::open().await;
    let address = json!({ "email": "john@example.com" });
    let answer = chat.nobody().post(SEND, address).await;
    let mail = chat.mail_to("john@example.com").await;
    assert_looks_like(
        &mail,
        r#"{
          "id": "01234567-89ab-8def-8123-456789abcdef",
          "to": "john@example.com",
          "createdAt": "2024-01-01T00:00:00.000Z",
          "sentAt": null,
          "error": null
        }"#,
        "the mail",
    );
    assert!(
        mail["subject"]
            .as_str()
            .is_some_and(|subject| !subject.is_empty())
    );
    let code = mail::code_in(&mail);
    assert!(!answer.text().contains(&code), "the answer gives it away");
    assert_eq!(chat.mails_to("john@example.com").await.len(), 1);
    assert!(chat.mails_to("jane@example.com").await.is_empty());
}

#[tokio::test]
async fn a_code_may_be_sent_again_after_a_minute() {
    let chat = Chat::with(&["--limit-auth", "100/1m"]).await;
    let asks = async |path: &str, email: &str| {
        let address = json!({ "email": email });
        chat.nobody().post(path, address).await
    };
    told(&asks(SEND, "john@example.com").await);
    for path in [RESEND, SEND] {
        let early = asks(path, "John@Example.com").await;
        let wait = early.refused(429).says("Retry-After").parse();
        assert!(
            wait.is_ok_and(|wait: u64| (1..=60).contains(&wait)),
            "{early:?}"
        );
    }
    assert_eq!(chat.mails_to("john@example.com").await.len(), 1);
    told(&asks(SEND, "jane@example.com").await);

    chat.time_passes(Duration::from_secs(60)).await;
    told(&asks(RESEND, "john@example.com").await);
    assert_eq!(chat.mails_to("john@example.com").await.len(), 2);
    asks(SEND, "john@example.com").await.refused(429);
}

#[tokio::test]
async fn without_limits_a_code_may_be_sent_again_at_once() {
    let chat = Chat::open().await;
    for path in [SEND, RESEND, RESEND] {
        let address = json!({ "email": "john@example.com" });
        told(&chat.nobody().post(path, address).await);
    }
    assert_eq!(chat.mails_to("john@example.com").await.len(), 3);
    let proof = json!({
        "email": "john@example.com",
        "verificationCode": chat.code_for("john@example.com").await
    });
    told(&chat.nobody().post("/user/verify-email", proof).await);
}

#[tokio::test]
async fn how_often_somebody_is_mailed_is_no_matter_of_how_often_others_may_ask() {
    let folder = tempfile::tempdir().expect("a folder");
    // That is with `--limit-auth off`.
    let chat = Chat::on(&folder.path().join("chat.db"), &[]).await;
    let ann = chat.rooms("ann").await;
    for (first, again) in [
        (SEND, RESEND),
        ("/user/reset-password-code", "/user/reset-password-code"),
    ] {
        let address = json!({ "email": format!("{}@example.test", ann.name) });
        told(&chat.nobody().post(first, address.clone()).await);
        chat.nobody().post(again, address).await.refused(429);
    }
}

#[tokio::test]
async fn what_is_no_address_gets_no_code() {
    let chat = Chat::open().await;
    for path in [SEND, RESEND, "/user/reset-password-code"] {
        for wrong in [
            json!({}),
            json!({ "email": "" }),
            json!({ "email": "john" }),
            json!({ "email": 17 }),
            json!({ "email": ["john@example.com"] }),
            json!({ "email": "john@example.com\r\nBcc: jane@example.com" }),
        ] {
            let answer = chat.nobody().post(path, wrong).await;
            answer.refused_for(&["email"]);
        }
        let bare = Request::new("POST", path).untyped(r#"{ "email": "john@example.com" }"#);
        chat.nobody().sends(bare).await.refused(415);
        chat.nobody().get(path).await.refused(405);
    }
}

#[tokio::test]
async fn asking_for_a_code_does_not_tell_who_has_an_account() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.campus("ann").await, chat.emote("bob").await);
    for path in [SEND, RESEND, "/user/reset-password-code"] {
        let mut answers = Vec::new();
        for name in [&*ann.name, &*bob.name, "unknown"] {
            let address = json!({ "email": format!("{name}@example.test") });
            answers.push(told(&chat.nobody().post(path, address).await));
        }
        assert_eq!(answers[0], answers[2], "{path}: Ann's address is proven");
        assert_eq!(answers[1], answers[2], "{path}: Bob's address is not");
    }
}

#[tokio::test]
async fn codes_and_tokens_are_never_in_the_log() {
    let chat = Chat::with(&["--log", "debug"]).await;
    let signup = chat.proves("john@example.com").await;
    let new = chat.nobody().post("/user/register", john()).await;
    let token = new.has_status(201).json()["token"].clone();
    let token = token.as_str().expect("a token");
    let code = chat.code_for("john@example.com").await;
    let log = chat.log();
    for secret in [token, &signup, "securePassword123"] {
        assert!(!log.contains(secret), "{secret} is in the log: {log}");
    }
    // The fraction of a second has six digits, too, and comes behind a dot.
    let said = log.match_indices(&*code);
    let said: Vec<_> = said.filter(|(at, _)| !log[..*at].ends_with('.')).collect();
    assert!(said.is_empty(), "{code} is in the log: {log}");
}
