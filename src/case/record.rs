//! Recording what was read from servers, so that it can be planned from again without them.
//!
//! A recording holds no secret. What a Secret keeps is written as
//!
//! - a text, where the configuration declares it in clear or it is a name (a host, a user);
//! - `{"as_declared": "ADDRESS PATH"}`, where it is what the configuration declares there as sensitive;
//! - `(secret 1)`, `(secret 2)` … otherwise, equal ones under one number; `{"binary": true}` for bytes.
//!
//! The fingerprints of the registry are made anew from these, so that a password that is the recorded
//! one still is. Wherever else a secret stands in what was read, its number stands in the recording.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json, json};

use super::observed;
use crate::model::registry::{Entry, Registry, Status};
use crate::model::resource::Desired;
use crate::model::snapshot::{Listing, LoginVerdict, text};
use crate::model::{Addr, Secret, Settings, Snapshot, Value};

/// The shortest secret that is looked for in other texts, in bytes: shorter ones are parts of many words.
const SHORTEST: usize = 6;
/// The keys of Secrets that hold passwords, whatever is declared elsewhere.
const NEVER_CLEAR: [&str; 1] = ["password"];

/// Returns the bytes that a member of `stringData` stands for; none where it is nothing that may stand
/// there.
pub fn held(json: &Json, desired: &Desired) -> Option<Vec<u8>> {
    if let Some(text) = json.as_str() {
        return Some(text.into());
    }
    if json["binary"] == true {
        return Some(vec![0xff]);
    }
    let place = json["as_declared"].as_str()?;
    let declared = leaves(desired).into_iter().find(|leaf| leaf.place == place);
    Some(declared.map_or_else(|| format!("({place} is not declared any more)"), |leaf| leaf.text).into())
}

/// A text that is declared.
struct Leaf {
    place: String,
    text: String,
    sensitive: bool,
}

/// Returns all texts that are declared.
fn leaves(desired: &Desired) -> Vec<Leaf> {
    let mut found = Vec::new();
    for resource in desired.resources.values() {
        let place = resource.addr.to_string();
        found.push(Leaf { place: place.clone(), text: resource.identity.clone(), sensitive: false });
        for (name, value) in &resource.attrs {
            gather(value, &format!("{place} {name}"), &mut found);
        }
    }
    found
}

fn gather(value: &Value, place: &str, found: &mut Vec<Leaf>) {
    let mut leaf = |text: &str, sensitive| {
        found.push(Leaf { place: place.to_owned(), text: text.to_owned(), sensitive });
    };
    match value {
        Value::Secret(secret) => leaf(secret.expose(), true),
        Value::String(text) | Value::Ref { name: text, .. } => leaf(text, false),
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                gather(item, &format!("{place}.{index}"), found);
            }
        }
        Value::Map(entries) => {
            for (key, item) in entries {
                gather(item, &format!("{place}.{key}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Returns the names of objects: of those that are there, and of those that are recorded.
fn names(snapshot: &Snapshot, registry: &Registry) -> BTreeSet<String> {
    let rows = snapshot.rows.values().flatten();
    let mut found: BTreeSet<String> = rows.map(|row| text(row, "name").to_owned()).collect();
    for entry in registry.entries() {
        found.insert(entry.identity.clone());
        texts(&entry.spec, &mut found);
    }
    found
}

/// Adds all texts of a record, which has none that is sensitive.
fn texts(json: &Json, found: &mut BTreeSet<String>) {
    match json {
        Json::String(text) => _ = found.insert(text.clone()),
        Json::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Json::Object(members) => members.values().for_each(|item| texts(item, found)),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// Returns the recording of what was read.
pub fn record(snapshot: &Snapshot, registry: &Registry, desired: &Desired, settings: &Settings) -> Json {
    let caps = &snapshot.caps;
    let mut secrets = Secrets::new(desired, snapshot, registry, settings);
    let objects: Map<String, Json> = snapshot
        .objects
        .iter()
        .map(|((api, namespace), listing)| (observed::written_key(api, namespace), secrets.listing(listing)))
        .collect();
    let mut rows: Map<String, Json> =
        snapshot.rows.iter().map(|(name, rows)| ((*name).to_owned(), json!(rows))).collect();
    let entries = registry.entries().map(|entry| secrets.entry(entry));
    rows.insert("registry".to_owned(), entries.collect());
    let logins = snapshot.logins.iter().map(|(addr, verdict)| {
        let verdict = match verdict {
            LoginVerdict::Works => "works",
            LoginVerdict::Fails => "fails",
            LoginVerdict::Unproved(why) => why,
        };
        (addr.to_string(), json!(verdict))
    });
    let ops = if caps.ops_uuid.is_empty() { json!(false) } else { json!(caps.ops_uuid) };
    let mut document = json!({
        "version": caps.version,
        "server": caps.server_uuid,
        "user": caps.user,
        "now": caps.now,
        "ops": ops,
        "cluster": snapshot.cluster_uid,
        "columns": caps.columns,
        "rows": rows,
        "objects": objects,
        "logins": logins.collect::<Map<String, Json>>(),
        "withheld": snapshot.withheld.iter().map(observed::written_api).collect::<Vec<_>>(),
    });
    secrets.scrub(&mut document);
    document
}

/// The secrets that were met, each with what is written for it.
struct Secrets {
    clear: BTreeSet<String>,
    declared: BTreeMap<String, String>,
    numbered: BTreeMap<String, String>,
}

impl Secrets {
    fn new(desired: &Desired, snapshot: &Snapshot, registry: &Registry, settings: &Settings) -> Self {
        let leaves = leaves(desired);
        let (sensitive, clear): (Vec<Leaf>, Vec<Leaf>) = leaves.into_iter().partition(|leaf| leaf.sensitive);
        let mut declared: BTreeMap<String, String> = BTreeMap::new();
        for leaf in sensitive {
            declared.entry(leaf.text).or_insert(leaf.place);
        }
        let mut clear: BTreeSet<String> = clear.into_iter().map(|leaf| leaf.text).collect();
        clear.extend(names(snapshot, registry));
        // What guards a server or a user is a secret, whatever else has the same text.
        clear.retain(|text| {
            let secret = Secret::new(text.as_str());
            let guards = |entry: &Entry| {
                !entry.salt.is_empty() && secret.salted_sha256(&entry.salt) == entry.fingerprint
            };
            !declared.contains_key(text) && !registry.entries().any(guards)
        });
        let own = settings.clickhouse.password.expose();
        let mut secrets = Self { clear, declared, numbered: BTreeMap::new() };
        if !own.is_empty() {
            secrets.clear.remove(own);
            secrets.number(own);
        }
        secrets
    }

    fn number(&mut self, text: &str) -> String {
        let next = format!("(secret {})", self.numbered.len() + 1);
        self.numbered.entry(text.to_owned()).or_insert(next).clone()
    }

    fn listing(&mut self, listing: &Listing) -> Json {
        match listing {
            Listing::NoSuchKind => json!("no such kind"),
            Listing::Objects(objects) => objects.iter().map(|object| self.object(object)).collect(),
        }
    }

    fn object(&mut self, object: &Value) -> Json {
        let mut json = object.to_json();
        let data =
            object.get("data").and_then(Value::as_map).filter(|data| data.values().any(Value::is_sensitive));
        if let (Some(data), Some(members)) = (data, json.as_object_mut()) {
            let written = data.iter().map(|(key, value)| (key.clone(), self.held(key, value)));
            let written: Map<String, Json> = written.collect();
            members.remove("data");
            members.insert("stringData".to_owned(), Json::Object(written));
        }
        json
    }

    /// Returns what is written for a key of a Secret.
    fn held(&mut self, key: &str, value: &Value) -> Json {
        let encoded = match value {
            Value::Secret(secret) => secret.expose(),
            other => other.as_str().unwrap_or_default(),
        };
        let text = STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let Some(text) = text else { return json!({ "binary": true }) };
        if let Some(place) = self.declared.get(&text) {
            return json!({ "as_declared": place });
        }
        let is_clear = text.is_empty() || self.clear.contains(&text) && !NEVER_CLEAR.contains(&key);
        json!(if is_clear { text } else { self.number(&text) })
    }

    /// Returns a row of the registry, with the fingerprint of what is written for its secret.
    fn entry(&self, entry: &Entry) -> Json {
        let mut row = entry_row(entry);
        if !entry.fingerprint.is_empty() {
            let all = self.numbered.iter().map(|(text, written)| (text.as_str(), written.as_str()));
            let known = all
                .chain(self.declared.keys().map(|text| (text.as_str(), text.as_str())))
                .find(|(text, _)| Secret::new(*text).salted_sha256(&entry.salt) == entry.fingerprint);
            let written = known.map_or("(a secret that was not read)", |(_, written)| written);
            row["fingerprint"] = json!(Secret::new(written).salted_sha256(&entry.salt));
        }
        row
    }

    /// Writes numbers in the place of secrets wherever else they stand, also in base64.
    fn scrub(&self, document: &mut Json) {
        let all = self.numbered.iter().chain(&self.declared).filter(|(text, _)| text.len() >= SHORTEST);
        let mut needles: Vec<(String, String)> = all
            .flat_map(|(text, written)| {
                [(text.clone(), written.clone()), (STANDARD.encode(text), written.clone())]
            })
            .collect();
        // The longer one first: one secret may be a part of another.
        needles.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        if !needles.is_empty() {
            scrub(document, &needles);
        }
    }
}

fn scrub(json: &mut Json, needles: &[(String, String)]) {
    match json {
        Json::String(text) => {
            for (needle, written) in needles {
                if text.contains(needle.as_str()) {
                    *text = text.replace(needle.as_str(), written);
                }
            }
        }
        Json::Array(items) => items.iter_mut().for_each(|item| scrub(item, needles)),
        Json::Object(members) => members.values_mut().for_each(|item| scrub(item, needles)),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

fn entry_row(entry: &Entry) -> Json {
    let status = match entry.status {
        Status::Claimed => "claimed",
        Status::Applied => "applied",
        Status::Removed => "removed",
    };
    let (state, grace) = entry.beside.columns();
    json!({
        "scope": entry.scope,
        "environment": entry.environment,
        "address": Addr::to_string(&entry.addr),
        "kind": entry.kind,
        "identity": entry.identity,
        "status": status,
        "spec": entry.spec,
        "salt": entry.salt,
        "fingerprint": entry.fingerprint,
        "credential_at": entry.credential_at,
        "credential_state": state,
        "credential_grace": grace,
        "at": entry.applied_at,
        "run_id": entry.run,
    })
}

/// Returns a recording as text: members in order, a row or an object a line.
pub fn written(document: &Json) -> String {
    let mut text = String::from("{\n");
    let members: Vec<String> =
        document.as_object().into_iter().flatten().map(|(name, value)| member(name, value, 2)).collect();
    text += &members.join(",\n");
    text + "\n}\n"
}

fn member(name: &str, value: &Json, indent: usize) -> String {
    let margin = " ".repeat(indent);
    let name = json!(name);
    match value {
        Json::Object(members) if !members.is_empty() && indent == 2 => {
            let inner: Vec<String> = members.iter().map(|(name, value)| member(name, value, 4)).collect();
            format!("{margin}{name}: {{\n{}\n{margin}}}", inner.join(",\n"))
        }
        Json::Array(items) if items.iter().any(Json::is_object) => {
            let inner: Vec<String> = items.iter().map(|item| format!("{margin}  {item}")).collect();
            format!("{margin}{name}: [\n{}\n{margin}]", inner.join(",\n"))
        }
        other => format!("{margin}{name}: {other}"),
    }
}
