//! What do the servers on one database ask each other? Questions and replies are news like any other; a server that has not
//! replied in time is named.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::error::Result;
use super::model::{Listed, Question, Reply, ServerId, SocketSeen, StateChange};
use super::text::cut;
use super::{Core, admin, random};

/// How long the others have to reply.
const PATIENCE: Duration = Duration::from_secs(2);
/// Sockets that one reply tells of, and characters of what each says of itself: all servers read it.
const SOCKETS: usize = 1_000;
const USER_AGENT: usize = 256;

/// The questions of this server that wait for replies, by their numbers.
#[derive(Default)]
pub(in crate::core) struct Questions(Mutex<HashMap<u64, mpsc::UnboundedSender<(ServerId, Reply)>>>);

/// What the others have said.
#[derive(Debug, Default)]
pub struct Replies {
    /// The names of all servers on the database; empty on a file.
    pub names: HashMap<ServerId, String>,
    pub replies: Vec<(ServerId, Reply)>,
    /// The names of those that have not replied in time.
    pub silent: Vec<String>,
}

/// A question, for as long as somebody waits for replies.
struct Waiting<'a> {
    questions: &'a Questions,
    number: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.questions.0.lock().remove(&self.number);
    }
}

impl Core {
    /// This server, among those on its database.
    pub fn server(&self) -> ServerId {
        self.0.directory.server()
    }

    /// Asks the other servers on its database, and waits for their replies. A file has one server, which asks nobody.
    ///
    /// # Errors
    /// If the question cannot be written.
    pub async fn ask_peers(&self, question: Question) -> Result<Replies> {
        if !self.has_peers() {
            return Ok(Replies::default());
        }
        let servers = self.read(admin::servers).await?;
        let is_asked = |server: ServerId| match &question {
            Question::Sockets { .. } => true,
            Question::EndSocket { server: at, .. } => *at == server,
        };
        let names: HashMap<_, _> = servers.into_iter().map(|one| (one.id, one.name)).collect();
        let by = self.server();
        let mut silent = names.clone();
        silent.retain(|server, _| *server != by && is_asked(*server));
        let mut replies = Vec::with_capacity(silent.len());
        if silent.is_empty() {
            return Ok(Replies {
                names,
                ..Replies::default()
            });
        }
        let number = u64::from_le_bytes(random()) >> 11;
        let (reply, mut replied) = mpsc::unbounded_channel();
        let questions = &self.0.questions;
        questions.0.lock().insert(number, reply);
        let _waiting = Waiting { questions, number };
        self.announce(StateChange::Asked {
            number,
            by,
            question,
        })
        .await?;
        let end = Instant::now() + PATIENCE;
        while !silent.is_empty()
            && let Ok(Some((by, reply))) = timeout_at(end, replied.recv()).await
        {
            if silent.remove(&by).is_some() {
                replies.push((by, reply));
            }
        }
        let silent = silent.into_values().collect();
        Ok(Replies {
            names,
            replies,
            silent,
        })
    }

    /// Replies to another server's question; nobody waits for that.
    pub fn reply(&self, number: u64, reply: Reply) {
        let by = self.server();
        drop(self.announce(StateChange::Replied { number, by, reply }));
    }

    /// A server has replied, to this one or another.
    pub fn note_reply(&self, number: u64, by: ServerId, reply: &Reply) {
        if let Some(waiting) = self.0.questions.0.lock().get(&number) {
            // Whoever waited may have gone.
            waiting.send((by, reply.clone())).ok();
        }
    }

    fn announce(&self, change: StateChange) -> impl Future<Output = Result<()>> + Send + use<> {
        self.write(move |tx| {
            tx.announce(change);
            Ok(())
        })
    }
}

/// The sockets that have `q` in a name or an address: the first of them, those open the longest first, and how many there are.
pub fn sockets(mut all: Vec<SocketSeen>, q: Option<&str>, most: usize) -> Listed<SocketSeen> {
    if let Some(q) = q.map(str::to_lowercase) {
        all.retain(|one| {
            one.name.to_lowercase().contains(&q) || one.address.to_string().contains(&q)
        });
    }
    let total = all.len() as i64;
    all.sort_unstable_by_key(|one| one.number);
    all.truncate(most);
    Listed { items: all, total }
}

/// The same, as a reply to another server.
pub fn sockets_reply(all: Vec<SocketSeen>, q: Option<&str>, most: usize) -> Reply {
    let mut listed = sockets(all, q, most.min(SOCKETS));
    for one in &mut listed.items {
        one.user_agent = cut(&one.user_agent, USER_AGENT);
    }
    Reply::Sockets(listed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::model::{AccountKind, Id, Time};

    fn socket(number: u64) -> SocketSeen {
        SocketSeen {
            number,
            account: Id::<AccountKind>::stored(1),
            name: if number.is_multiple_of(2) {
                "Ann"
            } else {
                "Bob"
            }
            .into(),
            namespace: "/".into(),
            transport: "websocket".into(),
            dialects: Vec::new(),
            rooms: 0,
            address: [192, 0, 2, 1].into(),
            user_agent: "é".repeat(16 << 10),
            since: Time(0),
        }
    }

    #[test]
    fn a_reply_is_bounded_whatever_is_asked_and_counts_all() {
        let all: Vec<_> = (0..5_000).rev().map(socket).collect();
        let Reply::Sockets(told) = sockets_reply(all.clone(), Some("ANN"), usize::MAX) else {
            panic!("another reply");
        };
        assert_eq!((told.items.len(), told.total), (SOCKETS, 2_500));
        let numbers = told.items.iter().map(|one| one.number);
        assert!(numbers.eq((0..2_000).step_by(2)), "the oldest first");
        let all_are_short = |one: &SocketSeen| one.user_agent.chars().count() == USER_AGENT;
        assert!(told.items.iter().all(all_are_short));
        assert_eq!(sockets(all, Some("192.0"), 10).total, 5_000);
    }
}
