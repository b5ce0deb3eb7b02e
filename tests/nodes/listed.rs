//! An administrator sees which servers there are, and how many are connected to each.

use crate::support::*;
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
        mentor::eventually("both are listed", async || listed(&admin).await == expected).await;
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
