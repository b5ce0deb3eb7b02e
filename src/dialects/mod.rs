//! How do clients say it? One folder per document, and what a document is to the rest of the house.
//!
//! A dialect is a route table, the events that its clients say, and a retelling of what became true in the words of
//! its document. It translates and rules nothing.

pub mod socket_event;
pub mod telling;

use crate::core::model::Event;
use crate::web::about::Spoken;
use crate::web::documents::{Described, Documents};
use crate::web::routes::Route;
use socket_event::EventHandler;
use telling::Telling;

/// The documents: a folder each. A sixth one is a folder and a word here.
macro_rules! dialects {
    ($($folder:ident)*) => {
        $(pub mod $folder;)*

        /// All dialects, in the order in which a listener of no dialect asks their routes.
        pub static ALL: &[&dyn Dialect] = &[$(&$folder::Dialect),*];
    };
}

// Where two share a path, the earlier one is asked first whether it is meant.
dialects! { campus emote mentor rooms direct }

/// Where sockets connect to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Namespace {
    /// `/`
    Main,
    /// `/chat`
    Chat,
}

impl Namespace {
    pub const ALL: [Self; 2] = [Self::Main, Self::Chat];

    pub fn path(self) -> &'static str {
        match self {
            Self::Main => "/",
            Self::Chat => "/chat",
        }
    }
}

/// One document's API.
pub trait Dialect: Send + Sync {
    /// As flags and metrics call it.
    fn name(&self) -> &'static str;

    fn namespace(&self) -> Namespace {
        Namespace::Main
    }

    /// Does a socket of this dialect join all conversations of its account by itself?
    fn joins_by_itself(&self) -> bool {
        false
    }

    /// The document's table of contents.
    fn routes(&self) -> Vec<Route>;

    /// What its clients may say on a socket.
    fn hears(&self) -> &'static [(&'static str, EventHandler)];

    /// What only the server may say: from a client it means nothing.
    fn says(&self) -> &'static [&'static str];

    /// What is written down of both, for who writes clients.
    fn documents(&self) -> Documents;

    /// Tells what became true to whoever listens, in the document's shapes.
    fn retell(&self, event: &Event, tell: &mut Telling<'_>);
}

/// The dialects, as far as their documents go.
pub fn described() -> Vec<Described> {
    let described = ALL.iter().map(|dialect| Described {
        name: dialect.name(),
        documents: dialect.documents(),
        routes: dialect.routes(),
        namespace: dialect.namespace().path(),
    });
    described.collect()
}

/// The dialects as the pages show them.
pub fn spoken() -> Vec<Spoken> {
    let spoken = ALL.iter().map(|dialect| Spoken {
        name: dialect.name(),
        namespace: (!dialect.hears().is_empty() || !dialect.says().is_empty())
            .then(|| dialect.namespace().path()),
    });
    spoken.collect()
}
