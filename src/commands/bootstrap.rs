//! Who administers it from the start? Whom the flags name.

use std::path::Path;

use super::Failure;
use super::admin::{name_in, promote};
use crate::core::admin::{Change, NewPerson};
use crate::core::{Core, account, admin, text};
use crate::flags::secret;

/// What can be known to be wrong before there is a database.
pub fn make_sense(email: &str, file: Option<&Path>, is_fresh: bool) -> Result<(), Failure> {
    if let Some(wrong) = text::wrong_with_email(email) {
        return Err(anyhow::anyhow!("--admin-email {email} {wrong}").into());
    }
    match file {
        None if is_fresh => Err(anyhow::anyhow!(
            "--admin-email {email} makes an account in a new database: give its password with --admin-password-file"
        )
        .into()),
        None => Ok(()),
        Some(file) => match text::wrong_with_password(&secret("--admin-password-file", file)?) {
            Some(wrong) => {
                Err(anyhow::anyhow!("the password in --admin-password-file {wrong}").into())
            }
            None => Ok(()),
        },
    }
}

/// Makes the account with this address an administrator with this password, or makes it.
pub async fn administrator(core: &Core, email: &str, file: Option<&Path>) -> Result<(), Failure> {
    let password = file.map(|path| secret("--admin-password-file", path));
    let password = password.transpose()?;
    if let Some(wrong) = password.as_deref().and_then(text::wrong_with_password) {
        return Err(anyhow::anyhow!("the password in --admin-password-file {wrong}").into());
    }
    let Some(known) = promote(core, email).await? else {
        let Some(password) = password else {
            return Err(anyhow::anyhow!(
                "nobody has proven the address {email}: give a password for its account with --admin-password-file"
            )
            .into());
        };
        let new = NewPerson {
            name: name_in(email).to_owned(),
            username: false,
            email: email.to_owned(),
            password_hash: Some(core.passwords().hash(password).await?),
            admin: true,
        };
        core.write(move |tx| admin::add(tx, None, new)).await?;
        return Ok(());
    };
    if let Some(password) = password {
        let address = email.to_owned();
        let found = core
            .read(move |view| account::with_email(view, &address))
            .await?;
        let hash = found.and_then(|(_, hash)| hash);
        // A new password logs everybody out, so the same one is none.
        if !core.passwords().fits(password.clone(), hash, None).await? {
            let change = Change {
                password_hash: Some(core.passwords().hash(password).await?),
                ..Change::default()
            };
            core.write(move |tx| admin::change(tx, None, known.id, change))
                .await?;
        }
    }
    Ok(())
}
