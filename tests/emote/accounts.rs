//! Registering, logging in, logging out, and asking whether a token is still good.

use super::{john, told};
use crate::support::*;

fn john_with(field: &str, value: Value) -> Value {
    let mut john = john();
    john[field] = value;
    john
}

fn login() -> Value {
    json!({ "email": "john@example.com", "password": "yourpassword" })
}

#[tokio::test]
async fn john_registers_logs_in_and_out() {
    let chat = Chat::open().await;
    told(&chat.nobody().post("/api/auth/register", john()).await);
    let login = chat.nobody().post("/api/auth/login", login()).await;
    let login = login.looks_like(
        200,
        r#"{ "success": true, "token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9..." }"#,
    );
    let john = chat
        .nobody()
        .with_token(login["token"].as_str().expect("a token"));
    let valid = john.get("/api/auth/validate").await;
    valid.looks_like(
        200,
        r#"{
          "user": {
            "id": "01234567-89ab-8def-8123-456789abcdef",
            "name": "John Doe",
            "email": "john@example.com",
            "avatarUrl": null,
            "createdAt": "2024-01-01T00:00:00.000Z"
          }
        }"#,
    );
    let out = john.post("/api/auth/logout", json!({})).await;
    told(&out);
    out.looks_like(200, json!({ "success": true }));
    john.get("/api/auth/validate").await.refused(401);
    john.post("/api/auth/logout", json!({})).await.refused(401);
}

#[tokio::test]
async fn logging_out_needs_no_body_and_ends_one_device() {
    let chat = Chat::open().await;
    let ann = chat.emote("ann").await;
    let phone = ann.logs_in().await;
    let socket = phone.opens_a_socket().await;
    told(&phone.sends(Request::new("POST", "/api/auth/logout")).await);
    socket.is_sent_away().await;
    phone.get("/api/auth/validate").await.refused(401);
    ann.get("/api/auth/validate").await.has_status(200);
}

#[tokio::test]
async fn only_a_good_token_is_valid() {
    let chat = Chat::open().await;
    let ann = chat.emote("ann").await;
    for token in ["", "nonsense", &format!("{}x", ann.token)] {
        let stranger = chat.nobody().with_token(token);
        stranger.get("/api/auth/validate").await.refused(401);
        stranger.get("/api/profile/users").await.refused(401);
        stranger.get("/api/conversations").await.refused(401);
        stranger
            .post("/api/auth/logout", json!({}))
            .await
            .refused(401);
    }
    let shown = ann.get("/api/auth/validate").await;
    shown.looks_like(200, json!({ "user": { "id": ann.uuid, "name": "ann" } }));
    assert!(!shown.text().contains("password"), "{}", shown.text());
}

#[tokio::test]
async fn every_wrong_field_is_named() {
    let chat = Chat::open().await;
    for (field, wrong) in [
        ("name", json!("")),
        ("name", json!("   ")),
        ("name", json!("x".repeat(101))),
        ("name", json!("John\nDoe")),
        ("name", json!(["John"])),
        ("email", json!("")),
        ("email", json!("john")),
        ("email", json!(17)),
        ("password", json!("short")),
        ("password", json!("x".repeat(257))),
        ("password", json!(null)),
    ] {
        let refused = chat
            .nobody()
            .post("/api/auth/register", john_with(field, wrong))
            .await;
        refused.refused_for(&[field]);
    }
    let empty = chat.nobody().post("/api/auth/register", json!({})).await;
    empty.refused_for(&["name", "email", "password"]);
    let bare = Request::new("POST", "/api/auth/register").untyped(john().to_string());
    chat.nobody().sends(bare).await.refused(415);
    chat.nobody().get("/api/auth/register").await.refused(405);
    told(&chat.nobody().post("/api/auth/register", john()).await);
}

#[tokio::test]
async fn an_address_is_taken_once_a_name_is_not() {
    let chat = Chat::open().await;
    let register = async |person: Value| chat.nobody().post("/api/auth/register", person).await;
    told(&register(john()).await);
    register(john_with("name", json!("Somebody else")))
        .await
        .refused(409);
    register(john_with("email", json!("JOHN@EXAMPLE.COM")))
        .await
        .refused(409);
    told(&register(john_with("email", json!("johnny@example.com"))).await);
}

#[tokio::test]
async fn a_wrong_login_does_not_tell_what_was_wrong() {
    let chat = Chat::open().await;
    told(&chat.nobody().post("/api/auth/register", john()).await);
    let wrong = json!({ "email": "john@example.com", "password": "anotherpassword" });
    let wrong = chat.nobody().post("/api/auth/login", wrong).await;
    let unknown = json!({ "email": "jane@example.com", "password": "yourpassword" });
    let unknown = chat.nobody().post("/api/auth/login", unknown).await;
    assert_eq!(wrong.refused(401).json(), unknown.refused(401).json());
}

#[tokio::test]
async fn five_registrations_a_minute() {
    let chat = Chat::with(&["--limit-auth", "5/1m"]).await;
    for at in 0..5 {
        let john = john_with("email", json!(format!("john{at}@example.com")));
        told(&chat.nobody().post("/api/auth/register", john).await);
    }
    let often = chat.nobody().post("/api/auth/register", john()).await;
    often.refused(429).says("Retry-After");
}
