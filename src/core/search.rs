//! Finding messages by their words: among those that somebody may read, the newest first.

use std::collections::BTreeSet;
use std::time::Duration;

use super::error::{Error, Result};
use super::id::{IdKind, Spelling};
use super::may::{Wish, may};
use super::model::{AccountId, Conversation, ConversationId, Id, Message, MessageId, Time};
use super::store::{BATCH, Mark, Sought, View};
use super::words::{self, Phrase};
use super::{Tx, limits};

/// How long a search may take; then it is refused.
pub const LONGEST: Duration = Duration::from_millis(500);
/// Messages that a search indexes before it looks: those of the last moments. If more are missing, because the file was
/// of an older version or many are being sent, it does without.
pub const INDEXED_FIRST: u32 = 256;

/// What is looked for, as a person types it: words and "phrases", and `from:`, `in:`, `has:`, `before:` and `after:`.
#[derive(Debug, Clone, Default)]
pub struct Query {
    phrases: Vec<Phrase>,
    from: Vec<Called<AccountId>>,
    within: Vec<Called<ConversationId>>,
    has: Vec<Mark>,
    before: Option<Time>,
    after: Option<Time>,
    /// There was something, but nothing that can be a word: nothing is found.
    is_void: bool,
}

/// A name as it was typed, and the id that it may be.
#[derive(Debug, Clone)]
struct Called<I> {
    name: String,
    id: Option<I>,
}

impl<K: IdKind> Called<Id<K>> {
    fn read(text: &str, spelling: &Spelling) -> Self {
        Self {
            name: text.to_owned(),
            id: spelling.read(text),
        }
    }
}

impl Query {
    /// Reads what somebody typed.
    ///
    /// # Errors
    /// `Invalid` if it is empty or too long, and for a date or a `has:` that means nothing.
    pub fn read(typed: &str, spelling: &Spelling) -> Result<Self> {
        if typed.trim().is_empty() {
            return Err(Error::invalid("q", "must not be empty"));
        }
        if typed.chars().count() > limits::QUERY_CHARS {
            let most = limits::QUERY_CHARS;
            return Err(Error::invalid(
                "q",
                format!("must be at most {most} characters"),
            ));
        }
        let mut query = Self::default();
        for term in terms(typed) {
            let value = || term.value.clone();
            match term.operator {
                Some("from") => query.from.push(Called::read(&term.value, spelling)),
                Some("in") => query.within.push(Called::read(&term.value, spelling)),
                Some("has") => query.has.push(match &*value().to_lowercase() {
                    "file" => Mark::File,
                    "link" => Mark::Link,
                    _ => return Err(Error::invalid("q", "has: must be file or link")),
                }),
                Some("before") => query.before = Some(day("before", &term.value)?),
                Some("after") => query.after = Some(day("after", &term.value)?),
                _ => query.phrases.extend(words::of_phrase(&term.value)),
            }
        }
        query.is_void = query.phrases.is_empty()
            && query.from.is_empty()
            && query.within.is_empty()
            && query.has.is_empty()
            && query.before.is_none()
            && query.after.is_none();
        Ok(query)
    }
}

/// A word, a phrase, or what stands behind an operator.
struct Term<'t> {
    operator: Option<&'t str>,
    value: String,
}

const OPERATORS: [&str; 5] = ["from", "in", "has", "before", "after"];

/// What is parted by blanks, but not between quotes. A quote that does not end reaches to the end.
fn terms(typed: &str) -> Vec<Term<'static>> {
    let mut terms = Vec::new();
    let mut rest = typed.trim_start();
    while !rest.is_empty() {
        let operator = OPERATORS.into_iter().find(|name| {
            let begins = rest
                .get(..name.len())
                .is_some_and(|begin| begin.eq_ignore_ascii_case(name));
            begins && rest[name.len()..].starts_with(':')
        });
        if let Some(name) = operator {
            rest = &rest[name.len() + 1..];
        }
        let (value, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => rest.split_at(
                rest.find(|c: char| c.is_whitespace() || c == '"')
                    .unwrap_or(rest.len()),
            ),
        };
        let empty = value.trim().is_empty();
        // `from:` alone, as while it is being typed, asks for nothing.
        if !empty {
            let value = value.trim().to_owned();
            terms.push(Term { operator, value });
        }
        rest = after.trim_start();
    }
    terms
}

/// The beginning of a day, or a moment.
fn day(operator: &str, text: &str) -> Result<Time> {
    let moment = Time::from_iso(text).or_else(|| Time::from_iso(&format!("{text}T00:00:00Z")));
    moment.ok_or_else(|| Error::invalid("q", format!("{operator}: must be a date as 2026-01-31")))
}

/// Who searches.
#[derive(Debug, Clone, Copy)]
pub enum Seeker {
    /// Somebody without an account: in open rooms.
    Anybody,
    Account(AccountId),
    /// An administrator or an operator: everywhere.
    Everywhere,
}

impl Seeker {
    fn account(self) -> Option<AccountId> {
        match self {
            Self::Account(id) => Some(id),
            Self::Anybody | Self::Everywhere => None,
        }
    }
}

/// A search: what, by whom, where, and which page.
#[derive(Debug, Clone)]
pub struct Search {
    pub query: Query,
    pub seeker: Seeker,
    /// Only in this conversation; `None`: in all that the seeker may read.
    pub within: Option<ConversationId>,
    /// Only what was said before this message: the page after the one that ends with it.
    pub before: Option<MessageId>,
    pub limit: u32,
}

/// A page of messages, the newest first.
#[derive(Debug)]
pub struct Found {
    pub messages: Vec<Message>,
    /// Are there more before them?
    pub more: bool,
    /// Are many messages not indexed yet, so that some may be missing?
    pub indexing: bool,
}

/// Does a search index what is missing first? Not if nothing is missing, nor if it is too much.
pub(super) fn is_little_behind(view: &View<'_>) -> Result<bool> {
    let missing = view.unindexed(INDEXED_FIRST + 1)?;
    Ok((1..=INDEXED_FIRST).contains(&missing))
}

/// So many [`step`]s index them.
pub(super) const STEPS: u32 = INDEXED_FIRST.div_ceil(BATCH);

/// Indexes the next messages, and answers whether more may be left.
pub(super) fn step(tx: &Tx<'_>) -> Result<bool> {
    tx.index_more(BATCH)
}

/// Finds messages.
///
/// # Errors
/// `NotFound` for a conversation that the seeker may not read, `Overloaded` if it takes too long.
pub fn find(view: &View<'_>, search: &Search) -> Result<Found> {
    let Some(sought) = sought(view, search)? else {
        return Ok(Found {
            messages: Vec::new(),
            more: false,
            indexing: false,
        });
    };
    let mut ids = view.find_messages(&sought, search.limit + 1)?;
    let more = ids.len() > search.limit as usize;
    ids.truncate(search.limit as usize);
    let mut messages = Vec::with_capacity(ids.len());
    for id in ids {
        messages.extend(view.message_by_id(id)?);
    }
    Ok(Found {
        messages,
        more,
        indexing: view.unindexed(INDEXED_FIRST + 1)? > INDEXED_FIRST,
    })
}

/// What is to be looked up; `None` if nothing can be found.
fn sought(view: &View<'_>, search: &Search) -> Result<Option<Sought>> {
    let Search { query, seeker, .. } = search;
    let mut sought = Sought {
        phrases: query.phrases.clone(),
        before: search.before.map_or(i64::MAX, Id::number),
        ..Sought::default()
    };
    match (search.within, *seeker) {
        (Some(place), Seeker::Everywhere) => {
            view.conversation(place)?
                .ok_or(Error::NotFound("Conversation"))?;
            sought.marks.push(vec![Mark::In(place)]);
        }
        (Some(place), _) => {
            may(view, seeker.account(), Wish::Hear, place)?;
            sought.marks.push(vec![Mark::In(place)]);
        }
        (None, Seeker::Everywhere) => {}
        (None, _) => {
            let who = seeker.account();
            match (view.marks_for(who)?, view.banned_marks(who)?) {
                (Some(marks), Some(banned)) => {
                    sought.marks.push(marks);
                    sought.not = banned;
                }
                _ => sought.reader = who,
            }
        }
    }
    if query.is_void {
        return Ok(None);
    }
    for called in &query.from {
        let mut authors = view.accounts_called(&called.name)?;
        authors.extend(called.id);
        if called.name.eq_ignore_ascii_case("me") {
            authors.extend(seeker.account());
        }
        sought
            .marks
            .push(authors.into_iter().map(Mark::By).collect());
    }
    let all = matches!(seeker, Seeker::Everywhere);
    for called in &query.within {
        let mut places = view.conversations_called(&called.name, seeker.account(), all)?;
        places.extend(called.id);
        sought
            .marks
            .push(places.into_iter().map(Mark::In).collect());
    }
    sought
        .marks
        .extend(query.has.iter().map(|mark| vec![*mark]));
    if view.has_imports()? {
        // Their ids say nothing of their times.
        (sought.sent_from, sought.sent_before) = (query.after, query.before);
        return Ok(Some(sought));
    }
    if let Some(time) = query.after {
        sought.from = view.first_since(time)?;
    }
    if let Some(time) = query.before {
        sought.before = sought.before.min(view.first_since(time)?);
    }
    Ok(Some(sought))
}

/// Where a message was said: the conversation, and the names of its first members.
#[derive(Debug)]
pub struct FoundIn {
    pub conversation: Conversation,
    pub people: Vec<String>,
}

/// Where these messages were said, each place once.
pub fn places(view: &View<'_>, messages: &[Message]) -> Result<Vec<FoundIn>> {
    let ids: BTreeSet<_> = messages.iter().map(|message| message.place.id).collect();
    let mut places = Vec::with_capacity(ids.len());
    for id in ids {
        if let Some(conversation) = view.conversation(id)? {
            let people = view.first_members(id)?;
            places.push(FoundIn {
                conversation,
                people,
            });
        }
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(typed: &str) -> Result<Query> {
        Query::read(typed, &Spelling::new([7; 16]))
    }

    #[test]
    fn what_is_typed_is_words_phrases_and_operators() {
        let query = read(
            "Hello \"how are\" from:ann in:\"General Discussion\" HAS:file before:2026-01-31 a:b from:",
        );
        let query = query.expect("a query");
        let phrases: Vec<_> = query
            .phrases
            .iter()
            .map(|one| one.words.join(" "))
            .collect();
        assert_eq!(phrases, ["hello", "how are", "a b"]);
        assert_eq!(query.from[0].name, "ann");
        assert_eq!(query.within[0].name, "General Discussion");
        assert_eq!(query.has, [Mark::File]);
        assert_eq!(query.before, Time::from_iso("2026-01-31T00:00:00Z"));
        assert_eq!(query.after, None);
        assert!(!query.is_void);
    }

    #[test]
    fn quotes_and_the_language_of_the_index_mean_nothing() {
        for (typed, phrases) in [
            ("\" OR *", vec!["or"]),
            ("a AND NOT b", vec!["a", "and", "not", "b"]),
            ("NEAR(a b, 3)", vec!["near a", "b", "3"]),
            ("words:secret", vec!["words secret"]),
            ("^a* + b", vec!["a", "b"]),
            ("a\"b\"c", vec!["a", "b", "c"]),
            ("\u{E000}c1", vec!["c1"]),
            ("\"unended phrase", vec!["unended phrase"]),
        ] {
            let query = read(typed).expect("a query");
            let found: Vec<_> = query
                .phrases
                .iter()
                .map(|one| one.words.join(" "))
                .collect();
            assert_eq!(found, phrases, "{typed}");
        }
        assert!(read("\"\" !? ()").expect("a query").is_void);
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for typed in ["", "  ", "has:cake", "before:yesterday", "after:2026-13-01"] {
            assert!(matches!(read(typed), Err(Error::Invalid(_))), "{typed}");
        }
        assert!(matches!(read(&"x".repeat(10_000)), Err(Error::Invalid(_))));
    }
}
