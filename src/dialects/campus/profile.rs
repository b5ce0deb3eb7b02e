//! One's own account, beyond the document: name and picture, password, address, and leaving.

use serde_json::{Value, json};

use super::shapes;
use crate::core::model::Account;
use crate::mail::templates;
use crate::web::answer::{Answer, ok};
use crate::web::call::Call;
use crate::web::oneself::{self, ProfileNames};

const NAMES: ProfileNames = ProfileNames {
    name: &["full_name", "fullName", "name", "username"],
    picture: "profile",
};

fn told(message: &str) -> Answer {
    ok(json!({ "message": message }))
}

fn with_user(call: &Call, message: &str, own: &Account) -> Answer {
    let user = shapes::user(call.core().spelling(), own);
    ok(json!({ "message": message, "user": user }))
}

/// PATCH /user/profile: another name or picture
pub async fn change(mut call: Call) -> Answer {
    let own = oneself::change_profile(&mut call, &NAMES).await?;
    with_user(&call, "Profile has been changed", &own)
}

/// PUT /user/password: another password
pub async fn change_password(mut call: Call) -> Answer {
    oneself::change_password(&mut call).await?;
    told("Password has been changed, and all other sessions are removed")
}

/// POST /user/email: a code to the address that one wants to have
pub async fn ask_for_address(mut call: Call) -> Answer {
    let words = oneself::ask_for_address(&mut call, templates::new_address).await?;
    told(&words)
}

/// PUT /user/email: that code
pub async fn prove_address(mut call: Call) -> Answer {
    let own = oneself::prove_address(&mut call, templates::moved_away()).await?;
    with_user(&call, "Email has been changed", &own)
}

/// GET /user/blocks: whom one has blocked
pub async fn list_blocked(call: Call) -> Answer {
    let blocked = oneself::blocked(&call).await?;
    let spell = call.core().spelling();
    let blocked = blocked.iter().map(|one| shapes::blocked(spell, one));
    ok(blocked.collect::<Value>())
}

/// PUT /user/blocks/:userId: blocks somebody
pub async fn block(call: Call) -> Answer {
    oneself::block(&call, true).await?;
    told("User has been blocked")
}

/// DELETE /user/blocks/:userId: does so no more
pub async fn unblock(call: Call) -> Answer {
    oneself::block(&call, false).await?;
    told("User has been unblocked")
}

/// DELETE /user/profile: leaves for good
pub async fn remove(mut call: Call) -> Answer {
    oneself::remove(&mut call).await?;
    told("Account has been removed")
}
