//! Is that an answer of ours? In the one envelope where something is refused, JSON where it says so, and silent about
//! what is inside.

use crate::support::*;

/// What no answer may ever contain.
const INSIDE: &[&str] = &[
    "panicked",
    "rusqlite",
    "SQLITE_",
    "sqlite",
    "constraint failed",
    ".rs:",
    "/src/",
    "requestId",
];

/// What is wrong with the answer to a request that nobody was obliged to understand; nothing, where it is as it should be.
pub fn wrong_with(answer: &Answer) -> Option<String> {
    let (status, text) = (answer.status, answer.text());
    let tell = |what: &str| Some(format!("{what}: {status} {text}"));
    if !(200..500).contains(&status) && status != 501 {
        return tell("not a status that a client's words may have");
    }
    if answer.header("x-request-id").is_none() {
        return tell("not answered by the house");
    }
    let media_type = answer.header("content-type").unwrap_or_default();
    if status >= 400 {
        let wrong = if media_type == "text/html; charset=utf-8" {
            wrong_with_page(answer)
        } else if media_type == "application/json" {
            let said = serde_json::from_slice(&answer.body).unwrap_or_default();
            wrong_with_refusal(&said, status)
        } else {
            Some("a refusal that is no JSON".to_owned())
        };
        if let Some(wrong) = wrong {
            return tell(&wrong);
        }
        if let Some(inside) = INSIDE.iter().find(|inside| text.contains(**inside)) {
            return tell(&format!("a refusal that tells of {inside}"));
        }
    } else if media_type == "application/json"
        && serde_json::from_slice::<Value>(&answer.body).is_err()
    {
        return tell("no JSON, but said to be");
    }
    None
}

/// A refusal for whoever looks with a browser: a page that runs nothing.
fn wrong_with_page(answer: &Answer) -> Option<String> {
    let policy = answer.header("content-security-policy").unwrap_or_default();
    let text = answer.text();
    let well = policy.starts_with("default-src 'none';")
        && !policy.contains("script")
        && text.starts_with("<!doctype html>")
        && !text.contains("<script");
    (!well).then(|| "a page that is not the one for refusals".to_owned())
}

fn wrong_with_refusal(said: &Value, status: u16) -> Option<String> {
    let is_text = |name: &str| said[name].as_str().is_some_and(|text| !text.is_empty());
    let errors = said["errors"].as_array();
    let well = said["success"] == false
        && said["statusCode"] == status
        && is_text("error")
        && is_text("message")
        && errors.is_some_and(|errors| errors.iter().all(Value::is_string));
    (!well).then(|| "not the envelope".to_owned())
}

/// What is wrong with the answer to a callback.
pub fn wrong_with_ack(said: &Value) -> Option<String> {
    if said["ok"] == true {
        return None;
    }
    let error = &said["error"];
    let status = error["statusCode"].as_u64().unwrap_or_default();
    let well = said["ok"] == false
        && (400..500).contains(&status)
        && error["message"]
            .as_str()
            .is_some_and(|text| !text.is_empty())
        && error["event"].is_string()
        && error["errors"].is_array();
    (!well).then(|| format!("no answer to a callback: {said}"))
}

/// The server answers as if nothing had been, and has noted nothing as a fault of its own.
pub async fn is_well(chat: &Chat) {
    chat.nobody().get("/api/rooms").await.has_status(200);
    let log = chat.log();
    let faults = log.lines().filter(|line| {
        line.contains("panicked") || line.contains("\"ERROR\"") || line.contains(" ERROR ")
    });
    let faults: Vec<_> = faults.collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
