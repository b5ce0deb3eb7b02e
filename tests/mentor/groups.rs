//! `/api/conversations/:id/members`: who comes and who goes, and what they hear from then on.

use crate::support::mentor::*;
use crate::support::*;

async fn friends(chat: &Chat) -> (Person, Person, Person, String) {
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let cleo = chat.rooms("cleo").await;
    let group = ann.gathers("Friends", &[&bob]).await;
    (ann, bob, cleo, group)
}

fn members(group: &str) -> String {
    format!("/api/conversations/{group}/members")
}

fn user(person: &Person) -> Value {
    json!({ "userId": person.id })
}

/// Done, whichever way of saying so there is.
#[track_caller]
fn is_done(answer: &Answer) {
    assert!((200..300).contains(&answer.status), "{answer:?}");
}

#[tokio::test]
async fn who_is_added_hears_at_once_and_who_is_removed_hears_nothing_more() {
    let chat = Chat::open().await;
    let (ann, bob, cleo, group) = friends(&chat).await;
    let (his, hers) = (bob.opens_chat().await, cleo.opens_chat().await);
    let direct = cleo.opens_a_socket().await;
    direct
        .is_refused(404, "join_conversation", json!(group))
        .await;
    ann.says(&group, "Without Cleo").await;
    is_done(&ann.post(members(&group), user(&cleo)).await);
    direct.does("join_conversation", json!(group)).await;
    ann.says(&group, "Welcome, Cleo").await;
    for content in ["Without Cleo", "Welcome, Cleo"] {
        his.hears("new_message", json!({ "message": { "content": content } }))
            .await;
    }
    hers.hears(
        "new_message",
        json!({ "message": { "content": "Welcome, Cleo" } }),
    )
    .await;
    direct
        .hears("new_message", json!({ "content": "Welcome, Cleo" }))
        .await;
    has_people(&bob.conversation(&group).await, &[&ann, &bob, &cleo]);

    is_done(&ann.delete(format!("{}/{}", members(&group), cleo.id)).await);
    ann.says(&group, "Without Cleo again").await;
    his.hears(
        "new_message",
        json!({ "message": { "content": "Without Cleo again" } }),
    )
    .await;
    hers.hears_nothing_of("new_message").await;
    direct.hears_nothing_of("new_message").await;
    cleo.get(format!("/api/conversations/{group}"))
        .await
        .refused(404);
    hers.is_refused(
        404,
        "typing",
        json!({ "conversationId": group, "isTyping": true }),
    )
    .await;
    assert!(
        cleo.get("/api/conversations")
            .await
            .json()
            .as_array()
            .is_some_and(Vec::is_empty)
    );
}

#[tokio::test]
async fn the_creator_decides_and_everybody_may_leave() {
    let chat = Chat::open().await;
    let (ann, bob, cleo, group) = friends(&chat).await;
    bob.post(members(&group), user(&cleo)).await.refused(403);
    cleo.post(members(&group), user(&cleo)).await.refused(404);
    chat.nobody()
        .post(members(&group), user(&cleo))
        .await
        .refused(401);
    is_done(&ann.post(members(&group), user(&cleo)).await);
    is_done(&ann.post(members(&group), user(&cleo)).await);
    let people = ann.conversation(&group).await["participants"].clone();
    assert_eq!(people.as_array().map(Vec::len), Some(3), "once is enough");
    bob.delete(format!("{}/{}", members(&group), cleo.id))
        .await
        .refused(403);
    is_done(&bob.delete(format!("{}/{}", members(&group), bob.id)).await);
    bob.get(format!("/api/conversations/{group}"))
        .await
        .refused(404);
    ann.delete(format!("{}/{}", members(&group), bob.id))
        .await
        .refused(404);
}

#[tokio::test]
async fn only_groups_change_and_only_people_come() {
    let chat = Chat::open().await;
    let (ann, bob, cleo, group) = friends(&chat).await;
    for (status, wrong) in [
        (400, json!({})),
        (400, json!({ "userId": "cleo" })),
        (400, json!({ "userId": group })),
        (404, json!({ "userId": 999_999_999 })),
    ] {
        ann.post(members(&group), wrong).await.refused(status);
    }
    chat.has_session(SESSION, &ann, &bob).await;
    let session = id(&ann.opens_session(SESSION).await);
    let direct = ann.writes_to(&bob, "Between us").await["conversation_id"].to_string();
    for place in [session, direct] {
        let refused = ann.post(members(&place), user(&cleo)).await;
        assert!((400..500).contains(&refused.status), "{refused:?}");
        cleo.get(format!("/api/conversations/{place}"))
            .await
            .refused(404);
    }
}

#[tokio::test]
async fn what_was_said_before_one_came_is_not_unread() {
    let chat = Chat::open().await;
    let (ann, bob, cleo, group) = friends(&chat).await;
    for _ in 0..3 {
        bob.says(&group, "Before Cleo").await;
    }
    is_done(&ann.post(members(&group), user(&cleo)).await);
    assert_eq!(cleo.conversation(&group).await["unreadCount"], 0);
    bob.says(&group, "After").await;
    assert_eq!(cleo.conversation(&group).await["unreadCount"], 1);
}

#[tokio::test]
async fn a_group_whose_maker_goes_is_left_to_who_has_been_there_longest() {
    let chat = Chat::open().await;
    let (ann, bob, cleo, group) = friends(&chat).await;
    let dora = chat.rooms("dora").await;
    is_done(&ann.post(members(&group), user(&cleo)).await);
    let owner_of = async |by: &Person| {
        let shown = by.get(format!("/api/rooms/{group}")).await;
        shown.has_status(200).json()["data"]["createdBy"].clone()
    };
    assert_eq!(owner_of(&bob).await, ann.id);
    bob.post(members(&group), user(&dora)).await.refused(403);

    // She leaves by herself.
    is_done(&ann.delete(format!("{}/{}", members(&group), ann.id)).await);
    assert_eq!(owner_of(&cleo).await, bob.id);
    cleo.post(members(&group), user(&dora)).await.refused(403);
    is_done(&bob.post(members(&group), user(&dora)).await);
    is_done(&bob.delete(format!("{}/{}", members(&group), dora.id)).await);
    is_done(&bob.post(members(&group), user(&dora)).await);

    // His account is removed, and who has been there longest cannot act.
    let (admin, of) = (chat.admin(), |person: &Person| {
        format!("/api/admin/users/{}", person.uuid)
    });
    let suspended = admin.patch(of(&cleo), json!({ "suspended": true })).await;
    suspended.has_status(200);
    admin.delete(of(&bob)).await.has_status(200);
    assert_eq!(owner_of(&dora).await, dora.id);
    is_done(&dora.post(members(&group), user(&ann)).await);

    // The last one leaves nobody behind.
    for other in [&ann, &cleo, &dora] {
        is_done(
            &dora
                .delete(format!("{}/{}", members(&group), other.id))
                .await,
        );
    }
}

#[tokio::test]
async fn who_made_a_room_made_it_wherever_they_are() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("Lobby").await;
    bob.posts(&room, "Hello").await;
    is_done(&ann.delete(format!("{}/{}", members(&room), ann.id)).await);
    let shown = bob.get(format!("/api/rooms/{room}")).await;
    assert_eq!(shown.has_status(200).json()["data"]["createdBy"], ann.id);
}

#[tokio::test]
async fn who_is_taken_in_or_put_out_is_told_so_and_the_others_hear_it_once() {
    let chat = Chat::open().await;
    let (ann, bob, cleo, group) = friends(&chat).await;
    let (his, hers, also_hers) = (
        bob.opens_chat().await,
        cleo.opens_chat().await,
        cleo.opens_chat().await,
    );
    let of_it = json!({ "conversationId": group });
    is_done(&ann.post(members(&group), user(&cleo)).await);
    // Twice is once.
    is_done(&ann.post(members(&group), user(&cleo)).await);
    is_done(&ann.delete(format!("{}/{}", members(&group), cleo.id)).await);
    for socket in [&hers, &also_hers] {
        socket.hears("conversation_joined", of_it.clone()).await;
        socket.hears("conversation_left", of_it.clone()).await;
        socket.hears_nothing().await;
    }
    for event in ["member_joined", "member_left"] {
        his.hears(
            event,
            json!({ "conversationId": group, "userId": cleo.uuid }),
        )
        .await;
    }
    his.hears_nothing().await;
    let made = ann.gathers("Others", &[&bob]).await;
    his.hears("conversation_joined", json!({ "conversationId": made }))
        .await;
    is_done(&bob.delete(format!("{}/{}", members(&made), bob.id)).await);
    his.hears("conversation_left", json!({ "conversationId": made }))
        .await;
    let said = his.is_refused(
        404,
        "typing",
        json!({ "conversationId": made, "isTyping": true }),
    );
    said.await;
}
