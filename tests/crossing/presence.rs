//! Who is there? Whoever shares a direct, group or session conversation hears it, once, in each dialect that they listen in.

use super::stage::*;
use crate::support::*;
use chat::core::time::Time;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How long somebody counts as being there after their last socket has gone.
const GRACE: Duration = Duration::from_secs(10);
/// And how long others may wait to hear it.
const GONE: Duration = Duration::from_secs(20);

/// How a dialect tells that somebody has come, or has gone.
fn told_in(dialect: Listener, who: &Person, online: bool) -> (&'static str, Value) {
    let (event, id) = match dialect {
        Listener::Rooms => ("userPresence", json!(who.id)),
        Listener::Direct => ("user_presence", json!(who.number)),
        Listener::Campus => ("user-presence", json!(who.uuid)),
        Listener::Mentor => ("user_presence", json!(who.uuid)),
    };
    (event, json!({ "userId": id, "online": online }))
}

/// All of these sockets hear it in each of their dialects, and nothing more than that.
async fn all_hear(ears: &[Ears], who: &Person, online: bool) {
    for one in ears {
        for dialect in &one.dialects {
            let (event, told) = told_in(*dialect, who, online);
            let heard = one.socket.hears_within(GONE, event, told).await;
            assert!(heard["lastSeenAt"].is_string(), "{heard}");
        }
        one.socket.hears_of_nobody().await;
    }
}

async fn none_hears(ears: &[Ears]) {
    futures_util::future::join_all(ears.iter().map(|one| one.socket.hears_of_nobody())).await;
}

/// Where a dialect shows who is there, and how a person is spelled there.
fn shown_in<'p>(path: &'static str, who: &'p Person) -> (&'static str, &'static str, &'p str) {
    match path {
        "/api/users/presence" => (path, "/data", &who.id),
        "/user/presence" => (path, "", &who.uuid),
        path => (path, "/presence", &who.uuid),
    }
}

const PATHS: [&str; 4] = [
    "/user/presence",
    "/api/presence",
    "/api/profile/presence",
    "/api/users/presence",
];

/// What somebody reads of another, in every dialect: the same. `None` if they are left out.
async fn reads_of(asking: &Person, who: &Person) -> Option<Value> {
    let mut read = Vec::new();
    for path in PATHS {
        let (path, list, id) = shown_in(path, who);
        let answer = asking.get(format!("{path}?userIds={id}")).await;
        let answer = answer.has_status(200).json();
        let shown = answer.pointer(list).and_then(Value::as_array);
        let shown = shown.unwrap_or_else(|| panic!("no list in {answer}"));
        assert!(shown.len() <= 1, "{answer}");
        if let Some(one) = shown.first() {
            assert_eq!(one["userId"], json!(id), "{answer}");
        }
        read.push(shown.first().cloned());
    }
    let online = |one: &Option<Value>| one.as_ref().map(|one| one["online"].clone());
    assert!(
        read.iter().all(|one| online(one) == online(&read[0])),
        "{read:?}"
    );
    read.pop().flatten()
}

async fn is_online(asking: &Person, who: &Person) -> bool {
    let read = reads_of(asking, who).await;
    read.expect("somebody whom they share a conversation with")["online"] == true
}

#[tokio::test]
async fn who_shares_a_conversation_hears_once_who_comes_and_who_goes() {
    let play = async |sort| {
        let stage = Stage::of(sort).await;
        let (ann, bob) = (&stage.ann, &stage.bob);
        // The stage's Bob has spoken, and has just gone.
        let gone = Instant::now();
        // One more conversation of theirs is no reason to hear it twice.
        let second = ann.gathers("Neighbours", &[bob]).await;
        let hers = stage.listens_everywhere(ann).await;
        for ears in &hers {
            for dialect in &ears.dialects {
                let event = match dialect {
                    Listener::Rooms => "joinRoom",
                    Listener::Direct => "join_conversation",
                    Listener::Campus => "join-group",
                    Listener::Mentor => continue,
                };
                ears.socket
                    .does(event, json!({ "conversationId": second }))
                    .await;
            }
        }
        // On a busy machine she may have been told yet that he came.
        for ears in &hers {
            ears.socket.forgets_who_came().await;
        }
        all_hear(&hers, bob, false).await;
        assert!(gone.elapsed() > GRACE - Duration::from_secs(2));
        assert!(!is_online(ann, bob).await);

        // The first socket tells it, in whichever namespace; more of them tell nothing.
        let first = bob.opens_chat().await;
        all_hear(&hers, bob, true).await;
        assert!(is_online(ann, bob).await);
        let second = bob.opens_a_socket().await;
        drop(first);
        none_hears(&hers).await;

        // Nor does a connection that is replaced in time.
        drop(second);
        sleep(Duration::from_secs(3)).await;
        assert!(is_online(ann, bob).await);
        let third = bob.opens_a_socket().await;
        sleep(GRACE).await;
        none_hears(&hers).await;

        drop(third);
        let gone = Instant::now();
        all_hear(&hers, bob, false).await;
        assert!(gone.elapsed() > GRACE - Duration::from_secs(1));
        assert!(!is_online(ann, bob).await);
    };
    tokio::join!(play(Sort::Direct), play(Sort::Group), play(Sort::Session));
}

#[tokio::test]
async fn an_open_room_tells_nobody_who_is_there() {
    let stage = Stage::of(Sort::Room).await;
    let hers = stage.listens_everywhere(&stage.ann).await;
    let his = stage.bob.opens_a_socket().await;
    his.does("joinRoom", json!({ "roomId": stage.hex })).await;
    none_hears(&hers).await;
    assert_eq!(reads_of(&stage.ann, &stage.bob).await, None);
    assert_eq!(reads_of(&stage.bob, &stage.ann).await, None);
}

#[tokio::test]
async fn strangers_and_those_who_left_are_told_nothing() {
    let chat = Chat::open().await;
    let (ann, bob, eve) = tokio::join!(chat.rooms("ann"), chat.rooms("bob"), chat.rooms("eve"));
    let group = ann.gathers("Friends", &[&bob, &eve]).await;
    let told = |who: &Person| json!({ "userId": who.uuid, "online": true });
    let hers = eve.opens_chat().await;
    let mine = ann.opens_chat().await;
    hers.hears("user_presence", told(&ann)).await;
    let path = format!("/api/conversations/{group}/members/{}", eve.uuid);
    eve.delete(path).await.has_status(200);
    mine.forgets_who_came().await;
    let his = bob.opens_chat().await;
    mine.hears("user_presence", told(&bob)).await;
    mine.hears_of_nobody().await;
    hers.hears_of_nobody().await;
    assert_eq!(reads_of(&eve, &bob).await, None);
    assert!(is_online(&ann, &bob).await);
    // Nobody hears of themselves.
    his.hears_of_nobody().await;
    assert!(is_online(&bob, &bob).await);
    // Who is not there, and what is no id, is no secret.
    let both = format!(
        "/api/presence?userIds={},{},%20{}",
        bob.uuid, eve.number, ann.id
    );
    let read = ann.get(both).await.has_status(200).json();
    assert_looks_like(
        &read,
        json!({ "presence": [{ "userId": bob.uuid }, { "userId": ann.uuid }] }),
        "the list",
    );
    let nothing = ann.get("/user/presence").await;
    assert_eq!(nothing.has_status(200).json(), json!([]));
    for asked in ["zz", &vec!["1"; 101].join(",")] {
        for path in PATHS {
            ann.get(format!("{path}?userIds={asked}"))
                .await
                .refused_for(&["userIds"]);
        }
    }
    let hundred = vec!["1"; 100].join(",");
    ann.get(format!("/api/presence?userIds={hundred}"))
        .await
        .has_status(200);
}

#[tokio::test]
async fn who_hides_is_there_for_nobody() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    ann.meets(&bob).await;
    let hers = ann.opens_chat().await;
    let his = bob.opens_a_socket().await;
    let told = |online: bool| json!({ "userId": bob.uuid, "online": online });
    hers.hears("user_presence", told(true)).await;

    let path = "/api/profile/presence";
    bob.patch(path, json!({})).await.refused_for(&["hidden"]);
    for _ in 0..2 {
        bob.patch(path, json!({ "hidden": true }))
            .await
            .looks_like(200, json!({ "success": true, "hidden": true }));
    }
    let heard = hers.hears("user_presence", told(false)).await;
    assert_eq!(heard["lastSeenAt"], Value::Null);
    let read = reads_of(&ann, &bob).await.expect("of a friend");
    assert_eq!(
        (&read["online"], &read["lastSeenAt"]),
        (&json!(false), &Value::Null)
    );
    let own = bob.get(path).await.has_status(200).json();
    assert_eq!(own, json!({ "presence": [], "hidden": true }));
    // Whoever comes while they hide tells nothing.
    drop(his);
    let his = bob.opens_a_socket().await;
    hers.hears_of_nobody().await;
    // And sees the others.
    assert!(is_online(&bob, &ann).await);

    bob.patch(path, json!({ "hidden": false }))
        .await
        .has_status(200);
    hers.hears("user_presence", told(true)).await;
    assert!(is_online(&ann, &bob).await);
    hers.hears_of_nobody().await;
    drop(his);
}

#[tokio::test]
async fn who_is_suspended_or_removed_is_there_no_more_at_once() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    ann.meets(&bob).await;
    let hers = ann.opens_chat().await;
    let his = bob.opens_a_socket().await;
    let told = |online: bool| json!({ "userId": bob.uuid, "online": online });
    hers.hears("user_presence", told(true)).await;
    let path = format!("/api/admin/users/{}", bob.uuid);
    let suspended_at = Instant::now();
    let suspending = json!({ "suspended": true });
    chat.admin().patch(&path, suspending).await.has_status(200);
    assert!(!is_online(&ann, &bob).await);
    hers.hears("user_presence", told(false)).await;
    assert!(suspended_at.elapsed() < GRACE);
    his.is_sent_away().await;
    chat.admin().delete(path).await.has_status(200);
    let read = reads_of(&ann, &bob).await.expect("of a friend");
    assert_eq!(
        (&read["online"], &read["lastSeenAt"]),
        (&json!(false), &Value::Null)
    );
}

#[tokio::test]
async fn when_somebody_was_last_there_is_known_after_a_restart_and_after_a_crash() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("chat.db");
    let chat = Chat::on(&file, &[]).await;
    let (ann, bob, eve) = tokio::join!(chat.rooms("ann"), chat.rooms("bob"), chat.rooms("eve"));
    ann.meets(&bob).await;
    ann.gathers("Friends", &[&bob, &eve]).await;
    let last_seen = async |ann: &Person, who: &Person| {
        let read = reads_of(ann, who).await.expect("of a friend");
        assert_eq!(read["online"], false, "{read}");
        let at = read["lastSeenAt"].as_str().expect("they were there");
        Time::from_iso(at).expect("a time").0
    };
    let begun = Time::now().0;
    let hers = ann.opens_chat().await;
    drop(bob.opens_a_socket().await);
    for online in [true, false] {
        let told = json!({ "userId": bob.uuid, "online": online });
        hers.hears_within(GONE, "user_presence", told).await;
    }
    let known = last_seen(&ann, &bob).await;
    // Whoever logs out has been there all the same.
    bob.post("/api/auth/logout", json!({}))
        .await
        .has_status(200);
    assert!(known >= begun, "{known} is before {begun}");
    chat.kill().await;

    let chat = Chat::on(&file, &[]).await;
    let ann = ann.at(&chat);
    let after = last_seen(&ann, &bob).await;
    assert!((known - after).abs() < 60_000, "{after} instead of {known}");
    assert!(last_seen(&ann, &eve).await <= Time::now().0);
    assert_eq!(chat.stop().await, 0);
    let chat = Chat::on(&file, &[]).await;
    assert_eq!(last_seen(&ann.at(&chat), &bob).await, after);
    // Those who come to a server that was started anew are told as everywhere.
    let ann = ann.at(&chat);
    let hers = ann.opens_chat().await;
    let _his = eve.at(&chat).opens_a_socket().await;
    hers.hears(
        "user_presence",
        json!({ "userId": eve.uuid, "online": true }),
    )
    .await;
}

#[tokio::test]
async fn who_is_being_told_what_they_missed_hears_it_too() {
    let stage = Stage::of(Sort::Group).await;
    let (ann, bob) = (&stage.ann, &stage.bob);
    let carl = stage.chat.rooms("carl").await;
    let path = format!("/api/conversations/{}/members", stage.uuid);
    ann.post(path, json!({ "userId": carl.uuid }))
        .await
        .has_status(200);
    for at in 0..300 {
        ann.does(
            "send_message",
            json!({ "conversationId": stage.number, "content": format!("Missed {at}") }),
        )
        .await;
    }
    let hers = bob.enters_chat(json!({ "lastMessageId": "0" })).await;
    let hers = hers.expect("let in");
    let _his = carl.opens_a_socket().await;
    let (event, told) = told_in(Listener::Mentor, &carl, true);
    hers.hears(event, told).await;
    hers.hears_many(300, "new_message").await;
    hers.hears_of_nobody().await;
}
