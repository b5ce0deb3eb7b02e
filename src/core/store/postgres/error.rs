//! What does PostgreSQL refuse, and what is that called in chat?

use tokio_postgres::error::SqlState;

use super::connection::Failed;
use crate::core::error::Error;

impl From<Failed> for Error {
    fn from(failed: Failed) -> Self {
        let Failed::Database(error) = &failed else {
            return Self::Overloaded("The database does not answer in time");
        };
        let Some(refused) = error.as_db_error() else {
            tracing::warn!(%error, "the connection to the database is lost");
            return Self::Overloaded("The database cannot be reached");
        };
        let is_of = |index: &str| {
            refused
                .constraint()
                .is_some_and(|name| name.contains(index))
        };
        match refused.code() {
            &SqlState::UNIQUE_VIOLATION if is_of("email") => Self::Taken("Email"),
            &SqlState::UNIQUE_VIOLATION if is_of("username") => Self::Taken("Username"),
            &SqlState::DISK_FULL | &SqlState::OUT_OF_MEMORY => Self::Overloaded("The disk is full"),
            &SqlState::QUERY_CANCELED => {
                Self::Overloaded("This takes too long: ask for rarer words, or for fewer days")
            }
            &SqlState::T_R_SERIALIZATION_FAILURE
            | &SqlState::T_R_DEADLOCK_DETECTED
            | &SqlState::LOCK_NOT_AVAILABLE
            | &SqlState::TOO_MANY_CONNECTIONS => Self::Overloaded("The database is busy"),
            &SqlState::READ_ONLY_SQL_TRANSACTION => {
                Self::Overloaded("The database cannot be written")
            }
            code if is_an_end(code) => Self::Overloaded("The database cannot be reached"),
            code => Self::Internal(format!("database: {} ({})", refused.message(), code.code())),
        }
    }
}

/// Does the server end the session with this?
fn is_an_end(code: &SqlState) -> bool {
    [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
        SqlState::DATABASE_DROPPED,
    ]
    .contains(code)
}
