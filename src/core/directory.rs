//! Who is this, and may they still come in? Every request asks this; it is answered from memory.
//!
//! Loaded when the database opens, and kept up to date by the writer: it learns from a commit's announcements before any
//! caller is answered, so when a revocation is acknowledged, the device is unknown already.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use parking_lot::RwLock;

use super::error::{Error, Result};
use super::model::{
    Account, AccountId, Announcement, Attendance, Device, DeviceId, Event, Me, Presence, ServerId,
    Sid, StateChange, Time,
};
use super::pace::Pace;
use super::peers::Peers;
use super::recent::Recent;
use super::word_list::{Entry, List};

/// What memory holds of an account.
#[derive(Debug)]
struct Card {
    name: Arc<str>,
    home: Arc<str>,
    admin: bool,
    suspended: bool,
    password_cost: Option<u32>,
    hides_presence: bool,
    /// When this person was last there, in milliseconds since 1970; 0: never.
    seen_at: AtomicI64,
}

impl From<&Account> for Card {
    fn from(account: &Account) -> Self {
        Self {
            name: account.name.as_str().into(),
            home: account.home.as_str().into(),
            admin: account.admin,
            suspended: account.suspended_at.is_some(),
            password_cost: account.password_cost,
            hides_presence: account.hides_presence,
            seen_at: AtomicI64::new(account.seen_at.map_or(0, |at| at.0)),
        }
    }
}

impl Card {
    /// This person was there then, and maybe later.
    fn see(&self, at: i64) {
        self.seen_at.fetch_max(at, Ordering::Relaxed);
    }
}

/// The SHA-256 of another application's token, whose it is, and the device that it became.
pub(in crate::core) type ForeignToken = (Vec<u8>, AccountId, DeviceId);

#[derive(Debug, Default)]
struct Tables {
    accounts: HashMap<AccountId, Card>,
    /// How many passwords are hashed at each bcrypt cost.
    costs: HashMap<u32, usize>,
    devices: HashMap<DeviceId, Living>,
    /// The devices by the ids that our own tokens have for them.
    sids: HashMap<Sid, DeviceId>,
    /// Tokens of another application that were used here, by their SHA-256; also those that were revoked.
    foreign: HashMap<[u8; 32], (AccountId, DeviceId)>,
}

impl Tables {
    /// Replaces what is known of an account; `None` removes it.
    fn put(&mut self, id: AccountId, card: Option<Card>) {
        let cost = card.as_ref().and_then(|card| card.password_cost);
        if let (Some(card), Some(before)) = (&card, self.accounts.get(&id)) {
            // The database knows it to the minute only.
            card.see(before.seen_at.load(Ordering::Relaxed));
        }
        let before = match card {
            Some(card) => self.accounts.insert(id, card),
            None => self.accounts.remove(&id),
        };
        if let Some(before) = before.and_then(|card| card.password_cost)
            && let Some(count) = self.costs.get_mut(&before)
        {
            *count -= 1;
        }
        if let Some(cost) = cost {
            *self.costs.entry(cost).or_default() += 1;
        }
    }
}

#[derive(Debug)]
struct Living {
    account: AccountId,
    sid: Sid,
    expires_at: Time,
    /// When its use was last noted in the database, in milliseconds since 1970.
    noted: AtomicI64,
}

/// How often a device's use is noted, in milliseconds.
const NOTED_EVERY: i64 = 60_000;

impl Living {
    fn new(account: AccountId, sid: Sid, expires_at: Time, seen_at: Time) -> Self {
        Self {
            account,
            sid,
            expires_at,
            noted: AtomicI64::new(seen_at.0),
        }
    }
}

/// The accounts and living devices of this server, and who has a socket open.
#[derive(Debug, Default)]
pub struct Directory {
    tables: RwLock<Tables>,
    here: RwLock<HashMap<AccountId, usize>>,
    /// Who counts as being there: also some seconds after the last socket has gone.
    online: RwLock<HashSet<AccountId>>,
    /// This server, as others on its database know it,
    server: ServerId,
    /// and who is there at those.
    peers: RwLock<Peers>,
    /// Whom each account has blocked.
    blocks: RwLock<HashMap<AccountId, HashSet<AccountId>>>,
    unwanted: RwLock<Arc<List>>,
    recent: Recent,
    new_conversations: Pace,
    new_members: Pace,
    message_kib: Pace,
    changes: Pace,
    profile_changes: Pace,
    rule_changes: Pace,
    exports: Pace,
}

impl Directory {
    /// Begins with what the database knows.
    pub(in crate::core) fn load(
        &self,
        all: &[Account],
        living: Vec<Device>,
        foreign: Vec<ForeignToken>,
        blocks: Vec<(AccountId, AccountId)>,
        unwanted: List,
    ) {
        let mut blocked: HashMap<_, HashSet<_>> = HashMap::new();
        for (who, other) in blocks {
            blocked.entry(who).or_default().insert(other);
        }
        *self.blocks.write() = blocked;
        *self.unwanted.write() = Arc::new(unwanted);
        let mut costs = HashMap::new();
        for cost in all.iter().filter_map(|account| account.password_cost) {
            *costs.entry(cost).or_default() += 1;
        }
        let accounts = all.iter().map(|a| (a.id, Card::from(a))).collect();
        let sids = living
            .iter()
            .map(|device| (device.sid, device.id))
            .collect();
        let devices = living.into_iter().map(|device| {
            let Device { account, sid, .. } = device;
            let living = Living::new(account, sid, device.expires_at, device.seen_at);
            (device.id, living)
        });
        let foreign = foreign
            .into_iter()
            .filter_map(|(hash, account, device)| Some((hash.try_into().ok()?, (account, device))));
        *self.tables.write() = Tables {
            accounts,
            costs,
            devices: devices.collect(),
            sids,
            foreign: foreign.collect(),
        };
    }

    /// The device that a token of ours names, if it has not ended.
    pub fn device(&self, sid: Sid) -> Option<DeviceId> {
        self.tables.read().sids.get(&sid).copied()
    }

    /// The person who holds this device.
    ///
    /// # Errors
    /// `Unauthorized` for a device that is gone or expired, `Forbidden` for a suspended account.
    pub fn me(&self, account: AccountId, device: DeviceId) -> Result<Me> {
        let known = self.tables.read();
        let living = known
            .devices
            .get(&device)
            .filter(|living| living.account == account);
        let Some(living) = living else {
            return Err(Error::Unauthorized("Token has been revoked"));
        };
        if living.expires_at <= Time::now() {
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
            home: card.home.clone(),
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
        self.tables
            .read()
            .devices
            .get(&me.device)
            .map(|living| living.expires_at)
    }

    /// This device is used now. Is it time to note that in the database? If so, the caller must note it.
    pub fn should_note(&self, device: DeviceId) -> bool {
        let known = self.tables.read();
        let (Some(living), now) = (known.devices.get(&device), Time::now().0) else {
            return false;
        };
        if let Some(card) = known.accounts.get(&living.account) {
            card.see(now);
        }
        let before = living.noted.load(Ordering::Relaxed);
        now - before >= NOTED_EVERY
            && living
                .noted
                .compare_exchange(before, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    /// The device that another application's token became here, alive or not.
    pub fn foreign(&self, hash: &[u8; 32]) -> Option<(AccountId, DeviceId)> {
        self.tables.read().foreign.get(hash).copied()
    }

    /// Forgets tokens of another application that have expired.
    pub(in crate::core) fn forget(&self, tokens: &[[u8; 32]]) {
        if !tokens.is_empty() {
            let mut known = self.tables.write();
            for token in tokens {
                known.foreign.remove(token);
            }
        }
    }

    /// How many conversations accounts have made lately.
    pub(in crate::core) fn new_conversations(&self) -> &Pace {
        &self.new_conversations
    }

    /// How many people accounts have made members of conversations lately.
    pub(in crate::core) fn new_members(&self) -> &Pace {
        &self.new_members
    }

    /// How many KiB accounts have posted lately.
    pub(in crate::core) fn message_kib(&self) -> &Pace {
        &self.message_kib
    }

    /// How many messages accounts have edited or deleted lately.
    pub(in crate::core) fn changes(&self) -> &Pace {
        &self.changes
    }

    /// How often accounts have changed their name or picture lately.
    pub(in crate::core) fn profile_changes(&self) -> &Pace {
        &self.profile_changes
    }

    /// How often accounts have changed for how long conversations keep things.
    pub(in crate::core) fn rule_changes(&self) -> &Pace {
        &self.rule_changes
    }

    /// How often accounts have downloaded all that is their own lately.
    pub(in crate::core) fn exports(&self) -> &Pace {
        &self.exports
    }

    /// This person has opened a socket; answers how many were open before, at all servers.
    pub fn came(&self, account: AccountId) -> usize {
        let elsewhere = self.peers.read().of(account).sockets;
        let mut here = self.here.write();
        let count = here.entry(account).or_default();
        *count += 1;
        *count - 1 + elsewhere
    }

    /// This person has closed a socket.
    pub fn went(&self, account: AccountId) {
        let mut here = self.here.write();
        if let Some(count) = here.get_mut(&account) {
            *count -= 1;
            if *count == 0 {
                here.remove(&account);
            }
        }
    }

    /// How many sockets this person has open, at all servers.
    pub fn sockets(&self, account: AccountId) -> usize {
        self.attendance(account).sockets + self.peers.read().of(account).sockets
    }

    /// Has this person a live socket?
    pub fn is_here(&self, account: AccountId) -> bool {
        self.sockets(account) > 0
    }

    /// This server, as others on its database know it.
    pub(in crate::core) fn server(&self) -> ServerId {
        self.server
    }

    /// What this server has of an account.
    pub(in crate::core) fn attendance(&self, account: AccountId) -> Attendance {
        Attendance {
            sockets: self.here.read().get(&account).copied().unwrap_or_default(),
            online: self.online.read().contains(&account),
        }
    }

    /// When this person was last there, as far as this server knows.
    pub(in crate::core) fn seen_at(&self, account: AccountId) -> Option<Time> {
        let known = self.tables.read();
        let seen_at = known
            .accounts
            .get(&account)?
            .seen_at
            .load(Ordering::Relaxed);
        Some(seen_at).filter(|at| *at > 0).map(Time)
    }

    /// Who is there at this server.
    pub(in crate::core) fn attending(&self) -> HashSet<AccountId> {
        let here = self.here.read();
        let online = self.online.read();
        here.keys().chain(online.iter()).copied().collect()
    }

    /// Begins with what other servers have said.
    pub(in crate::core) fn load_peers(&self, said: Vec<(ServerId, AccountId, Attendance)>) {
        let mut peers = self.peers.write();
        for (server, account, said) in said {
            peers.put(server, account, said);
        }
    }

    /// This person counts as being there from now on; answers `false` if they did already.
    pub fn appear(&self, account: AccountId) -> bool {
        self.online.write().insert(account)
    }

    /// This person counts as being there no more. When they were last there has been noted.
    pub fn vanish(&self, account: AccountId) {
        self.online.write().remove(&account);
    }

    /// Is this person there, as others may know it? Somebody suspended or removed is not.
    pub fn presence(&self, account: AccountId) -> Presence {
        let is_here = self.online.read().contains(&account) || self.peers.read().of(account).online;
        let known = self.tables.read();
        let card = known.accounts.get(&account);
        let card = card.filter(|card| !card.hides_presence);
        let online = is_here && card.is_some_and(|card| !card.suspended);
        let seen_at = card.map(|card| card.seen_at.load(Ordering::Relaxed));
        let last_seen_at = match online {
            true => Some(Time::now()),
            false => seen_at.filter(|at| *at > 0).map(Time),
        };
        Presence {
            account,
            online,
            last_seen_at,
        }
    }

    /// Does this person not tell whether they are there?
    pub fn hides_presence(&self, account: AccountId) -> bool {
        let known = self.tables.read();
        let card = known.accounts.get(&account);
        card.is_some_and(|card| card.hides_presence)
    }

    /// Has this person blocked the other?
    pub fn blocks(&self, who: AccountId, other: AccountId) -> bool {
        let blocks = self.blocks.read();
        blocks.get(&who).is_some_and(|them| them.contains(&other))
    }

    pub(in crate::core) fn blocks_anybody(&self, who: AccountId) -> bool {
        self.blocks.read().contains_key(&who)
    }

    /// Does one of these two block the other?
    pub fn are_apart(&self, one: AccountId, other: AccountId) -> bool {
        self.blocks(one, other) || self.blocks(other, one)
    }

    /// The words and patterns that are unwanted.
    pub fn unwanted(&self) -> Arc<List> {
        self.unwanted.read().clone()
    }

    /// The display name, for shapes that show it.
    pub fn name(&self, account: AccountId) -> Option<Arc<str>> {
        self.tables
            .read()
            .accounts
            .get(&account)
            .map(|card| card.name.clone())
    }

    /// Is this person an administrator?
    pub fn is_admin(&self, account: AccountId) -> bool {
        let known = self.tables.read();
        known.accounts.get(&account).is_some_and(|card| card.admin)
    }

    /// How many logins here, and how many tokens of another application, are remembered.
    pub fn remembered(&self) -> (usize, usize) {
        let known = self.tables.read();
        (known.devices.len(), known.foreign.len())
    }

    /// The most common bcrypt cost; `None` if there are no passwords.
    pub fn commonest_cost(&self) -> Option<u32> {
        let known = self.tables.read();
        let most = known
            .costs
            .iter()
            .max_by_key(|(cost, count)| (**count, **cost));
        most.filter(|(_, count)| **count > 0).map(|(cost, _)| *cost)
    }

    /// How many accounts there are.
    pub fn accounts(&self) -> usize {
        self.tables.read().accounts.len()
    }

    /// When conversations were last active.
    pub(in crate::core) fn recent(&self) -> &Recent {
        &self.recent
    }

    fn learn_block(&self, who: AccountId, other: AccountId, blocked: bool) {
        let mut blocks = self.blocks.write();
        let them = blocks.entry(who).or_default();
        match blocked {
            true => them.insert(other),
            false => them.remove(&other),
        };
        if them.is_empty() {
            blocks.remove(&who);
        }
    }

    /// Are there no accounts?
    pub fn is_empty(&self) -> bool {
        self.tables.read().accounts.is_empty()
    }

    /// Takes in what a commit has changed; `read` reads an account again, and `unwanted` the unwanted words. Answers whether all
    /// of that could be read.
    pub(in crate::core) fn learn(
        &self,
        announced: &[Announcement],
        read: impl Fn(AccountId) -> Result<Option<Account>>,
        unwanted: impl Fn() -> Result<Vec<Entry>>,
    ) -> bool {
        let mut is_true = true;
        self.recent.learn(announced);
        for announcement in announced {
            let change = match announcement {
                Announcement::StateChange(change) => change,
                Announcement::Event(Event::BlockChanged {
                    account,
                    other,
                    blocked,
                }) => {
                    self.learn_block(*account, *other, *blocked);
                    continue;
                }
                Announcement::Event(_) => continue,
            };
            match change {
                StateChange::AccountChanged(id) => match read(*id) {
                    Ok(account) => {
                        if account.is_none() {
                            self.blocks.write().remove(id);
                        }
                        self.tables
                            .write()
                            .put(*id, account.as_ref().map(Card::from));
                    }
                    Err(error) => {
                        is_true = false;
                        tracing::error!(%error, ?id, "an account could not be read again");
                    }
                },
                StateChange::DeviceMade {
                    device,
                    sid,
                    account,
                    expires_at,
                    token,
                } => {
                    let mut known = self.tables.write();
                    // Its first use is noted at once: until then nobody was there.
                    let living = Living::new(*account, *sid, *expires_at, Time(0));
                    known.devices.insert(*device, living);
                    known.sids.insert(*sid, *device);
                    if let Some(hash) = token {
                        known.foreign.insert(*hash, (*account, *device));
                    }
                }
                StateChange::DeviceProlonged {
                    device, expires_at, ..
                } => {
                    if let Some(living) = self.tables.write().devices.get_mut(device) {
                        living.expires_at = *expires_at;
                    }
                }
                StateChange::DeviceEnded { device, .. } => {
                    let mut known = self.tables.write();
                    if let Some(ended) = known.devices.remove(device) {
                        known.sids.remove(&ended.sid);
                    }
                }
                StateChange::UnwantedChanged => match unwanted() {
                    Ok(entries) => *self.unwanted.write() = Arc::new(List::read(entries)),
                    Err(error) => {
                        is_true = false;
                        tracing::error!(%error, "the unwanted words could not be read again");
                    }
                },
                StateChange::Attended {
                    server,
                    account,
                    said,
                    seen_at,
                } => {
                    if let (Some(card), Some(at)) =
                        (self.tables.read().accounts.get(account), seen_at)
                    {
                        card.see(at.0);
                    }
                    if *server != self.server {
                        self.peers.write().put(*server, *account, *said);
                    }
                }
                StateChange::ServerGone { server, accounts } => {
                    self.peers.write().forget(*server, accounts);
                }
                StateChange::Subscribed { .. }
                | StateChange::Unsubscribed { .. }
                | StateChange::ProfileChanged(_)
                | StateChange::Asked { .. }
                | StateChange::Replied { .. } => {}
            }
        }
        is_true
    }
}
