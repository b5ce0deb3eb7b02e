//! A server that backs itself up: what it keeps, what it leaves alone, and whom it tells if it fails.

use super::{checked, words};
use crate::support::server::on_file;
use crate::support::*;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tokio::time::sleep;

/// A folder with the database and an empty directory for backups in it.
fn in_a_folder() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let (folder, file) = super::in_a_folder();
    let backups = folder.path().join("backups");
    fs::create_dir(&backups).expect("a directory");
    (folder, file, backups)
}

/// Makes a file with an administrator, boss@example.test, who has the password "password of boss".
pub async fn is_administered(file: &Path) {
    assert_eq!(Chat::on(file, &[]).await.stop().await, 0);
    let password = file.with_extension("password");
    fs::write(&password, "password of boss").expect("a file");
    let boss = "user add boss --email boss@example.test --admin --bcrypt-cost 4";
    let boss: Vec<_> = boss.split(' ').collect();
    let from = ["--password-file", words(&password), "--db", words(file)];
    let added = super::chat(&[&boss[..], &from].concat());
    assert!(added.status.success(), "{added:?}");
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("a directory");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<_> = names
        .map(|name| name.to_str().expect("a plain name").to_owned())
        .collect();
    names.sort();
    names
}

/// The finished backups, the oldest first.
fn finished(directory: &Path) -> Vec<String> {
    let mut names = names(directory);
    names.retain(|name| name.starts_with("chat-backup-") && name.ends_with("Z.db"));
    names
}

async fn has_made(directory: &Path, count: usize) -> Vec<String> {
    within(3 * PATIENCE, "it is backed up", async || {
        finished(directory).len() >= count
    })
    .await;
    finished(directory)
}

#[tokio::test]
async fn a_backup_is_made_and_serves_elsewhere() {
    let (folder, file, backups) = in_a_folder();
    let chat = Chat::on(&file, &[]).await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("Lobby").await;
    ann.posts(&room, "Hello").await;
    assert_eq!(chat.stop().await, 0);
    let chat = Chat::on(&file, &["--backup-dir", words(&backups)]).await;
    let made = has_made(&backups, 1).await;
    assert_eq!(made, names(&backups), "it is alone there");
    let made = backups.join(&made[0]);
    let mode = fs::metadata(&made)
        .expect("the backup")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let (said, code) = checked(&made);
    assert_eq!((&said["sound"], code), (&json!(true), Some(0)), "{said}");
    assert_eq!(said["holds"]["messages"], 1, "{said}");
    assert_eq!(chat.stop().await, 0);

    let elsewhere = folder.path().join("elsewhere.db");
    let restored = super::chat(&["restore", words(&made), "--db", words(&elsewhere)]);
    assert!(restored.status.success(), "{restored:?}");
    for db in [&elsewhere, &made] {
        let chat = Chat::on(db, &[]).await;
        assert_eq!(chat.said(), ["Hello"]);
        ann.at(&chat).posts(&room, "Again").await;
        assert_eq!(chat.stop().await, 0);
    }
}

#[tokio::test]
async fn a_restart_makes_no_other_one_before_its_time() {
    let (_folder, file, backups) = in_a_folder();
    let flags = ["--backup-dir", words(&backups)];
    let chat = Chat::on(&file, &flags).await;
    let first = has_made(&backups, 1).await;
    assert_eq!(chat.stop().await, 0);
    let chat = Chat::on(&file, &flags).await;
    sleep(Duration::from_millis(2_500)).await;
    assert_eq!(finished(&backups), first);
    assert_eq!(chat.stop().await, 0);
    // Once it is old enough, by what its name says, there is another one.
    let old = first[0].replace(&first[0][19..], "20200101T000000Z.db");
    fs::rename(backups.join(&first[0]), backups.join(&old)).expect("renamed");
    let _chat = Chat::on(&file, &flags).await;
    assert_eq!(has_made(&backups, 2).await[0], old);
}

#[tokio::test]
async fn only_the_oldest_of_its_own_go() {
    let (_folder, file, backups) = in_a_folder();
    let foreign = [
        "chat-backup-000001-20200101T000000Z.db.gz",
        "chat-backup-000001.db",
        "chat-backup-1-20200101T000000Z.db",
        "chat.db",
        "notes.partial",
    ];
    for name in foreign {
        fs::write(backups.join(name), "mine").expect("a file");
    }
    let directory = "chat-backup-000000-20200101T000000Z.db";
    fs::create_dir(backups.join(directory)).expect("a directory");
    let unfinished = "chat-backup-000009-20200101T000000Z.db.partial";
    fs::write(backups.join(unfinished), "half").expect("a file");
    let flags = [
        "--backup-dir",
        words(&backups),
        "--backup-every",
        "1s",
        "--backup-keep",
        "2",
    ];
    let chat = Chat::on(&file, &flags).await;
    within(3 * PATIENCE, "four are made", async || {
        finished(&backups)
            .iter()
            .any(|name| &name[12..18] == "000004")
    })
    .await;
    assert_eq!(chat.stop().await, 0);
    let left = names(&backups);
    for name in foreign.iter().chain([&directory]) {
        assert!(
            left.iter().any(|known| known == name),
            "{name} is not in {left:?}"
        );
    }
    assert!(!left.iter().any(|name| name == unfinished), "{left:?}");
    let mut own = finished(&backups);
    own.retain(|name| name != directory && name != foreign[2]);
    // The server may have been stopped between making one and removing another.
    assert!((2..=3).contains(&own.len()), "{own:?}");
}

/// What administrators see of the backups: how they go, and whether that is a warning.
async fn seen(chat: &Chat) -> (Value, bool) {
    let stats = chat.admin().get("/api/admin/stats").await.json()["stats"].clone();
    let warnings = stats["warnings"].as_array().expect("warnings");
    let is_warned = warnings.iter().any(|one| one["code"] == "backup-failed");
    (stats["backups"].clone(), is_warned)
}

async fn fails(chat: &Chat, failing: bool) {
    within(3 * PATIENCE, "that is known", async || {
        let (backups, is_warned) = seen(chat).await;
        backups["failing"] == failing && is_warned == failing && backups["lastAt"].is_string()
    })
    .await;
}

#[tokio::test]
async fn a_failure_is_told_once_and_the_server_goes_on() {
    let (folder, _, backups) = in_a_folder();
    let chat = Chat::with(&["--backup-dir", words(&backups), "--backup-every", "1s"]).await;
    let boss = "admin@example.test";
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("Lobby").await;
    has_made(&backups, 1).await;
    fails(&chat, false).await;
    let away = folder.path().join("away");
    for round in 1..=2 {
        fs::rename(&backups, &away).expect("it goes");
        fails(&chat, true).await;
        // Tried again and again, and told once.
        let failures = async || {
            let page = chat.nobody().get("/metrics").await.text();
            let line = page
                .lines()
                .find_map(|line| line.strip_prefix("chat_backup_failures_total "));
            line.expect("failures are counted")
                .parse::<u32>()
                .expect("a number")
        };
        let before = failures().await;
        within(3 * PATIENCE, "it is tried again", async || {
            failures().await >= before + 2
        })
        .await;
        let mails = chat.mails_to(boss).await;
        assert_eq!(mails.len(), round, "{mails:#?}");
        assert_eq!(mails[0]["subject"], "A backup failed");
        let text = mails[0]["text"].as_str().expect("a text");
        for said in [words(&backups), "last good backup is of 20", "/admin"] {
            assert!(text.contains(said), "no {said} in {text}");
        }
        ann.posts(&room, "It goes on").await;
        let (seen, _) = seen(&chat).await;
        assert!(
            seen["failure"]
                .as_str()
                .is_some_and(|why| why.contains(words(&backups))),
            "{seen}"
        );
        // None went while none was made.
        assert!(!finished(&away).is_empty());
        fs::rename(&away, &backups).expect("it comes back");
        fails(&chat, false).await;
    }
    let page = chat.nobody().get("/metrics").await.text();
    for name in ["success", "failure"] {
        let name = format!("chat_backup_last_{name}_timestamp_seconds ");
        let at = page.lines().find_map(|line| line.strip_prefix(&name));
        assert!(
            at.is_some_and(|at| at.parse::<u64>().is_ok_and(|at| at > 0)),
            "{name}"
        );
    }
    let audit = chat
        .admin()
        .get("/api/admin/audit?q=backup&limit=100")
        .await
        .json();
    let audit = audit["audit"].as_array().expect("the log");
    let failed = audit
        .iter()
        .filter(|one| one["action"] == "backup_failure.note");
    assert_eq!(failed.count(), 2);
    assert!(audit.iter().any(|one| one["action"] == "backup.make"));
}

#[tokio::test]
async fn a_failure_that_was_told_is_not_told_again_after_a_restart() {
    let (_folder, file, backups) = in_a_folder();
    let flags = ["--backup-dir", words(&backups), "--backup-every", "1s"];
    let told = || {
        let conn = rusqlite::Connection::open(&file).expect("the file");
        let count = "SELECT count(*) FROM outbox WHERE subject = 'A backup failed'";
        conn.query_row(count, (), |row| row.get::<_, u32>(0))
            .expect("a count")
    };
    is_administered(&file).await;
    for _ in 0..2 {
        let chat = Chat::on(&file, &flags).await;
        // A directory where the backup is to be: nothing can be written there.
        fs::remove_dir_all(&backups).expect("it goes");
        within(3 * PATIENCE, "it is told", async || {
            chat.log().contains("a backup failed") && told() == 1
        })
        .await;
        sleep(Duration::from_millis(1_500)).await;
        assert_eq!(told(), 1);
        assert_eq!(chat.stop().await, 0);
        fs::create_dir(&backups).expect("it comes back");
    }
}

#[tokio::test]
async fn a_disk_too_full_for_a_backup_still_takes_messages() {
    let (_folder, file, backups) = in_a_folder();
    let chat = Chat::on(&file, &[]).await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("Lobby").await;
    let big = Form::file("big.bin", "application/octet-stream", vec![b'x'; 4 << 20]);
    ann.uploads(big).await.has_status(201);
    assert_eq!(chat.stop().await, 0);
    let mut shell = Command::new("sh");
    // Past the limit writing fails, and does not end the program.
    shell.args(["-c", r#"trap "" XFSZ; ulimit -S -f 4096; exec "$0" "$@""#]);
    shell.arg(env!("CARGO_BIN_EXE_chat"));
    let flags = ["--backup-dir", words(&backups), "--backup-every", "1s"];
    let chat = Chat::start_by(shell, &[&on_file(&file)[..], &flags].concat()).await;
    let chat = chat.expect("it serves");
    within(3 * PATIENCE, "it fails", async || {
        chat.log().contains("a backup failed")
    })
    .await;
    let ann = ann.at(&chat);
    ann.posts(&room, "There is room for this").await;
    assert_eq!(
        names(&backups),
        Vec::<String>::new(),
        "nothing half is left"
    );
    chat.has_room_for(None);
    has_made(&backups, 1).await;
    ann.posts(&room, "And for this").await;
}

#[tokio::test]
async fn flags_that_make_no_backup_are_refused_at_the_start() {
    let (folder, file, backups) = in_a_folder();
    let missing = folder.path().join("missing");
    let plain = folder.path().join("plain");
    fs::write(&plain, "").expect("a file");
    let directory = ["--backup-dir", words(&backups)];
    for (flags, why) in [
        (&["--backup-dir", words(&missing)][..], "mkdir -p"),
        (&["--backup-dir", words(&plain)], "is no directory"),
        (&["--backup-dir", "/proc"], "cannot be written"),
        (&["--backup-every", "1d"], "--backup-dir"),
        (&["--backup-keep", "3"], "--backup-dir"),
        (
            &[&directory[..], &["--backup-keep", "0"]].concat(),
            "--backup-keep",
        ),
        (
            &[&directory[..], &["--backup-every", "0s"]].concat(),
            "no span of time",
        ),
        (
            &[&directory[..], &["--backup-every", "daily"]].concat(),
            "no span of time",
        ),
    ] {
        let refused = Chat::start(&[&on_file(&file)[..], flags].concat()).await;
        let refusal = refused.err().unwrap_or_else(|| panic!("{flags:?} serves"));
        assert_eq!(refusal.code, Some(2), "{refusal:?}");
        assert!(refusal.log.contains(why), "no {why} in {refusal:?}");
        assert!(!file.exists(), "{flags:?}");
    }
    // Two servers would remove each other's.
    let _one = Chat::with(&directory).await;
    let other = Chat::start(&[&["--temp"], &directory[..]].concat()).await;
    let refusal = other.err().expect("it is another server's");
    assert_eq!(refusal.code, Some(2), "{refusal:?}");
    assert!(refusal.log.contains("another server's"), "{refusal:?}");
}
