//! Which events are there? An AsyncAPI 3 document, from a dialect's events.
//!
//! It is written from the server's side: the server *receives* what clients say, and *sends* what they hear.

use serde_json::{Map, Value, json};

use super::Described;
use super::schemas::{all, named, sample, written_out};

/// The document of a dialect; its events may name the schemas of its `routes`.
pub fn document(
    one: &Described,
    routes: &Value,
    source: &Value,
    shared: &Value,
    url: &str,
) -> Value {
    let schemas = all(&[source, routes, shared]);
    let (mut messages, mut operations) = (Map::new(), Map::new());
    for (event, given) in source["hears"].as_object().into_iter().flatten() {
        let (heard, answered) = (format!("hears-{event}"), format!("answers-{event}"));
        messages.insert(heard.clone(), message(event, given, &schemas));
        messages.insert(answered.clone(), answer(event, given, &schemas));
        operations.insert(
            heard.clone(),
            json!({
                "action": "receive",
                "channel": { "$ref": "#/channels/namespace" },
                "summary": given["summary"],
                "messages": [{ "$ref": format!("#/channels/namespace/messages/{heard}") }],
                "reply": {
                    "channel": { "$ref": "#/channels/namespace" },
                    "messages": [{ "$ref": format!("#/channels/namespace/messages/{answered}") }],
                },
            }),
        );
    }
    let error = json!({
        "summary": "Something that this socket said was refused",
        "description": "To this socket alone.",
        "payload": { "$ref": "EventError" },
        "example": { "message": "Validation failed", "statusCode": 400, "event": first(source), "errors": ["content: must not be empty"] },
    });
    let mut says = source["says"].as_object().cloned().unwrap_or_default();
    let silent = says.is_empty();
    if !silent {
        says.insert("error".into(), error);
    }
    for (event, given) in &says {
        let said = format!("says-{event}");
        messages.insert(said.clone(), message(event, given, &schemas));
        operations.insert(
            said.clone(),
            json!({
                "action": "send",
                "channel": { "$ref": "#/channels/namespace" },
                "summary": given["summary"],
                "messages": [{ "$ref": format!("#/channels/namespace/messages/{said}") }],
            }),
        );
    }
    let (scheme, host) = url.split_once("://").unwrap_or(("http", url));
    let (host, below) = host
        .split_once('/')
        .map_or((host, String::new()), |(host, path)| {
            (host, format!("/{path}"))
        });
    let channels = match silent {
        true => json!({}),
        false => json!({
            "namespace": {
                "address": one.namespace,
                "title": format!("The namespace {}", one.namespace),
                "messages": messages,
            },
        }),
    };
    let mut document = json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": format!("chat: {}", routes["title"].as_str().unwrap_or(one.name)),
            "version": env!("CARGO_PKG_VERSION"),
            "description": format!(
                "{}\n\n{}",
                source["description"].as_str().unwrap_or_default(),
                shared["connection"].as_str().unwrap_or_default(),
            ),
            "license": { "name": "MIT" },
        },
        "defaultContentType": "application/json",
        "servers": {
            "here": {
                "host": host,
                "pathname": format!("{below}/socket.io"),
                "protocol": if scheme == "https" { "wss" } else { "ws" },
                "description": "Socket.IO, over websocket or long polling.",
                "security": [
                    { "$ref": "#/components/securitySchemes/token" },
                    { "$ref": "#/components/securitySchemes/address" },
                ],
            },
        },
        "channels": channels,
        "operations": operations,
        "components": { "securitySchemes": shared["securitySchemes"] },
    });
    document["components"]["schemas"] = named(&document, &schemas);
    document
}

fn first(source: &Value) -> Option<&String> {
    source["hears"].as_object()?.keys().next_back()
}

/// An event and its payload.
fn message(event: &str, given: &Value, schemas: &Value) -> Value {
    let example = given.get("example").cloned();
    let example = example.unwrap_or_else(|| sample(&given["payload"], schemas));
    let mut message = json!({
        "name": event,
        "title": event,
        "summary": given["summary"],
        "payload": written_out(&given["payload"]),
        "examples": [{ "payload": example }],
    });
    if let Some(description) = given.get("description") {
        message["description"] = description.clone();
    }
    message
}

/// The argument of a callback.
fn answer(event: &str, given: &Value, schemas: &Value) -> Value {
    let mut done = json!({ "properties": { "ok": { "const": true } } });
    for (name, schema) in given["answer"].as_object().into_iter().flatten() {
        done["properties"][name] = schema.clone();
    }
    let refused =
        json!({ "properties": { "ok": { "const": false }, "error": { "$ref": "EventError" } } });
    let answers = json!({ "payload": { "oneOf": [done, refused] }, "summary": "What a callback gets", "example": sample(&done, schemas) });
    message(&format!("{event} (callback)"), &answers, schemas)
}
