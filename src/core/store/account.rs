//! Accounts and devices, as rows.

use super::sql::{Row, unreadable};
use super::{Tx, View};
use crate::core::error::Result;
use crate::core::identity;
use crate::core::model::{
    Account, AccountId, Device, DeviceId, Id, Listed, Page, Person, Picture, Sid, Time,
};
use crate::core::password;
use crate::core::word_list::List;

/// What is known of somebody who signs up.
pub(in crate::core) struct NewAccount {
    pub home: &'static str,
    pub name: String,
    pub username: Option<String>,
    pub email: Option<String>,
    pub password: Option<String>,
    /// What the surrounding application calls this person.
    pub external: Option<String>,
}

/// What somebody says of themselves who signs up with a proven address, checked by the dialect that asks for it.
#[derive(Debug)]
pub struct Profile {
    /// The dialect that asks.
    pub home: &'static str,
    pub name: String,
    pub gender: Option<String>,
    /// `YYYY-MM-DD`
    pub born_on: Option<String>,
    pub role: Option<String>,
}

/// A device that has expired.
pub(in crate::core) struct Expired {
    pub device: DeviceId,
    pub account: AccountId,
    /// If it came from another application's token: that token's SHA-256.
    pub token: Option<[u8; 32]>,
}

const ACCOUNT: &str = "SELECT * FROM accounts";

pub(super) fn account(row: &Row<'_>) -> Result<Account> {
    Ok(Account {
        id: Id::stored(row.get("id")?),
        home: row.get("home")?,
        name: row.get("name")?,
        username: row.get("username")?,
        email: row.get("email")?,
        proven_at: row.get::<_, Option<i64>>("proven_at")?.map(Time),
        gender: row.get("gender")?,
        born_on: row.get("born_on")?,
        role: row.get("role")?,
        picture: picture(row)?,
        password_cost: password::cost_of(row.text_or_null("password")?),
        admin: row.get("admin")?,
        suspended_at: row.get::<_, Option<i64>>("suspended_at")?.map(Time),
        created_at: Time(row.get("created_at")?),
        seen_at: row.get::<_, Option<i64>>("seen_at")?.map(Time),
        hides_presence: row.get("hides_presence")?,
    })
}

fn picture(row: &Row<'_>) -> Result<Option<Picture>> {
    let kept = row
        .get::<_, Option<i64>>("picture")?
        .map(|id| Picture::Kept(Id::stored(id)));
    Ok(kept.or(row
        .get::<_, Option<String>>("picture_url")?
        .map(Picture::Elsewhere)))
}

/// Of columns `id, name, picture, picture_url, created_at`.
pub(super) fn person(row: &Row<'_>) -> Result<Person> {
    Ok(Person {
        id: Id::stored(row.get("id")?),
        name: row.get("name")?,
        picture: picture(row)?,
        created_at: Time(row.get("created_at")?),
    })
}

fn sid(row: &Row<'_>) -> Result<Sid> {
    Sid::read(row.text("sid")?).ok_or_else(|| unreadable("sid"))
}

fn device(row: &Row<'_>) -> Result<Device> {
    Ok(Device {
        id: Id::stored(row.get("id")?),
        sid: sid(row)?,
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
            &format!("{ACCOUNT} WHERE id = $1 AND removed_at IS NULL"),
            [id.number()],
            account,
        )
    }

    pub(in crate::core) fn account_by_email(&self, email: &str) -> Result<Option<Account>> {
        self.one(
            &format!("{ACCOUNT} WHERE email_key = $1 AND removed_at IS NULL"),
            [identity::email_key(email)],
            account,
        )
    }

    /// At most two accounts with this display name or username. Reads all accounts, so it is for the command line only.
    pub(in crate::core) fn accounts_named(&self, name: &str) -> Result<Vec<Account>> {
        let key = identity::name_key(name);
        let fits = |name: Option<String>| name.is_some_and(|name| identity::name_key(&name) == key);
        let mut named = Vec::new();
        self.all_while(
            "SELECT id, name, username FROM accounts WHERE removed_at IS NULL ORDER BY id",
            (),
            |row| {
                if fits(row.get("name")?) || fits(row.get("username")?) {
                    named.extend(self.account(Id::stored(row.get("id")?))?);
                }
                Ok((named.len() < 2).then_some(()))
            },
        )?;
        Ok(named)
    }

    /// Tells the directory all accounts, devices and tokens that it answers for.
    pub(in crate::core) fn fill_directory(&self) -> Result<()> {
        let accounts = self.all(&format!("{ACCOUNT} WHERE removed_at IS NULL"), (), account)?;
        let devices = self.all(
            "SELECT * FROM devices WHERE expires_at > $1 AND ended_at IS NULL",
            [self.now.0],
            device,
        )?;
        let tokens = self.all(
            "SELECT token, account, id FROM devices WHERE expires_at > $1 AND token IS NOT NULL",
            [self.now.0],
            |row| {
                let (account, device) = (row.get("account")?, row.get("id")?);
                Ok((row.get("token")?, Id::stored(account), Id::stored(device)))
            },
        )?;
        let unwanted = List::read(self.unwanted_entries()?);
        let blocks = self.all_blocks()?;
        self.directory
            .load(&accounts, devices, tokens, blocks, unwanted);
        self.directory.load_peers(self.attendances()?);
        Ok(())
    }

    pub(in crate::core) fn password_hash(&self, id: AccountId) -> Result<Option<String>> {
        let hash = self.one(
            "SELECT password FROM accounts WHERE id = $1",
            [id.number()],
            |row| row.get(0),
        )?;
        Ok(hash.flatten())
    }

    /// The device made for this token of another application, ended or not.
    pub(in crate::core) fn device_of_token(
        &self,
        token: &[u8],
    ) -> Result<Option<(AccountId, DeviceId)>> {
        self.one(
            "SELECT account, id FROM devices WHERE token = $1",
            [token],
            |row| Ok((Id::stored(row.get("account")?), Id::stored(row.get("id")?))),
        )
    }

    pub(in crate::core) fn devices_of(&self, account: AccountId) -> Result<Vec<Device>> {
        self.all(
            "SELECT * FROM devices WHERE account = $1 AND expires_at > $2 AND ended_at IS NULL ORDER BY id",
            (account.number(), self.now.0),
            device,
        )
    }

    pub(in crate::core) fn account_by_external(&self, external: &str) -> Result<Option<Account>> {
        self.one(
            &format!("{ACCOUNT} WHERE external = $1 AND removed_at IS NULL"),
            [external],
            account,
        )
    }

    pub(in crate::core) fn account_by_google(&self, subject: &str) -> Result<Option<Account>> {
        self.one(
            &format!("{ACCOUNT} WHERE google = $1 AND removed_at IS NULL"),
            [subject],
            account,
        )
    }

    /// All accounts, the oldest first.
    pub(in crate::core) fn people(&self, page: Page) -> Result<Listed<Person>> {
        let items = self.all(
            "SELECT id, name, picture, picture_url, created_at FROM accounts
             WHERE removed_at IS NULL ORDER BY id LIMIT $1 OFFSET $2",
            (page.limit, page.offset()),
            person,
        )?;
        let total = self.directory.accounts() as i64;
        Ok(Listed { items, total })
    }
}

impl Tx<'_> {
    /// # Errors
    /// `Taken` if another account has the e-mail address or the username.
    pub(in crate::core) fn insert_account(&self, new: &NewAccount) -> Result<AccountId> {
        self.inserted(
            "INSERT INTO accounts
                 (home, name, username, email, password, external, created_at, username_key, email_key, name_key)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
            (
                new.home,
                &new.name,
                &new.username,
                &new.email,
                &new.password,
                &new.external,
                self.now.0,
                new.username.as_deref().map(identity::name_key),
                new.email.as_deref().map(identity::email_key),
                identity::name_key(&new.name),
            ),
            |row| row.get(0).map(Id::stored),
        )
    }

    /// The owner of the address has proven it and owns the account: this is the password now; `None` if they log in some
    /// other way. Logins by other applications that were linked before the first proof may be somebody else's: they go.
    pub(in crate::core) fn prove_account(
        &self,
        id: AccountId,
        password: Option<&str>,
    ) -> Result<()> {
        self.write(
            "UPDATE accounts SET
                 external = CASE WHEN proven_at IS NULL THEN NULL ELSE external END,
                 google = CASE WHEN proven_at IS NULL THEN NULL ELSE google END,
                 proven_at = coalesce(proven_at, $1), password = $2
             WHERE id = $3",
            (self.now.0, password, id.number()),
        )
    }

    /// Stores a new hash of the same password. `false` if the password was changed in the meantime.
    pub(in crate::core) fn replace_hash(
        &self,
        id: AccountId,
        old: &str,
        new: &str,
    ) -> Result<bool> {
        let replaced = self.change(
            "UPDATE accounts SET password = $1 WHERE id = $2 AND password = $3",
            (new, id.number(), old),
        )?;
        Ok(replaced == 1)
    }

    pub(in crate::core) fn update_profile(&self, id: AccountId, profile: &Profile) -> Result<()> {
        self.write(
            "UPDATE accounts SET name = $1, name_key = $2, username = NULL, username_key = NULL, gender = $3,
                 born_on = $4, role = $5
             WHERE id = $6",
            (
                &profile.name,
                identity::name_key(&profile.name),
                &profile.gender,
                &profile.born_on,
                &profile.role,
                id.number(),
            ),
        )
    }

    pub(in crate::core) fn update_picture(&self, id: AccountId, picture: &Picture) -> Result<()> {
        let (kept, elsewhere) = match picture {
            Picture::Kept(file) => (Some(file.number()), None),
            Picture::Elsewhere(url) => (None, Some(url)),
        };
        self.change(
            "UPDATE accounts SET picture = $1, picture_url = $2 WHERE id = $3",
            (kept, elsewhere, id.number()),
        )?;
        if let Some(file) = kept {
            self.change("UPDATE files SET public = 1 WHERE id = $1", [file])?;
        }
        Ok(())
    }

    pub(in crate::core) fn update_google(&self, id: AccountId, subject: &str) -> Result<()> {
        self.write(
            "UPDATE accounts SET google = $1 WHERE id = $2",
            (subject, id.number()),
        )
    }

    /// Stores what another application says of its user. An address that another account has is left out.
    pub(in crate::core) fn update_known(
        &self,
        id: AccountId,
        name: Option<&str>,
        email: Option<&str>,
    ) -> Result<()> {
        if let Some(name) = name {
            self.change(
                "UPDATE accounts SET name = $1, name_key = $2 WHERE id = $3",
                (name, identity::name_key(name), id.number()),
            )?;
        }
        if let Some(email) = email {
            self.change(
                "UPDATE accounts SET email = $1, email_key = $2,
                     proven_at = CASE WHEN email_key = $2 THEN proven_at ELSE NULL END
                 WHERE id = $3 AND NOT EXISTS
                     (SELECT 1 FROM accounts WHERE id <> $3 AND (email_key = $2 OR email = $1))",
                (email, identity::email_key(email), id.number()),
            )?;
        }
        Ok(())
    }

    pub(in crate::core) fn update_admin(&self, id: AccountId, admin: bool) -> Result<()> {
        self.write(
            "UPDATE accounts SET admin = $1 WHERE id = $2",
            (i64::from(admin), id.number()),
        )
    }

    pub(in crate::core) fn insert_device(
        &self,
        account: AccountId,
        user_agent: &str,
        address: &str,
        expires_at: Time,
        token: Option<&[u8]>,
    ) -> Result<(DeviceId, Sid)> {
        let sid = Sid::random();
        let id = self.inserted(
            "INSERT INTO devices (account, user_agent, address, created_at, seen_at, expires_at, token, sid)
             VALUES ($1, $2, $3, $4, $4, $5, $6, $7) RETURNING id",
            (
                account.number(),
                user_agent,
                address,
                self.now.0,
                expires_at.0,
                token,
                sid.to_string(),
            ),
            |row| row.get(0).map(Id::stored),
        )?;
        Ok((id, sid))
    }

    /// Ends a device; `false` if it had ended already. One made for another application's token keeps its row until the
    /// token expires: without it the token would make a new device.
    pub(in crate::core) fn end_device(&self, id: DeviceId) -> Result<bool> {
        let remembered = self.change(
            "UPDATE devices SET ended_at = $1 WHERE id = $2 AND token IS NOT NULL AND ended_at IS NULL",
            (self.now.0, id.number()),
        )?;
        let deleted = self.change(
            "DELETE FROM devices WHERE id = $1 AND token IS NULL",
            [id.number()],
        )?;
        Ok(remembered + deleted == 1)
    }

    pub(in crate::core) fn prolong_device(&self, id: DeviceId, expires_at: Time) -> Result<()> {
        self.write(
            "UPDATE devices SET expires_at = $1 WHERE id = $2",
            (expires_at.0, id.number()),
        )
    }

    /// Notes that the device was used just now, and so was its account.
    pub(in crate::core) fn see_device(&self, id: DeviceId) -> Result<()> {
        self.change(
            "UPDATE devices SET seen_at = $1 WHERE id = $2",
            (self.now.0, id.number()),
        )?;
        self.write(
            "UPDATE accounts SET seen_at = $1 WHERE id = (SELECT account FROM devices WHERE id = $2)",
            (self.now.0, id.number()),
        )
    }

    /// `false` if it was so before.
    pub(in crate::core) fn hide_presence(&self, id: AccountId, hidden: bool) -> Result<bool> {
        let changed = self.change(
            "UPDATE accounts SET hides_presence = $1 WHERE id = $2 AND hides_presence <> $1",
            (i64::from(hidden), id.number()),
        )?;
        Ok(changed == 1)
    }

    /// Devices that have expired, at most `limit`.
    pub(in crate::core) fn expired_devices(&self, limit: u32) -> Result<Vec<Expired>> {
        self.all(
            "SELECT id, account, token FROM devices WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2",
            (self.now.0, limit),
            |row| {
                let token: Option<Vec<u8>> = row.get("token")?;
                Ok(Expired {
                    device: Id::stored(row.get("id")?),
                    account: Id::stored(row.get("account")?),
                    token: token.and_then(|token| token.try_into().ok()),
                })
            },
        )
    }

    /// Deletes a device's row, even if it was made for another application's token.
    pub(in crate::core) fn delete_device(&self, id: DeviceId) -> Result<()> {
        self.write("DELETE FROM devices WHERE id = $1", [id.number()])
    }
}
