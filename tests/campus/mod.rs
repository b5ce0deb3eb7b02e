//! The campus document, part by part in its own order.

mod codes;
mod conversations;
mod devices;
mod events;
pub mod google;
mod groups;
mod members;
mod messages;
mod oneself;
mod pictures;
mod registering;
mod resetting;
mod signing_up;

use crate::support::*;

/// John, as he fills in the document's form.
const JOHN: &str = r#"{
  "full_name": "John Doe",
  "email": "john@example.com",
  "gender": "male",
  "dateOfBirth": "1999-12-31",
  "password": "securePassword123",
  "role": "student"
}"#;

/// What the server shows of him.
const JOHN_SHOWN: &str = r#"{
  "id": "01234567-89ab-8def-8123-456789abcdef",
  "full_name": "John Doe",
  "email": "john@example.com",
  "gender": "male",
  "dateOfBirth": "1999-12-31",
  "role": "student",
  "profile": null,
  "createdAt": "2024-01-01T00:00:00.000Z"
}"#;

fn john() -> Value {
    serde_json::from_str(JOHN).expect("the document's own fields")
}

fn john_with(field: &str, value: Value) -> Value {
    let mut john = john();
    john[field] = value;
    john
}

/// Answered 200 with a sentence in `message`, and handed on.
#[track_caller]
fn told(answer: &Answer) -> Value {
    let told = answer.has_status(200).json();
    let said = told["message"]
        .as_str()
        .is_some_and(|said| !said.is_empty());
    assert!(said, "a sentence in message, not {told}");
    told
}

/// The display names of a list of people, in the order of the alphabet.
fn names(people: &Value) -> Vec<&str> {
    let people = people.as_array().expect("a list of people").iter();
    let names = people.map(|person| person["full_name"].as_str().expect("a person has a name"));
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names
}
