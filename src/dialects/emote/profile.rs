//! One's own account, beyond the document: name and picture, password, address, devices, a download, and leaving.

use serde_json::{Value, json};

use super::{rest, shapes};
use crate::core::model::Account;
use crate::mail::templates;
use crate::web::answer::{Answer, ok};
use crate::web::call::Call;
use crate::web::oneself::{self, ProfileNames};

const NAMES: ProfileNames = ProfileNames {
    name: &["name", "fullName", "full_name", "username"],
    picture: "picture",
};

fn with_user(call: &Call, message: &str, own: &Account) -> Answer {
    let user = shapes::account(call.core().spelling(), own);
    ok(json!({ "success": true, "message": message, "user": user }))
}

/// PATCH /api/profile: another name or picture
pub async fn change(mut call: Call) -> Answer {
    let own = oneself::change_profile(&mut call, &NAMES).await?;
    with_user(&call, "Profile has been changed", &own)
}

/// PUT /api/profile/password: another password
pub async fn change_password(mut call: Call) -> Answer {
    oneself::change_password(&mut call).await?;
    rest::success("Password has been changed, and all other devices are logged out")
}

/// POST /api/profile/email: a code to the address that one wants to have
pub async fn ask_for_address(mut call: Call) -> Answer {
    let words = oneself::ask_for_address(&mut call, templates::new_address).await?;
    rest::success(&words)
}

/// PUT /api/profile/email: that code
pub async fn prove_address(mut call: Call) -> Answer {
    let own = oneself::prove_address(&mut call, templates::moved_away()).await?;
    with_user(&call, "E-mail address has been changed", &own)
}

/// GET /api/profile/devices: one's own devices
pub async fn list_devices(call: Call) -> Answer {
    let (devices, current) = oneself::devices(&call).await?;
    let spell = call.core().spelling();
    let devices = devices
        .iter()
        .map(|device| shapes::device(spell, device, current));
    ok(json!({ "devices": devices.collect::<Value>() }))
}

/// DELETE /api/profile/devices/:deviceId: logs one of them out
pub async fn end_device(call: Call) -> Answer {
    oneself::end_device(&call, "deviceId").await?;
    rest::success("Device has been logged out")
}

/// GET /api/profile/blocks: whom one has blocked
pub async fn list_blocked(call: Call) -> Answer {
    let blocked = oneself::blocked(&call).await?;
    let spell = call.core().spelling();
    let blocked = blocked.iter().map(|one| shapes::blocked(spell, one));
    ok(json!({ "blocked": blocked.collect::<Value>() }))
}

/// PUT /api/profile/blocks/:userId: blocks somebody
pub async fn block(call: Call) -> Answer {
    oneself::block(&call, true).await?;
    rest::success("User has been blocked")
}

/// DELETE /api/profile/blocks/:userId: does so no more
pub async fn unblock(call: Call) -> Answer {
    oneself::block(&call, false).await?;
    rest::success("User has been unblocked")
}

/// DELETE /api/profile: leaves for good
pub async fn remove(mut call: Call) -> Answer {
    oneself::remove(&mut call).await?;
    rest::success("Account has been removed")
}
