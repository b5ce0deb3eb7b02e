//! Who has an account? Accounts, their devices, and what an administrator may do to them.

use http::StatusCode;
use serde_json::{Value, json};

use super::{done, listed, listing, one};
use crate::core::admin::{self, Change, NewPerson, PeopleOrder, PersonSeen};
use crate::core::directory::Directory;
use crate::core::error::Result;
use crate::core::id::Spelling;
use crate::core::model::{AccountId, Device, Time};
use crate::core::notice;
use crate::web::answer::{Answer, json_reply, ok};
use crate::web::call::Call;
use crate::web::people::picture_url;

/// How long a token lasts with which an administrator tries the server as somebody else.
const LOOK: std::time::Duration = std::time::Duration::from_secs(60 * 60);

/// GET /api/admin/users: newest first, or with `sort=stored` whose files take up most; `q` looks in names and addresses
pub async fn list(call: Call) -> Answer {
    call.admin()?;
    let (q, page, order) = listing(&call, |query| {
        match query.optional_text(&["sort"]).as_deref() {
            None | Some("" | "newest") => PeopleOrder::Newest,
            Some("stored") => PeopleOrder::Stored,
            Some(_) => {
                query.fault("sort", "must be newest or stored");
                PeopleOrder::Newest
            }
        }
    })?;
    let people = call
        .read(move |view| admin::people(view, q.as_deref(), order, page))
        .await?;
    let (spell, here) = (call.core().spelling(), call.core().directory());
    Ok(listed("users", page, &people, |seen| {
        shape(spell, here, seen)
    }))
}

/// GET /api/admin/users/{userId}
pub async fn show(call: Call) -> Answer {
    call.admin()?;
    let id = call.id(0, "userId")?;
    user(&call, StatusCode::OK, id).await
}

async fn user(call: &Call, status: StatusCode, id: AccountId) -> Answer {
    let seen = call.read(move |view| admin::person(view, id)).await?;
    let shape = shape(call.core().spelling(), call.core().directory(), &seen);
    Ok(one(status, "user", shape))
}

/// `{ id, number, name, username, email, proven, admin, suspended, suspendedAt, home, picture, createdAt, lastSeenAt,
/// devices, storedBytes, sockets }`
pub fn shape(spell: &Spelling, here: &Directory, seen: &PersonSeen) -> Value {
    let account = &seen.account;
    json!({
        "id": spell.uuid(account.id),
        "number": account.id.number(),
        "name": account.name,
        "username": account.username,
        "email": account.email,
        "proven": account.proven_at.is_some(),
        "admin": account.admin,
        "suspended": account.suspended_at.is_some(),
        "suspendedAt": account.suspended_at.map(|at| at.iso()),
        "home": account.home,
        "picture": picture_url(spell, account.picture.as_ref()),
        "createdAt": account.created_at.iso(),
        "lastSeenAt": seen.seen_at.map(|at| at.iso()),
        "devices": seen.devices,
        "storedBytes": seen.stored,
        "sockets": here.sockets(account.id),
    })
}

/// POST /api/admin/users: `{ name, email, password, admin }`; without a password, a reset link lets them choose one
pub async fn add(mut call: Call) -> Answer {
    let me = call.admin()?;
    let mut fields = call.fields().await?;
    let (name, email) = (fields.text(&["name"]), fields.text(&["email"]));
    let password = fields.optional_new_password();
    fields.also_wrong(admin::wrong_with(&name, &email));
    let admin = fields.flag("admin", false);
    fields.done(Some(()))?;
    let new = NewPerson {
        name,
        username: true,
        email,
        password_hash: hashed(&call, password).await?,
        admin,
    };
    let account = call
        .write(move |tx| admin::add(tx, Some(me.id), new))
        .await?;
    user(&call, StatusCode::CREATED, account.id).await
}

async fn hashed(call: &Call, password: Option<String>) -> Result<Option<String>> {
    match password {
        Some(password) => call.core().passwords().hash(password).await.map(Some),
        None => Ok(None),
    }
}

/// PATCH /api/admin/users/{userId}: `{ name, suspended, admin, password }`, each of them optional
pub async fn change(mut call: Call) -> Answer {
    let (me, id) = (call.admin()?, call.id(0, "userId")?);
    let mut fields = call.fields().await?;
    let mut flag = |name: &str| fields.has(&[name]).then(|| fields.flag(name, false));
    let (suspended, admin) = (flag("suspended"), flag("admin"));
    let name = fields.optional_text(&["name"]);
    let password = fields.optional_new_password();
    fields.done(Some(()))?;
    let change = Change {
        name,
        suspended,
        admin,
        password_hash: hashed(&call, password).await?,
    };
    call.write(move |tx| admin::change(tx, Some(me.id), id, change))
        .await?;
    user(&call, StatusCode::OK, id).await
}

/// DELETE /api/admin/users/{userId}: their messages stay
pub async fn remove(call: Call) -> Answer {
    let (me, id) = (call.admin()?, call.id(0, "userId")?);
    call.write(move |tx| admin::remove(tx, Some(me.id), id))
        .await?;
    call.core().erasures().notify_one();
    Ok(done("The account is removed"))
}

/// POST /api/admin/users/{userId}/reset-link: `{ link, expiresAt }`, for the administrator to hand over
pub async fn reset_link(call: Call) -> Answer {
    let (me, id) = (call.admin()?, call.id(0, "userId")?);
    let (token, expires_at) = call
        .write(move |tx| admin::reset_link(tx, Some(me.id), id))
        .await?;
    let link = format!("{}/#reset={token}", call.web().public_url);
    let body = json!({ "success": true, "link": link, "expiresAt": expires_at.iso() });
    Ok(json_reply(StatusCode::CREATED, &body))
}

/// POST /api/admin/users/{userId}/token: `{ token, expiresAt }`, to try the server as this person
pub async fn token(call: Call) -> Answer {
    let (me, id) = (call.admin()?, call.id(0, "userId")?);
    let now = Time::now();
    // Shorter than a login, so that it cannot be refreshed like one.
    let expires_at = now.plus(LOOK.min(call.core().tokens().ttl / 2));
    let address = call.visitor().address.to_string();
    let device = call
        .write(move |tx| admin::log_in_as(tx, Some(me.id), id, &address, expires_at))
        .await?;
    let token = call.core().tokens().mint(id, device, now, expires_at)?;
    let body = json!({ "success": true, "token": token, "expiresAt": expires_at.iso() });
    Ok(json_reply(StatusCode::CREATED, &body))
}

/// GET /api/admin/users/{userId}/devices
pub async fn devices(call: Call) -> Answer {
    call.admin()?;
    let id = call.id(0, "userId")?;
    let devices = call.read(move |view| admin::devices(view, id)).await?;
    let spell = call.core().spelling();
    let shapes = devices.iter().map(|one| device(spell, one));
    ok(json!({ "success": true, "devices": shapes.collect::<Value>() }))
}

/// `{ id, userAgent, ip, createdAt, lastSeenAt, expiresAt }`
fn device(spell: &Spelling, device: &Device) -> Value {
    json!({
        "id": spell.uuid(device.id),
        "userAgent": device.user_agent,
        "ip": device.address,
        "createdAt": device.created_at.iso(),
        "lastSeenAt": device.seen_at.iso(),
        "expiresAt": device.expires_at.iso(),
    })
}

/// DELETE /api/admin/users/{userId}/devices/{deviceId}
pub async fn end_device(call: Call) -> Answer {
    let (me, id) = (call.admin()?, call.id(0, "userId")?);
    let device = call.id(1, "deviceId")?;
    call.write(move |tx| admin::end_device(tx, Some(me.id), id, device))
        .await?;
    Ok(done("The device is logged out"))
}

/// POST /api/admin/notifications: `{ userId, title, message, type }`
pub async fn notify(mut call: Call) -> Answer {
    let me = call.admin()?;
    let mut fields = call.fields().await?;
    let to = fields.id(&["userId"]);
    let (title, message) = (fields.text(&["title"]), fields.text(&["message"]));
    let kind = fields.optional_text(&["type"]);
    let kind = kind.unwrap_or_else(|| "system".to_owned());
    let to = fields.done(to)?;
    let made = call
        .write(move |tx| notice::make(tx, Some(me.id), to, &title, &message, &kind))
        .await?;
    let spell = call.core().spelling();
    let shape = json!({
        "id": spell.uuid(made.id),
        "userId": spell.uuid(made.account),
        "title": made.title,
        "message": made.text,
        "type": made.kind,
        "createdAt": made.created_at.iso(),
    });
    Ok(one(StatusCode::CREATED, "notification", shape))
}
