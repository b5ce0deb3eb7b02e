//! How is it said? Each dialect's words for what happened, to all whom it concerns.

use std::sync::Arc;

use super::client::{Client, socket_and_dialect};
use super::context::Context;
use super::registry::Registry;
use super::send_queue::Packet;
use crate::core::model::{Event, Notice, SubscriberId, Time};
use crate::dialects::telling::{Audience, Telling};
use crate::dialects::{ALL, Dialect};
use crate::web::watch::WireEvent;

/// Has each dialect tell the event to those who listen in it.
pub fn retell(context: &Context, registry: &Registry, event: &Event) {
    let conversation = event.conversation();
    for (index, dialect) in ALL.iter().enumerate() {
        let room = conversation.and_then(|id| registry.subscribers(&(index, id)));
        // A document's clients connect to its namespace, and know its words.
        let namespace = dialect.namespace();
        let there = |who| {
            registry
                .of(who)
                .iter()
                .filter(move |client| client.namespace == namespace)
        };
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
                Audience::Room => ("room", say(room, &packet)),
                Audience::Others(than) => {
                    let others = room.iter().filter(|client| client.me.id != than);
                    ("others", say(others, &packet))
                }
                Audience::Own(who) => {
                    let own = room.iter().filter(|client| client.me.id == who);
                    ("own", say(own, &packet))
                }
                Audience::Person(who) => ("person", say(there(who), &packet)),
            };
            let watch = &context.watch;
            watch.delivers(to);
            if watch.is_watched() {
                watch.publish(WireEvent {
                    at: Time::now(),
                    dialect: dialect.name(),
                    event: told.event,
                    conversation,
                    audience,
                    to,
                    body: packet.body.clone(),
                });
            }
        }
    }
}

/// Tells one socket the notifications that nobody had heard; what was made since it came in, it has heard already.
pub fn tell_waiting(
    context: &Context,
    registry: &Registry,
    subscriber: SubscriberId,
    notices: &[Arc<Notice>],
) {
    let Some(entry) = registry.get(socket_and_dialect(subscriber).0) else {
        return;
    };
    let missed = notices
        .iter()
        .filter(|notice| entry.first_notice.is_none_or(|first| notice.id < first))
        .cloned();
    let event = Event::NoticesWaiting {
        subscriber,
        notices: missed.collect(),
    };
    let here = |dialect: &(usize, &&dyn Dialect)| dialect.1.namespace() == entry.client.namespace;
    for (index, _) in ALL.iter().enumerate().filter(here) {
        tell_one(context, &entry.client, index, &event);
    }
}

/// Tells one socket an event in one dialect, as the conversation's listeners hear it.
pub fn tell_one(context: &Context, client: &Arc<Client>, dialect: usize, event: &Event) {
    // What goes to a person when it happens went to all their sockets then; what waited for one is for this one.
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
            Audience::Person(_) => waited,
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

fn say<'g>(clients: impl IntoIterator<Item = &'g Arc<Client>>, packet: &Arc<Packet>) -> usize {
    let mut to = 0;
    for client in clients {
        if !client.has_ended() {
            client.tell(packet);
            to += 1;
        }
    }
    to
}
