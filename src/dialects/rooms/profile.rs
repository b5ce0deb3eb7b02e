//! One's own account, beyond the document: name and picture, password, address, devices, a download, and leaving.

use serde_json::Value;

use super::{rest, shapes};
use crate::core::model::Account;
use crate::mail::templates;
use crate::web::answer::{Answer, ok};
use crate::web::call::Call;
use crate::web::oneself::{self, ProfileNames};

const NAMES: ProfileNames = ProfileNames {
    name: &["username", "name", "full_name", "fullName"],
    picture: "picture",
};

fn with_user(call: &Call, message: &str, own: &Account) -> Answer {
    let user = shapes::account(call.core().spelling(), own);
    ok(rest::with_data(message, user))
}

/// PATCH /api/auth/profile: another name or picture
pub async fn change(mut call: Call) -> Answer {
    let own = oneself::change_profile(&mut call, &NAMES).await?;
    with_user(&call, "Profile updated successfully", &own)
}

/// PUT /api/auth/password: another password
pub async fn change_password(mut call: Call) -> Answer {
    oneself::change_password(&mut call).await?;
    rest::told("Password updated successfully")
}

/// POST /api/auth/email: a code to the address that one wants to have
pub async fn ask_for_address(mut call: Call) -> Answer {
    let words = oneself::ask_for_address(&mut call, templates::new_address).await?;
    rest::told(&words)
}

/// PUT /api/auth/email: that code
pub async fn prove_address(mut call: Call) -> Answer {
    let own = oneself::prove_address(&mut call, templates::moved_away()).await?;
    with_user(&call, "Email updated successfully", &own)
}

/// GET /api/auth/devices: one's own devices
pub async fn list_devices(call: Call) -> Answer {
    let (devices, current) = oneself::devices(&call).await?;
    let spell = call.core().spelling();
    let devices = devices
        .iter()
        .map(|device| shapes::device(spell, device, current));
    let data = devices.collect::<Value>();
    ok(rest::with_data("Devices retrieved successfully", data))
}

/// DELETE /api/auth/devices/:deviceId: logs one of them out
pub async fn end_device(call: Call) -> Answer {
    oneself::end_device(&call, "deviceId").await?;
    rest::told("Device logged out successfully")
}

/// GET /api/auth/blocks: whom one has blocked
pub async fn list_blocked(call: Call) -> Answer {
    let blocked = oneself::blocked(&call).await?;
    let spell = call.core().spelling();
    let blocked = blocked.iter().map(|one| shapes::blocked(spell, one));
    let data = blocked.collect::<Value>();
    ok(rest::with_data(
        "Blocked users retrieved successfully",
        data,
    ))
}

/// PUT /api/auth/blocks/:userId: blocks somebody
pub async fn block(call: Call) -> Answer {
    oneself::block(&call, true).await?;
    rest::told("User blocked successfully")
}

/// DELETE /api/auth/blocks/:userId: does so no more
pub async fn unblock(call: Call) -> Answer {
    oneself::block(&call, false).await?;
    rest::told("User unblocked successfully")
}

/// DELETE /api/auth/profile: leaves for good
pub async fn remove(mut call: Call) -> Answer {
    oneself::remove(&mut call).await?;
    rest::told("Account deleted successfully")
}
