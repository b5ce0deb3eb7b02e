//! **direct**, document 004: snake_case events in the namespace `/`, and integer ids.
//!
//! The document has no REST; notifications are listed and marked read over the contract's routes.

mod rest;
mod shapes;
mod socket;

use crate::core::model::Event;
use crate::dialects::owning::{MemberEvents, retell_members};
use crate::dialects::socket_event::EventHandler;
use crate::dialects::telling::Telling;
use crate::routes;
use crate::web::documents::Documents;
use crate::web::routes::Route;

const MEMBERS: MemberEvents = MemberEvents {
    joined: "conversation_joined",
    left: "conversation_left",
    other_joined: "member_joined",
    other_left: "member_left",
    restrained: "member_restrained",
    own_shape: |_, id| shapes::membership(id),
    other_shape: |_, id, who| shapes::member(id, who),
};

pub struct Dialect;

impl crate::dialects::Dialect for Dialect {
    fn name(&self) -> &'static str {
        "direct"
    }

    fn routes(&self) -> Vec<Route> {
        routes! {
            GET   "/api/notifications"           => rest::list_notifications, Free;
            PATCH "/api/notifications/{id}/read" => rest::read_notification, Free;
        }
    }

    fn hears(&self) -> &'static [(&'static str, EventHandler)] {
        &[
            ("join_conversation", |event| event.join()),
            ("leave_conversation", |event| event.leave()),
            ("send_message", socket::send_message),
            ("edit_message", socket::edit),
            ("delete_message", socket::delete),
            ("react_message", socket::react),
            ("pin_message", socket::pin),
            ("report_message", socket::report),
            ("mark_read", |event| event.mark_read()),
            ("typing_start", |event| event.type_in(true)),
            ("typing_stop", |event| event.type_in(false)),
            // Beyond the document: what a member wants to be told of by mail.
            ("set_level", socket::set_level),
        ]
    }

    fn says(&self) -> &'static [&'static str] {
        &[
            "new_message",
            "message_notification",
            "message_updated",
            "message_deleted",
            "user_updated",
            "messages_read",
            "conversation_read",
            "conversation_settings",
            "user_presence",
            "conversation_updated",
            "conversation_joined",
            "conversation_left",
            "member_joined",
            "member_left",
            "member_restrained",
            "block_changed",
            "new_notification",
            "error",
        ]
    }

    fn documents(&self) -> Documents {
        Documents {
            routes: include_str!("openapi.json"),
            events: include_str!("asyncapi.json"),
        }
    }

    fn retell(&self, event: &Event, tell: &mut Telling<'_>) {
        match event {
            Event::MessagePosted(message) => {
                tell.room("new_message", |_| shapes::message(message));
                if let Some(receiver) = message.place.other(message.author.id) {
                    tell.person(receiver, "message_notification", |_| {
                        shapes::notification(message)
                    });
                }
            }
            Event::MessageUpdated(message) => {
                tell.room("message_updated", |_| shapes::updated(message));
            }
            Event::MessageDeleted(gone) => {
                tell.room("message_deleted", |_| shapes::deleted(gone));
            }
            Event::MessagesRead { place, receipt } => {
                tell.others(receipt.reader, "messages_read", |_| {
                    shapes::receipt(place.id, receipt)
                });
                // Beyond the document: all windows of one person show the same.
                tell.own(receipt.reader, "conversation_read", |_| {
                    shapes::own_reading(place.id, receipt)
                });
            }
            Event::Typing { place, who, on, .. } => {
                let event = if *on { "typing_start" } else { "typing_stop" };
                tell.others(*who, event, |_| shapes::typing(place.id, *who));
            }
            Event::NoticeMade(notice) => {
                tell.person(notice.account, "new_notification", |_| {
                    shapes::notice(notice)
                });
            }
            Event::NoticesWaiting { notices, .. } => {
                for notice in notices {
                    tell.person(notice.account, "new_notification", |_| {
                        shapes::notice(notice)
                    });
                }
            }
            Event::PersonChanged(person) => {
                tell.room("user_updated", |spell| shapes::person(spell, person));
            }
            // The document has no files.
            Event::FileShared { .. } => {}
            Event::SettingsChanged {
                conversation,
                account,
                settings,
            } => tell.own(*account, "conversation_settings", |_| {
                shapes::settings(*conversation, *settings)
            }),
            Event::BlockChanged {
                account,
                other,
                blocked,
            } => tell.speaker(*account, "block_changed", |_| {
                shapes::block(*other, *blocked)
            }),
            // Beyond the document.
            Event::PresenceChanged(presence) => {
                tell.room("user_presence", |_| shapes::presence(presence));
            }
            Event::ConversationChanged(changed) => {
                tell.room("conversation_updated", |spell| {
                    shapes::changed(spell, changed)
                });
            }
            Event::MemberJoined { .. }
            | Event::MemberLeft { .. }
            | Event::RestraintChanged { .. } => {
                retell_members(event, tell, &MEMBERS);
            }
        }
    }
}
