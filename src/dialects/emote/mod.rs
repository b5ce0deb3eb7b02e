//! **emote**, document 002: `/api/auth/register`, `/api/profile/users`, `/api/conversations` by page, and resetting a
//! password by a mailed token. It documents no events.

mod profile;
mod rest;
mod shapes;

use crate::core::model::Event;
use crate::dialects::socket_event::EventHandler;
use crate::dialects::telling::Telling;
use crate::routes;
use crate::web::call::Call;
use crate::web::documents::Documents;
use crate::web::export;
use crate::web::login;
use crate::web::routes::Route;

/// The `home` of the accounts that registered here.
const HOME: &str = "emote";

pub struct Dialect;

impl crate::dialects::Dialect for Dialect {
    fn name(&self) -> &'static str {
        HOME
    }

    fn routes(&self) -> Vec<Route> {
        routes! {
            // Authentication
            POST "/api/auth/register" => rest::register, Auth;
            POST "/api/auth/login"    => login::log_in_route, Auth;
            POST "/api/auth/logout"   => login::log_out_route, Free;
            GET  "/api/auth/validate" => rest::validate, Free;
            // Beyond the document.
            POST "/api/auth/refresh"  => login::refresh_route, Free;
            // User profile
            GET  "/api/profile/users" => rest::list_users, Free;
            // Beyond the document.
            GET  "/api/profile/users/{userId}" => rest::show_user, Free;
            GET   "/api/profile/presence" => rest::list_presence, Free;
            PATCH "/api/profile/presence" => rest::hide_presence, Free;
            PATCH  "/api/profile"          => profile::change, Attachment;
            PUT    "/api/profile/password" => profile::change_password, Auth;
            POST   "/api/profile/email"    => profile::ask_for_address, Auth;
            PUT    "/api/profile/email"    => profile::prove_address, Auth;
            GET    "/api/profile/devices"  => profile::list_devices, Free;
            DELETE "/api/profile/devices/{deviceId}" => profile::end_device, Free;
            GET    "/api/profile/export"   => export::download, Long;
            GET    "/api/profile/blocks"   => profile::list_blocked, Free;
            PUT    "/api/profile/blocks/{userId}" => profile::block, Free;
            DELETE "/api/profile/blocks/{userId}" => profile::unblock, Free;
            DELETE "/api/profile"          => profile::remove, Auth;
            // Conversations
            GET  "/api/conversations" => rest::list_conversations, Free, when is_meant;
            // Password management
            POST "/api/password/reset-request" => rest::request_reset, Auth;
            POST "/api/password/reset"         => rest::reset, Auth;
        }
    }

    fn hears(&self) -> &'static [(&'static str, EventHandler)] {
        &[]
    }

    fn says(&self) -> &'static [&'static str] {
        &[]
    }

    fn documents(&self) -> Documents {
        Documents {
            routes: include_str!("openapi.json"),
            events: include_str!("asyncapi.json"),
        }
    }

    fn retell(&self, event: &Event, _: &mut Telling<'_>) {
        match event {
            // The document has no events.
            Event::MessagePosted(_) | Event::MessageUpdated(_) | Event::MessageDeleted(_) => {}
            Event::FileShared { .. } | Event::MessagesRead { .. } => {}
            Event::Typing { .. } | Event::NoticeMade(_) | Event::NoticesWaiting { .. } => {}
            Event::MemberJoined { .. } | Event::MemberLeft { .. } => {}
            Event::RestraintChanged { .. } => {}
            Event::PresenceChanged(_) | Event::PersonChanged(_) => {}
            Event::SettingsChanged { .. } | Event::ConversationChanged(_) => {}
            Event::BlockChanged { .. } => {}
        }
    }
}

/// Another document has this path too, with `limit` and `offset`. If the query has the parameters of neither, the request is
/// meant for this document if the caller registered here.
fn is_meant(call: &Call) -> bool {
    let query = call.query();
    if query.has(&["page", "page_size"]) {
        return true;
    }
    !query.has(&["limit", "offset"]) && call.me().is_ok_and(|me| &*me.home == HOME)
}
