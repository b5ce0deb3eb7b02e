//! A client keeps one position, the last message it was shown: what it missed comes in the order of the log over all its
//! conversations, and nothing live overtakes it.

use crate::endure::link::{By, Link};
use crate::endure::tongues::ROOMS;
use crate::support::packet;
use crate::support::*;
use std::time::Duration;
use tokio::time::timeout;

/// More messages of 8,000 characters than the kernels of both sides hold for somebody who does not read.
const UNDER_WAY: usize = 1_000;

/// Events that the server puts aside for somebody who is still told what was before them.
const PUT_ASIDE: usize = 2_048;

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

/// Ann, three rooms in which she has said 300 messages, and Bob's socket, who was away meanwhile and has joined none of them yet.
async fn comes_back_to_rooms(chat: &Chat) -> (Person, Vec<String>, Socket) {
    let (ann, bob) = (chat.direct("ann").await, chat.rooms("bob").await);
    let mut rooms = Vec::new();
    for name in ["Kitchen", "Garden", "Cellar"] {
        rooms.push(ann.opens_room(name).await);
    }
    let first = ann.posts(&rooms[0], "Heard").await;
    talks(&ann, &rooms, 300, 10).await;
    let position = json!({ "lastMessageId": first["_id"] });
    let socket = bob.enters(position).await.expect("Bob may come back");
    (ann, rooms, socket)
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
            tokio::time::sleep(Duration::from_millis(30)).await;
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
    let (ann, rooms, socket) = comes_back_to_rooms(&chat).await;
    for room in &rooms {
        socket.emit("joinRoom", json!({ "roomId": room }));
    }
    talks(&ann, &rooms, 300, 10).await;
    let heard = socket.hears_many(600, "message").await;
    assert_eq!(contents(&heard, "/content"), chat.said().split_off(1));
    socket.hears_nothing().await;
}

#[tokio::test]
async fn rooms_whose_joins_wait_for_the_database_are_caught_up_as_one_all_the_same() {
    let chat = Chat::open().await;
    let (_, rooms, socket) = comes_back_to_rooms(&chat).await;
    socket.does("joinRoom", json!({ "roomId": rooms[0] })).await;
    let writing = chat.kept.is_being_written().await;
    for room in &rooms[1..] {
        socket.emit("joinRoom", json!({ "roomId": room }));
    }
    // Longer than joins are waited for that nobody has asked for.
    tokio::time::sleep(Duration::from_millis(700)).await;
    drop(writing);
    let heard = socket.hears_many(300, "message").await;
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

/// Bob, who is told what he missed in two groups of Ann's, and has stopped reading.
struct Asleep {
    chat: Chat,
    ann: Person,
    bob: Person,
    groups: Vec<String>,
    link: Link,
    heard: Vec<String>,
}

impl Asleep {
    async fn falls() -> Asleep {
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
        let mut asleep = Asleep {
            chat,
            ann,
            bob,
            groups,
            link,
            heard: Vec::new(),
        };
        while asleep.heard.is_empty() {
            asleep.hears().await;
        }
        asleep
    }

    async fn hears(&mut self) {
        let packet = self.link.next().await.expect("Bob is not cut off");
        let heard = ROOMS.hears(&packet.data);
        self.heard.extend(heard.map(|(words, _)| words.to_owned()));
    }

    /// Reads on, to these words and no further: nothing comes after them.
    async fn wakes_up(&mut self, last: &str) {
        while self.heard.last().is_none_or(|heard| heard != last) {
            self.hears().await;
        }
        let more = timeout(MOMENT, self.hears()).await;
        assert!(more.is_err(), "{last}, and then {:?}", self.heard.last());
    }

    /// Something has happened after which he is in the second group only.
    async fn ends_in_the_second_only(mut self) {
        let admin = self.chat.admin();
        eventually("Bob is in one only", async || {
            let listed = admin.get("/api/admin/sockets?q=bob").await.json();
            listed["sockets"][0]["rooms"] == 1
        })
        .await;
        for group in &self.groups {
            self.ann
                .sends_to(group, &format!("The end of {group}"))
                .await;
        }
        self.wakes_up(&format!("The end of {}", self.groups[1]))
            .await;

        let of_one = self.ann.history(&self.groups[0]).await;
        let of_other = self.ann.history(&self.groups[1]).await;
        let (missed, others) = (
            contents(&of_one, "/content"),
            contents(&of_other, "/content"),
        );
        let heard = self.heard.iter().map(String::as_str);
        let (other, one): (Vec<_>, Vec<_>) = heard.partition(|words| others.contains(words));
        assert_eq!(other, others, "all of the other group");
        assert!(missed[1..].starts_with(&one), "{one:?}");
        let (heard, all) = (one.len(), missed.len());
        assert!(
            heard < all - 50,
            "{heard} of {all} of what was not wanted any more"
        );
    }
}

#[tokio::test]
async fn who_leaves_one_while_it_is_told_hears_no_more_of_it_and_all_of_the_others() {
    let mut bob = Asleep::falls().await;
    let leave = json!(["leaveRoom", { "roomId": bob.groups[0] }]);
    bob.link.say(packet::event("/", None, &leave, 0)).await;
    bob.ends_in_the_second_only().await;
}

#[tokio::test]
async fn who_is_removed_from_one_while_it_is_told_hears_no_more_of_it_and_all_of_the_others() {
    let asleep = Asleep::falls().await;
    let Asleep {
        ann, bob, groups, ..
    } = &asleep;
    let path = format!("/api/conversations/{}/members/{}", groups[0], bob.id);
    ann.delete(path).await.has_status(200);
    asleep.ends_in_the_second_only().await;
}

#[tokio::test]
async fn more_than_is_put_aside_for_somebody_is_read_back_in_its_order() {
    let mut bob = Asleep::falls().await;
    talks(&bob.ann, &bob.groups, PUT_ASIDE + 500, 10).await;
    let log = bob.chat.said().split_off(1);
    bob.wakes_up(&log[log.len() - 1]).await;
    assert_eq!(bob.heard, log);
    talks(&bob.ann, &bob.groups, 1, 20).await;
    bob.hears().await;
    assert_eq!(bob.heard.len(), log.len() + 1, "he hears what is new");
}
