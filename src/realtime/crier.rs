//! How is it said? Each dialect's words for what happened, to all whom it concerns.

use std::sync::Arc;

use super::Shared;
use super::guest::{Guest, whose};
use super::outbox::Told;
use super::seats::Seats;
use crate::core::model::{Ear, Event, Notice, Time};
use crate::dialects::telling::{Audience, Telling};
use crate::dialects::{ALL, Dialect};
use crate::web::watch::Passing;

/// Has each dialect tell the event to those who listen in it.
pub fn retell(shared: &Shared, seats: &Seats, event: &Event) {
    let conversation = event.conversation();
    for (index, dialect) in ALL.iter().enumerate() {
        let room = conversation.and_then(|id| seats.listeners(&(index, id)));
        // A document's clients connect to its namespace, and know its words.
        let namespace = dialect.namespace();
        let there = |who| {
            seats
                .of(who)
                .iter()
                .filter(move |guest| guest.namespace == namespace)
        };
        let is_there = |who| there(who).next().is_some();
        let core = &shared.core;
        let mut telling =
            Telling::new(core.spelling(), core.directory(), room.is_some(), &is_there);
        dialect.retell(event, &mut telling);
        for told in telling.into_told() {
            let room = room.unwrap_or_default();
            let word = Arc::new(Told {
                event: told.event,
                body: told.body,
            });
            let (audience, to) = match told.to {
                Audience::Room => ("room", say(room, &word)),
                Audience::Others(than) => {
                    let others = room.iter().filter(|guest| guest.me.id != than);
                    ("others", say(others, &word))
                }
                Audience::Own(who) => {
                    let own = room.iter().filter(|guest| guest.me.id == who);
                    ("own", say(own, &word))
                }
                Audience::Person(who) => ("person", say(there(who), &word)),
            };
            let watch = &shared.watch;
            watch.delivers(to);
            if watch.is_watched() {
                watch.passes(Passing {
                    at: Time::now(),
                    dialect: dialect.name(),
                    event: told.event,
                    conversation,
                    audience,
                    to,
                    body: word.body.clone(),
                });
            }
        }
    }
}

/// Tells one socket the notifications that nobody had heard; what was made since it came in, it has heard already.
pub fn tell_waiting(shared: &Shared, seats: &Seats, ear: Ear, notices: &[Arc<Notice>]) {
    let Some(seat) = seats.get(whose(ear).0) else {
        return;
    };
    let missed = notices
        .iter()
        .filter(|notice| seat.first_notice.is_none_or(|first| notice.id < first))
        .cloned();
    let event = Event::NoticesWaiting {
        ear,
        notices: missed.collect(),
    };
    let here = |dialect: &(usize, &&dyn Dialect)| dialect.1.namespace() == seat.guest.namespace;
    for (index, _) in ALL.iter().enumerate().filter(here) {
        tell_one(shared, &seat.guest, index, &event);
    }
}

/// Tells one socket an event in one dialect, as the conversation's listeners hear it.
pub fn tell_one(shared: &Shared, guest: &Arc<Guest>, dialect: usize, event: &Event) {
    // What goes to a person when it happens went to all their sockets then; what waited for one is for this one.
    let waited = matches!(event, Event::NoticesWaiting { .. });
    let here = |who| who == guest.me.id;
    let core = &shared.core;
    let mut telling = Telling::new(core.spelling(), core.directory(), true, &here);
    ALL[dialect].retell(event, &mut telling);
    for told in telling.into_told() {
        let is_for_it = match told.to {
            Audience::Room => true,
            Audience::Others(than) => than != guest.me.id,
            Audience::Own(who) => who == guest.me.id,
            Audience::Person(_) => waited,
        };
        if !is_for_it {
            continue;
        }
        guest.tell(&Arc::new(Told {
            event: told.event,
            body: told.body,
        }));
    }
}

fn say<'g>(guests: impl IntoIterator<Item = &'g Arc<Guest>>, told: &Arc<Told>) -> usize {
    let mut to = 0;
    for guest in guests {
        if !guest.has_ended() {
            guest.tell(told);
            to += 1;
        }
    }
    to
}
