//! How is a socket told something? At once while its transport keeps up, and by way of its send queue otherwise.

use std::sync::{Arc, Weak};
use std::time::Duration;

use super::client::Client;
use super::send_queue::{Packet, SendQueue};

/// How often a socket that takes nothing is looked at: ending it wakes nobody.
const LOOK: Duration = Duration::from_millis(250);

impl Client {
    /// Tells this socket something. A socket that cannot take it has missed something, so it is ended: its client
    /// reconnects and catches up.
    pub fn tell(self: &Arc<Self>, packet: &Arc<Packet>) {
        if self.has_ended() {
            return;
        }
        let mut queue = self.send_queue();
        if queue.passes(packet, self.progress()) {
            return self.emit(packet);
        }
        if queue.push(packet.clone()) {
            self.hand_on_from(&mut queue);
        } else {
            drop(queue);
            self.end_as_too_slow();
        }
    }

    /// CONNECT has been answered: what was told in the meantime is handed on, and everything that is told from now on.
    pub fn connected(self: &Arc<Self>) {
        let mut queue = self.send_queue();
        queue.open(self.progress());
        self.hand_on_from(&mut queue);
    }

    /// Was it told something that its transport was not handed yet?
    pub fn is_behind(&self) -> bool {
        !self.send_queue().is_empty()
    }

    /// See [`SendQueue::is_stalled`].
    pub fn is_stalled(&self) -> bool {
        self.send_queue().is_stalled(self.progress())
    }

    fn hand_on_from(self: &Arc<Self>, queue: &mut SendQueue) {
        if self.has_ended() {
            return queue.clear();
        }
        while let Some(packet) = queue.pop(self.progress()) {
            // While the queue is locked: another packet would overtake this one.
            self.emit(&packet);
        }
        if queue.needs_carrier() {
            tokio::spawn(carry(Arc::downgrade(self)));
        }
    }
}

/// Hands on what waits for a socket, until nothing does.
async fn carry(client: Weak<Client>) {
    while let Some(client) = client.upgrade() {
        if client.send_queue().is_carried() {
            return;
        }
        hand_on(client).await;
    }
}

/// Hands on what waits for a socket. If not all of it could be, waits until the transport has taken something, or some
/// time has passed.
pub async fn hand_on(client: Arc<Client>) {
    let transport = client.transport.clone();
    let before = transport.progress().count();
    client.hand_on_from(&mut client.send_queue());
    let is_behind = client.is_behind();
    // It may go while this waits.
    drop(client);
    if is_behind {
        transport.progress().beyond(before, LOOK).await;
    }
}
