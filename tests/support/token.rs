//! What a token says, and tokens that nobody should believe.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

/// The claims of a token, unchecked: scenes compare them, the server is the one to check.
pub fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("a token has three parts");
    serde_json::from_slice(&from_base64url(payload)).expect("the middle of a token is JSON")
}

/// The same claims under a signature by this secret.
pub fn signed(claims: &Value, algorithm: Algorithm, secret: &[u8]) -> String {
    jsonwebtoken::encode(
        &Header::new(algorithm),
        claims,
        &EncodingKey::from_secret(secret),
    )
    .expect("claims can be signed")
}

/// The same claims under no signature: what `"alg": "none"` would let in.
pub fn unsigned(claims: &Value) -> String {
    let header = base64url(
        json!({ "alg": "none", "typ": "JWT" })
            .to_string()
            .as_bytes(),
    );
    format!("{header}.{}.", base64url(claims.to_string().as_bytes()))
}

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn base64url(bytes: &[u8]) -> String {
    let letters = bytes.chunks(3).flat_map(|three| {
        let packed = three
            .iter()
            .chain(&[0, 0])
            .take(3)
            .fold(0_usize, |packed, byte| packed << 8 | usize::from(*byte));
        (0..=three.len()).map(move |at| char::from(LETTERS[packed >> (18 - 6 * at) & 63]))
    });
    letters.collect()
}

fn from_base64url(text: &str) -> Vec<u8> {
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes() {
        let six = LETTERS
            .iter()
            .position(|known| *known == letter)
            .expect("a token is base64url");
        held = held << 6 | u32::try_from(six).expect("six bits");
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits & 255) as u8);
        }
    }
    bytes
}

#[test]
fn base64url_there_and_back() {
    for text in ["", "a", "ab", "abc", r#"{"sub":"17","ü":"?~"}"#] {
        assert_eq!(from_base64url(&base64url(text.as_bytes())), text.as_bytes());
    }
}
