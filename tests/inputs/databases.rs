//! What is no database of ours, or none that can be used: refused in words, with its own code, and left as it was.

use crate::support::*;
use rusqlite::Connection;
use server::on_file;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How a file comes to be.
type Making = Box<dyn Fn(&Path)>;

/// Everything in a directory, byte by byte.
fn all_in(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = std::fs::read_dir(directory).expect("a directory");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .map(|path| {
            let bytes = std::fs::read(&path).unwrap_or_default();
            (path, bytes)
        })
        .collect()
}

fn sqlite(file: &Path, sql: &str) {
    let database = Connection::open(file).expect("a database");
    database
        .execute_batch(sql)
        .expect("the database is changed");
}

/// A database of ours, with somebody in it, whom nobody serves.
async fn ours(directory: &Path) -> Vec<u8> {
    let file = directory.join("ours.db");
    let chat = Chat::on(&file, &[]).await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("General Discussion").await;
    for at in 0..50 {
        ann.posts(&room, &format!("{at} {}", "x".repeat(2_000)))
            .await;
    }
    assert_eq!(chat.stop().await, 0);
    std::fs::read(&file).expect("the file")
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_in_words_and_left_as_it_was() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let good = ours(home.path()).await;
    let page = 4_096;
    let mut garbled = good.clone();
    garbled[100..page].fill(0x5a);
    let mut garbled_later = good.clone();
    // The tables are still listed, but hardly one of them is there.
    garbled_later[page..].fill(0x5a);
    let kinds: Vec<(&str, Making)> = vec![
        ("text", written(b"this is no database".repeat(1_000))),
        ("a single byte", written(vec![b'S'])),
        ("only the head", written(good[..100].to_vec())),
        ("a garbled first page", written(garbled)),
        ("garbled tables", written(garbled_later)),
        (
            "cut in the middle",
            written(good[..good.len() / 2 / page * page].to_vec()),
        ),
        ("cut within a page", written(good[..page + 17].to_vec())),
        ("a picture", written(b"\x89PNG\r\n\x1a\n".repeat(600))),
        (
            "another's database",
            Box::new(|file| sqlite(file, "CREATE TABLE songs (title TEXT)")),
        ),
        (
            "another's database with a log",
            Box::new(|file| {
                sqlite(
                    file,
                    "PRAGMA journal_mode = WAL; CREATE TABLE songs (title TEXT)",
                );
            }),
        ),
        (
            "another's empty database",
            Box::new(|file| sqlite(file, "PRAGMA user_version = 7")),
        ),
        (
            "a newer one",
            Box::new({
                let good = good.clone();
                move |file| {
                    std::fs::write(file, &good).expect("a copy");
                    sqlite(
                        file,
                        "PRAGMA user_version = 4711; PRAGMA wal_checkpoint(TRUNCATE)",
                    );
                }
            }),
        ),
        (
            "a directory",
            Box::new(|file| std::fs::create_dir(file).expect("a directory")),
        ),
    ];
    for (what, make) in kinds {
        let place = tempfile::tempdir().expect("a temporary directory");
        let file = place.path().join("chat.db");
        make(&file);
        let before = all_in(place.path());
        // A second try finds what the first one left.
        for _ in 0..2 {
            let refusal = Chat::start(&on_file(&file)).await.err();
            let refusal = refusal.unwrap_or_else(|| panic!("{what} was served"));
            is_in_words(&refusal, what);
        }
        is_as_before(&before, place.path(), what);
    }
}

fn written(bytes: Vec<u8>) -> Making {
    Box::new(move |file| std::fs::write(file, &bytes).expect("the file"))
}

fn is_in_words(refusal: &server::Refusal, what: &str) {
    assert_eq!(refusal.code, Some(3), "{what}: {refusal:?}");
    let told = refusal.log.contains("chat.db") && !refusal.log.contains("panicked");
    assert!(told, "{what}: {refusal:?}");
}

fn is_as_before(before: &BTreeMap<PathBuf, Vec<u8>>, place: &Path, what: &str) {
    let after = all_in(place);
    let names = |all: &BTreeMap<PathBuf, Vec<u8>>| all.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&after), names(before), "{what}");
    assert!(after == *before, "{what} was changed");
}

#[tokio::test]
async fn what_may_not_be_written_is_refused_in_words() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let good = ours(home.path()).await;
    let place = tempfile::tempdir().expect("a temporary directory");
    let file = place.path().join("chat.db");
    std::fs::write(&file, good).expect("a copy");
    // Root may write everything: then the server runs as somebody else, who must be able to reach the program.
    let program = place.path().join("chat");
    std::fs::copy(env!("CARGO_BIN_EXE_chat"), &program).expect("a copy of the program");
    let allow = |path: &Path, mode| {
        let allowed = std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode));
        allowed.expect("what may be done is ours to say");
    };
    for (what, directory, mode) in [
        ("a file that may only be read", 0o755, 0o444),
        ("a file that may not even be read", 0o755, 0o000),
        ("a directory that may only be read", 0o555, 0o444),
    ] {
        allow(&file, mode);
        allow(place.path(), directory);
        let mut command = Command::new(&program);
        if rustix::process::getuid().is_root() {
            command.uid(65_534);
        }
        let refusal = Chat::start_by(command, &on_file(&file)).await.err();
        let refusal = refusal.unwrap_or_else(|| panic!("{what} was served"));
        is_in_words(&refusal, what);
        let beside = all_in(place.path()).into_keys();
        let beside: Vec<_> = beside
            .filter(|path| *path != program && *path != file)
            .collect();
        assert!(beside.is_empty(), "{what}: {beside:?}");
    }
    // Given back, if for everybody, it is served as ever, and its owner's alone.
    allow(place.path(), 0o755);
    allow(&file, 0o644);
    let chat = Chat::on(&file, &[]).await;
    let mode = std::fs::metadata(&file)
        .expect("the file")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let login = json!({ "email": person::email_of("ann"), "password": person::password_of("ann") });
    let login = chat.nobody().post("/api/auth/login", login).await;
    login.has_status(200);
}
