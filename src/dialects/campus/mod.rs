//! **campus**, document 000: `/user`, `/auth`, `/conversaton`, `/message`, and kebab-case events in the namespace `/`.
//! Ids are UUIDs. The document's misspelled names work, and so do the correct ones.

mod login;
mod profile;
mod rest;
mod shapes;
mod sign_up;
mod socket;

use crate::core::model::{Event, Kind};
use crate::dialects::owning::{MemberEvents, retell_members};
use crate::dialects::restraining;
use crate::dialects::socket_event::EventHandler;
use crate::dialects::telling::Telling;
use crate::routes;
use crate::web::documents::Documents;
use crate::web::export;
use crate::web::routes::Route;

const MEMBERS: MemberEvents = MemberEvents {
    joined: "conversation-joined",
    left: "conversation-left",
    other_joined: "member-joined",
    other_left: "member-left",
    restrained: "member-restrained",
    own_shape: shapes::membership,
    other_shape: shapes::member,
};

pub struct Dialect;

impl crate::dialects::Dialect for Dialect {
    fn name(&self) -> &'static str {
        "campus"
    }

    fn routes(&self) -> Vec<Route> {
        routes! {
            // User API
            POST  "/user/send-signup-code"    => sign_up::send_code, Auth;
            POST  "/user/resend-signup-code"  => sign_up::send_code, Auth;
            POST  "/user/verify-email"        => sign_up::verify_email, Auth;
            POST  "/user/register"            => sign_up::register, Auth;
            GET   "/user/profile"             => rest::profile, Free;
            POST  "/user/reset-password-code" => login::send_reset_code, Auth;
            POST  "/user/verify-reset-code"   => login::verify_reset_code, Auth;
            PATCH "/user/reset-password"      => login::reset_password, Auth;
            // Beyond the document.
            GET   "/user/presence"            => rest::list_presence, Free;
            PATCH  "/user/profile"            => profile::change, Attachment;
            PUT    "/user/password"           => profile::change_password, Auth;
            POST   "/user/email"              => profile::ask_for_address, Auth;
            PUT    "/user/email"              => profile::prove_address, Auth;
            GET    "/user/export"             => export::download, Long;
            GET    "/user/blocks"             => profile::list_blocked, Free;
            PUT    "/user/blocks/{userId}"    => profile::block, Free;
            DELETE "/user/blocks/{userId}"    => profile::unblock, Free;
            DELETE "/user/profile"            => profile::remove, Auth;
            // Auth API
            POST "/auth/login"                => login::log_in, Auth;
            GET  "/auth/active-devices"       => login::list_devices, Free;
            POST "/auth/remove-all-session"   => login::remove_all_devices, Free;
            POST "/auth/remove-session/{id}"  => login::remove_device, Free;
            GET  "/auth/google"               => login::google, Auth;
            GET  "/auth/google/callback"      => login::google_callback, Auth;
            // Conversation API
            POST "/conversaton/create"        => rest::create_conversation, Free;
            GET  "/conversaton/{id}"          => rest::show_conversation, Free;
            POST "/conversaton/create-group"  => rest::create_group, Free;
            POST "/conversation/create"       => rest::create_conversation, Free;
            GET  "/conversation/{id}"         => rest::show_conversation, Free;
            POST "/conversation/create-group" => rest::create_group, Free;
            // Beyond the document: what a member wants to be told of by mail.
            GET   "/conversaton/{id}/settings"   => rest::show_settings, Free;
            PATCH "/conversaton/{id}/settings"   => rest::change_settings, Free;
            GET   "/conversation/{id}/settings"  => rest::show_settings, Free;
            PATCH "/conversation/{id}/settings"  => rest::change_settings, Free;
            // Beyond the document: what owners of a group or a room may change, and who belongs to it.
            PATCH  "/conversaton/{id}"                  => rest::change_conversation, Free;
            PUT    "/conversaton/{id}/owners/{userId}"  => rest::appoint, Free;
            DELETE "/conversaton/{id}/owners/{userId}"  => rest::dismiss, Free;
            POST   "/conversaton/{id}/members"          => rest::add_member, Free;
            DELETE "/conversaton/{id}/members/{userId}" => rest::remove_member, Free;
            PATCH  "/conversation/{id}"                  => rest::change_conversation, Free;
            PUT    "/conversation/{id}/owners/{userId}"  => rest::appoint, Free;
            DELETE "/conversation/{id}/owners/{userId}"  => rest::dismiss, Free;
            POST   "/conversation/{id}/members"          => rest::add_member, Free;
            DELETE "/conversation/{id}/members/{userId}" => rest::remove_member, Free;
            // Beyond the document: whom owners ban and silence.
            GET    "/conversaton/{id}/restraints"        => restraining::list, Free;
            PUT    "/conversaton/{id}/bans/{userId}"     => restraining::ban, Free;
            DELETE "/conversaton/{id}/bans/{userId}"     => restraining::lift_ban, Free;
            PUT    "/conversaton/{id}/silences/{userId}" => restraining::silence, Free;
            DELETE "/conversaton/{id}/silences/{userId}" => restraining::lift_silence, Free;
            GET    "/conversation/{id}/restraints"        => restraining::list, Free;
            PUT    "/conversation/{id}/bans/{userId}"     => restraining::ban, Free;
            DELETE "/conversation/{id}/bans/{userId}"     => restraining::lift_ban, Free;
            PUT    "/conversation/{id}/silences/{userId}" => restraining::silence, Free;
            DELETE "/conversation/{id}/silences/{userId}" => restraining::lift_silence, Free;
            // Message API
            POST "/message/create"            => rest::create_message, Free;
            GET  "/message/get-messages"      => rest::list_messages, Free;
            GET  "/message/get-conversation-participants" => rest::list_participants, Free;
            // Beyond the document: messages that change.
            GET    "/message/get-message/{id}" => rest::show_message, Free;
            GET    "/message/get-pinned"       => rest::list_pinned, Free;
            PATCH  "/message/update/{id}"      => rest::edit_message, Free;
            DELETE "/message/remove/{id}"      => rest::delete_message, Free;
            PUT    "/message/reaction/{id}"    => rest::react, Free;
            DELETE "/message/reaction/{id}"    => rest::take_reaction_back, Free;
            PUT    "/message/pin/{id}"         => rest::pin, Free;
            DELETE "/message/pin/{id}"         => rest::unpin, Free;
            POST   "/message/report/{id}"      => rest::report, Free;
            // Beyond the document: messages by their words.
            GET  "/message/search"            => rest::search, Free;
        }
    }

    fn hears(&self) -> &'static [(&'static str, EventHandler)] {
        &[
            ("join-conversation", |event| event.join()),
            ("send-message", socket::send),
            ("join-group", |event| event.join()),
            ("send-group-message", socket::send),
            ("edit-message", socket::edit),
            ("delete-message", socket::delete),
            ("react-message", socket::react),
            ("pin-message", socket::pin),
        ]
    }

    fn says(&self) -> &'static [&'static str] {
        &[
            "receive-message",
            "receive-group-message",
            "message-updated",
            "message-deleted",
            "conversation-read",
            "conversation-settings",
            "user-presence",
            "conversation-updated",
            "conversation-joined",
            "conversation-left",
            "member-joined",
            "member-left",
            "member-restrained",
            "user-updated",
            "block-changed",
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
                let event = match message.place.kind {
                    Kind::Direct | Kind::Session => "receive-message",
                    Kind::Group | Kind::Room => "receive-group-message",
                };
                tell.room(event, |spell| shapes::message(spell, message));
            }
            Event::MessageUpdated(message) => {
                tell.room("message-updated", |spell| shapes::updated(spell, message));
            }
            Event::MessageDeleted(gone) => {
                tell.room("message-deleted", |spell| shapes::deleted(spell, gone));
            }
            // The document has no receipts, but all windows of one person show the same.
            Event::MessagesRead { place, receipt } => {
                tell.own(receipt.reader, "conversation-read", |spell| {
                    shapes::own_reading(spell, place.id, receipt)
                });
            }
            // The document has no files, no typing, no notifications.
            Event::FileShared { .. } | Event::Typing { .. } => {}
            Event::PersonChanged(person) => {
                tell.room("user-updated", |spell| shapes::participant(spell, person));
            }
            Event::NoticeMade(_) | Event::NoticesWaiting { .. } => {}
            Event::SettingsChanged {
                conversation,
                account,
                settings,
            } => {
                tell.own(*account, "conversation-settings", |spell| {
                    shapes::settings(spell, *conversation, *settings)
                });
            }
            Event::BlockChanged {
                account,
                other,
                blocked,
            } => tell.speaker(*account, "block-changed", |spell| {
                shapes::block(spell, *other, *blocked)
            }),
            // Beyond the document.
            Event::PresenceChanged(presence) => {
                tell.room("user-presence", |spell| shapes::presence(spell, presence));
            }
            Event::ConversationChanged(changed) => {
                tell.room("conversation-updated", |spell| {
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
