//! The administrator's API, scene by scene: what whoever runs the server sees and does.

mod audit;
mod figures;
mod files;
mod health;
mod lists;
mod mail;
mod messages;
mod people;
mod removing;
mod reports;
mod search;
mod sessions;
mod sockets;
mod suspending;
mod unproven;
mod unwanted;
mod wire;

use crate::support::*;
use form_urlencoded::byte_serialize;

/// `/api/admin/…`, with what is asked for made fit for a path.
fn asking(list: &str, q: &str) -> String {
    let q: String = byte_serialize(q.as_bytes()).collect();
    format!("/api/admin/{list}?q={q}")
}

/// The path of an account.
fn of(person: &Person) -> String {
    format!("/api/admin/users/{}", person.uuid)
}

/// What the items of a list are called, in its order.
fn named(answer: &Value, list: &str, name: &str) -> Vec<String> {
    let items = answer[list].as_array();
    let items = items.unwrap_or_else(|| panic!("no {list} in {answer}"));
    items.iter().map(|item| text(&item[name])).collect()
}

fn text(value: &Value) -> String {
    let text = value.as_str();
    text.unwrap_or_else(|| panic!("no text: {value}"))
        .to_owned()
}

impl Chat {
    /// The actions in the audit log, the newest first.
    async fn audited(&self) -> Vec<String> {
        let audit = self.admin().get("/api/admin/audit?limit=100").await;
        named(&audit.has_status(200).json(), "audit", "action")
    }

    /// The account of the administrator of a throwaway server.
    async fn admins_uuid(&self) -> String {
        let known = self.admin().get("/api/auth/validate").await;
        text(&known.has_status(200).json()["user"]["id"])
    }
}
