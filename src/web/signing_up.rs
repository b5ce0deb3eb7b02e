//! Signs somebody up with a name, an address that nobody has proven, and a password.

use super::call::Call;
use crate::core::account::{self, SignUp};
use crate::core::error::Result;
use crate::core::invitation;
use crate::core::model::AccountId;

/// Makes the account, with the token of an invitation if the client sent one.
///
/// # Errors
/// As [`account::sign_up`].
pub async fn sign_up(
    call: &Call,
    new: SignUp,
    password: String,
    invitation: Option<String>,
) -> Result<AccountId> {
    // Checked before the slow hash, and again by the verb.
    let (new, invitation) = call
        .read(move |view| {
            invitation::may_sign_up(view, new.newcomer(invitation.as_deref()))?;
            Ok((new, invitation))
        })
        .await?;
    let hash = call.core().passwords().hash(password).await?;
    call.write(move |tx| account::sign_up(tx, new, hash, invitation.as_deref()))
        .await
}
