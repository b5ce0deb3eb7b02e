//! Somebody with an account and no business in a conversation: for them it is not there.

use crate::support::*;

/// What Eve may try, in every documented way, on a conversation: the event and its payload.
fn attempts(conversation: &Value) -> Vec<(&'static str, Value)> {
    vec![
        ("joinRoom", json!({ "roomId": conversation })),
        ("joinRoom", conversation.clone()),
        ("leaveRoom", json!({ "roomId": conversation })),
        (
            "message",
            json!({ "roomId": conversation, "content": "Let me in" }),
        ),
        ("join_conversation", conversation.clone()),
        (
            "join_conversation",
            json!({ "conversationId": conversation }),
        ),
        ("leave_conversation", conversation.clone()),
        (
            "send_message",
            json!({ "conversationId": conversation, "content": "Let me in" }),
        ),
        ("mark_read", json!({ "conversationId": conversation })),
        ("typing_start", json!({ "conversationId": conversation })),
        ("typing_stop", json!({ "conversationId": conversation })),
    ]
}

#[tokio::test]
async fn a_strangers_events_meet_the_same_refusal_as_an_id_of_nothing() {
    let chat = Chat::open().await;
    let (ann, bob, eve) = (
        chat.rooms("ann").await,
        chat.direct("bob").await,
        chat.direct("eve").await,
    );
    bob.socket().await;
    let number = ann.writes_to(&bob, "Between us").await["conversation_id"].clone();
    let rooms = ann.get("/api/rooms").await.json();
    let hex = rooms["data"][0]["_id"].clone();
    bob.does("join_conversation", number.clone()).await;
    bob.hears("message_notification", json!({ "content": "Between us" }))
        .await;

    for spelled in [number.clone(), json!(number.to_string()), hex] {
        for ((event, theirs), (_, nothing)) in attempts(&spelled)
            .into_iter()
            .zip(attempts(&json!(999_999_999)))
        {
            let refused = eve.is_refused(404, event, theirs).await;
            assert_eq!(
                refused,
                eve.is_refused(404, event, nothing).await,
                "{event} gives the conversation away"
            );
        }
        let file = |room: &Value| json!({ "roomId": room, "filename": "trojan.txt", "mimetype": "text/plain" });
        let refused = eve.asks_with("fileUpload", file(&spelled), b"horse").await;
        assert_looks_like(
            &refused,
            json!({ "ok": false, "error": { "statusCode": 404 } }),
            "fileUpload",
        );
        assert_eq!(
            refused,
            eve.asks_with("fileUpload", file(&json!(999_999_999)), b"horse")
                .await
        );
    }
    // Naming a member beside it opens nothing either.
    let both = json!({ "conversationId": number, "toUserId": bob.number, "content": "Let me in" });
    eve.is_refused(404, "send_message", both).await;

    ann.posts(&number.to_string(), "Still between us").await;
    bob.hears("new_message", json!({ "content": "Still between us" }))
        .await;
    bob.hears(
        "message_notification",
        json!({ "content": "Still between us" }),
    )
    .await;
    bob.socket().await.hears_nothing().await;
    for event in [
        "message",
        "new_message",
        "message_notification",
        "messages_read",
        "typing_start",
        "fileUpload",
    ] {
        eve.hears_nothing_of(event).await;
    }
    assert_eq!(
        ann.history(&number.to_string()).await.len(),
        2,
        "Eve left nothing behind"
    );
}

#[tokio::test]
async fn a_strangers_requests_meet_the_same_refusal_as_an_id_of_nothing() {
    let chat = Chat::open().await;
    let (ann, bob, eve) = (
        chat.rooms("ann").await,
        chat.direct("bob").await,
        chat.rooms("eve").await,
    );
    let number = ann.writes_to(&bob, "Between us").await["conversation_id"].to_string();
    let rooms = ann.get("/api/rooms").await.json();
    let hex = rooms["data"][0]["_id"]
        .as_str()
        .expect("Ann sees it")
        .to_owned();
    let form = Form::file("secret.txt", "text/plain", "a secret").field("roomId", &hex);
    let secret = ann
        .uploads(form)
        .await
        .looks_like(201, json!({ "success": true }))["data"]
        .clone();
    let secret_id = secret["_id"].as_str().expect("a file has an _id");
    bob.get(format!("/api/files/{secret_id}"))
        .await
        .has_status(200);

    for who in [&eve, &chat.nobody()] {
        let nothing = who.get("/api/rooms/999999999").await.refused(404).json();
        for id in [&number, &hex] {
            for path in [
                format!("/api/rooms/{id}"),
                format!("/api/messages/{id}"),
                format!("/api/messages/{id}?page=2"),
            ] {
                assert_eq!(
                    who.get(&path).await.refused(404).json(),
                    nothing,
                    "{path} for {}",
                    who.name
                );
            }
        }
        let nothing = who.get(format!("/api/files/{}", "999999999")).await;
        for path in [
            format!("/api/files/{secret_id}"),
            secret["url"].as_str().expect("a url").to_owned(),
        ] {
            let refused = who.get(&path).await;
            assert_eq!(
                refused.refused(404).json(),
                nothing.refused(404).json(),
                "{path} for {}",
                who.name
            );
            let part = who
                .sends(Request::new("GET", &path).header("Range", "bytes=0-1"))
                .await;
            part.refused(404);
        }
        who.get("/api/files")
            .await
            .looks_like(200, json!({ "data": [], "pagination": { "total": 0 } }));
        who.get("/api/rooms")
            .await
            .looks_like(200, json!({ "data": [], "pagination": { "total": 0 } }));
    }
    for id in [&number, &hex] {
        let said = eve
            .post(
                "/api/messages",
                json!({ "roomId": id, "content": "Let me in" }),
            )
            .await;
        let nowhere = eve
            .post(
                "/api/messages",
                json!({ "roomId": "999999999", "content": "Let me in" }),
            )
            .await;
        assert_eq!(said.refused(404).json(), nowhere.refused(404).json());
        eve.uploads(Form::file("trojan.txt", "text/plain", "horse").field("roomId", id))
            .await
            .refused(404);
    }
    assert_eq!(ann.history(&hex).await.len(), 1, "Eve left nothing behind");
    ann.get("/api/files")
        .await
        .looks_like(200, json!({ "data": [{ "originalName": "secret.txt" }] }));
}

#[tokio::test]
async fn a_stranger_hears_nothing_of_what_is_said_and_done() {
    let chat = Chat::open().await;
    let (ann, bob, eve) = (
        chat.rooms("ann").await,
        chat.direct("bob").await,
        chat.direct("eve").await,
    );
    let room = ann.opens_room("General Discussion").await;
    let listening = eve.opens_a_socket().await;
    // Eve is a person like others: she sits in an open room, and hears that one only.
    listening.does("joinRoom", json!({ "roomId": room })).await;
    listening.does("join_conversation", json!(room)).await;

    let conversation = bob.writes_to(&ann, "Between us").await["conversation_id"].clone();
    ann.does("joinRoom", conversation.clone()).await;
    ann.does(
        "message",
        json!({ "roomId": conversation, "content": "And by event" }),
    )
    .await;
    bob.does("typing_start", json!({ "conversationId": conversation }))
        .await;
    bob.does("mark_read", json!({ "conversationId": conversation }))
        .await;
    let form = Form::file("secret.txt", "text/plain", "a secret")
        .field("roomId", &conversation.to_string());
    ann.uploads(form).await.has_status(201);
    ann.uploads(Form::file("diary.txt", "text/plain", "Dear diary"))
        .await
        .has_status(201);
    chat.notifies(&bob, "Payment received", "All of it", "payment")
        .await;
    bob.hears("new_notification", json!({ "title": "Payment received" }))
        .await;
    listening.hears_nothing().await;
}

#[tokio::test]
async fn a_sockets_id_or_a_rooms_inner_name_is_nothing_to_join() {
    let chat = Chat::open().await;
    let (ann, eve) = (chat.rooms("ann").await, chat.rooms("eve").await);
    let room = ann.opens_room("General Discussion").await;
    ann.socket().await;
    for name in [
        format!("rooms:{room}"),
        format!("direct:{room}"),
        ann.id.clone(),
        ann.number.to_string() + "x",
        String::new(),
    ] {
        eve.is_refused(400, "joinRoom", json!({ "roomId": name }))
            .await;
        eve.is_refused(400, "join_conversation", json!(name)).await;
    }
}
