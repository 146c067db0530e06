//! JSON, YAML, CSV and digests.

use serde_json::Value as Json;

use super::{Fail, Function, Outcome, deep, string};
use crate::config::eval::Evaluator;
use crate::config::val::{Data, Val, exact};
use crate::model::Digest;
use crate::model::value::number_text;

/// The functions of this file.
pub const TABLE: &[Function] = &[
    deep("jsonencode", 1, Some(1), jsonencode),
    deep("jsondecode", 1, Some(1), |args, _| {
        let json = serde_json::from_str(&string(args, 0)?);
        json.map(|json| from_json(&json)).map_err(|error| Fail::arg(0, format!("no JSON: {error}")).showing())
    }),
    deep("yamldecode", 1, Some(1), yamldecode),
    deep("csvdecode", 1, Some(1), csvdecode),
    deep("sha256", 1, Some(1), |args, _| {
        let digest = Digest::of_bytes(string(args, 0)?.as_bytes());
        Ok(digest.as_str().into())
    }),
];

/// `jsonencode(value)`. As terraform does, `<`, `>` and `&` are escaped.
fn jsonencode(args: &[Val], _: &Evaluator<'_>) -> Outcome {
    let text = to_json(&args[0])?.to_string();
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("\\u003c"),
            '>' => escaped.push_str("\\u003e"),
            '&' => escaped.push_str("\\u0026"),
            '\u{2028}' => escaped.push_str("\\u2028"),
            '\u{2029}' => escaped.push_str("\\u2029"),
            other => escaped.push(other),
        }
    }
    Ok(escaped.into())
}

fn to_json(value: &Val) -> Result<Json, Fail> {
    Ok(match &value.data {
        Data::Poison | Data::Null => Json::Null,
        Data::Bool(value) => Json::Bool(*value),
        Data::Number(number) => serde_json::from_str(&number_text(*number)).unwrap_or_default(),
        Data::Text(text) => Json::String(text.clone()),
        Data::List(items) | Data::Set(items) => {
            Json::Array(items.iter().map(to_json).collect::<Result<_, _>>()?)
        }
        Data::Map(entries) => {
            let pair = |(key, value): (&String, &Val)| Ok((key.clone(), to_json(value)?));
            Json::Object(entries.iter().map(pair).collect::<Result<_, Fail>>()?)
        }
        Data::Block(block) => {
            let message = format!("`{}` is a resource, which has no JSON", block.addr);
            return Err(Fail::arg(0, message));
        }
    })
}

/// Returns the value that JSON writes.
pub fn from_json(json: &Json) -> Val {
    match json {
        Json::Null => Val::null(),
        Json::Bool(value) => Val::from(*value),
        Json::Number(number) => exact(&number.to_string()).map_or_else(Val::null, Val::from),
        Json::String(text) => Val::from(text.as_str()),
        Json::Array(items) => Val::list(items.iter().map(from_json).collect()),
        Json::Object(map) => {
            let entries = map.iter().map(|(key, value)| (key.clone(), from_json(value)));
            Val::map(entries.collect())
        }
    }
}

fn yamldecode(args: &[Val], _: &Evaluator<'_>) -> Outcome {
    let json: Result<Json, _> = serde_saphyr::from_str(&string(args, 0)?);
    json.map(|json| from_json(&json)).map_err(|error| {
        let text = error.to_string();
        let reason = text.lines().next().unwrap_or_default();
        let reason = reason.strip_prefix("error: ").unwrap_or(reason);
        Fail::arg(0, format!("no YAML: {reason}")).showing()
    })
}

/// `csvdecode(text)`: a list of maps by the names of the first line (RFC 4180).
fn csvdecode(args: &[Val], _: &Evaluator<'_>) -> Outcome {
    let text = string(args, 0)?;
    let mut records = csv(&text)?.into_iter();
    let header = records.next().unwrap_or_default();
    if let Some((index, name)) =
        header.iter().enumerate().find(|(index, name)| header[..*index].contains(name))
    {
        let message = format!("column {} has the name {name:?} too", index + 1);
        return Err(Fail::arg(0, message).showing());
    }
    let mut rows = Vec::new();
    for (index, record) in records.enumerate() {
        if record.len() != header.len() {
            let message =
                format!("record {} has {} fields, the first line {}", index + 1, record.len(), header.len());
            return Err(Fail::arg(0, message));
        }
        let fields = record.into_iter().map(Val::from);
        rows.push(Val::map(header.iter().cloned().zip(fields).collect()));
    }
    Ok(Val::list(rows))
}

/// Splits a text into records and fields.
fn csv(text: &str) -> Result<Vec<Vec<String>>, Fail> {
    let mut records = Vec::new();
    let mut record = Vec::new();
    let mut field = String::new();
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if field.is_empty() => quoted = true,
            _ if quoted => field.push(c),
            ',' => record.push(std::mem::take(&mut field)),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' => {
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
            }
            other => field.push(other),
        }
    }
    if quoted {
        return Err(Fail::arg(0, "a quoted field has no end"));
    }
    if !field.is_empty() || !record.is_empty() {
        record.push(field);
        records.push(record);
    }
    // A blank line is no record.
    records.retain(|record: &Vec<String>| record.len() > 1 || record.iter().any(|f| !f.is_empty()));
    Ok(records)
}
