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
    // She sees it in all of her windows, as what it is.
    for _ in [true, false] {
        let own = json!({ "conversationId": conversation, "unreadCount": 0 });
        hers.hears("conversation_read", own).await;
    }
    hers.hears_nothing().await;
}

#[tokio::test]
async fn who_has_looked_at_half_has_read_half() {
    let chat = Chat::open().await;
    let (john, jane, conversation) = john_and_jane(&chat).await;
    let mut said = Vec::new();
    for at in 1..=6 {
        let who = if at == 3 || at == 5 { &jane } else { &john };
        said.push(id(&who.says(&conversation, "Something").await));
    }
    assert_eq!(unread(&jane, &conversation).await, 4);
    let (his, hers) = (john.opens_chat().await, jane.opens_chat().await);
    let read = format!("/api/conversations/{conversation}/read");
    // Up to her own message: two of his, and it is not counted.
    let up_to_third = json!({ "conversationId": conversation, "messageId": said[2] });
    assert_eq!(
        hers.does("mark_read", up_to_third.clone()).await["count"],
        2
    );
    let receipt = his.hears("messages_read", json!({ "count": 2 })).await;
    assert_eq!(receipt["messageId"], said[2]);
    let own = hers.hears("conversation_read", json!({ "unreadCount": 2 }));
    own.await;
    assert_eq!(unread(&jane, &conversation).await, 2);
    // What is read stays so, and the same again is nothing new.
    for upto in [&said[0], &said[2]] {
        let again = json!({ "messageId": upto });
        jane.patch(&read, again)
            .await
            .looks_like(200, json!({ "count": 0 }));
    }
    assert_eq!(unread(&jane, &conversation).await, 2);
    let in_query = format!("{read}?messageId={}", said[3]);
    let answer = jane.patch(in_query, json!({})).await;
    answer.looks_like(200, json!({ "count": 1 }));
    his.hears("messages_read", json!({ "count": 1, "messageId": said[3] }))
        .await;
    let reads = jane.get(format!("/api/conversations/{conversation}/reads"));
    let reads = reads.await.has_status(200).json();
    let jane_is_at = json!({ "userId": jane.uuid, "messageId": said[3] });
    assert_looks_like(&reads["reads"][0], jane_is_at, "how far she has come");
    // A direct client says it in its own spelling, and hears it so.
    let direct = jane.opens_a_socket().await;
    direct.does("join_conversation", json!(conversation)).await;
    let numbers = json!({ "conversationId": conversation, "messageId": said[4] });
    assert_eq!(
        direct.does("mark_read", numbers).await["count"],
        0,
        "her own"
    );
    assert_eq!(jane.reads(&conversation).await, 1);
    assert_eq!(unread(&jane, &conversation).await, 0);

    // A message of elsewhere is no mark here, and one that is none is refused.
    let eve = chat.rooms("eve").await;
    let other = eve.gathers("Others", &[&jane]).await;
    let foreign = id(&eve.says(&other, "Elsewhere").await);
    jane.patch(&read, json!({ "messageId": foreign }))
        .await
        .refused(404);
    jane.patch(&read, json!({ "messageId": "xxx" }))
        .await
        .refused(400);
    let reads = format!("/api/conversations/{other}/reads");
    john.get(&reads).await.refused(404);
    chat.nobody().get(&reads).await.refused(401);
    let room = eve.opens_room("Open").await;
    let reads = format!("/api/conversations/{room}/reads");
    john.get(&reads)
        .await
        .looks_like(200, json!({ "reads": [] }));
}

#[tokio::test]
async fn a_deleted_message_counts_for_no_half_either() {
    let chat = Chat::open().await;
    let (john, jane, conversation) = john_and_jane(&chat).await;
    let mut said = Vec::new();
    for _ in 1..=5 {
        said.push(id(&john.says(&conversation, "Something").await));
    }
    let admin = chat.admin();
    for gone in [1, 3] {
        let path = format!("/api/admin/messages/{}", said[gone]);
        let answer = admin.delete(path).await;
        assert!(answer.status < 300, "{answer:?}");
    }
    assert_eq!(unread(&jane, &conversation).await, 3);
    let read = format!("/api/conversations/{conversation}/read");
    for (upto, count, left) in [(2, 2, 1), (4, 1, 0)] {
        let said = json!({ "messageId": said[upto] });
        let answer = jane.patch(&read, said).await;
        answer.looks_like(200, json!({ "count": count }));
        assert_eq!(unread(&jane, &conversation).await, left);
    }
}

#[tokio::test]
async fn one_finds_what_one_has_not_read_however_far_back() {
    let chat = Chat::open().await;
    let (john, jane, conversation) = john_and_jane(&chat).await;
    let mut said = Vec::new();
    for at in 0..10 {
        said.push(id(&john.says(&conversation, &at.to_string()).await));
    }
    let path = format!("/api/conversations/{conversation}");
    let upto = json!({ "messageId": said[2] });
    jane.patch(format!("{path}/read"), upto)
        .await
        .has_status(200);
    let page = async |query: &str| {
        let page = jane.get(format!("{path}/messages?limit=4&{query}")).await;
        let page = page.has_status(200).json();
        let ids = page["messages"].as_array().expect("messages").iter();
        let ids: Vec<_> = ids.map(id).collect();
        (ids, page["hasMore"].clone(), page["nextCursor"].clone())
    };
    let reversed =
        |of: std::ops::Range<usize>| -> Vec<String> { said[of].iter().rev().cloned().collect() };
    let (ids, more, cursor) = page("unread=true").await;
    assert_eq!(
        (ids, more, &cursor),
        (reversed(3..7), json!(true), &json!(said[6]))
    );
    let (ids, more, cursor) = page(&format!("after={}", said[6])).await;
    assert_eq!(
        (ids, more, cursor),
        (reversed(7..10), json!(false), json!(null))
    );
    let (ids, ..) = page(&format!("before={}", said[3])).await;
    assert_eq!(ids, reversed(0..3));
    jane.reads(&conversation).await;
    assert_eq!(page("unread=true").await.0, Vec::<String>::new());
    for wrong in [
        "unread=perhaps".to_owned(),
        "after=xxx".to_owned(),
        format!("after={}&before={}", said[1], said[2]),
        format!("unread=true&before={}", said[2]),
    ] {
        jane.get(format!("{path}/messages?{wrong}"))
            .await
            .refused(400);
    }
    let eve = chat.rooms("eve").await;
    let other = id(&eve
        .says(&eve.gathers("Alone", &[]).await, "Elsewhere")
        .await);
    let foreign = format!("{path}/messages?after={other}");
    jane.get(foreign).await.refused(404);
    eve.get(format!("{path}/messages?unread=true"))
        .await
        .refused(404);
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
