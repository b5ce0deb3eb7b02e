//! `--first-room`: where whoever comes meets the others.

use crate::support::*;

/// The names of the rooms, and how many.
async fn rooms(chat: &Chat) -> Vec<String> {
    let listed = chat.nobody().get("/api/rooms").await;
    let listed = listed.has_status(200).json();
    let listed = listed["data"].as_array().expect("a list");
    let names = listed.iter().map(|room| room["name"].as_str());
    names.map(|name| name.expect("a name").to_owned()).collect()
}

/// How many conversations a person belongs to.
async fn belongs_to(person: &Person) -> usize {
    let listed = person.get("/api/conversations?limit=10").await;
    let listed = listed.has_status(200).json();
    listed.as_array().expect("a list").len()
}

#[tokio::test]
async fn whoever_comes_by_whichever_dialect_is_in_the_first_room() {
    let chat = Chat::with(&["--first-room", "General"]).await;
    assert_eq!(rooms(&chat).await, ["General"]);
    for person in [
        chat.admin(),
        chat.rooms("ann").await,
        chat.emote("bob").await,
        chat.campus("carl").await,
    ] {
        assert_eq!(belongs_to(&person).await, 1, "{}", person.name);
    }
    assert_eq!(rooms(&chat).await, ["General"]);
}

#[tokio::test]
async fn the_first_room_is_made_once_and_belongs_to_an_administrator() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("chat.db");
    let flags = ["--first-room", "General"];
    let chat = Chat::on(&file, &flags).await;
    // Nobody could own it yet.
    let ann = chat.rooms("ann").await;
    assert!(rooms(&chat).await.is_empty());
    assert_eq!(chat.stop().await, 0);
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "open sesame").expect("a file");
    let boss = [
        "--admin-email",
        "boss@example.test",
        "--admin-password-file",
        secret.to_str().expect("a plain path"),
    ];
    for times in 1..=2 {
        let chat = Chat::on(&file, &[&flags[..], &boss].concat()).await;
        assert_eq!(rooms(&chat).await, ["General"], "start {times}");
        // Who was there before finds it in the list.
        assert_eq!(belongs_to(&ann.at(&chat)).await, 0);
        assert_eq!(
            belongs_to(&chat.rooms(&format!("new{times}")).await).await,
            1
        );
        assert_eq!(chat.stop().await, 0);
    }
    let chat = Chat::on(&file, &[]).await;
    assert_eq!(belongs_to(&chat.rooms("late").await).await, 0);
}

#[tokio::test]
async fn a_name_that_no_room_may_have_is_refused_at_the_start() {
    let refused = Chat::start(&["--temp", "--first-room", " "]).await;
    let refused = refused.err().expect("it does not start");
    assert_eq!(refused.code, Some(2), "{refused:?}");
}
