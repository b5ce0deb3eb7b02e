//! How do clients say it? One folder per document, each a [`Dialect`].
//!
//! A dialect is a route table, handlers for the events that its clients send, and the retelling of what became true in the
//! words of its document. It translates; rules are in `core`.

pub mod added;
pub mod beyond;
pub mod changing;
pub mod owning;
pub mod restraining;
pub mod socket_event;
pub mod telling;

use crate::core::model::Event;
use crate::web::about::Spoken;
use crate::web::documents::{Described, Documents};
use crate::web::routes::Route;
use socket_event::{EventHandler, PLACE};
use telling::Telling;

/// Declares the dialects. A new one is a folder, and its name in this list.
macro_rules! dialects {
    ($($folder:ident)*) => {
        $(pub mod $folder;)*

        /// All dialects. A port of no dialect asks their routes in this order.
        pub static ALL: &[&dyn Dialect] = &[$(&$folder::Dialect),*];
    };
}

// If two share a path, the earlier one is asked first whether a request is meant for it.
dialects! { campus emote mentor rooms direct }

/// A Socket.IO namespace.
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
    /// Its name in flags and metrics.
    fn name(&self) -> &'static str;

    fn namespace(&self) -> Namespace {
        Namespace::Main
    }

    /// Does a socket of this dialect join all conversations of its account by itself?
    fn joins_by_itself(&self) -> bool {
        false
    }

    /// Its routes, in the order of the document.
    fn routes(&self) -> Vec<Route>;

    /// The events that its clients may send, with their handlers.
    fn hears(&self) -> &'static [(&'static str, EventHandler)];

    /// What its document calls the id of a conversation in an event; the names of the other documents follow.
    fn place_names(&self) -> &'static [&'static str] {
        PLACE
    }

    /// The events that only the server may send; from a client they are ignored.
    fn says(&self) -> &'static [&'static str];

    /// The files that its OpenAPI and AsyncAPI documents are made from.
    fn documents(&self) -> Documents;

    /// Tells an event to those who listen, in the document's shapes.
    fn retell(&self, event: &Event, tell: &mut Telling<'_>);
}

/// What the documents of all dialects are made from.
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
