//! What can be refused, and how? Every way in which chat says no, with a sentence for the person who asked.

use std::time::Duration;

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

/// Every way to be refused. Its `Display` is meant for the person who asked; causes go to the log.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// Fields that do not say what they must: all of them, not just the first.
    #[error("Validation failed")]
    Invalid(Vec<Fault>),
    /// What came in is not what it claims to be: bad JSON, a broken form.
    #[error("{0}")]
    Malformed(String),
    /// No token, a bad one, or one that is over.
    #[error("{0}")]
    Unauthorized(&'static str),
    /// Known, but not allowed.
    #[error("{0}")]
    Forbidden(&'static str),
    /// Not there, or not for this person to know.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// A name or an address that is somebody's already.
    #[error("{0} already exists")]
    Taken(&'static str),
    /// Not as things stand.
    #[error("{0}")]
    Conflict(&'static str),
    /// More than fits.
    #[error("{0}")]
    TooLarge(String),
    /// The content is of a type that does not belong here.
    #[error("{0}")]
    WrongType(&'static str),
    /// It did not come in the time that it may take.
    #[error("The request took too long")]
    TooSlow,
    /// Too many in too short a time.
    #[error("Too many requests, please try again later")]
    TooOften { retry_after: Duration },
    /// Turned on by flags that were not given.
    #[error("{0}")]
    NotConfigured(&'static str),
    /// The server has more to do than it can; nothing was done.
    #[error("{0}")]
    Overloaded(&'static str),
    /// Ours, not theirs: the cause is for the log alone.
    #[error("Internal server error")]
    Internal(String),
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// One field that is wrong.
    pub fn invalid(field: impl Into<String>, wrong: impl Into<String>) -> Self {
        Self::Invalid(vec![Fault::new(field, wrong)])
    }

    /// The same, where a document calls a field something else.
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

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::{ErrorCode, ffi};
        // A quota or a limit on the size of files is as full as a disk can be, and SQLite calls it something else.
        let unwritten = matches!(
            error.sqlite_error().map(|error| error.extended_code),
            Some(ffi::SQLITE_IOERR_WRITE | ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_SHMSIZE)
        );
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Overloaded("The disk is full"),
            _ if unwritten => Self::Overloaded("The disk cannot be written"),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Self::Overloaded("The database is busy")
            }
            _ => Self::Internal(format!("database: {error}")),
        }
    }
}
