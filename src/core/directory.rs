//! Who is this, and may they still come in? What every request asks, answered from memory.
//!
//! Loaded when the database opens, kept true by the writer: it learns from a commit's events before anybody is
//! answered, so a revoked device is unknown from the moment in which its revocation is acknowledged.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::error::{Error, Result};
use super::model::{Account, AccountId, DeviceId, Event, Me, Time};
use super::store::View;

/// What is known of an account without asking the database.
#[derive(Debug, Clone)]
struct Card {
    name: Arc<str>,
    admin: bool,
    suspended: bool,
}

impl From<&Account> for Card {
    fn from(account: &Account) -> Self {
        Self {
            name: account.name.as_str().into(),
            admin: account.admin,
            suspended: account.suspended_at.is_some(),
        }
    }
}

#[derive(Debug, Default)]
struct Known {
    accounts: HashMap<AccountId, Card>,
    devices: HashMap<DeviceId, (AccountId, Time)>,
}

/// The accounts and living devices of this server.
#[derive(Debug, Default)]
pub struct Directory(RwLock<Known>);

impl Directory {
    pub(in crate::core) fn load(view: &View<'_>, now: Time) -> Result<Self> {
        let accounts = view
            .all_accounts()?
            .iter()
            .map(|a| (a.id, Card::from(a)))
            .collect();
        let devices = view
            .living_devices(now)?
            .iter()
            .map(|d| (d.id, (d.account, d.expires_at)))
            .collect();
        Ok(Self(RwLock::new(Known { accounts, devices })))
    }

    /// The person who holds this device.
    ///
    /// # Errors
    /// `Unauthorized` for a device that is gone or expired, `Forbidden` for a suspended account.
    pub fn me(&self, account: AccountId, device: DeviceId) -> Result<Me> {
        let known = self.known();
        let living = known
            .devices
            .get(&device)
            .filter(|(owner, _)| *owner == account);
        let Some((_, expires_at)) = living else {
            return Err(Error::Unauthorized("Token has been revoked"));
        };
        if *expires_at <= Time::now() {
            return Err(Error::Unauthorized("Token has expired"));
        }
        let Some(card) = known.accounts.get(&account) else {
            return Err(Error::Unauthorized("Token has been revoked"));
        };
        if card.suspended {
            return Err(Error::Forbidden("This account is suspended"));
        }
        Ok(Me {
            id: account,
            device,
            name: card.name.clone(),
            admin: card.admin,
        })
    }

    /// Is this person still who they were when they came in?
    ///
    /// # Errors
    /// As [`Directory::me`].
    pub fn still(&self, me: &Me) -> Result<()> {
        self.me(me.id, me.device).map(drop)
    }

    /// When this person's token ends.
    pub fn expiry(&self, me: &Me) -> Option<Time> {
        self.known()
            .devices
            .get(&me.device)
            .map(|(_, expires_at)| *expires_at)
    }

    /// The display name, for shapes that show it.
    pub fn name(&self, account: AccountId) -> Option<Arc<str>> {
        self.known()
            .accounts
            .get(&account)
            .map(|card| card.name.clone())
    }

    /// Accounts that anybody could log in to.
    pub fn is_empty(&self) -> bool {
        self.known().accounts.is_empty()
    }

    /// Takes in what a commit has changed.
    pub(in crate::core) fn learn(&self, events: &[Event], view: &View<'_>) {
        for event in events {
            match event {
                Event::AccountChanged(id) => match view.account(*id) {
                    Ok(Some(account)) => {
                        drop(self.change().accounts.insert(*id, Card::from(&account)))
                    }
                    Ok(None) => drop(self.change().accounts.remove(id)),
                    Err(error) => {
                        tracing::error!(%error, ?id, "an account could not be read again")
                    }
                },
                Event::DeviceMade {
                    device,
                    account,
                    expires_at,
                } => {
                    self.change()
                        .devices
                        .insert(*device, (*account, *expires_at));
                }
                Event::DeviceEnded { device, .. } => {
                    self.change().devices.remove(device);
                }
                Event::MessagePosted(_)
                | Event::FileShared { .. }
                | Event::MessagesRead { .. }
                | Event::Typing { .. }
                | Event::NoticeMade(_)
                | Event::Listening { .. }
                | Event::NotListening { .. }
                | Event::NoticesWaiting { .. }
                | Event::MemberLeft { .. } => {}
            }
        }
    }

    // A panic cannot leave the maps half changed: every change is one insert or remove.
    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> RwLockWriteGuard<'_, Known> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
