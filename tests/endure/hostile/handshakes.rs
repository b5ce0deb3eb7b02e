//! Item 16: a session is there before anybody says who they are. So here is somebody who begins sessions from a thousand addresses
//! and says nothing more. Whoever brings a token comes in all the same, also from an address of these.

use super::field::Field;
use super::wire;
use std::time::Duration;
use tokio::time::sleep;

/// Connections that begin sessions by polling, so many on each, and what they wait before the next: 2,000 in a second at most.
const AT_ONCE: usize = 20;
const SESSIONS: usize = 10;
const PAUSE: Duration = Duration::from_millis(100);
/// The same from the address that visitors come from: 1,024 are open within two seconds.
const NEIGHBOURS: usize = 6;
/// Sessions until 1,024 of them are open at that address: a quarter are from there.
pub const AT_FIRST: usize = 4_500;
/// Websockets that say nothing, and how long each stays unless it is ended.
const MUTE: (usize, usize) = (200, 60);
const STAY: Duration = Duration::from_secs(15);

pub async fn attack(field: Field) {
    let everywhere = field.keeps_doing(AT_ONCE, PAUSE, |field, number| async move {
        knocks(&field, number).await
    });
    let next_door = field.keeps_doing(NEIGHBOURS, PAUSE, |field, _| async move {
        knocks(&field, 0).await
    });
    let mute = field.size.of(MUTE.0, MUTE.1);
    let mute = field.keeps_doing(mute, PAUSE, |field, number| async move {
        // Not from the visitors' address: connections are counted there too.
        let address = wire::address(number.max(1));
        let socket = wire::websocket(field.server, address, "").await?;
        sleep(STAY).await;
        drop(socket);
        Ok(())
    });
    tokio::join!(everywhere, next_door, mute);
}

async fn knocks(field: &Field, number: usize) -> std::io::Result<()> {
    let mut connection = field.connects(number).await?;
    let knock = wire::request("GET", "/socket.io/?EIO=4&transport=polling", "", None);
    for _ in 0..SESSIONS {
        wire::ask(&mut connection, &knock).await?;
        field.begins();
    }
    Ok(())
}

#[tokio::test]
async fn who_brings_a_token_comes_in_beside_handshakes_that_say_nothing() {
    super::is_borne(super::Attack::Handshakes).await;
}
