//! Whose token is this? JWT, HS256 and nothing else, naming an account and the device that logged in.

use std::time::Duration;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::error::{Error, Result};
use super::model::{AccountId, DeviceId, Id, Time};

/// Seconds since 1970 in `iat` and `exp`; `sub` and `sid` are decimal ids.
#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    sid: String,
    iat: i64,
    exp: i64,
}

/// Mints and reads tokens with the server's signing secret.
pub struct Tokens {
    signing: EncodingKey,
    checking: DecodingKey,
    validation: Validation,
    /// How long a login lasts.
    pub ttl: Duration,
}

impl Tokens {
    pub fn new(secret: &[u8], ttl: Duration) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        // The library's own: a minute of leeway.
        validation.leeway = 0;
        validation.validate_nbf = true;
        validation.set_required_spec_claims(&["exp", "sub"]);
        Self {
            signing: EncodingKey::from_secret(secret),
            checking: DecodingKey::from_secret(secret),
            validation,
            ttl,
        }
    }

    /// # Errors
    /// `Internal`, should signing ever fail.
    pub fn mint(
        &self,
        account: AccountId,
        device: DeviceId,
        now: Time,
        expires_at: Time,
    ) -> Result<String> {
        let claims = Claims {
            sub: account.number().to_string(),
            sid: device.number().to_string(),
            iat: now.seconds(),
            exp: expires_at.seconds(),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.signing)
            .map_err(|e| Error::Internal(format!("signing a token: {e}")))
    }

    /// Whom the token names. Whether that device still lives, the directory knows.
    ///
    /// # Errors
    /// `Unauthorized` for a token that is malformed, not ours, or expired.
    pub fn read(&self, token: &str) -> Result<(AccountId, DeviceId)> {
        let read = jsonwebtoken::decode::<Claims>(token, &self.checking, &self.validation);
        let claims = read.map_err(|e| match e.kind() {
            ErrorKind::ExpiredSignature => Error::Unauthorized("Token has expired"),
            _ => Error::Unauthorized("Invalid token"),
        })?;
        let id = |text: &str| text.parse().ok();
        match (
            id(&claims.claims.sub).and_then(Id::new),
            id(&claims.claims.sid).and_then(Id::new),
        ) {
            (Some(account), Some(device)) => Ok((account, device)),
            _ => Err(Error::Unauthorized("Invalid token")),
        }
    }
}
