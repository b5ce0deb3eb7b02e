//! When does a server on a file hear what a command has done? Once, and before whatever it does itself afterwards.

use std::path::Path;
use std::time::Duration;

use super::{Database, Tx, View};
use crate::core::model::{Announcement, Id, StateChange, Time};
use crate::core::{Core, Durability, News, Options};

fn a_file(folder: &Path) -> Database {
    folder.join("chat.db").into()
}

/// A change that somebody else is to hear of.
async fn changes_account(core: &Core, number: i64) {
    let changed = core.write(move |tx| {
        tx.announce(StateChange::AccountChanged(Id::stored(number)));
        Ok(())
    });
    changed.await.expect("it is written");
}

fn rows(view: &View<'_>) -> i64 {
    view.count("SELECT count(*) FROM news", ()).expect("rows")
}

/// The accounts that these announcements say to have changed.
fn changed(announced: &[Announcement]) -> Vec<i64> {
    let number = |one: &Announcement| match one {
        Announcement::StateChange(StateChange::AccountChanged(id)) => id.number(),
        other => panic!("{other:?}"),
    };
    announced.iter().map(number).collect()
}

/// The accounts that the next commit says to have changed. One that changed none may come before it: a server tidies up when it
/// starts.
async fn next(news: &mut News) -> Vec<i64> {
    loop {
        let commit = tokio::time::timeout(Duration::from_secs(10), news.recv()).await;
        let commit = commit.expect("soon").expect("a commit");
        let changed = changed(commit.announced());
        commit.answer();
        if !changed.is_empty() {
            return changed;
        }
    }
}

#[tokio::test]
async fn a_server_hears_what_a_command_has_done_before_it_tells_what_it_does_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = a_file(folder.path());
    let (core, mut news, _lock) = Core::open(&file, Options::for_tests()).expect("a database");
    let command = Core::visit(&file, Options::for_tests()).expect("a visit");
    // However often: a row's number is not given out again when the row is gone.
    for round in (1..=9).step_by(3) {
        changes_account(&command, round).await;
        changes_account(&command, round + 1).await;
        changes_account(&core, round + 2).await;
        for expected in round..round + 3 {
            assert_eq!(next(&mut news).await, [expected]);
        }
        let left = core.read(|view| Ok(rows(view))).await;
        assert_eq!(left.expect("a count"), 0, "what was heard is gone");
    }
}

#[tokio::test]
async fn a_server_with_nothing_to_write_hears_a_command_all_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = a_file(folder.path());
    let (core, mut news, _lock) = Core::open(&file, Options::for_tests()).expect("a database");
    changes_account(&core, 1).await;
    assert_eq!(next(&mut news).await, [1]);
    let command = Core::visit(&file, Options::for_tests()).expect("a visit");
    changes_account(&command, 2).await;
    assert_eq!(next(&mut news).await, [2]);
}

#[tokio::test]
async fn what_a_command_does_while_a_server_reads_everything_is_heard_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = a_file(folder.path());
    drop(Core::open(&file, Options::for_tests()).expect("a database"));
    let command = Core::visit(&file, Options::for_tests()).expect("a visit");
    changes_account(&command, 1).await;
    let conn = super::open(&file, Durability::Normal, false).expect("a connection");
    let (limits, directory) = Default::default();
    let view = View::new(&conn, &limits, &directory, Time::now());
    let mailbox = view.snapshot(|| view.mailbox()).expect("a snapshot");
    let mut mailbox = mailbox.expect("a file has one");
    // Between that snapshot and the writer's first look.
    changes_account(&command, 2).await;
    for expected in [vec![2], vec![]] {
        let mut heard = Vec::new();
        mailbox.look(&view, |announced| heard.extend(changed(&announced)));
        assert_eq!(heard, expected);
        assert_eq!(rows(&view), 0);
    }
}

#[tokio::test]
async fn news_that_cannot_be_read_do_not_keep_back_those_behind_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = a_file(folder.path());
    let (core, mut news, _lock) = Core::open(&file, Options::for_tests()).expect("a database");
    let command = Core::visit(&file, Options::for_tests()).expect("a visit");
    let broken = |tx: &Tx<'_>| {
        let sql = "INSERT INTO news (nonce, told, at) VALUES ($1, $2, $3)";
        tx.write(sql, ([0_u8; 16], "no JSON", 0))
    };
    command.write(broken).await.expect("a row");
    changes_account(&command, 1).await;
    changes_account(&core, 2).await;
    for expected in [1, 2] {
        assert_eq!(next(&mut news).await, [expected]);
    }
}
