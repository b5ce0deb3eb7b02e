//! Every way in which chat refuses something, with a sentence for the person who asked.

use std::time::Duration;

use super::model::{RestraintKind, Until};
use super::time;

/// What is wrong with one field: `content: must not be empty`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub field: String,
    pub wrong: String,
}

impl Fault {
    pub fn new(field: impl Into<String>, wrong: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            wrong: wrong.into(),
        }
    }
}

/// A refusal. `Display` is for the person who asked; causes go to the log only.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// Fields with wrong values: all of them, not just the first.
    #[error("Validation failed")]
    Invalid(Vec<Fault>),
    /// The input cannot be parsed: bad JSON, a broken form.
    #[error("{0}")]
    Malformed(String),
    /// No token, or one that is bad, expired or revoked.
    #[error("{0}")]
    Unauthorized(&'static str),
    /// Known, but not allowed.
    #[error("{0}")]
    Forbidden(&'static str),
    /// Banned or silenced in a conversation.
    #[error("{}", restrained(*kind, *until))]
    Restrained { kind: RestraintKind, until: Until },
    /// Not there, or not visible to this person.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// The name or the address belongs to another account.
    #[error("{0} already exists")]
    Taken(&'static str),
    /// Not possible in the present state.
    #[error("{0}")]
    Conflict(&'static str),
    /// Larger than allowed.
    #[error("{0}")]
    TooLarge(String),
    /// The content type is not accepted here.
    #[error("{0}")]
    WrongType(&'static str),
    /// The input did not arrive in time.
    #[error("The request took too long")]
    TooSlow,
    /// A rate limit.
    #[error("Too many requests, please try again later")]
    TooOften { retry_after: Duration },
    /// Slow mode.
    #[error("Slow mode: you may speak here again in {} s", retry_after.as_millis().div_ceil(1_000).max(1))]
    TooSoon { retry_after: Duration },
    /// A quota is used up: `quota` is a sentence without its end, such as "You have made many conversations lately".
    #[error("{quota}: try again in {}", time::in_words(*retry_after))]
    UsedUp {
        quota: &'static str,
        retry_after: Duration,
    },
    /// Needs flags that were not given.
    #[error("{0}")]
    NotConfigured(&'static str),
    /// The server is overloaded; nothing was done.
    #[error("{0}")]
    Overloaded(&'static str),
    /// A fault of the server: the cause is for the log only.
    #[error("Internal server error")]
    Internal(String),
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// One field that is wrong.
    pub fn invalid(field: impl Into<String>, wrong: impl Into<String>) -> Self {
        Self::Invalid(vec![Fault::new(field, wrong)])
    }

    /// The same, under the name that a document gives the field.
    pub fn about(self, field: &str, name: &str) -> Self {
        match self {
            Self::Invalid(mut faults) => {
                for fault in faults.iter_mut().filter(|fault| fault.field == field) {
                    fault.field = name.to_owned();
                }
                Self::Invalid(faults)
            }
            other => other,
        }
    }
}

fn restrained(kind: RestraintKind, until: Until) -> String {
    let what = match kind {
        RestraintKind::Ban => "You are banned here",
        RestraintKind::Silence => "You are silenced here",
    };
    match until {
        Until::At(time) => format!("{what} until {}", time.iso()),
        Until::Lifted => format!("{what} for good"),
    }
}
