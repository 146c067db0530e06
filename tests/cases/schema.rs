//! The schemas in `docs/`, and a judge of the part of JSON Schema that it is written in: a keyword
//! that the judge does not know fails, so that nothing of the schema goes unread.

use serde_json::Value as Json;

/// Returns a schema by the name of its file.
pub fn read(name: &str) -> Json {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Returns where a value is not as its schema says; none where it is.
pub fn wrong(root: &Json, schema: &Json, value: &Json, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (keyword, rule) in schema.as_object().unwrap() {
        let holds = match keyword.as_str() {
            "$schema" | "title" | "description" | "$defs" => true,
            "$ref" => {
                let name = rule.as_str().and_then(|name| name.strip_prefix("#/$defs/")).unwrap();
                found.extend(wrong(root, &root["$defs"][name], value, path));
                true
            }
            "type" => match rule {
                Json::Array(types) => types.iter().any(|ty| is(value, ty)),
                ty => is(value, ty),
            },
            "const" => value == rule,
            "enum" => rule.as_array().unwrap().contains(value),
            "anyOf" => rule.as_array().unwrap().iter().any(|rule| wrong(root, rule, value, path).is_empty()),
            "required" => {
                rule.as_array().unwrap().iter().all(|name| value.get(name.as_str().unwrap()).is_some())
            }
            "properties" => {
                for (name, rule) in rule.as_object().unwrap() {
                    let inner =
                        value.get(name).map(|value| wrong(root, rule, value, &format!("{path}.{name}")));
                    found.extend(inner.into_iter().flatten());
                }
                true
            }
            "additionalProperties" => {
                assert!(schema.get("properties").is_none(), "the judge knows one of both at a time");
                let fields = value.as_object().into_iter().flatten();
                found.extend(
                    fields.flat_map(|(name, value)| wrong(root, rule, value, &format!("{path}.{name}"))),
                );
                true
            }
            "items" => {
                let items = value.as_array().into_iter().flatten().enumerate();
                found.extend(items.flat_map(|(at, item)| wrong(root, rule, item, &format!("{path}[{at}]"))));
                true
            }
            other => panic!("the judge does not know {other}"),
        };
        if !holds {
            found.push(format!("{path}: {keyword} {rule} does not hold for {value}"));
        }
    }
    found
}

fn is(value: &Json, ty: &Json) -> bool {
    match ty.as_str().unwrap() {
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "null" => value.is_null(),
        other => panic!("the judge does not know type {other}"),
    }
}

/// Returns what is wrong with the lines of an event stream, by the definition of each one's type.
pub fn wrong_events(text: &str) -> Vec<String> {
    let root = read("events.schema.json");
    let judge = |line: &str| {
        let event: Json = match serde_json::from_str(line) {
            Ok(event) => event,
            Err(error) => return vec![format!("{error}: {line}")],
        };
        let ty = event["type"].as_str().unwrap_or_default();
        let Some(schema) = root["$defs"].get(ty) else { return vec![format!("no such type: {line}")] };
        let mut found = wrong(&root, schema, &event, ty);
        let named = unnamed(&root, schema, &event, ty);
        found.extend(named.iter().map(|at| format!("{at}: not in the schema: {line}")));
        found
    };
    text.lines().flat_map(judge).collect()
}

/// Returns the fields of objects that no schema names.
pub fn unnamed(root: &Json, schema: &Json, value: &Json, path: &str) -> Vec<String> {
    let known = schema["properties"].as_object();
    let fields = value.as_object().into_iter().flatten().filter(|_| known.is_some());
    let mut found = Vec::new();
    for (name, value) in fields {
        match known.and_then(|known| known.get(name)) {
            None => found.push(format!("{path}.{name}")),
            Some(rule) => {
                let rule = rule.get("items").unwrap_or(rule);
                let rule = match rule["$ref"].as_str().and_then(|name| name.strip_prefix("#/$defs/")) {
                    Some(name) => &root["$defs"][name],
                    None => rule,
                };
                let items = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
                found.extend(
                    items.iter().flat_map(|item| unnamed(root, rule, item, &format!("{path}.{name}"))),
                );
            }
        }
    }
    found
}
