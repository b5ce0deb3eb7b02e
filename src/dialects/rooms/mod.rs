//! **rooms**, document 003: `/api/auth/signup`, `/api/rooms`, `/api/messages`, `/api/files`, and camelCase events in
//! the namespace `/`. Ids are 24 hex digits; every answer is `{ success, message, data }`.

mod rest;
mod shapes;
mod socket;

use crate::core::model::Event;
use crate::dialects::socket_event::EventHandler;
use crate::dialects::telling::Telling;
use crate::routes;
use crate::web::documents::Documents;
use crate::web::login;
use crate::web::routes::Route;

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
            // 2. Chat room management
            POST "/api/rooms"           => rest::open_room, Api;
            GET  "/api/rooms"           => rest::list_rooms, Api;
            GET  "/api/rooms/{roomId}"  => rest::show_room, Api;
            // 3. Chat messaging
            POST "/api/messages"          => rest::send, Api;
            GET  "/api/messages/{roomId}" => rest::list_messages, Api;
            // Beyond the document: messages by their words.
            GET  "/api/messages/search"   => rest::search, Api;
            // 4. File upload and sharing
            POST "/api/files/upload"    => rest::upload, Upload;
            GET  "/api/files/{fileId}"  => rest::download, Api;
            GET  "/api/files"           => rest::list_files, Api;
            GET  "/uploads/{name}"      => rest::download_by_url, Api;
        }
    }

    fn hears(&self) -> &'static [(&'static str, EventHandler)] {
        &[
            ("joinRoom", |event| event.join()),
            ("leaveRoom", |event| event.leave()),
            ("message", socket::message),
            ("fileUpload", socket::file_upload),
        ]
    }

    fn place_names(&self) -> &'static [&'static str] {
        &["roomId", "conversationId", "conversation"]
    }

    fn says(&self) -> &'static [&'static str] {
        &["messageDeleted", "error"]
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
            Event::MessageDeleted(gone) => {
                tell.room("messageDeleted", |spell| shapes::deleted(spell, gone))
            }
            Event::FileShared { file, .. } => {
                tell.room("fileUpload", |spell| shapes::shared(spell, file))
            }
            // The document has no receipts, no typing, no notifications.
            Event::MessagesRead { .. } | Event::Typing { .. } => {}
            Event::NoticeMade(_) | Event::NoticesWaiting { .. } => {}
            Event::MemberJoined { .. } | Event::MemberLeft { .. } => {}
        }
    }
}
