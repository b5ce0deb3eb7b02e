//! The emote document, part by part in its own order.

mod accounts;
mod conversations;
mod oneself;
mod passwords;
mod users;

use crate::support::*;

const JOHN: &str =
    r#"{ "name": "John Doe", "email": "john@example.com", "password": "yourpassword" }"#;

fn john() -> Value {
    serde_json::from_str(JOHN).expect("the document's own body")
}

/// Answered 200 with a sentence in `message`: the document's "Success message".
#[track_caller]
fn told(answer: &Answer) -> Value {
    let told = answer.has_status(200).json();
    let said = told["message"]
        .as_str()
        .is_some_and(|said| !said.is_empty());
    assert!(said, "a sentence in message, not {told}");
    told
}

/// `{ page, page_size, total, total_pages }`, which must fit together.
#[track_caller]
fn pagination(listed: &Value, page: u64, page_size: u64) -> u64 {
    let shown = &listed["pagination"];
    let total = shown["total"].as_u64().expect("a total");
    let pages = total.div_ceil(page_size);
    let expected =
        json!({ "page": page, "page_size": page_size, "total": total, "total_pages": pages });
    assert_looks_like(shown, expected, "the pagination");
    total
}
