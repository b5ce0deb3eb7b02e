//! `chat backup`, `restore` and `check`, as they are typed; what they do to the data is in `backup`.

use super::{a_file, fed, typed, words};
use crate::support::*;
use std::fs;

#[tokio::test]
async fn a_backup_says_what_it_made_and_is_noted() {
    let (folder, file) = a_file().await;
    let db = ["--db", words(&file)];
    let copy = folder.path().join("copy.db");
    let made = typed(&[&["backup", words(&copy)][..], &db].concat()).await;
    let said = format!("{} is a copy of {}\n", copy.display(), file.display());
    assert_eq!(made.well().out, said);
    typed(&[&["backup", words(&copy)][..], &db].concat())
        .await
        .badly(1, "is there already");
    let second = folder.path().join("second.db");
    let made = typed(&[&["backup", words(&second), "--json"][..], &db].concat()).await;
    assert_eq!(made.json(), json!({ "backup": second }));
    let noted = rusqlite::Connection::open(&file).expect("the file");
    let noted: i64 = noted
        .query_row(
            "SELECT count(*) FROM audit WHERE action = 'backup.make' AND actor IS NULL",
            (),
            |row| row.get(0),
        )
        .expect("a count");
    assert_eq!(noted, 2);
    // What cannot be noted is copied all the same.
    let log = rusqlite::Connection::open(&file).expect("the file");
    log.execute("ALTER TABLE audit RENAME TO lost", ())
        .expect("another name");
    drop(log);
    let third = folder.path().join("third.db");
    let made = typed(&[&["backup", words(&third)][..], &db].concat()).await;
    assert!(made.well().err.contains("could not be noted"), "{made:?}");
    assert!(third.exists());
    let missing = folder.path().join("missing.db");
    typed(&["backup", "copy.db", "--db", words(&missing)])
        .await
        .badly(1, "--db");
    assert!(!missing.exists());
}

#[tokio::test]
async fn what_is_restored_replaces_and_keeps() {
    let (folder, file) = a_file().await;
    let db = ["--db", words(&file)];
    let copy = folder.path().join("copy.db");
    typed(&[&["backup", words(&copy)][..], &db].concat())
        .await
        .well();
    let add = ["user", "add", "ann", "--email", "ann@example.test"];
    fed(&[&add[..], &db].concat(), "password of ann")
        .await
        .well();
    let restored = typed(&[&["restore", words(&copy), "--json"][..], &db].concat()).await;
    let restored = restored.json();
    assert_eq!(restored["restored"], words(&file));
    let kept = restored["kept"].as_str().expect("what it replaced");
    let holds = async |file: &str| {
        let checked = typed(&["check", "--json", "--db", file]).await.json();
        assert_eq!(checked["sound"], true);
        checked["holds"]["accounts"].clone()
    };
    assert_eq!(holds(words(&file)).await, 0);
    assert_eq!(holds(kept).await, 1);
    let checked = typed(&[&["check"][..], &db].concat()).await;
    let said = format!(
        "0 accounts, 0 conversations, 0 messages, 0 files\n{} is sound\n",
        file.display()
    );
    assert_eq!(checked.well().out, said);
    // Not while a server runs.
    let chat = Chat::on(&file, &[]).await;
    typed(&[&["restore", words(&copy)][..], &db].concat())
        .await
        .badly(3, "in use by another chat server");
    drop(chat);
}

#[tokio::test]
async fn what_is_no_database_of_ours_is_left_alone() {
    let (folder, file) = a_file().await;
    let other = folder.path().join("other.db");
    fs::write(&other, "Dear diary").expect("a file");
    for command in [&["check"][..], &["user", "list"], &["backup", "copy.db"]] {
        let refused = typed(&[command, &["--db", words(&other)]].concat()).await;
        refused.badly(3, "not a chat database");
    }
    assert_eq!(fs::read(&other).expect("a file"), b"Dear diary");
    let newer = rusqlite::Connection::open(&file).expect("the file");
    newer
        .pragma_update(None, "user_version", 999)
        .expect("a version");
    drop(newer);
    for command in [
        &["check"][..],
        &["user", "list"],
        &["--listen", "127.0.0.1:0"],
    ] {
        let refused = typed(&[command, &["--db", words(&file)]].concat()).await;
        refused.badly(3, "newer version of chat");
    }
}
