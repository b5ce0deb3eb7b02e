//! When does an answer look like the document's block?
//!
//! JSON pasted as text is an example: one id, time or token in it is as good as another of the same kind, everything
//! else is meant. A `json!` value is meant as it stands, ids included. Either way every key must be there and more
//! may be; an array has the same length unless its pattern ends in `"…"`.

use serde_json::Value;

/// What a scene expects: an example from the document, or exactly this.
pub struct Expected {
    value: Value,
    is_example: bool,
}

impl From<&str> for Expected {
    fn from(pasted: &str) -> Self {
        let value = serde_json::from_str(&without_comments(pasted))
            .unwrap_or_else(|why| panic!("the pattern is not JSON ({why}): {pasted}"));
        Self {
            value,
            is_example: true,
        }
    }
}

impl From<Value> for Expected {
    fn from(value: Value) -> Self {
        Self {
            value,
            is_example: false,
        }
    }
}

/// Fails with every difference, each with its path.
#[track_caller]
pub fn assert_looks_like(got: &Value, expected: impl Into<Expected>, of: &str) {
    let expected = expected.into();
    let differences = differences(got, &expected);
    assert!(
        differences.is_empty(),
        "{of} does not look as it should:\n  {}\nall of it: {got:#}",
        differences.join("\n  ")
    );
}

fn differences(got: &Value, expected: &Expected) -> Vec<String> {
    let mut found = Vec::new();
    compare(
        "",
        "",
        got,
        &expected.value,
        expected.is_example,
        &mut found,
    );
    found
}

fn compare(
    path: &str,
    key: &str,
    got: &Value,
    expected: &Value,
    example: bool,
    found: &mut Vec<String>,
) {
    match (expected, got) {
        (Value::Object(wanted), Value::Object(given)) => {
            for (key, wanted) in wanted {
                let path = format!("{path}.{key}");
                match given.get(key) {
                    Some(given) => compare(&path, key, given, wanted, example, found),
                    None => found.push(format!("{path}: missing, expected {wanted}")),
                }
            }
        }
        (Value::Array(wanted), Value::Array(given)) => {
            let open = wanted.last().is_some_and(|last| last == "…");
            let wanted = if open {
                &wanted[..wanted.len() - 1]
            } else {
                &wanted[..]
            };
            if given.len() < wanted.len() || (!open && given.len() > wanted.len()) {
                found.push(format!(
                    "{path}: expected {} elements, got {}",
                    wanted.len(),
                    given.len()
                ));
            }
            for (at, (wanted, given)) in wanted.iter().zip(given).enumerate() {
                compare(&format!("{path}[{at}]"), key, given, wanted, example, found);
            }
        }
        _ if expected == got => {}
        _ if example && same_kind(key, expected, got) => {}
        _ => found.push(format!(
            "{}: expected {expected}, got {got}",
            if path.is_empty() { "." } else { path }
        )),
    }
}

fn same_kind(key: &str, expected: &Value, got: &Value) -> bool {
    match (expected, got) {
        (Value::String(expected), Value::String(got)) => {
            Kind::of(expected).is_some_and(|kind| Kind::of(got) == Some(kind))
        }
        (Value::Number(expected), Value::Number(got)) => {
            let names_an_id = key == "id" || key.ends_with("_id") || key.ends_with("Id");
            names_an_id && expected.is_u64() && got.as_u64().is_some_and(|id| id > 0)
        }
        _ => false,
    }
}

/// The kinds of strings of which one is as good as another.
#[derive(PartialEq)]
enum Kind {
    Hex,
    Uuid,
    Time,
    Token,
    /// A stored file's address: the number is arbitrary, the stem and the extension are not.
    Upload(String, String),
}

impl Kind {
    fn of(text: &str) -> Option<Kind> {
        if text.len() == 24 && text.bytes().all(is_hex) {
            return Some(Kind::Hex);
        }
        if has_form(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx") {
            return Some(Kind::Uuid);
        }
        if has_form(text, "0000-00-00T00:00:00.000Z") {
            return Some(Kind::Time);
        }
        // The documents cut their tokens short: `eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9...`
        if text.starts_with("eyJ") && text.split('.').count() >= 3 {
            return Some(Kind::Token);
        }
        let (stem, rest) = text.strip_prefix("/uploads/")?.rsplit_once('-')?;
        let (number, extension) = rest.split_once('.')?;
        let arbitrary = number.len() >= 10 && number.bytes().all(is_hex);
        arbitrary.then(|| Kind::Upload(stem.to_owned(), extension.to_owned()))
    }
}

/// Whether the text has this form, where `0` stands for a digit and `x` for a hex digit.
pub fn has_form(text: &str, form: &str) -> bool {
    text.len() == form.len()
        && text
            .bytes()
            .zip(form.bytes())
            .all(|(byte, form)| match form {
                b'0' => byte.is_ascii_digit(),
                b'x' => is_hex(byte),
                other => byte == other,
            })
}

fn is_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

/// The direct document explains fields in `// comments` inside its JSON; pasted with them, they are dropped here.
fn without_comments(pasted: &str) -> String {
    let (mut kept, mut in_string, mut in_comment, mut before) = (String::new(), false, false, '\0');
    let mut letters = pasted.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '"' && before != '\\' && !in_comment {
            in_string = !in_string;
        }
        in_comment |= !in_string && letter == '/' && letters.peek() == Some(&'/');
        in_comment &= letter != '\n';
        if !in_comment {
            kept.push(letter);
        }
        before = letter;
    }
    kept
}

#[test]
fn one_id_time_or_token_is_as_good_as_another_and_nothing_else_is() {
    let expected = Expected::from(
        r#"{ "_id": "64f8a1b2c3d4e5f6a7b8c9d1", "userId": 456, // whoever it was
             "at": "2024-01-01T00:00:00.000Z", "token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9...",
             "url": "/uploads/document-1234567890.pdf", "size": 3, "list": [1, "…"] }"#,
    );
    let good = serde_json::json!({
        "_id": "0123456789abcdef01234567", "userId": 9, "at": "2031-12-31T23:59:59.999Z", "token": "eyJh.eyJz.c2ln",
        "url": "/uploads/document-0123456789abcdef01234567.pdf", "size": 3, "list": [1, 2], "more": true,
    });
    assert_eq!(differences(&good, &expected), Vec::<String>::new());
    let worse = [
        ("_id", serde_json::json!("0123")),
        ("userId", serde_json::json!(0)),
        ("at", serde_json::json!("2031-12-31T23:59:59Z")),
        ("token", serde_json::json!("secret")),
        (
            "url",
            serde_json::json!("/uploads/other-0123456789abcdef01234567.pdf"),
        ),
        ("size", serde_json::json!(4)),
        ("list", serde_json::json!([])),
    ];
    for (key, value) in worse {
        let mut bad = good.clone();
        bad[key] = value;
        assert_eq!(
            differences(&bad, &expected).len(),
            1,
            "a wrong {key} is one difference"
        );
    }
}
