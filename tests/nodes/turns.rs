//! Servers take turns to write, and none takes long, however much it has to write.

use crate::support::postgres::{Cluster, Disk};
use crate::support::proxy::Proxy;
use crate::support::*;
use std::time::{Duration, Instant};

/// How long a trip to the database takes the server that is far from it.
const TRIP: Duration = Duration::from_millis(5);
/// What that server is told at once. Each takes two trips or more: more than three seconds for all of them.
const SAID_AGAIN: usize = 300;
/// As long as another server may have to wait for its turn, beside everything else that runs on this machine.
const LONGEST: Duration = Duration::from_secs(3);

#[tokio::test]
async fn a_server_that_has_much_to_write_lets_the_others_have_their_turn() {
    let cluster = Cluster::start(Disk::Hurried);
    let database = cluster.database().await;
    let proxy = Proxy::before(cluster.port);
    proxy.delays(TRIP);
    let url = database.url();
    let way = format!("{}?sslmode=disable", proxy.url(&url));
    let far = Chat::start(&["--temp", "--db", &way]).await;
    let far = far.expect("a server that is far from the database");
    let near = Chat::start(&["--temp", "--db", &url]).await;
    let near = near.expect("a server beside the database");
    let (ann, bob) = (far.rooms("ann").await, near.rooms("bob").await);
    let room = ann.opens_room("Lobby").await;
    let socket = ann.opens_a_socket().await;
    let said = json!({ "roomId": room, "content": "Hello?", "clientMessageId": "hello" });
    socket.does("message", said.clone()).await;

    let mut news = Vec::new();
    for at in 0..SAID_AGAIN {
        socket.emit("message", said.clone());
        if at % 10 == 0 {
            news.push(format!("New {at}"));
            let new = json!({ "roomId": room, "content": news.last() });
            socket.emit("message", new);
        }
    }
    let all = async {
        socket.does("message", said).await;
        Instant::now()
    };
    let others = async {
        tokio::time::sleep(MOMENT).await;
        let asked = Instant::now();
        bob.posts(&room, "Hello").await;
        (asked.elapsed(), Instant::now())
    };
    let (all, (waited, bob)) = tokio::join!(all, others);
    assert!(bob < all, "Bob came when everything was done");
    assert!(waited < LONGEST, "Bob waited for {waited:?}");
    let mut log = far.said();
    let first = log.remove(0);
    let hello = log.iter().position(|words| words == "Hello");
    log.remove(hello.expect("Bob's message is in the log"));
    assert_eq!(
        (&*first, log),
        ("Hello?", news),
        "in the order in which Ann said it"
    );
}
