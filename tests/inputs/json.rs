//! Bodies and payloads that are nearly right: what a row of the table says, with something missing, odd or too much.

use super::odd;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

/// Any JSON, as text; some of it is odd, and some of it one of these.
pub fn any_json(ids: &[String]) -> BoxedStrategy<String> {
    let quoted = |text: String| Value::from(text).to_string();
    let ids: Vec<_> = ids.iter().cloned().map(quoted).collect();
    let odd = odd::JSON.iter().map(|text| (*text).to_owned());
    let odd: Vec<_> = odd.chain(odd::large()).collect();
    let leaf = prop_oneof![
        4 => select(odd),
        3 => select(ids),
        1 => any::<i64>().prop_map(|number| number.to_string()),
        1 => any::<f64>().prop_map(|number| Value::from(number).to_string()),
        1 => any::<String>().prop_map(quoted),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let pair = (key(Vec::new()), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(pair, 0..4).prop_map(|pairs| object(&pairs)),
        ]
    })
    .boxed()
}

/// The name of a field: one of these, one that some document knows, or one that none does.
fn key(known: Vec<String>) -> BoxedStrategy<String> {
    let others = [
        "id",
        "_id",
        "conversationId",
        "roomId",
        "conversation",
        "content",
        "message",
        "text",
        "senderId",
        "toUserId",
        "receiverId",
        "clientMessageId",
        "attachments",
        "contentType",
        "isTyping",
        "data",
        "email",
        "password",
        "",
        "__proto__",
        "_placeholder",
        "num",
        "\0",
    ];
    let others: Vec<_> = others.iter().map(|name| (*name).to_owned()).collect();
    if known.is_empty() {
        return select(others).boxed();
    }
    prop_oneof![4 => select(known), 1 => select(others)].boxed()
}

fn object(pairs: &[(String, String)]) -> String {
    let pairs = pairs
        .iter()
        .map(|(name, value)| format!("{}:{value}", Value::from(name.as_str())));
    format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
}

/// What was right, with one or two fields that are not, or without them; seldom something else altogether.
pub fn nearly(right: &Value, ids: &[String]) -> BoxedStrategy<String> {
    let any_json = any_json(ids);
    let Some(fields) = right.as_object() else {
        return any_json;
    };
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| (name.clone(), value.to_string()))
        .collect();
    let names: Vec<_> = fields.iter().map(|(name, _)| name.clone()).collect();
    // Without a value, the field is left out.
    let value = prop_oneof![4 => any_json.clone().prop_map(Some), 1 => Just(None)];
    let changes = prop::collection::vec((key(names), value), 1..3);
    let changed = changes.prop_map(move |changes| {
        let mut changed = fields.clone();
        for (name, value) in changes {
            // Now and then a field stands there twice.
            if name.len() % 5 != 4 || value.is_none() {
                changed.retain(|(known, _)| *known != name);
            }
            changed.extend(value.map(|value| (name, value)));
        }
        object(&changed)
    });
    prop_oneof![8 => changed, 1 => any_json].boxed()
}

/// JSON that something happened to on its way.
pub fn damaged(whole: BoxedStrategy<String>) -> BoxedStrategy<Vec<u8>> {
    (whole, any::<(u16, u8, u8)>())
        .prop_map(|(whole, (at, what, byte))| {
            let mut bytes = whole.into_bytes();
            let at = usize::from(at) % bytes.len().max(1);
            match what % 4 {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, byte),
                2 => bytes.insert(0, byte),
                _ => bytes.extend(b"\0{}"),
            }
            bytes
        })
        .boxed()
}

#[test]
fn what_is_nearly_right_is_json() {
    let right = serde_json::json!({ "roomId": "1", "content": "Hello" });
    let ids = vec!["64f8a1b2c3d4e5f6a7b8c9d1".to_owned()];
    let drawn = super::cases::Cases::of(300).all(&nearly(&right, &ids));
    let sound = drawn
        .iter()
        .filter(|text| serde_json::from_str::<Value>(text).is_ok())
        .count();
    // What is nested too deep, or holds half a character, is JSON but not to everybody.
    assert!(sound * 3 > drawn.len() * 2, "{sound} of {}", drawn.len());
    assert!(drawn.iter().any(|text| text.contains("Hello")));
    assert!(drawn.iter().any(|text| !text.contains("roomId")));
}
