//! A client keeps one position, the last message it was shown: what it missed comes in the order of the log over all its
//! conversations, and nothing live overtakes it.

use crate::endure::link::{By, Link};
use crate::endure::tongues::ROOMS;
use crate::support::mentor::eventually;
use crate::support::packet;
use crate::support::*;
use tokio::time::timeout;

/// More messages of 8,000 characters than the kernels of both sides hold for somebody who does not read.
const UNDER_WAY: usize = 1_000;

/// So many groups of these people.
async fn groups(ann: &Person, others: &[&Person], count: usize) -> Vec<String> {
    let mut groups = Vec::new();
    for at in 0..count {
        groups.push(ann.gathers(&format!("Group {at}"), others).await);
    }
    groups
}

/// Says so many messages, in one conversation after the other, as fast as they are taken.
async fn talks(person: &Person, places: &[String], count: usize, long: usize) {
    let socket = person.socket().await;
    for at in 0..count {
        let words = format!("{:.<long$}", format!("{} {at} ", person.name));
        // Now here, now there, and sometimes twice.
        let place = &places[(at * 7 + at / 3) % places.len()];
        let said = json!({ "conversationId": place, "content": words });
        if at % 100 == 99 || at == count - 1 {
            socket.does("send_message", said).await;
        } else {
            socket.emit("send_message", said);
        }
    }
}

fn contents<'m>(heard: &'m [Value], at: &str) -> Vec<&'m str> {
    let content = |message: &'m Value| message.pointer(at).and_then(Value::as_str);
    let all = heard.iter().map(content);
    all.map(|one| one.expect("a message has words")).collect()
}

#[tokio::test]
async fn who_was_away_from_thirty_conversations_hears_one_log_while_all_go_on_talking() {
    let chat = Chat::open().await;
    let (ann, cleo, bob) = (
        chat.direct("ann").await,
        chat.direct("cleo").await,
        chat.mentor("bob").await,
    );
    let groups = groups(&ann, &[&cleo, &bob], 30).await;
    let first = ann.sends_to(&groups[0], "Heard").await;
    talks(&ann, &groups, 400, 10).await;
    let coming = async {
        let mut sockets = Vec::new();
        for _ in 0..6 {
            let position = json!({ "lastMessageId": first["id"] });
            let socket = bob.enters(position).await;
            sockets.push(socket.expect("Bob may come back"));
            tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        }
        sockets
    };
    let (sockets, ..) = tokio::join!(
        coming,
        talks(&ann, &groups, 300, 10),
        talks(&cleo, &groups, 300, 10)
    );
    let log = chat.said().split_off(1);
    assert_eq!(log.len(), 1_000);
    for socket in sockets {
        let heard = socket.hears_many(log.len(), "new_message").await;
        assert_eq!(contents(&heard, "/message/content"), log);
        socket.hears_nothing().await;
    }
}

#[tokio::test]
async fn rooms_that_are_joined_in_one_breath_are_caught_up_as_one() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.direct("ann").await, chat.rooms("bob").await);
    let mut rooms = Vec::new();
    for name in ["Kitchen", "Garden", "Cellar"] {
        rooms.push(ann.opens_room(name).await);
    }
    let first = ann.posts(&rooms[0], "Heard").await;
    talks(&ann, &rooms, 300, 10).await;
    let position = json!({ "lastMessageId": first["_id"] });
    let socket = bob.enters(position).await.expect("Bob may come back");
    for room in &rooms {
        socket.emit("joinRoom", json!({ "roomId": room }));
    }
    talks(&ann, &rooms, 300, 10).await;
    let heard = socket.hears_many(600, "message").await;
    assert_eq!(contents(&heard, "/content"), chat.said().split_off(1));
    socket.hears_nothing().await;
}

#[tokio::test]
async fn who_listens_in_two_dialects_hears_each_message_in_both_before_the_next() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.direct("ann").await, chat.rooms("bob").await);
    let groups = groups(&ann, &[&bob], 3).await;
    let first = ann.sends_to(&groups[0], "Heard").await;
    talks(&ann, &groups, 150, 10).await;
    let position = json!({ "lastMessageId": first["id"] });
    let socket = bob.enters(position).await.expect("Bob may come back");
    for group in &groups {
        socket.emit("joinRoom", json!({ "roomId": group }));
        socket.emit("join_conversation", json!({ "conversationId": group }));
    }
    talks(&ann, &groups, 150, 10).await;
    let heard = socket.hears_all(600).await;
    let log = chat.said().split_off(1);
    for (two, said) in heard.chunks(2).zip(log) {
        let mut events = [&two[0].0, &two[1].0];
        events.sort();
        assert_eq!(events, ["message", "new_message"]);
        for (_, message) in two {
            assert_eq!(message["content"], said.as_str());
        }
    }
    socket.hears_nothing().await;
}

#[tokio::test]
async fn a_conversation_that_is_joined_later_is_caught_up_before_anything_live() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.direct("ann").await, chat.direct("bob").await);
    let groups = groups(&ann, &[&bob], 2).await;
    let first = ann.sends_to(&groups[0], "Heard").await;
    talks(&ann, &groups, 200, 10).await;
    let position = json!({ "lastMessageId": first["id"] });
    let socket = bob.enters(position).await.expect("Bob may come back");
    socket.does("join_conversation", json!(groups[0])).await;
    let missed = ann.history(&groups[0]).await.len() - 1;
    let here = socket.hears_many(missed, "new_message").await;
    let (joined, ()) = tokio::join!(
        socket.does("join_conversation", json!(groups[1])),
        talks(&ann, &groups, 400, 10)
    );
    assert_eq!(joined, json!({ "ok": true }));
    let heard = socket.hears_many(600 - missed, "new_message").await;
    socket.hears_nothing().await;
    let mut numbers: Vec<_> = here
        .iter()
        .chain(&heard)
        .map(|one| one["id"].as_u64())
        .collect();
    // Back once, to what was missed in the other one, and from there on straight through.
    let back: Vec<_> = (1..numbers.len())
        .filter(|at| numbers[*at] < numbers[at - 1])
        .collect();
    assert!(matches!(back[..], [at] if at >= missed), "{numbers:?}");
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 600, "each once");
}

/// Bob is told what he missed in two groups of Ann's and has stopped reading; then something happens after which he is in
/// the second one only.
async fn is_in_the_second_only(after: impl AsyncFnOnce(&Person, &Person, &str, &mut Link)) {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.direct("ann").await, chat.rooms("bob").await);
    let groups = groups(&ann, &[&bob], 2).await;
    let first = ann.sends_to(&groups[0], "Heard").await;
    talks(&ann, &groups, UNDER_WAY + 200, 8_000).await;
    let auth = json!({ "token": bob.token, "lastMessageId": first["id"] });
    let link = Link::open(&chat.address, By::NarrowWebsocket, &ROOMS, &auth).await;
    let mut link = link.expect("Bob may come back");
    let joins = groups.iter().filter_map(|group| ROOMS.joins(group));
    link.say_all(joins.collect()).await;
    let mut heard = Vec::new();
    while heard.is_empty() {
        heard.extend(hears(&mut link).await);
    }
    after(&ann, &bob, &groups[0], &mut link).await;
    let admin = chat.admin();
    eventually("Bob is in one only", async || {
        let listed = admin.get("/api/admin/sockets?q=bob").await.json();
        listed["sockets"][0]["rooms"] == 1
    })
    .await;
    for group in &groups {
        ann.sends_to(group, &format!("The end of {group}")).await;
    }
    let end = format!("The end of {}", groups[1]);
    while heard.last() != Some(&end) {
        heard.extend(hears(&mut link).await);
    }
    let more = timeout(MOMENT, hears(&mut link)).await.ok().flatten();
    assert_eq!(more, None, "nothing comes after the end");

    let (of_one, of_other) = (ann.history(&groups[0]).await, ann.history(&groups[1]).await);
    let in_other = contents(&of_other, "/content");
    let (other, one): (Vec<_>, Vec<_>) = heard.iter().partition(|one| in_other.contains(&&***one));
    assert_eq!(other, in_other, "all of the other group");
    let missed = contents(&of_one, "/content").split_off(1);
    assert!(missed.starts_with(&one.iter().map(|words| &***words).collect::<Vec<_>>()));
    let (heard, all) = (one.len(), missed.len());
    assert!(
        heard < all - 50,
        "{heard} of {all} in a group of which no more was wanted"
    );
}

async fn hears(link: &mut Link) -> Option<String> {
    let packet = link.next().await.expect("Bob is not cut off");
    let heard = ROOMS.hears(&packet.data);
    heard.map(|(words, _)| words.to_owned())
}

#[tokio::test]
async fn who_leaves_one_while_it_is_told_hears_no_more_of_it_and_all_of_the_others() {
    is_in_the_second_only(async |_, _, group, link| {
        let leave = json!(["leaveRoom", { "roomId": group }]);
        link.say(packet::event("/", None, &leave, 0)).await;
    })
    .await;
}

#[tokio::test]
async fn who_is_removed_from_one_while_it_is_told_hears_no_more_of_it_and_all_of_the_others() {
    is_in_the_second_only(async |ann, bob, group, _| {
        let path = format!("/api/conversations/{group}/members/{}", bob.id);
        ann.delete(path).await.has_status(200);
    })
    .await;
}
