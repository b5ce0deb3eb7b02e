//! Copies of the whole: made while everybody talks, put back when nobody serves, and damage that is found.

#[path = "backup/by_itself.rs"]
pub mod by_itself;
#[path = "backup/litestream.rs"]
mod litestream;

use crate::support::*;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn chat(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_chat"))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("the command can be started")
}

fn words(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

/// What `chat check --json` says of a file, and its exit code.
fn checked(file: &Path) -> (Value, Option<i32>) {
    let output = chat(&["check", "--json", "--db", words(file)]);
    let said = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (said, output.status.code())
}

fn in_a_folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("chat.db");
    (folder, file)
}

#[tokio::test]
async fn a_copy_made_while_everybody_talks_is_whole_and_goes_back_in_place() {
    let (folder, file) = in_a_folder();
    let server = Chat::on(&file, &[]).await;
    let ann = server.rooms("ann").await;
    let room = ann.opens_room("General Discussion").await;
    let copies: Vec<_> = (0..5)
        .map(|at| folder.path().join(format!("copy-{at}.db")))
        .collect();
    let talking = async {
        for at in 0..300 {
            let content = format!("{at}");
            ann.does("message", json!({ "roomId": room, "content": content }))
                .await;
        }
    };
    let copying = async {
        for copy in &copies {
            let (from, to) = (file.clone(), copy.clone());
            let made = tokio::task::spawn_blocking(move || {
                chat(&["backup", words(&to), "--db", words(&from)])
            });
            let made = made.await.expect("the copying thread");
            assert!(made.status.success(), "{made:?}");
        }
    };
    tokio::join!(talking, copying);
    for copy in &copies {
        let (said, code) = checked(copy);
        assert_looks_like(&said, json!({ "sound": true, "errors": [] }), "the copy");
        assert_eq!(code, Some(0));
    }
    let again = chat(&["backup", words(&copies[0]), "--db", words(&file)]);
    assert_eq!(again.status.code(), Some(1), "a backup replaces nothing");

    let refused = chat(&["restore", words(&copies[0]), "--db", words(&file)]);
    assert_eq!(refused.status.code(), Some(3), "not under a running server");
    let left = format!("{}.restoring", file.display());
    assert!(!Path::new(&left).exists(), "a copy of everything is left");
    let before = ann.history(&room).await;
    assert_eq!(server.stop().await, 0);
    let restored = chat(&["restore", "--json", words(&copies[0]), "--db", words(&file)]);
    assert!(restored.status.success(), "{restored:?}");
    let said: Value = serde_json::from_slice(&restored.stdout).expect("an answer in JSON");
    let kept = PathBuf::from(said["kept"].as_str().expect("where the replaced one is"));
    assert_looks_like(
        &checked(&kept).0,
        json!({ "sound": true }),
        "what was replaced",
    );

    let server = Chat::on(&file, &[]).await;
    let after = ann.at(&server).history(&room).await;
    assert!(after.len() <= before.len());
    assert_eq!(
        after[..],
        before[..after.len()],
        "the copy is of one moment"
    );
    ann.at(&server).posts(&room, "And the talk goes on").await;
}

/// What somebody holds from before a copy was put back must not be somebody else's afterwards: tokens, ids, positions.
async fn nothing_means_two_things(put_back: impl FnOnce(&Path, &Path)) {
    let (folder, file) = in_a_folder();
    let copy = folder.path().join("copy.db");
    let server = Chat::on(&file, &[]).await;
    let ann = server.rooms("ann").await;
    let room = ann.opens_room("General Discussion").await;
    ann.posts(&room, "Before the copy").await;
    let made = chat(&["backup", words(&copy), "--db", words(&file)]);
    assert!(made.status.success(), "{made:?}");
    let eve = server.direct("eve").await;
    let hers = eve.opens_room("Eve's own").await;
    let form = Form::file("eve.txt", "text/plain", "Eve's file");
    let file_of_eve = eve.uploads(form).await.has_status(201).json();
    let file_of_eve = file_of_eve["data"]["_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let mut last = json!(null);
    for at in 0..20 {
        let said = eve.posts(&room, &format!("{at} after the copy")).await;
        last = said["_id"].clone();
    }
    assert_eq!(server.stop().await, 0);
    put_back(&copy, &file);

    let server = Chat::on(&file, &[]).await;
    let (ann, eve) = (ann.at(&server), eve.at(&server));
    ann.get("/api/auth/validate").await.has_status(200);
    eve.get("/api/auth/validate").await.refused(401);
    let victim = server.rooms("victim").await;
    assert_ne!(victim.id, eve.id);
    // Whose place she took is not who she is.
    eve.get("/api/auth/validate").await.refused(401);
    let refused = eve.enters(json!({})).await.err();
    assert_eq!(refused.as_deref(), Some("Token has been revoked"));
    let her_room = victim.opens_room("The victim's own").await;
    assert_ne!(her_room, hers);
    let form = Form::file("mine.txt", "text/plain", "The victim's file");
    let uploaded = victim.uploads(form).await.has_status(201).json();
    assert_ne!(uploaded["data"]["_id"], file_of_eve);

    // A position from before hides nothing of what is said after.
    let position = json!({ "lastMessageId": last });
    let said = victim.posts(&room, "After it was put back").await;
    let socket = ann.enters(position).await.expect("ann comes in");
    socket.does("joinRoom", json!({ "roomId": room })).await;
    let heard = socket.hears("message", json!({ "_id": said["_id"] })).await;
    assert_eq!(heard["content"], "After it was put back");
    assert_eq!(server.stop().await, 0);
}

#[tokio::test]
async fn a_token_from_before_a_restore_is_nobody_elses() {
    nothing_means_two_things(|copy, file| {
        let restored = chat(&["restore", words(copy), "--db", words(file)]);
        assert!(restored.status.success(), "{restored:?}");
    })
    .await;
}

#[tokio::test]
async fn nor_is_it_where_the_copy_was_put_there_by_hand() {
    nothing_means_two_things(|copy, file| {
        std::fs::copy(copy, file).expect("the copy is put in its place");
    })
    .await;
}

#[tokio::test]
async fn nor_where_a_server_begins_on_a_file_that_was_copied_by_hand() {
    let (folder, file) = in_a_folder();
    let server = Chat::on(&file, &[]).await;
    let ann = server.rooms("ann").await;
    assert_eq!(server.stop().await, 0);
    let copy = folder.path().join("elsewhere.db");
    std::fs::copy(&file, &copy).expect("a copy");
    let (here, there) = (Chat::on(&file, &[]).await, Chat::on(&copy, &[]).await);
    for server in [&here, &there] {
        ann.at(server)
            .get("/api/auth/validate")
            .await
            .has_status(200);
    }
    let (eve, victim) = (here.direct("eve").await, there.direct("victim").await);
    assert_ne!(eve.number, victim.number);
    eve.at(&there).get("/api/auth/validate").await.refused(401);
    victim
        .at(&here)
        .get("/api/auth/validate")
        .await
        .refused(401);
}

#[tokio::test]
async fn the_administrator_downloads_a_copy_and_nobody_else() {
    let server = Chat::open().await;
    let ann = server.rooms("ann").await;
    let room = ann.opens_room("General Discussion").await;
    ann.posts(&room, "Keep this").await;
    ann.get("/api/admin/backup").await.refused(403);
    server.nobody().get("/api/admin/backup").await.refused(401);
    let copy = server.admin().get("/api/admin/backup").await;
    copy.has_status(200);
    assert!(
        copy.says("content-disposition")
            .starts_with("attachment; filename=\"chat-")
    );
    let (_folder, file) = in_a_folder();
    std::fs::write(&file, &copy.body).expect("the copy is written");
    let holds = json!({ "sound": true, "holds": { "messages": 1 } });
    assert_looks_like(&checked(&file).0, holds, "the copy");
}

#[tokio::test]
async fn damage_and_other_peoples_files_are_found_and_left_alone() {
    let (folder, file) = in_a_folder();
    let server = Chat::on(&file, &[]).await;
    let ann = server.rooms("ann").await;
    let room = ann.opens_room("General Discussion").await;
    for at in 0..200 {
        ann.does(
            "message",
            json!({ "roomId": room, "content": format!("{at} {}", "x".repeat(500)) }),
        )
        .await;
    }
    assert_eq!(server.stop().await, 0);
    let good = std::fs::read(&file).expect("the file");

    let mut torn = good.clone();
    let middle = torn.len() / 2;
    torn[middle..middle + 20_000].fill(0x5a);
    let damaged = folder.path().join("damaged.db");
    std::fs::write(&damaged, &torn).expect("the damaged file");
    let (_, code) = checked(&damaged);
    assert_eq!(code, Some(3));
    let refused = chat(&["restore", words(&damaged), "--db", words(&file)]);
    assert_eq!(refused.status.code(), Some(3));
    assert_eq!(
        std::fs::read(&file).expect("the file"),
        good,
        "nothing was replaced"
    );

    let foreign = folder.path().join("foreign.db");
    let notes = rusqlite::Connection::open(&foreign).expect("another program's database");
    notes
        .execute("CREATE TABLE notes (text TEXT)", ())
        .expect("its table");
    drop(notes);
    // Zeros are what a power cut may leave of a first start; so many of them are somebody's.
    let begun = folder.path().join("begun.db");
    std::fs::write(&begun, [0; 4096]).expect("a page of zeros");
    let server = Chat::start(&["--db", words(&begun), "--listen", "0"])
        .await
        .expect("it is begun again");
    assert_eq!(server.stop().await, 0);
    let zeros = folder.path().join("zeros.db");
    std::fs::write(&zeros, [0; 8192]).expect("zeros");
    let newer = folder.path().join("newer.db");
    std::fs::write(&newer, &good).expect("a copy");
    let conn = rusqlite::Connection::open(&newer).expect("the copy");
    conn.pragma_update(None, "user_version", 99)
        .expect("a version to come");
    drop(conn);
    for (other, said) in [
        (&foreign, "not a chat database"),
        (&zeros, "not a chat database"),
        (&newer, "newer version"),
    ] {
        let before = std::fs::read(other).expect("the file");
        let refused = Chat::start(&["--db", words(other), "--listen", "0"])
            .await
            .err();
        let refused = refused.expect("the server does not start on it");
        assert_eq!(refused.code, Some(3));
        assert!(refused.log.contains(said), "{}", refused.log);
        assert_eq!(
            std::fs::read(other).expect("the file"),
            before,
            "left untouched"
        );
    }
}
