//! Those outside whom the server talks to: a post office and an OpenID Connect issuer, both of which say too much.

use crate::support::*;
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

/// Takes no code, and repeats what it was asked; or answers with an ID token that does not hold.
pub struct Issuer {
    pub url: String,
    asked: Notes,
}

impl Issuer {
    pub async fn open() -> Issuer {
        let door = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", door.local_addr().expect("an address"));
        let asked = Notes::default();
        let (own, notes) = (url.clone(), asked.clone());
        tokio::spawn(async move {
            while let Ok((line, _)) = door.accept().await {
                tokio::spawn(answers(line, own.clone(), notes.clone()));
            }
        });
        Issuer { url, asked }
    }

    /// What it was told and has told that nobody else should know.
    pub fn heard(&self) -> Vec<String> {
        let heard = noted(&self.asked);
        assert!(heard.len() >= 3, "{heard:?}");
        heard
    }
}

async fn answers(line: TcpStream, own: String, notes: Notes) -> Option<()> {
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
        (200, json!({ "keys": [] }))
    } else {
        let (code, verifier) = (given("code"), given("code_verifier"));
        note(&notes, verifier.clone());
        if code.starts_with("unknown") {
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
