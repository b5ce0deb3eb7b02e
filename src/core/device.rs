//! Logging in and out: a device for each login, which its token names.

use std::time::Duration;

use super::error::{Error, Result};
use super::limits;
use super::model::{AccountId, Device, DeviceId, Me, Sid, StateChange, Time};
use super::store::{Tx, View};
use super::text;

/// Makes a device for somebody whose password was right, and answers the name that tokens have for it. Past the number that
/// an account may have, those that were not used for longest are logged out.
///
/// # Errors
/// `Forbidden` for a suspended account.
pub fn log_in(
    tx: &Tx<'_>,
    account: AccountId,
    user_agent: &str,
    address: &str,
    expires_at: Time,
) -> Result<Sid> {
    let found = tx
        .account(account)?
        .ok_or(Error::Unauthorized("Invalid credentials"))?;
    if found.suspended_at.is_some() {
        return Err(Error::Forbidden("This account is suspended"));
    }
    if let Some(most) = tx.limits.devices {
        let mut devices = tx.devices_of(account)?;
        devices.sort_by_key(|device| (device.seen_at, device.id));
        let surplus = (devices.len() + 1).saturating_sub(most);
        for device in devices.iter().take(surplus) {
            end(tx, account, device.id)?;
        }
    }
    let user_agent = text::cut(user_agent, limits::FILE_NAME_CHARS);
    let (device, sid) = tx.insert_device(account, &user_agent, address, expires_at, None)?;
    // The command line may have made the account a moment ago, and the news of it is still to come.
    if tx.directory.name(account).is_none() {
        tx.announce(StateChange::AccountChanged(account));
    }
    tx.announce(StateChange::DeviceMade {
        device,
        sid,
        account,
        expires_at,
        token: None,
    });
    Ok(sid)
}

/// Ends one's own device: logs out.
pub fn log_out(tx: &Tx<'_>, me: &Me) -> Result<()> {
    end(tx, me.id, me.device)
}

/// Prolongs one's own device by the length of a login, up to `most` after it logged in; answers when it ends. If that
/// prolongs it by less than a seventh it stays as it is, so that asking often writes about once a day.
///
/// # Errors
/// `Forbidden` for a device that was made for less, such as an administrator's look.
pub fn prolong(tx: &Tx<'_>, me: &Me, lasts: Duration, most: Duration) -> Result<Time> {
    let devices = tx.devices_of(me.id)?;
    let device = devices.iter().find(|device| device.id == me.device);
    let device = device.ok_or(Error::Unauthorized("Token has been revoked"))?;
    if device.expires_at < device.created_at.plus(lasts - lasts / 7) {
        return Err(Error::Forbidden("This login was made for a shorter time"));
    }
    let expires_at = tx.now.plus(lasts).min(device.created_at.plus(most));
    if expires_at < device.expires_at.plus(lasts / 7) {
        return Ok(device.expires_at);
    }
    tx.prolong_device(device.id, expires_at)?;
    tx.announce(StateChange::DeviceProlonged {
        device: device.id,
        account: me.id,
        expires_at,
    });
    Ok(expires_at)
}

/// The devices of this person that are alive.
pub fn list(view: &View<'_>, me: &Me) -> Result<Vec<Device>> {
    view.devices_of(me.id)
}

/// Ends another of one's own devices.
///
/// # Errors
/// `NotFound` for what is none, or somebody else's.
pub fn remove(tx: &Tx<'_>, me: &Me, device: DeviceId) -> Result<()> {
    end_one_of(tx, me.id, device)
}

/// Ends one of somebody's devices.
///
/// # Errors
/// `NotFound` for what is none, or somebody else's.
pub fn end_one_of(tx: &Tx<'_>, account: AccountId, device: DeviceId) -> Result<()> {
    let devices = tx.devices_of(account)?;
    if !devices.iter().any(|own| own.id == device) {
        return Err(Error::NotFound("Session"));
    }
    end(tx, account, device)
}

/// Ends all of somebody's devices.
pub fn end_all(tx: &Tx<'_>, account: AccountId) -> Result<()> {
    for device in tx.devices_of(account)? {
        end(tx, account, device.id)?;
    }
    Ok(())
}

/// Ends all of one's own devices but this one.
pub(in crate::core) fn end_others(tx: &Tx<'_>, me: &Me) -> Result<()> {
    let devices = tx.devices_of(me.id)?.into_iter();
    for device in devices.filter(|device| device.id != me.device) {
        end(tx, me.id, device.id)?;
    }
    Ok(())
}

fn end(tx: &Tx<'_>, account: AccountId, device: DeviceId) -> Result<()> {
    if tx.end_device(device)? {
        tx.announce(StateChange::DeviceEnded { device, account });
    }
    Ok(())
}

/// Notes that the device was used just now.
pub fn seen(tx: &Tx<'_>, device: DeviceId) -> Result<()> {
    tx.see_device(device)
}
