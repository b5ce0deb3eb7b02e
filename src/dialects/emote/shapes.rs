//! The document's objects. It has no example of them, so their fields follow its descriptions.

use serde_json::{Value, json};

use crate::core::id::Spelling;
use crate::core::model::{
    Account, AccountId, Blocked, Device, DeviceId, Overview, Page, Person, Presence,
};
use crate::web::people::picture_url;

/// The caller: `{ id, name, email, avatarUrl, createdAt }`
pub fn account(spell: &Spelling, account: &Account) -> Value {
    json!({
        "id": spell.uuid(account.id),
        "name": account.name,
        "email": account.email,
        "avatarUrl": picture_url(spell, account.picture.as_ref()),
        "createdAt": account.created_at.iso(),
    })
}

/// Anybody: `{ id, name, avatarUrl, createdAt }`; only the caller sees an e-mail address, their own.
pub fn user(spell: &Spelling, person: &Person, own: Option<(AccountId, Option<&str>)>) -> Value {
    let mut shape = json!({
        "id": spell.uuid(person.id),
        "name": person.name,
        "avatarUrl": picture_url(spell, person.picture.as_ref()),
        "createdAt": person.created_at.iso(),
    });
    if let Some((caller, email)) = own
        && caller == person.id
    {
        shape["email"] = json!(email);
    }
    shape
}

/// Somebody whom the caller has blocked: `{ id, name, avatarUrl, createdAt, blockedAt }`
pub fn blocked(spell: &Spelling, one: &Blocked) -> Value {
    let mut shape = user(spell, &one.person, None);
    shape["blockedAt"] = json!(one.at.iso());
    shape
}

/// `{ id, userAgent, address, createdAt, seenAt, current }`
pub fn device(spell: &Spelling, device: &Device, current: DeviceId) -> Value {
    json!({
        "id": spell.uuid(device.id),
        "userAgent": device.user_agent,
        "address": device.address,
        "createdAt": device.created_at.iso(),
        "seenAt": device.seen_at.iso(),
        "current": device.id == current,
    })
}

/// A conversation in the list.
pub fn conversation(spell: &Spelling, overview: &Overview) -> Value {
    let known = &overview.conversation;
    json!({
        "id": spell.uuid(known.place.id),
        "type": known.place.kind.name(),
        "name": known.name,
        "participants": overview.people.iter().map(|person| user(spell, person, None)).collect::<Value>(),
        "lastMessage": overview.last.as_ref().map(|message| json!({
            "id": spell.uuid(message.id),
            "content": message.text,
            "senderId": spell.uuid(message.author.id),
            "createdAt": message.sent_at.iso(),
        })),
        "unreadCount": overview.unread,
        "createdAt": known.created_at.iso(),
        "updatedAt": overview.updated_at.iso(),
    })
}

/// `{ page, page_size, total, total_pages }`
pub fn pagination(page: Page, total: i64) -> Value {
    json!({
        "page": page.page,
        "page_size": page.limit,
        "total": total,
        "total_pages": page.pages(total),
    })
}

/// Whether somebody is there: `{ userId, online, lastSeenAt }`
pub fn presence(spell: &Spelling, presence: &Presence) -> Value {
    json!({
        "userId": spell.uuid(presence.account),
        "online": presence.online,
        "lastSeenAt": presence.last_seen_at.map(|at| at.iso()),
    })
}
