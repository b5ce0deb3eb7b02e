//! Is it written down? Whatever a scene gets back is held against the documents that the server shows: the status, the
//! shape, and that there is no field that nobody described.

use std::sync::LazyLock;

use super::Value;
use super::http::Answer;

/// The documents of all dialects.
static BOOKS: LazyLock<Vec<Book>> = LazyLock::new(|| {
    let described = chat::server::described();
    let written = described.iter().map(|one| {
        let (openapi, asyncapi) = chat::web::documents::written(one, "http://localhost", 8_000)
            .expect("the documents are JSON");
        Book { openapi, asyncapi }
    });
    written.collect()
});

struct Book {
    openapi: Value,
    asyncapi: Value,
}

/// Fails where a route is described, and not with this answer.
#[track_caller]
pub fn came_back(asked: &str, answer: &Answer) {
    let (method, path) = asked.split_once(' ').expect("a method and a path");
    // What is written down has no slash at its end. With one it is answered too, and a browser is shown the way.
    let path = path.split('?').next().unwrap_or_default();
    let (path, slash) = match path.strip_suffix('/') {
        Some(shorter) => (shorter, true),
        None => (path, false),
    };
    if slash && answer.status == 308 {
        return;
    }
    let method = if method == "HEAD" {
        "GET".into()
    } else {
        method.to_uppercase()
    };
    let mut wrong = Vec::new();
    for book in BOOKS.iter() {
        let Some(operation) = operation(&book.openapi, &method.to_lowercase(), path) else {
            continue;
        };
        match response(&book.openapi, operation, answer, asked.starts_with("HEAD")) {
            Ok(()) => return,
            Err(why) => wrong.push(why),
        }
    }
    assert!(
        wrong.is_empty(),
        "{asked} is not answered as it is written: {}\n{} {}",
        wrong.join("; or "),
        answer.status,
        answer.text()
    );
}

/// Fails where no document of this namespace has such an event.
#[track_caller]
pub fn heard(namespace: &str, event: &str, payload: &Value) {
    message(namespace, "says", event, payload);
}

/// Fails where a callback gets something else than is written.
#[track_caller]
pub fn answered(namespace: &str, event: &str, payload: &Value) {
    // What nobody hears is nobody's to describe.
    if payload["error"]["statusCode"] != 404 {
        message(namespace, "answers", event, payload);
    }
}

#[track_caller]
fn message(namespace: &str, sort: &str, event: &str, payload: &Value) {
    let mut wrong = Vec::new();
    for book in BOOKS.iter().map(|book| &book.asyncapi) {
        let channel = &book["channels"]["namespace"];
        let message = &channel["messages"][format!("{sort}-{event}")];
        if channel["address"] != namespace || message.is_null() {
            continue;
        }
        match conforms(payload, &message["payload"], book) {
            Ok(()) => return,
            Err(why) => wrong.push(why),
        }
    }
    panic!(
        "{sort} {event} in {namespace} is not as it is written: {}\n{payload}",
        wrong.join("; or ")
    );
}

/// The one whose path this is; where several fit, the one with the fewest parameters.
fn operation<'b>(book: &'b Value, method: &str, path: &str) -> Option<&'b Value> {
    let fits = |template: &str| {
        let (known, asked) = (template.split('/'), path.split('/'));
        known.clone().count() == asked.clone().count()
            && known
                .zip(asked)
                .all(|(known, asked)| known == asked || known.starts_with('{'))
    };
    let paths = book["paths"]
        .as_object()?
        .iter()
        .filter(|(template, _)| fits(template));
    let (_, item) = paths.min_by_key(|(template, _)| template.matches('{').count())?;
    item.get(method)
}

fn response(book: &Value, operation: &Value, answer: &Answer, is_head: bool) -> Result<(), String> {
    let described = &operation["responses"][answer.status.to_string()];
    let described = match described["$ref"].as_str() {
        Some(name) => find(book, name),
        None => described,
    };
    if described.is_null() {
        return Err(format!("no {} is described", answer.status));
    }
    let sent = answer.header("content-type").unwrap_or_default();
    let content = &described["content"];
    if content.get("*/*").is_some() || is_head {
        return Ok(());
    }
    if content.is_null() {
        return if answer.body.is_empty() {
            Ok(())
        } else {
            Err("a body that is not described".into())
        };
    }
    let essence = sent.split(';').next().unwrap_or_default();
    let Some(described) = content.get(essence) else {
        return Err(format!("content of type {sent}"));
    };
    if essence == "application/json" {
        return conforms(&answer.json(), &described["schema"], book);
    }
    Ok(())
}

/// As much of JSON Schema as the documents use; another word fails, so that none is taken for checked that is not.
fn conforms(value: &Value, schema: &Value, book: &Value) -> Result<(), String> {
    let own = fields_of(schema, book);
    if let (Some(fields), false) = (value.as_object(), own.is_empty())
        && let Some(name) = fields.keys().find(|name| !own.contains(name))
    {
        return Err(format!("{name} is not described"));
    }
    check(value, schema, book)
}

fn check(value: &Value, schema: &Value, book: &Value) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("{what}, not {value}"));
    for (word, said) in schema.as_object().into_iter().flatten() {
        let fits = match word.as_str() {
            "$ref" => {
                check(value, find(book, said.as_str().unwrap_or_default()), book)?;
                true
            }
            "type" => match said {
                Value::Array(sorts) => sorts.iter().any(|sort| is_a(value, sort)),
                sort => is_a(value, sort),
            },
            "const" => value == said,
            "enum" => said.as_array().is_some_and(|known| known.contains(value)),
            "required" => {
                let mut names = said
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str);
                let missing = names.find(|name| value.is_object() && value.get(name).is_none());
                if let Some(name) = missing {
                    return Err(format!("{name} is missing"));
                }
                true
            }
            "properties" => {
                for (name, one) in said.as_object().into_iter().flatten() {
                    if let Some(value) = value.get(name) {
                        conforms(value, one, book).map_err(|why| format!("{name}: {why}"))?;
                    }
                }
                true
            }
            "additionalProperties" => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    conforms(value, said, book).map_err(|why| format!("{name}: {why}"))?;
                }
                true
            }
            "items" => {
                for value in value.as_array().into_iter().flatten() {
                    conforms(value, said, book)?;
                }
                true
            }
            "allOf" => {
                for one in said.as_array().into_iter().flatten() {
                    check(value, one, book)?;
                }
                true
            }
            "oneOf" => {
                let tries = said.as_array().into_iter().flatten();
                let tries: Vec<_> = tries.map(|one| conforms(value, one, book)).collect();
                let count = tries.iter().filter(|tried| tried.is_ok()).count();
                if count != 1 {
                    return Err(format!("{count} of the alternatives: {tries:?}"));
                }
                true
            }
            "minimum" => value
                .as_i64()
                .is_none_or(|value| value >= said.as_i64().unwrap_or(i64::MAX)),
            "maximum" => value
                .as_i64()
                .is_none_or(|value| value <= said.as_i64().unwrap_or(i64::MIN)),
            "minLength" => {
                length(value).is_none_or(|long| long >= said.as_u64().unwrap_or(u64::MAX))
            }
            "maxLength" => length(value).is_none_or(|long| long <= said.as_u64().unwrap_or(0)),
            "maxItems" => value
                .as_array()
                .is_none_or(|items| items.len() as u64 <= said.as_u64().unwrap_or(0)),
            "pattern" if said == "^[0-9a-f]{24}$" => value
                .as_str()
                .is_none_or(|text| text.len() == 24 && text.bytes().all(|b| b.is_ascii_hexdigit())),
            "format" => value
                .as_str()
                .is_none_or(|text| has_format(text, said.as_str().unwrap_or_default())),
            "description" | "examples" | "default" => true,
            other => panic!("the documents use {other}, which nobody here understands"),
        };
        if !fits {
            return wrong(&format!("{word} {said}"));
        }
    }
    Ok(())
}

/// All fields that a schema describes; none where it does not describe an object.
fn fields_of<'b>(schema: &'b Value, book: &'b Value) -> Vec<&'b String> {
    let own = schema["properties"]
        .as_object()
        .into_iter()
        .flat_map(|own| own.keys());
    let parts = schema["allOf"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|one| fields_of(one, book));
    let named = schema["$ref"]
        .as_str()
        .into_iter()
        .flat_map(|name| fields_of(find(book, name), book));
    own.chain(parts).chain(named).collect()
}

fn find<'b>(book: &'b Value, name: &str) -> &'b Value {
    let found = book.pointer(name.trim_start_matches('#'));
    found.unwrap_or_else(|| panic!("{name} is not in its document"))
}

fn is_a(value: &Value, sort: &Value) -> bool {
    match sort.as_str().unwrap_or_default() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("{other} is no type that the documents use"),
    }
}

fn length(value: &Value) -> Option<u64> {
    value.as_str().map(|text| text.chars().count() as u64)
}

fn has_format(text: &str, format: &str) -> bool {
    let form = match format {
        "uuid" => "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx",
        "date-time" => "0000-00-00T00:00:00.000Z",
        "date" => "0000-00-00",
        "email" => return text.contains('@'),
        other => panic!("{other} is no format that the documents use"),
    };
    super::looks::has_form(text, form)
}
