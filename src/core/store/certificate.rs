//! Certificates that the server got by itself, and its accounts at the directories that issued them, as rows.

use super::sql::Row;
use super::{Tx, View};
use crate::core::error::Result;
use crate::core::model::{Issued, Time};

/// More are not read: each set of domains has one.
const MOST: u32 = 100;

fn issued(row: &Row<'_>) -> Result<Issued> {
    let names: String = row.get("domains")?;
    Ok(Issued {
        names: names.split(',').map(str::to_owned).collect(),
        chain: row.get("chain")?,
        key: row.get("key")?,
        ends: Time(row.get("ends_at")?),
    })
}

impl View<'_> {
    /// Those of a directory that have not ended, the newest first.
    pub(in crate::core) fn certificates(&self, directory: &str) -> Result<Vec<Issued>> {
        self.all(
            "SELECT * FROM certificates WHERE directory = $1 AND ends_at > $2 ORDER BY got_at DESC LIMIT $3",
            (directory, self.now.0, MOST),
            issued,
        )
    }

    pub(in crate::core) fn acme_account(&self, directory: &str) -> Result<Option<String>> {
        let account = self.one(
            "SELECT account FROM acme_accounts WHERE directory = $1",
            [directory],
            |row| row.get::<_, Option<String>>("account"),
        )?;
        Ok(account.flatten())
    }

    /// When a certificate was asked for last that has not come.
    pub(in crate::core) fn acme_try(&self, directory: &str) -> Result<Option<Time>> {
        let tried = self.one(
            "SELECT tried_at FROM acme_accounts WHERE directory = $1",
            [directory],
            |row| row.get::<_, Option<i64>>("tried_at"),
        )?;
        Ok(tried.flatten().map(Time))
    }
}

impl Tx<'_> {
    pub(in crate::core) fn put_certificate(&self, directory: &str, issued: &Issued) -> Result<()> {
        self.write(
            "INSERT INTO certificates (directory, domains, chain, key, got_at, ends_at)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (directory, domains) DO UPDATE
             SET chain = excluded.chain, key = excluded.key, got_at = excluded.got_at, ends_at = excluded.ends_at",
            (
                directory,
                issued.names.join(","),
                &issued.chain,
                &issued.key,
                self.now.0,
                issued.ends.0,
            ),
        )
    }

    pub(in crate::core) fn delete_ended_certificates(&self) -> Result<()> {
        self.write("DELETE FROM certificates WHERE ends_at <= $1", [self.now.0])
    }

    pub(in crate::core) fn put_acme_account(
        &self,
        directory: &str,
        account: Option<&str>,
    ) -> Result<()> {
        self.write(
            "INSERT INTO acme_accounts (directory, account) VALUES ($1, $2)
             ON CONFLICT (directory) DO UPDATE SET account = excluded.account",
            (directory, account),
        )
    }

    pub(in crate::core) fn put_acme_try(&self, directory: &str, at: Option<Time>) -> Result<()> {
        self.write(
            "INSERT INTO acme_accounts (directory, tried_at) VALUES ($1, $2)
             ON CONFLICT (directory) DO UPDATE SET tried_at = excluded.tried_at",
            (directory, at.map(|at| at.0)),
        )
    }
}
