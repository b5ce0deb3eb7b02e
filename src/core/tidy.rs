//! Deleting what has expired: devices, codes, proofs, begun logins, invitations, bans, silences and closed reports, while the
//! server runs, a few at a time, so that neither the file nor memory grows with time alone.

use std::time::Duration;

use super::error::Result;
use super::limits;
use super::model::StateChange;
use super::slow_mode;
use super::store::Tx;

/// Devices that one step ends: few enough to delay no other write.
const DEVICES: u32 = 200;
/// Reports that one step deletes.
const REPORTS: u32 = 200;

const INVITATIONS: u32 = 200;
/// Bans and silences, and turns in slow mode, that one step deletes.
const RESTRAINTS: u32 = 1_000;

/// How long news of other servers are kept: one that has not heard them by then begins anew.
const NEWS_KEPT: Duration = Duration::from_secs(600);
/// Uploads that began before that have ended with their server.
const UNFINISHED: Duration = Duration::from_secs(86_400);

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
        tx.delete_logins_over()?;
        tx.delete_tries_over()?;
        tx.delete_news_before(tx.now.minus(NEWS_KEPT))?;
        tx.delete_unfinished_files(tx.now.minus(UNFINISHED))?;
        more = tx.delete_expired_invitations(INVITATIONS)? >= INVITATIONS as usize;
        let over = tx.delete_restraints_over(RESTRAINTS)?;
        let forgotten = tx.delete_turns(slow_mode::forgotten_before(tx.now), RESTRAINTS)?;
        more |= over.max(forgotten) >= RESTRAINTS as usize;
        let closed_before = tx.now.minus(limits::REPORT_KEPT);
        more |= tx.delete_reports_closed_before(closed_before, REPORTS)? >= REPORTS as usize;
    }
    Ok(Over { tokens, more })
}
