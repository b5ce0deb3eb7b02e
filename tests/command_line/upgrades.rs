//! Files of earlier versions: opened, brought up to date, and then what `schema.sql` says.

use super::{actions, logs_in, typed, words};
use crate::support::*;
use chat::core::id::{FileId, Spelling};
use rusqlite::Connection;
use std::fs;
use std::path::Path;

/// Tables and columns, keys and indexes, whatever the steps were that led there.
fn shape(database: &Connection) -> Vec<String> {
    let lines = |sql: &str| -> Vec<String> {
        let mut asked = database.prepare(sql).expect("SQL");
        let rows = asked.query_map((), |row| row.get(0)).expect("rows");
        rows.map(|row| row.expect("text")).collect()
    };
    let tables = "(SELECT name, wr, strict FROM pragma_table_list WHERE schema = 'main') t";
    [
        format!("SELECT t.name || ' ' || wr || strict FROM {tables} ORDER BY 1"),
        format!(
            "SELECT t.name || '.' || c.name || ' ' || c.type || c.\"notnull\" || c.pk || coalesce(c.dflt_value, '-')
             FROM {tables}, pragma_table_xinfo(t.name) c ORDER BY 1"
        ),
        format!(
            "SELECT t.name || '.' || k.\"from\" || ' to ' || k.\"table\"
             FROM {tables}, pragma_foreign_key_list(t.name) k ORDER BY 1"
        ),
        format!(
            "SELECT t.name || ' by ' || i.\"unique\" || i.partial || group_concat(coalesce(c.name, 'expression') || c.\"desc\" || c.coll)
             FROM {tables}, pragma_index_list(t.name) i, pragma_index_xinfo(i.name) c WHERE c.key
             GROUP BY t.name, i.name ORDER BY 1"
        ),
        "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY sql".to_owned(),
    ]
    .iter()
    .flat_map(|sql| lines(sql))
    .collect()
}

/// A fixture with an empty table would prove little.
fn has_a_row_everywhere(database: &Connection, fixture: &Path) {
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'";
    let mut tables = database.prepare(tables).expect("SQL");
    let tables = tables.query_map((), |row| row.get::<_, String>(0));
    for table in tables.expect("tables") {
        let table = table.expect("a name");
        let count = format!("SELECT count(*) FROM {table}");
        let rows = database.query_row(&count, (), |row| row.get(0));
        assert!(rows != Ok(0_i64), "{fixture:?} has no row in {table}");
    }
}

#[tokio::test]
async fn a_file_of_every_earlier_version_becomes_one_of_this() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let schema = fs::read_to_string(root.join("schema.sql")).expect("the schema");
    let fresh = Connection::open_in_memory().expect("a database");
    fresh.execute_batch(&schema).expect("the schema is sound");
    let fresh = shape(&fresh);
    assert!(fresh.len() > 100, "{fresh:?}");
    let fixtures = fs::read_dir(root.join("tests/fixtures")).expect("fixtures");
    let fixtures: Vec<_> = fixtures
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "sql"))
        .collect();
    assert!(!fixtures.is_empty());
    for fixture in fixtures {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("chat.db");
        let old = Connection::open(&file).expect("a file");
        let dump = fs::read_to_string(&fixture).expect("a dump");
        old.execute_batch(&dump).expect("a dump that can be loaded");
        has_a_row_everywhere(&old, &fixture);
        drop(old);

        let chat = Chat::on(&file, &[]).await;
        let (status, ann) = logs_in(&chat, "ann@example.test", "password of ann").await;
        assert_eq!(status, 200, "{fixture:?}");
        let rooms = ann.get("/api/rooms").await.has_status(200).json();
        let rooms = rooms["data"].as_array().expect("rooms").iter();
        let lobby = rooms.clone().find(|room| room["name"] == "Lobby");
        let room = lobby.expect("the room")["_id"].as_str().expect("an id");
        let said = ann.history(room).await;
        assert_eq!(said[0]["content"], "Hello everyone!");
        ann.posts(room, "Still there?").await;
        let audit = ann.get("/api/admin/audit").await.has_status(200).json();
        assert!(actions(&audit).contains(&"user.add"), "{audit}");
        assert_eq!(chat.stop().await, 0);
        let now = Connection::open(&file).expect("the file");
        assert_eq!(shape(&now), fresh, "{fixture:?}");
        let checked = typed(&["check", "--json", "--db", words(&file)]).await;
        assert_eq!(checked.json()["sound"], true);
    }
}

#[tokio::test]
async fn what_an_earlier_version_let_be_two_is_one_whose_owner_has_proven_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let dump = fs::read_to_string(root.join("tests/fixtures/version-1.sql")).expect("a dump");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("chat.db");
    let old = Connection::open(&file).expect("a file");
    old.execute_batch(&dump).expect("a dump that can be loaded");
    let add = "INSERT INTO accounts (home, name, username, email, proven_at, password, created_at)
               SELECT 'rooms', $1, $1, $2, $3, password, created_at FROM accounts WHERE id = 1";
    for (name, email, proven_at) in [
        ("böss", "böss@example.test", None),
        ("BÖSS", "BÖSS@example.test", Some(1_795_245_007_626_i64)),
    ] {
        old.execute(add, (name, email, proven_at))
            .expect("version 1 lets them be two");
    }
    // A group whose maker left it.
    old.execute_batch(
        "INSERT INTO conversations (id, sort, name, creator, created_at) VALUES (99, 'group', 'Left', 3, 1);
         INSERT INTO members (conversation, account, joined_at) VALUES (99, 1, 7), (99, 2, 5);",
    )
    .expect("a group");
    drop(old);
    let chat = Chat::on(&file, &[]).await;
    let (_, bob) = logs_in(&chat, "bob@example.test", "password of bob").await;
    let add = json!({ "userId": 3 });
    bob.post("/api/conversations/99/members", add)
        .await
        .has_status(200);
    for email in ["böss@example.test", "BÖSS@example.test"] {
        let (status, owner) = logs_in(&chat, email, "password of ann").await;
        assert_eq!(status, 200);
        let known = owner.get("/user/profile").await.has_status(200).json();
        assert_eq!(known["email"], "BÖSS@example.test");
    }
    // The other one is there, and an administrator finds it.
    let (_, admin) = logs_in(&chat, "ann@example.test", "password of ann").await;
    let users = admin
        .get("/api/admin/users?q=böss@")
        .await
        .has_status(200)
        .json();
    assert_eq!(users["users"][0]["email"], "böss@example.test");
    assert!(chat.log().contains("spelled differently"), "{}", chat.log());
}

#[tokio::test]
async fn what_version_1_let_be_attached_opens_for_its_readers_or_leads_nowhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let dump = fs::read_to_string(root.join("tests/fixtures/version-1.sql")).expect("a dump");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("chat.db");
    let old = Connection::open(&file).expect("a file");
    old.execute_batch(&dump).expect("a dump that can be loaded");
    let key = "SELECT value FROM secrets WHERE name = 'ids'";
    let key: Vec<u8> = old.query_row(key, (), |row| row.get(0)).expect("a key");
    let spell = Spelling::new(key.try_into().expect("sixteen bytes"));
    let [anns, bobs] = [801, 802].map(|number| FileId::new(number).expect("an id"));
    let [anns, bobs] = [anns, bobs].map(|id| format!("/uploads/plan-{}.txt", spell.hex(id)));
    old.execute_batch(
        "INSERT INTO conversations (id, sort, low, high, created_at) VALUES (90, 'direct', 1, 2, 1);
         INSERT INTO members (conversation, account, joined_at) VALUES (90, 1, 1), (90, 2, 1);
         INSERT INTO messages (conversation, seq, id, author, text, attachments, sent_at)
             VALUES (90, 1, 900, 1, 'Look', 5, 1);
         INSERT INTO files (id, name, original, type, size, hash, uploader, ready, created_at)
             VALUES (801, 'plan.txt', 'plan.txt', 'text/plain', 8, 'h', 1, 1, 1),
                    (802, 'plan.txt', 'plan.txt', 'text/plain', 8, 'h', 2, 1, 1);
         INSERT INTO file_parts (file, position, bytes) VALUES (801, 0, CAST('the plan' AS BLOB)), (802, 0, x'00');",
    )
    .expect("a message and two files");
    let attach = "INSERT INTO attachments (message, position, filename, mime_type, url, size)
                  VALUES (900, $1, 'plan.txt', 'text/plain', $2, 8)";
    let acts = [
        "/uploads/../api/auth/logout".to_owned(),
        format!("{anns}?x=%2e%2e"),
    ];
    // Ann named a file of Bob's as well, by the number that anybody can count up to.
    let urls = [
        &anns,
        &acts[0],
        &acts[1],
        &anns,
        &"/api/files/802".to_owned(),
    ];
    for (position, url) in urls.iter().enumerate() {
        old.execute(attach, (position as i64, url))
            .expect("version 1 lets it be attached");
    }
    drop(old);

    let chat = Chat::on(&file, &[]).await;
    let (_, ann) = logs_in(&chat, "ann@example.test", "password of ann").await;
    let (_, bob) = logs_in(&chat, "bob@example.test", "password of bob").await;
    let shown = bob.get("/api/conversations/90/messages").await;
    let shown = shown.has_status(200).json();
    let shown = shown["messages"][0]["attachments"]
        .as_array()
        .expect("five");
    let shown: Vec<_> = shown.iter().map(|one| one["url"].clone()).collect();
    let nowhere = "/uploads/nowhere";
    assert_eq!(shown, [&anns, nowhere, nowhere, &anns, "/api/files/802"]);
    bob.get(nowhere).await.refused(400);
    assert_eq!(bob.get(&anns).await.has_status(200).text(), "the plan");
    // A message has named it: nobody else has it, whatever they know.
    chat.nobody().get(&anns).await.refused(404);
    // Bob's own is not Ann's to show.
    ann.get("/api/files/802").await.refused(404);
    bob.get(&bobs).await.has_status(200);
    let delete = format!("/api/admin/messages/{}", 900);
    ann.delete(delete).await.has_status(200);
    for who in [&ann, &bob] {
        who.get(&anns).await.refused(404);
    }
}
