//! Lists: pages, words that are looked for as they stand, and conversations from above.

use super::{asking, named, text};
use crate::support::*;

#[tokio::test]
async fn pages_follow_each_other_newest_first() {
    let chat = Chat::open().await;
    for name in ["ann", "bob", "carl", "dora", "eve"] {
        chat.rooms(name).await;
    }
    let admin = chat.admin();
    let page = async |page: u32| {
        let listed = admin
            .get(format!("/api/admin/users?page={page}&limit=2"))
            .await;
        let listed = listed.looks_like(200, json!({ "success": true }));
        let expected = json!({ "page": page, "limit": 2, "total": 6, "totalPages": 3 });
        assert_eq!(listed["pagination"], expected);
        named(&listed, "users", "name")
    };
    assert_eq!(page(1).await, ["eve", "dora"]);
    assert_eq!(page(2).await, ["carl", "bob"]);
    assert_eq!(page(3).await, ["ann", "admin"]);
    assert_eq!(page(4).await, [""; 0]);
    for wrong in ["page=0", "limit=0", "limit=101", "page=x", "limit=-1"] {
        let refused = admin.get(format!("/api/admin/users?{wrong}")).await;
        let field = wrong.split('=').next().expect("a field");
        refused.refused_for(&[field]);
    }
    let unlimited = admin.get("/api/admin/users").await.json();
    assert_eq!(unlimited["pagination"]["limit"], 20);
}

#[tokio::test]
async fn words_are_found_as_they_stand() {
    let chat = Chat::open().await;
    let admin = chat.admin();
    let names = ["100% sure", "under_score", r"back\slash", r#"O'Hara "Bob""#];
    for (at, name) in names.iter().enumerate() {
        let new = json!({ "name": name, "email": format!("p{at}@example.test") });
        admin.post("/api/admin/users", new).await.has_status(201);
    }
    let found = async |q: &str| {
        let listed = admin.get(asking("users", q)).await;
        let listed = listed.has_status(200).json();
        assert_eq!(
            listed["pagination"]["total"],
            listed["users"].as_array().map_or(0, Vec::len)
        );
        named(&listed, "users", "name")
    };
    for (q, name) in [
        ("%", names[0]),
        ("_", names[1]),
        (r"\", names[2]),
        ("'", names[3]),
        ("\"", names[3]),
    ] {
        assert_eq!(found(q).await, [name], "{q}");
    }
    assert_eq!(found("P2@EXAMPLE").await, [names[2]]);
    assert_eq!(found("nobody at all").await, [""; 0]);
    assert_eq!(found(" ").await.len(), 5);
    // Each list takes them.
    for list in [
        "conversations",
        "files",
        "sockets",
        "sessions",
        "outbox",
        "audit",
    ] {
        for q in ["%", "_", r"\", "'\"", "nothing of that kind"] {
            let listed = admin.get(asking(list, q)).await;
            assert!(
                listed.has_status(200).json()[list].is_array(),
                "{list}, {q}"
            );
        }
    }
}

#[tokio::test]
async fn conversations_are_seen_from_above() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("General Discussion").await;
    let group = ann.gathers("Friends", &[&bob]).await;
    ann.sends_to(&group, "Hello").await;
    let last = ann.sends_to(&group, "Still there?").await;
    let pair = ann.meets(&bob).await;
    let admin = chat.admin();
    let listed = admin.get("/api/admin/conversations").await;
    let listed = listed.has_status(200).json();
    assert_eq!(
        named(&listed, "conversations", "type"),
        ["direct", "group", "room"]
    );
    let expected = json!({
        "id": group, "type": "group", "name": "Friends", "members": 2, "memberNames": ["ann", "bob"],
        "messages": 2, "lastMessageAt": last["createdAt"],
    });
    assert_looks_like(&listed["conversations"][1], expected, "the group");
    assert!(listed["conversations"][1]["createdAt"].is_string());
    assert_eq!(listed["conversations"][0]["lastMessageAt"], Value::Null);
    let only = admin.get("/api/admin/conversations?sort=room").await.json();
    assert_eq!(named(&only, "conversations", "type"), ["room"]);
    assert_eq!(only["pagination"]["total"], 1);
    let wrong = admin.get("/api/admin/conversations?sort=name").await;
    wrong.refused_for(&["sort"]);
    // By its name, or by who is there.
    for (q, found) in [("friend", 1), ("bob", 2), ("discussion", 1), ("eve", 0)] {
        let listed = admin.get(asking("conversations", q)).await.json();
        assert_eq!(listed["pagination"]["total"], found, "{q}");
    }

    bob.reads(&group).await;
    ann.sends_to(&group, "Good").await;
    let one = admin.get(format!("/api/admin/conversations/{group}")).await;
    let expected = json!({ "success": true, "conversation": { "id": group, "messages": 3, "participants": [
        { "id": ann.uuid, "name": "ann", "email": "ann@example.test", "readUpTo": 0, "unread": 0 },
        { "id": bob.uuid, "name": "bob", "email": "bob@example.test", "readUpTo": 2, "unread": 1 },
    ] } });
    one.looks_like(200, expected);
    for id in [&room, &pair] {
        let one = admin.get(format!("/api/admin/conversations/{id}")).await;
        one.has_status(200);
    }
    for path in ["999999", "999999/messages"] {
        let path = format!("/api/admin/conversations/{path}");
        admin.get(path).await.refused(404);
    }
}

#[tokio::test]
async fn messages_are_read_backwards() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let pair = ann.meets(&bob).await;
    for at in 1..=5 {
        ann.sends_to(&pair, &format!("{at}")).await;
    }
    let path = format!("/api/admin/conversations/{pair}/messages");
    let admin = chat.admin();
    let first = admin.get(format!("{path}?limit=3")).await;
    let first = first.looks_like(200, json!({ "success": true, "hasMore": true }));
    assert_eq!(named(&first, "messages", "text"), ["5", "4", "3"]);
    let expected = json!({
        "seq": 3, "author": { "id": ann.uuid, "name": "ann" }, "text": "3", "type": "text",
        "attachments": [], "deleted": false,
    });
    assert_looks_like(&first["messages"][2], expected, "a message");
    let before = text(&first["messages"][2]["id"]);
    let rest = admin.get(format!("{path}?limit=3&before={before}")).await;
    let rest = rest.looks_like(200, json!({ "hasMore": false }));
    assert_eq!(named(&rest, "messages", "text"), ["2", "1"]);
    let other = ann.meets(&chat.rooms("eve").await).await;
    let elsewhere = format!("/api/admin/conversations/{other}/messages?before={before}");
    admin.get(elsewhere).await.refused_for(&["before"]);
}
