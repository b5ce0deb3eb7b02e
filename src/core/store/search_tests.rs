//! What does the index keep of messages that were deleted or changed? Not a byte.

use super::read_pool::ReadPool;
use super::{BATCH, Sought, Tx};
use crate::core::error::{Error, Result};
use crate::core::model::MessageId;
use crate::core::words;
use crate::core::{Core, Locked, News, Options};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

const ROOM: &str =
    "INSERT INTO conversations (id, kind, name, created_at) VALUES (1, 'room', 'Lobby', 0)";
const ANN: &str = "INSERT INTO accounts (id, home, name, created_at) VALUES (1, 'rooms', 'Ann', 0)";

fn open(file: &Path) -> (Core, News, Option<Locked>) {
    let options = Options::for_tests();
    Core::open(&file.to_path_buf().into(), options).expect("a database")
}

fn id(number: i64) -> MessageId {
    MessageId::new(number).expect("an id")
}

/// Words that differ in their last letters only, so that a page of the index may have to name all of the first one.
fn word(message: i64) -> String {
    format!("secret{message:07}")
}

fn say(tx: &Tx<'_>, number: i64, text: &str) -> Result<()> {
    tx.write(
        "INSERT INTO messages (conversation, seq, id, author, text, sent_at) VALUES (1, $1, $1, 1, $2, 0)",
        (number, text),
    )
}

/// Deletes messages.
async fn blank(core: &Core, gone: &[i64]) {
    for some in gone.chunks(500) {
        let some = some.to_vec();
        let blanked = core.write(move |tx| {
            some.iter()
                .try_for_each(|number| tx.blank_message(id(*number)).map(drop))
        });
        blanked.await.expect("deleted");
    }
}

async fn finds(core: &Core, text: &str) -> Vec<i64> {
    let sought = Sought {
        phrases: words::of_phrase(text).into_iter().collect(),
        before: i64::MAX,
        ..Sought::default()
    };
    let found = core.read(move |view| view.find_messages(&sought, 10)).await;
    found
        .expect("an answer")
        .into_iter()
        .map(MessageId::number)
        .collect()
}

/// The numbers of the words that stand somewhere in the file.
fn words_in(file: &[u8]) -> BTreeSet<i64> {
    let begin = b"secret";
    let numbers = file.windows(begin.len() + 7).filter_map(|bytes| {
        let number = bytes.strip_prefix(begin)?;
        std::str::from_utf8(number).ok()?.parse().ok()
    });
    numbers.collect()
}

const MESSAGES: i64 = 12_000;
/// How long tidying up after them may take, on a busy machine.
const TIDIED: Duration = Duration::from_secs(30);

#[tokio::test]
async fn no_byte_of_what_is_taken_out_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("chat.db");
    let (core, mut news, lock) = open(&path);
    // The writer waits for who does not take its news.
    let takes = tokio::spawn(async move { while news.recv().await.is_some() {} });
    let said = core.write(|tx| {
        tx.write(ANN, ())?;
        tx.write(ROOM, ())?;
        (1..=MESSAGES).try_for_each(|number| {
            say(
                tx,
                number,
                &format!("It is {} and {}", word(number), number % 7),
            )
        })
    });
    said.await.expect("messages");
    core.index_all().await.expect("an index");
    for number in [1, 6_000, MESSAGES] {
        assert_eq!(finds(&core, &word(number)).await, [number]);
    }
    let gone: Vec<i64> = (1..=MESSAGES).filter(|number| number % 3 != 0).collect();
    blank(&core, &gone).await;
    // An edit: out with the old words, in with the new ones.
    let edited = core.write(|tx| {
        tx.unindex(id(3))?;
        tx.write(
            "UPDATE messages SET text = 'Something else' WHERE id = 3",
            (),
        )?;
        tx.index_again(id(3))
    });
    edited.await.expect("edited");
    assert_eq!(finds(&core, "something ELSE").await, [3]);
    assert_eq!(finds(&core, &word(6)).await, [6]);
    for number in [1, 2, 3, 4_000, MESSAGES - 1] {
        assert!(finds(&core, &word(number)).await.is_empty(), "{number}");
    }
    let checked =
        core.write(|tx| tx.write("INSERT INTO search (search) VALUES ('integrity-check')", ()));
    checked.await.expect("a sound index");
    core.close();
    takes.await.expect("no more news");
    drop((core, lock));
    let file = fs::read(&path).expect("the file");
    let kept = words_in(&file);
    assert!(kept.contains(&6), "what stays is in the file");
    let kept: Vec<_> = gone
        .iter()
        .chain([&3])
        .filter(|number| kept.contains(number))
        .collect();
    assert!(kept.is_empty(), "{kept:?}");
}

#[tokio::test]
async fn the_index_of_messages_that_are_gone_takes_up_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (core, mut news, _lock) = open(&folder.path().join("chat.db"));
    let takes = tokio::spawn(async move { while news.recv().await.is_some() {} });
    let said = core.write(|tx| {
        tx.write(ANN, ())?;
        tx.write(ROOM, ())?;
        (1..=MESSAGES).try_for_each(|number| say(tx, number, &word(number)))
    });
    said.await.expect("messages");
    core.index_all().await.expect("an index");
    let pages = async || {
        let pages = core.read(|view| view.count("SELECT count(*) FROM search_data", ()));
        pages.await.expect("a count")
    };
    let before = pages().await;
    assert!(before > 40, "{before} pages are too few to tell");
    let gone: Vec<i64> = (1..MESSAGES).collect();
    blank(&core, &gone).await;
    let goes_on = core.write(|tx| {
        say(tx, MESSAGES + 1, "The next one")?;
        tx.index_more(BATCH)
    });
    goes_on.await.expect("a message");
    let since = Instant::now();
    while pages().await > before / 4 {
        assert!(since.elapsed() < TIDIED, "{} of {before}", pages().await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(finds(&core, &word(MESSAGES)).await, [MESSAGES]);
    core.close();
    takes.await.expect("no more news");
}

#[tokio::test]
async fn an_index_made_by_other_rules_is_made_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    // A server would make it anew by itself, as soon as it has nothing else to do.
    let path = folder.path().join("chat.db").into();
    let (core, _lock) = Core::open_alone(&path, Options::for_tests()).expect("a database");
    let said = core.write(|tx| {
        tx.write(ANN, ())?;
        tx.write(ROOM, ())?;
        say(tx, 1, "Hello")?;
        tx.index_more(BATCH)?;
        tx.write("UPDATE search_progress SET rules = 1", ())?;
        tx.write("INSERT INTO search (rowid, words) VALUES (1, 'hallo')", ())
    });
    said.await.expect("a message");
    assert_eq!(
        core.read(|view| view.unindexed(10)).await.expect("a count"),
        1
    );
    core.write(|tx| tx.index_more(BATCH))
        .await
        .expect("a batch");
    assert_eq!(finds(&core, "hello").await, [1]);
    assert!(finds(&core, "hallo").await.is_empty());
    assert_eq!(
        core.read(|view| view.unindexed(10)).await.expect("a count"),
        0
    );
}

#[tokio::test]
async fn what_takes_too_long_is_broken_off_and_the_next_read_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("chat.db");
    let (core, _news, _lock) = open(&path);
    let pool = ReadPool::new(&path.clone().into(), Default::default(), Default::default());
    let endless =
        "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n";
    let longest = Duration::from_millis(20);
    for _ in 0..10 {
        let answer = pool
            .read_within(longest, |view| view.count(endless, ()))
            .await;
        assert!(matches!(answer, Err(Error::Overloaded(_))), "{answer:?}");
    }
    let slow = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1000000) SELECT count(*) FROM n";
    let answer = pool.read(|view| view.count(slow, ())).await;
    assert!(matches!(answer, Ok(1_000_000)), "{answer:?}");
    core.close();
}
