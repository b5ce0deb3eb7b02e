//! Codes and proofs, as rows. Both are kept as hashes.

use std::time::Duration;

use super::sql::Row;
use super::{Tx, View};
use crate::core::error::Result;
use crate::core::identity::email_key;
use crate::core::model::Time;

/// The span in which wrong tries are counted, from the first one on.
pub(in crate::core) const WRONG_TRIES_SPAN: Duration = Duration::from_secs(24 * 60 * 60);

/// A code that was sent.
pub(in crate::core) struct SentCode {
    pub email: String,
    pub hash: Vec<u8>,
    pub tries: i64,
    pub created_at: Time,
    pub expires_at: Time,
}

/// What a right code has proven.
pub(in crate::core) struct Proof {
    pub address: String,
    pub hash: Vec<u8>,
    pub expires_at: Time,
}

const CODE: &str = "SELECT email, hash, tries, created_at, expires_at FROM codes";

fn code(row: &Row<'_>) -> Result<SentCode> {
    Ok(SentCode {
        email: row.get("email")?,
        hash: row.get("hash")?,
        tries: row.get("tries")?,
        created_at: Time(row.get("created_at")?),
        expires_at: Time(row.get("expires_at")?),
    })
}

impl View<'_> {
    pub(in crate::core) fn code(&self, purpose: &str, email: &str) -> Result<Option<SentCode>> {
        self.one(
            &format!("{CODE} WHERE purpose = $1 AND email = $2"),
            (purpose, email_key(email)),
            code,
        )
    }

    pub(in crate::core) fn code_by_hash(
        &self,
        purpose: &str,
        hash: &[u8],
    ) -> Result<Option<SentCode>> {
        self.one(
            &format!("{CODE} WHERE hash = $1 AND purpose = $2"),
            (hash, purpose),
            code,
        )
    }

    /// How many wrong codes were tried for an address, since when.
    pub(in crate::core) fn wrong_tries_of(&self, email: &str) -> Result<Option<(i64, Time)>> {
        self.one(
            "SELECT count, since FROM wrong_tries WHERE email = $1",
            [email_key(email)],
            |row| Ok((row.get("count")?, Time(row.get("since")?))),
        )
    }

    pub(in crate::core) fn proof(&self, purpose: &str, email: &str) -> Result<Option<Proof>> {
        self.one(
            "SELECT address, hash, expires_at FROM proofs WHERE purpose = $1 AND email = $2",
            (purpose, email_key(email)),
            |row| {
                Ok(Proof {
                    address: row.get("address")?,
                    hash: row.get("hash")?,
                    expires_at: Time(row.get("expires_at")?),
                })
            },
        )
    }
}

impl Tx<'_> {
    /// Stores the newest code for a purpose and address. It replaces an older one.
    pub(in crate::core) fn put_code(
        &self,
        purpose: &str,
        email: &str,
        hash: &[u8],
        expires_at: Time,
    ) -> Result<()> {
        self.write(
            "INSERT INTO codes (purpose, email, hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (purpose, email) DO UPDATE SET
                 hash = excluded.hash, tries = 0, created_at = excluded.created_at,
                 expires_at = excluded.expires_at",
            (purpose, email_key(email), hash, self.now.0, expires_at.0),
        )
    }

    /// Deletes codes, proofs and counts that have expired: nothing reads them any more.
    pub(in crate::core) fn delete_expired_codes(&self) -> Result<()> {
        self.change("DELETE FROM codes WHERE expires_at <= $1", [self.now.0])?;
        self.change("DELETE FROM proofs WHERE expires_at <= $1", [self.now.0])?;
        self.write(
            "DELETE FROM wrong_tries WHERE since <= $1",
            [self.a_day_ago()],
        )
    }

    pub(in crate::core) fn count_wrong_try(&self, purpose: &str, email: &str) -> Result<()> {
        self.write(
            "UPDATE codes SET tries = tries + 1 WHERE purpose = $1 AND email = $2",
            (purpose, email_key(email)),
        )
    }

    /// Counts one more if the first was within a day, or begins a new count.
    pub(in crate::core) fn count_wrong_try_of(&self, email: &str) -> Result<()> {
        self.write(
            "INSERT INTO wrong_tries (email, count, since) VALUES ($1, 1, $2)
             ON CONFLICT (email) DO UPDATE SET
                 count = CASE WHEN wrong_tries.since <= $3 THEN 1 ELSE wrong_tries.count + 1 END,
                 since = CASE WHEN wrong_tries.since <= $3 THEN excluded.since ELSE wrong_tries.since END",
            (email_key(email), self.now.0, self.a_day_ago()),
        )
    }

    fn a_day_ago(&self) -> i64 {
        self.now
            .0
            .saturating_sub(WRONG_TRIES_SPAN.as_millis() as i64)
    }

    pub(in crate::core) fn delete_code(&self, purpose: &str, email: &str) -> Result<()> {
        self.write(
            "DELETE FROM codes WHERE purpose = $1 AND email = $2",
            (purpose, email_key(email)),
        )
    }

    pub(in crate::core) fn put_proof(
        &self,
        purpose: &str,
        email: &str,
        proof: &Proof,
    ) -> Result<()> {
        self.write(
            "INSERT INTO proofs (purpose, email, address, hash, expires_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (purpose, email) DO UPDATE SET
                 address = excluded.address, hash = excluded.hash, expires_at = excluded.expires_at",
            (
                purpose,
                email_key(email),
                &proof.address,
                &proof.hash,
                proof.expires_at.0,
            ),
        )
    }

    pub(in crate::core) fn delete_proof(&self, purpose: &str, email: &str) -> Result<()> {
        self.write(
            "DELETE FROM proofs WHERE purpose = $1 AND email = $2",
            (purpose, email_key(email)),
        )
    }
}
