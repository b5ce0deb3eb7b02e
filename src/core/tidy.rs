//! What is over? Devices, codes and proofs whose time has come end while the server runs, a few at a time, so that nothing
//! in the file or in memory grows with time alone.

use super::error::Result;
use super::model::StateChange;
use super::store::Tx;

/// Devices that one step ends: it holds nobody up.
const DEVICES: u32 = 200;

/// What a step has ended.
#[derive(Debug, Default)]
pub struct Over {
    /// SHA-256 of tokens of another application, which need not be remembered any more.
    pub tokens: Vec<[u8; 32]>,
    /// There may be more.
    pub more: bool,
}

/// One step of tidying up.
///
/// # Errors
/// Only the database's.
pub fn step(tx: &Tx<'_>) -> Result<Over> {
    let expired = tx.expired_devices(DEVICES)?;
    let more = expired.len() >= DEVICES as usize;
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
    }
    Ok(Over { tokens, more })
}
