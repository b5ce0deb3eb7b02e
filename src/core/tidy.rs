//! Deleting what has expired: devices, codes, proofs and invitations, while the server runs, a few at a time, so that neither the file
//! nor memory grows with time alone.

use super::error::Result;
use super::model::StateChange;
use super::store::Tx;

/// Devices that one step ends: few enough to delay no other write.
const DEVICES: u32 = 200;

const INVITATIONS: u32 = 200;

/// What a step has deleted.
#[derive(Debug, Default)]
pub struct Over {
    /// SHA-256 of another application's tokens that have expired.
    pub tokens: Vec<[u8; 32]>,
    /// There may be more.
    pub more: bool,
}

/// Deletes a few of what has expired.
pub fn step(tx: &Tx<'_>) -> Result<Over> {
    let expired = tx.expired_devices(DEVICES)?;
    let mut more = expired.len() >= DEVICES as usize;
    let mut tokens = Vec::new();
    for over in expired {
        tx.delete_device(over.device)?;
        tokens.extend(over.token);
        tx.announce(StateChange::DeviceEnded {
            device: over.device,
            account: over.account,
        });
    }
    if !more {
        tx.delete_expired_codes()?;
        more = tx.delete_expired_invitations(INVITATIONS)? >= INVITATIONS as usize;
    }
    Ok(Over { tokens, more })
}
