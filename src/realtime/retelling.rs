//! How is an event told? In each dialect's own packets, to all sockets that it concerns.

use std::sync::Arc;

use super::client::Client;
use super::context::Context;
use super::registry::Registry;
use super::send_queue::Packet;
use crate::core::model::{ConversationId, Event, Notice, SubscriberId, Time};
use crate::dialects::telling::{Audience, Telling};
use crate::dialects::{ALL, Dialect};
use crate::web::watch::WireEvent;

/// Tells an event to the sockets that listen, in each dialect that they listen in.
pub fn retell(context: &Context, registry: &Registry, event: &Event) {
    let conversation = event.conversation();
    let is_notice = matches!(event, Event::NoticeMade(_));
    for (index, dialect) in ALL.iter().enumerate() {
        let room = conversation.and_then(|id| registry.subscribers(&(index, id)));
        // What goes to a person goes to all sockets of the dialect's namespace, whether or not they listen to a room.
        let namespace = dialect.namespace();
        let is_here = move |client: &&Arc<Client>| client.namespace == namespace;
        let hears = |client: &&Arc<Client>| !(is_notice && registry.holds_notices(client.number));
        let there = |who| registry.of(who).iter().filter(is_here).filter(hears);
        let is_there = |who| there(who).next().is_some();
        let core = &context.core;
        let mut telling =
            Telling::new(core.spelling(), core.directory(), room.is_some(), &is_there);
        dialect.retell(event, &mut telling);
        for told in telling.into_events() {
            let room = room.unwrap_or_default();
            let packet = Arc::new(Packet {
                event: told.event,
                body: told.body,
            });
            let (audience, to) = match told.to {
                Audience::Room => ("room", tell_all(room, &packet)),
                Audience::Others(than) => {
                    let others = room.iter().filter(|client| client.me.id != than);
                    ("others", tell_all(others, &packet))
                }
                Audience::Own(who) => {
                    let own = room.iter().filter(|client| client.me.id == who);
                    ("own", tell_all(own, &packet))
                }
                Audience::Person(who) => ("person", tell_all(there(who), &packet)),
                Audience::Speaker(who) => {
                    let speaks = |client: &&Arc<Client>| {
                        let entry = registry.get(client.number);
                        // Whoever has joined nothing yet speaks we know not which.
                        entry.is_some_and(|entry| {
                            entry.dialects == 0 || entry.dialects & (1 << index) != 0
                        })
                    };
                    ("person", tell_all(there(who).filter(speaks), &packet))
                }
            };
            note_told(context, index, (conversation, audience), &packet, to);
        }
    }
}

/// A packet was told to so many sockets.
pub fn note_told(
    context: &Context,
    dialect: usize,
    (conversation, audience): (Option<ConversationId>, &'static str),
    packet: &Packet,
    to: usize,
) {
    let watch = &context.watch;
    watch.delivers(to);
    if watch.is_watched() {
        watch.publish(WireEvent {
            at: Time::now(),
            dialect: ALL[dialect].name(),
            event: packet.event,
            conversation,
            audience,
            to,
            body: packet.body.clone(),
        });
    }
}

/// What is told to whoever listens in a dialect, wherever that is.
pub fn packets(context: &Context, dialect: usize, event: &Event) -> Vec<Arc<Packet>> {
    let core = &context.core;
    let mut telling = Telling::new(core.spelling(), core.directory(), true, &|_| false);
    ALL[dialect].retell(event, &mut telling);
    let told = telling.into_events().into_iter().map(|told| Packet {
        event: told.event,
        body: told.body,
    });
    told.map(Arc::new).collect()
}

/// Tells one socket notifications that were made before it hears each when it is made.
pub fn tell_waiting(
    context: &Context,
    client: &Arc<Client>,
    subscriber: SubscriberId,
    notices: Vec<Arc<Notice>>,
) {
    let event = Event::NoticesWaiting {
        subscriber,
        notices,
    };
    let here = |dialect: &(usize, &&dyn Dialect)| dialect.1.namespace() == client.namespace;
    for (index, _) in ALL.iter().enumerate().filter(here) {
        tell_one(context, client, index, &event);
    }
}

/// Tells one socket an event in one dialect, as a subscriber of the conversation hears it.
pub fn tell_one(context: &Context, client: &Arc<Client>, dialect: usize, event: &Event) {
    // All sockets of a person heard what is for that person when it happened. Only waiting notifications were not told yet.
    let waited = matches!(event, Event::NoticesWaiting { .. });
    let here = |who| who == client.me.id;
    let core = &context.core;
    let mut telling = Telling::new(core.spelling(), core.directory(), true, &here);
    ALL[dialect].retell(event, &mut telling);
    for told in telling.into_events() {
        let is_for_it = match told.to {
            Audience::Room => true,
            Audience::Others(than) => than != client.me.id,
            Audience::Own(who) => who == client.me.id,
            Audience::Person(_) | Audience::Speaker(_) => waited,
        };
        if !is_for_it {
            continue;
        }
        client.tell(&Arc::new(Packet {
            event: told.event,
            body: told.body,
        }));
    }
}

/// Tells a packet to these sockets, and returns how many of them there are.
fn tell_all<'c>(clients: impl IntoIterator<Item = &'c Arc<Client>>, packet: &Arc<Packet>) -> usize {
    let mut to = 0;
    for client in clients {
        if !client.has_ended() {
            client.tell(packet);
            to += 1;
        }
    }
    to
}
