//! **rooms**, document 003: `/api/auth/signup`, `/api/rooms`, `/api/messages`, `/api/files`, and camelCase events in
//! the namespace `/`. Ids are 24 hex digits; every answer is `{ success, message, data }`.

mod profile;
mod rest;
mod shapes;
mod socket;

use crate::core::model::Event;
use crate::dialects::owning::{MemberEvents, retell_members};
use crate::dialects::socket_event::EventHandler;
use crate::dialects::telling::Telling;
use crate::routes;
use crate::web::documents::Documents;
use crate::web::export;
use crate::web::login;
use crate::web::routes::Route;

const MEMBERS: MemberEvents = MemberEvents {
    joined: "roomJoined",
    left: "roomLeft",
    other_joined: "memberJoined",
    other_left: "memberLeft",
    restrained: "memberRestrained",
    own_shape: shapes::membership,
    other_shape: shapes::member,
};

pub struct Dialect;

impl crate::dialects::Dialect for Dialect {
    fn name(&self) -> &'static str {
        "rooms"
    }

    fn routes(&self) -> Vec<Route> {
        routes! {
            // 1. User authentication
            POST "/api/auth/signup"     => rest::sign_up, Auth;
            POST "/api/auth/login"      => login::log_in_route, Auth;
            GET  "/api/auth/logout"     => login::log_out_route, Api;
            POST "/api/auth/logout"     => login::log_out_route, Api;
            // Beyond the document.
            PATCH  "/api/auth/profile"  => profile::change, Attachment;
            PUT    "/api/auth/password" => profile::change_password, Auth;
            POST   "/api/auth/email"    => profile::ask_for_address, Auth;
            PUT    "/api/auth/email"    => profile::prove_address, Auth;
            GET    "/api/auth/devices"  => profile::list_devices, Api;
            DELETE "/api/auth/devices/{deviceId}" => profile::end_device, Api;
            GET    "/api/auth/export"   => export::download, Long;
            GET    "/api/auth/blocks"   => profile::list_blocked, Api;
            PUT    "/api/auth/blocks/{userId}" => profile::block, Api;
            DELETE "/api/auth/blocks/{userId}" => profile::unblock, Api;
            DELETE "/api/auth/profile"  => profile::remove, Auth;
            // 2. Chat room management
            POST "/api/rooms"           => rest::open_room, Api;
            GET  "/api/rooms"           => rest::list_rooms, Api;
            GET  "/api/rooms/{roomId}"  => rest::show_room, Api;
            // Beyond the document: what a member wants to be told of by mail.
            GET   "/api/rooms/{roomId}/settings" => rest::show_settings, Api;
            PATCH "/api/rooms/{roomId}/settings" => rest::change_settings, Api;
            // Beyond the document: what owners of a group or a room may change, and who belongs to it.
            PATCH  "/api/rooms/{roomId}"                  => rest::change_room, Api;
            PUT    "/api/rooms/{roomId}/owners/{userId}"  => rest::appoint, Api;
            DELETE "/api/rooms/{roomId}/owners/{userId}"  => rest::dismiss, Api;
            POST   "/api/rooms/{roomId}/members"          => rest::add_member, Api;
            DELETE "/api/rooms/{roomId}/members/{userId}" => rest::remove_member, Api;
            // Beyond the document: whom owners ban and silence.
            GET    "/api/rooms/{roomId}/restraints"        => rest::list_restraints, Api;
            PUT    "/api/rooms/{roomId}/bans/{userId}"     => rest::ban, Api;
            DELETE "/api/rooms/{roomId}/bans/{userId}"     => rest::lift_ban, Api;
            PUT    "/api/rooms/{roomId}/silences/{userId}" => rest::silence, Api;
            DELETE "/api/rooms/{roomId}/silences/{userId}" => rest::lift_silence, Api;
            // 3. Chat messaging
            POST "/api/messages"          => rest::send, Api;
            GET  "/api/messages/{id}" => rest::list_messages, Api;
            // Beyond the document: messages that change.
            PATCH  "/api/messages/{id}" => rest::edit_message, Api;
            DELETE "/api/messages/{id}" => rest::delete_message, Api;
            PUT    "/api/messages/{messageId}/reactions/{emoji}" => rest::react, Api;
            DELETE "/api/messages/{messageId}/reactions/{emoji}" => rest::take_reaction_back, Api;
            PUT    "/api/messages/{messageId}/pin" => rest::pin, Api;
            DELETE "/api/messages/{messageId}/pin" => rest::unpin, Api;
            POST   "/api/messages/{messageId}/report" => rest::report, Api;
            GET    "/api/rooms/{roomId}/pins"  => rest::list_pinned, Api;
            // Beyond the document: messages by their words.
            GET  "/api/messages/search"   => rest::search, Api;
            // 4. File upload and sharing
            POST "/api/files/upload"    => rest::upload, Upload;
            GET  "/api/files/{fileId}"  => rest::download, Api;
            GET  "/api/files"           => rest::list_files, Api;
            GET  "/uploads/{name}"      => rest::download_by_url, Api;
            // Beyond the document.
            GET  "/api/users/presence"  => rest::list_presence, Api;
        }
    }

    fn hears(&self) -> &'static [(&'static str, EventHandler)] {
        &[
            ("joinRoom", |event| event.join()),
            ("leaveRoom", |event| event.leave()),
            ("message", socket::message),
            ("fileUpload", socket::file_upload),
            ("editMessage", socket::edit),
            ("deleteMessage", socket::delete),
            ("reactMessage", socket::react),
            ("pinMessage", socket::pin),
        ]
    }

    fn place_names(&self) -> &'static [&'static str] {
        &["roomId", "conversationId", "conversation"]
    }

    fn says(&self) -> &'static [&'static str] {
        &[
            "messageUpdated",
            "messageDeleted",
            "conversationRead",
            "conversationSettings",
            "userPresence",
            "roomUpdated",
            "roomJoined",
            "roomLeft",
            "memberJoined",
            "memberLeft",
            "memberRestrained",
            "userUpdated",
            "blockChanged",
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
                tell.room("message", |spell| shapes::heard(spell, message))
            }
            Event::MessageUpdated(message) => {
                tell.room("messageUpdated", |spell| shapes::updated(spell, message))
            }
            Event::MessageDeleted(gone) => {
                tell.room("messageDeleted", |spell| shapes::deleted(spell, gone))
            }
            Event::FileShared { file, .. } => {
                tell.room("fileUpload", |spell| shapes::shared(spell, file))
            }
            // The document has no receipts, but all windows of one person show the same.
            Event::MessagesRead { place, receipt } => {
                tell.own(receipt.reader, "conversationRead", |spell| {
                    shapes::own_reading(spell, place.id, receipt)
                })
            }
            // The document has no typing, no notifications.
            Event::Typing { .. } => {}
            Event::PersonChanged(person) => {
                tell.room("userUpdated", |spell| shapes::person(spell, person))
            }
            Event::NoticeMade(_) | Event::NoticesWaiting { .. } => {}
            Event::SettingsChanged {
                conversation,
                account,
                settings,
            } => tell.own(*account, "conversationSettings", |spell| {
                shapes::settings(spell, *conversation, *settings)
            }),
            Event::BlockChanged {
                account,
                other,
                blocked,
            } => tell.speaker(*account, "blockChanged", |spell| {
                shapes::block(spell, *other, *blocked)
            }),
            // Beyond the document.
            Event::PresenceChanged(presence) => {
                tell.room("userPresence", |spell| shapes::presence(spell, presence));
            }
            Event::ConversationChanged(changed) => {
                tell.room("roomUpdated", |spell| shapes::room(spell, changed));
            }
            Event::MemberJoined { .. }
            | Event::MemberLeft { .. }
            | Event::RestraintChanged { .. } => {
                retell_members(event, tell, &MEMBERS);
            }
        }
    }
}
