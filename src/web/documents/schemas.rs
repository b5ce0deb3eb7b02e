//! What does a schema in the notation mean? Expands it, makes examples, and collects the schemas that a document names.

use serde_json::{Map, Value, json};

/// The JSON pointer to a document's schemas.
pub const HOME: &str = "#/components/schemas/";

/// Expands a schema, or the name of one, to plain JSON Schema.
pub fn written_out(schema: &Value) -> Value {
    if let Some(name) = schema.as_str() {
        return json!({ "$ref": format!("{HOME}{name}") });
    }
    let mut schema = schema.clone();
    let Some(fields) = schema.as_object_mut() else {
        return schema;
    };
    if let Some(Value::String(name)) = fields.get_mut("$ref") {
        *name = format!("{HOME}{name}");
    }
    for list in ["allOf", "anyOf", "oneOf"] {
        if let Some(Value::Array(schemas)) = fields.get_mut(list) {
            schemas.iter_mut().for_each(|one| *one = written_out(one));
        }
    }
    if let Some(items) = fields.get_mut("items") {
        *items = written_out(items);
    }
    let optional = fields.shift_remove("optional").unwrap_or_default();
    if let Some(Value::Object(properties)) = fields.get_mut("properties") {
        properties
            .values_mut()
            .for_each(|one| *one = written_out(one));
        let is_optional = |name: &String| {
            let mut optional = optional.as_array().into_iter().flatten();
            optional.any(|known| known == name.as_str())
        };
        let required: Vec<_> = properties
            .keys()
            .filter(|name| !is_optional(name))
            .cloned()
            .collect();
        fields.entry("type").or_insert(json!("object"));
        if !required.is_empty() {
            fields.entry("required").or_insert(json!(required));
        }
    }
    schema
}

/// An example for this schema; `known` are the schemas by name, in the notation.
pub fn sample(schema: &Value, known: &Value) -> Value {
    let name = schema.as_str().or_else(|| schema["$ref"].as_str());
    if let Some(name) = name {
        return sample(&known[name], known);
    }
    let given = [
        &schema["examples"][0],
        &schema["const"],
        &schema["enum"][0],
        &schema["default"],
    ];
    if let Some(given) = given.into_iter().find(|given| !given.is_null()) {
        return given.clone();
    }
    if let Some(properties) = schema["properties"].as_object() {
        let fields = properties
            .iter()
            .map(|(name, one)| (name.clone(), sample(one, known)));
        return fields.collect::<Map<_, _>>().into();
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let parts = parts.iter().map(|part| sample(part, known));
        let fields = parts.filter_map(|part| part.as_object().cloned()).flatten();
        return fields.collect::<Map<_, _>>().into();
    }
    if schema.get("items").is_some() {
        return json!([sample(&schema["items"], known)]);
    }
    let sort = schema["type"]
        .as_str()
        .or_else(|| schema["type"][0].as_str());
    match (sort, schema["type"].as_array()) {
        (_, Some(sorts)) if sorts.contains(&json!("null")) => Value::Null,
        (Some("integer" | "number"), _) => schema.get("minimum").cloned().unwrap_or(json!(1)),
        (Some("boolean"), _) => json!(true),
        (Some("string"), _) => json!("…"),
        _ => Value::Null,
    }
}

/// The schemas of all sources by name; of one name the first source counts.
pub fn all(sources: &[&Value]) -> Value {
    let schemas = sources
        .iter()
        .filter_map(|source| source["schemas"].as_object());
    let mut all = Map::new();
    for (name, schema) in schemas.flatten() {
        all.entry(name).or_insert_with(|| schema.clone());
    }
    all.into()
}

/// The schemas that the document names, directly or by another schema, expanded.
pub fn named(document: &Value, known: &Value) -> Value {
    let mut found = Map::new();
    let mut open = vec![document.clone()];
    while let Some(part) = open.pop() {
        match part {
            Value::Array(items) => open.extend(items),
            Value::Object(fields) => {
                let name = fields.get("$ref").and_then(Value::as_str);
                let name = name.and_then(|name| name.strip_prefix(HOME));
                if let Some(name) = name.filter(|name| !found.contains_key(*name)) {
                    let schema = written_out(&known[name]);
                    found.insert(name.to_owned(), schema.clone());
                    open.push(schema);
                }
                open.extend(fields.into_iter().map(|(_, value)| value));
            }
            _ => {}
        }
    }
    // In the order of the files.
    let order = known.as_object().into_iter().flat_map(Map::keys);
    let sorted = order.filter_map(|name| found.remove_entry(name));
    sorted.collect::<Map<_, _>>().into()
}
