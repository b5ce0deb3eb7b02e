//! Who is the first administrator? Whoever holds the link that the first start prints.

use http::StatusCode;
use serde_json::json;

use crate::core::admin::{self, NewPerson};
use crate::web::answer::{Answer, json_reply};
use crate::web::call::Call;
use crate::web::login;

/// POST /api/admin/setup: `{ token, name, email, password }`
pub async fn set_up(mut call: Call) -> Answer {
    let mut fields = call.fields().await?;
    let token = fields.text(&["token"]);
    let (name, email) = (fields.text(&["name"]), fields.text(&["email"]));
    let password = fields.new_password();
    fields.also_wrong(admin::wrong_with(&name, &email));
    let token = fields.done(Some(token))?;
    let asked = token.clone();
    call.read(move |view| admin::may_set_up(view, &asked))
        .await?;
    let new = NewPerson {
        name,
        username: true,
        email,
        password_hash: Some(call.core().passwords().hash(password).await?),
        admin: true,
    };
    let account = call.write(move |tx| admin::set_up(tx, &token, new)).await?;
    let id = account.id;
    let (token, seen) = (
        login::start(&call, id).await?,
        call.read(move |view| admin::person(view, id)).await?,
    );
    let core = call.core();
    let body = json!({
        "success": true,
        "token": token,
        "user": super::people::shape(core.spelling(), core.directory(), &seen),
    });
    Ok(json_reply(StatusCode::CREATED, &body))
}
