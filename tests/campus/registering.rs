//! `register`: who may, with which fields, and how often.

use super::{JOHN_SHOWN, john, john_with};
use crate::support::*;
use std::time::Duration;

async fn registers(by: &Person, fields: Value) -> Answer {
    by.post("/user/register", fields).await
}

#[tokio::test]
async fn every_wrong_field_is_named_and_a_mistake_costs_nothing() {
    let chat = Chat::open().await;
    chat.proves("john@example.com").await;
    let nobody = chat.nobody();
    for (field, wrong) in [
        ("full_name", json!("")),
        ("full_name", json!("  ")),
        ("full_name", json!("x".repeat(101))),
        ("full_name", json!("John\u{0}Doe")),
        ("email", json!("not an address")),
        ("gender", json!("man")),
        ("gender", json!(1)),
        ("dateOfBirth", json!("yesterday")),
        ("dateOfBirth", json!("1999-02-30")),
        ("dateOfBirth", json!("31.12.1999")),
        ("dateOfBirth", json!("2999-12-31")),
        ("dateOfBirth", json!("")),
        ("password", json!("short")),
        ("password", json!("x".repeat(257))),
        ("role", json!("admin")),
        ("role", json!("")),
        ("role", json!(["student"])),
    ] {
        registers(&nobody, john_with(field, wrong))
            .await
            .refused_for(&[field]);
    }
    let fields = [
        "full_name",
        "email",
        "gender",
        "dateOfBirth",
        "password",
        "role",
    ];
    registers(&nobody, json!({})).await.refused_for(&fields);
    let empty = Request::new("POST", "/user/register").form(Form::default().field("note", ""));
    nobody.sends(empty).await.refused_for(&fields);
    let text = Request::new("POST", "/user/register").body("text/plain", john().to_string());
    nobody.sends(text).await.refused(415);

    registers(&nobody, john()).await.has_status(201);
}

#[tokio::test]
async fn every_documented_gender_and_role_is_known() {
    let chat = Chat::open().await;
    let genders = ["male", "female", "other", "other"];
    let roles = ["student", "faculty", "recruiter", "pro_partner"];
    for (gender, role) in genders.into_iter().zip(roles) {
        let email = format!("{role}@example.com");
        chat.proves(&email).await;
        let mut person = john_with("email", json!(email));
        person["gender"] = json!(gender);
        person["role"] = json!(role);
        let new = registers(&chat.nobody(), person.clone()).await;
        person.as_object_mut().expect("fields").remove("password");
        new.looks_like(201, json!({ "user": person }));
    }
}

#[tokio::test]
async fn what_the_form_does_not_ask_is_not_taken() {
    let chat = Chat::open().await;
    chat.proves("john@example.com").await;
    let mut john = john_with("admin", json!(true));
    john["id"] = json!(1);
    john["createdAt"] = json!("1999-12-31T00:00:00.000Z");
    let new = registers(&chat.nobody(), john).await.has_status(201).json();
    assert_looks_like(&new["user"], JOHN_SHOWN, "the user");
    let created = new["user"]["createdAt"].as_str();
    assert!(created.is_some_and(|created| created > "2020"), "{new}");
    let john = chat
        .nobody()
        .with_token(new["token"].as_str().expect("a token"));
    let shown = john.get("/user/profile").await.text();
    for secret in ["password", "$2", "proven"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    let outbox = john.get("/api/admin/outbox").await;
    outbox.refused(403);
}

#[tokio::test]
async fn without_a_proof_nobody_registers() {
    let chat = Chat::open().await;
    let ann = chat.campus("ann").await;
    let nobody = chat.nobody();
    let unknown = registers(&nobody, john()).await.refused(403).json();
    let known = john_with("email", json!(format!("{}@example.test", ann.name)));
    let known = registers(&nobody, known).await.refused(403).json();
    assert_eq!(known, unknown, "it does not tell who has an account");

    // To have asked for a code is no proof, and the proof of one address is none of another.
    let address = json!({ "email": "john@example.com" });
    nobody
        .post("/user/send-signup-code", address)
        .await
        .has_status(200);
    let janes = chat.proves("jane@example.com").await;
    registers(&nobody, john()).await.refused(403);
    let with_janes = john_with("signupToken", json!(janes));
    registers(&nobody, with_janes).await.refused(403);
}

#[tokio::test]
async fn elsewhere_the_proof_is_the_token() {
    let chat = Chat::open().await;
    let token = chat.proves("john@example.com").await;
    let elsewhere = chat.nobody().elsewhere();
    registers(&elsewhere, john()).await.refused(403);
    let forged = john_with("signupToken", json!(format!("{token}x")));
    registers(&elsewhere, forged).await.refused(403);
    let form = Form::default().fields(&john_with("signupToken", json!(token)));
    let form = Request::new("POST", "/user/register").form(form);
    elsewhere.sends(form).await.has_status(201);
}

#[tokio::test]
async fn a_proof_lasts_an_hour() {
    let chat = Chat::open().await;
    let minutes = |minutes: u64| chat.time_passes(Duration::from_secs(minutes * 60));
    let token = chat.proves("john@example.com").await;
    minutes(60).await;
    registers(&chat.nobody(), john()).await.refused(403);
    let late = john_with("signupToken", json!(token));
    registers(&chat.nobody(), late).await.refused(403);
    chat.proves("john@example.com").await;
    minutes(59).await;
    registers(&chat.nobody(), john()).await.has_status(201);
}

#[tokio::test]
async fn an_address_is_registered_once() {
    let chat = Chat::open().await;
    chat.proves("john@example.com").await;
    let registering = (0..4).map(|_| {
        let nobody = chat.nobody();
        async move { registers(&nobody, john()).await.status }
    });
    let mut answers = futures_util::future::join_all(registering).await;
    answers.sort_unstable();
    assert_eq!(answers[0], 201);
    let refused = |status: &u16| matches!(status, 403 | 409);
    assert!(answers[1..].iter().all(refused), "{answers:?}");

    // Who asks once more is told by mail that there is an account, and gets no code for another one.
    let address = json!({ "email": "john@example.com" });
    let asked = chat.nobody().post("/user/send-signup-code", address).await;
    asked.has_status(200);
    let codes = mail::codes_in(&chat.mail_to("john@example.com").await);
    assert_eq!(codes, Vec::<String>::new());
    let shouted = john_with("email", json!("JOHN@EXAMPLE.COM"));
    let again = registers(&chat.nobody(), shouted).await;
    assert!(refused(&again.status), "{again:?}");
    let login = json!({ "email": "john@example.com", "password": "securePassword123" });
    chat.nobody()
        .post("/auth/login", login)
        .await
        .has_status(200);
}

#[tokio::test]
async fn two_people_may_have_one_name() {
    let chat = Chat::open().await;
    for email in ["john@example.com", "johnny@example.com"] {
        chat.proves(email).await;
        let john = john_with("email", json!(email));
        registers(&chat.nobody(), john).await.has_status(201);
    }
}

#[tokio::test]
async fn through_a_proxy_that_nobody_told_of_the_token_is_asked_for() {
    let chat = Chat::alone(&[]).await;
    let token = chat.proves("john@example.com").await;
    let nobody = chat.nobody();
    let through = async |request: Request| {
        let request = request.header("X-Forwarded-For", "203.0.113.1");
        nobody.sends(request).await
    };
    let post = || Request::new("POST", "/user/register");
    through(post().json(&john()))
        .await
        .refused_for(&["signupToken"]);
    through(post().form(Form::default().fields(&john())))
        .await
        .refused_for(&["signupToken"]);
    let with_token = john_with("signupToken", json!(token));
    through(post().json(&with_token)).await.has_status(201);
}
