//! Conversations of two: made once, found again by either, and nobody else's business.

use super::names;
use crate::support::*;

const CONVERSATION: &str = r#"{
  "id": "01234567-89ab-8def-8123-456789abcdef",
  "type": "direct",
  "participants": [
    { "id": "01234567-89ab-8def-8123-456789abcdef", "profile": null },
    { "id": "01234567-89ab-8def-8123-456789abcdef", "profile": null }
  ],
  "createdAt": "2024-01-01T00:00:00.000Z"
}"#;

async fn creates(by: &Person, sender: &Person, receiver: &Person) -> Answer {
    let pair = json!({ "senderId": sender.uuid, "receiverId": receiver.uuid });
    by.post("/conversaton/create", pair).await
}

#[tokio::test]
async fn ann_and_bob_have_one_conversation_whoever_creates_it() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.campus("ann").await, chat.campus("bob").await);
    let made = creates(&ann, &ann, &bob)
        .await
        .looks_like(201, CONVERSATION);
    assert_eq!(names(&made["participants"]), ["ann", "bob"]);
    let people = made["participants"].as_array().expect("two people");
    let anns = people.iter().find(|person| person["full_name"] == "ann");
    assert_eq!(anns.expect("Ann")["id"], json!(ann.uuid));
    assert!(made.get("name").is_some(), "{made}");

    let again = creates(&ann, &ann, &bob).await.has_status(200).json();
    let by_bob = creates(&bob, &bob, &ann).await.has_status(200).json();
    for found in [again, by_bob] {
        assert_eq!(found["id"], made["id"]);
        assert_looks_like(&found, CONVERSATION, "the one that was there");
    }
    let path = format!("/conversaton/{}", made["id"].as_str().expect("an id"));
    for person in [&ann, &bob] {
        let shown = person.get(&path).await.looks_like(200, CONVERSATION);
        assert_eq!(names(&shown["participants"]), ["ann", "bob"]);
    }
}

#[tokio::test]
async fn one_that_was_begun_in_another_dialect_is_the_same() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.campus("ann").await, chat.direct("bob").await);
    let first = bob.writes_to(&ann, "Hello from direct").await;
    let found = creates(&ann, &ann, &bob)
        .await
        .looks_like(200, CONVERSATION);
    let by_number = ann
        .get(format!("/conversaton/{}", first["conversation_id"]))
        .await;
    by_number.looks_like(200, json!({ "id": found["id"] }));
}

#[tokio::test]
async fn created_at_the_same_moment_it_is_made_once() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.campus("ann").await, chat.campus("bob").await);
    let creating = (0..8).map(|at| {
        let (me, other) = if at % 2 == 0 {
            (&ann, &bob)
        } else {
            (&bob, &ann)
        };
        creates(me, me, other)
    });
    let answers = futures_util::future::join_all(creating).await;
    let made = answers.iter().filter(|answer| answer.status == 201);
    assert_eq!(made.count(), 1, "{answers:?}");
    for answer in &answers {
        assert_eq!(answer.json()["id"], answers[0].json()["id"]);
    }
}

#[tokio::test]
async fn the_corrected_spelling_works_too_and_every_spelling_of_an_id() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.campus("ann").await, chat.campus("bob").await);
    let pair = json!({ "senderId": ann.number, "receiverId": bob.id });
    let made = ann
        .post("/conversation/create", pair)
        .await
        .looks_like(201, CONVERSATION);
    let uuid = made["id"].as_str().expect("an id");
    for person in [
        json!(bob.uuid.to_uppercase()),
        json!(bob.number.to_string()),
    ] {
        let pair = json!({ "senderId": ann.uuid, "receiverId": person });
        let found = ann.post("/conversaton/create", pair).await;
        found.looks_like(200, json!({ "id": uuid }));
    }
    for path in ["/conversaton", "/conversation"] {
        for spelled in [uuid, &uuid.to_uppercase(), &uuid.replace('-', "")] {
            let shown = ann.get(format!("{path}/{spelled}")).await;
            shown.looks_like(200, json!({ "id": uuid }));
        }
    }
}

#[tokio::test]
async fn nobody_creates_for_another_or_with_nobody() {
    let chat = Chat::open().await;
    let (ann, bob, eve) = (
        chat.campus("ann").await,
        chat.campus("bob").await,
        chat.campus("eve").await,
    );
    creates(&eve, &ann, &bob).await.refused(403);
    creates(&eve, &ann, &eve).await.refused(403);
    creates(&ann, &ann, &ann).await.refused_for(&["receiverId"]);
    let to = async |receiver: Value| {
        let pair = json!({ "senderId": ann.uuid, "receiverId": receiver });
        ann.post("/conversaton/create", pair).await
    };
    to(json!(999_999_999)).await.refused(404);
    for wrong in [
        json!("bob"),
        json!(""),
        json!(null),
        json!(0),
        json!("01234567-89ab-8def-8123-456789abcdef"),
        json!("64f8a1b2c3d4e5f6a7b8c9d1"),
    ] {
        to(wrong).await.refused_for(&["receiverId"]);
    }
    let made = creates(&ann, &ann, &bob).await.has_status(201).json();
    to(made["id"].clone()).await.refused_for(&["receiverId"]);
}

#[tokio::test]
async fn to_a_stranger_it_is_not_there() {
    let chat = Chat::open().await;
    let (ann, bob, eve) = (
        chat.campus("ann").await,
        chat.campus("bob").await,
        chat.campus("eve").await,
    );
    let conversation = ann.meets(&bob).await;
    ann.sends_to(&conversation, "Between us").await;
    let nothing = |path: &str| {
        let path = path.replace(&conversation, "999999999");
        let eve = &eve;
        async move { eve.get(path).await.refused(404).json() }
    };
    for path in [
        format!("/conversaton/{conversation}"),
        format!("/message/get-messages?conversationId={conversation}"),
        format!("/message/get-conversation-participants?conversationId={conversation}"),
    ] {
        ann.get(&path).await.has_status(200);
        assert_eq!(
            eve.get(&path).await.refused(404).json(),
            nothing(&path).await
        );
    }
    for wrong in [
        "0",
        "one",
        &ann.uuid,
        "01234567-89ab-8def-8123-456789abcdef",
    ] {
        ann.get(format!("/conversaton/{wrong}")).await.refused(400);
    }
}
