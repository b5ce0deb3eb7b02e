//! What an administrator finds: what was said anywhere, and where that was.

use super::asking;
use crate::support::*;

#[tokio::test]
async fn an_administrator_finds_what_was_said_anywhere() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let pair = ann.meets(&bob).await;
    let room = ann.opens_room("Lobby").await;
    ann.sends_to(&pair, "Between us two").await;
    ann.posts(&room, "Nothing between us").await;
    let admin = chat.admin();
    let found = admin.get(asking("search", "between us")).await;
    found.says("X-Position");
    let found = found.looks_like(
        200,
        json!({ "success": true, "hasMore": false, "indexing": false }),
    );
    let author = json!({ "id": ann.uuid, "name": "ann" });
    let place = json!({ "type": "room", "name": "Lobby", "memberNames": ["ann"] });
    assert_looks_like(
        &found["messages"][0],
        json!({ "seq": 1, "text": "Nothing between us", "author": author, "deleted": false, "conversation": place }),
        "the newest",
    );
    let place = json!({ "id": pair, "type": "direct", "name": "", "memberNames": ["ann", "bob"] });
    assert_looks_like(
        &found["messages"][1],
        json!({ "text": "Between us two", "conversation": place }),
        "the other",
    );
    assert_eq!(found["messages"].as_array().map(Vec::len), Some(2));
    for (q, count) in [
        ("between in:lobby", 1),
        ("from:ann two", 1),
        ("before:2000-01-01", 0),
        ("after:2000-01-01", 2),
    ] {
        let found = admin.get(asking("search", q)).await.has_status(200).json();
        assert_eq!(
            found["messages"].as_array().map(Vec::len),
            Some(count),
            "{q}"
        );
    }
    let one = admin
        .get(format!("{}&limit=1", asking("search", "between")))
        .await;
    let one = one.has_status(200).json();
    assert_eq!(one["hasMore"], true);
    let before = format!(
        "{}&before={}",
        asking("search", "between"),
        one["messages"][0]["id"].as_str().expect("an id")
    );
    let rest = admin.get(before).await.has_status(200).json();
    assert_eq!(rest["messages"][0]["text"], "Between us two");
    ann.get(asking("search", "between")).await.refused(403);
}
