//! Who is there at the other servers on this database? Each tells the others of its own sockets, and that it lives.
//!
//! Memory holds what they said ([`Peers`]); the database has it too, for servers that start later. A server that has not been
//! heard of for [`SILENT`] is gone, and its people with it.

use std::collections::HashMap;
use std::time::Duration;

use super::error::Result;
use super::model::{AccountId, Attendance, ServerId, StateChange};
use super::store::Tx;

/// How often a server says that it lives.
pub const BEAT: Duration = Duration::from_secs(2);
/// After so long the others take it for dead.
pub(in crate::core) const SILENT: Duration = Duration::from_secs(10);

/// What the other servers say.
#[derive(Debug, Default)]
pub(in crate::core) struct Peers(HashMap<AccountId, HashMap<ServerId, Attendance>>);

impl Peers {
    pub fn put(&mut self, server: ServerId, account: AccountId, said: Attendance) {
        let at = self.0.entry(account).or_default();
        match said.is_over() {
            true => at.remove(&server),
            false => at.insert(server, said),
        };
        if at.is_empty() {
            self.0.remove(&account);
        }
    }

    /// A server is gone.
    pub fn forget(&mut self, server: ServerId, accounts: &[AccountId]) {
        for account in accounts {
            self.put(server, *account, Attendance::default());
        }
    }

    /// All servers together.
    pub fn of(&self, account: AccountId) -> Attendance {
        let mut all = Attendance::default();
        for said in self.0.get(&account).into_iter().flat_map(HashMap::values) {
            all.sockets += said.sockets;
            all.online |= said.online;
        }
        all
    }
}

/// Tells the other servers what this one has of an account: as it is when this runs.
pub(in crate::core) fn tell(tx: &Tx<'_>, account: AccountId) -> Result<()> {
    let (server, said) = (tx.directory.server(), tx.directory.attendance(account));
    match said.is_over() {
        true => tx.delete_attendance(server, account)?,
        false => tx.put_attendance(server, account, said)?,
    }
    let seen_at = tx.directory.seen_at(account);
    tx.announce(StateChange::Attended {
        server,
        account,
        said,
        seen_at,
    });
    Ok(())
}

/// This server lives, and listens there. If the others have taken it for dead, it tells them everything again.
pub(in crate::core) fn beat(tx: &Tx<'_>, name: &str) -> Result<()> {
    let server = tx.directory.server();
    if !tx.renew_server(server)? {
        tx.insert_server(server, name)?;
        for account in tx.directory.attending() {
            tell(tx, account)?;
        }
    }
    let dead = tx.servers_before(tx.now.minus(SILENT))?;
    dead.into_iter().try_for_each(|dead| bury(tx, dead))
}

/// A server is gone: those who were there alone are there no more.
pub(in crate::core) fn bury(tx: &Tx<'_>, server: ServerId) -> Result<()> {
    tx.delete_server(server)?;
    let accounts = tx.delete_attendances(server)?;
    tx.announce(StateChange::ServerGone { server, accounts });
    Ok(())
}
