//! What was said in one dialect is found in all the others, by whoever may read it, in any script; and once it is deleted,
//! nowhere.

use crate::support::mentor::id;
use crate::support::*;
use chat::core::model::Time;
use form_urlencoded::byte_serialize;
use std::path::Path;
use std::process::Command;

fn asking(path: &str, q: &str) -> String {
    let q: String = byte_serialize(q.as_bytes()).collect();
    format!("{path}?q={q}")
}

/// The texts that somebody finds by mentor's route, the newest first.
async fn finds(person: &Person, q: &str) -> Vec<String> {
    let found = person.get(asking("/api/conversations/search", q)).await;
    texts(&found.has_status(200).json()["messages"], "content")
}

fn texts(messages: &Value, field: &str) -> Vec<String> {
    let messages = messages.as_array().expect("a list of messages").iter();
    messages
        .map(|one| one[field].as_str().expect("a text").to_owned())
        .collect()
}

#[tokio::test]
async fn what_is_said_in_one_dialect_is_found_in_the_others_at_once() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.campus("bob").await);
    let room = ann.opens_room("Lobby").await;
    let pair = ann.meets(&bob).await;
    bob.sends_to(&pair, "The parcel came from Łódź").await;
    ann.posts(&room, "Whose parcel is it?").await;
    ann.does(
        "send_message",
        json!({ "conversationId": pair, "content": "Mine is another parcel" }),
    )
    .await;

    let said = [
        "Mine is another parcel",
        "Whose parcel is it?",
        "The parcel came from Łódź",
    ];
    for person in [&ann, &bob] {
        assert_eq!(finds(person, "PARCEL").await, said, "{}", person.name);
    }
    assert_eq!(finds(&ann, "lodz").await, said[2..]);

    let found = ann.get(asking("/message/search", "parcel lodz")).await;
    found.says("X-Position");
    assert!(found.header("X-Indexing").is_none());
    let one = json!({ "message": said[2], "senderId": bob.uuid, "conversationId": pair });
    found.looks_like(200, json!([one]));

    let found = bob.get(asking("/api/messages/search", "whose")).await;
    let sender = json!({ "_id": ann.id, "username": "ann" });
    let one = json!({ "content": said[1], "room": room, "sender": sender });
    found.looks_like(
        200,
        json!({ "success": true, "message": "Messages retrieved successfully", "data": [one],
                "pagination": { "hasMore": false, "nextCursor": null } }),
    );
    // Only there.
    let there = format!("{}&roomId={room}", asking("/api/messages/search", "parcel"));
    let there = ann.get(there).await.has_status(200).json();
    assert_eq!(texts(&there["data"], "content"), said[1..2]);
    for path in ["/message/search", "/api/conversations/search"] {
        let there = format!("{}&conversationId={pair}", asking(path, "parcel"));
        let there = ann.get(there).await.has_status(200).text();
        assert!(
            there.contains("Łódź") && !there.contains("Whose"),
            "{there}"
        );
    }
}

#[tokio::test]
async fn nobody_finds_what_they_may_not_read() {
    let chat = Chat::open().await;
    let (ann, bob, eve) = (
        chat.rooms("ann").await,
        chat.rooms("bob").await,
        chat.rooms("eve").await,
    );
    let group = ann.gathers("Friends", &[&bob]).await;
    let room = ann.opens_room("Lobby").await;
    ann.sends_to(&group, "The password is swordfish").await;
    ann.posts(&room, "No swordfish in the lobby").await;
    let open = ["No swordfish in the lobby"];
    for (person, count) in [(&ann, 2), (&bob, 2), (&eve, 1)] {
        assert_eq!(
            finds(person, "swordfish").await.len(),
            count,
            "{}",
            person.name
        );
    }
    assert_eq!(finds(&eve, "swordfish").await, open);
    for q in [
        "swordfish from:ann in:Friends",
        &format!("in:{group} swordfish"),
        "password",
        "from:ann password",
    ] {
        assert!(finds(&eve, q).await.is_empty(), "{q}");
    }
    let nobody = chat.nobody();
    let found = nobody
        .get(asking("/api/messages/search", "swordfish"))
        .await;
    assert_eq!(
        texts(&found.has_status(200).json()["data"], "content"),
        open
    );
    for path in [
        "/message/search",
        "/api/conversations/search",
        "/api/messages/search",
    ] {
        let there = format!("{}&conversationId={group}", asking(path, "swordfish"));
        eve.get(&there).await.refused(404);
        bob.get(&there).await.has_status(200);
    }
    // Whoever is removed finds no more, and whoever comes finds what was said before, as they read it.
    let members = format!("/api/conversations/{group}/members");
    ann.delete(format!("{members}/{}", bob.uuid))
        .await
        .has_status(200);
    assert_eq!(finds(&bob, "swordfish").await, open);
    ann.post(members, json!({ "userId": eve.uuid }))
        .await
        .has_status(200);
    assert_eq!(finds(&eve, "swordfish").await.len(), 2);
    let members = Chat::with(&["--members-only"]).await;
    members
        .nobody()
        .get(asking("/api/messages/search", "a"))
        .await
        .refused(401);
}

#[tokio::test]
async fn words_of_any_script_are_found_however_they_are_written() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("Lobby").await;
    let said = [
        ("我在上海市工作", &["上海", "上海市", "海"][..]),
        ("Die Größe zählt", &["grosse", "GRÖSSE", "zahlt"]),
        ("ผมกินข้าวแล้ว", &["ข้าว"]),
        ("السَّلَامُ عَلَيْكُمْ", &["السلام", "السَّلَامُ عليكم"]),
        ("東京タワーへ", &["タワー", "東京"]),
        ("한국어를 배워요", &["국어"]),
        ("हिन्दी में लिखो", &["हिन्दी"]),
        ("Party 🎉 tonight 👍🏽", &["🎉", "👍", "party"]),
        (
            "Write to ann@example.test",
            &["ann@example.test", "example.test"],
        ),
    ];
    for (text, _) in said {
        ann.posts(&room, text).await;
    }
    for (text, searches) in said {
        for q in searches {
            assert_eq!(finds(&ann, q).await, [text], "{q}");
        }
    }
    assert!(finds(&ann, "京上").await.is_empty());
}

#[tokio::test]
async fn operators_narrow_it_down() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.campus("Bob Roe").await);
    let (lobby, other) = (
        ann.opens_room("Lobby").await,
        ann.opens_room("General Discussion").await,
    );
    ann.posts(&lobby, "The report is at https://example.test/report")
        .await;
    bob.sends_to(&other, "I read the report twice").await;
    let file = json!({ "content": "Report, as a file", "attachments": [
        { "filename": "report.pdf", "mimeType": "application/pdf", "url": "https://example.test/report.pdf", "size": 7 } ] });
    ann.post(format!("/api/conversations/{lobby}/messages"), file)
        .await
        .has_status(201);
    let [link, read, file] = [
        "The report is at https://example.test/report",
        "I read the report twice",
        "Report, as a file",
    ];
    let (day, id) = (Time::now().iso()[..10].to_owned(), bob.number);
    for (q, found) in [
        ("report", vec![file, read, link]),
        ("report from:ann", vec![file, link]),
        ("from:me report", vec![file, link]),
        ("FROM:\"bob roe\"", vec![read]),
        ("from:Bob", vec![read]),
        (&format!("from:{id}"), vec![read]),
        (&format!("from:{}", bob.uuid), vec![read]),
        ("from:nobody report", vec![]),
        ("in:lobby report", vec![file, link]),
        ("in:\"General Discussion\"", vec![read]),
        (&format!("in:{other}"), vec![read]),
        ("in:nowhere report", vec![]),
        ("has:file", vec![file]),
        ("has:link report", vec![link]),
        ("\"the report\"", vec![read, link]),
        ("\"report the\"", vec![]),
        (&format!("report after:{day}"), vec![file, read, link]),
        (&format!("report before:{day}"), vec![]),
        ("report after:2000-01-01 before:2001-01-01", vec![]),
        ("after:2000-01-01", vec![file, read, link]),
        ("report from:", vec![file, read, link]),
    ] {
        assert_eq!(finds(&ann, q).await, found, "{q}");
    }
    for q in ["", " ", "has:cake", "before:soon", &"x".repeat(10_000)] {
        for path in [
            "/message/search",
            "/api/conversations/search",
            "/api/messages/search",
        ] {
            let refused = ann.get(asking(path, q)).await;
            let refused = refused.refused(400).json();
            assert!(
                refused["errors"][0]
                    .as_str()
                    .is_some_and(|why| why.starts_with("q: ")),
                "{refused}"
            );
        }
    }
}

#[tokio::test]
async fn the_language_of_the_index_says_nothing_here() {
    let chat = Chat::open().await;
    let (ann, eve) = (chat.rooms("ann").await, chat.rooms("eve").await);
    let group = ann.gathers("Friends", &[]).await;
    ann.sends_to(&group, "open secret c1 a1 file link").await;
    for q in [
        "\" OR *",
        "\" OR words:open OR \"",
        "NEAR(open secret, 5)",
        "words:secret",
        "{words}: secret",
        "\u{E000}c1",
        "\u{E000}open OR \u{E000}a1",
        "^open",
        "sec* OR secret",
        "a\0b",
        "secret') --",
        "((((",
        "- + : ^ * \"",
    ] {
        assert!(finds(&eve, q).await.is_empty(), "{q}");
    }
    for q in ["secret*", "^open", "words:secret", "\u{E000}open"] {
        let found = ann.get(asking("/api/conversations/search", q)).await;
        found.has_status(200);
    }
    assert_eq!(finds(&ann, "\"open secret").await.len(), 1);
}

#[tokio::test]
async fn pages_go_on_where_the_last_one_ended() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("Lobby").await;
    for at in 1..=5 {
        ann.posts(&room, &format!("Number {at}")).await;
    }
    let all = ["Number 5", "Number 4", "Number 3", "Number 2", "Number 1"];
    for (path, field) in [
        ("/api/conversations/search", "content"),
        ("/api/messages/search", "content"),
        ("/message/search", "message"),
    ] {
        let (mut found, mut before) = (Vec::new(), String::new());
        for left in [true, true, false] {
            let page = ann.get(format!("{path}?q=number&limit=2{before}")).await;
            let page = page.has_status(200).json();
            let (messages, more, next) = match path {
                "/message/search" => (&page, left.into(), page[1]["id"].clone()),
                "/api/messages/search" => (
                    &page["data"],
                    page["pagination"]["hasMore"].clone(),
                    page["pagination"]["nextCursor"].clone(),
                ),
                _ => (
                    &page["messages"],
                    page["hasMore"].clone(),
                    page["nextCursor"].clone(),
                ),
            };
            found.extend(texts(messages, field));
            assert_eq!(more, left, "{page}");
            before = format!("&before={}", next.as_str().unwrap_or_default());
        }
        assert_eq!(found, all, "{path}");
    }
    ann.get("/message/search?q=number&limit=101")
        .await
        .refused(400);
}

fn run(arguments: &[&str]) {
    let done = Command::new(env!("CARGO_BIN_EXE_chat"))
        .args(arguments)
        .output();
    let done = done.expect("the command can be started");
    assert!(done.status.success(), "{arguments:?}: {done:?}");
}

fn is_in(file: &Path, word: &str) -> bool {
    let bytes = std::fs::read(file).expect("the file");
    let word = word.to_lowercase();
    bytes
        .windows(word.len())
        .any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}

#[tokio::test]
async fn a_deleted_word_is_found_nowhere_not_even_in_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("chat.db");
    let chat = Chat::on_the_file(&file, &[]).await;
    chat.command(&["user", "list"]).await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let root = folder.path().join("password");
    std::fs::write(&root, "password of boss").expect("a file");
    let password = root.to_str().expect("a plain path");
    chat.command(&[
        "admin",
        "add",
        "--email",
        "boss@example.test",
        "--password-file",
        password,
    ])
    .await;
    let login = json!({ "email": "boss@example.test", "password": "password of boss" });
    let login = chat
        .nobody()
        .post("/auth/login", login)
        .await
        .has_status(200)
        .json();
    let admin = chat
        .nobody()
        .with_token(login["token"].as_str().expect("a token"));
    let room = ann.opens_room("Lobby").await;
    // On a page of its own, too; and one whose deletion comes before it was indexed.
    let long = format!("Hippopotamus {}", "and so on ".repeat(700));
    let mut gone = Vec::new();
    for text in ["Never mention the Xylophone", &long, "Quetzalcoatl at noon"] {
        gone.push(ann.sends_to(&room, text).await);
        bob.posts(&room, "Something that stays").await;
    }
    for (q, count) in [("xylophone", 1), ("hippopotamus", 1), ("stays", 3)] {
        assert_eq!(finds(&bob, q).await.len(), count, "{q}");
    }
    gone.push(ann.sends_to(&room, "Zeppelin").await);
    for message in &gone {
        admin
            .delete(format!("/api/admin/messages/{}", id(message)))
            .await
            .has_status(200);
    }
    let words = ["xylophone", "hippopotamus", "quetzalcoatl", "zeppelin"];
    for word in words {
        assert!(finds(&bob, word).await.is_empty(), "{word}");
        let found = admin.get(asking("/api/admin/search", word)).await;
        found.looks_like(
            200,
            json!({ "messages": [], "hasMore": false, "indexing": false }),
        );
    }
    assert_eq!(finds(&bob, "stays").await.len(), 3);
    assert_eq!(chat.stop().await, 0);
    for word in words {
        assert!(!is_in(&file, word), "{word} is in the file");
    }
    assert!(is_in(&file, "stays"), "what stays is in the file");
    run(&["check", "--db", file.to_str().expect("a plain path")]);
}

#[tokio::test]
async fn a_restored_copy_finds_what_it_has_and_what_is_said_then() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, copy) = (folder.path().join("chat.db"), folder.path().join("copy.db"));
    let [db, to] = [&file, &copy].map(|path| path.to_str().expect("a plain path"));
    let chat = Chat::on_the_file(&file, &[]).await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("Lobby").await;
    ann.posts(&room, "Before the copy").await;
    assert_eq!(finds(&ann, "copy").await, ["Before the copy"]);
    ann.posts(&room, "Also before the copy").await;
    run(&["backup", to, "--db", db]);
    ann.posts(&room, "After the copy").await;
    assert_eq!(finds(&ann, "copy").await.len(), 3);
    assert_eq!(chat.stop().await, 0);
    run(&["restore", to, "--db", db]);
    let chat = Chat::on_the_file(&file, &[]).await;
    let ann = ann.at(&chat);
    ann.posts(&room, "A new copy").await;
    let found = finds(&ann, "copy").await;
    assert_eq!(
        found,
        ["A new copy", "Also before the copy", "Before the copy"]
    );
    run(&["check", "--db", db]);
}

#[tokio::test]
async fn an_older_file_is_served_at_once_and_found_through_soon() {
    const MESSAGES: usize = 4_000;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let dump = std::fs::read_to_string(root.join("tests/fixtures/version-1.sql")).expect("a dump");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("chat.db");
    let mut old = rusqlite::Connection::open(&file).expect("a file");
    old.execute_batch(&dump).expect("a dump that can be loaded");
    let rows = old.transaction().expect("a transaction");
    for at in 0..MESSAGES {
        rows.execute(
            "INSERT INTO messages (conversation, seq, id, author, text, sent_at)
             SELECT c.id, (SELECT coalesce(max(seq), 0) + 1 FROM messages WHERE conversation = c.id),
                 (SELECT max(id) + 1 FROM messages), 1, $1, 1700000000000
             FROM conversations c WHERE c.name = 'Lobby'",
            [format!("Ancient history {at}")],
        )
        .expect("a message");
    }
    rows.commit().expect("messages");
    drop(old);
    let chat = Chat::on_the_file(&file, &[]).await;
    let login = json!({ "email": "ann@example.test", "password": "password of ann" });
    let login = chat
        .nobody()
        .post("/auth/login", login)
        .await
        .has_status(200)
        .json();
    let ann = chat
        .nobody()
        .with_token(login["token"].as_str().expect("a token"));
    eventually("all is indexed", async || {
        let found = ann
            .get(asking("/api/conversations/search", "ancient"))
            .await;
        found.has_status(200);
        found.header("X-Indexing").is_none()
    })
    .await;
    for at in [0, 1_999, MESSAGES - 1] {
        let text = format!("Ancient history {at}");
        assert_eq!(finds(&ann, &format!("\"history {at}\"")).await, [text]);
    }
}
