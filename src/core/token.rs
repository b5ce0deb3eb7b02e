//! Tokens: JWT, HS256 only, with an account and the device that logged in.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::error::{Error, Result};
use super::external_login::Foreign;
use super::model::{AccountId, Id, Sid, Time};

/// Seconds since 1970 in `iat` and `exp`; `sub` is a decimal id, `sid` as [`Sid`] is written.
#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    sid: String,
    iat: i64,
    exp: i64,
}

/// The claims of the surrounding application's tokens.
#[derive(Deserialize)]
struct ForeignClaims {
    sub: Subject,
    exp: Seconds,
    #[serde(default)]
    name: Word,
    #[serde(default)]
    email: Word,
    #[serde(default)]
    picture: Word,
}

/// A claim that should be text; anything else counts as missing.
#[derive(Deserialize, Default)]
#[serde(untagged)]
enum Word {
    Text(String),
    Other(IgnoredAny),
    #[default]
    Missing,
}

impl Word {
    fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Other(_) | Self::Missing => None,
        }
    }
}

/// Some applications number their users.
#[derive(Deserialize)]
#[serde(untagged)]
enum Subject {
    Text(String),
    Number(i64),
    Large(u64),
}

/// Seconds since 1970; some libraries write a fraction.
#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Whole(i64),
    Fraction(f64),
}

impl Seconds {
    fn whole(self) -> i64 {
        match self {
            Self::Whole(seconds) => seconds,
            // Saturates; NaN becomes 0, which has expired.
            Self::Fraction(seconds) => seconds as i64,
        }
    }
}

/// The key of an application whose tokens are accepted too (`--trust-jwt`).
#[derive(Clone)]
pub struct Trust {
    key: DecodingKey,
    validation: Validation,
}

impl std::fmt::Debug for Trust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Trust({:?})", self.validation.algorithms)
    }
}

impl Trust {
    /// A public key in PEM (RS256 or ES256), or else an HS256 secret of at least 32 bytes. The key decides the
    /// algorithm; what a token's header says must agree.
    ///
    /// # Errors
    /// What is wrong with the file, in words.
    pub fn from_file(content: &[u8]) -> std::result::Result<Self, String> {
        let content = content.trim_ascii();
        if content.starts_with(b"-----BEGIN") {
            if let Ok(key) = DecodingKey::from_rsa_pem(content) {
                return Ok(Self::by(key, Algorithm::RS256));
            }
            let key = DecodingKey::from_ec_pem(content)
                .map_err(|_| "holds no RSA or P-256 public key in PEM".to_owned())?;
            return Ok(Self::by(key, Algorithm::ES256));
        }
        if content.len() < 32 {
            return Err("holds a secret of less than 32 bytes".into());
        }
        let key = DecodingKey::from_secret(content);
        Ok(Self::by(key, Algorithm::HS256))
    }

    fn by(key: DecodingKey, algorithm: Algorithm) -> Self {
        let mut validation = strict(algorithm);
        // The library accepts only text as a subject; ours may be a number and is read by us.
        validation.set_required_spec_claims(&["exp"]);
        Self { key, validation }
    }

    /// Accepts only tokens with one of these audiences and one of these issuers; an empty list accepts any. Without this, an
    /// application that signs for several services with one key would let in tokens for another service.
    #[must_use]
    pub fn only(mut self, audiences: &[String], issuers: &[String]) -> Self {
        let mut required = vec!["exp"];
        if !audiences.is_empty() {
            self.validation.validate_aud = true;
            self.validation.set_audience(audiences);
            required.push("aud");
        }
        if !issuers.is_empty() {
            self.validation.set_issuer(issuers);
            required.push("iss");
        }
        self.validation.set_required_spec_claims(&required);
        self
    }
}

fn strict(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    // The library's default: a minute of leeway.
    validation.leeway = 0;
    validation.validate_nbf = true;
    validation.validate_aud = false;
    validation.set_required_spec_claims(&["exp", "sub"]);
    validation
}

/// Mints and reads tokens with the server's signing secret.
pub struct Tokens {
    signing: EncodingKey,
    checking: DecodingKey,
    validation: Validation,
    trust: Option<Trust>,
    /// How long a login lasts.
    pub ttl: Duration,
    /// How long a login that is in use may be prolonged in all.
    pub most: Duration,
}

impl Tokens {
    pub fn new(secret: &[u8], ttl: Duration, most: Duration, trust: Option<Trust>) -> Self {
        Self {
            signing: EncodingKey::from_secret(secret),
            checking: DecodingKey::from_secret(secret),
            validation: strict(Algorithm::HS256),
            trust,
            ttl,
            most,
        }
    }

    /// The claims of a token of the surrounding application; `None` if none is trusted.
    ///
    /// # Errors
    /// `Unauthorized` for a token that is not the application's either, or expired.
    pub fn read_foreign(&self, token: &str) -> Result<Option<Foreign>> {
        let Some(trust) = &self.trust else {
            return Ok(None);
        };
        let read = jsonwebtoken::decode::<ForeignClaims>(token, &trust.key, &trust.validation);
        let claims = read.map_err(|e| refused(&e))?.claims;
        let subject = match claims.sub {
            Subject::Text(text) => text,
            Subject::Number(number) => number.to_string(),
            Subject::Large(number) => number.to_string(),
        };
        if subject.is_empty() {
            return Err(Error::Unauthorized("Invalid token"));
        }
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        Ok(Some(Foreign {
            subject,
            name: claims.name.text(),
            email: claims.email.text(),
            picture: claims
                .picture
                .text()
                .filter(|url| url.starts_with("https://") || url.starts_with("http://")),
            expires_at: Time(claims.exp.whole().saturating_mul(1000)),
            hash,
        }))
    }

    /// # Errors
    /// `Internal`, should signing ever fail.
    pub fn mint(
        &self,
        account: AccountId,
        device: Sid,
        now: Time,
        expires_at: Time,
    ) -> Result<String> {
        let claims = Claims {
            sub: account.number().to_string(),
            sid: device.to_string(),
            iat: now.seconds(),
            exp: expires_at.seconds(),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.signing)
            .map_err(|e| Error::Internal(format!("signing a token: {e}")))
    }

    /// The account and device that the token names. The directory knows whether that device still exists.
    ///
    /// # Errors
    /// `Unauthorized` for a token that is malformed, not ours, or expired.
    pub fn read(&self, token: &str) -> Result<(AccountId, Sid)> {
        let read = jsonwebtoken::decode::<Claims>(token, &self.checking, &self.validation);
        let claims = read.map_err(|e| refused(&e))?;
        let account = claims.claims.sub.parse().ok().and_then(Id::new);
        match (account, Sid::read(&claims.claims.sid)) {
            (Some(account), Some(device)) => Ok((account, device)),
            _ => Err(Error::Unauthorized("Invalid token")),
        }
    }
}

fn refused(error: &jsonwebtoken::errors::Error) -> Error {
    match error.kind() {
        ErrorKind::ExpiredSignature => Error::Unauthorized("Token has expired"),
        _ => Error::Unauthorized("Invalid token"),
    }
}
