//! Item 12: whoever stopped reading is told nothing more, and is ended. So here are as many sockets as an account may have in a
//! room where much is said, and they read nothing. Some of them want to be told first what was said before.

use super::field::Field;
use super::stage;
use super::wire::{self, Websocket};
use crate::support::packet::{self, Kind};
use crate::support::{Person, json};
use futures_util::SinkExt;
use std::io;
use std::time::{Duration, Instant};
use tokio::time::{interval, sleep, timeout};
use tokio_tungstenite::tungstenite::Message;

/// Sockets that read nothing: fewer than an account may have.
const AT_ONCE: (usize, usize) = (40, 16);
/// Messages that were said before.
const BEFORE: usize = 100;
/// As often as one socket may say something, it says something as long as may be.
const EVERY: Duration = Duration::from_millis(50);
/// A ping every 25 s, 20 s to answer it, and what a machine with much to do takes longer: by then whoever reads nothing has
/// been ended.
const HELD: Duration = Duration::from_secs(50);
/// How often it is tried whether a connection still stands.
const TRY: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(100);

pub async fn prepare(mallory: &Person) -> Vec<String> {
    stage::long_talk(mallory, BEFORE).await
}

pub async fn attack(field: Field) {
    let talking = field.keeps_doing(1, PAUSE, |field, number| async move {
        let mut socket = field.enters(number, "/").await?;
        let said = json!(["message", { "roomId": field.places[0], "content": stage::long_words() }]);
        let mut tick = interval(EVERY);
        loop {
            tokio::select! {
                _ = tick.tick() => wire::say(&mut socket, packet::event("/", None, &said, 0)).await?,
                heard = wire::hear(&mut socket) => drop(heard?),
            }
        }
    });
    let asleep = field.size.of(AT_ONCE.0, AT_ONCE.1);
    let sleeping = field.keeps_doing(asleep, PAUSE, |field, number| async move {
        let position = match number % 2 {
            0 => json!({}),
            _ => json!({ "lastMessageId": field.places[1] }),
        };
        let mut socket = field.enters_with(number, "/", position).await?;
        let join = json!(["joinRoom", { "roomId": field.places[0] }]);
        wire::say(&mut socket, packet::event("/", Some(0), &join, 0)).await?;
        while wire::hear(&mut socket).await?.kind != Kind::Ack {}
        field.begins();
        let asleep = Instant::now();
        while is_held(&mut socket, number).await.is_ok() {
            if asleep.elapsed() > HELD {
                let way = if number % 4 < 2 {
                    "says nothing"
                } else {
                    "answers pings"
                };
                field.finds(format!("who reads nothing and {way} is held for {HELD:?}"));
                break;
            }
            sleep(TRY).await;
        }
        Ok(())
    });
    tokio::join!(talking, sleeping);
}

/// Fails once the server has ended it: reading, which nobody does here, would show it too.
async fn is_held(socket: &mut Websocket, number: usize) -> io::Result<()> {
    let word = match number % 4 < 2 {
        // Nothing to Engine.IO.
        true => Message::Pong(Default::default()),
        false => Message::text("3"),
    };
    let said = timeout(TRY, socket.send(word)).await;
    said.unwrap_or(Ok(())).map_err(io::Error::other)
}

#[tokio::test]
async fn sockets_that_read_nothing_cost_little() {
    super::is_borne(super::Attack::Deaf).await;
}
