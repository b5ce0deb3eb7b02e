//! Messages over REST: sent, read page by page, and by whom they can be read.

use super::names;
use crate::support::*;

const MESSAGE: &str = r#"{
  "id": "01234567-89ab-8def-8123-456789abcdef",
  "message": "Hello, Bob!",
  "senderId": "01234567-89ab-8def-8123-456789abcdef",
  "conversationId": "01234567-89ab-8def-8123-456789abcdef",
  "createdAt": "2024-01-01T00:00:00.000Z"
}"#;

/// The texts of a list of messages.
fn texts(listed: &Value) -> Vec<&str> {
    let listed = listed.as_array().expect("a list of messages").iter();
    listed
        .map(|message| message["message"].as_str().expect("a text"))
        .collect()
}

#[tokio::test]
async fn ann_writes_to_bob() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.campus("ann").await, chat.campus("bob").await);
    let conversation = ann.meets(&bob).await;
    let message =
        json!({ "conversationId": conversation, "senderId": ann.uuid, "message": "Hello, Bob!" });
    let sent = ann
        .post("/message/create", message)
        .await
        .looks_like(201, MESSAGE);
    assert_looks_like(
        &sent,
        json!({ "senderId": ann.uuid, "conversationId": conversation }),
        "whose it is",
    );
    let path = format!("/message/get-messages?conversationId={conversation}");
    for person in [&ann, &bob] {
        person.get(&path).await.looks_like(200, json!([sent]));
    }
}

#[tokio::test]
async fn the_conversation_stands_in_the_body_of_the_get_or_in_its_query() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.campus("ann").await, chat.campus("bob").await);
    let conversation = ann.meets(&bob).await;
    let sent = ann.sends_to(&conversation, "Hello, Bob!").await;
    let body = json!({ "conversationId": conversation });
    let with_body = Request::new("GET", "/message/get-messages").json(&body);
    bob.sends(with_body).await.looks_like(200, json!([sent]));
    let body = json!({ "conversationId": conversation, "limit": 1 });
    let with_body = Request::new("GET", "/message/get-messages").json(&body);
    bob.sends(with_body).await.looks_like(200, json!([sent]));

    bob.get("/message/get-messages")
        .await
        .refused_for(&["conversationId"]);
    let wrong = "/message/get-messages?conversationId=one";
    bob.get(wrong).await.refused_for(&["conversationId"]);
    let broken = Request::new("GET", "/message/get-messages").body("application/json", "{");
    bob.sends(broken).await.refused(400);
}

#[tokio::test]
async fn a_long_talk_is_read_from_its_end_page_by_page() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.campus("ann").await, chat.campus("bob").await);
    let conversation = ann.meets(&bob).await;
    for at in 1..=120 {
        ann.emit(
            "send-message",
            json!({ "conversationId": conversation, "message": at.to_string() }),
        )
        .await;
    }
    ann.does(
        "join-conversation",
        json!({ "conversationId": conversation }),
    )
    .await;
    let read = async |more: &str| {
        let path = format!("/message/get-messages?conversationId={conversation}{more}");
        bob.get(path).await.has_status(200).json()
    };
    let said = |range: std::ops::RangeInclusive<u32>| -> Vec<String> {
        range.map(|at| at.to_string()).collect()
    };
    let first = |page: &Value| page[0]["id"].as_str().expect("an id").to_owned();
    let latest = read("").await;
    assert_eq!(
        texts(&latest),
        said(71..=120),
        "the latest fifty, oldest first"
    );
    let earlier = read(&format!("&before={}", first(&latest))).await;
    assert_eq!(texts(&earlier), said(21..=70));
    let earliest = read(&format!("&before={}", first(&earlier))).await;
    assert_eq!(texts(&earliest), said(1..=20));
    let nothing = read(&format!("&before={}", first(&earliest))).await;
    assert_eq!(nothing, json!([]));
    assert_eq!(texts(&read("&limit=100").await), said(21..=120));
    assert_eq!(texts(&read("&limit=3").await), said(118..=120));
    let few = read(&format!("&limit=2&before={}", first(&latest))).await;
    assert_eq!(texts(&few), said(69..=70));

    for (field, wrong) in [
        ("limit", "0"),
        ("limit", "101"),
        ("limit", "all"),
        ("before", "last"),
    ] {
        let path = format!("/message/get-messages?conversationId={conversation}&{field}={wrong}");
        bob.get(path).await.refused_for(&[field]);
    }
}

#[tokio::test]
async fn a_message_needs_a_conversation_a_sender_and_something_to_say() {
    let chat = Chat::open().await;
    let (ann, bob, eve) = (
        chat.campus("ann").await,
        chat.campus("bob").await,
        chat.campus("eve").await,
    );
    let conversation = ann.meets(&bob).await;
    let says = async |by: &Person, field: &str, value: Value| {
        let mut message =
            json!({ "conversationId": conversation, "senderId": by.uuid, "message": "Hello!" });
        message[field] = value;
        by.post("/message/create", message).await
    };
    for wrong in [
        json!(""),
        json!("  "),
        json!(null),
        json!(17),
        json!("x".repeat(8001)),
    ] {
        says(&ann, "message", wrong).await.refused_for(&["message"]);
    }
    for wrong in [json!("one"), json!(null), json!(ann.uuid)] {
        says(&ann, "conversationId", wrong)
            .await
            .refused_for(&["conversationId"]);
    }
    let nowhere = says(&ann, "conversationId", json!(999_999_999)).await;
    let not_hers = says(&eve, "message", json!("Let me in")).await;
    assert_eq!(nowhere.refused(404).json(), not_hers.refused(404).json());
    says(&ann, "senderId", json!(bob.uuid)).await.refused(403);
    says(&ann, "senderId", json!("bob"))
        .await
        .refused_for(&["senderId"]);
    let empty = ann.post("/message/create", json!({})).await;
    empty.refused_for(&["conversationId", "message"]);

    says(&ann, "message", json!("x".repeat(8000)))
        .await
        .has_status(201);
    let listed = bob
        .get(format!(
            "/message/get-messages?conversationId={conversation}"
        ))
        .await;
    assert_eq!(
        listed.json().as_array().map(Vec::len),
        Some(1),
        "the refused left nothing"
    );
}

#[tokio::test]
async fn content_text_and_message_are_accepted_for_each_other() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.campus("ann").await, chat.campus("bob").await);
    let conversation = ann.meets(&bob).await;
    for word in ["message", "content", "text"] {
        for sender in [json!(ann.uuid), json!(ann.number), json!(ann.id)] {
            let sent = ann.post(
                "/message/create",
                json!({ "conversationId": conversation, "senderId": sender, word: "Hello!" }),
            );
            sent.await
                .looks_like(201, json!({ "message": "Hello!", "senderId": ann.uuid }));
        }
    }
}

#[tokio::test]
async fn a_repeat_is_the_same_message() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.campus("ann").await, chat.campus("bob").await);
    let conversation = ann.meets(&bob).await;
    bob.does(
        "join-conversation",
        json!({ "conversationId": conversation }),
    )
    .await;
    let message = json!({
        "conversationId": conversation, "senderId": ann.uuid, "message": "Once", "clientMessageId": "a1"
    });
    let first = ann
        .post("/message/create", message.clone())
        .await
        .has_status(201)
        .json();
    let again = ann
        .post("/message/create", message.clone())
        .await
        .has_status(201)
        .json();
    assert_eq!(again, first);
    let by_event = ann.does("send-message", message).await;
    assert_eq!(by_event["message"], first);
    bob.hears("receive-message", json!({ "id": first["id"] }))
        .await;
    bob.hears_nothing_of("receive-message").await;
}

#[tokio::test]
async fn who_is_in_a_conversation() {
    let chat = Chat::open().await;
    let (ann, bob, cleo) = (
        chat.campus("ann").await,
        chat.campus("bob").await,
        chat.campus("cleo").await,
    );
    let group = ann.gathers("Study group", &[&bob, &cleo]).await;
    let path = format!("/message/get-conversation-participants?conversationId={group}");
    let people = cleo.get(&path).await.looks_like(
        200,
        r#"[{ "id": "01234567-89ab-8def-8123-456789abcdef", "profile": null }, "…"]"#,
    );
    assert_eq!(names(&people), ["ann", "bob", "cleo"]);
    assert!(
        !people.to_string().contains("@example.test"),
        "addresses are nobody's business"
    );
    let without = cleo.get("/message/get-conversation-participants").await;
    without.refused_for(&["conversationId"]);
}
