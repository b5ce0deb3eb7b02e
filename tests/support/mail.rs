//! What came by mail: the outbox of a throwaway server, and the codes in it.

use super::person::email_of;
use super::{Chat, PATIENCE, Person};
use form_urlencoded::byte_serialize;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::time::sleep;

impl Chat {
    /// All mails to this address, the newest first.
    pub async fn mails_to(&self, address: &str) -> Vec<Value> {
        let address: String = byte_serialize(address.as_bytes()).collect();
        let outbox = format!("/api/admin/outbox?to={address}");
        let outbox = self.admin().get(outbox).await.has_status(200).json();
        let mails = outbox["outbox"].as_array();
        mails.expect("the outbox is a list").clone()
    }

    /// The newest mail to this address.
    pub async fn mail_to(&self, address: &str) -> Value {
        let mails = self.mails_to(address).await;
        let newest = mails.into_iter().next();
        newest.unwrap_or_else(|| panic!("nothing was mailed to {address}"))
    }

    /// What was written to this person of what they have not read, the newest first.
    pub async fn digests_to(&self, person: &Person) -> Vec<Value> {
        let mut mails = self.mails_to(&email_of(&person.name)).await;
        mails.retain(|mail| mail["kind"] == "digest");
        mails
    }

    /// The one digest to this person, once it is written.
    pub async fn digest_to(&self, person: &Person) -> Value {
        self.has_written(person, 1).await.remove(0)
    }

    /// Waits until so many digests, and no more, are written to this person.
    pub async fn has_written(&self, person: &Person, count: usize) -> Vec<Value> {
        let asked = Instant::now();
        loop {
            let digests = self.digests_to(person).await;
            assert!(digests.len() <= count, "{digests:#?}");
            if digests.len() == count {
                return digests;
            }
            let name = &person.name;
            assert!(asked.elapsed() < PATIENCE, "{name} gets {digests:#?}");
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// The six digits in the newest mail to this address.
    pub async fn code_for(&self, address: &str) -> String {
        code_in(&self.mail_to(address).await)
    }

    /// The token in the link of the newest mail to this address.
    pub async fn link_token_for(&self, address: &str) -> String {
        token_in(&self.mail_to(address).await)
    }

    /// So much time passes for every code, link and proof that waits to be used. The scenes cannot wait for an hour:
    /// they move the moments that are kept into the past.
    pub async fn time_passes(&self, span: Duration) {
        let milliseconds = i64::try_from(span.as_millis()).expect("not for ever");
        for aging in [
            "UPDATE codes SET created_at = created_at - $1, expires_at = expires_at - $1",
            "UPDATE proofs SET expires_at = expires_at - $1",
            "UPDATE wrong_tries SET since = since - $1",
        ] {
            self.kept.does(aging, &[&milliseconds]);
        }
    }
}

/// The six digits that stand alone in a mail's text.
pub fn code_in(mail: &Value) -> String {
    let code = codes_in(mail).into_iter().next();
    code.unwrap_or_else(|| panic!("no code in: {mail}"))
}

/// Whatever stands in a mail's text and looks like a code.
pub fn codes_in(mail: &Value) -> Vec<String> {
    let text = mail["text"].as_str().expect("a mail has a text");
    let words = text.split(|letter: char| !letter.is_alphanumeric());
    let codes = words.filter(|word| word.len() == 6 && word.bytes().all(|b| b.is_ascii_digit()));
    codes.map(str::to_owned).collect()
}

/// What stands behind `token=` in a mail's text, and alone on a line as well.
pub fn token_in(mail: &Value) -> String {
    let text = mail["text"].as_str().expect("a mail has a text");
    let behind = text.split_once("token=").map(|(_, behind)| behind);
    let behind = behind.unwrap_or_else(|| panic!("no link with a token in: {text}"));
    let is_of_it = |letter: &char| letter.is_ascii_alphanumeric() || "-_.~".contains(*letter);
    let token: String = behind.chars().take_while(is_of_it).collect();
    let alone = text.lines().any(|line| line.trim() == token);
    assert!(alone, "{token} does not stand alone on a line of: {text}");
    token
}

/// Six digits that are not these.
pub fn another(code: &str) -> String {
    let number: u32 = code.parse().expect("a code is digits");
    format!("{:06}", (number + 1) % 1_000_000)
}

#[test]
fn codes_and_tokens_are_found_in_a_mail() {
    let mail = json!({ "text": "Your code is 012345.\nIt is valid for 10 minutes, until 2024-01-01 at 1234567." });
    assert_eq!(code_in(&mail), "012345");
    assert_eq!(another("999999"), "000000");
    let mail = json!({ "text": "Follow\nhttp://127.0.0.1:3000/reset?token=aB-c_9\nor type\n\n  aB-c_9\n" });
    assert_eq!(token_in(&mail), "aB-c_9");
}
