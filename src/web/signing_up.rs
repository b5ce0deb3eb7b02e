//! Signs somebody up with a name, an address and a password.

use super::call::Call;
use super::fields::Fields;
use crate::core::account::{self, Brought, SignUp};
use crate::core::error::Result;
use crate::core::model::AccountId;

/// `{ invitation?, signupToken? }`: the token of an invitation, and the one that `POST /user/verify-email` answers with, which
/// proves the address.
pub fn brought(fields: &mut Fields<'_>) -> Brought {
    Brought {
        invitation: fields.optional_text(&["invitation"]),
        proof: fields.optional_text(&["signupToken"]),
    }
}

/// Makes the account.
///
/// # Errors
/// As [`account::sign_up`].
pub async fn sign_up(
    call: &Call,
    new: SignUp,
    password: String,
    brought: Brought,
) -> Result<AccountId> {
    // Checked before the slow hash, and again by the verb.
    let (new, brought) = call
        .read(move |view| {
            account::may_sign_up(view, &new, &brought)?;
            Ok((new, brought))
        })
        .await?;
    let hash = call.core().passwords().hash(password).await?;
    call.write(move |tx| account::sign_up(tx, &new, hash, &brought))
        .await
}
