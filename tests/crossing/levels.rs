//! Each member says what they want to be told of while they are away, in one dialect, and it is so in all.

use crate::support::*;

const LONG_AFTER: &str = "2999-01-01T00:00:00.000Z";

/// The settings as each dialect shows them, and nobody else's.
async fn all_show(person: &Person, place: &str, level: &str, until: Option<&str>) {
    let own = json!({ "level": level, "mutedUntil": until });
    for path in [
        format!("/conversaton/{place}/settings"),
        format!("/conversation/{place}/settings"),
        format!("/api/conversations/{place}/settings"),
    ] {
        person.get(path).await.looks_like(200, own.clone());
    }
    let shown = person.get(format!("/api/rooms/{place}/settings")).await;
    let shown = shown.looks_like(200, json!({ "success": true, "data": own }));
    assert_eq!(shown["data"]["roomId"].as_str().map(str::len), Some(24));
}

#[tokio::test]
async fn what_one_wants_to_be_told_of_is_said_once_for_all_dialects() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let group = ann.gathers("Friends", &[&bob]).await;
    all_show(&ann, &group, "all", None).await;

    let change = json!({ "level": "mentions" });
    ann.patch(format!("/conversaton/{group}/settings"), change)
        .await
        .looks_like(
            200,
            json!({ "conversationId": group, "level": "mentions", "mutedUntil": null }),
        );
    all_show(&ann, &group, "mentions", None).await;

    // What is not given stays as it is.
    let change = json!({ "mutedUntil": LONG_AFTER });
    ann.patch(format!("/api/rooms/{group}/settings"), change)
        .await
        .looks_like(
            200,
            json!({ "success": true, "data": { "level": "mentions", "mutedUntil": LONG_AFTER } }),
        );
    all_show(&ann, &group, "mentions", Some(LONG_AFTER)).await;

    let change = json!({ "conversationId": group, "level": "none" });
    let done = ann.does("set_level", change).await;
    let own = json!({ "level": "none", "mutedUntil": LONG_AFTER });
    assert_looks_like(&done["settings"], own, "the settings");
    all_show(&ann, &group, "none", Some(LONG_AFTER)).await;

    // A mute that is over is none.
    for over in [json!("2024-01-01T12:00:00+01:00"), json!(null)] {
        let path = format!("/api/conversations/{group}/settings");
        let mutes = json!({ "level": "all", "mutedUntil": LONG_AFTER });
        ann.patch(&path, mutes).await.has_status(200);
        ann.patch(&path, json!({ "mutedUntil": over }))
            .await
            .looks_like(200, json!({ "level": "all", "mutedUntil": null }));
    }
    all_show(&ann, &group, "all", None).await;
    // Nothing to change, and nothing changed.
    ann.patch(format!("/api/conversations/{group}/settings"), json!({}))
        .await
        .looks_like(200, json!({ "level": "all", "mutedUntil": null }));
    all_show(&bob, &group, "all", None).await;
}

#[tokio::test]
async fn what_is_no_level_is_named() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let group = ann.gathers("Friends", &[&bob]).await;
    let path = format!("/api/conversations/{group}/settings");
    for (wrong, fields) in [
        (json!({ "level": "loud" }), &["level"][..]),
        (
            json!({ "level": 1, "mutedUntil": "tomorrow" }),
            &["level", "mutedUntil"],
        ),
        (
            json!({ "level": "none", "mutedUntil": 1_900_000_000 }),
            &["mutedUntil"],
        ),
        (
            json!({ "mutedUntil": "2999-01-01T00:00:00" }),
            &["mutedUntil"],
        ),
    ] {
        ann.patch(&path, wrong).await.refused_for(fields);
    }
    all_show(&ann, &group, "all", None).await;
    ann.is_refused(400, "set_level", json!({ "level": "none" }))
        .await;
}

#[tokio::test]
async fn one_hears_of_it_on_all_of_ones_sockets_and_nobody_else_does() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let group = ann.gathers("Friends", &[&bob]).await;
    let joins = [
        (
            "join-conversation",
            "conversation-settings",
            "conversationId",
        ),
        ("joinRoom", "conversationSettings", "roomId"),
        (
            "join_conversation",
            "conversation_settings",
            "conversationId",
        ),
    ];
    let mut hers = Vec::new();
    for (join, event, place) in joins {
        let socket = ann.opens_a_socket().await;
        socket.does(join, json!({ place: group })).await;
        hers.push((socket, event));
    }
    hers.push((ann.opens_chat().await, "conversation_settings"));
    let elsewhere = ann.opens_a_socket().await;
    let his = bob.opens_chat().await;
    let path = format!("/api/conversations/{group}/settings");
    for _ in 0..2 {
        let change = json!({ "level": "none", "mutedUntil": LONG_AFTER });
        ann.patch(&path, change).await.has_status(200);
    }
    for (socket, event) in &hers {
        let own = json!({ "level": "none", "mutedUntil": LONG_AFTER });
        socket.hears(event, own).await;
        // The same again is no news.
        socket.hears_nothing().await;
    }
    elsewhere.hears_nothing().await;
    his.hears_nothing().await;

    // What they hear, and what they have not read, is as it was.
    bob.says(&group, "Hello").await;
    hers[3].0.hears("new_message", json!({})).await;
    hers[1]
        .0
        .hears("message", json!({ "content": "Hello" }))
        .await;
    assert_eq!(ann.conversation(&group).await["unreadCount"], 1);
}

#[tokio::test]
async fn who_comes_back_to_a_group_begins_anew() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let group = ann.gathers("Friends", &[&bob]).await;
    let path = format!("/api/conversations/{group}/settings");
    bob.patch(&path, json!({ "level": "none" }))
        .await
        .has_status(200);
    let members = format!("/api/conversations/{group}/members");
    bob.delete(format!("{members}/{}", bob.id))
        .await
        .has_status(200);
    bob.get(&path).await.refused(404);
    ann.post(&members, json!({ "userId": bob.id }))
        .await
        .has_status(200);
    all_show(&bob, &group, "all", None).await;
}
