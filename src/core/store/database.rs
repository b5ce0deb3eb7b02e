//! Where does a chat keep everything? In a file, or on a PostgreSQL server that several chat servers share: `--db`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

pub use super::postgres::address::Address;
pub use super::postgres::look::{DatabaseLook, Look, Road, ServerLook, Tables, look};

/// What `--db` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// An SQLite file.
    File(PathBuf),
    /// A database on a PostgreSQL server.
    Postgres(Address),
}

impl Database {
    /// The file, if it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }
}

impl FromStr for Database {
    type Err = String;

    /// `postgres://…` or `postgresql://…` is a PostgreSQL server; everything else is the path of a file.
    fn from_str(text: &str) -> Result<Self, String> {
        match text.starts_with("postgres://") || text.starts_with("postgresql://") {
            true => Ok(Self::Postgres(text.parse()?)),
            false if text.is_empty() => Err("write the path of a file".to_owned()),
            false => Ok(Self::File(text.into())),
        }
    }
}

impl From<PathBuf> for Database {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

/// As one may show it: without a password.
impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Postgres(address) => address.fmt(f),
        }
    }
}
