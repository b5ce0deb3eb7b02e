//! The socket: joining by the document's events, and hearing messages under its two names.

use crate::support::*;

const RECEIVED: &str = r#"{
  "id": "01234567-89ab-8def-8123-456789abcdef",
  "message": "Hello!",
  "senderId": "01234567-89ab-8def-8123-456789abcdef",
  "conversationId": "01234567-89ab-8def-8123-456789abcdef",
  "createdAt": "2024-01-01T00:00:00.000Z"
}"#;

#[tokio::test]
async fn every_documented_way_of_bringing_a_token_works() {
    let chat = Chat::open().await;
    let ann = chat.campus("ann").await;
    let bearer = format!("Bearer {}", ann.token);
    for entry in [
        ann.entry().header("authorization", &bearer),
        ann.entry().auth(json!({ "token": ann.token })),
        ann.entry().query(&format!("token={}", ann.token)),
    ] {
        let socket = entry.connect().await.expect("a valid token opens the door");
        socket
            .is_refused(404, "join-group", json!({ "conversation": 999_999_999 }))
            .await;
    }
    let refused = ann
        .entry()
        .auth(json!({ "token": "nonsense" }))
        .connect()
        .await;
    assert!(
        refused.err().is_some_and(|why| !why.is_empty()),
        "refused, and told why"
    );
}

#[tokio::test]
async fn bob_hears_ann_in_the_conversation_he_joined() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.campus("ann").await, chat.campus("bob").await);
    let conversation = ann.meets(&bob).await;
    for person in [&ann, &bob] {
        person
            .does(
                "join-conversation",
                json!({ "conversationId": conversation }),
            )
            .await;
    }
    let said = json!({ "conversationId": conversation, "message": "Hello!" });
    let answer = ann.does("send-message", said).await;
    let heard = bob.hears("receive-message", RECEIVED).await;
    let whose = json!({ "senderId": ann.uuid, "conversationId": conversation });
    assert_looks_like(&heard, whose, "what Bob heard");
    assert_eq!(
        ann.hears("receive-message", RECEIVED).await,
        heard,
        "the sender hears it too"
    );
    assert_eq!(answer["message"], heard, "the callback gets the message");

    let by_rest = ann.sends_to(&conversation, "By REST").await;
    for person in [&ann, &bob] {
        let heard = person
            .hears("receive-message", json!({ "message": "By REST" }))
            .await;
        assert_eq!(heard, by_rest);
        person.socket().await.hears_nothing_said().await;
    }
}

#[tokio::test]
async fn in_a_group_it_is_called_otherwise() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.campus("ann").await, chat.campus("bob").await);
    let group = ann.gathers("Study group", &[&bob]).await;
    for person in [&ann, &bob] {
        person
            .does("join-group", json!({ "conversation": group }))
            .await;
    }
    let said = json!({ "conversationId": group, "message": "Hello!" });
    let answer = bob.does("send-group-message", said).await;
    let heard = ann.hears("receive-group-message", RECEIVED).await;
    assert_eq!(bob.hears("receive-group-message", RECEIVED).await, heard);
    assert_eq!(answer["message"], heard);
    let by_rest = ann.sends_to(&group, "By REST").await;
    let heard = bob
        .hears("receive-group-message", json!({ "message": "By REST" }))
        .await;
    assert_eq!(heard, by_rest);
    bob.socket().await.hears_nothing_said().await;
}

#[tokio::test]
async fn the_name_is_the_conversations_however_the_socket_joined() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.campus("ann").await, chat.campus("bob").await);
    let room = ann.opens_room("General Discussion").await;
    let places = [
        (ann.meets(&bob).await, "receive-message"),
        (
            ann.gathers("Study group", &[&bob]).await,
            "receive-group-message",
        ),
        (room, "receive-group-message"),
    ];
    for (place, event) in &places {
        for (join, payload) in [
            ("join-conversation", json!({ "conversationId": place })),
            ("join-conversation", json!(place)),
            ("join-group", json!({ "conversation": place })),
            ("join-group", json!({ "conversationId": place })),
            ("join-group", json!(place)),
        ] {
            let socket = bob.opens_a_socket().await;
            socket.does(join, payload).await;
            for say in ["send-message", "send-group-message"] {
                ann.does(say, json!({ "conversationId": place, "message": say }))
                    .await;
                socket.hears(event, json!({ "message": say })).await;
                socket.hears_nothing_said().await;
            }
        }
    }
}

#[tokio::test]
async fn joining_twice_is_hearing_once_and_whoever_speaks_has_joined() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.campus("ann").await, chat.campus("bob").await);
    let conversation = ann.meets(&bob).await;
    for _ in 0..2 {
        bob.emit(
            "join-conversation",
            json!({ "conversationId": conversation }),
        )
        .await;
        bob.emit("join-group", json!({ "conversation": conversation }))
            .await;
    }
    bob.emit(
        "send-message",
        json!({ "conversationId": conversation, "message": "I am in" }),
    )
    .await;
    bob.hears("receive-message", json!({ "message": "I am in" }))
        .await;
    ann.does(
        "send-message",
        json!({ "conversationId": conversation, "message": "So am I" }),
    )
    .await;
    for person in [&ann, &bob] {
        person
            .hears("receive-message", json!({ "message": "So am I" }))
            .await;
        person.socket().await.hears_nothing_said().await;
    }
}

#[tokio::test]
async fn a_mistake_is_told_to_the_one_who_made_it() {
    let chat = Chat::open().await;
    let (ann, bob, eve) = (
        chat.campus("ann").await,
        chat.campus("bob").await,
        chat.campus("eve").await,
    );
    let conversation = ann.meets(&bob).await;
    for person in [&ann, &bob] {
        person
            .does(
                "join-conversation",
                json!({ "conversationId": conversation }),
            )
            .await;
    }
    for (status, event, payload) in [
        (400, "join-conversation", json!({})),
        (400, "join-conversation", json!({ "conversationId": "one" })),
        (400, "join-conversation", json!(null)),
        (
            404,
            "join-conversation",
            json!({ "conversationId": 999_999_999 }),
        ),
        (400, "join-group", json!({ "conversation": eve.uuid })),
        (404, "join-group", json!(999_999_999)),
        (
            400,
            "send-message",
            json!({ "conversationId": conversation }),
        ),
        (
            400,
            "send-message",
            json!({ "conversationId": conversation, "message": "" }),
        ),
        (400, "send-message", json!({ "message": "Where?" })),
        (400, "send-message", json!("Hello?")),
        (
            404,
            "send-message",
            json!({ "conversationId": 999_999_999, "message": "Where?" }),
        ),
        (
            400,
            "send-group-message",
            json!({ "conversationId": conversation, "message": 17 }),
        ),
    ] {
        let error = ann.is_refused(status, event, payload.clone()).await;
        ann.hears("error", error.clone()).await;
        ann.emit(event, payload).await;
        ann.hears("error", error).await;
    }
    // What is not Eve's is not there for her.
    for (event, payload) in [
        (
            "join-conversation",
            json!({ "conversationId": conversation }),
        ),
        ("join-group", json!({ "conversation": conversation })),
        (
            "send-message",
            json!({ "conversationId": conversation, "message": "Hello?" }),
        ),
        (
            "send-group-message",
            json!({ "conversationId": conversation, "message": "Hello?" }),
        ),
    ] {
        eve.is_refused(404, event, payload).await;
    }
    bob.socket().await.hears_nothing_said().await;
}

#[tokio::test]
async fn names_that_only_the_server_may_say_do_nothing() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.campus("ann").await, chat.campus("bob").await);
    let conversation = ann.meets(&bob).await;
    bob.does(
        "join-conversation",
        json!({ "conversationId": conversation }),
    )
    .await;
    let forged = json!({ "conversationId": conversation, "senderId": bob.uuid, "message": "I owe Ann money" });
    for event in ["receive-message", "receive-group-message", "error"] {
        ann.emit(event, forged.clone()).await;
    }
    ann.does(
        "send-message",
        json!({ "conversationId": conversation, "message": "True" }),
    )
    .await;
    bob.hears(
        "receive-message",
        json!({ "message": "True", "senderId": ann.uuid }),
    )
    .await;
    bob.socket().await.hears_nothing_said().await;
}

#[tokio::test]
async fn who_comes_back_hears_first_what_was_missed() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.campus("ann").await, chat.campus("bob").await);
    let conversation = ann.meets(&bob).await;
    let last = ann.sends_to(&conversation, "Heard").await;
    for message in ["Missed one", "Missed two"] {
        ann.sends_to(&conversation, message).await;
    }
    let back = bob.enters(json!({ "lastMessageId": last["id"] })).await;
    let back = back.expect("a message's id is a position");
    back.hears_nothing_said().await;
    back.does(
        "join-conversation",
        json!({ "conversationId": conversation }),
    )
    .await;
    ann.sends_to(&conversation, "Live").await;
    for message in ["Missed one", "Missed two", "Live"] {
        back.hears("receive-message", json!({ "message": message }))
            .await;
    }
    back.hears_nothing_said().await;
}
