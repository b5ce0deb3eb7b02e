//! Every route, with whatever in its path, its query, its headers and its body: an answer of ours, and never a 500.

use super::cases::Cases;
use super::events::ids_of;
use super::json::{damaged, nearly};
use super::odd;
use super::verdict::{is_well, wrong_with};
use crate::doors::table::asking::Asking;
use crate::doors::table::cast::{Cast, OWNER};
use crate::doors::table::rows::{self, REQUESTS, Row};
use crate::support::*;
use futures_util::stream::{self, StreamExt};
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Cases for each row of the table.
const CASES: u32 = 30;
const AT_ONCE: usize = 6;

/// What a request of the table is changed in.
#[derive(Debug, Clone)]
struct Change {
    method: Option<&'static str>,
    segment: Option<(Index, String)>,
    query: Vec<(&'static str, String)>,
    body: Vec<u8>,
    content_type: Option<&'static str>,
    headers: Vec<(&'static str, &'static str)>,
    authorization: Option<&'static str>,
}

const METHODS: &[&str] = &[
    "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "BREW", "get",
];

const CONTENT_TYPES: &[&str] = &[
    "",
    "text/plain",
    "application/json; charset=utf-16",
    "application/json;;;=",
    "APPLICATION/JSON",
    "application/vnd.api+json",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=x",
    "multipart/mixed; boundary=\"",
    "\u{1f680}",
];

fn change(right: &Value, ids: &[String]) -> impl Strategy<Value = Change> {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let long = ["x".repeat(3_000)];
    let mut segments: Vec<String> = owned(odd::SEGMENTS);
    segments.extend(ids.iter().chain(&long).cloned());
    let mut values: Vec<String> = owned(odd::VALUES);
    values.extend(ids.iter().chain(&long).cloned());
    let body = nearly(right, ids);
    let body = prop_oneof![
        6 => body.clone().prop_map(String::into_bytes),
        1 => damaged(body),
        1 => prop::collection::vec(any::<u8>(), 0..50),
        1 => Just(right.to_string().into_bytes()),
    ];
    (
        weighted(0.05, select(METHODS)),
        weighted(0.3, (any::<Index>(), select(segments))),
        prop::collection::vec((select(odd::NAMES), select(values)), 0..4),
        body,
        weighted(0.15, select(CONTENT_TYPES)),
        prop::collection::vec(select(odd::HEADERS), 0..3),
        weighted(0.05, select(odd::AUTHORIZATIONS)),
    )
        .prop_map(
            |(method, segment, query, body, content_type, headers, authorization)| Change {
                method,
                segment,
                query,
                body,
                content_type,
                headers,
                authorization,
            },
        )
}

#[tokio::test]
async fn every_route_answers_whatever_is_asked() {
    let chat = Chat::open().await;
    let rows = rows::read(REQUESTS);
    let playing = rows
        .iter()
        .enumerate()
        .map(|(at, row)| play(&chat, at, row));
    let wrong: Vec<String> = stream::iter(playing)
        .buffer_unordered(AT_ONCE)
        .concat()
        .await;
    Cases::of(CASES).all_well(&wrong);
    is_well(&chat).await;
}

async fn play(chat: &Chat, at: usize, row: &Row) -> Vec<String> {
    let cast = Cast::of(chat, at, row.dialect, None).await;
    let asking = Asking::of(&cast, OWNER, false);
    let asked = asking.filled(row.asked).await;
    let given = asking.filled(row.given).await;
    let right = serde_json::from_str(&given).unwrap_or(json!({}));
    let ids = ids_of(&cast).await;
    let (method, path) = asked.split_once(' ').expect("a method and a path");
    let ann = &cast.people[OWNER];
    let mut token = ann.token.clone();
    let mut wrong = Vec::new();
    for change in Cases::of(CASES).all(&change(&right, &ids)) {
        let method = change.method.unwrap_or(method);
        let asked = request(method, path, &change, &token);
        let answer = asked.send(&chat.address).await;
        // Who asks for a head gets no more.
        if method == "HEAD" {
            let well = answer.status < 500 || answer.status == 501;
            assert!(well && answer.body.is_empty(), "{answer:?}");
        } else if let Some(what) = wrong_with(&answer) {
            wrong.push(format!("{method} {path} with {change:?}: {what}"));
        }
        // It may have been a way to log out.
        if answer.status == 401 && change.authorization.is_none() && row.dialect != "admin" {
            token = chat.knows(ann).await.unwrap_or(token);
        }
    }
    wrong
}

impl Chat {
    /// A new token of this person, unless there is no such account, or another password, any more.
    async fn knows(&self, person: &Person) -> Option<String> {
        let email = person::email_of(&person.name);
        let password = person::password_of(&person.name);
        let login = json!({ "email": email, "password": password });
        let login = self.nobody().post("/api/auth/login", login).await;
        (login.status == 200).then(|| login.json()["token"].as_str().map(str::to_owned))?
    }
}

fn request(method: &str, path: &str, change: &Change, token: &str) -> Request {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut segments: Vec<&str> = path.split('/').collect();
    if let Some((at, odd)) = &change.segment {
        // The first stands before the first slash.
        let at = 1 + at.index(segments.len() - 1);
        segments[at] = odd;
    }
    // A wire that is to be watched for longer has no end.
    let pairs = change
        .query
        .iter()
        .filter(|(name, _)| *name != "limit" || !path.ends_with("/wire"))
        .map(|(name, value)| format!("{name}={value}"));
    let query: Vec<_> = [query.to_owned()]
        .into_iter()
        .filter(|query| !query.is_empty())
        .chain(pairs)
        .collect();
    let mut request = Request::new(
        method,
        format!("{}?{}", segments.join("/"), query.join("&")),
    );
    for (name, value) in &change.headers {
        request = request.header(name, value);
    }
    request = match change.authorization {
        Some(odd) => request.header("Authorization", odd),
        None => request.header("Authorization", format!("Bearer {token}")),
    };
    if method != "GET" || !change.body.is_empty() {
        let content_type = change.content_type.unwrap_or("application/json");
        request = request.body(content_type, change.body.clone());
    }
    request
}
