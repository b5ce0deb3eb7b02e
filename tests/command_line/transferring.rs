//! `chat move`: from a file to PostgreSQL and back, where everybody finds everything as it was.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{typed, words};
use crate::support::kept::Kept;
use crate::support::postgres::Database;
use crate::support::server::{on, on_file};
use crate::support::*;

/// `from` is moved to `to`.
async fn moved(from: &str, to: &str) -> super::Ended {
    typed(&["move", "--from", from, "--to", to, "--json"]).await
}

async fn serves(place: &str) -> Chat {
    let started = Chat::start(&on(place)).await;
    started.unwrap_or_else(|refusal| panic!("{place}: {refusal:?}"))
}

/// A server that has just ended on PostgreSQL counts as running until it was silent for ten seconds.
async fn once_nobody_serves(from: &str, to: &str) -> Value {
    let asked = Instant::now();
    loop {
        let ended = moved(from, to).await;
        if ended.code == Some(0) || asked.elapsed() > Duration::from_secs(30) {
            return ended.json();
        }
        ended.badly(1, "a chat server runs on");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// What people are shown: everything that must be the same elsewhere.
async fn shown(chat: &Chat, people: &[&Person], room: &str, file: &str) -> Vec<Value> {
    let mut all = Vec::new();
    for person in people {
        let person = person.at(chat);
        for path in [
            "/api/conversations".to_owned(),
            format!("/api/conversations/{room}"),
        ] {
            all.push(person.get(path).await.has_status(200).json());
        }
        all.extend(person.history(room).await);
        let bytes = person.get(file).await.has_status(200).body.clone();
        all.push(json!(bytes));
    }
    all
}

/// Who comes back with the last position that was heard hears what was missed.
async fn catches_up(chat: &Chat, person: &Person, last: &Value, room: &str, missed: &str) {
    let person = person.at(chat);
    let entered = person.enters(json!({ "lastMessageId": last })).await;
    let socket = entered.expect("a known id is a position");
    socket.does("join_conversation", json!(room)).await;
    let heard = socket.hears("new_message", json!({})).await;
    assert_eq!(heard["content"], missed);
}

#[tokio::test]
async fn everybody_finds_everything_at_postgres_and_back_in_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let (first, second) = (folder.path().join("chat.db"), folder.path().join("new.db"));
    let database = Database::new().await;
    let url = database.url();
    let chat = Chat::on_the_file(&first, &[]).await;
    let (ann, bob) = (chat.rooms("ann").await, chat.direct("bob").await);
    let eve = chat.mentor("eve").await;
    let room = ann.opens_room("Lobby").await;
    for person in [&bob, &eve] {
        person.does("join_conversation", json!(room)).await;
    }
    let said = ann.posts(&room, "Who is there?").await;
    let path = format!("/api/messages/{}", said["_id"].as_str().expect("an id"));
    let edit = Request::new("PATCH", &path).json(&json!({ "content": "Anybody there?" }));
    ann.sends(edit).await.has_status(200);
    ann.put(format!("{path}/reactions/%F0%9F%91%8D"))
        .await
        .has_status(200);
    let form = Form::file("plan.txt", "text/plain", "the plan").field("roomId", &room);
    let file = ann.uploads(form).await.has_status(201).json()["data"]["url"].clone();
    let file = file.as_str().expect("a url");
    bob.writes_to(&ann, "Only to you").await;
    let last = ann.posts(&room, "The last that Bob heard").await["_id"].clone();
    let gone = ann.posts(&room, "Not to be seen").await;
    let gone = format!("/api/messages/{}", gone["_id"].as_str().expect("an id"));
    ann.delete(gone).await.has_status(200);
    ann.posts(&room, "And the news").await;
    let people = [&ann, &bob];
    bob.hangs_up().await;
    eve.hangs_up().await;
    let before = shown(&chat, &people, &room, file).await;
    // While it serves, nothing is moved.
    moved(words(&first), &url)
        .await
        .badly(3, "is in use by another chat server");
    assert_eq!(chat.stop().await, 0);
    Kept::File(first.clone()).does(
        "UPDATE messages SET client_id = 'a' || char(0) WHERE id = (SELECT min(id) FROM messages)",
        &[],
    );

    let summary = moved(words(&first), &url).await.json();
    assert_eq!(summary["rows"]["messages"], 5);
    assert_eq!(
        (&summary["altered"], &summary["resumed"]),
        (&json!(1), &json!(false))
    );
    let chat = serves(&url).await;
    assert_eq!(shown(&chat, &people, &room, file).await, before);
    catches_up(&chat, &bob, &last, &room, "And the news").await;
    let highest = "SELECT id FROM messages WHERE id = (SELECT max(id) FROM messages)";
    let numbers = [highest, "SELECT max(id) FROM accounts"];
    let of = |kept: &Kept| numbers.map(|sql| kept.one::<i64>(sql, &[]));
    let was = of(&Kept::File(first.clone()));
    ann.at(&chat).posts(&room, "Said at PostgreSQL").await;
    chat.rooms("carl").await;
    assert_eq!(of(&chat.kept), was.map(|id| id + 1), "ids go on behind");
    let before = shown(&chat, &people, &room, file).await;
    let other = folder.path().join("other.db");
    moved(&url, words(&other))
        .await
        .badly(1, "a chat server runs on");
    assert_eq!(chat.stop().await, 0);
    // It has people in it now.
    once_nobody_serves(&url, words(&second)).await;
    moved(words(&first), &url)
        .await
        .badly(1, "has people in it");

    let chat = serves(words(&second)).await;
    assert_eq!(shown(&chat, &people, &room, file).await, before);
    catches_up(&chat, &bob, &last, &room, "And the news").await;
    let was = of(&chat.kept);
    ann.at(&chat).posts(&room, "Said in a file again").await;
    chat.rooms("dora").await;
    assert_eq!(of(&chat.kept), was.map(|id| id + 1), "ids go on behind");
    let found = typed(&["search", "anybody", "--json", "--db", words(&second)]).await;
    assert_eq!(found.json().as_array().map(Vec::len), Some(1));
    assert_eq!(chat.stop().await, 0);
}

/// A room with so many messages, in a file that nobody serves.
async fn many(file: &Path, count: u32) {
    let chat = Chat::on_the_file(file, &[]).await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("Lobby").await;
    ann.posts(&room, "The first").await;
    assert_eq!(chat.stop().await, 0);
    let kept = Kept::File(file.to_owned());
    kept.does(
        &format!(
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count})
             INSERT INTO messages (conversation, seq, id, author, text, sent_at)
             SELECT conversation, seq + n, id + n, author, 'Message ' || n, sent_at + n FROM messages, n"
        ),
        &[],
    );
    let counted = format!("UPDATE log SET last = last + {count}, messages = messages + {count}");
    kept.does(&counted, &[]);
}

#[tokio::test]
async fn a_move_that_was_killed_goes_on_and_nobody_serves_a_part() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("chat.db");
    many(&file, 40_000).await;
    let database = Database::new().await;
    let (url, kept) = (
        database.url(),
        Kept::where_announced(&json!({}), &["--db", &database.url()]),
    );
    let mut moving = Command::new(env!("CARGO_BIN_EXE_chat"))
        .args(["move", "--from", words(&file), "--to", &url])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("the command can be started");
    let begun = "SELECT count(*) FROM information_schema.tables WHERE table_name = 'messages'";
    let some = "SELECT count(*) FROM messages";
    while kept.one::<i64>(begun, &[]) == 0 || kept.one::<i64>(some, &[]) < 2_000 {
        assert_eq!(moving.try_wait().ok().flatten(), None, "it ended too soon");
    }
    moving.kill().expect("it runs");
    moving.wait().expect("it is our child");
    let part = kept.one::<i64>(some, &[]);
    assert!((2_000..40_001).contains(&part), "{part} are there");

    let refusal = Chat::start(&on(&url)).await.err().expect("it is a part");
    assert!(
        format!("{refusal:?}").contains("chat move did not end"),
        "{refusal:?}"
    );
    // Another chat does not go on with it.
    let other = folder.path().join("other.db");
    many(&other, 1).await;
    let refused = moved(words(&other), &url).await;
    refused.badly(1, "holds a part of another chat");

    let summary = moved(words(&file), &url).await.json();
    assert_eq!(
        (&summary["rows"]["messages"], &summary["resumed"]),
        (&json!(40_001), &json!(true))
    );
    assert_eq!(serves(&url).await.stop().await, 0);
}

#[tokio::test]
async fn what_is_said_of_texts_that_became_others_counts_them() {
    let folder = tempfile::tempdir().expect("a folder");
    for (altered, said) in [
        (1, "1 text has the character"),
        (2, "2 texts have the character"),
    ] {
        let file = folder.path().join(format!("{altered}.db"));
        many(&file, 3).await;
        let zero = format!("UPDATE messages SET text = text || char(0) WHERE seq <= {altered}");
        Kept::File(file.clone()).does(&zero, &[]);
        let database = Database::new().await;
        let to = database.url();
        let ended = typed(&["move", "--from", words(&file), "--to", &to]).await;
        assert!(ended.well().out.contains(said), "{ended:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_moved_is_refused_in_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, missing) = (folder.path().join("chat.db"), folder.path().join("no.db"));
    let chat = Chat::start(&on_file(&file)).await.expect("a server");
    assert_eq!(chat.stop().await, 0);
    let postgres = "postgres://chat@127.0.0.1:1/chat";
    moved(words(&file), words(&missing))
        .await
        .badly(1, "chat backup");
    moved(postgres, postgres).await.badly(1, "pg_dump");
    moved(words(&missing), postgres)
        .await
        .badly(1, "say which file with --from");
    assert!(!missing.exists());
    let empty = Database::new().await;
    let nothing = moved(&empty.url(), words(&missing)).await;
    nothing.badly(1, "is not there: say which database");
    typed(&["move", "--from", words(&file)])
        .await
        .badly(2, "--to");
    typed(&["move", "--to", words(&file)])
        .await
        .badly(2, "--from");
}
