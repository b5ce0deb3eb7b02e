//! **campus**, document 000: `/user`, `/auth`, `/conversaton`, `/message`, and kebab-case events in the namespace `/`.
//! Ids are UUIDs. The document's misspelled names work, and so do the correct ones.

mod login;
mod rest;
mod shapes;
mod sign_up;
mod socket;

use crate::core::model::{Event, Kind};
use crate::dialects::socket_event::EventHandler;
use crate::dialects::telling::Telling;
use crate::routes;
use crate::web::documents::Documents;
use crate::web::routes::Route;

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
            // Message API
            POST "/message/create"            => rest::create_message, Free;
            GET  "/message/get-messages"      => rest::list_messages, Free;
            GET  "/message/get-conversation-participants" => rest::list_participants, Free;
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
        ]
    }

    fn says(&self) -> &'static [&'static str] {
        &[
            "receive-message",
            "receive-group-message",
            "message-deleted",
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
            Event::MessageDeleted(gone) => {
                tell.room("message-deleted", |spell| shapes::deleted(spell, gone));
            }
            // The document has no files, no receipts, no typing, no notifications.
            Event::FileShared { .. } | Event::MessagesRead { .. } | Event::Typing { .. } => {}
            Event::NoticeMade(_) | Event::NoticesWaiting { .. } => {}
            Event::MemberJoined { .. } | Event::MemberLeft { .. } => {}
        }
    }
}
