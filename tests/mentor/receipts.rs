//! `mark_read`, `PATCH …/read` and unread counts: one thing, told to the others.

use crate::support::mentor::*;
use crate::support::*;

async fn john_and_jane(chat: &Chat) -> (Person, Person, String) {
    let (john, jane) = (chat.rooms("john").await, chat.rooms("jane").await);
    chat.has_session(SESSION, &john, &jane).await;
    let conversation = id(&john.opens_session(SESSION).await);
    (john, jane, conversation)
}

async fn unread(person: &Person, conversation: &str) -> Value {
    person.conversation(conversation).await["unreadCount"].clone()
}

#[tokio::test]
async fn john_hears_that_jane_has_read_by_either_way() {
    let chat = Chat::open().await;
    let (john, jane, conversation) = john_and_jane(&chat).await;
    let (his, hers) = (john.opens_chat().await, jane.opens_chat().await);
    for by_rest in [true, false] {
        for content in ["One", "Two"] {
            john.says(&conversation, content).await;
            hers.hears("new_message", json!({ "message": { "content": content } }))
                .await;
        }
        if by_rest {
            assert_eq!(jane.reads(&conversation).await, 2);
        } else {
            let marked = hers
                .does("mark_read", json!({ "conversationId": conversation }))
                .await;
            assert_eq!(marked["count"], 2);
        }
        let receipt = his.hears(
            "messages_read",
            r#"{
              "conversationId": "0190b5a2-0000-8000-8000-000000000001",
              "readBy": "0190b5a2-0000-8000-8000-000000000002",
              "count": 2,
              "userId": "0190b5a2-0000-8000-8000-000000000002",
              "readAt": "2024-01-15T12:00:00.000Z"
            }"#,
        );
        let exactly =
            json!({ "conversationId": conversation, "readBy": jane.uuid, "userId": jane.uuid });
        assert_looks_like(&receipt.await, exactly, "the receipt");
    }
    hers.hears_nothing().await;
}

#[tokio::test]
async fn a_message_is_unread_until_its_conversation_is_read() {
    let chat = Chat::open().await;
    let (john, jane, conversation) = john_and_jane(&chat).await;
    for at in 1..=3 {
        john.says(&conversation, "Are you there?").await;
        assert_eq!(unread(&jane, &conversation).await, at);
    }
    assert_eq!(unread(&john, &conversation).await, 0, "one's own are read");
    jane.says(&conversation, "I am").await;
    assert_eq!(unread(&john, &conversation).await, 1);
    assert_eq!(
        unread(&jane, &conversation).await,
        3,
        "answering is not reading"
    );
    // Looking is not reading either.
    let path = format!("/api/conversations/{conversation}/messages");
    jane.get(path).await.has_status(200);
    assert_eq!(unread(&jane, &conversation).await, 3);
    assert_eq!(jane.reads(&conversation).await, 3);
    assert_eq!(unread(&jane, &conversation).await, 0);
    assert_eq!(jane.reads(&conversation).await, 0, "nothing is read twice");
    assert_eq!(unread(&john, &conversation).await, 1);
}

#[tokio::test]
async fn in_a_group_everybody_reads_for_themselves() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let cleo = chat.rooms("cleo").await;
    let group = ann.gathers("Friends", &[&bob, &cleo]).await;
    for person in [&ann, &bob, &cleo] {
        person.says(&group, "Hello").await;
    }
    let hers = ann.opens_chat().await;
    assert_eq!(bob.reads(&group).await, 2);
    hers.hears("messages_read", json!({ "readBy": bob.uuid, "count": 2 }))
        .await;
    for (person, count) in [(&ann, 2), (&bob, 0), (&cleo, 2)] {
        assert_eq!(unread(person, &group).await, count, "{}", person.name);
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_refused() {
    let chat = Chat::open().await;
    let (_, jane, conversation) = john_and_jane(&chat).await;
    let eve = chat.rooms("eve").await;
    let read = |id: &str| format!("/api/conversations/{id}/read");
    eve.patch(read(&conversation), json!({})).await.refused(404);
    jane.patch(read("999999999"), json!({})).await.refused(404);
    jane.patch(read("xxx"), json!({})).await.refused(400);
    chat.nobody()
        .patch(read(&conversation), json!({}))
        .await
        .refused(401);
    // Nothing has to be said in the body; what stands there is ignored.
    let bare = Request::new("PATCH", read(&conversation));
    jane.sends(bare)
        .await
        .looks_like(200, json!({ "count": 0 }));
}
