//! Item 16: a socket says that it types at most once in two seconds, in each conversation. So here is somebody who types in two
//! by turns, on several sockets, and somebody who has to hear it.

use super::field::Field;
use super::wire;
use crate::support::{Person, json, packet};
use std::time::{Duration, Instant};
use tokio::time::interval;

/// Sockets that type, and conversations that they type in.
const SOCKETS: usize = 10;
const PLACES: usize = 2;
/// Nearly as often as a socket may say something.
const EVERY: Duration = Duration::from_millis(55);
/// As often as it is heard, per socket and conversation.
const HEARD: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(100);

pub async fn prepare(mallory: &Person, ann: &Person) -> Vec<String> {
    let mut places = Vec::new();
    for at in 0..PLACES {
        places.push(mallory.gathers(&format!("Group {at}"), &[ann]).await);
    }
    places
}

pub async fn attack(field: Field) {
    let typing = field.keeps_doing(SOCKETS, PAUSE, |field, number| async move {
        let mut socket = field.enters(number, "/chat").await?;
        let mut tick = interval(EVERY);
        let mut at = 0;
        loop {
            tokio::select! {
                _ = tick.tick() => {
                    let types = json!({ "conversationId": field.places[at % PLACES], "isTyping": true });
                    let types = packet::event("/chat", None, &json!(["typing", types]), 0);
                    wire::say(&mut socket, types).await?;
                    field.begins();
                    at += 1;
                }
                heard = wire::hear(&mut socket) => drop(heard?),
            }
        }
    });
    tokio::join!(typing, listens(&field));
}

/// Counts what a friend hears of it.
async fn listens(field: &Field) {
    let auth = json!({ "token": &*field.victim });
    let local = [127, 0, 0, 1].into();
    let entered = wire::guest(field.server, local, "/chat", &auth).await;
    let Ok(mut socket) = entered else {
        return field.finds("who is typed to is not let in".to_owned());
    };
    let (begun, mut heard) = (Instant::now(), 0);
    while let Ok(packet) = wire::hear(&mut socket).await {
        heard += usize::from(packet.data[0] == "user_typing" && packet.data[1]["isTyping"] == true);
        // Once at the beginning besides; and a window more, for what was held up.
        let windows = begun.elapsed().as_millis() / HEARD.as_millis() + 2;
        let most = SOCKETS * PLACES * windows as usize;
        if heard > most {
            let after = begun.elapsed();
            return field.finds(format!(
                "typing was heard {heard} times in {after:?}: more than {most}"
            ));
        }
    }
}

#[tokio::test]
async fn typing_in_two_places_by_turns_is_heard_as_seldom_as_in_one() {
    super::is_borne(super::Attack::Typing).await;
}
