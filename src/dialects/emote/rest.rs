//! The document's routes.

use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::{HOME, shapes};
use crate::core::code::{self, Purpose};
use crate::core::model::{Page, Person};
use crate::core::{account, conversation, limits, outbox, presence};
use crate::mail::templates;
use crate::web;
use crate::web::answer::{Answer, json_reply, ok};
use crate::web::call::Call;
use crate::web::fields::Fields;
use crate::web::{mailing, signing_up};

/// Items of a page by default, as the document says.
const PAGE: u32 = 30;

pub fn success(message: &str) -> Answer {
    ok(json!({ "success": true, "message": message }))
}

fn page(query: &mut Fields<'_>) -> Page {
    Page {
        page: query.number("page", 1, 1, 10_000_000),
        limit: query.number("page_size", PAGE, 1, limits::PAGE),
        descending: false,
    }
}

/// POST /api/auth/register: register a new user account
pub async fn register(mut call: Call) -> Answer {
    let mut fields = call.fields().await?;
    let name = fields.text(&["name", "username", "full_name", "fullName"]);
    let (email, password) = (fields.text(&["email"]), fields.text(&["password"]));
    let brought = signing_up::brought(&mut fields);
    let new = account::SignUp {
        home: HOME,
        name,
        username: false,
        email,
    };
    let new = match new.checked("name", &password) {
        Ok(new) => fields.done(Some(new))?,
        Err(faults) => return Err(fields.refused(faults)),
    };
    signing_up::sign_up(&call, new, password, brought).await?;
    success("User registered successfully")
}

/// GET /api/auth/validate: check if the current user's authentication token is valid
pub async fn validate(call: Call) -> Answer {
    let me = call.me()?;
    let own = call.read(move |view| account::get(view, me.id)).await?;
    let user = shapes::account(call.core().spelling(), &own);
    ok(json!({ "success": true, "user": user }))
}

/// GET /api/profile/users: a paginated list of all users
pub async fn list_users(call: Call) -> Answer {
    let me = call.me()?;
    let mut query = call.query();
    let page = page(&mut query);
    query.done(Some(()))?;
    let (people, own) = call
        .read(move |view| Ok((account::people(view, page)?, account::get(view, me.id)?)))
        .await?;
    let spell = call.core().spelling();
    let own = Some((own.id, own.email.as_deref()));
    ok(json!({
        "users": people.items.iter().map(|person| shapes::user(spell, person, own)).collect::<Value>(),
        "pagination": shapes::pagination(page, people.total),
    }))
}

/// GET /api/profile/users/:userId: one of them
pub async fn show_user(call: Call) -> Answer {
    let me = call.me()?;
    let id = call.id(0, "userId")?;
    let found = call.read(move |view| account::get(view, id)).await?;
    let own = Some((me.id, found.email.as_deref()));
    let person = Person {
        id,
        name: found.name,
        picture: found.picture,
        created_at: found.created_at,
    };
    let user = shapes::user(call.core().spelling(), &person, own);
    ok(json!({ "user": user }))
}

/// GET /api/profile/presence: who of these people is there, and whether the caller tells it of themselves
pub async fn list_presence(call: Call) -> Answer {
    let me = call.me()?;
    let list = web::presence::asked_for(&call).await?;
    let hidden = call.core().directory().hides_presence(me.id);
    let spell = call.core().spelling();
    let list = list.iter().map(|one| shapes::presence(spell, one));
    ok(json!({ "presence": list.collect::<Value>(), "hidden": hidden }))
}

/// PATCH /api/profile/presence: tell nobody whether one is there, or tell it again
pub async fn hide_presence(mut call: Call) -> Answer {
    let me = call.me()?;
    let mut fields = call.fields().await?;
    if !fields.has(&["hidden"]) {
        fields.fault("hidden", "must be true or false");
    }
    let hidden = fields.flag("hidden", false);
    let hidden = fields.done(Some(hidden))?;
    call.write(move |tx| presence::hide(tx, &me, hidden))
        .await?;
    ok(json!({ "success": true, "hidden": hidden }))
}

/// GET /api/conversations: a paginated list of conversations
pub async fn list_conversations(call: Call) -> Answer {
    let me = call.me()?;
    let mut query = call.query();
    let page = page(&mut query);
    query.done(Some(()))?;
    let offset = u32::try_from(page.offset()).unwrap_or(u32::MAX);
    let (inbox, position) = call
        .read_at(move |view| conversation::inbox(view, &me, page.limit, offset))
        .await?;
    let spell = call.core().spelling();
    let list = inbox
        .items
        .iter()
        .map(|item| shapes::conversation(spell, item))
        .collect::<Value>();
    let body =
        json!({ "conversations": list, "pagination": shapes::pagination(page, inbox.total) });
    let mut reply = json_reply(StatusCode::OK, &body);
    reply
        .headers_mut()
        .insert("x-total-count", HeaderValue::from(inbox.total));
    Ok(position.added_to(reply))
}

/// POST /api/password/reset-request: request a password reset for a user
pub async fn request_reset(mut call: Call) -> Answer {
    let mut fields = call.fields().await?;
    let email = fields.email();
    let email = fields.done(Some(email))?;
    let token = code::token();
    let content = templates::reset_link(&call.web().public_url, &token);
    call.write(move |tx| {
        // The document promises 200, also for a request within a minute of the last, which sends no second mail.
        if code::too_soon(tx, Purpose::Link, &email)?.is_some() {
            return Ok(());
        }
        code::issue(tx, Purpose::Link, &email, &token)?;
        match account::known_address(tx, &email)? {
            // To the address as its owner spelled it, not as it was typed now.
            Some(account) => outbox::post(tx, account.email.as_deref().unwrap_or(&email), &content),
            None => Ok(()),
        }
    })
    .await?;
    success(&mailing::on_its_way(
        &call,
        "If the address has an account, a mail with a reset token is on its way",
        "a link to choose a new password",
    ))
}

/// POST /api/password/reset: reset a user's password using a reset token
pub async fn reset(mut call: Call) -> Answer {
    let mut fields = call.fields().await?;
    let token = fields.text(&["token"]);
    if token.is_empty() {
        fields.fault("token", "must not be empty");
    }
    let password = fields.new_password();
    let (token, password) = fields.done(Some((token, password)))?;
    let hash = call.core().passwords().hash(password).await?;
    call.write(move |tx| account::reset_by_link(tx, &token, &hash))
        .await?;
    success("Password has been reset")
}
