//! What is the fan-out told beside the news?

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::backlog::Newer;
use super::client::Client;
use crate::core::model::{AccountId, ConversationId, Person, Time};

/// Sends to the fan-out.
pub type Signals = mpsc::UnboundedSender<Signal>;

/// What the fan-out is told beside the news. Sockets go by their numbers.
pub enum Signal {
    /// A socket has been let in; its CONNECT is being answered. Its token expires at this time. What so many commits announced
    /// had happened before it came.
    Admitted(Arc<Client>, Time, u64),
    /// CONNECT has been answered.
    Connected(u64),
    /// A page of the conversations that a socket joins by itself.
    Joins(JoinPage),
    Disconnected(u64),
    /// The notifications that nobody had heard could not be read for this socket.
    NoNotices(u64),
    /// A socket has been told what it missed, as far as this many requests ask for, and some of it as it is since then.
    CaughtUp(u64, usize, Newer),
    /// The conversations whose listeners are told that this person has come or gone; `None` if they could not be read.
    Circle(AccountId, Option<Vec<ConversationId>>),
    /// A page of the conversations of somebody with a new name or picture.
    Introduces(Introduction),
    /// All of them have been told.
    Introduced,
}

/// A client's CONNECT has been answered: they are there, and what they say is heard.
pub fn begin(client: &Arc<Client>, signals: &Signals) {
    // The fan-out may have ended.
    signals.send(Signal::Connected(client.number)).ok();
    client.open();
}

/// A person, and conversations whose listeners are told of them.
pub struct Introduction {
    pub person: Arc<Person>,
    pub conversations: Vec<ConversationId>,
    /// Answered when they have been told.
    pub told: oneshot::Sender<()>,
}

/// Conversations that a socket hears from now on.
pub struct JoinPage {
    pub number: u64,
    pub conversations: Vec<ConversationId>,
    /// No page follows.
    pub is_last: bool,
    /// Answered when the fan-out has joined them.
    pub joined: oneshot::Sender<()>,
}
