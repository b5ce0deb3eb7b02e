//! Signing up, logging in and logging out.

use crate::support::*;

const JOHN: &str =
    r#"{ "username": "john_doe", "email": "john@example.com", "password": "securePassword123" }"#;

fn john() -> Value {
    serde_json::from_str(JOHN).expect("the document's own body")
}

fn john_with(field: &str, value: &str) -> Value {
    let mut john = john();
    john[field] = json!(value);
    john
}

#[tokio::test]
async fn john_signs_up_and_logs_in() {
    let chat = Chat::open().await;
    let new = chat
        .nobody()
        .post("/api/auth/signup", john())
        .await
        .looks_like(
            201,
            r#"{
          "success": true,
          "message": "User registered successfully.",
          "data": {
            "userId": "64f8a1b2c3d4e5f6a7b8c9d0"
          }
        }"#,
        );
    let login = json!({ "email": "john@example.com", "password": "securePassword123" });
    let login = chat
        .nobody()
        .post("/api/auth/login", login)
        .await
        .looks_like(
            200,
            r#"{
          "success": true,
          "message": "Login successful",
          "data": {
            "id": "64f8a1b2c3d4e5f6a7b8c9d0",
            "username": "john_doe",
            "email": "john@example.com",
            "accessToken": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9...",
            "createdAt": "2024-01-01T00:00:00.000Z"
          }
        }"#,
        );
    assert_eq!(
        login["data"]["id"], new["data"]["userId"],
        "it is the account that signed up"
    );
    assert_eq!(
        login["token"], login["data"]["accessToken"],
        "the token stands at the top as well"
    );
}

#[tokio::test]
async fn a_token_says_who_since_when_and_until_when() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let claims = token::claims(&ann.token);
    let second = |claim: &str| {
        claims[claim]
            .as_i64()
            .unwrap_or_else(|| panic!("no {claim} in {claims}"))
    };
    assert_eq!(
        second("exp") - second("iat"),
        7 * 24 * 60 * 60,
        "seven days by default"
    );
    let again = ann.logs_in().await;
    assert_ne!(
        token::claims(&again.token)["sid"],
        claims["sid"],
        "every login is a device of its own"
    );
}

#[tokio::test]
async fn every_wrong_field_of_a_signup_is_named() {
    let chat = Chat::open().await;
    let wrong = json!({ "username": "", "email": "not an address", "password": "short" });
    let refused = chat.nobody().post("/api/auth/signup", wrong).await;
    refused.refused_for(&["username", "email", "password"]);
    refused.looks_like(
        400,
        r#"{ "success": false, "message": "Validation failed", "errors": ["…"] }"#,
    );

    for field in ["username", "email", "password"] {
        let mut without = john();
        without.as_object_mut().expect("an object").remove(field);
        chat.nobody()
            .post("/api/auth/signup", without)
            .await
            .refused_for(&[field]);
        let mut number = john();
        number[field] = json!(17);
        chat.nobody()
            .post("/api/auth/signup", number)
            .await
            .refused_for(&[field]);
    }
    let too_long = "x".repeat(257);
    chat.nobody()
        .post("/api/auth/signup", john_with("password", &too_long))
        .await
        .refused_for(&["password"]);
    chat.nobody()
        .post("/api/auth/signup", json!([]))
        .await
        .refused(400);
}

#[tokio::test]
async fn an_address_or_a_name_is_taken_once() {
    let chat = Chat::open().await;
    let john = john_with("username", "somebody_else");
    chat.nobody()
        .post("/api/auth/signup", self::john())
        .await
        .has_status(201);
    chat.nobody()
        .post("/api/auth/signup", john.clone())
        .await
        .refused(400);
    let shouted =
        json!({ "username": "loud", "email": "JOHN@EXAMPLE.COM", "password": "securePassword123" });
    chat.nobody()
        .post("/api/auth/signup", shouted)
        .await
        .refused(400);
    chat.nobody()
        .post("/api/auth/signup", john_with("email", "other@example.com"))
        .await
        .refused(409);
}

#[tokio::test]
async fn two_who_want_one_name_at_once_do_not_both_get_it() {
    let chat = Chat::open().await;
    let signing_up = (0..6).map(|at| {
        let (nobody, john) = (
            chat.nobody(),
            john_with("email", &format!("john{at}@example.com")),
        );
        async move { nobody.post("/api/auth/signup", john).await.status }
    });
    let mut answers = futures_util::future::join_all(signing_up).await;
    answers.sort_unstable();
    assert_eq!(answers, [201, 409, 409, 409, 409, 409]);
}

#[tokio::test]
async fn a_wrong_login_does_not_tell_what_was_wrong() {
    let chat = Chat::open().await;
    chat.nobody()
        .post("/api/auth/signup", john())
        .await
        .has_status(201);
    let login = |email: &str, password: &str| {
        let (nobody, body) = (
            chat.nobody(),
            json!({ "email": email, "password": password }),
        );
        async move { nobody.post("/api/auth/login", body).await }
    };
    let wrong_password = login("john@example.com", "anotherPassword123").await;
    let unknown_address = login("jane@example.com", "securePassword123").await;
    wrong_password.refused(401);
    unknown_address.refused(401);
    assert_eq!(
        wrong_password.json(),
        unknown_address.json(),
        "whether an address is known is nobody's business"
    );
    login("john@example.com", "")
        .await
        .refused_for(&["password"]);
    chat.nobody()
        .post("/api/auth/login", json!({}))
        .await
        .refused_for(&["email", "password"]);
}

#[tokio::test]
async fn logging_out_ends_one_token_at_once() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let (phone, laptop) = (ann.logs_in().await, ann.logs_in().await);
    phone.get("/api/auth/logout").await.looks_like(
        200,
        r#"{
          "success": true,
          "message": "User logged out successfully."
        }"#,
    );
    phone.get("/api/auth/logout").await.refused(401);
    phone
        .post(
            "/api/rooms",
            json!({ "name": "Too late", "description": "" }),
        )
        .await
        .refused(401);
    laptop.opens_room("Still here").await;
    let out = laptop.post("/api/auth/logout", json!({})).await;
    out.looks_like(
        200,
        r#"{ "success": true, "message": "User logged out successfully." }"#,
    );
    laptop
        .post("/api/auth/logout", json!({}))
        .await
        .refused(401);
    chat.nobody().get("/api/auth/logout").await.refused(401);
    ann.opens_room("And here").await;
}
