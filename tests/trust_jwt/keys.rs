//! Keys of the application, made for one scene: the private half signs, the other half is the file for the server.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RsaKeyPair};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::Value;
use tempfile::NamedTempFile;

pub struct Keys {
    pub algorithm: Algorithm,
    signing: EncodingKey,
    /// What the server is told, byte by byte.
    pub told: Vec<u8>,
    file: NamedTempFile,
}

impl Keys {
    pub fn hs256() -> Keys {
        Keys::hs256_of(b"a secret that the application shares with the server")
    }

    pub fn hs256_of(secret: &[u8]) -> Keys {
        Keys::new(Algorithm::HS256, EncodingKey::from_secret(secret), secret)
    }

    pub fn rs256() -> Keys {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a pair");
        let public: PublicKeyX509Der = pair.public_key().as_der().expect("a public key");
        let wrapped: Pkcs8V1Der = pair.as_der().expect("a private key");
        // What RSA signs with here is the key inside PKCS #8's wrapping, which for this size is 26 bytes long.
        let signing = EncodingKey::from_rsa_der(&wrapped.as_ref()[26..]);
        Keys::new(Algorithm::RS256, signing, pem(public.as_ref()).as_bytes())
    }

    pub fn es256() -> Keys {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a pair");
        let public: PublicKeyX509Der = pair.public_key().as_der().expect("a public key");
        let private = pair.to_pkcs8v1().expect("a private key");
        let signing = EncodingKey::from_ec_der(private.as_ref());
        Keys::new(Algorithm::ES256, signing, pem(public.as_ref()).as_bytes())
    }

    fn new(algorithm: Algorithm, signing: EncodingKey, told: &[u8]) -> Keys {
        let file = NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), told).expect("the key is written");
        Keys {
            algorithm,
            signing,
            told: told.to_vec(),
            file,
        }
    }

    pub fn file(&self) -> &str {
        self.file.path().to_str().expect("a path that is UTF-8")
    }

    pub fn sign(&self, claims: &Value) -> String {
        self.sign_under(&Header::new(self.algorithm), claims)
    }

    pub fn sign_under(&self, header: &Header, claims: &Value) -> String {
        jsonwebtoken::encode(header, claims, &self.signing).expect("claims can be signed")
    }
}

fn pem(der: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in der.chunks(3) {
        let packed = [0, 1, 2].map(|at| usize::from(*three.get(at).unwrap_or(&0)));
        let packed = packed[0] << 16 | packed[1] << 8 | packed[2];
        for at in 0..4 {
            let letter = LETTERS[packed >> (18 - 6 * at) & 63];
            text.push(if at <= three.len() {
                char::from(letter)
            } else {
                '='
            });
        }
    }
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(64)
        .map(String::from_utf8_lossy)
        .collect();
    let lines = lines.join("\n");
    format!("-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n")
}
