//! What breaks between a server and PostgreSQL: nobody is told what is not so, and what was acknowledged stays.

use crate::support::postgres::{Cluster, Database, Disk, free_port};
use crate::support::proxy::{Loss, Proxy};
use crate::support::*;
use rustix::process::Signal;
use std::time::Instant;

/// So many commits are lost in each way.
const LOST: usize = 8;
/// More ids than can have been given out since a standby has heard of the last one.
const LEAP: i64 = 1 << 32;

async fn server(flags: &[&str]) -> Chat {
    let started = Chat::start(flags).await;
    started.unwrap_or_else(|refusal| panic!("{refusal:?}"))
}

/// The way through the proxy, which reads what passes.
fn through(proxy: &Proxy, database: &Database) -> String {
    format!("{}?sslmode=disable", proxy.url(&database.url()))
}

/// Posts until it is acknowledged, each time as the same message.
async fn posts_until(ann: &Person, room: &str, words: &str) {
    let asked = Instant::now();
    let new = json!({ "roomId": room, "content": words, "clientMessageId": words });
    while ann.post("/api/messages", new.clone()).await.status != 201 {
        assert!(asked.elapsed() < 3 * PATIENCE, "{words} is never taken");
        tokio::time::sleep(MOMENT / 10).await;
    }
}

async fn hears_all(socket: &Socket, said: &[String]) {
    let heard = socket.hears_many(said.len(), "message").await;
    let heard: Vec<_> = heard.iter().map(|one| one["content"].as_str()).collect();
    let said: Vec<_> = said.iter().map(|words| Some(&**words)).collect();
    assert_eq!(heard, said, "once each, in the order of the log");
    socket.hears_nothing().await;
}

#[tokio::test]
async fn whether_a_commit_has_happened_whose_answer_was_lost_is_found_out() {
    let cluster = Cluster::start(Disk::Hurried);
    let database = cluster.database().await;
    let proxy = Proxy::before(cluster.port);
    let chat = server(&["--temp", "--db", &through(&proxy, &database)]).await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("Lobby").await;
    let socket = bob.opens_a_socket().await;
    socket.does("joinRoom", json!({ "roomId": room })).await;

    let (mut taken, mut refused) = (Vec::new(), 0);
    for loss in [Loss::Answer, Loss::Commit] {
        let before = proxy.lost();
        while proxy.lost() < before + LOST {
            proxy.loses(loss);
            let words = format!("{loss:?} {}", taken.len() + refused);
            let new = json!({ "roomId": room, "content": words });
            match ann.post("/api/messages", new).await.status {
                201 => taken.push(words),
                503 => refused += 1,
                other => panic!("{words}: {other}"),
            }
        }
    }
    // The last loss may still be ahead of whatever is committed next.
    posts_until(&ann, &room, "The end").await;
    taken.push("The end".to_owned());
    assert!(refused > 0, "what never came to the database is refused");
    assert_eq!(chat.said(), taken, "what was refused has not happened");
    hears_all(&socket, &taken).await;
}

#[tokio::test]
async fn a_database_that_crashes_again_and_again_loses_nothing_that_was_acknowledged() {
    let mut cluster = Cluster::start(Disk::Flushed);
    let database = cluster.database().await;
    let chat = server(&["--temp", "--db", &database.url()]).await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("Lobby").await;
    let socket = bob.opens_a_socket().await;
    socket.does("joinRoom", json!({ "roomId": room })).await;
    let mut said = Vec::new();
    for round in 0..3 {
        for at in 0..5 {
            let words = format!("{round} {at}");
            posts_until(&ann, &room, &words).await;
            said.push(words);
            match (round, at) {
                (0, 2) => cluster.crashes(),
                (1, 2) => {
                    cluster.is_killed();
                    cluster.goes_on();
                }
                _ => {}
            }
        }
    }
    assert_eq!(chat.said(), said);
    hears_all(&socket, &said).await;
}

#[tokio::test]
async fn what_a_database_recovers_is_told_when_its_standby_has_it() {
    let mut cluster = Cluster::start(Disk::Flushed);
    let standby = cluster.standby(free_port());
    cluster.waits_for_standby().await;
    let chat = server(&["--temp", "--db", &cluster.url("postgres")]).await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("Lobby").await;
    let socket = bob.opens_a_socket().await;
    socket.does("joinRoom", json!({ "roomId": room })).await;

    standby.all_are_told(Signal::STOP);
    let said = tokio::spawn(async move { ann.posts(&room, "In doubt").await });
    tokio::time::sleep(2 * MOMENT).await;
    cluster.is_killed();
    cluster.goes_on();
    tokio::time::sleep(10 * MOMENT).await;
    assert!(!said.is_finished(), "only the primary has it");
    socket.hears_nothing_yet();
    standby.all_are_told(Signal::CONT);
    said.await.expect("both have it");
    socket
        .hears("message", json!({ "content": "In doubt" }))
        .await;
}

#[tokio::test]
async fn a_server_whose_database_is_another_one_begins_anew_and_no_id_is_given_out_twice() {
    let cluster = Cluster::start(Disk::Hurried);
    let database = cluster.database().await;
    let proxy = Proxy::before(cluster.port);
    let way = through(&proxy, &database);
    let flags = ["--temp", "--db", &way];
    let chat = server(&flags).await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("Lobby").await;
    ann.posts(&room, "Before").await;
    let ids = "SELECT max(id) FROM messages";
    let before = chat.kept.one::<i64>(ids, &[]);

    // As a standby finds it that was promoted: on another timeline.
    let elsewhere = "UPDATE secrets SET value = 'elsewhere' WHERE name = 'place'";
    let done = database.client().await.batch_execute(elsewhere).await;
    done.expect("it can be written");
    proxy.cuts();
    let lost = json!({ "roomId": room, "content": "Lost" });
    while ann.post("/api/messages", lost.clone()).await.status == 201 {}
    assert_eq!(chat.ends().await, 1, "who watches over it starts it again");

    let chat = server(&flags).await;
    let ann = ann.at(&chat);
    ann.posts(&room, "After").await;
    let history = ann.history(&room).await;
    assert_eq!(history[0]["content"], "Before");
    let after = chat.kept.one::<i64>(ids, &[]);
    assert!(after > before + LEAP, "{after} behind {before}");
}
