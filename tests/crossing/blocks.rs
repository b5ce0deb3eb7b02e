//! Bob blocks Ann. Whatever door she takes, in whichever dialect, she does not get at him; nobody is told; and who knows
//! only their document notices nothing.

use super::stage::*;
use crate::support::mentor::*;
use crate::support::*;
use std::time::Duration;

const TO_WHO_BLOCKS: &str = "You have blocked this person";
const TO_THE_OTHER: &str = "You cannot write to this person";

/// The doors by which one blocks: each with its list, and where a person's id stands in it.
const DOORS: [(&str, &str, &str); 3] = [
    ("/user/blocks", "", "id"),
    ("/api/profile/blocks", "/blocked", "id"),
    ("/api/auth/blocks", "/data", "_id"),
];

impl Person {
    async fn blocks(&self, other: &Person) {
        let path = format!("/user/blocks/{}", other.uuid);
        self.put(path).await.has_status(200);
    }

    async fn unblocks(&self, other: &Person) {
        let path = format!("/user/blocks/{}", other.uuid);
        self.delete(path).await.has_status(200);
    }

    /// The names of those whom this person has blocked, the same in all dialects.
    async fn has_blocked(&self) -> usize {
        let mut counts = Vec::new();
        for (path, list, id) in DOORS {
            let shown = self.get(path).await.has_status(200).json();
            let shown = shown.pointer(list).and_then(Value::as_array).cloned();
            let shown = shown.unwrap_or_else(|| panic!("no list at {path}"));
            assert!(shown.iter().all(|one| one[id].is_string()
                && one["blockedAt"].is_string()
                && one.get("email").is_none()));
            counts.push(shown.len());
        }
        assert!(counts.iter().all(|count| *count == counts[0]), "{counts:?}");
        counts[0]
    }

    /// Every door to a direct conversation is shut, with this sentence.
    async fn is_shut_out(&self, stage: &Stage, message: &str, why: &str) {
        let place = &stage.uuid;
        for (path, body) in [
            (
                "/message/create".to_owned(),
                json!({ "conversationId": place, "senderId": self.uuid, "message": "Hello" }),
            ),
            (
                format!("/api/conversations/{place}/messages"),
                json!({ "content": "Hello" }),
            ),
            (
                "/api/messages".to_owned(),
                json!({ "roomId": place, "content": "Hello" }),
            ),
        ] {
            let refused = self.post(path, body).await;
            assert_eq!(refused.refused(403).json()["message"], why);
        }
        for (event, payload) in [
            (
                "send-message",
                json!({ "conversationId": place, "message": "Hello" }),
            ),
            ("message", json!({ "roomId": place, "content": "Hello" })),
            (
                "send_message",
                json!({ "conversationId": place, "content": "Hello" }),
            ),
            ("typing_start", json!({ "conversationId": place })),
            (
                "react_message",
                json!({ "messageId": message, "emoji": "👍" }),
            ),
            (
                "reactMessage",
                json!({ "messageId": message, "emoji": "👍" }),
            ),
            (
                "react-message",
                json!({ "messageId": message, "emoji": "👍" }),
            ),
            ("pin_message", json!({ "messageId": message })),
        ] {
            let refused = self.is_refused(403, event, payload).await;
            assert_eq!(refused["message"], why, "{event}");
        }
        let form = Form::file("notes.txt", "text/plain", "Hello").field("roomId", place);
        assert_eq!(self.uploads(form).await.refused(403).json()["message"], why);
        let shares = json!({ "roomId": place, "filename": "notes.txt" });
        let refused = self.asks_with("fileUpload", shares, b"Hello").await;
        assert_eq!(refused["error"]["message"], why, "{refused}");
        let chat = self.opens_chat().await;
        let types = json!({ "conversationId": place, "isTyping": true });
        let refused = chat.is_refused(403, "typing", types).await;
        assert_eq!(refused["message"], why);
    }
}

#[tokio::test]
async fn nobody_writes_where_one_of_two_blocks_the_other() {
    let stage = Stage::of(Sort::Direct).await;
    let (ann, bob, place) = (&stage.ann, &stage.bob, &stage.uuid);
    let hers = id(&ann.sends_to(place, "Hello, Bob").await);
    bob.blocks(ann).await;
    assert_eq!((bob.has_blocked().await, ann.has_blocked().await), (1, 0));

    ann.is_shut_out(&stage, &hers, TO_THE_OTHER).await;
    bob.is_shut_out(&stage, &hers, TO_WHO_BLOCKS).await;
    let edits = json!({ "message": "Hello!" });
    let edit = format!("/message/update/{hers}");
    let refused = ann.patch(&edit, edits.clone()).await;
    assert_eq!(refused.refused(403).json()["message"], TO_THE_OTHER);
    // What was said stays readable, and the conversation is where it was.
    for person in [ann, bob] {
        assert_eq!(person.history(place).await.len(), 2);
        assert_eq!(id(&person.conversation(place).await), *place);
    }
    assert_eq!(ann.meets(bob).await, *place);

    // Also if both block each other, each of them is told of their own doing only.
    ann.blocks(bob).await;
    ann.is_shut_out(&stage, &hers, TO_WHO_BLOCKS).await;
    // One's own words can be taken back.
    ann.delete(format!("/message/remove/{hers}"))
        .await
        .has_status(200);
    ann.unblocks(bob).await;
    bob.unblocks(ann).await;
    ann.sends_to(place, "Here I am again").await;
}

#[tokio::test]
async fn no_direct_conversation_begins_between_them() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    bob.blocks(&ann).await;
    for (who, other, why) in [(&ann, &bob, TO_THE_OTHER), (&bob, &ann, TO_WHO_BLOCKS)] {
        for path in ["/conversaton/create", "/conversation/create"] {
            let pair = json!({ "senderId": who.uuid, "receiverId": other.uuid });
            let refused = who.post(path, pair).await;
            assert_eq!(refused.refused(403).json()["message"], why);
        }
        let sends = json!({ "toUserId": other.number, "content": "Hello" });
        let refused = who.is_refused(403, "send_message", sends).await;
        assert_eq!(refused["message"], why);
    }
    assert_eq!(
        ann.get("/api/conversations?limit=10").await.json(),
        json!([])
    );

    // Nor does she take him into a group; he may take her.
    let group = json!({ "name": "Friends", "groupMembers": [bob.uuid] });
    let refused = ann.post("/conversation/create-group", group).await;
    assert_eq!(refused.refused(403).json()["message"], TO_THE_OTHER);
    let hers = ann.gathers("Hers", &[]).await;
    for path in [
        format!("/conversation/{hers}/members"),
        format!("/api/conversations/{hers}/members"),
        format!("/api/rooms/{hers}/members"),
    ] {
        let refused = ann.post(path, json!({ "userId": bob.uuid })).await;
        assert_eq!(refused.refused(403).json()["message"], TO_THE_OTHER);
    }
    bob.gathers("His", &[&ann]).await;
}

#[tokio::test]
async fn a_mentoring_session_goes_on() {
    let stage = Stage::of(Sort::Session).await;
    stage.bob.blocks(&stage.ann).await;
    let heard = stage.bob.opens_chat().await;
    stage.ann.says(&stage.uuid, "About tomorrow").await;
    heard
        .hears(
            "new_message",
            json!({ "message": { "content": "About tomorrow" } }),
        )
        .await;
}

#[tokio::test]
async fn one_hears_of_it_on_ones_own_devices_and_nobody_else_does() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let group = bob.gathers("Friends", &[&ann]).await;
    let joins = [
        ("join-conversation", "block-changed", &ann.uuid),
        ("joinRoom", "blockChanged", &ann.id),
    ];
    let mut his = Vec::new();
    for (join, event, who) in joins {
        let socket = bob.opens_a_socket().await;
        socket.does(join, json!({ "conversationId": group })).await;
        his.push((socket, event, json!(who)));
    }
    let socket = bob.opens_a_socket().await;
    socket
        .does("join_conversation", json!({ "conversationId": group }))
        .await;
    his.push((socket, "block_changed", json!(ann.number)));
    his.push((bob.opens_chat().await, "block_changed", json!(ann.uuid)));
    let hers = [ann.opens_chat().await, ann.opens_a_socket().await];
    for socket in &hers {
        socket.forgets_who_came().await;
    }
    for blocked in [true, false] {
        // Twice is as once.
        for _ in 0..2 {
            match blocked {
                true => bob.blocks(&ann).await,
                false => bob.unblocks(&ann).await,
            }
        }
        for (socket, event, who) in &his {
            socket.forgets_who_came().await;
            let told = json!({ "userId": who, "blocked": blocked });
            socket.hears(event, told).await;
            socket.hears_nothing_of(event).await;
        }
    }
    for socket in &hers {
        socket.hears_nothing().await;
    }
}

#[tokio::test]
async fn in_a_group_they_hear_each_other_but_nobody_is_called() {
    let chat = Chat::with(&["--mail-delay", "1s"]).await;
    let (ann, bob, eve) = (
        chat.campus("ann").await,
        chat.campus("bob").await,
        chat.campus("eve").await,
    );
    let group = bob.gathers("Friends", &[&ann, &eve]).await;
    bob.blocks(&ann).await;
    ann.sends_to(&group, "Look, @bob and @eve").await;
    // Eve gets a mail of it, so Bob's turn has passed as well.
    let told = chat.digest_to(&eve).await["text"].to_string();
    assert!(told.contains("Look"), "{told}");
    assert!(chat.digests_to(&bob).await.is_empty());
    let seen = |person: &Value| person.get("unreadMentions").cloned();
    assert_eq!(seen(&eve.conversation(&group).await), Some(json!(1)));
    let his = bob.conversation(&group).await;
    assert_eq!((seen(&his), &his["unreadCount"]), (None, &json!(1)));
    // It says the same to everybody whom it mentions.
    let said = bob.history(&group).await;
    assert_eq!(said[0]["mentions"].as_array().map(Vec::len), Some(2));

    eve.sends_to(&group, "And you, @bob?").await;
    let told = chat.digest_to(&bob).await["text"].to_string();
    assert!(told.contains("And you") && !told.contains("Look"), "{told}");
    assert_eq!(seen(&bob.conversation(&group).await), Some(json!(1)));
    let socket = bob.opens_chat().await;
    ann.sends_to(&group, "Do you hear me?").await;
    socket
        .hears(
            "new_message",
            json!({ "message": { "content": "Do you hear me?" } }),
        )
        .await;
}

#[tokio::test]
async fn neither_is_told_whether_the_other_is_there() {
    let stage = Stage::of(Sort::Group).await;
    let (ann, bob) = (&stage.ann, &stage.bob);
    let ears = ann.opens_chat().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    bob.blocks(ann).await;
    ears.forgets_who_came().await;
    let his = bob.opens_chat().await;
    for (asking, who) in [(ann, bob), (bob, ann)] {
        let path = format!("/api/presence?userIds={}", who.uuid);
        let shown = asking.get(path).await.has_status(200).json();
        assert_eq!(shown["presence"], json!([]));
    }
    ears.hears_of_nobody().await;
    his.hears_of_nobody().await;
    bob.unblocks(ann).await;
    let path = format!("/api/presence?userIds={}", bob.uuid);
    let shown = ann.get(path).await.json();
    assert_eq!(shown["presence"][0]["online"], true);
}

#[tokio::test]
async fn one_blocks_a_thousand_people_and_no_more() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    for door in DOORS.map(|(path, ..)| path) {
        let own = ann.put(format!("{door}/{}", ann.uuid)).await;
        own.refused_for(&["userId"]);
        ann.put(format!("{door}/999999999")).await.refused(404);
        ann.put(format!("{door}/nobody"))
            .await
            .refused_for(&["userId"]);
        ann.delete(format!("{door}/{}", bob.uuid))
            .await
            .has_status(200);
    }
    // A thousand people would take a while to come by themselves.
    for statement in [
        "INSERT INTO accounts (id, home, name, name_key, created_at)
             WITH RECURSIVE n (id) AS (SELECT 100000 UNION ALL SELECT id + 1 FROM n WHERE id < 100998)
             SELECT id, 'rooms', 'person ' || id, 'person ' || id, 0 FROM n",
        "INSERT INTO blocks SELECT (SELECT id FROM accounts WHERE name = 'ann'), id, 0
             FROM accounts WHERE id >= 100000",
    ] {
        chat.kept.does(statement, &[]);
    }
    ann.blocks(&bob).await;
    assert_eq!(ann.has_blocked().await, 1_000);
    let eve = chat.rooms("eve").await;
    ann.put(format!("/user/blocks/{}", eve.uuid))
        .await
        .refused(409);
    ann.unblocks(&bob).await;
    ann.blocks(&eve).await;
}

#[tokio::test]
async fn it_is_in_what_one_downloads_and_goes_with_the_account() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    bob.blocks(&ann).await;
    let zip = bob.get("/user/export").await;
    let zip = zip.has_status(200).body.clone();
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(zip)).expect("a ZIP");
    let blocks = zip.by_name("blocks.json").expect("the blocks");
    let blocks: Value = serde_json::from_reader(blocks).expect("JSON");
    let expected = json!([{ "id": ann.uuid, "name": "ann" }]);
    assert_looks_like(&blocks, expected, "the blocks");

    let password = crate::support::person::password_of("bob");
    bob.deletes("/user/profile", json!({ "password": password }))
        .await
        .has_status(200);
    let left: i64 = chat.kept.one("SELECT count(*) FROM blocks", &[]);
    assert_eq!(left, 0);
}

#[tokio::test]
async fn it_holds_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("chat.db");
    let chat = Chat::on(&file, &[]).await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let group = bob.gathers("Friends", &[&ann]).await;
    bob.blocks(&ann).await;
    chat.stop().await;
    let chat = Chat::on(&file, &[]).await;
    let (ann, bob) = (ann.at(&chat), bob.at(&chat));
    let path = format!("/api/presence?userIds={}", bob.uuid);
    assert_eq!(ann.get(path).await.json()["presence"], json!([]));
    ann.sends_to(&group, "Look, @bob").await;
    let his = bob.conversation(&group).await;
    assert_eq!(his.get("unreadMentions"), None, "{his}");
}
