//! Does this server send mail, and who wants it? Pages ask the first without a login; a person decides about mail on unread
//! messages, also by the link in such a mail that turns it off.

use askama::Template;
use bytes::Bytes;
use http::{HeaderValue, Response, header};
use serde_json::json;

use super::answer::{Answer, ok};
use super::call::Call;
use super::routes::Route;
use crate::core::digest;
use crate::core::error::{Error, Result};
use crate::core::model::{AccountId, StopId};
use crate::routes;

pub fn routes() -> Vec<Route> {
    routes! {
        GET "/api/mail" => show, Free;
        PATCH "/api/mail" => decide, Free;
        // Mail providers send it for their users, many from one address, so it is not limited.
        GET "/mail/off/{token}" => ask, Free;
        POST "/mail/off/{token}" => turn_off, Free;
    }
}

/// The answer to a request that mails something: `words` if this server sends mail, else whom to ask for `what`.
pub fn on_its_way(call: &Call, words: &str, what: &str) -> String {
    if call.web().watch.facts.mails {
        words.to_owned()
    } else {
        format!("This server sends no mail. Ask whoever runs it for {what}")
    }
}

/// GET /api/mail: `{ success, mail: { sent, unread } }`
async fn show(call: Call) -> Answer {
    let unread = match call.maybe_me()? {
        Some(me) => Some(call.read(move |view| digest::wanted(view, me.id)).await?),
        None => None,
    };
    answer(&call, unread)
}

/// PATCH /api/mail: `{ unread }`
async fn decide(mut call: Call) -> Answer {
    let me = call.me()?;
    let mut fields = call.fields().await?;
    if !fields.has(&["unread"]) {
        fields.fault("unread", "must be true or false");
    }
    let unread = fields.flag("unread", true);
    let unread = fields.done(Some(unread))?;
    call.write(move |tx| digest::want(tx, me.id, unread))
        .await?;
    answer(&call, Some(unread))
}

fn answer(call: &Call, unread: Option<bool>) -> Answer {
    let mail = json!({ "sent": call.web().watch.facts.mails, "unread": unread });
    ok(json!({ "success": true, "mail": mail }))
}

#[derive(Template)]
#[template(path = "off.html", config = "assets/askama.toml")]
struct TurnOffPage {
    is_off: bool,
}

/// This page may load the server's own style and send its form back, and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// GET /mail/off/{token}: a page with a button. A scanner that opens the links in a mail turns nothing off.
async fn ask(call: Call) -> Answer {
    reader(&call)?;
    page(false)
}

/// POST /mail/off/{token}: turns mail about unread messages off; whoever has the link may
async fn turn_off(call: Call) -> Answer {
    let reader = reader(&call)?;
    let turned = call.write(move |tx| digest::want(tx, reader, false));
    turned.await.map_err(|error| match error {
        Error::NotFound(_) => Error::NotFound("Link"),
        other => other,
    })?;
    page(true)
}

/// The account that the link was sent to. Its token is good for this alone, and nobody can guess one.
fn reader(call: &Call) -> Result<AccountId> {
    let token = call.core().spelling().read_sealed::<_>(call.param(0));
    let stop: Option<StopId> = token;
    let reader = stop.and_then(|stop| AccountId::new(stop.number()));
    reader.ok_or(Error::NotFound("Link"))
}

fn page(is_off: bool) -> Answer {
    let html = TurnOffPage { is_off }
        .render()
        .map_err(|error| Error::Internal(format!("the page about mail: {error}")))?;
    let mut reply = Response::new(Bytes::from(html).into());
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        // The address holds a secret token, so other sites must not get it; but the form must send its origin.
        (header::REFERRER_POLICY, "same-origin"),
    ] {
        reply
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    Ok(reply)
}
