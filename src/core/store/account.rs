//! Accounts and devices, as rows.

use rusqlite::Row;

use super::{Tx, View, is_taken};
use crate::core::error::{Error, Result};
use crate::core::model::{Account, AccountId, Device, DeviceId, Id, Time};

/// What is known of somebody who signs up.
pub(in crate::core) struct NewAccount {
    pub home: &'static str,
    pub name: String,
    pub username: Option<String>,
    pub email: Option<String>,
    pub password: Option<String>,
}

const ACCOUNT: &str =
    "SELECT id, home, name, username, email, admin, suspended_at, created_at FROM accounts";

fn account(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        id: Id::stored(row.get("id")?),
        home: row.get("home")?,
        name: row.get("name")?,
        username: row.get("username")?,
        email: row.get("email")?,
        admin: row.get("admin")?,
        suspended_at: row.get::<_, Option<i64>>("suspended_at")?.map(Time),
        created_at: Time(row.get("created_at")?),
    })
}

fn device(row: &Row<'_>) -> rusqlite::Result<Device> {
    Ok(Device {
        id: Id::stored(row.get("id")?),
        account: Id::stored(row.get("account")?),
        user_agent: row.get("user_agent")?,
        address: row.get("address")?,
        created_at: Time(row.get("created_at")?),
        seen_at: Time(row.get("seen_at")?),
        expires_at: Time(row.get("expires_at")?),
    })
}

impl View<'_> {
    pub(in crate::core) fn account(&self, id: AccountId) -> Result<Option<Account>> {
        self.one(
            &format!("{ACCOUNT} WHERE id = ? AND removed_at IS NULL"),
            [id.number()],
            account,
        )
    }

    pub(in crate::core) fn account_by_email(&self, email: &str) -> Result<Option<Account>> {
        self.one(
            &format!("{ACCOUNT} WHERE email = ? AND removed_at IS NULL"),
            [email],
            account,
        )
    }

    /// By display name or username: all whom it fits, two at most.
    pub(in crate::core) fn accounts_named(&self, name: &str) -> Result<Vec<Account>> {
        self.all(
            &format!("{ACCOUNT} WHERE (username = ?1 OR name = ?1) AND removed_at IS NULL LIMIT 2"),
            [name],
            account,
        )
    }

    pub(in crate::core) fn all_accounts(&self) -> Result<Vec<Account>> {
        self.all(&format!("{ACCOUNT} WHERE removed_at IS NULL"), (), account)
    }

    pub(in crate::core) fn password_hash(&self, id: AccountId) -> Result<Option<String>> {
        let hash = self.one(
            "SELECT password FROM accounts WHERE id = ?",
            [id.number()],
            |row| row.get(0),
        )?;
        Ok(hash.flatten())
    }

    pub(in crate::core) fn living_devices(&self, now: Time) -> Result<Vec<Device>> {
        self.all(
            "SELECT * FROM devices WHERE expires_at > ?",
            [now.0],
            device,
        )
    }
}

impl Tx<'_> {
    /// # Errors
    /// `Conflict` where the e-mail address or the username is somebody's already.
    pub(in crate::core) fn insert_account(&self, new: &NewAccount) -> Result<AccountId> {
        self.save()?;
        let mut insert = self.conn.prepare_cached(
            "INSERT INTO accounts (home, name, username, email, password, created_at)
             VALUES (?, ?, ?, ?, ?, ?)",
        )?;
        match insert.insert((
            new.home,
            &new.name,
            &new.username,
            &new.email,
            &new.password,
            self.now.0,
        )) {
            Ok(id) => Ok(Id::stored(id)),
            Err(e) if is_taken(&e, "accounts.email") => Err(Error::Taken("Email")),
            Err(e) if is_taken(&e, "accounts.username") => Err(Error::Taken("Username")),
            Err(e) => Err(e.into()),
        }
    }

    pub(in crate::core) fn update_admin(&self, id: AccountId, admin: bool) -> Result<()> {
        self.change(
            "UPDATE accounts SET admin = ? WHERE id = ?",
            (admin, id.number()),
        )?;
        Ok(())
    }

    pub(in crate::core) fn insert_device(
        &self,
        account: AccountId,
        user_agent: &str,
        address: &str,
        expires_at: Time,
    ) -> Result<DeviceId> {
        let id = self.returning(
            "INSERT INTO devices (account, user_agent, address, created_at, seen_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?4, ?5) RETURNING id",
            (
                account.number(),
                user_agent,
                address,
                self.now.0,
                expires_at.0,
            ),
            |row| row.get(0),
        )?;
        id.map(Id::stored)
            .ok_or_else(|| Error::Internal("an insert returned no id".into()))
    }

    /// `false` where it was gone already.
    pub(in crate::core) fn delete_device(&self, id: DeviceId) -> Result<bool> {
        Ok(self.change("DELETE FROM devices WHERE id = ?", [id.number()])? == 1)
    }

    pub(in crate::core) fn delete_expired_devices(&self) -> Result<usize> {
        self.change("DELETE FROM devices WHERE expires_at <= ?", [self.now.0])
    }
}
