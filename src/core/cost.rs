//! What does a message cost? The same, however many belong to the conversation.

use std::time::{Duration, Instant};

use super::message::{Draft, post};
use super::model::{AccountId, ConversationId, DeviceId, Me};
use super::{Core, Options, account, conversation};

/// Messages in one measurement; a thousand share a commit.
const MESSAGES: usize = 1_000;
const ROUNDS: usize = 5;

async fn person(core: &Core, number: usize) -> AccountId {
    core.write(move |tx| {
        let email = format!("{number}@example.test");
        let new = account::SignUp {
            home: "rooms",
            name: format!("person {number}"),
            username: false,
            email,
        };
        let id = account::make(tx, &new, String::new())?;
        account::take_over(tx, id, None)?;
        Ok(id)
    })
    .await
    .expect("an account")
}

/// How long it takes to post them there.
async fn talk(core: &Core, me: &Me, place: ConversationId) -> Duration {
    let begun = Instant::now();
    let saying: Vec<_> = (0..MESSAGES)
        .map(|_| {
            let me = me.clone();
            core.write(move |tx| post(tx, &me, Draft::text("rooms", place, "Hello".into(), None)))
        })
        .collect();
    for said in saying {
        said.await.expect("it is said");
    }
    begun.elapsed()
}

#[tokio::test]
async fn a_message_to_256_who_are_away_costs_what_one_to_an_open_room_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options::for_tests();
    let opened = Core::open(&folder.path().join("chat.db").into(), options);
    let (core, mut news, _lock) = opened.expect("a database");
    tokio::spawn(async move { while news.recv().await.is_some() {} });
    let mut people = Vec::new();
    for number in 0..256 {
        people.push(person(&core, number).await);
    }
    let me = Me {
        id: people[0],
        device: DeviceId::stored(1),
        name: "person 0".into(),
        home: "rooms".into(),
        admin: false,
    };
    let (host, others) = (me.clone(), people.clone());
    let group = core.write(move |tx| conversation::gather(tx, &host, "All", &others));
    let group = group.await.expect("a group");
    let host = me.clone();
    let room = core.write(move |tx| conversation::open_room(tx, &host, "Lobby", ""));
    let room = room.await.expect("a room").place.id;
    let (mut to_group, mut to_room) = (Vec::new(), Vec::new());
    talk(&core, &me, room).await;
    // In turns, so that other load on the machine slows both alike.
    for _ in 0..ROUNDS {
        to_room.push(talk(&core, &me, room).await);
        to_group.push(talk(&core, &me, group).await);
    }
    let best = |times: &[Duration]| times.iter().min().copied().unwrap_or_default();
    let (to_group, to_room) = (best(&to_group), best(&to_room));
    assert!(to_group < 2 * to_room, "{to_group:?} beside {to_room:?}");
}
