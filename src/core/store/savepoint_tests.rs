//! What does a failed verb leave in the database, and which other verbs fail with it?

use super::{Tx, View};
use crate::core::error::{Error, Result};
use crate::core::{Core, Options};

const FAILED: Error = Error::Conflict("as asked");

fn add(tx: &Tx<'_>, name: &str) -> Result<()> {
    tx.change(
        "INSERT INTO secrets (name, value) VALUES ($1, x'00')",
        [name],
    )
    .map(drop)
}

fn names(view: &View<'_>) -> Result<Vec<String>> {
    view.all(
        "SELECT name FROM secrets WHERE name LIKE 'verb %' ORDER BY name",
        (),
        |row| row.get(0),
    )
}

/// The answers of three verbs that share a commit, and which rows were kept.
async fn with(second: fn(&Tx<'_>) -> Result<()>) -> ([Result<()>; 3], Vec<String>) {
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options::for_tests();
    let opened = Core::open(&folder.path().join("chat.db").into(), options);
    let (core, _news, _lock) = opened.expect("a database");
    // While the writer waits in this verb, the others queue up behind it and share the next commit.
    let (begins, begun) = tokio::sync::oneshot::channel();
    let (go_on, goes_on) = std::sync::mpsc::channel::<()>();
    let busy = core.write(move |_| {
        begins.send(()).ok();
        goes_on.recv().ok();
        Ok(())
    });
    begun.await.expect("the writer is at it");
    let first = core.write(|tx| add(tx, "verb 1"));
    let second = core.write(second);
    let third = core.write(|tx| add(tx, "verb 3"));
    drop(go_on);
    let answers = [first.await, second.await, third.await];
    drop(busy);
    core.write(|tx| add(tx, "verb 4"))
        .await
        .expect("the writer goes on");
    (answers, core.read(names).await.expect("the names"))
}

#[tokio::test]
async fn a_verb_that_fails_or_panics_takes_nobody_with_it() {
    let fails = |tx: &Tx<'_>| add(tx, "verb 2").and(Err(FAILED));
    let (answers, kept) = with(fails).await;
    assert!(
        matches!(answers, [Ok(()), Err(Error::Conflict(_)), Ok(())]),
        "{answers:?}"
    );
    assert_eq!(kept, ["verb 1", "verb 3", "verb 4"]);

    let panics = |tx: &Tx<'_>| {
        add(tx, "verb 2")?;
        panic!("as asked")
    };
    let (answers, kept) = with(panics).await;
    assert!(
        matches!(answers, [Ok(()), Err(Error::Internal(_)), Ok(())]),
        "{answers:?}"
    );
    assert_eq!(kept, ["verb 1", "verb 3", "verb 4"]);
}

#[tokio::test]
async fn a_decided_verb_that_fails_undoes_its_commit_and_all_who_share_it_are_told() {
    let (answers, kept) = with(|tx| {
        tx.decide();
        add(tx, "verb 2").and(Err(FAILED))
    })
    .await;
    for answer in answers {
        assert!(matches!(answer, Err(Error::Overloaded(_))), "{answer:?}");
    }
    assert_eq!(kept, ["verb 4"]);

    // If it fails before it writes, nothing need be undone.
    let (answers, kept) = with(|tx| {
        tx.decide();
        Err(FAILED)
    })
    .await;
    assert!(
        matches!(answers, [Ok(()), Err(Error::Conflict(_)), Ok(())]),
        "{answers:?}"
    );
    assert_eq!(kept, ["verb 1", "verb 3", "verb 4"]);
}
