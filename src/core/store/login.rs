//! Logins that have begun at an OpenID Connect issuer, as rows. What they are known by is kept as hashes.

use super::Tx;
use crate::core::error::Result;
use crate::core::model::Time;

impl Tx<'_> {
    /// Begins one; answers its number.
    pub(in crate::core) fn insert_login(&self, hash: &[u8], ends_at: Time) -> Result<i64> {
        self.inserted(
            "INSERT INTO logins (hash, ends_at) VALUES ($1, $2) RETURNING id",
            (hash, ends_at.0),
            |row| row.get(0),
        )
    }

    /// Ends one. `false` if it is not known, or no more.
    pub(in crate::core) fn take_login(&self, hash: &[u8]) -> Result<bool> {
        let taken = self.change(
            "DELETE FROM logins WHERE hash = $1 AND ends_at > $2",
            (hash, self.now.0),
        )?;
        Ok(taken > 0)
    }

    /// Forgets those up to this number.
    pub(in crate::core) fn delete_logins_upto(&self, id: i64) -> Result<()> {
        self.write("DELETE FROM logins WHERE id <= $1", [id])
    }

    /// Forgets those that nobody has ended in time.
    pub(in crate::core) fn delete_logins_over(&self) -> Result<()> {
        self.write("DELETE FROM logins WHERE ends_at <= $1", [self.now.0])
    }
}
