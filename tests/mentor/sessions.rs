//! `POST /api/conversations/by-session`: a mentoring session, which another application records, and its conversation.

use crate::support::mentor::*;
use crate::support::*;

const CONVERSATION: &str = r#"{
  "id": "0190b5a2-0000-8000-8000-000000000001",
  "type": "session",
  "mentor": { "id": "0190b5a2-0000-8000-8000-000000000002", "fullName": "john", "avatarUrl": null },
  "mentee": { "id": "0190b5a2-0000-8000-8000-000000000003", "fullName": "jane", "avatarUrl": null },
  "session": {
    "id": "6f1d2c3b-4a59-4e87-9b06-1c2d3e4f5a6b",
    "startAt": "2024-01-15T10:00:00.000Z",
    "status": "scheduled"
  },
  "participants": [{}, {}],
  "lastMessage": null,
  "unreadCount": 0,
  "updatedAt": "2024-01-15T12:00:00.000Z"
}"#;

async fn mentor_and_mentee(chat: &Chat) -> (Person, Person) {
    let (john, jane) = (chat.rooms("john").await, chat.rooms("jane").await);
    chat.has_session(SESSION, &john, &jane).await;
    (john, jane)
}

fn by_session(uuid: &str) -> Value {
    json!({ "sessionId": uuid })
}

#[tokio::test]
async fn a_session_gets_its_conversation_once() {
    let chat = Chat::open().await;
    let (john, jane) = mentor_and_mentee(&chat).await;
    let path = "/api/conversations/by-session";
    let made = john.post(path, by_session(SESSION)).await;
    let made = made.looks_like(201, CONVERSATION);
    let same = json!({ "id": made["id"], "session": { "id": SESSION, "startAt": "2024-01-15T10:00:00.000Z" } });
    assert_looks_like(&made, same.clone(), "the conversation made");
    for person in [&jane, &john] {
        let found = person.post(path, by_session(SESSION)).await;
        assert_looks_like(
            &found.looks_like(200, CONVERSATION),
            same.clone(),
            "the same again",
        );
    }
    let shown = jane.conversation(&id(&made)).await;
    assert_looks_like(&shown, CONVERSATION, "the details");
    let roles = json!({ "mentor": { "id": john.uuid }, "mentee": { "id": jane.uuid } });
    assert_looks_like(&shown, roles, "who is who");
    has_people(&shown, &[&john, &jane]);
}

#[tokio::test]
async fn both_ask_at_the_same_moment() {
    let chat = Chat::open().await;
    let (john, jane) = mentor_and_mentee(&chat).await;
    let asking = (0..8).map(|at| {
        let person = if at % 2 == 0 { &john } else { &jane };
        person.post("/api/conversations/by-session", by_session(SESSION))
    });
    let answers = futures_util::future::join_all(asking).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(made, 1, "one of them made it: {answers:?}");
    for answer in &answers {
        assert_eq!(answer.json()["id"], answers[0].json()["id"]);
    }
}

#[tokio::test]
async fn a_session_is_for_its_mentor_and_mentee_alone() {
    let chat = Chat::open().await;
    let (john, jane) = mentor_and_mentee(&chat).await;
    let eve = chat.rooms("eve").await;
    let path = "/api/conversations/by-session";
    let unknown = "00000000-0000-4000-8000-000000000000";
    let of_nothing = john
        .post(path, by_session(unknown))
        .await
        .refused(404)
        .json();
    // Before there is a conversation, and after.
    for _ in 0..2 {
        let refused = eve.post(path, by_session(SESSION)).await;
        assert_eq!(refused.refused(404).json(), of_nothing);
        chat.nobody()
            .post(path, by_session(SESSION))
            .await
            .refused(401);
        jane.opens_session(SESSION).await;
    }
    let conversation = id(&john.opens_session(SESSION).await);
    for answer in [
        eve.get(format!("/api/conversations/{conversation}")).await,
        eve.get(format!("/api/conversations/{conversation}/messages"))
            .await,
        eve.post(
            format!("/api/conversations/{conversation}/messages"),
            json!({ "content": "Let me in" }),
        )
        .await,
        eve.patch(format!("/api/conversations/{conversation}/read"), json!({}))
            .await,
    ] {
        answer.refused(404);
    }
    for wrong in [
        json!({}),
        json!({ "sessionId": null }),
        json!({ "sessionId": "" }),
        json!({ "sessionId": "first" }),
        json!({ "sessionId": 17 }),
        json!({ "sessionId": [SESSION] }),
    ] {
        john.post(path, wrong).await.refused_for(&["sessionId"]);
    }
}

#[tokio::test]
async fn two_sessions_of_the_same_people_are_two_conversations() {
    let chat = Chat::open().await;
    let (john, jane) = mentor_and_mentee(&chat).await;
    let second = "7a1d2c3b-4a59-1e87-9b06-1c2d3e4f5a6b";
    chat.has_session(second, &jane, &john).await;
    let conversations = [SESSION, second].map(|uuid| john.opens_session(uuid));
    let conversations = futures_util::future::join_all(conversations).await;
    assert_ne!(conversations[0]["id"], conversations[1]["id"]);
    assert_eq!(conversations[1]["mentor"]["fullName"], "jane");
    // Beside them, what the two say to each other directly is a third.
    let direct = jane.writes_to(&john, "Between us").await;
    let direct = john
        .conversation(&direct["conversation_id"].to_string())
        .await;
    let third = json!({ "mentor": null, "mentee": null, "session": null, "type": "direct" });
    assert_looks_like(&direct, third, "the direct conversation");
    assert!(conversations.iter().all(|one| one["id"] != direct["id"]));
}

#[tokio::test]
async fn what_the_application_changes_is_shown() {
    let chat = Chat::open().await;
    let (john, jane) = mentor_and_mentee(&chat).await;
    let conversation = id(&john.opens_session(SESSION).await);
    let people = ["--mentor", &john.name, "--mentee", &jane.name];
    let put = ["session", "put", SESSION, "--status", "completed"];
    let later = ["--start-at", "2024-02-01T09:30:00+01:00"];
    chat.command(&[&put[..], &people, &later].concat()).await;
    eventually("the session is completed", async || {
        jane.conversation(&conversation).await["session"]["status"] == "completed"
    })
    .await;
    let shown = jane.conversation(&conversation).await;
    assert_eq!(shown["session"]["startAt"], "2024-02-01T08:30:00.000Z");
    assert_eq!(id(&jane.opens_session(SESSION).await), conversation);

    let listed = chat.runs(&["session", "list", "--json"]).await;
    let listed = String::from_utf8(listed.stdout).expect("the list is text");
    let read: Value = serde_json::from_str(&listed).expect("the list is JSON");
    assert!(read.is_array() || read.is_object(), "{listed}");
    for word in [SESSION, "completed", "2024-02-01T08:30:00"] {
        assert!(listed.contains(word), "{word} is in {listed}");
    }
}

#[tokio::test]
async fn what_is_no_session_is_not_recorded() {
    let chat = Chat::open().await;
    let (john, jane) = mentor_and_mentee(&chat).await;
    let second = "7a1d2c3b-4a59-1e87-9b06-1c2d3e4f5a6b";
    for (uuid, mentor, mentee, at) in [
        ("first", "john", "jane", "2024-01-15T10:00:00Z"),
        (second, "nobody", "jane", "2024-01-15T10:00:00Z"),
        (second, "john", "nobody", "2024-01-15T10:00:00Z"),
        (second, "john", "john", "2024-01-15T10:00:00Z"),
        (second, "john", "jane", "tomorrow"),
    ] {
        let people = ["--mentor", mentor, "--mentee", mentee, "--start-at", at];
        let refused = chat
            .runs(&[&["session", "put", uuid][..], &people].concat())
            .await;
        let code = refused.status.code();
        assert!(matches!(code, Some(1 | 2)), "{uuid} {people:?}: {code:?}");
        assert!(!refused.stderr.is_empty(), "{people:?}: without a word");
    }
    let path = "/api/conversations/by-session";
    jane.post(path, by_session(second)).await.refused(404);
    john.opens_session(SESSION).await;
}
