//! `chat search`: what was said anywhere, as the README shows it.

use super::{typed, words};
use crate::support::*;

#[tokio::test]
async fn what_was_said_is_printed_with_when_where_and_by_whom() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("chat.db");
    let db = ["--db", words(&file)];
    let chat = Chat::on(&file, &[]).await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("Lobby").await;
    ann.posts(&room, "The project update\nis late").await;
    let pair = ann.meets(&bob).await;
    bob.sends_to(&pair, "Which update?").await;
    let example = ["search", "from:ann \"project update\" after:2026-01-31"];
    let readme = include_str!("../../README.md");
    assert!(readme.contains(&format!("chat search '{}'", example[1])));
    let found = typed(&[&example[..], &db].concat()).await;
    let lines: Vec<_> = found.well().out.lines().collect();
    let head: Vec<_> = lines[0].split_whitespace().collect();
    assert_eq!(head, ["TIME", "CONVERSATION", "AUTHOR", "TEXT"]);
    assert!(
        lines[1].ends_with("Lobby         ann     The project update is late"),
        "{lines:?}"
    );
    assert_eq!(lines.len(), 2);
    assert_eq!(chat.stop().await, 0);

    // Also while no server runs, and whatever nobody has indexed yet.
    let found = typed(&[&["search", "update", "--json"][..], &db].concat()).await;
    let found = found.json();
    assert_eq!(found.as_array().map(Vec::len), Some(2));
    let bobs = json!({ "text": "Which update?", "author": { "id": bob.number, "name": "bob" },
        "conversation": { "type": "direct", "name": "ann, bob" } });
    assert_looks_like(&found[0], bobs, "Bob's");
    let found = typed(&[&["search", "update", "--limit", "1"][..], &db].concat()).await;
    let lines: Vec<_> = found.well().out.lines().collect();
    assert_eq!(
        (lines.len(), lines[2]),
        (3, "and more: say --limit, or before: a day")
    );
    typed(&[&["search", "has:cake"][..], &db].concat())
        .await
        .badly(1, "has: must be file or link");
    typed(&[&["search"][..], &db].concat())
        .await
        .badly(2, "WORDS");
}
