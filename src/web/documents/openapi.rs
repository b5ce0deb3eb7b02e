//! Which requests are there? An OpenAPI 3.1 document, from a dialect's operations and its route table.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::Described;
use super::schemas::{all, named, sample, written_out};
use crate::web::answer::envelope;
use crate::web::rates::Class;
use crate::web::routes::Route;

/// The document of a dialect.
pub fn document(one: &Described, source: &Value, shared: &Value, url: &str) -> Value {
    let writer = OperationWriter {
        shared,
        schemas: all(&[source, shared]),
    };
    let (mut paths, mut tags) = (Map::new(), Vec::new());
    let operations = source["operations"].as_object();
    for (key, given) in operations.into_iter().flatten() {
        let (method, path) = key.split_once(' ').unwrap_or_default();
        let route = one
            .routes
            .iter()
            .find(|route| route.method == *method && template(route.path) == path);
        let mut operation = match given.as_str() {
            Some(meant) => {
                let mut same = writer.operation(key, &source["operations"][meant], route);
                same["description"] = json!(format!("The same as `{meant}`."));
                same
            }
            None => writer.operation(key, given, route),
        };
        let tag = &operation["tags"][0];
        if !tags.iter().any(|known: &Value| known["name"] == *tag) {
            tags.push(json!({ "name": tag }));
        }
        let item = paths.entry(path).or_insert_with(|| json!({}));
        item[method.to_lowercase()] = operation.take();
    }
    let mut responses = Map::new();
    for (status, description) in shared["refusals"].as_object().into_iter().flatten() {
        responses.insert(
            format!("Refused{status}"),
            writer.refusal(status, description),
        );
    }
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": format!("chat: {}", source["title"].as_str().unwrap_or(one.name)),
            "version": env!("CARGO_PKG_VERSION"),
            "description": format!(
                "{}\n\n{}",
                source["description"].as_str().unwrap_or_default(),
                shared["description"].as_str().unwrap_or_default(),
            ),
            "license": { "name": "MIT", "identifier": "MIT" },
        },
        "servers": [{ "url": url }],
        "tags": tags,
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": shared["securitySchemes"]["token"] },
            "headers": shared["headers"],
            "responses": responses,
        },
    });
    document["components"]["schemas"] = named(&document, &writer.schemas);
    document
}

/// A route's path as OpenAPI writes it: `{path}` in place of `{*path}`, the rest of the path.
pub fn template(path: &str) -> String {
    path.replace("{*", "{")
}

struct OperationWriter<'s> {
    shared: &'s Value,
    /// In the notation.
    schemas: Value,
}

impl OperationWriter<'_> {
    fn operation(&self, key: &str, given: &Value, route: Option<&Route>) -> Value {
        let (_, path) = key.split_once(' ').unwrap_or_default();
        let class = route.map_or(Class::Free, |route| route.class);
        let limit = &self.shared["limits"][format!("{class:?}")];
        let said = [&given["description"], limit].map(|text| text.as_str().unwrap_or_default());
        let mut operation = json!({
            "operationId": slug(key),
            "tags": [given["tag"]],
            "summary": given["summary"],
            "description": said.join("\n\n").trim(),
        });
        match given["token"].as_str() {
            Some("none") => operation["security"] = json!([]),
            Some("optional") => operation["security"] = json!([{}, { "token": [] }]),
            _ => {}
        }
        let parameters = self.parameters(path, given);
        if !parameters.is_empty() {
            operation["parameters"] = parameters.into();
        }
        if given.get("body").is_some() {
            operation["requestBody"] = self.body(&given["body"]);
        }
        operation["responses"] = self.responses(path, given, !limit.is_null());
        operation
    }

    fn parameters(&self, path: &str, given: &Value) -> Vec<Value> {
        let in_path = path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let in_path = in_path.map(|name| {
            let own = given["path"].get(name);
            let schema = written_out(own.unwrap_or(&json!("PathId")));
            json!({ "name": name, "in": "path", "required": true, "schema": schema })
        });
        let query = given["query"].as_object().into_iter().flatten();
        let query = query.map(|(name, schema)| {
            json!({ "name": name, "in": "query", "required": false, "schema": written_out(schema) })
        });
        in_path.chain(query).collect()
    }

    fn body(&self, given: &Value) -> Value {
        let content = match given["content"].as_object() {
            Some(content) => content
                .iter()
                .map(|(media_type, one)| {
                    let mut one = one.clone();
                    one["schema"] = written_out(&one["schema"]);
                    (media_type.clone(), one)
                })
                .collect::<Map<_, _>>()
                .into(),
            None => self.json_content(given),
        };
        let required = given["required"] != false;
        json!({ "required": required, "content": content })
    }

    /// A schema with its example.
    fn json_content(&self, given: &Value) -> Value {
        let schema = given.get("schema").unwrap_or(given);
        let example = given.get("example").cloned();
        let example = example.unwrap_or_else(|| sample(schema, &self.schemas));
        json!({ "application/json": { "schema": written_out(schema), "example": example } })
    }

    /// The responses in the file, and the refusals that follow from the route.
    fn responses(&self, path: &str, given: &Value, limited: bool) -> Value {
        let own = given["responses"].as_object();
        let mut responses: Vec<(String, Value)> = own
            .into_iter()
            .flatten()
            .map(|(status, response)| match response {
                Value::String(_) => (status.clone(), self.refusal(status, response)),
                _ => (status.clone(), self.response(status, response)),
            })
            .collect();
        let token = given["token"].as_str();
        let (body, in_path) = (given.get("body").is_some(), path.contains('{'));
        let follows = [
            ("400", body || in_path || given.get("query").is_some()),
            ("401", token != Some("none")),
            ("403", token != Some("none")),
            ("404", in_path),
            ("408", true),
            ("413", body),
            ("415", body),
            ("429", limited),
            ("500", true),
            ("503", true),
        ];
        for (status, follows) in follows {
            if follows && !responses.iter().any(|(known, _)| known == status) {
                let named = json!({ "$ref": format!("#/components/responses/Refused{status}") });
                responses.push((status.to_owned(), named));
            }
        }
        responses.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut responses: Value = responses.into_iter().collect::<Map<_, _>>().into();
        if limited {
            let headers = ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"];
            let own = responses.as_object_mut().into_iter().flatten();
            for (_, response) in own.filter(|(status, _)| status.starts_with('2')) {
                for name in headers {
                    response["headers"][name] = header(name);
                }
            }
        }
        responses
    }

    fn response(&self, status: &str, given: &Value) -> Value {
        let described = given["description"].as_str();
        let mut response = json!({ "description": described.unwrap_or(usual(status)) });
        for name in given["headers"].as_array().into_iter().flatten() {
            let name = name.as_str().unwrap_or_default();
            response["headers"][name] = header(name);
        }
        if let Some(content) = given.get("content") {
            response["content"] = content.clone();
        } else if given.get("schema").is_some() || given.get("$ref").is_some() {
            response["content"] = self.json_content(given);
        }
        response
    }

    /// A refusal: the one envelope, with this description.
    fn refusal(&self, status: &str, description: &Value) -> Value {
        let status: StatusCode = status.parse().unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let message = match status.as_u16() {
            400 => "Validation failed",
            401 => "A token is required",
            429 => "Too many requests, please try again later",
            500 => "Internal server error",
            _ => status.canonical_reason().unwrap_or_default(),
        };
        let mut example = envelope(status, message);
        match status.as_u16() {
            400 => example["errors"] = json!(["content: must not be empty"]),
            500 => example["requestId"] = json!("6f1c0a9be2d47583"),
            _ => {}
        }
        let mut response = json!({ "description": description });
        let headers: &[&str] = match status.as_u16() {
            401 => &["WWW-Authenticate"],
            416 => &["Content-Range"],
            429 | 503 => &["Retry-After"],
            _ => &[],
        };
        for name in headers {
            response["headers"][name] = header(name);
        }
        response["content"] = json!({ "application/json": { "schema": written_out(&json!("Refusal")), "example": example } });
        // What a browser gets.
        response["content"]["text/html"] = json!({});
        response
    }
}

fn header(name: &str) -> Value {
    json!({ "$ref": format!("#/components/headers/{name}") })
}

fn usual(status: &str) -> &'static str {
    match status {
        "201" => "It was made.",
        _ => "Done.",
    }
}

/// The id of an operation, which links to it use: `get-api-rooms-roomId`.
fn slug(key: &str) -> String {
    let (method, path) = key.split_once(' ').unwrap_or_default();
    let words = path
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    std::iter::once(method.to_lowercase().as_str())
        .chain(words)
        .collect::<Vec<_>>()
        .join("-")
}
