//! How many bytes may be held of packets that have not come completely? A message is held until its last byte has come, and
//! an event with attachments until its last attachment has, however long that takes.
//!
//! Such bytes are counted for each account, and for each address of clients that have not been let in. Whoever would have
//! more of them held than [that](UnfinishedPackets::new) loses the session that brings them; their other sessions go on.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::core::model::AccountId;
use crate::web::rates::network;

/// What everybody may have held: as many of the largest files as somebody's devices send at the same time.
const AT_LEAST: u64 = 64 << 20;
/// Sessions that hold at most this many bytes are not counted: sessions are bounded.
const LARGE: u64 = 64 << 10;
/// Bytes at the beginning of a message that say how many attachments follow: `45`, up to five digits, and `-`.
const HEAD: usize = 8;

/// Whose bytes they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Owner {
    Stranger(IpAddr),
    Account(AccountId),
}

/// All bytes of unfinished packets that are counted.
#[derive(Debug)]
pub struct UnfinishedPackets {
    most: u64,
    held: Mutex<HashMap<Owner, u64>>,
}

/// The unfinished packets of one session, on all its connections.
#[derive(Debug)]
pub struct SessionPackets {
    all: Arc<UnfinishedPackets>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    owner: Owner,
    /// Bytes that are held.
    held: u64,
    /// Attachments that have still to come, and the bytes of those that came.
    expected: u32,
    attached: u64,
    /// More came than may be held.
    is_too_much: bool,
}

/// Counts the messages of a session as they come on one connection.
#[derive(Debug)]
pub struct MessageCount {
    session: Arc<SessionPackets>,
    /// Bytes of the message that have come.
    bytes: u64,
    head: [u8; HEAD],
}

impl UnfinishedPackets {
    /// Everybody may have several packets held, each with the largest file that there may be.
    pub fn new(upload_bytes: u64) -> Arc<Self> {
        Arc::new(Self {
            // As Base64 a file has a third more.
            most: AT_LEAST.max(upload_bytes.saturating_mul(4)),
            held: Mutex::default(),
        })
    }

    /// A session of a client at this address that has not been let in.
    pub fn session(self: &Arc<Self>, address: IpAddr) -> Arc<SessionPackets> {
        Arc::new(SessionPackets {
            all: self.clone(),
            state: Mutex::new(State {
                owner: Owner::Stranger(network(address)),
                held: 0,
                expected: 0,
                attached: 0,
                is_too_much: false,
            }),
        })
    }

    /// Bytes that are counted, of all owners together.
    #[cfg(test)]
    pub fn held(&self) -> u64 {
        self.held.lock().values().sum()
    }

    /// `owner` has so many bytes held in a session now, instead of `before`. `false`, and nothing changes, if that is too much.
    fn change(&self, owner: Owner, before: u64, now: u64) -> bool {
        let [before, now] = [before, now].map(counted);
        if before == now {
            return true;
        }
        let mut held = self.held.lock();
        let all = held.entry(owner).or_default();
        let after = *all - before + now;
        let fits = after <= self.most || now < before;
        if fits {
            *all = after;
        }
        if *all == 0 {
            held.remove(&owner);
        }
        fits
    }
}

fn counted(held: u64) -> u64 {
    if held > LARGE { held } else { 0 }
}

impl SessionPackets {
    /// A socket of the session has been let in: its bytes are that account's from now on.
    pub fn belong_to(&self, account: AccountId) {
        let mut state = self.state.lock();
        let owner = Owner::Account(account);
        if state.owner != owner {
            self.all.change(state.owner, state.held, 0);
            // It may be too much. Then the next byte is.
            let fits = self.all.change(owner, 0, state.held);
            state.held = if fits { state.held } else { 0 };
            state.owner = owner;
        }
    }

    /// Counts the messages that come on one more connection.
    pub fn count(self: &Arc<Self>) -> MessageCount {
        MessageCount {
            session: self.clone(),
            bytes: 0,
            head: [0; HEAD],
        }
    }

    /// Did more come than may be held? Then the session is over, even if Socket.IO has not ended it yet.
    pub fn are_too_much(&self) -> bool {
        self.state.lock().is_too_much
    }

    fn hold(&self, bytes: u64) -> bool {
        let mut state = self.state.lock();
        let now = state.held + bytes;
        let fits = self.all.change(state.owner, state.held, now);
        if fits {
            state.held = now;
        } else {
            state.is_too_much = true;
        }
        fits
    }

    fn let_go(&self, bytes: u64) {
        let mut state = self.state.lock();
        let now = state.held.saturating_sub(bytes);
        self.all.change(state.owner, state.held, now);
        state.held = now;
    }
}

impl Drop for SessionPackets {
    fn drop(&mut self) {
        let state = self.state.get_mut();
        self.all.change(state.owner, state.held, 0);
    }
}

impl MessageCount {
    /// Counts bytes of a message; `false` if they are too many to be held. `unmask` makes its first bytes legible, which may
    /// come masked.
    pub fn hold(&mut self, came: &[u8], unmask: impl Fn(usize, u8) -> u8) -> bool {
        let begun = usize::try_from(self.bytes).unwrap_or(HEAD).min(HEAD);
        let plain = came.iter().enumerate();
        let plain = plain.map(|(at, byte)| unmask(at, *byte));
        self.head[begun..]
            .iter_mut()
            .zip(plain)
            .for_each(|(head, byte)| *head = byte);
        let fits = self.session.hold(came.len() as u64);
        if fits {
            self.bytes += came.len() as u64;
        }
        fits
    }

    /// The message has come completely. `attached` if it is an attachment, with the bytes that it then has.
    pub fn end(&mut self, attached: Option<u64>) {
        let read = self.head;
        let bytes = std::mem::take(&mut self.bytes);
        self.head = [0; HEAD];
        let mut done = bytes;
        let mut state = self.session.state.lock();
        match attached {
            // One that belongs to no event ends the session.
            Some(attached) if state.expected > 0 => {
                let attached = attached.min(bytes);
                state.expected -= 1;
                state.attached += attached;
                done -= attached;
                if state.expected == 0 {
                    done += std::mem::take(&mut state.attached);
                }
            }
            Some(_) => {}
            None => {
                if let Some(expected) = attachments(&read) {
                    state.expected = expected;
                }
            }
        }
        drop(state);
        self.session.let_go(done);
    }

    /// The message begins with this.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// Bytes of the message that have come.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Drop for MessageCount {
    fn drop(&mut self) {
        self.session.let_go(self.bytes);
    }
}

/// How many attachments follow a message that begins with this: `451-[…`, or `461-…` for the answer of a callback.
fn attachments(head: &[u8]) -> Option<u32> {
    let [b'4', b'5' | b'6', rest @ ..] = head else {
        return None;
    };
    let end = rest.iter().position(|byte| *byte == b'-')?;
    std::str::from_utf8(&rest[..end]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: fn(usize, u8) -> u8 = |_, byte| byte;
    const MIB: usize = 1 << 20;

    #[test]
    fn an_event_is_held_until_its_last_attachment_has_come() {
        let all = UnfinishedPackets::new(10 << 20);
        let session = all.session(IpAddr::from([127, 0, 0, 1]));
        session.belong_to(AccountId::new(1).expect("an id"));
        let mut count = session.count();
        let file = vec![0; MIB];
        for rest in [1, 0] {
            if rest == 1 {
                assert!(count.hold(b"452-[\"fileUpload\"]", PLAIN));
                count.end(None);
                assert_eq!(all.held(), 0);
            }
            assert!(count.hold(&file[..MIB / 2], PLAIN));
            assert!(count.hold(&file[MIB / 2..], PLAIN));
            // What comes between two attachments, such as a pong, changes nothing.
            let mut other = session.count();
            assert!(other.hold(b"3", PLAIN));
            other.end(None);
            count.end(Some(MIB as u64));
            assert_eq!(all.held(), rest * MIB as u64);
        }
        assert!(count.hold(&file, PLAIN));
        drop(count);
        assert_eq!(all.held(), 0);
        assert!(all.held.lock().is_empty());
    }

    #[test]
    fn nobody_has_more_held_than_that_and_nobody_else_is_concerned() {
        let all = UnfinishedPackets::new(0);
        let (file, address) = (vec![0; 16 * MIB], IpAddr::from([127, 0, 0, 1]));
        let mut counts: Vec<_> = (0..6).map(|_| all.session(address).count()).collect();
        counts[5]
            .session
            .belong_to(AccountId::new(1).expect("an id"));
        let fits: Vec<_> = counts
            .iter_mut()
            .map(|one| one.hold(&file, PLAIN))
            .collect();
        assert_eq!(fits, [true, true, true, true, false, true]);
        // Who tried is known by it, until its session has been ended.
        let tried: Vec<_> = counts
            .iter()
            .map(|one| !one.session.are_too_much())
            .collect();
        assert_eq!(tried, fits);
        // Where one is let in, its bytes go with it; and where one ends, there is room.
        counts[0]
            .session
            .belong_to(AccountId::new(1).expect("an id"));
        assert!(counts[4].hold(&file, PLAIN));
        assert_eq!(all.held(), 96 * MIB as u64);
        counts[1].end(None);
        assert_eq!(all.held(), 80 * MIB as u64);
        drop(counts);
        assert!(all.held.lock().is_empty());
    }

    #[test]
    fn heads_say_how_many_attachments_follow() {
        for (head, expected) in [
            (&b"451-[\"a\""[..], Some(1)),
            (b"45256-[\"", Some(256)),
            (b"462-[]\0\0", Some(2)),
            (b"42[\"a-b\"", None),
            (b"45-[]", None),
            (b"451", None),
            (b"", None),
        ] {
            assert_eq!(attachments(head), expected);
        }
    }
}
