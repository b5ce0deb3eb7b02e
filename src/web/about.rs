//! What does a page need to know of this server? What it may write and upload here, how one comes in, and which dialects
//! there are: asked without a login, and told to everybody.

use serde::Serialize;
use serde_json::json;

use super::answer::{Answer, ok};
use super::call::Call;
use super::routes::Route;
use crate::core::limits;
use crate::routes;

/// A dialect as the pages show it.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Spoken {
    pub name: &'static str,
    /// Where its sockets connect to, if it has events.
    pub namespace: Option<&'static str>,
}

pub fn routes() -> Vec<Route> {
    routes! {
        GET "/api/about" => show, Free;
    }
}

/// GET /api/about: `{ success, about: { maxMessage, maxUpload, maxAttachments, googleLogin, signUp, signUpDomains, keepMessages, keepFiles,
/// membersInvite, dialects } }`, in characters, bytes and files; `signUp` is `open`, `invited` or `closed`; if there are `signUpDomains`, only their
/// proven addresses sign up; `googleLogin` is whether the page may send a browser to `/auth/google` and get it back, and `dialects`
/// has `{ name, namespace }` of each.
async fn show(call: Call) -> Answer {
    let limits = call.core().limits();
    let web = call.web();
    let google = web.oidc.as_ref();
    ok(json!({
        "success": true,
        "about": {
            "maxMessage": limits.message_chars,
            "maxUpload": limits.upload_bytes,
            "maxAttachments": limits::ATTACHMENTS,
            "googleLogin": google.is_some_and(|oidc| oidc.returns_to(&web.public_url)),
            "signUp": limits.sign_up.who.name(),
            "signUpDomains": limits.sign_up.domains,
            "keepMessages": limits.keep_messages.map(|kept| kept.as_secs() / 86_400),
            "keepFiles": limits.keep_files.map(|kept| kept.as_secs() / 86_400),
            "membersInvite": limits.members_invite,
            "dialects": web.dialects,
        },
    }))
}
