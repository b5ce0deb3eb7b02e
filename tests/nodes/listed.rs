//! An administrator sees which servers there are, and who is connected to any of them.

use crate::support::*;
use rustix::process::Signal;
use std::time::{Duration, Instant};

/// How long a server that was lost may be listed.
const GONE: Duration = Duration::from_secs(20);

/// What a server says of all, without when it last heard of each.
async fn listed(admin: &Person) -> Vec<(String, bool, u64, u64)> {
    let stats = admin.get("/api/admin/stats").await.has_status(200).json();
    let servers = stats["stats"]["servers"].as_array().expect("a list");
    let one = |server: &Value| {
        assert!(server["seenAt"].is_string(), "{server}");
        let name = server["name"].as_str().expect("a name").to_owned();
        let number = |key: &str| server[key].as_u64().expect("a number");
        let is_this = server["this"] == true;
        (name, is_this, number("sockets"), number("people"))
    };
    servers.iter().map(one).collect()
}

#[tokio::test]
async fn all_servers_are_listed_with_their_sockets_until_they_are_gone() {
    let mut chat = Chat::of_several(2, &[]).await;
    let servers = chat.servers();
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let _at_first = [
        ann.by(&servers[0]).opens_a_socket().await,
        ann.by(&servers[0]).opens_chat().await,
    ];
    let _at_second = [
        ann.by(&servers[1]).opens_a_socket().await,
        bob.by(&servers[1]).opens_a_socket().await,
        bob.by(&servers[1]).opens_a_socket().await,
    ];
    for this in &servers {
        let admin = chat.admin().by(this);
        let mut expected = vec![
            (servers[0].clone(), *this == servers[0], 2, 1),
            (servers[1].clone(), *this == servers[1], 3, 2),
        ];
        expected.sort();
        eventually("both are listed", async || listed(&admin).await == expected).await;
    }
    chat.loses(&servers[1]).await;
    let admin = chat.admin().by(&servers[0]);
    let lost = Instant::now();
    while listed(&admin).await.len() > 1 {
        assert!(lost.elapsed() < GONE, "the dead are listed");
        tokio::time::sleep(MOMENT).await;
    }
    assert_eq!(listed(&admin).await, [(servers[0].clone(), true, 2, 1)]);
}

#[tokio::test]
async fn on_a_file_no_server_is_listed() {
    let chat = Chat::with_a_file(&[]).await;
    assert_eq!(listed(&chat.admin()).await, []);
}

/// The sockets that a server lists: whose, and where. What the others did not say in time is missing.
async fn sockets(admin: &Person, query: &str) -> (Vec<(String, String)>, Value) {
    let listed = admin.get(format!("/api/admin/sockets{query}")).await;
    let listed = listed.has_status(200).json();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let one = |socket: &Value| (text(&socket["user"]["name"]), text(&socket["server"]));
    let all = listed["sockets"].as_array().expect("a list");
    (all.iter().map(one).collect(), listed)
}

#[tokio::test]
async fn sockets_of_all_servers_are_one_list_and_each_is_ended_from_anywhere() {
    let chat = Chat::of_several(3, &[]).await;
    let servers = chat.servers();
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let mut open = Vec::new();
    let mut expected = Vec::new();
    for server in [&servers[2], &servers[0], &servers[1], &servers[0]] {
        for who in [&ann, &bob] {
            open.push(who.by(server).opens_a_socket().await);
            expected.push((who.name.clone(), server.clone()));
            // They are listed by the millisecond since when they are open.
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
    for this in &servers {
        let admin = chat.admin().by(this);
        let (all, listed) = sockets(&admin, "").await;
        assert_eq!(all, expected, "the longest open first");
        assert_eq!(listed["silent"], json!([]));
        let (page, listed) = sockets(&admin, "?page=2&limit=3").await;
        assert_eq!(page, expected[3..6]);
        assert_eq!(listed["pagination"]["total"], 8);
        let (found, listed) = sockets(&admin, "?q=BO&limit=2").await;
        assert_eq!(found, [expected[1].clone(), expected[3].clone()]);
        assert_eq!(listed["pagination"]["total"], 4);
    }

    let admin = chat.admin().by(&servers[1]);
    for gone in [1, 0, 0] {
        let (_, listed) = sockets(&admin, "").await;
        let id = listed["sockets"][gone]["id"].as_str().expect("an id");
        let path = format!("/api/admin/sockets/{id}");
        admin.delete(&path).await.has_status(200);
        open.remove(gone).is_sent_away().await;
        eventually("it is listed no more", async || {
            sockets(&admin, "").await.0.len() == open.len()
        })
        .await;
        admin.delete(&path).await.refused(404);
    }
    assert!(open.iter().all(Socket::is_open), "nobody else is sent away");
    admin
        .delete("/api/admin/sockets/00000000000000ff-1")
        .await
        .refused(404);
    admin.delete("/api/admin/sockets/x-1").await.refused(400);
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_named_and_waited_for_briefly() {
    let chat = Chat::of_several(2, &[]).await;
    let servers = chat.servers();
    let ann = chat.rooms("ann").await;
    let mut open = Vec::new();
    for server in &servers {
        open.push(ann.by(server).opens_a_socket().await);
    }
    let admin = chat.admin().by(&servers[0]);
    let (_, listed) = sockets(&admin, "").await;
    let there = listed["sockets"][1]["id"].as_str().expect("an id");
    chat.one_is_told(&servers[1], Signal::STOP);
    let asked = Instant::now();
    let (all, listed) = sockets(&admin, "").await;
    let took = asked.elapsed();
    let end = admin.delete(format!("/api/admin/sockets/{there}")).await;
    chat.one_is_told(&servers[1], Signal::CONT);
    assert_eq!(all, [("ann".to_owned(), servers[0].clone())]);
    assert_eq!(listed["silent"], json!([servers[1]]));
    assert!(took < Duration::from_secs(4), "{took:?}");
    end.refused(503);
    open.remove(1).is_sent_away().await;
    eventually("it answers again", async || {
        sockets(&admin, "").await.1["silent"] == json!([])
    })
    .await;
}
