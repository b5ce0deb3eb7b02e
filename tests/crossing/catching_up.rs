//! Who was away says what was the last thing heard, and misses nothing: no gap, no repeat, in order.

use crate::support::*;

#[tokio::test]
async fn who_comes_back_hears_first_what_was_missed_then_what_is_new() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.direct("bob").await);
    let room = ann.opens_room("General Discussion").await;
    bob.does("join_conversation", json!(room)).await;
    ann.posts(&room, "Heard").await;
    let last = bob
        .hears("new_message", json!({ "content": "Heard" }))
        .await["id"]
        .clone();
    bob.hangs_up().await;
    for content in ["Missed one", "Missed two"] {
        ann.posts(&room, content).await;
    }
    let direct = bob
        .enters(json!({ "lastMessageId": last }))
        .await
        .expect("a known id is a position");
    direct.hears_nothing().await;
    direct.does("join_conversation", json!(room)).await;
    let rooms = bob
        .enters(json!({ "lastMessageId": last }))
        .await
        .expect("a known id is a position");
    rooms.does("joinRoom", json!({ "roomId": room })).await;
    ann.posts(&room, "Live").await;
    for content in ["Missed one", "Missed two", "Live"] {
        direct
            .hears(
                "new_message",
                json!({ "content": content, "sender_id": ann.number }),
            )
            .await;
        rooms
            .hears("message", json!({ "content": content, "room": room }))
            .await;
    }

    // Only the first join catches up: whoever leaves and comes back has decided not to listen.
    direct.does("leave_conversation", json!(room)).await;
    ann.posts(&room, "While it had left").await;
    direct.does("join_conversation", json!(room)).await;
    direct.hears_nothing().await;
}

#[tokio::test]
async fn the_cut_between_missed_and_live_is_exact_while_everybody_talks() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.direct("bob").await);
    let room = ann.opens_room("General Discussion").await;
    let before = bob
        .does(
            "send_message",
            json!({ "conversationId": room, "content": "before" }),
        )
        .await;
    let before = before["message"]["id"].clone();
    let talking = async {
        for at in 0..400 {
            ann.does(
                "message",
                json!({ "roomId": room, "content": format!("{at}") }),
            )
            .await;
        }
    };
    let coming_and_going = async {
        let mut listeners = Vec::new();
        for at in 0..12 {
            let socket = bob
                .enters(json!({ "lastMessageId": before }))
                .await
                .expect("a known id is a position");
            let (event, heard) = if at % 2 == 0 {
                ("joinRoom", "message")
            } else {
                ("join_conversation", "new_message")
            };
            socket.does(event, json!(room)).await;
            listeners.push((socket, heard));
        }
        listeners
    };
    let ((), listeners) = tokio::join!(talking, coming_and_going);
    for (socket, event) in listeners {
        let heard = socket.hears_many(400, event).await;
        for (at, message) in heard.iter().enumerate() {
            assert_eq!(message["content"], format!("{at}"), "each once, in order");
        }
        socket.hears_nothing().await;
    }
}

#[tokio::test]
async fn a_long_absence_is_caught_up_whole() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.direct("bob").await);
    let room = ann.opens_room("General Discussion").await;
    let before = bob
        .does(
            "send_message",
            json!({ "conversationId": room, "content": "before" }),
        )
        .await;
    for at in 0..1000 {
        ann.emit(
            "message",
            json!({ "roomId": room, "content": format!("{at}") }),
        )
        .await;
    }
    ann.does("joinRoom", json!({ "roomId": room })).await;
    let socket = bob
        .enters(json!({ "lastMessageId": before["message"]["id"] }))
        .await
        .expect("a position");
    socket.emit("join_conversation", json!(room));
    for (at, message) in socket
        .hears_many(1000, "new_message")
        .await
        .iter()
        .enumerate()
    {
        assert_eq!(message["content"], format!("{at}"));
    }
    socket.hears_nothing().await;
}

#[tokio::test]
async fn a_position_shows_nothing_that_one_may_not_see() {
    let chat = Chat::open().await;
    let (ann, bob, eve) = (
        chat.rooms("ann").await,
        chat.direct("bob").await,
        chat.direct("eve").await,
    );
    let first = ann.writes_to(&bob, "Between us").await;
    ann.writes_to(&bob, "This too").await;
    let room = ann.opens_room("General Discussion").await;
    ann.posts(&room, "To all").await;
    // A message that is not Eve's is as good a position as any; it is nothing more.
    let socket = eve
        .enters(json!({ "lastMessageId": first["id"] }))
        .await
        .expect("a position");
    socket
        .is_refused(404, "join_conversation", first["conversation_id"].clone())
        .await;
    socket.does("join_conversation", json!(room)).await;
    socket
        .hears("new_message", json!({ "content": "To all" }))
        .await;
    socket.hears_nothing_of("new_message").await;
    socket.hears_nothing_of("message_notification").await;
}

#[tokio::test]
async fn what_is_no_position_is_refused_at_the_door() {
    let chat = Chat::open().await;
    let bob = chat.direct("bob").await;
    for wrong in [
        json!("last"),
        json!("64f8a1b2c3d4e5f6a7b8c9d1"),
        json!(bob.id),
        json!(-1),
        json!(1.5),
        json!([1]),
        json!(true),
    ] {
        let refused = bob.enters(json!({ "lastMessageId": wrong })).await.err();
        assert!(
            refused.is_some_and(|why| !why.is_empty()),
            "{wrong} is no position"
        );
    }
    bob.enters(json!({ "lastMessageId": null }))
        .await
        .expect("null is none at all");
}

#[tokio::test]
async fn what_was_loaded_says_where_to_go_on_from() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.mentor("bob").await);
    let group = ann.gathers("Friends", &[&bob]).await;
    let room = ann.opens_room("Lobby").await;
    let lists = [
        "/api/conversations?limit=10".to_owned(),
        "/api/conversations?page=1".to_owned(),
        "/api/rooms".to_owned(),
        format!("/api/rooms/{group}"),
        format!("/api/messages/{group}"),
        format!("/api/conversations/{group}/messages"),
        format!("/message/get-messages?conversationId={group}"),
    ];
    // Where nothing was ever said there is a position too.
    for said in ["The very first", "The second"] {
        let mut stands = Vec::new();
        for path in &lists {
            let origin = Request::new("GET", path).header("Origin", "https://app.example.test");
            let listed = bob.sends(origin).await;
            stands.push(listed.has_status(200).says("X-Position").to_owned());
            let exposed = listed.says("Access-Control-Expose-Headers");
            assert!(exposed.contains("x-position"), "{exposed}");
        }
        stands.dedup();
        assert_eq!(stands.len(), 1, "the same log: {stands:?}");
        ann.sends_to(&group, said).await;
        let position = json!({ "lastMessageId": stands[0] });
        let socket = bob.enters(position).await.expect("a position");
        let heard = json!({ "message": { "content": said } });
        socket.hears("new_message", heard).await;
        socket.hears_nothing().await;
    }
    // It is the log's, and not that of what one may see.
    let before = bob.get(&lists[0]).await.says("X-Position").to_owned();
    ann.posts(&room, "Elsewhere").await;
    let after = bob.get(&lists[0]).await.says("X-Position").to_owned();
    assert_ne!(before, after);
    for zero in [json!(0), json!("0")] {
        let all = bob.enters(json!({ "lastMessageId": zero })).await;
        let all = all.expect("the beginning is a position");
        let heard = all.hears_many(2, "new_message").await;
        assert_eq!(heard[0]["message"]["content"], "The very first");
    }
}
