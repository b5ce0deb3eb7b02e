//! What happens at one server has happened at the others: what is said, who is let in no more, and who is there.

use crate::support::mentor::id;
use crate::support::person::password_of;
use crate::support::*;
use std::time::{Duration, Instant};

/// How long a socket may stay open whose token is void.
const SECOND: Duration = Duration::from_secs(1);
/// How long others may wait to hear that somebody has gone.
const GONE: Duration = Duration::from_secs(20);

/// How one joins, if one does, and what one hears with the words where.
type Listening = (
    Option<(&'static str, &'static str)>,
    &'static str,
    &'static str,
);

/// How one listens in each dialect: the event by which one joins and its field, and the event by which one hears, with where
/// in it the words are.
const LISTENING: [Listening; 4] = [
    (Some(("joinRoom", "roomId")), "message", "/content"),
    (
        Some(("join_conversation", "conversationId")),
        "new_message",
        "/content",
    ),
    (
        Some(("join-group", "conversation")),
        "receive-group-message",
        "/message",
    ),
    (None, "new_message", "/message/content"),
];

/// A socket in each dialect, in this conversation.
async fn listens(person: &Person, place: &str) -> Vec<Socket> {
    let mut ears = Vec::new();
    for (join, ..) in LISTENING {
        let socket = match join {
            Some((event, field)) => {
                let socket = person.opens_a_socket().await;
                socket.does(event, json!({ field: place })).await;
                socket
            }
            None => person.opens_chat().await,
        };
        ears.push(socket);
    }
    ears
}

#[tokio::test]
async fn what_is_said_at_one_server_is_heard_at_all_in_every_dialect_and_one_order() {
    let chat = Chat::of_several(3, &[]).await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let place = ann.gathers("Friends", &[&bob]).await;
    let mut ears = Vec::new();
    for server in chat.servers() {
        ears.push(listens(&bob.by(&server), &place).await);
    }
    let mut said = Vec::new();
    for (at, server) in chat.servers().iter().cycle().take(6).enumerate() {
        let ann = ann.by(server);
        let words = |way: &str| format!("{at} by {way}");
        ann.posts(&place, &words("rooms")).await;
        let by_event = json!({ "conversationId": place, "content": words("direct") });
        ann.does("send_message", by_event).await;
        ann.sends_to(&place, &words("campus")).await;
        ann.says(&place, &words("mentor")).await;
        said.extend(["rooms", "direct", "campus", "mentor"].map(words));
    }
    for at_one in &ears {
        for (socket, (_, event, words)) in at_one.iter().zip(LISTENING) {
            let heard = socket.hears_many(said.len(), event).await;
            let heard = heard.iter().map(|one| one.pointer(words).cloned());
            let heard: Vec<Value> = heard.map(Option::unwrap_or_default).collect();
            assert_eq!(json!(heard), json!(said), "{event}");
            socket.hears_nothing_of(event).await;
        }
    }
    assert_eq!(chat.said(), said);
}

#[tokio::test]
async fn who_joins_at_one_server_hears_what_was_said_at_another_until_that_moment_and_from_then_on()
{
    let chat = Chat::of_several(2, &[]).await;
    let [first, second] = &chat.servers()[..] else {
        panic!("two servers");
    };
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("Lobby").await;
    let (ann, bob) = (ann.by(first), bob.by(second));
    let before = id(&ann.sends_to(&room, "before").await);
    let talking = async {
        for at in 0..60 {
            ann.posts(&room, &format!("{at}")).await;
        }
    };
    let listening = async {
        let mut ears = Vec::new();
        for _ in 0..6 {
            let socket = bob.enters(json!({ "lastMessageId": before })).await;
            let socket = socket.expect("a known id is a position");
            socket.does("joinRoom", json!({ "roomId": room })).await;
            ears.push(socket);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        ears
    };
    let ((), ears) = tokio::join!(talking, listening);
    let said: Vec<String> = (0..60).map(|at| at.to_string()).collect();
    for socket in ears {
        let heard = socket.hears_many(60, "message").await;
        let heard: Vec<&Value> = heard.iter().map(|one| &one["content"]).collect();
        assert_eq!(json!(heard), json!(said));
        socket.hears_nothing_of("message").await;
    }
}

#[tokio::test]
async fn who_is_let_in_no_more_is_sent_away_everywhere_within_a_second() {
    let chat = Chat::of_several(2, &[]).await;
    let [first, second] = &chat.servers()[..] else {
        panic!("two servers");
    };
    let (ann, admin) = (chat.rooms("ann").await, chat.admin());
    let phone = ann.logs_in().await.by(second);
    let stays = ann.by(second).opens_a_socket().await;
    let gone = phone.opens_a_socket().await;
    let out = phone.by(first).post("/api/auth/logout", json!({})).await;
    out.has_status(200);
    is_out(&phone, &gone).await;
    assert!(stays.is_open(), "it is another device's");

    let changed = json!({ "currentPassword": password_of("ann"), "newPassword": "open sesame" });
    let desk = ann.logs_in().await.by(second);
    let gone = desk.opens_a_socket().await;
    let changed = ann.by(first).puts("/api/profile/password", changed).await;
    changed.has_status(200);
    is_out(&desk, &gone).await;

    let bob = chat.rooms("bob").await;
    let gone = bob.by(second).opens_a_socket().await;
    let path = format!("/api/admin/users/{}", bob.uuid);
    let suspended = admin
        .by(first)
        .patch(&path, json!({ "suspended": true }))
        .await;
    suspended.has_status(200);
    is_out(&bob.by(second), &gone).await;

    // By another process, too.
    let cleo = chat.rooms("cleo").await;
    let ears = [
        cleo.by(first).opens_a_socket().await,
        cleo.by(second).opens_a_socket().await,
    ];
    chat.command(&["user", "suspend", "cleo"]).await;
    for (server, gone) in [first, second].into_iter().zip(&ears) {
        is_out(&cleo.by(server), gone).await;
    }
}

/// The socket is ended within a second, and a new request is refused at once.
async fn is_out(person: &Person, gone: &Socket) {
    let told = Instant::now();
    person.get("/api/auth/validate").await.refused(401);
    gone.is_sent_away().await;
    assert!(told.elapsed() < SECOND, "{:?}", told.elapsed());
}

#[tokio::test]
async fn who_is_there_at_one_server_is_there_at_all() {
    let chat = Chat::of_several(2, &[]).await;
    let [first, second] = &chat.servers()[..] else {
        panic!("two servers");
    };
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    ann.meets(&bob).await;
    let ears = ann.by(first).opens_chat().await;
    let both = [
        bob.by(second).opens_a_socket().await,
        bob.by(first).opens_a_socket().await,
    ];
    let told = |online: bool| json!({ "userId": bob.uuid, "online": online });
    ears.hears("user_presence", told(true)).await;
    let path = format!("/api/presence?userIds={}", bob.uuid);
    for server in chat.servers() {
        let shown = ann.by(&server).get(&path).await.has_status(200).json();
        assert_eq!(shown["presence"][0]["online"], true, "{shown}");
    }
    // Whoever is still there at another one is there.
    let [away, here] = both;
    drop(here);
    tokio::time::sleep(Duration::from_secs(12)).await;
    ears.hears_of_nobody().await;
    drop(away);
    ears.hears_within(GONE, "user_presence", told(false)).await;
    for server in chat.servers() {
        let shown = ann.by(&server).get(&path).await.has_status(200).json();
        assert_eq!(shown["presence"][0]["online"], false, "{shown}");
    }
}

#[tokio::test]
async fn a_server_that_is_lost_takes_those_who_were_there_with_it() {
    let mut chat = Chat::of_several(2, &[]).await;
    let servers = chat.servers();
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    ann.meets(&bob).await;
    let ears = ann.by(&servers[0]).opens_chat().await;
    let _his = bob.by(&servers[1]).opens_a_socket().await;
    let told = |online: bool| json!({ "userId": bob.uuid, "online": online });
    ears.hears("user_presence", told(true)).await;
    chat.loses(&servers[1]).await;
    ears.hears_within(2 * GONE, "user_presence", told(false))
        .await;
}

/// Each server says now and then that it is there, which is a commit.
#[tokio::test]
async fn who_joins_again_and_again_commits_nothing() {
    const TIMES: i64 = 200;
    let chat = Chat::of_several(2, &[]).await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("Lobby").await;
    let socket = ann.opens_a_socket().await;
    let commits = || chat.kept.one::<i64>("SELECT batch FROM log", &[]);
    let before = commits();
    for _ in 0..TIMES {
        socket.does("joinRoom", json!({ "roomId": room })).await;
    }
    let made = commits() - before;
    assert!(made < TIMES / 2, "{made} commits");
    // It hears what is said after that, all the same.
    ann.posts(&room, "Hello").await;
    socket.hears("message", json!({ "content": "Hello" })).await;
}
