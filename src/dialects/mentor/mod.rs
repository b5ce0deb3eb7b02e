//! **mentor**, document 001: `/api/conversations`, and snake_case events in the namespace `/chat`, whose sockets join
//! all conversations of their account by themselves. Ids are UUIDs.

mod rest;
mod shapes;
mod socket;

use crate::core::model::{Arrival, Event};
use crate::dialects::Namespace;
use crate::dialects::owning::retell_restraint;
use crate::dialects::restraining;
use crate::dialects::socket_event::EventHandler;
use crate::dialects::telling::Telling;
use crate::routes;
use crate::web::documents::Documents;
use crate::web::routes::Route;

pub struct Dialect;

impl crate::dialects::Dialect for Dialect {
    fn name(&self) -> &'static str {
        "mentor"
    }

    fn namespace(&self) -> Namespace {
        Namespace::Chat
    }

    fn joins_by_itself(&self) -> bool {
        true
    }

    fn routes(&self) -> Vec<Route> {
        routes! {
            // Another document has this path too, and picks the requests that are meant for it; the others come here.
            GET    "/api/conversations"               => rest::list, Free;
            POST   "/api/conversations/by-session"    => rest::by_session, Free;
            GET    "/api/conversations/{id}"          => rest::show, Free;
            GET    "/api/conversations/{id}/messages" => rest::list_messages, Free;
            POST   "/api/conversations/{id}/messages" => rest::send, Free;
            PATCH  "/api/conversations/{id}/read"     => rest::mark_read, Free;
            // Beyond the document, which does not say where attachments come from.
            POST   "/api/conversations/{id}/attachments"      => rest::upload, Attachment;
            // Beyond the document: messages by their words.
            GET    "/api/conversations/search"        => rest::search, Free;
            // Beyond the document: how far each member has read.
            GET    "/api/conversations/{id}/reads"    => rest::list_reads, Free;
            // Beyond the document: what a member wants to be told of by mail.
            GET    "/api/conversations/{id}/settings" => rest::show_settings, Free;
            PATCH  "/api/conversations/{id}/settings" => rest::change_settings, Free;
            // Beyond the document: what owners of a group or a room may change.
            PATCH  "/api/conversations/{id}"                  => rest::change, Free;
            PUT    "/api/conversations/{id}/owners/{userId}"  => rest::appoint, Free;
            DELETE "/api/conversations/{id}/owners/{userId}"  => rest::dismiss, Free;
            // Beyond the document: changing the members of a group.
            POST   "/api/conversations/{id}/members"          => rest::add_member, Free;
            DELETE "/api/conversations/{id}/members/{userId}" => rest::remove_member, Free;
            // Beyond the document: whom owners ban and silence.
            GET    "/api/conversations/{id}/restraints"        => restraining::list, Free;
            PUT    "/api/conversations/{id}/bans/{userId}"     => restraining::ban, Free;
            DELETE "/api/conversations/{id}/bans/{userId}"     => restraining::lift_ban, Free;
            PUT    "/api/conversations/{id}/silences/{userId}" => restraining::silence, Free;
            DELETE "/api/conversations/{id}/silences/{userId}" => restraining::lift_silence, Free;
            // Beyond the document: messages that change.
            GET    "/api/conversations/{id}/pins"                         => rest::list_pinned, Free;
            GET    "/api/conversations/{id}/messages/{messageId}"         => rest::show_message, Free;
            PATCH  "/api/conversations/{id}/messages/{messageId}"         => rest::edit_message, Free;
            DELETE "/api/conversations/{id}/messages/{messageId}"         => rest::delete_message, Free;
            PUT    "/api/conversations/{id}/messages/{messageId}/reactions/{emoji}" => rest::react, Free;
            DELETE "/api/conversations/{id}/messages/{messageId}/reactions/{emoji}" => rest::take_reaction_back, Free;
            PUT    "/api/conversations/{id}/messages/{messageId}/pin"     => rest::pin, Free;
            DELETE "/api/conversations/{id}/messages/{messageId}/pin"     => rest::unpin, Free;
            POST   "/api/conversations/{id}/messages/{messageId}/report"  => rest::report, Free;
            // Beyond the document: who is there.
            GET    "/api/presence"                    => rest::list_presence, Free;
        }
    }

    fn hears(&self) -> &'static [(&'static str, EventHandler)] {
        &[
            ("join_conversation", |event| event.join()),
            ("leave_conversation", |event| event.leave()),
            ("typing", socket::typing),
            ("mark_read", |event| event.mark_read()),
        ]
    }

    fn says(&self) -> &'static [&'static str] {
        &[
            "new_message",
            "message_updated",
            "message_deleted",
            "user_updated",
            "user_typing",
            "messages_read",
            "conversation_read",
            "conversation_settings",
            "conversation_joined",
            "conversation_left",
            "user_presence",
            "conversation_updated",
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
                tell.room("new_message", |spell| shapes::new_message(spell, message));
            }
            Event::MessageUpdated(message) => {
                tell.room("message_updated", |spell| shapes::updated(spell, message));
            }
            Event::MessageDeleted(gone) => {
                tell.room("message_deleted", |spell| shapes::deleted(spell, gone));
            }
            Event::Typing { place, who, on, .. } => {
                tell.others(*who, "user_typing", |spell| {
                    shapes::typing(spell, place.id, *who, *on)
                });
            }
            Event::MessagesRead { place, receipt } => {
                tell.others(receipt.reader, "messages_read", |spell| {
                    shapes::receipt(spell, place.id, receipt)
                });
                // Beyond the document, as the two below: all windows of one person show the same.
                tell.own(receipt.reader, "conversation_read", |spell| {
                    shapes::own_reading(spell, place.id, receipt)
                });
            }
            // Beyond the document: clients of this dialect should not miss notifications.
            Event::NoticeMade(notice) => {
                tell.person(notice.account, "new_notification", |spell| {
                    shapes::notice(spell, notice)
                });
            }
            Event::NoticesWaiting { notices, .. } => {
                for notice in notices {
                    tell.person(notice.account, "new_notification", |spell| {
                        shapes::notice(spell, notice)
                    });
                }
            }
            Event::PersonChanged(changed) => {
                tell.room("user_updated", |spell| shapes::person(spell, changed));
            }
            // The document has no files of its own.
            Event::FileShared { .. } => {}
            Event::SettingsChanged {
                conversation,
                account,
                settings,
            } => {
                tell.own(*account, "conversation_settings", |spell| {
                    shapes::settings(spell, *conversation, *settings)
                });
            }
            Event::RestraintChanged { .. } => {
                retell_restraint(event, tell, "member_restrained", shapes::member);
            }
            Event::ConversationChanged(changed) => {
                tell.room("conversation_updated", |spell| {
                    shapes::changed(spell, changed)
                });
            }
            Event::MemberJoined {
                conversation,
                account,
                arrival,
            } => {
                // Its sockets listen to it by themselves, however they came there.
                tell.person(*account, "conversation_joined", |spell| {
                    shapes::membership(spell, *conversation)
                });
                if *arrival == Arrival::TakenIn {
                    tell.others(*account, "member_joined", |spell| {
                        shapes::member(spell, *conversation, *account)
                    });
                }
            }
            Event::MemberLeft {
                conversation,
                account,
            } => {
                tell.person(*account, "conversation_left", |spell| {
                    shapes::membership(spell, *conversation)
                });
                tell.room("member_left", |spell| {
                    shapes::member(spell, *conversation, *account)
                });
            }
            Event::BlockChanged {
                account,
                other,
                blocked,
            } => tell.person(*account, "block_changed", |spell| {
                shapes::block(spell, *other, *blocked)
            }),
            // Beyond the document.
            Event::PresenceChanged(presence) => {
                tell.room("user_presence", |spell| shapes::presence(spell, presence));
            }
        }
    }
}
