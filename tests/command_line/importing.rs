//! `chat import`: history from another server, from Slack and from Mattermost.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Ended, a_file, typed, words};
use crate::support::mail::token_in;
use crate::support::mentor::{has_people, id};
use crate::support::person::{email_of, password_of};
use crate::support::*;
use zip::write::SimpleFileOptions;

/// A ZIP of these entries.
fn zipped(path: &Path, entries: &[(String, Vec<u8>)]) {
    let file = std::fs::File::create(path).expect("a file");
    let mut zip = zip::ZipWriter::new(file);
    let packed = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for (name, bytes) in entries {
        zip.start_file(name.as_str(), packed).expect("an entry");
        zip.write_all(bytes).expect("its bytes");
    }
    zip.finish().expect("a ZIP");
}

/// The files of a folder of `tests/fixtures`, by their paths in it.
fn fixture(name: &str) -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name);
    let (mut open, mut entries) = (vec![root.clone()], Vec::new());
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(&root).expect("a path in it");
                let bytes = std::fs::read(&path).expect("a file");
                entries.push((words(name).to_owned(), bytes));
            }
        }
    }
    entries.sort();
    entries
}

/// The fixture as a ZIP beside the database.
fn packed(folder: &tempfile::TempDir, name: &str) -> PathBuf {
    let path = folder.path().join(format!("{name}.zip"));
    zipped(&path, &fixture(name));
    path
}

async fn imports(archive: &Path, db: &Path, more: &[&str]) -> Ended {
    let command = ["import", words(archive), "--db", words(db)];
    typed(&[&command[..], more].concat()).await
}

/// The file is sound, and search knows everything.
async fn is_sound(db: &Path) {
    typed(&["check", "--db", words(db)]).await.well();
    let left = number(
        db,
        "SELECT (SELECT coalesce(max(id), 0) FROM messages) - (SELECT upto FROM search_progress)",
    );
    assert_eq!(left, 0, "messages are not indexed");
    let wrong = number(
        db,
        "SELECT count(*) FROM attached a WHERE messages <> (
             SELECT count(DISTINCT m.id) FROM attachments t JOIN messages m ON m.id = t.message
             WHERE t.file = a.file AND m.conversation = a.conversation)
             + (SELECT count(*) FROM conversations c WHERE c.picture = a.file AND c.id = a.conversation)",
    );
    assert_eq!(wrong, 0, "links to files are miscounted");
    let wrong = number(
        db,
        "SELECT count(*) FROM accounts a WHERE stored <>
             (SELECT coalesce(sum(size), 0) FROM files WHERE uploader = a.id AND ready = 1)",
    );
    assert_eq!(wrong, 0, "what is stored is miscounted");
    let wrong = number(
        db,
        "SELECT (SELECT rooms FROM log) - (SELECT count(*) FROM conversations WHERE kind = 'room')
             + (SELECT messages FROM log) - (SELECT count(*) FROM messages)",
    );
    assert_eq!(wrong, 0, "rooms or messages are miscounted");
    let open = number(
        db,
        "SELECT count(*) FROM histories WHERE state <> 'complete'",
    );
    assert_eq!(open, 0, "a history is not complete");
}

fn number(db: &Path, sql: &str) -> i64 {
    let db = rusqlite::Connection::open(db).expect("the file");
    db.query_row(sql, (), |row| row.get(0)).expect("a number")
}

/// Every row of every table.
fn rows(db: &Path) -> Vec<String> {
    let db = rusqlite::Connection::open(db).expect("the file");
    let mut all = Vec::new();
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'search%' ORDER BY name";
    let mut tables = db.prepare(tables).expect("tables");
    let tables = tables.query_map((), |row| row.get::<_, String>(0));
    for table in tables.expect("tables") {
        let table = table.expect("a name");
        let mut found = db
            .prepare(&format!("SELECT * FROM {table}"))
            .expect("a table");
        let columns = found.column_count();
        let row = |row: &rusqlite::Row<'_>| {
            let values = (0..columns).map(|at| row.get::<_, rusqlite::types::Value>(at));
            values.collect::<rusqlite::Result<Vec<_>>>()
        };
        let found = found.query_map((), row).expect("rows");
        all.extend(found.map(|row| format!("{table}: {:?}", row.expect("a row"))));
    }
    all
}

/// Somebody who has an account without a password asks for a link, chooses one, and logs in.
async fn comes_in(chat: &Chat, db: &Path, name: &str) -> Person {
    let nobody = chat.nobody();
    let asked = json!({ "email": email_of(name) });
    let asked = nobody.post("/api/password/reset-request", asked).await;
    asked.has_status(200);
    let mail: String = {
        let db = rusqlite::Connection::open(db).expect("the file");
        let newest = "SELECT text FROM outbox WHERE recipient = $1 ORDER BY id DESC LIMIT 1";
        db.query_row(newest, [email_of(name)], |row| row.get(0))
            .expect("a mail")
    };
    let token = token_in(&json!({ "text": mail }));
    let new = json!({ "token": token, "password": password_of(name) });
    nobody
        .post("/api/password/reset", new)
        .await
        .has_status(200);
    let mut person = chat.nobody();
    person.name = name.to_owned();
    person.logs_in().await
}

/// The open room of this name as rooms lists it.
async fn room(who: &Person, name: &str) -> Value {
    let all = who.get("/api/rooms?limit=100").await.has_status(200).json();
    let all = all["data"].as_array().expect("rooms").clone();
    let found = all.iter().find(|room| room["name"] == name);
    found
        .unwrap_or_else(|| panic!("no {name} in {all:#?}"))
        .clone()
}

fn hex(room: &Value) -> String {
    room["_id"].as_str().expect("an _id").to_owned()
}

/// The attachments of the message that begins like this, as mentor lists it.
async fn attached(who: &Person, conversation: &str, begins: &str) -> Value {
    let path = format!("/api/conversations/{conversation}/messages?limit=100");
    let said = who.get(path).await.has_status(200).json();
    let said = said["messages"].as_array().expect("messages").clone();
    let begins = |one: &&Value| {
        one["content"]
            .as_str()
            .is_some_and(|text| text.starts_with(begins))
    };
    said.iter().find(begins).expect("the message")["attachments"].clone()
}

/// The conversation of this name as mentor lists it to somebody.
async fn listed(who: &Person, name: &str) -> Value {
    let all = who.get("/api/conversations?limit=100").await;
    let all = all.has_status(200).json();
    let all = all.as_array().expect("a list").clone();
    let found = all.iter().find(|one| one["name"] == name);
    found
        .unwrap_or_else(|| panic!("no {name} in {all:#?}"))
        .clone()
}

fn texts<'a>(messages: impl IntoIterator<Item = &'a Value>, field: &str) -> Vec<&'a str> {
    let text = |one: &'a Value| one[field].as_str().unwrap_or_default();
    messages.into_iter().map(text).collect()
}

#[tokio::test]
async fn a_slack_workspace_is_here_in_every_dialect() {
    let folder = tempfile::tempdir().expect("a folder");
    let (db, slack) = (folder.path().join("chat.db"), packed(&folder, "slack"));
    let would = imports(&slack, &db, &["--dry-run"]).await;
    assert!(would.well().out.contains("16 messages"), "{would:?}");
    assert!(!db.exists(), "nothing is made");
    let came = imports(&slack, &db, &["--json"]).await.json();
    assert_eq!(came["source"], "slack T0TEAM");
    assert_eq!(came["people"], json!({ "made": 6, "met": 0, "before": 0 }));
    assert_eq!(came["messages"]["made"], 16);
    assert_eq!(
        came["leftOut"],
        json!({ "it has no author": 1, "it has no time (ts)": 1, "it is there twice": 1 })
    );
    assert_eq!(
        came["examples"][0]["place"],
        "general/2024-01-15.json, element 9"
    );
    assert_eq!(came["system"], 2);
    is_sound(&db).await;

    let chat = Chat::on(&db, &[]).await;
    // Nobody can log in who has not proven the address, and a deactivated person cannot at all.
    let guess = json!({ "email": email_of("ann"), "password": "" });
    chat.nobody()
        .post("/api/auth/login", guess)
        .await
        .refused(400);
    let (ann, bob) = (
        comes_in(&chat, &db, "ann").await,
        comes_in(&chat, &db, "bob").await,
    );

    // rooms
    let general = room(&ann, "general").await;
    assert_eq!(general["description"], "Everything & everybody");
    let general = hex(&general);
    let history = ann.history(&general).await;
    assert_eq!(
        texts(&history, "content"),
        [
            "Hi @Bob Fox, read [the plan](https://example.test/plan?a=1&b=2) in #old 🎉 <3",
            "Will do",
            "Build 7\nfailed",
            "It rains",
            "_waves_",
            "An answer to what is deleted",
            "I am from elsewhere",
            "The plan",
            "The same moment",
            "Another word at that moment",
            "Done",
        ]
    );
    let names: Vec<_> = history
        .iter()
        .map(|one| &one["sender"]["username"])
        .collect();
    assert_eq!(
        names,
        [
            "Ann",
            "Bob Fox",
            "Builds",
            "Weather",
            "Eve",
            "Bob Fox",
            "Gil Guest",
            "Ann",
            "Bob Fox",
            "Ann",
            "Bob Fox"
        ]
    );
    let first = &history[0];
    assert_eq!(first["createdAt"], "2024-01-15T10:00:00.000Z");
    assert_eq!(first["editedAt"], "2024-01-15T10:01:40.000Z");
    assert_eq!(first["mentions"].as_array().map(Vec::len), Some(1));
    assert_eq!(first["reactions"][0]["emoji"], "👍🏻");
    assert_eq!(first["reactions"][0]["count"], 2);
    assert_eq!(first["reactions"][1]["emoji"], ":party_parrot:");
    assert!(first["pinnedAt"].is_string(), "{first}");
    assert_eq!(
        (&history[1]["replyTo"], &history[10]["replyTo"]),
        (&first["_id"], &first["_id"])
    );
    assert_eq!(history[5]["replyTo"], Value::Null, "its thread is deleted");
    // A file of the ZIP is served, one that is elsewhere is a link without the export's secret.
    let attached = attached(&bob, &general, "The plan").await;
    let file = attached[0]["url"].as_str().expect("a path");
    assert_eq!(bob.get(file).await.has_status(200).text(), "The plan\n");
    assert_eq!(
        attached[1]["url"],
        "https://files.example.test/F0002/big.bin"
    );
    let late = json!({ "roomId": room(&ann, "old").await["_id"], "content": "Still there?" });
    ann.post("/api/messages", late).await.refused(403);
    // mentor: nothing is unread, a private channel is a group, a group conversation has a name of names.
    for name in ["general", "secret", "Ann, Bob Fox, Eve"] {
        assert_eq!(listed(&bob, name).await["unreadCount"], 0, "{name}");
    }
    let secret = listed(&bob, "secret").await;
    let path = format!("/api/conversations/{}/messages", id(&secret));
    let said = bob.get(path).await.has_status(200).json();
    assert_eq!(said["messages"][0]["content"], "It is *late*");
    // emote
    let page = ann.get("/api/conversations?page=1&page_size=100").await;
    assert_eq!(page.has_status(200).json()["pagination"]["total"], 6);
    // campus
    let pair = json!({ "senderId": ann.uuid, "receiverId": bob.uuid });
    let two = ann
        .post("/conversaton/create", pair)
        .await
        .has_status(200)
        .json();
    let path = format!("/message/get-messages?conversationId={}", id(&two));
    let said = bob.get(path).await.has_status(200).json();
    let said = said.as_array().expect("messages");
    assert_eq!(texts(said, "message"), ["Psst", "What?"]);
    // direct, and search
    let sent = ann.writes_to(&bob, "Still there?").await;
    assert_eq!(sent["receiver_id"], bob.number);
    let found = bob.get("/api/messages/search?q=plan&limit=100").await;
    assert_eq!(
        found.has_status(200).json()["data"]
            .as_array()
            .map(Vec::len),
        Some(2)
    );
    for (q, count) in [
        ("plan after:2024-01-16", 1),
        ("plan before:2024-01-16", 1),
        ("after:2024-01-16 before:2024-01-17", 4),
    ] {
        let q: String = form_urlencoded::byte_serialize(q.as_bytes()).collect();
        let found = bob.get(format!("/api/messages/search?q={q}")).await;
        let found = found.has_status(200).json();
        assert_eq!(
            found["data"].as_array().map(Vec::len),
            Some(count),
            "{q}: {found}"
        );
    }
    // A stranger sees the room, and nothing else.
    let mallory = chat.rooms("mallory").await;
    assert_eq!(mallory.history(&general).await.len(), 11);
    let path = format!("/api/conversations/{}/messages", id(&secret));
    mallory.get(path).await.refused(404);
    assert_eq!(chat.stop().await, 0);
}

#[tokio::test]
async fn a_mattermost_server_is_here_from_a_zip_or_from_lines() {
    let folder = tempfile::tempdir().expect("a folder");
    let zip = packed(&folder, "mattermost");
    let lines =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/mattermost/import.jsonl");
    for (nth, export) in [zip, lines].iter().enumerate() {
        let db = folder.path().join(format!("{nth}.db"));
        let came = imports(export, &db, &["--json"]).await.json();
        assert_eq!(came["source"], "mattermost");
        assert_eq!(came["messages"]["made"], 9);
        assert_eq!(came["files"]["made"], 1);
        assert_eq!(
            came["leftOut"],
            json!({
                "it is not as documented: EOF while parsing an object": 1,
                "it names a channel that is not there": 1,
                "its file is not there: ../../../../etc/passwd": 1,
            })
        );
        is_sound(&db).await;
        let chat = Chat::on(&db, &[]).await;
        let bob = comes_in(&chat, &db, "bob").await;
        let history = bob.history(&hex(&room(&bob, "Town Square").await)).await;
        assert_eq!(
            texts(&history, "content"),
            ["Hi @bob 🎉", "Hi Ann", "Later"]
        );
        assert_eq!(history[1]["replyTo"], history[0]["_id"]);
        assert_eq!(history[0]["mentions"], json!([bob.id]));
        assert_eq!(history[0]["reactions"][0]["count"], 2);
        let square = hex(&room(&bob, "Town Square").await);
        let attached = attached(&bob, &square, "Hi @bob").await;
        let file = attached[0]["url"].as_str().expect("a path");
        assert_eq!(bob.get(file).await.has_status(200).text(), "The plan\n");
        assert_eq!(listed(&bob, "Secret").await["unreadCount"], 0);
        listed(&bob, "Ann, Bob Fox, Eve").await;
        let eve = json!({ "email": email_of("eve") });
        chat.nobody()
            .post("/api/password/reset-request", eve)
            .await
            .has_status(200);
        assert_eq!(chat.stop().await, 0);
    }
}

/// An export in a form that does not depend on numbers and keys that another server has others of.
fn likened(zip: &Path) -> Value {
    let file = std::fs::File::open(zip).expect("the ZIP");
    let mut zip = zip::ZipArchive::new(file).expect("a ZIP");
    let mut bytes = |name: &str| {
        let mut bytes = Vec::new();
        zip.by_name(name)
            .expect("an entry")
            .read_to_end(&mut bytes)
            .expect("its bytes");
        bytes
    };
    let mut lines = |name: &str| -> Vec<Value> {
        let text = String::from_utf8(bytes(name)).expect("text");
        let line = |line| serde_json::from_str(line).expect("JSON");
        text.lines().map(line).collect()
    };
    let names = [
        "accounts",
        "sessions",
        "files",
        "conversations",
        "members",
        "messages",
        "notices",
        "restraints",
        "blocks",
        "unwanted",
    ];
    let mut all: HashMap<&str, Vec<Value>> = names
        .iter()
        .map(|name| (*name, lines(&format!("{name}.jsonl"))))
        .collect();
    // What each number is the how manyeth of its kind.
    let nameless = |name: &str| ["members", "restraints", "blocks"].contains(&name);
    let places = |lines: &[Value]| -> HashMap<i64, usize> {
        let ids = lines.iter().map(|line| line["id"].as_i64().expect("an id"));
        ids.enumerate().map(|(at, id)| (id, at)).collect()
    };
    let kinds: HashMap<&str, HashMap<i64, usize>> = all
        .iter()
        .map(|(name, lines)| (*name, places(if nameless(name) { &[] } else { lines })))
        .collect();
    let mut numbers: HashMap<i64, Vec<i64>> = HashMap::new();
    for line in &all["messages"] {
        let place = line["conversation"].as_i64().expect("a conversation");
        numbers
            .entry(place)
            .or_default()
            .push(line["number"].as_i64().expect("a number"));
    }
    let mut spelled = HashMap::new();
    for (at, file) in all["files"].iter().enumerate() {
        for one in file["spelled"].as_array().expect("spellings") {
            spelled.insert(
                one.as_str().expect("a spelling").to_owned(),
                format!("FILE {at}"),
            );
        }
    }
    let here = |kind: &str, value: &mut Value| {
        if let Some(id) = value.as_i64() {
            *value = json!(
                kinds[kind]
                    .get(&id)
                    .unwrap_or_else(|| panic!("no {kind} {id}"))
            );
        }
    };
    let text = |value: &mut Value| {
        if let Some(text) = value.as_str() {
            let mut text = text.to_owned();
            for (there, name) in &spelled {
                text = text.replace(there, name);
            }
            *value = json!(text);
        }
    };
    for (name, lines) in &mut all {
        for line in lines {
            let conversation = line["conversation"].as_i64();
            if !nameless(name) {
                here(name, &mut line["id"]);
            }
            for (field, kind) in [
                ("account", "accounts"),
                ("author", "accounts"),
                ("uploader", "accounts"),
                ("creator", "accounts"),
                ("mentor", "accounts"),
                ("mentee", "accounts"),
                ("pinnedBy", "accounts"),
                ("by", "accounts"),
                ("blocked", "accounts"),
                ("conversation", "conversations"),
                ("session", "sessions"),
                ("replyTo", "messages"),
                ("picture", "files"),
            ] {
                if line.get(field).is_some() {
                    here(kind, &mut line[field]);
                }
            }
            for field in ["between", "mentions"] {
                for one in line
                    .get_mut(field)
                    .and_then(Value::as_array_mut)
                    .into_iter()
                    .flatten()
                {
                    here("accounts", one);
                }
            }
            for reaction in line
                .get_mut("reactions")
                .and_then(Value::as_array_mut)
                .into_iter()
                .flatten()
            {
                for one in reaction["accounts"].as_array_mut().expect("accounts") {
                    here("accounts", one);
                }
            }
            for attached in line
                .get_mut("attachments")
                .and_then(Value::as_array_mut)
                .into_iter()
                .flatten()
            {
                here("files", &mut attached["file"]);
                text(&mut attached["url"]);
            }
            if line.get("text").is_some() {
                text(&mut line["text"]);
            }
            if let (Some(place), Some(upto)) =
                (conversation, line.get("readUpTo").and_then(Value::as_i64))
            {
                let said = numbers.get(&place).map_or(&[][..], Vec::as_slice);
                line["readUpTo"] = json!(said.iter().filter(|one| **one <= upto).count());
            }
            if let (Some(place), Some(number)) =
                (conversation, line.get("number").and_then(Value::as_i64))
            {
                line["number"] = json!(numbers[&place].iter().position(|one| *one == number));
            }
            if let Some(line) = line.as_object_mut() {
                line.remove("spelled");
                line.remove("path");
            }
        }
    }
    json!(all)
}

#[tokio::test]
async fn what_one_server_exported_another_takes_in() {
    let folder = tempfile::tempdir().expect("a folder");
    let old = folder.path().join("old.db");
    let chat = Chat::on(&old, &[]).await;
    let (ann, bob, eve, gil) = (
        chat.rooms("ann").await,
        chat.emote("bob").await,
        chat.rooms("eve").await,
        chat.rooms("gil").await,
    );
    let lobby = ann.opens_room("Lobby").await;
    let first = ann.posts(&lobby, "Who is there?").await;
    let gone = ann.posts(&lobby, "Nobody?").await;
    let path = |said: &Value| format!("/api/messages/{}", said["_id"].as_str().expect("an id"));
    ann.delete(path(&gone)).await.has_status(200);
    let answer = json!({ "roomId": lobby, "content": "I am, @ann", "replyTo": first["_id"], "clientMessageId": "bob 1" });
    bob.post("/api/messages", answer).await.has_status(201);
    let edit = Request::new("PATCH", path(&first)).json(&json!({ "content": "Anybody there?" }));
    ann.sends(edit).await.has_status(200);
    for who in [&ann, &bob] {
        who.put(format!("{}/reactions/%F0%9F%91%8D", path(&first)))
            .await
            .has_status(200);
    }
    bob.put(format!("{}/reactions/%F0%9F%8E%89", path(&first)))
        .await
        .has_status(200);
    ann.put(format!("{}/pin", path(&first)))
        .await
        .has_status(200);
    let form = Form::file("plan.txt", "text/plain", "The plan").field("roomId", &lobby);
    let plan = ann.uploads(form).await.has_status(201).json();
    let plan = plan["data"]["url"].as_str().expect("a path").to_owned();
    let shared = json!({ "content": format!("See http://old.example{plan} and {plan}"),
        "attachments": [{ "filename": "plan.txt", "mimeType": "text/plain", "url": plan, "size": 8 }] });
    let path = format!("/api/conversations/{lobby}/messages");
    ann.post(path, shared).await.has_status(201);
    let pair = ann.meets(&bob).await;
    ann.sends_to(&pair, "Hello Bob").await;
    ann.sends_to(&pair, "Are you there?").await;
    bob.reads(&pair).await;
    ann.sends_to(&pair, "Read this later").await;
    let group = ann.gathers("Three", &[&bob, &eve]).await;
    eve.sends_to(&group, "Bye").await;
    let mute = json!({ "level": "mentions" });
    bob.patch(format!("/conversaton/{group}/settings"), mute)
        .await
        .has_status(200);
    chat.has_session("0190b5a2-5c1e-7d6a-9a55-1c2d3e4f5a6b", &ann, &bob)
        .await;
    let session = ann
        .opens_session("0190b5a2-5c1e-7d6a-9a55-1c2d3e4f5a6b")
        .await;
    ann.says(&id(&session), "Welcome").await;
    chat.notifies(&bob, "Project", "You are in it", "project")
        .await;
    ann.moderates(&lobby, &group, &gil, &bob).await;
    chat.command(&["user", "remove", "eve"]).await;
    eventually("eve is gone, and has left the group", async || {
        number(
            &old,
            "SELECT (SELECT count(*) FROM erasures) + (SELECT count(*) FROM members m
                 JOIN accounts a ON a.id = m.account WHERE a.name = 'eve')",
        ) == 0
    })
    .await;
    assert_eq!(chat.stop().await, 0);
    let made = rusqlite::Connection::open(&old).expect("the file");
    made.execute("UPDATE accounts SET admin = 1 WHERE name = 'ann'", ())
        .expect("an administrator");
    drop(made);
    lists(&old, "scoundrel", "word", "refuse");
    lists(&old, "rasc.l", "pattern", "report");
    let export = async |db: &Path, name: &str| {
        let path = folder.path().join(name);
        typed(&["export", words(&path), "--db", words(db)])
            .await
            .well();
        path
    };
    let all = export(&old, "all.zip").await;
    let counts = ["restraints", "blocks", "unwanted"].map(|name| likened(&all)[name].clone());
    let counts = counts.map(|lines| lines.as_array().map(Vec::len));
    assert_eq!(counts, [Some(2), Some(1), Some(2)]);

    let new = folder.path().join("new.db");
    imports(&all, &new, &["--admins"]).await.well();
    is_sound(&new).await;
    let again = export(&new, "again.zip").await;
    assert_eq!(likened(&all), likened(&again));
    // The same again changes nothing.
    let second = imports(&all, &new, &["--json"]).await.json();
    assert_eq!(
        second["messages"],
        json!({ "made": 0, "before": 8, "late": 0 })
    );
    let third = export(&new, "third.zip").await;
    assert_eq!(likened(&all), likened(&third));
    // Nor is a server told its own past.
    imports(&all, &old, &[])
        .await
        .badly(1, "from this very database");
    // Administrators are made only if one says so.
    let humble = folder.path().join("humble.db");
    imports(&all, &humble, &[]).await.well();
    assert_eq!(
        number(&humble, "SELECT count(*) FROM accounts WHERE admin = 1"),
        0
    );
    assert_eq!(
        number(&new, "SELECT count(*) FROM accounts WHERE admin = 1"),
        1
    );
    assert_eq!(number(&humble, "SELECT count(*) FROM unwanted"), 0);
    assert_eq!(number(&humble, "SELECT count(*) FROM restraints"), 2);

    let chat = Chat::on(&new, &[]).await;
    let (ann, bob) = (
        comes_in(&chat, &new, "ann").await,
        comes_in(&chat, &new, "bob").await,
    );
    let pair = bob.meets(&ann).await;
    assert_eq!(
        bob.conversation(&pair).await["unreadCount"],
        1,
        "as he had left it"
    );
    let lobby = hex(&room(&ann, "Lobby").await);
    let history = bob.history(&lobby).await;
    let attached = attached(&ann, &lobby, "See").await;
    let link = attached[0]["url"].as_str().expect("a path");
    assert_ne!(link, plan);
    assert_eq!(
        history[2]["content"],
        format!("See http://old.example{link} and {link}")
    );
    assert_eq!(ann.get(link).await.has_status(200).text(), "The plan");
    let notices = bob.get("/api/notifications").await.has_status(200).json();
    assert!(notices.to_string().contains("You are in it"), "{notices}");
    bob.opens_a_socket()
        .await
        .hears_nothing_of("new_notification")
        .await;
    // What Bob's client sends again is the message that it was.
    let repeat = json!({ "roomId": lobby, "content": "I am, @ann", "clientMessageId": "bob 1" });
    let repeat = bob
        .post("/api/messages", repeat)
        .await
        .has_status(201)
        .json();
    assert_eq!(repeat["data"]["_id"], history[1]["_id"]);
    // Who was kept out is so here, and what was not wanted is not wanted.
    let gil = comes_in(&chat, &new, "gil").await;
    assert_eq!(room(&ann, "Lobby").await["slowMode"], 30);
    gil.get(format!("/api/rooms/{lobby}")).await.refused(403);
    let path = format!(
        "/api/conversations/{}/messages",
        id(&listed(&bob, "Three").await)
    );
    let hello = json!({ "content": "Hello" });
    bob.post(&path, hello.clone()).await.refused(403);
    ann.post(&path, hello).await.has_status(201);
    let refused = ann.post(&path, json!({ "content": "Scoundrel" })).await;
    refused.refused(400);
    let pair = json!({ "senderId": gil.uuid, "receiverId": ann.uuid });
    gil.post("/conversaton/create", pair).await.refused(403);
    assert_eq!(chat.stop().await, 0);
}

impl Person {
    /// Somebody is banned from the room and blocked, somebody is silenced in the group for an hour, and the room is slow.
    async fn moderates(&self, room: &str, group: &str, out: &Person, quiet: &Person) {
        let (room, group) = (format!("/api/rooms/{room}"), format!("/api/rooms/{group}"));
        let ban = format!("{room}/bans/{}", out.id);
        self.puts(ban, json!({})).await.has_status(200);
        let silence = format!("{group}/silences/{}", quiet.id);
        let hour = json!({ "seconds": 3600 });
        self.puts(silence, hour).await.has_status(200);
        let slow = json!({ "slowMode": 30 });
        self.patch(room, slow).await.has_status(200);
        let block = format!("/user/blocks/{}", out.uuid);
        self.put(block).await.has_status(200);
    }
}

fn changes(db: &Path, sql: &str) {
    let db = rusqlite::Connection::open(db).expect("the file");
    db.execute(sql, ()).expect("SQL");
}

/// The administrators do not want this to be said.
fn lists(db: &Path, text: &str, sort: &str, act: &str) {
    let values = format!("('{text}', '{sort}', '{act}', 1700000000000)");
    changes(
        db,
        &format!("INSERT INTO unwanted (text, sort, act, at) VALUES {values}"),
    );
}

#[tokio::test]
async fn what_was_lifted_here_does_not_come_again_nor_what_is_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let old = folder.path().join("old.db");
    let chat = Chat::on(&old, &[]).await;
    let (ann, bob, gil) = (
        chat.rooms("ann").await,
        chat.rooms("bob").await,
        chat.rooms("gil").await,
    );
    let lobby = ann.opens_room("Lobby").await;
    let group = ann.gathers("Two", &[&bob]).await;
    ann.moderates(&lobby, &group, &gil, &bob).await;
    assert_eq!(chat.stop().await, 0);
    lists(&old, "scoundrel", "word", "refuse");
    let export = async |name: &str| {
        let path = folder.path().join(name);
        typed(&["export", words(&path), "--db", words(&old)])
            .await
            .well();
        path
    };
    let all = export("all.zip").await;
    let held = |db: &Path| {
        ["restraints", "blocks", "unwanted"]
            .map(|table| number(db, &format!("SELECT count(*) FROM {table}")))
    };
    let new = folder.path().join("new.db");
    for _ in 0..2 {
        let came = imports(&all, &new, &["--admins", "--json"]).await.json();
        assert_eq!(came["leftOut"], json!({}));
        assert_eq!(held(&new), [2, 1, 1]);
    }
    // All but the silence is taken back here.
    let chat = Chat::on(&new, &[]).await;
    let (ann, gil) = (
        comes_in(&chat, &new, "ann").await,
        comes_in(&chat, &new, "gil").await,
    );
    let place = hex(&room(&ann, "Lobby").await);
    let ban = format!("/api/rooms/{place}/bans/{}", gil.id);
    ann.delete(ban).await.has_status(200);
    let block = format!("/user/blocks/{}", gil.uuid);
    ann.delete(block).await.has_status(200);
    gil.posts(&place, "I am back").await;
    assert_eq!(chat.stop().await, 0);
    changes(&new, "DELETE FROM unwanted");
    imports(&all, &new, &["--admins"]).await.well();
    assert_eq!(held(&new), [1, 0, 0], "the silence is left");
    // A new ban comes with a newer export, and ends a membership that has begun since.
    changes(
        &old,
        "UPDATE restraints SET imposed_at = imposed_at + 1 WHERE kind = 'ban'",
    );
    let newer = export("newer.zip").await;
    imports(&newer, &new, &["--admins"]).await.well();
    assert_eq!(held(&new), [2, 0, 0]);
    let members =
        "SELECT count(*) FROM members m JOIN accounts a ON a.id = m.account WHERE a.name = 'gil'";
    assert_eq!(number(&new, members), 0);
    is_sound(&new).await;
    // What is over by then does not come, and lines that nothing fits are counted.
    changes(
        &old,
        "UPDATE restraints SET until = imposed_at + 1 WHERE kind = 'silence'",
    );
    let late = export("late.zip").await;
    let fresh = folder.path().join("fresh.db");
    imports(&late, &fresh, &[]).await.well();
    assert_eq!(held(&fresh), [1, 1, 0]);
    let file = std::fs::File::open(&late).expect("the ZIP");
    let mut zip = zip::ZipArchive::new(file).expect("a ZIP");
    let mut entries = Vec::new();
    for at in 0..zip.len() {
        let mut entry = zip.by_index(at).expect("an entry");
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("its bytes");
        let name = entry.name().expect("a name").into_owned();
        bytes.extend_from_slice(match &*name {
            "restraints.jsonl" => {
                b"{\"conversation\":1,\"account\":99,\"kind\":\"ban\",\"by\":1,\"at\":\"2024-01-01T00:00:00Z\"}\n"
            }
            "blocks.jsonl" => {
                b"{\"account\":1,\"blocked\":1,\"at\":\"2024-01-01T00:00:00Z\"}\n"
            }
            "unwanted.jsonl" => {
                b"{\"id\":99,\"text\":\"(\",\"sort\":\"pattern\",\"act\":\"refuse\",\"at\":\"2024-01-01T00:00:00Z\"}\n"
            }
            _ => &b""[..],
        });
        entries.push((name, bytes));
    }
    let odd = folder.path().join("odd.zip");
    zipped(&odd, &entries);
    let last = folder.path().join("last.db");
    let came = imports(&odd, &last, &["--admins", "--json"]).await.json();
    let left_out = came["leftOut"].as_object().expect("reasons");
    assert_eq!(left_out.len(), 3, "{came}");
    assert_eq!(left_out["it names an account that is not there"], 1);
    assert_eq!(left_out["nobody blocks themselves"], 1);
    assert_eq!(held(&last), [1, 1, 1]);
}

#[tokio::test]
async fn history_is_no_news_to_who_comes_back() {
    let (folder, db) = a_file().await;
    let slack = packed(&folder, "slack");
    let chat = Chat::on(&db, &[]).await;
    chat.emote("ann").await;
    let (ann, carl) = (comes_in(&chat, &db, "ann").await, chat.rooms("carl").await);
    let here = ann.opens_room("Here").await;
    let last = ann.posts(&here, "I was here").await;
    assert_eq!(chat.stop().await, 0);
    let came = imports(&slack, &db, &["--json"]).await.json();
    assert_eq!(came["people"], json!({ "made": 5, "met": 1, "before": 0 }));
    is_sound(&db).await;

    let chat = Chat::on(&db, &[]).await;
    let (ann, carl) = (ann.at(&chat), carl.at(&chat));
    let bob = comes_in(&chat, &db, "bob").await;
    let zero = json!({ "lastMessageId": 0 });
    let old = json!({ "lastMessageId": last["_id"] });
    let socket = ann.enters_chat(old.clone()).await.expect("she is let in");
    socket.hears_nothing().await;
    let general = hex(&room(&ann, "general").await);
    for (who, from) in [(&ann, &old), (&carl, &old), (&carl, &zero)] {
        let socket = who.enters(from.clone()).await.expect("they are let in");
        socket.does("joinRoom", json!({ "roomId": general })).await;
        socket.hears_nothing().await;
    }
    let secret = listed(&ann, "secret").await;
    let direct = ann.enters(old.clone()).await.expect("she is let in");
    direct
        .does(
            "join_conversation",
            json!({ "conversationId": id(&secret) }),
        )
        .await;
    direct
        .does("join-group", json!({ "conversation": general }))
        .await;
    direct.hears_nothing().await;
    // What is said from now on is heard, live and by whoever comes back.
    bob.posts(&general, "Good morning").await;
    socket
        .hears(
            "new_message",
            json!({ "message": { "content": "Good morning" } }),
        )
        .await;
    direct
        .hears(
            "receive-group-message",
            json!({ "message": "Good morning" }),
        )
        .await;
    let back = carl.enters(old).await.expect("he is let in");
    back.does("joinRoom", json!({ "roomId": general })).await;
    back.hears("message", json!({ "content": "Good morning" }))
        .await;
    back.hears_nothing().await;
    // Nor is anything unread, or mailed.
    assert_eq!(listed(&ann, "general").await["unreadCount"], 1);
    assert_eq!(listed(&ann, "secret").await["unreadCount"], 0);
    assert_eq!(
        number(&db, "SELECT count(*) FROM outbox WHERE kind = 'digest'"),
        0
    );
    assert_eq!(chat.stop().await, 0);
    assert_eq!(
        number(
            &db,
            "SELECT count(*) FROM unread_mail WHERE first <> (SELECT max(id) FROM messages)"
        ),
        0
    );
}

/// A workspace with two people, `channels` channels, and so many messages in each.
fn workspace(channels: usize, messages: usize) -> Vec<(String, Vec<u8>)> {
    let users = json!([
        { "id": "U1", "team_id": "T1", "name": "ann", "profile": { "email": email_of("ann") } },
        { "id": "U2", "team_id": "T1", "name": "bob", "profile": { "email": email_of("bob") } },
    ]);
    let list: Value = (0..channels)
        .map(|nth| json!({ "id": format!("C{nth}"), "name": format!("channel-{nth}"), "created": 1_600_000_000,
            "creator": "U1", "members": ["U1", "U2"] }))
        .collect();
    let mut entries = vec![
        ("users.json".to_owned(), users.to_string().into_bytes()),
        ("channels.json".to_owned(), list.to_string().into_bytes()),
    ];
    for channel in 0..channels {
        let said: Value = (0..messages)
            .map(|nth| {
                let ts = format!("{}.{:06}", 1_600_000_100 + nth, channel);
                let thread =
                    (nth % 7 == 3).then(|| format!("{}.{:06}", 1_600_000_100 + nth - 1, channel));
                json!({ "type": "message", "user": if nth % 2 == 0 { "U1" } else { "U2" }, "ts": ts,
                    "thread_ts": thread, "text": format!("message {nth} of {channel}") })
            })
            .collect();
        entries.push((
            format!("channel-{channel}/2020-09-13.json"),
            said.to_string().into_bytes(),
        ));
    }
    entries
}

fn begins(arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_chat"))
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command can be started")
}

fn told(child: &Child, signal: rustix::process::Signal) {
    let process = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(process, signal).ok();
}

#[tokio::test]
async fn killed_again_and_again_it_doubles_and_misses_nothing() {
    const CHANNELS: usize = 4;
    const MESSAGES: usize = 4_000;
    let folder = tempfile::tempdir().expect("a folder");
    let (db, whole) = (
        folder.path().join("chat.db"),
        folder.path().join("whole.db"),
    );
    let slack = folder.path().join("slack.zip");
    zipped(&slack, &workspace(CHANNELS, MESSAGES));
    imports(&slack, &whole, &[]).await.well();
    let command = ["import", words(&slack), "--db", words(&db)];
    let (mut before, mut cuts) = (0, 0);
    for nth in 0..60 {
        let child = begins(&command);
        // From the first moments on to when it is nearly done.
        std::thread::sleep(Duration::from_millis(100 + 60 * nth));
        let signal = match nth % 3 {
            2 => rustix::process::Signal::INT,
            _ => rustix::process::Signal::KILL,
        };
        told(&child, signal);
        let ended = child.wait_with_output().expect("it ends");
        if ended.status.success() {
            break;
        }
        if nth % 3 == 2 {
            let said = String::from_utf8_lossy(&ended.stderr).into_owned();
            assert!(said.contains("stopped") || said.is_empty(), "{said}");
        }
        if !db.exists() {
            continue;
        }
        let said = {
            let db = rusqlite::Connection::open(&db).expect("the file");
            db.query_row("SELECT count(*) FROM messages", (), |row| row.get(0))
                .unwrap_or(0_i64)
        };
        assert!(said >= before, "what is written stays");
        cuts += u32::from(said > before && said < (CHANNELS * MESSAGES) as i64);
        before = said;
    }
    assert!(cuts >= 2, "it was cut in the middle {cuts} times");
    imports(&slack, &db, &[]).await.well();
    is_sound(&db).await;
    let export = async |db: &Path, name: &str| {
        let path = folder.path().join(name);
        typed(&["export", words(&path), "--db", words(db)])
            .await
            .well();
        likened(&path)
    };
    let (cut, smooth) = (
        export(&db, "cut.zip").await,
        export(&whole, "smooth.zip").await,
    );
    for kind in ["conversations", "members", "messages"] {
        let lines = |all: &Value| all[kind].as_array().expect("lines").clone();
        assert_eq!(lines(&cut).len(), lines(&smooth).len(), "{kind}");
        for (one, other) in lines(&cut).iter().zip(&lines(&smooth)) {
            assert_eq!(one, other);
        }
    }

    // An export that is stopped leaves nothing.
    let stopped = folder.path().join("stopped.zip");
    let partial = folder.path().join("stopped.zip.partial");
    let child = begins(&["export", words(&stopped), "--db", words(&db)]);
    let begun = Instant::now();
    while !partial.exists() && begun.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(1));
    }
    told(&child, rustix::process::Signal::INT);
    let ended = child.wait_with_output().expect("it ends");
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(!partial.exists() && !stopped.exists());
}

#[tokio::test]
async fn a_newer_export_adds_what_is_new_where_nobody_has_talked_since() {
    let (folder, db) = a_file().await;
    let slack = folder.path().join("slack.zip");
    zipped(&slack, &workspace(3, 10));
    imports(&slack, &db, &[]).await.well();
    let chat = Chat::on(&db, &[]).await;
    let (ann, bob) = (
        comes_in(&chat, &db, "ann").await,
        comes_in(&chat, &db, "bob").await,
    );
    let talked = listed(&ann, "channel-0").await;
    ann.says(&id(&talked), "We are here now").await;
    let left = listed(&bob, "channel-1").await;
    let path = format!("/api/conversations/{}/members/{}", id(&left), bob.uuid);
    bob.delete(path).await.has_status(200);
    assert_eq!(chat.stop().await, 0);

    zipped(&slack, &workspace(4, 12));
    let would = imports(&slack, &db, &["--json", "--dry-run"]).await.json();
    assert_eq!(would["messages"]["made"], 18);
    let came = imports(&slack, &db, &["--json"]).await.json();
    assert_eq!(
        came["messages"],
        json!({ "made": 16, "before": 30, "late": 2 })
    );
    assert_eq!(came["people"]["before"], 2);
    is_sound(&db).await;
    let again = imports(&slack, &db, &["--json"]).await.json();
    assert_eq!(
        again["messages"],
        json!({ "made": 0, "before": 46, "late": 2 })
    );

    let chat = Chat::on(&db, &[]).await;
    let (ann, bob) = (ann.at(&chat), bob.at(&chat));
    for name in ["channel-1", "channel-2", "channel-3"] {
        let place = listed(&ann, name).await;
        assert_eq!(place["unreadCount"], 0);
        let said = ann
            .get(format!(
                "/api/conversations/{}/messages?limit=100",
                id(&place)
            ))
            .await;
        let said = said.has_status(200).json();
        let said = said["messages"].as_array().expect("messages").clone();
        assert_eq!(
            (said.len(), &said[0]["content"]),
            (12, &json!(format!("message 11 of {}", &name[8..])))
        );
    }
    let all = bob
        .get("/api/conversations?limit=100")
        .await
        .has_status(200)
        .json();
    let names: Vec<_> = all
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| one["name"].clone())
        .collect();
    assert!(
        !names.contains(&json!("channel-1")),
        "he has left it: {names:?}"
    );
    assert_eq!(chat.stop().await, 0);
}

#[tokio::test]
async fn nobody_gets_anothers_history_by_an_address_that_they_have_typed() {
    let (folder, db) = a_file().await;
    let slack = packed(&folder, "slack");
    let chat = Chat::on(&db, &[]).await;
    // Mallory has signed up with Bob's address, and with Ann's username.
    let mallory =
        json!({ "username": "ann", "email": email_of("bob"), "password": password_of("bob") });
    chat.nobody()
        .post("/api/auth/signup", mallory)
        .await
        .has_status(201);
    let mut mallory = chat.nobody();
    mallory.name = "bob".to_owned();
    let mallory = mallory.logs_in().await;
    assert_eq!(chat.stop().await, 0);
    let came = imports(&slack, &db, &["--json"]).await.json();
    assert_eq!(came["people"]["met"], 0);
    let notes = came["leftOut"].to_string();
    assert!(
        notes.contains("the username ann is taken: it is ann-2 here"),
        "{notes}"
    );
    assert!(
        notes.contains("signed up with its address and not proven it"),
        "{notes}"
    );
    let chat = Chat::on(&db, &[]).await;
    let own = mallory.at(&chat).get("/api/conversations?limit=100").await;
    assert_eq!(own.has_status(200).json(), json!([]));
    assert_eq!(chat.stop().await, 0);
    // A second export of the same people meets those whom the first has brought.
    let mattermost = packed(&folder, "mattermost");
    let came = imports(&mattermost, &db, &["--json"]).await.json();
    assert_eq!(came["people"], json!({ "made": 2, "met": 2, "before": 0 }));
    is_sound(&db).await;
}

#[tokio::test]
async fn two_who_have_talked_here_already_get_a_group_of_their_past() {
    let (folder, db) = a_file().await;
    let slack = packed(&folder, "slack");
    let chat = Chat::on(&db, &[]).await;
    chat.emote("ann").await;
    chat.emote("bob").await;
    let (ann, bob) = (
        comes_in(&chat, &db, "ann").await,
        comes_in(&chat, &db, "bob").await,
    );
    let pair = ann.meets(&bob).await;
    ann.sends_to(&pair, "Hello here").await;
    assert_eq!(chat.stop().await, 0);
    imports(&slack, &db, &[]).await.well();
    is_sound(&db).await;
    let chat = Chat::on(&db, &[]).await;
    let (ann, bob) = (ann.at(&chat), bob.at(&chat));
    let past = listed(&bob, "Ann, Bob Fox").await;
    has_people(&past, &[&ann, &bob]);
    let said = bob
        .get(format!("/api/conversations/{}/messages", id(&past)))
        .await;
    let said = said.has_status(200).json();
    assert_eq!(
        texts(said["messages"].as_array().expect("messages"), "content"),
        ["What?", "Psst"]
    );
    let said = bob
        .get(format!("/api/conversations/{pair}/messages"))
        .await
        .has_status(200)
        .json();
    assert_eq!(said["messages"].as_array().map(Vec::len), Some(1));
    assert_eq!(chat.stop().await, 0);
}

#[tokio::test]
async fn a_file_that_is_no_export_or_a_bomb_changes_nothing() {
    let (folder, db) = a_file().await;
    let path = |name: &str| folder.path().join(name);
    let before = rows(&db);
    let users = ("users.json".to_owned(), b"[]".to_vec());
    let day = |bytes: Vec<u8>| {
        let list = br#"[{"id":"C1","name":"x","created":1,"members":[]}]"#.to_vec();
        vec![
            users.clone(),
            ("channels.json".to_owned(), list),
            ("x/2020-01-01.json".to_owned(), bytes),
        ]
    };
    std::fs::write(path("words.txt"), "no export").expect("a file");
    zipped(&path("other.zip"), &[("x.txt".to_owned(), b"x".to_vec())]);
    zipped(&path("whole.zip"), &day(b"[]".to_vec()));
    let whole = std::fs::read(path("whole.zip")).expect("a file");
    std::fs::write(path("cut.zip"), &whole[..whole.len() / 2]).expect("a file");
    zipped(
        &path("newer.zip"),
        &[(
            "manifest.json".to_owned(),
            br#"{"format":"chat","version":9}"#.to_vec(),
        )],
    );
    // A hundred times its size and 256 MiB is allowed; blanks shrink to a thousandth.
    zipped(&path("bomb.zip"), &day(vec![b' '; 400 << 20]));
    for (name, why) in [
        ("missing.zip", "cannot be read"),
        ("words.txt", "is no export of chat, Slack or Mattermost"),
        ("other.zip", "is no export of chat, Slack or Mattermost"),
        ("cut.zip", "is no whole ZIP"),
        ("newer.zip", "update chat"),
        ("bomb.zip", "unpacks to more than 100 times its size"),
    ] {
        imports(&path(name), &db, &[]).await.badly(1, why);
        assert!(rows(&db) == before, "{name} has changed the file");
    }
    let new = path("new.db");
    imports(&path("words.txt"), &new, &[])
        .await
        .badly(1, "is no export");
    assert!(!new.exists(), "nothing is made");
    let chat = Chat::on(&db, &[]).await;
    imports(&path("whole.zip"), &db, &[])
        .await
        .badly(3, "in use by another chat server");
    assert_eq!(chat.stop().await, 0);
}

#[tokio::test]
async fn bad_rows_are_counted_and_the_rest_comes() {
    let (folder, db) = a_file().await;
    let slack = folder.path().join("slack.zip");
    let mut entries = workspace(1, 3);
    let long = "word ".repeat(4_000);
    let huge = "x".repeat((16 << 20) + 1);
    let mut day = Vec::new();
    write!(
        day,
        r#"[{{"type":"message","user":"U1","ts":"1600001000.000000","text":"bad "#
    )
    .expect("memory");
    day.extend(b"\xff\xfe bytes\"},");
    write!(
        day,
        r#"{{"type":"message","user":"U1","ts":"1600001001.000000","text":"{huge}"}},
        {{"type":"message","user":"U1","ts":"1600001002.000000","text":"{long}"}},
        {{"type":"message","user":"U1","ts":"yesterday","text":"when?"}},
        17, "words", null, {{"type":"message","user":{{}},"ts":"1600001003.000000","text":"who?"}},
        {{"type":"message","user":"U2","ts":"1600001004.000000","text":"  "}},
        {{"type":"message","user":"U2","ts":"1600001005.000000","text":"the last","reactions":[{{"name":"a b","users":["U1","U1","U9"]}},{{"name":"wave","users":["U1","U1"]}}]}},
        {{"type":"message","user":"U2","ts":"1600001006.000000","text":"cut"#
    )
    .expect("memory");
    entries.push(("channel-0/2020-09-14.json".to_owned(), day));
    entries.push(("../../channel-0/2020-09-15.json".to_owned(), b"[]".to_vec()));
    entries.push(("channel-0/../../x.json".to_owned(), b"[]".to_vec()));
    zipped(&slack, &entries);
    let came = imports(&slack, &db, &["--json"]).await.json();
    // Three of the first day, three parts of the long one, and two more.
    assert_eq!(came["messages"]["made"], 8, "{came}");
    let left_out = came["leftOut"].as_object().expect("reasons");
    let count: i64 = left_out.values().filter_map(Value::as_i64).sum();
    assert_eq!(count, 8, "{came}");
    assert_eq!(left_out["it is longer than 16 MiB"], 1);
    is_sound(&db).await;
    let chat = Chat::on(&db, &[]).await;
    let ann = comes_in(&chat, &db, "ann").await;
    let history = ann.history(&hex(&room(&ann, "channel-0").await)).await;
    let said = texts(&history, "content");
    assert_eq!(said[3], "bad \u{FFFD}\u{FFFD} bytes");
    assert_eq!(said[4..7].join(" ").trim(), long.trim());
    assert!(said[4..7].iter().all(|part| part.chars().count() <= 8_000));
    assert_eq!(said[7], "the last");
    assert_eq!(history[7]["reactions"].as_array().map(Vec::len), Some(1));
    assert_eq!(history[7]["reactions"][0]["count"], 1);
    assert_eq!(chat.stop().await, 0);
}
