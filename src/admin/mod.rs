//! What do administrators need? Their API and page; shaped like a dialect, but only administrators may use it.

mod audit;
mod backup;
mod conversations;
mod files;
mod invitations;
mod metrics;
mod outbox;
mod people;
mod sessions;
mod set_up;
mod sockets;
pub mod stats;
mod wire;

use http::StatusCode;
use serde_json::{Value, json};

use crate::core::model::{Listed, Page};
use crate::routes;
use crate::web::answer::{Answer, Reply, json_reply};
use crate::web::call::{self, Call, pagination};
use crate::web::documents::{Described, Documents};
use crate::web::fields::Fields;
use crate::web::pages;
use crate::web::routes::Route;

/// Items of a page by default.
const PAGE: u32 = 20;

pub fn routes() -> Vec<Route> {
    routes! {
        GET "/admin" => show_page, Free;
        POST "/api/admin/setup" => set_up::set_up, Auth;
        GET "/api/admin/stats" => stats::show, Free;
        GET "/api/admin/settings" => stats::settings, Free;
        GET "/api/admin/users" => people::list, Free;
        POST "/api/admin/users" => people::add, Free;
        GET "/api/admin/users/{userId}" => people::show, Free;
        PATCH "/api/admin/users/{userId}" => people::change, Free;
        DELETE "/api/admin/users/{userId}" => people::remove, Free;
        POST "/api/admin/users/{userId}/reset-link" => people::reset_link, Free;
        POST "/api/admin/users/{userId}/token" => people::token, Free;
        GET "/api/admin/users/{userId}/devices" => people::devices, Free;
        DELETE "/api/admin/users/{userId}/devices/{deviceId}" => people::end_device, Free;
        GET "/api/admin/conversations" => conversations::list, Free;
        GET "/api/admin/conversations/{conversationId}" => conversations::show, Free;
        PATCH "/api/admin/conversations/{conversationId}" => conversations::change, Free;
        GET "/api/admin/conversations/{conversationId}/messages" => conversations::messages, Free;
        GET "/api/admin/search" => conversations::find, Free;
        DELETE "/api/admin/messages/{messageId}" => conversations::delete_message, Free;
        GET "/api/admin/files" => files::list, Free;
        GET "/api/admin/files/{fileId}" => files::show, Free;
        GET "/api/admin/files/{fileId}/content" => files::content, Free;
        DELETE "/api/admin/files/{fileId}" => files::delete, Free;
        GET "/api/admin/sockets" => sockets::list, Free;
        DELETE "/api/admin/sockets/{socketId}" => sockets::end, Free;
        GET "/api/admin/wire" => wire::watch, Free;
        GET "/api/admin/sessions" => sessions::list, Free;
        GET "/api/admin/sessions/{uuid}" => sessions::show, Free;
        PUT "/api/admin/sessions/{uuid}" => sessions::put, Free;
        POST "/api/admin/notifications" => people::notify, Free;
        GET "/api/admin/invitations" => invitations::list, Free;
        POST "/api/admin/invitations" => invitations::make, Free;
        DELETE "/api/admin/invitations/{invitationId}" => invitations::revoke, Free;
        GET "/api/admin/outbox" => outbox::list, Free;
        POST "/api/admin/outbox/{mailId}/retry" => outbox::retry, Free;
        GET "/api/admin/backup" => backup::download, Long;
        GET "/api/admin/audit" => audit::list, Free;
        GET "/healthz" => metrics::health, Free;
        GET "/livez" => metrics::live, Free;
        GET "/readyz" => metrics::ready, Free;
        GET "/metrics" => metrics::show, Free;
    }
}

/// What the document of the administrator's API is made from, with the routes that belong to no dialect.
pub fn described() -> Described {
    Described {
        name: "admin",
        documents: Documents {
            routes: include_str!("openapi.json"),
            events: r#"{ "description": "There are no events for administrators." }"#,
        },
        routes: [
            routes(),
            crate::web::pages::routes(),
            crate::web::mailing::routes(),
            crate::web::inviting::routes(),
            crate::web::documents::routes(),
        ]
        .concat(),
        namespace: "/",
    }
}

/// GET /admin: the page over this API
async fn show_page(call: Call) -> Answer {
    pages::page(&call, "admin/index.html").await
}

/// The query of a list: `q`, `page`, `limit` and `order`, and what `also` takes from it.
fn listing<T>(
    call: &Call,
    also: impl FnOnce(&mut Fields<'_>) -> T,
) -> crate::core::error::Result<(Option<String>, Page, T)> {
    let mut query = call.query();
    let q = query.optional_text(&["q"]).filter(|q| !q.trim().is_empty());
    let page = call::page(&mut query, PAGE);
    let also = also(&mut query);
    query.done(Some((q, page, also)))
}

/// `{ success, <name>: […], pagination }`
fn listed<T>(name: &str, page: Page, listed: &Listed<T>, shape: impl Fn(&T) -> Value) -> Reply {
    let items: Value = listed.items.iter().map(shape).collect();
    let body = json!({
        "success": true,
        name: items,
        "pagination": pagination(page, listed.total),
    });
    json_reply(StatusCode::OK, &body)
}

/// `{ success, <name>: {…} }`
fn one(status: StatusCode, name: &str, shape: Value) -> Reply {
    json_reply(status, &json!({ "success": true, name: shape }))
}

/// `{ success, message }`
fn done(message: &str) -> Reply {
    json_reply(
        StatusCode::OK,
        &json!({ "success": true, "message": message }),
    )
}
