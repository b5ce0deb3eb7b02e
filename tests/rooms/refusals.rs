//! The one error envelope, wherever a request goes wrong.

use crate::support::*;

#[tokio::test]
async fn a_path_that_only_begins_like_socket_io_is_no_route() {
    let chat = Chat::open().await;
    chat.nobody().get("/socket.iox").await.refused(404);
}

#[tokio::test]
async fn the_documents_error_is_in_every_refusal() {
    let chat = Chat::open().await;
    let refused = chat
        .nobody()
        .post("/api/rooms", json!({ "name": "Mine" }))
        .await;
    refused.refused(401);
    let document = json!({ "success": false, "errors": ["…"] });
    assert_eq!(
        refused.looks_like(401, document)["message"]
            .as_str()
            .map(str::is_empty),
        Some(false)
    );
    assert_eq!(
        refused.says("Content-Type").split(';').next(),
        Some("application/json")
    );
}

#[tokio::test]
async fn a_way_that_leads_nowhere() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    for path in ["/api/nothing", "/api/rooms/1/2/3", "/nothing", "/api/"] {
        ann.get(path).await.refused(404);
    }
    ann.post("/api/nothing", json!({})).await.refused(404);
}

#[tokio::test]
async fn a_method_that_the_way_does_not_know() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    ann.delete("/api/rooms").await.refused(405);
    for (method, path, allowed) in [
        ("PUT", "/api/rooms", &["GET", "POST"][..]),
        ("PUT", "/api/messages", &["POST"]),
        ("GET", "/api/auth/signup", &["POST"]),
        ("DELETE", "/api/auth/logout", &["GET", "POST"]),
        ("POST", "/api/rooms/1", &["GET"]),
        ("PUT", "/api/messages/1", &["GET", "PATCH", "DELETE"]),
        ("GET", "/api/auth/login", &["POST"]),
    ] {
        let answer = ann.sends(Request::new(method, path)).await;
        let allow = answer.refused(405).says("Allow");
        for method in allowed {
            assert!(
                allow.split(", ").any(|known| known == *method),
                "{method} {path} is allowed, but not in {allow}"
            );
        }
        assert!(
            !allow.split(", ").any(|known| known == method),
            "{method} {path} is in {allow}"
        );
    }
}

#[tokio::test]
async fn bodies_that_cannot_be_read() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let post = |content_type: &str, body: &str| {
        let request = Request::new("POST", "/api/messages").body(content_type, body);
        ann.sends(request)
    };
    for broken in [
        "{ \"roomId\": ",
        "",
        "nonsense",
        "{\"content\": \"\\ud800\"}",
        "{} {}",
    ] {
        post("application/json", broken).await.refused(400);
    }
    let deep = "[".repeat(100_000);
    post("application/json", &deep).await.refused(400);
    for other in [
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ] {
        post(other, "{}").await.refused(415);
    }
    // A browser sends this across origins without asking: taking it for JSON would let any page post.
    ann.sends(Request::new("POST", "/api/messages").untyped("{}"))
        .await
        .refused(415);
    let room = ann.opens_room("General Discussion").await;
    let body = json!({ "roomId": room, "content": "With a charset" }).to_string();
    post("application/json; charset=utf-8", &body)
        .await
        .has_status(201);
}

#[tokio::test]
async fn a_body_that_is_too_large() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("General Discussion").await;
    let large = json!({ "roomId": room, "content": "Hello", "padding": "x".repeat(129 * 1024) });
    ann.post("/api/messages", large).await.refused(413);
    let fits = json!({ "roomId": room, "content": "Hello", "padding": "x".repeat(126 * 1024) });
    ann.post("/api/messages", fits).await.has_status(201);
}

#[tokio::test]
async fn a_refusal_gives_nothing_away() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let answers = [
        ann.get("/api/rooms/'").await,
        ann.get("/api/messages/1%20OR%201=1").await,
        ann.get("/api/files/..%2f..%2fetc%2fpasswd").await,
        ann.get("/api/rooms?sort=1;DROP").await,
        ann.post(
            "/api/messages",
            json!({ "roomId": { "$ne": null }, "content": ["x"] }),
        )
        .await,
        ann.post(
            "/api/auth/login",
            json!({ "email": { "$gt": "" }, "password": { "$gt": "" } }),
        )
        .await,
    ];
    for answer in answers {
        assert!((400..500).contains(&answer.status), "{answer:?}");
        answer.refused(answer.status);
        let said = answer.text();
        for secret in ["SELECT", "sqlite", "src/", ".rs", "panicked", "/tmp/"] {
            assert!(!said.contains(secret), "{secret} in {said}");
        }
    }
}
