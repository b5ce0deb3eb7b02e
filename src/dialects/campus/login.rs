//! Logging in, devices, resetting a password, and logging in with Google.

use serde_json::json;

use super::shapes;
use super::sign_up::{proof, verify};
use crate::core::code::{self, Purpose};
use crate::core::error::{Error, Result};
use crate::core::{account, device, external_login, outbox};
use crate::mail::templates;
use crate::web::answer::{Answer, ok};
use crate::web::call::Call;
use crate::web::login;
use crate::web::mailing;
use crate::web::oidc::{self, Oidc};

/// POST /user/reset-password-code
pub async fn send_reset_code(mut call: Call) -> Answer {
    let mut fields = call.fields().await?;
    let email = fields.email();
    let email = fields.done(Some(email))?;
    let code = code::digits();
    let content = templates::reset(&code);
    call.write(move |tx| {
        code::issue(tx, Purpose::Reset, &email, &code)?;
        match account::known_address(tx, &email)? {
            // To the address as its owner spelled it, not as it was typed now.
            Some(account) => outbox::post(tx, account.email.as_deref().unwrap_or(&email), &content),
            // The answer is the same, so it does not tell who has an account.
            None => Ok(()),
        }
    })
    .await?;
    let words = "If the address has an account, a code is on its way";
    ok(json!({ "message": mailing::on_its_way(&call, words, "the code") }))
}

/// POST /user/verify-reset-code
pub async fn verify_reset_code(mut call: Call) -> Answer {
    let token = verify(&mut call, Purpose::Reset).await?;
    ok(json!({ "message": "Code verified", "verified": true, "resetToken": token }))
}

/// PATCH /user/reset-password
pub async fn reset_password(mut call: Call) -> Answer {
    let client = call.visitor().proof();
    let mut fields = call.fields().await?;
    let (email, password) = (fields.email(), fields.new_password());
    let token = proof(&mut fields, "resetToken", client.as_deref());
    let (email, password) = fields.done(Some((email, password)))?;
    // Checked before the slow hash, and again by the verb.
    let (address, asking, shown) = (email.clone(), client.clone(), token.clone());
    call.read(move |view| {
        code::proven(
            view,
            Purpose::Reset,
            &address,
            asking.as_deref(),
            shown.as_deref(),
        )
    })
    .await?;
    let hash = call.core().passwords().hash(password).await?;
    call.write(move |tx| {
        account::reset_password(tx, &email, &hash, client.as_deref(), token.as_deref())
    })
    .await?;
    ok(json!({ "message": "Password has been reset" }))
}

/// POST /auth/login
pub async fn log_in(mut call: Call) -> Answer {
    let credentials = login::Credentials::read(&mut call).await?;
    let (account, token) = login::log_in(&call, credentials).await?;
    ok(shapes::logged_in(
        call.core().spelling(),
        "Login successful",
        &token,
        &account,
    ))
}

/// GET /auth/active-devices
pub async fn list_devices(call: Call) -> Answer {
    let me = call.me()?;
    let current = me.device;
    let devices = call.read(move |view| device::list(view, &me)).await?;
    let spell = call.core().spelling();
    ok(devices
        .iter()
        .map(|one| shapes::device(spell, one, current))
        .collect::<Vec<_>>())
}

/// POST /auth/remove-all-session: ends all devices, the caller's too
pub async fn remove_all_devices(call: Call) -> Answer {
    let me = call.me()?;
    call.write(move |tx| device::end_all(tx, me.id)).await?;
    ok(json!({ "message": "All sessions removed" }))
}

/// POST /auth/remove-session/:id
pub async fn remove_device(call: Call) -> Answer {
    let me = call.me()?;
    let id = call.id(0, "id")?;
    call.write(move |tx| device::remove(tx, &me, id)).await?;
    ok(json!({ "message": "Session removed" }))
}

/// GET /auth/google: to the issuer
pub async fn google(call: Call) -> Answer {
    configured(&call)?.begin(&call).await
}

/// GET /auth/google/callback: back from the issuer
pub async fn google_callback(call: Call) -> Answer {
    let oidc = configured(&call)?;
    let oidc::Returned {
        identity,
        state,
        invitation,
    } = oidc.finish(&call).await?;
    let id = call
        .write(move |tx| external_login::identified(tx, &identity, invitation.as_deref()))
        .await?;
    let token = login::start(&call, id).await?;
    match oidc.login_return() {
        // In the fragment, which browsers do not send to any server.
        Some(url) => {
            let state = state.map_or(String::new(), |state| format!("&state={state}"));
            oidc::redirect(&format!("{url}#token={token}{state}"), None)
        }
        None => {
            let own = call.read(move |view| account::get(view, id)).await?;
            ok(shapes::logged_in(
                call.core().spelling(),
                "Login successful",
                &token,
                &own,
            ))
        }
    }
}

fn configured(call: &Call) -> Result<&Oidc> {
    call.web().oidc.as_ref().ok_or(Error::NotConfigured(
        "Logging in with Google is turned on with --google-client-id and --google-client-secret-file",
    ))
}
