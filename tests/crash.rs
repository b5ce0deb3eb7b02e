//! Pulling the plug: what was acknowledged is there afterwards, and every ending has its code.

use crate::endure::kills::talks_until_cut_off;
use crate::support::*;
use server::on_file;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::sleep;

#[tokio::test]
async fn after_a_crash_the_talk_goes_on() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("chat.db");
    let chat = Chat::on(&file, &[]).await;
    let (ann, bob) = (chat.rooms("ann").await, chat.direct("bob").await);
    let before = bob.writes_to(&ann, "Before").await;
    ann.posts(&before["conversation_id"].to_string(), "Unheard")
        .await;
    bob.socket()
        .await
        .hears("new_message", json!({ "content": "Before" }))
        .await;
    chat.kill().await;
    bob.socket().await.is_sent_away().await;

    let chat = Chat::on(&file, &[]).await;
    let (ann, bob) = (ann.at(&chat), bob.at(&chat));
    let socket = bob
        .enters(json!({ "lastMessageId": before["id"] }))
        .await
        .expect("ids and tokens outlive the server");
    socket
        .does("join_conversation", before["conversation_id"].clone())
        .await;
    ann.posts(&before["conversation_id"].to_string(), "After")
        .await;
    for content in ["Unheard", "After"] {
        socket
            .hears("new_message", json!({ "content": content }))
            .await;
    }
}

#[tokio::test]
async fn told_to_end_it_ends_in_time() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("chat.db");
    let chat = Chat::on(&file, &[]).await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("General Discussion").await;
    let socket = ann.opens_a_socket().await;
    // Somebody who connected and never says anything must not hold up the rest.
    let silent = tokio::net::TcpStream::connect(&chat.address)
        .await
        .expect("a connection");
    let talking = tokio::spawn(talks_until_cut_off(
        ann.opens_a_socket().await,
        room.clone(),
        "ann".to_owned(),
    ));
    sleep(Duration::from_millis(100)).await;
    assert_eq!(chat.stop().await, 0);
    socket.is_sent_away().await;
    drop(silent);
    let acknowledged = talking
        .await
        .expect("the talker ends when it is cut off")
        .len();

    let wal = directory.path().join("chat.db-wal");
    assert!(
        std::fs::metadata(&wal).map_or(0, |wal| wal.len()) == 0,
        "the write-ahead log is folded in"
    );
    let chat = Chat::on(&file, &[]).await;
    let kept = ann.at(&chat).history(&room).await.len();
    assert!(kept >= acknowledged, "{kept} are left of {acknowledged}");
}

#[tokio::test]
async fn who_asks_to_be_let_in_while_it_ends_is_cut_off_and_comes_back() {
    let chat = Chat::with_a_file(&[]).await;
    let ann = chat.rooms("ann").await;
    let mut waiting = Vec::new();
    for namespace in ["/", "/chat"] {
        let entry = ann.entry().namespace(namespace);
        let knocked = entry.auth(json!({ "token": ann.token })).knocks().await;
        waiting.push(knocked.expect("a session"));
    }
    let inside = ann.opens_a_socket().await;
    // Its body does not end: the server waits for it, for a while.
    let mut unfinished = tokio::net::TcpStream::connect(&chat.address)
        .await
        .expect("a connection");
    let head = "POST /api/auth/login HTTP/1.1\r\nHost: chat\r\nContent-Type: application/json\r\n\
                Content-Length: 9\r\n\r\n{";
    unfinished.write_all(head.as_bytes()).await.expect("a head");
    sleep(Duration::from_millis(100)).await;
    chat.is_told(rustix::process::Signal::TERM);
    inside.is_sent_away().await;
    // A stock client that is refused in words does not come back by itself.
    for knocked in waiting {
        let let_in = knocked.asks().await;
        let why = let_in.err().expect("nobody is let in any more");
        for words in ["namespace", "server"] {
            assert!(!why.contains(words), "{why}");
        }
    }
    let code = chat.ends_within(Duration::from_secs(8)).await;
    assert_eq!(code.expect("it ends").1, 0);
}

#[tokio::test]
async fn let_go_by_whoever_started_it_it_ends() {
    let chat = Chat::open().await;
    let file = chat.announced["db"]
        .as_str()
        .expect("the announcement names the file")
        .to_owned();
    assert!(std::path::Path::new(&file).exists(), "{file}");
    assert_eq!(chat.let_go().await, 0);
    assert!(
        !std::path::Path::new(&file).exists(),
        "a throwaway server throws {file} away"
    );
}

#[tokio::test]
async fn the_announcement_says_what_a_test_must_know() {
    let chat = Chat::open().await;
    let said = chat.announced.clone();
    assert!(
        said["adminToken"]
            .as_str()
            .is_some_and(|token| token.split('.').count() == 3),
        "{said}"
    );
    assert!(
        said["pid"].as_u64().is_some() && said["listeners"].is_array(),
        "{said}"
    );
    assert_looks_like(
        &said,
        json!({ "version": env!("CARGO_PKG_VERSION") }),
        "the announcement",
    );
    let directory = tempfile::tempdir().expect("a temporary directory");
    let chat = Chat::on(&directory.path().join("chat.db"), &[]).await;
    assert_looks_like(
        &chat.announced,
        json!({ "adminToken": null }),
        "the announcement of a lasting server",
    );
}

#[tokio::test]
async fn every_way_of_not_starting_has_its_code_and_says_why() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("chat.db");
    let other = directory.path().join("other.db");
    let broken = directory.path().join("broken.db");
    std::fs::write(&broken, "this is no database".repeat(1000)).expect("a broken file");
    let chat = Chat::on(&file, &[]).await;
    let path = other.to_str().expect("a temporary path is UTF-8");
    for (code, flags) in [
        (3, on_file(&file)),
        (3, on_file(&broken)),
        (4, vec!["--db", path, "--listen", &chat.address]),
        (2, vec!["--temp", "--colour", "blue"]),
        (2, vec!["--temp", "--db", path]),
        (2, vec!["--temp", "--limit-auth", "often"]),
        (2, vec!["--temp", "--listen", "nowhere"]),
        (2, vec!["--db", path, "--user", "john:securePassword123"]),
    ] {
        let refusal = Chat::start(&flags)
            .await
            .err()
            .unwrap_or_else(|| panic!("{flags:?} started"));
        assert_eq!(refusal.code, Some(code), "{flags:?}: {}", refusal.log);
        assert!(
            !refusal.log.trim().is_empty(),
            "{flags:?} was refused without a word"
        );
        assert!(
            !refusal.log.contains("panicked"),
            "{flags:?}: {}",
            refusal.log
        );
    }
    chat.rooms("ann")
        .await
        .opens_room("The first server is as well as before")
        .await;
}
