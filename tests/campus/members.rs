//! Groups change: the creator brings people in and sends them away, and everybody may leave.

use super::{names, told};
use crate::support::*;

fn members(group: &str) -> String {
    format!("/api/conversations/{group}/members")
}

fn member(group: &str, who: &Person) -> String {
    format!("/api/conversations/{group}/members/{}", who.uuid)
}

async fn are_in(group: &str, seen_by: &Person) -> Vec<String> {
    let shown = seen_by.get(format!("/conversaton/{group}")).await;
    let shown = shown.has_status(200).json();
    names(&shown["participants"])
        .into_iter()
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn the_creator_brings_somebody_in() {
    let chat = Chat::open().await;
    let (ann, bob, cleo) = (
        chat.campus("ann").await,
        chat.campus("bob").await,
        chat.campus("cleo").await,
    );
    let group = ann.gathers("Study group", &[&bob]).await;
    ann.sends_to(&group, "Before Cleo came").await;
    cleo.is_refused(404, "join-group", json!({ "conversation": group }))
        .await;

    let added = ann
        .post(members(&group), json!({ "userId": cleo.uuid }))
        .await;
    added.looks_like(200, json!({ "conversation": { "id": group } }));
    assert_eq!(are_in(&group, &bob).await, ["ann", "bob", "cleo"]);
    cleo.does("join-group", json!({ "conversation": group }))
        .await;
    bob.sends_to(&group, "Welcome").await;
    cleo.hears("receive-group-message", json!({ "message": "Welcome" }))
        .await;
    let read = cleo
        .get(format!("/message/get-messages?conversationId={group}"))
        .await;
    read.looks_like(
        200,
        json!([{ "message": "Before Cleo came" }, { "message": "Welcome" }]),
    );
}

#[tokio::test]
async fn whoever_is_removed_hears_nothing_more() {
    let chat = Chat::open().await;
    let (ann, bob, cleo) = (
        chat.campus("ann").await,
        chat.campus("bob").await,
        chat.campus("cleo").await,
    );
    let group = ann.gathers("Study group", &[&bob, &cleo]).await;
    for person in [&ann, &bob, &cleo] {
        person
            .does("join-group", json!({ "conversation": group }))
            .await;
    }
    let second = bob.opens_a_socket().await;
    second.does("joinRoom", json!({ "roomId": group })).await;
    second.does("join_conversation", json!(group)).await;

    told(&ann.delete(member(&group, &bob)).await);
    ann.sends_to(&group, "Without Bob").await;
    for person in [&ann, &cleo] {
        person
            .hears("receive-group-message", json!({ "message": "Without Bob" }))
            .await;
    }
    bob.hears_nothing_of("receive-group-message").await;
    second.hears_nothing_of("message").await;
    second.hears_nothing_of("new_message").await;
    assert!(second.is_open(), "out of the group is not out of the chat");

    let said = json!({ "conversationId": group, "message": "Still here" });
    bob.is_refused(404, "send-group-message", said.clone())
        .await;
    bob.is_refused(404, "join-group", json!({ "conversation": group }))
        .await;
    let mut posted = said;
    posted["senderId"] = json!(bob.uuid);
    bob.post("/message/create", posted).await.refused(404);
    bob.get(format!("/conversaton/{group}")).await.refused(404);
    assert_eq!(are_in(&group, &ann).await, ["ann", "cleo"]);

    // Who is brought back has to join again, and then hears again.
    ann.post(members(&group), json!({ "userId": bob.number }))
        .await
        .has_status(200);
    bob.does("join-group", json!({ "conversation": group }))
        .await;
    ann.sends_to(&group, "With Bob again").await;
    bob.hears(
        "receive-group-message",
        json!({ "message": "With Bob again" }),
    )
    .await;
}

#[tokio::test]
async fn everybody_may_leave() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.campus("ann").await, chat.campus("bob").await);
    let group = ann.gathers("Study group", &[&bob]).await;
    bob.does("join-group", json!({ "conversation": group }))
        .await;
    told(&bob.delete(member(&group, &bob)).await);
    ann.sends_to(&group, "Bob?").await;
    bob.hears_nothing_of("receive-group-message").await;
    bob.get(format!("/conversaton/{group}")).await.refused(404);
    bob.delete(member(&group, &bob)).await.refused(404);
    assert_eq!(are_in(&group, &ann).await, ["ann"]);
}

#[tokio::test]
async fn who_did_not_create_it_changes_nothing() {
    let chat = Chat::open().await;
    let (ann, bob, cleo, eve) = (
        chat.campus("ann").await,
        chat.campus("bob").await,
        chat.campus("cleo").await,
        chat.campus("eve").await,
    );
    let group = ann.gathers("Study group", &[&bob, &cleo]).await;
    let someone = json!({ "userId": eve.uuid });
    bob.post(members(&group), someone.clone())
        .await
        .refused(403);
    bob.delete(member(&group, &cleo)).await.refused(403);
    bob.delete(member(&group, &ann)).await.refused(403);

    // To a stranger the group is not there at all.
    let nothing = eve
        .post(members("999999999"), someone.clone())
        .await
        .refused(404)
        .json();
    assert_eq!(
        eve.post(members(&group), someone).await.refused(404).json(),
        nothing
    );
    eve.delete(member(&group, &bob)).await.refused(404);
    chat.nobody()
        .post(members(&group), json!({ "userId": eve.uuid }))
        .await
        .refused(401);

    ann.delete(member(&group, &eve)).await.refused(404);
    ann.post(members(&group), json!({ "userId": 999_999_999 }))
        .await
        .refused(404);
    ann.post(members(&group), json!({ "userId": "eve" }))
        .await
        .refused_for(&["userId"]);
    ann.post(members(&group), json!({}))
        .await
        .refused_for(&["userId"]);
    assert_eq!(are_in(&group, &bob).await, ["ann", "bob", "cleo"]);
}

#[tokio::test]
async fn a_conversation_of_two_stays_one_of_two() {
    let chat = Chat::open().await;
    let (ann, bob, eve) = (
        chat.campus("ann").await,
        chat.campus("bob").await,
        chat.campus("eve").await,
    );
    let conversation = ann.meets(&bob).await;
    for answer in [
        ann.post(members(&conversation), json!({ "userId": eve.uuid }))
            .await,
        ann.delete(member(&conversation, &bob)).await,
        ann.delete(member(&conversation, &ann)).await,
    ] {
        assert!(matches!(answer.status, 400 | 403 | 409), "{answer:?}");
        answer.refused(answer.status);
    }
    assert_eq!(are_in(&conversation, &bob).await, ["ann", "bob"]);
}
