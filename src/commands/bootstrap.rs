//! Who administers the server from its first start? The account that the flags name.

use std::path::Path;

use anyhow::{anyhow, bail};

use super::Failure;
use super::admin::{name_in, promote};
use crate::core::admin::{Change, NewPerson};
use crate::core::{Core, account, admin, text};
use crate::flags::secret;

/// The account that --admin-email names, and the password that it is to have, if one was given.
pub struct Administrator {
    email: String,
    password: Option<String>,
}

impl Administrator {
    /// Reads and checks all that can be checked before there is a database.
    ///
    /// # Errors
    /// What is wrong with a flag, and what to write instead.
    pub fn read(email: &str, file: Option<&Path>, is_fresh: bool) -> anyhow::Result<Self> {
        if let Some(wrong) = text::wrong_with_email(email) {
            bail!("--admin-email {email} {wrong}");
        }
        if file.is_none() && is_fresh {
            bail!(
                "--admin-email {email} makes an account in a new database: give its password with --admin-password-file"
            );
        }
        let password = file.map(|path| secret("--admin-password-file", path));
        let password = password.transpose()?;
        if let Some(wrong) = password.as_deref().and_then(text::wrong_with_password) {
            bail!("the password in --admin-password-file {wrong}");
        }
        let email = email.to_owned();
        Ok(Self { email, password })
    }

    /// Makes the account with this address an administrator with this password; makes the account first if there is none.
    ///
    /// # Errors
    /// That a password is missing, and what the verbs refuse.
    pub async fn make(self, core: &Core) -> Result<(), Failure> {
        let Self { email, password } = self;
        let Some(known) = promote(core, &email).await? else {
            let password = password.ok_or_else(|| {
                anyhow!("nobody has proven the address {email}: give a password for its account with --admin-password-file")
            })?;
            let new = NewPerson {
                name: name_in(&email).to_owned(),
                username: false,
                email,
                password_hash: Some(core.passwords().hash(password).await?),
                admin: true,
            };
            core.write(move |tx| admin::add(tx, None, new)).await?;
            return Ok(());
        };
        let Some(password) = password else {
            return Ok(());
        };
        let found = core
            .read(move |view| account::with_email(view, &email))
            .await?;
        let hash = found.and_then(|(_, hash)| hash);
        // A new password logs everybody out, so one that is the same already is left.
        if !core.passwords().fits(password.clone(), hash, None).await? {
            let change = Change {
                password_hash: Some(core.passwords().hash(password).await?),
                ..Change::default()
            };
            core.write(move |tx| admin::change(tx, None, known.id, change))
                .await?;
        }
        Ok(())
    }
}
