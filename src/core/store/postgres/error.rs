//! What does PostgreSQL refuse, and what is that called in chat?

use tokio_postgres::error::{Severity, SqlState};

use super::connection::Failed;
use crate::core::error::Error;
use crate::core::store::error::BROKEN_OFF;

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
            &SqlState::QUERY_CANCELED => Self::Overloaded(BROKEN_OFF),
            &SqlState::T_R_SERIALIZATION_FAILURE
            | &SqlState::T_R_DEADLOCK_DETECTED
            | &SqlState::LOCK_NOT_AVAILABLE
            | &SqlState::TOO_MANY_CONNECTIONS => Self::Overloaded("The database is busy"),
            &SqlState::READ_ONLY_SQL_TRANSACTION => {
                Self::Overloaded("The database cannot be written")
            }
            _ if ends_session(error) => Self::Overloaded("The database cannot be reached"),
            code => Self::Internal(format!("database: {} ({})", refused.message(), code.code())),
        }
    }
}

/// Is the session over with this error? Then nobody knows whether a COMMIT that it answers has happened.
pub(super) fn ends_session(error: &tokio_postgres::Error) -> bool {
    // Without one it was not the server that spoke, but the connection that ended.
    error.as_db_error().is_none_or(|refused| {
        matches!(
            refused.parsed_severity(),
            Some(Severity::Fatal | Severity::Panic)
        )
    })
}
