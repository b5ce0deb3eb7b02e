//! The socket in `/chat`: it is in all of one's conversations from the start, and hears messages and typing there.

use crate::support::mentor::*;
use crate::support::*;

const NEW_MESSAGE: &str = r#"{
  "conversationId": "0190b5a2-0000-8000-8000-000000000001",
  "message": {
    "id": "0190b5a2-0000-8000-8000-000000000002",
    "conversationId": "0190b5a2-0000-8000-8000-000000000001",
    "senderId": "0190b5a2-0000-8000-8000-000000000003",
    "content": "Hello!",
    "contentType": "text",
    "attachments": [],
    "createdAt": "2024-01-15T12:00:00.000Z"
  }
}"#;

/// John, who mentors Jane, and what they call their conversation.
async fn john_and_jane(chat: &Chat) -> (Person, Person, String) {
    let (john, jane) = (chat.rooms("john").await, chat.rooms("jane").await);
    chat.has_session(SESSION, &john, &jane).await;
    let conversation = id(&john.opens_session(SESSION).await);
    (john, jane, conversation)
}

fn here(conversation: &str) -> Value {
    json!({ "conversationId": conversation })
}

#[tokio::test]
async fn every_documented_way_of_bringing_a_token_works() {
    let chat = Chat::open().await;
    let (john, jane, conversation) = john_and_jane(&chat).await;
    let entry = || jane.entry().namespace("/chat");
    let bearer = format!("Bearer {}", jane.token);
    let mut sockets = Vec::new();
    for entry in [
        entry().auth(json!({ "token": jane.token })),
        entry().auth(json!({ "token": bearer })),
        entry().header("Authorization", &bearer),
        entry().query(&format!("token={}", jane.token)),
    ] {
        sockets.push(entry.connect().await.expect("a valid token opens the door"));
    }
    let said = john.says(&conversation, "Hello!").await;
    for socket in &sockets {
        let heard = socket.hears("new_message", NEW_MESSAGE).await;
        assert_eq!(heard["message"], said);
    }
    for entry in [
        entry(),
        entry().auth(json!({ "token": "your-jwt-token" })),
        entry().query("token=your-jwt-token"),
    ] {
        let refused = entry.connect().await.err();
        assert!(refused.is_some_and(|why| !why.is_empty()));
    }
}

#[tokio::test]
async fn a_connection_is_in_all_of_ones_conversations() {
    let chat = Chat::open().await;
    let (john, jane, session) = john_and_jane(&chat).await;
    let direct = john.writes_to(&jane, "First").await["conversation_id"].to_string();
    let group = john.gathers("Mentees", &[&jane]).await;
    let (mine, foreign) = (
        john.opens_room("Lobby").await,
        john.opens_room("Attic").await,
    );
    jane.says(&mine, "I am a member now").await;
    let (hers, his) = (jane.opens_chat().await, john.opens_chat().await);
    for place in [&session, &direct, &group, &mine, &foreign] {
        john.says(place, place).await;
    }
    for place in [&session, &direct, &group, &mine] {
        for socket in [&hers, &his] {
            let expected = NEW_MESSAGE.replace("Hello!", place);
            let heard = socket.hears("new_message", expected.as_str()).await;
            assert_eq!(heard["conversationId"], heard["message"]["conversationId"]);
        }
    }
    his.hears("new_message", json!({ "message": { "content": foreign } }))
        .await;
    hers.hears_nothing().await;
}

#[tokio::test]
async fn a_conversation_made_later_is_joined_at_once() {
    let chat = Chat::open().await;
    let (john, jane) = (chat.rooms("john").await, chat.rooms("jane").await);
    let socket = jane.opens_chat().await;
    john.writes_to(&jane, "In direct").await;
    chat.has_session(SESSION, &john, &jane).await;
    let session = id(&john.opens_session(SESSION).await);
    john.says(&session, "In the session").await;
    let group = john.gathers("Mentees", &[&jane]).await;
    john.says(&group, "In the group").await;
    let room = john.opens_room("Lobby").await;
    john.says(&room, "Not yet in the room").await;
    jane.posts(&room, "In the room").await;
    for content in ["In direct", "In the session", "In the group", "In the room"] {
        // Beyond the document: that it is there is told before anything is said in it.
        socket.hears("conversation_joined", json!({})).await;
        socket
            .hears("new_message", json!({ "message": { "content": content } }))
            .await;
    }
    socket.hears_nothing().await;
}

#[tokio::test]
async fn leaving_is_for_that_socket_and_joining_comes_back() {
    let chat = Chat::open().await;
    let (john, jane, conversation) = john_and_jane(&chat).await;
    let (phone, laptop) = (jane.opens_chat().await, jane.opens_chat().await);
    phone.does("leave_conversation", here(&conversation)).await;
    john.says(&conversation, "Laptop only").await;
    laptop
        .hears(
            "new_message",
            json!({ "message": { "content": "Laptop only" } }),
        )
        .await;
    phone.hears_nothing().await;
    for joins in [here(&conversation), json!(conversation)] {
        phone.does("join_conversation", joins).await;
    }
    john.says(&conversation, "Both").await;
    for socket in [&phone, &laptop] {
        socket
            .hears("new_message", json!({ "message": { "content": "Both" } }))
            .await;
        socket.hears_nothing().await;
    }
}

#[tokio::test]
async fn what_is_not_ones_own_or_nothing_at_all_is_refused() {
    let chat = Chat::open().await;
    let (john, jane, conversation) = john_and_jane(&chat).await;
    let eve = chat.rooms("eve").await.opens_chat().await;
    for event in [
        "join_conversation",
        "leave_conversation",
        "typing",
        "mark_read",
    ] {
        let with = |id: Value| json!({ "conversationId": id, "isTyping": true });
        for (status, payload) in [
            (404, with(json!(conversation))),
            (404, with(json!(999_999_999))),
            (400, with(json!("xxx"))),
            (400, with(json!(john.id))),
            (400, with(json!(SESSION))),
            (400, with(Value::Null)),
            (400, json!({})),
        ] {
            let error = eve.is_refused(status, event, payload).await;
            eve.hears("error", error).await;
        }
    }
    let hers = jane.opens_chat().await;
    for wrong in [json!("yes"), json!(1), json!([])] {
        let typing = json!({ "conversationId": conversation, "isTyping": wrong });
        hers.is_refused(400, "typing", typing).await;
    }
    // What only the server may say, and what belongs to the other namespace, does nothing.
    for name in ["new_message", "user_typing", "messages_read"] {
        hers.emit(name, here(&conversation));
    }
    hers.emit(
        "message",
        json!({ "roomId": conversation, "content": "Hello" }),
    );
    hers.does("join_conversation", here(&conversation)).await;
    assert!(john.history(&conversation).await.is_empty());
}

#[tokio::test]
async fn typing_reaches_the_others_and_never_the_sender() {
    let chat = Chat::open().await;
    let (john, jane, conversation) = john_and_jane(&chat).await;
    let (his, also_his) = (john.opens_chat().await, john.opens_chat().await);
    let (hers, elsewhere) = (jane.opens_chat().await, jane.opens_chat().await);
    elsewhere
        .does("leave_conversation", here(&conversation))
        .await;
    for typing in [true, false] {
        his.emit(
            "typing",
            json!({ "conversationId": conversation, "isTyping": typing }),
        );
        let heard =
            json!({ "conversationId": conversation, "userId": john.uuid, "isTyping": typing });
        hers.hears("user_typing", heard).await;
    }
    his.does(
        "typing",
        json!({ "conversationId": conversation, "isTyping": true }),
    )
    .await;
    hers.hears("user_typing", json!({ "isTyping": true })).await;
    drop(his);
    // Who hangs up has stopped.
    hers.hears(
        "user_typing",
        json!({ "userId": john.uuid, "isTyping": false }),
    )
    .await;
    for socket in [&also_his, &hers, &elsewhere] {
        socket.hears_nothing().await;
    }
}

#[tokio::test]
async fn whoever_was_away_hears_first_what_was_missed_everywhere() {
    let chat = Chat::open().await;
    let (john, jane, session) = john_and_jane(&chat).await;
    let group = john.gathers("Mentees", &[&jane]).await;
    let foreign = john.opens_room("Attic").await;
    let last = john.says(&session, "Heard").await["id"].clone();
    for (place, content) in [
        (&session, "one"),
        (&group, "two"),
        (&session, "three"),
        (&foreign, "Not for Jane"),
    ] {
        john.says(place, content).await;
    }
    let back = jane.enters_chat(json!({ "lastMessageId": last })).await;
    let back = back.expect("a known id is a position");
    john.says(&session, "live").await;
    let heard = back.hears_many(4, "new_message").await;
    let in_place = |place: &str| {
        let there = heard.iter().filter(|one| one["conversationId"] == place);
        there
            .map(|one| one["message"]["content"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(in_place(&session), ["one", "three", "live"]);
    assert_eq!(in_place(&group), ["two"]);
    // Joining once more is no first time.
    back.does("join_conversation", here(&session)).await;
    back.hears_nothing().await;
    let wrong = jane.enters_chat(json!({ "lastMessageId": "last" })).await;
    assert!(wrong.err().is_some_and(|why| !why.is_empty()));
}
