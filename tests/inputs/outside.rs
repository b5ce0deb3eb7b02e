//! Those outside whom the server talks to: a post office and an OpenID Connect issuer, both of which say too much.

use crate::support::*;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Duration, Instant, sleep};

type Notes = Arc<Mutex<Vec<String>>>;

fn noted(notes: &Notes) -> Vec<String> {
    notes.lock().expect("notes are only added to").clone()
}

fn note(notes: &Notes, words: String) {
    notes.lock().expect("notes are only added to").push(words);
}

/// Takes every mail, but for one recipient's: there it repeats all that it has read.
pub struct Post {
    pub url: String,
    mails: Notes,
}

impl Post {
    pub async fn open() -> Post {
        let door = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("smtp://{}", door.local_addr().expect("an address"));
        let mails = Notes::default();
        let taken = mails.clone();
        tokio::spawn(async move {
            while let Ok((line, _)) = door.accept().await {
                tokio::spawn(takes(line, taken.clone()));
            }
        });
        Post { url, mails }
    }

    /// The newest mail to this address with this word in it.
    pub async fn mail_to(&self, address: &str, word: &str) -> Value {
        let asked = Instant::now();
        loop {
            let mails = noted(&self.mails);
            let meant = |mail: &&String| mail.contains(address) && mail.contains(word);
            if let Some(mail) = mails.iter().rev().find(meant) {
                return json!({ "text": mail });
            }
            assert!(
                asked.elapsed() < PATIENCE,
                "no mail to {address}: {mails:?}"
            );
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// How many mails came to this address.
    pub fn mails_to(&self, address: &str) -> usize {
        let mails = noted(&self.mails);
        mails.iter().filter(|mail| mail.contains(address)).count()
    }
}

async fn takes(line: TcpStream, mails: Notes) -> Option<()> {
    let (from, mut to) = line.into_split();
    let mut from = BufReader::new(from).lines();
    to.write_all(b"220 here\r\n").await.ok()?;
    loop {
        let said = from.next_line().await.ok()??;
        let word = said.split([' ', ':']).next().unwrap_or_default();
        let answer = match word.to_ascii_uppercase().as_str() {
            "EHLO" => "250-here\r\n250 AUTH PLAIN LOGIN".to_owned(),
            "AUTH" => "235 welcome".to_owned(),
            "QUIT" => return None,
            "DATA" => {
                to.write_all(b"354 go on\r\n").await.ok()?;
                let mut mail = String::new();
                loop {
                    let line = from.next_line().await.ok()??;
                    if line == "." {
                        break;
                    }
                    // Long lines end in `=` and go on; what is `=` itself is spelled out.
                    match line.strip_suffix('=') {
                        Some(begun) => mail += begun,
                        None => mail += &format!("{line}\n"),
                    }
                }
                let mail = mail.replace("=3D", "=");
                // The text comes before the HTML, which says it all again.
                let text = mail
                    .split("text/html")
                    .next()
                    .unwrap_or_default()
                    .to_owned();
                note(&mails, text.clone());
                match text.contains("refused@") {
                    true => format!("550 who wants {}", text.replace(['\r', '\n'], " ")),
                    false => "250 taken".to_owned(),
                }
            }
            _ => "250 well".to_owned(),
        };
        to.write_all(format!("{answer}\r\n").as_bytes())
            .await
            .ok()?;
    }
}

/// Takes a code of [`code_of`], with an ID token for whom it names. Of others it repeats what it was asked, or answers with an ID
/// token that does not hold.
pub struct Issuer {
    pub url: String,
    asked: Notes,
}

/// What the browser of somebody brings back who has logged in at the issuer.
pub fn code_of(name: &str, nonce: &str) -> String {
    format!("good.{name}.{nonce}")
}

/// What an issuer signs with.
struct Signing {
    key: EncodingKey,
    /// The other half, for everybody.
    public: Value,
}

impl Signing {
    fn new() -> Signing {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a pair");
        let private = pair.to_pkcs8v1().expect("a private key");
        // A byte that says that both coordinates follow, and then those.
        let point = pair.public_key().as_ref();
        let (x, y) = (base64url(&point[1..33]), base64url(&point[33..]));
        Signing {
            key: EncodingKey::from_ec_der(private.as_ref()),
            public: json!({ "kty": "EC", "crv": "P-256", "alg": "ES256", "x": x, "y": y }),
        }
    }

    fn token(&self, own: &str, name: &str, nonce: &str) -> String {
        let claims = json!({
            "iss": own, "aud": "chat", "sub": name, "name": name, "nonce": nonce, "exp": 4_000_000_000_u64,
            "email": person::email_of(name), "email_verified": true,
        });
        let token = jsonwebtoken::encode(&Header::new(Algorithm::ES256), &claims, &self.key);
        token.expect("claims can be signed")
    }
}

/// As JSON Web Keys and PKCE have bytes.
pub fn base64url(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let packed = [0, 1, 2].map(|at| usize::from(*three.get(at).unwrap_or(&0)));
        let packed = packed[0] << 16 | packed[1] << 8 | packed[2];
        let letters = (0..=three.len()).map(|at| LETTERS[packed >> (18 - 6 * at) & 63]);
        text.extend(letters.map(char::from));
    }
    text
}

impl Issuer {
    pub async fn open() -> Issuer {
        let door = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", door.local_addr().expect("an address"));
        let asked = Notes::default();
        let (own, notes, signing) = (url.clone(), asked.clone(), Arc::new(Signing::new()));
        tokio::spawn(async move {
            while let Ok((line, _)) = door.accept().await {
                tokio::spawn(answers(line, own.clone(), notes.clone(), signing.clone()));
            }
        });
        Issuer { url, asked }
    }

    /// What it was told and has told that nobody else should know.
    pub fn heard(&self) -> Vec<String> {
        noted(&self.asked)
    }
}

async fn answers(line: TcpStream, own: String, notes: Notes, signing: Arc<Signing>) -> Option<()> {
    let (from, mut to) = line.into_split();
    let mut from = BufReader::new(from);
    let (mut first, mut length) = (String::new(), 0);
    from.read_line(&mut first).await.ok()?;
    loop {
        let mut header = String::new();
        from.read_line(&mut header).await.ok()?;
        if header.trim().is_empty() {
            break;
        }
        let lower = header.to_ascii_lowercase();
        if let Some(given) = lower.strip_prefix("content-length:") {
            length = given.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body).await.ok()?;
    let asked: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let given = |name: &str| asked.iter().find(|(known, _)| known == name);
    let given = |name: &str| {
        given(name)
            .map(|(_, value)| value.clone())
            .unwrap_or_default()
    };
    let (status, answer) = if first.contains("openid-configuration") {
        let at = |path: &str| format!("{own}/{path}");
        let known = json!({ "issuer": own, "authorization_endpoint": at("authorize"), "token_endpoint": at("token"), "jwks_uri": at("keys") });
        (200, known)
    } else if first.contains("/keys") {
        (200, json!({ "keys": [signing.public] }))
    } else {
        let (code, verifier) = (given("code"), given("code_verifier"));
        note(&notes, verifier.clone());
        if let ["good", name, nonce] = code.split('.').collect::<Vec<_>>()[..] {
            let token = signing.token(&own, name, nonce);
            (
                200,
                json!({ "access_token": "an access token", "token_type": "Bearer", "id_token": token }),
            )
        } else if code.starts_with("unknown") {
            let words = format!("{code} with {verifier} is unknown here");
            (
                400,
                json!({ "error": "invalid_grant", "error_description": words }),
            )
        } else {
            let tokens = [
                "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlIG9mIG5vYm9keQ",
                "an access token",
            ];
            tokens
                .iter()
                .for_each(|token| note(&notes, (*token).to_owned()));
            (
                200,
                json!({ "access_token": tokens[1], "token_type": "Bearer", "id_token": tokens[0] }),
            )
        }
    };
    let answer = answer.to_string();
    let head = format!(
        "HTTP/1.1 {status} so\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        answer.len()
    );
    to.write_all(format!("{head}{answer}").as_bytes())
        .await
        .ok()
}
