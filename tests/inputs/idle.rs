//! What does a socket hold in memory that has come in and says nothing?

use super::doorway::{changes_over, resident};
use super::frames::session;
use super::verdict::is_well;
use super::wire::Wire;
use crate::support::packet::Kind;
use crate::support::*;

/// For what the server takes once and keeps.
const WARM: usize = 60;
const SOCKETS: usize = 200;

#[tokio::test]
async fn a_socket_that_says_nothing_costs_little() {
    for (begins_by_polling, bound) in [(false, 18_000), (true, 21_000)] {
        let chat = Chat::open().await;
        let ann = chat.rooms("ann").await;
        let (mut open, mut before) = (Vec::new(), 0);
        for number in 0..WARM + SOCKETS {
            if number == WARM {
                before = resident(&chat);
            }
            open.push(match begins_by_polling {
                true => began_by_polling(&chat, &ann).await,
                false => Wire::enters(&ann, &chat.address, "/").await,
            });
        }
        let each = (resident(&chat) - before) * 1_024 / SOCKETS as u64;
        assert!(
            each < bound,
            "{each} bytes, begins by polling: {begins_by_polling}"
        );
        is_well(&chat).await;
    }
}

async fn began_by_polling(chat: &Chat, person: &Person) -> Wire {
    let session = session(chat, "/socket.io/?EIO=4&transport=polling").await;
    let connect = format!("40{{\"token\":\"{}\"}}", person.token);
    let says = Request::new("POST", &session).body("text/plain", &*connect);
    says.send(&chat.address).await.has_status(200);
    let mut wire = changes_over(chat, &session).await;
    let entered = wire.hears(|packet| packet.kind == Kind::Connect).await;
    entered.expect("it is let in");
    wire
}
