//! Many speak at once, and everybody hears the same order, none missing, none doubled.

use crate::support::*;
use std::collections::HashSet;

const EACH: usize = 250;

fn contents(messages: &[Value]) -> Vec<&str> {
    messages
        .iter()
        .map(|message| message["content"].as_str().expect("a message has content"))
        .collect()
}

#[tokio::test]
async fn a_thousand_messages_have_one_order_everywhere() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let (cleo, dan) = (chat.direct("cleo").await, chat.direct("dan").await);
    let room = ann.opens_room("General Discussion").await;
    for person in [&ann, &bob] {
        person.does("joinRoom", json!({ "roomId": room })).await;
    }
    for person in [&cleo, &dan] {
        person.does("join_conversation", json!(room)).await;
    }
    let by_rest = async {
        for at in 0..EACH {
            ann.posts(&room, &format!("ann {at}")).await;
        }
    };
    let by_event = async {
        for at in 0..EACH {
            bob.does(
                "message",
                json!({ "roomId": room, "content": format!("bob {at}") }),
            )
            .await;
        }
    };
    let by_direct = async {
        for at in 0..EACH {
            cleo.does(
                "send_message",
                json!({ "conversationId": room, "content": format!("cleo {at}") }),
            )
            .await;
        }
    };
    let in_a_rush = async {
        for at in 0..EACH {
            dan.emit(
                "send_message",
                json!({ "conversationId": room, "content": format!("dan {at}") }),
            )
            .await;
        }
    };
    tokio::join!(by_rest, by_event, by_direct, in_a_rush);

    let all = 4 * EACH;
    let first = ann.socket().await.hears_many(all, "message").await;
    let order = contents(&first);
    assert_eq!(
        order.iter().collect::<HashSet<_>>().len(),
        all,
        "none is doubled"
    );
    for name in ["ann", "bob", "cleo", "dan"] {
        let own = order
            .iter()
            .filter(|content| content.starts_with(name))
            .map(|content| (*content).to_owned());
        let sent = (0..EACH).map(|at| format!("{name} {at}"));
        assert!(
            own.eq(sent),
            "{name}'s messages keep the order in which they were sent"
        );
    }
    for (person, event) in [
        (&bob, "message"),
        (&cleo, "new_message"),
        (&dan, "new_message"),
    ] {
        let heard = person.socket().await.hears_many(all, event).await;
        assert_eq!(
            contents(&heard),
            order,
            "{} hears what Ann hears",
            person.name
        );
        if event == "new_message" {
            let ids: Vec<_> = heard.iter().map(|message| message["id"].as_u64()).collect();
            assert!(
                ids.is_sorted_by(|one, next| one < next),
                "ids grow in commit order"
            );
        }
    }
    assert_eq!(
        contents(&ann.history(&room).await),
        order,
        "the history tells it the same way"
    );
    for person in [&ann, &bob, &cleo, &dan] {
        person.socket().await.hears_nothing().await;
    }
}

#[tokio::test]
async fn many_conversations_at_once_do_not_mix() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let mut rooms = Vec::new();
    for at in 0..5 {
        rooms.push((
            format!("room {at}"),
            ann.opens_room(&format!("room {at}")).await,
        ));
    }
    let talks = rooms.iter().map(|(name, room)| {
        let (chat, ann) = (&chat, &ann);
        async move {
            let (listener, speaker) = (
                chat.direct(&format!("listener in {name}")).await,
                ann.opens_a_socket().await,
            );
            listener.does("join_conversation", json!(room)).await;
            for at in 0..20 {
                speaker
                    .does(
                        "message",
                        json!({ "roomId": room, "content": format!("{name}: {at}") }),
                    )
                    .await;
            }
            let heard = listener.socket().await.hears_many(20, "new_message").await;
            let said: Vec<_> = (0..20).map(|at| format!("{name}: {at}")).collect();
            assert_eq!(contents(&heard), said);
            listener.socket().await.hears_nothing().await;
        }
    });
    futures_util::future::join_all(talks).await;
}
