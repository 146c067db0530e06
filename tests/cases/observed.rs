//! What the servers of a case hold, as data.
//!
//! `observed.json` names a world of `worlds/` in `like`, and says what is different there:
//!
//! - `version`, and `ops`: whether charter's own tables are there; `columns` replaces the columns of
//!   tables (`ops.…`), by name;
//! - `rows` replaces the rows of reads by name, `more_rows` adds some. A grant may be written as its
//!   line of `SHOW GRANTS`. `registry` has the rows of `ops.charter_resources`; scope, environment
//!   and status are filled in, and `spec` is an object;
//! - `objects` replaces lists of Kubernetes objects by kind and namespace (`"Secret operations"`),
//!   `"no such kind"` stands for a CRD that is missing; `stringData` becomes the `data` of a Secret;
//! - `copies` are tenants that are there as the world's `acme` is: its rows and objects under their
//!   names;
//! - `without` takes away the rows and objects that have one of these texts as name, address, line
//!   or identity.
//!
//! - `now` is the server's clock, in seconds since 1970; `refused` names the users (by address) whose
//!   Secret does not log in.
//!
//! How it is asked stands there, too: `targets` are addresses, `rotate` the users whose passwords are
//! to be rotated, `finish` those whose old passwords are to be retired, `"sql": false` leaves the statements
//! out of a plan that would be too long to read, and `width` is that of the text.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use charter::kinds::common::superset;
use charter::model::ledger;
use charter::model::registry::Registry;
use charter::model::snapshot::{Api, Listing, LoginVerdict, Row};
use charter::model::{Addr, Rotation, Secret, Settings, Snapshot, Value};
use serde_json::{Map, Value as Json, json};

/// The passwords that the worlds' Secrets hold.
pub const PASSWORDS: [&str; 2] = ["correct-horse-battery-staple", "hunter5"];

/// How a case is asked.
pub struct Ask {
    /// The targets.
    pub targets: Vec<Addr>,
    /// Which passwords are to be rotated.
    pub rotation: Rotation,
    /// Whether the statements are shown.
    pub sql: bool,
    /// How wide the text is.
    pub width: usize,
}

/// Reads how a case is asked.
pub fn ask(folder: &Path) -> Ask {
    let own = file(&folder.join("observed.json"));
    let (rotate, finish) = (addrs(&own["rotate"]), addrs(&own["finish"]));
    let rotation = Rotation {
        finish: rotate.is_empty(),
        users: rotate.into_iter().chain(finish).collect(),
        grace: None,
    };
    Ask {
        targets: addrs(&own["targets"]),
        rotation,
        sql: own["sql"] != false,
        width: own["width"].as_u64().map_or(100, |width| width as usize),
    }
}

fn addrs(list: &Json) -> Vec<Addr> {
    let texts = list.as_array().into_iter().flatten();
    texts.map(|text| Addr::parse(text.as_str().unwrap()).unwrap()).collect()
}

/// Reads what the servers of a case hold.
pub fn read(folder: &Path, settings: &Settings) -> (Snapshot, Registry) {
    let own = file(&folder.join("observed.json"));
    let world = own["like"].as_str().unwrap_or_else(|| panic!("{}: `like` names a world", folder.display()));
    let world = merged(file(&super::root().join(format!("worlds/{world}.json"))), &own);
    let mut snapshot = Snapshot { cluster_uid: None, ..Snapshot::default() };
    snapshot.caps.version = world["version"].as_str().unwrap().to_owned();
    snapshot.caps.server_uuid = "11111111-1111-1111-1111-111111111111".into();
    snapshot.caps.user = "default".into();
    snapshot.caps.now = world["now"].as_u64().unwrap_or_default();
    for addr in addrs(&world["refused"]) {
        snapshot.logins.insert(addr, LoginVerdict::Fails);
    }
    if world["ops"] == true {
        snapshot.caps.ops_uuid = "22222222-2222-2222-2222-222222222222".into();
        snapshot.caps.columns = ops_columns();
    }
    for (table, columns) in world["columns"].as_object().into_iter().flatten() {
        let columns = columns.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned());
        snapshot.caps.columns.insert(table.clone(), columns.collect());
    }
    for (name, rows) in world["rows"].as_object().unwrap() {
        let rows = rows.as_array().unwrap().iter().map(row).collect();
        // The names of reads are static; tests end soon enough.
        snapshot.rows.insert(name.clone().leak(), rows);
    }
    snapshot.rows.insert("privileges", privileges());
    for (key, objects) in world["objects"].as_object().unwrap() {
        let (kind, namespace) = key.split_once(' ').unwrap();
        snapshot.objects.insert((api(kind), namespace.to_owned()), listing(objects));
    }
    let registry = snapshot.rows.remove("registry").unwrap_or_default();
    let registry: Vec<Row> = registry.into_iter().map(|row| recorded(row, settings)).collect();
    let registry = Registry::from_rows(&registry, &settings.scope);
    (snapshot, registry)
}

fn file(path: &Path) -> Json {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn merged(mut world: Json, own: &Json) -> Json {
    for (key, value) in own.as_object().unwrap() {
        match key.as_str() {
            "like" | "without" | "copies" | "width" | "more_rows" | "targets" | "sql" | "rotate"
            | "finish" => {}
            "rows" | "objects" | "columns" => {
                for (name, value) in value.as_object().unwrap() {
                    world[key][name] = value.clone();
                }
            }
            "version" | "ops" | "now" | "refused" => world[key] = value.clone(),
            other => panic!("observed.json has no {other}"),
        }
    }
    for name in own["copies"].as_array().into_iter().flatten() {
        copy(&mut world, name.as_str().unwrap());
    }
    for text in own["without"].as_array().into_iter().flatten() {
        let before = world.to_string().len();
        for part in ["rows", "objects"] {
            for (_, list) in world[part].as_object_mut().unwrap() {
                if let Json::Array(items) = list {
                    items.retain(|item| !is(item, text));
                }
            }
        }
        assert_ne!(world.to_string().len(), before, "nothing is {text}");
    }
    for (name, rows) in own["more_rows"].as_object().into_iter().flatten() {
        world["rows"][name].as_array_mut().unwrap().extend(rows.as_array().unwrap().iter().cloned());
    }
    world
}

/// Adds what the tenant `acme` has under another name.
fn copy(world: &mut Json, name: &str) {
    for part in ["rows", "objects"] {
        for (_, list) in world[part].as_object_mut().unwrap() {
            let Json::Array(items) = list else { continue };
            let texts: Vec<String> = items.iter().map(Json::to_string).collect();
            let copies = texts.iter().filter(|text| text.contains("acme"));
            items.extend(
                copies
                    .map(|text| serde_json::from_str(&text.replace("acme", name)).unwrap())
                    .collect::<Vec<Json>>(),
            );
        }
    }
}

/// Returns whether a row or an object is the one of this name, address, identity or line.
fn is(item: &Json, text: &Json) -> bool {
    item == text
        || ["name", "address", "identity"].iter().any(|key| &item[key] == text)
        || &item["metadata"]["name"] == text
}

fn row(json: &Json) -> Row {
    match json {
        Json::String(grant) => Map::from_iter([("GRANTS FOR ALL".to_owned(), grant.as_str().into())]),
        other => other.as_object().unwrap().clone(),
    }
}

fn recorded(mut row: Row, settings: &Settings) -> Row {
    for (column, default) in
        [("scope", &*settings.scope), ("environment", &settings.environment), ("status", "applied")]
    {
        row.entry(column).or_insert_with(|| default.into());
    }
    if let Some(spec) = row.get_mut("spec") {
        *spec = spec.to_string().into();
    }
    row
}

fn ops_columns() -> BTreeMap<String, BTreeSet<String>> {
    let tables = ledger::TABLES.iter().map(|table| {
        let columns = table.columns.iter().map(|column| column.name.to_owned());
        (format!("ops.{}", table.name), columns.collect())
    });
    tables.collect()
}

fn privileges() -> Vec<Row> {
    let rows: Json = serde_json::from_str(include_str!("../data/privileges-26.9.json")).unwrap();
    rows.as_array().unwrap().iter().map(row).collect()
}

fn api(kind: &str) -> Api {
    match kind {
        "Secret" => Api::secrets(),
        "SupersetTenant" => superset::api(superset::DEFAULT_GROUP, superset::DEFAULT_VERSION),
        other => panic!("no kind {other}"),
    }
}

fn listing(objects: &Json) -> Listing {
    match objects {
        Json::Array(objects) => Listing::Objects(objects.iter().map(object).collect()),
        _ => Listing::NoSuchKind,
    }
}

/// Returns an object as the backend does: the values of a Secret's `data` are secrets, in base64.
fn object(json: &Json) -> Value {
    let mut json = json.clone();
    let Some(texts) = json.as_object_mut().unwrap().remove("stringData") else {
        return Value::from_json(&json);
    };
    let Value::Map(mut object) = Value::from_json(&json) else { panic!("an object") };
    let data = texts.as_object().unwrap().iter().map(|(key, text)| {
        let encoded = STANDARD.encode(text.as_str().unwrap());
        (key.clone(), Value::Secret(Secret::new(encoded)))
    });
    object.insert("data".into(), Value::Map(data.collect()));
    Value::Map(object)
}

#[test]
fn worlds_are_used_and_passwords_are_known() {
    let used: BTreeSet<String> = super::cases()
        .values()
        .map(|folder| file(&folder.join("observed.json"))["like"].as_str().unwrap().to_owned())
        .collect();
    for entry in std::fs::read_dir(super::root().join("worlds")).unwrap() {
        let path = entry.unwrap().path();
        assert!(used.contains(path.file_stem().unwrap().to_str().unwrap()), "{} is not used", path.display());
        let text = std::fs::read_to_string(&path).unwrap();
        let held = text.matches("\"password\": ").count();
        let known: usize =
            PASSWORDS.iter().map(|password| text.matches(&json!(password).to_string()).count()).sum();
        assert_eq!(held, known, "{}", path.display());
    }
}
