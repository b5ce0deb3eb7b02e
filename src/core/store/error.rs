//! What does the database refuse, and what is that called in chat?

use rusqlite::{ErrorCode, ffi};

use crate::core::error::Error;

/// A statement took longer than it may.
pub(in crate::core) const BROKEN_OFF: &str = "The database takes too long";

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        // A quota or a limit on file sizes is a full disk too; SQLite has another code for it.
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
            Some(ErrorCode::OperationInterrupted) => Self::Overloaded(BROKEN_OFF),
            _ if is_taken(&error, "accounts.email") => Self::Taken("Email"),
            _ if is_taken(&error, "accounts.username") => Self::Taken("Username"),
            _ => Self::Internal(format!("database: {error}")),
        }
    }
}

/// Is there a row with this value of a unique column, or of its key, already? SQLite names it `table.column`.
fn is_taken(error: &rusqlite::Error, column: &str) -> bool {
    matches!(error, rusqlite::Error::SqliteFailure(_, Some(text))
        if text.starts_with("UNIQUE constraint failed") && text.contains(column))
}
