//! What servers hold, as a JSON document: an object with these members, all of them optional.
//!
//! - `like` names another document that this one differs from; the server of [`empty`] where absent;
//! - `version`, `server`, `user`, `now` (the server's clock, in seconds since 1970), `cluster` (the UID);
//! - `ops`: whether charter's own tables are there, or the UUID of their database; `columns` has the
//!   columns of tables, by name;
//! - `rows` has the rows of reads by name, `more_rows` adds some. A grant may be written as its line of
//!   `SHOW GRANTS`. `registry` has the rows of `ops.charter_resources`; scope, environment and status
//!   are filled in, and `spec` may be an object;
//! - `objects` has lists of Kubernetes objects by kind and namespace (`"Secret operations"`,
//!   `"SupersetTenant.superset.charter.dev/v1alpha1 operations"`); `"no such kind"` stands for a CRD that
//!   is missing. `stringData` becomes the `data` of a Secret; [`super::record`] says what may stand there;
//! - `copies` are tenants that are there as `acme` is: its rows and objects under their names;
//! - `without` takes away the rows and objects that have one of these texts as name, address, line or
//!   identity;
//! - `refused` names users (by address) whose Secret does not log in; `logins` says of each what a login
//!   proved; `withheld` names kinds of objects that were not listed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json, json};

use super::record;
use crate::model::registry::Registry;
use crate::model::resource::Desired;
use crate::model::snapshot::{Api, Listing, LoginVerdict, Row};
use crate::model::{Addr, Secret, Settings, Snapshot, Value, ledger};

/// The members of a document.
const MEMBERS: [&str; 17] = [
    "columns",
    "copies",
    "cluster",
    "like",
    "logins",
    "more_rows",
    "now",
    "objects",
    "ops",
    "refused",
    "registry",
    "rows",
    "server",
    "user",
    "version",
    "withheld",
    "without",
];
/// How many documents may be based on one another.
const DEEPEST: usize = 8;
/// The `system.privileges` of a server, for documents that have none.
const PRIVILEGES: &str = include_str!("../../tests/data/privileges-26.9.json");

/// Returns the document of a server that holds nothing but its own user.
pub fn empty() -> Json {
    json!({
        "version": "26.9.2.1",
        "ops": false,
        "rows": {
            "registry": [],
            "databases": [{ "name": "default", "engine": "Atomic", "comment": "", "uuid": "d-default" }],
            "roles": [],
            "users": [{
                "default_database": "", "default_roles_all": 1, "default_roles_except": [],
                "default_roles_list": [], "grantees_any": 1, "grantees_list": [], "host_ip": ["::/0"],
                "host_names": [], "host_names_like": [], "host_names_regexp": [], "id": "u-default",
                "name": "default", "storage": "users_xml",
            }],
            "grants": ["GRANT ALL ON *.* TO default WITH GRANT OPTION"],
        },
        "objects": { "Secret operations": [] },
    })
}

/// Where documents come from, by the names in `like`.
pub type Load<'l> = &'l dyn Fn(&str) -> Result<Json, String>;

/// Returns what a document says that the servers hold.
///
/// # Errors
/// What is wrong with the document, and where in it.
pub fn read(
    document: &Json,
    load: Load<'_>,
    settings: &Settings,
    desired: &Desired,
) -> Result<(Snapshot, Registry), String> {
    let world = whole(document, load, DEEPEST)?;
    let mut snapshot = Snapshot::default();
    server(&world, &mut snapshot)?;
    for (name, rows) in members(&world, "rows")? {
        let rows: Result<Vec<Row>, String> = items(rows, &format!("rows.{name}"))?.iter().map(row).collect();
        snapshot.rows.insert(interned(name), rows.map_err(|error| format!("rows.{name}: {error}"))?);
    }
    if !snapshot.rows.contains_key("privileges") {
        snapshot.rows.insert("privileges", privileges()?);
    }
    for (key, objects) in members(&world, "objects")? {
        let listing = listing(objects, desired).map_err(|error| format!("objects.{key:?}: {error}"))?;
        snapshot.objects.insert(list_key(key)?, listing);
    }
    let registry = snapshot.rows.remove("registry").unwrap_or_default();
    let registry: Vec<Row> = registry.into_iter().map(|row| recorded(row, settings)).collect();
    let registry = Registry::from_rows(&registry, &settings.scope);
    Ok((snapshot, registry))
}

/// Reads what the servers are.
fn server(world: &Json, snapshot: &mut Snapshot) -> Result<(), String> {
    let text = |name: &str, otherwise: &str| world[name].as_str().unwrap_or(otherwise).to_owned();
    let caps = &mut snapshot.caps;
    caps.version = text("version", "26.9.2.1");
    caps.server_uuid = text("server", "11111111-1111-1111-1111-111111111111");
    caps.user = text("user", "default");
    caps.now = world["now"].as_u64().unwrap_or_default();
    if world["ops"] == true || world["ops"].is_string() {
        caps.ops_uuid = text("ops", "22222222-2222-2222-2222-222222222222");
        caps.columns = ops_columns();
    }
    for (table, columns) in members(world, "columns")? {
        caps.columns
            .insert(table.clone(), texts(columns, &format!("columns.{table}"))?.into_iter().collect());
    }
    snapshot.cluster_uid = world["cluster"].as_str().map(str::to_owned);
    for text in texts(&world["refused"], "refused")? {
        snapshot.logins.insert(addr(&text)?, LoginVerdict::Fails);
    }
    for (address, verdict) in members(world, "logins")? {
        let verdict = match verdict.as_str() {
            Some("works") => LoginVerdict::Works,
            Some("fails") => LoginVerdict::Fails,
            Some(why) => LoginVerdict::Unproved(why.to_owned()),
            None => return Err(format!("logins.{address}: it is `works`, `fails` or why it cannot be told")),
        };
        snapshot.logins.insert(addr(address)?, verdict);
    }
    let withheld = texts(&world["withheld"], "withheld")?;
    snapshot.withheld = withheld.iter().map(|kind| api(kind)).collect::<Result<_, _>>()?;
    Ok(())
}

fn addr(text: &str) -> Result<Addr, String> {
    Addr::parse(text).map_err(|error| format!("{text:?}: {error}"))
}

/// Returns a document with what it is based on.
fn whole(own: &Json, load: Load<'_>, deepest: usize) -> Result<Json, String> {
    let Some(object) = own.as_object() else { return Err("it is not an object".to_owned()) };
    let known = |name: &&String| !MEMBERS.contains(&name.as_str());
    if let Some(unknown) = object.keys().find(known) {
        let near = crate::diag::nearest(unknown, MEMBERS);
        return Err(match near {
            Some(near) => format!("unknown member {unknown:?}; did you mean {near:?}?"),
            None => format!("unknown member {unknown:?}; it may have {}", MEMBERS.join(", ")),
        });
    }
    let mut world = match own["like"].as_str() {
        None | Some("empty") => empty(),
        Some(name) if deepest == 0 => {
            return Err(format!("{name}: too many documents are based on one another"));
        }
        Some(name) => whole(&load(name)?, load, deepest - 1).map_err(|error| format!("{name}: {error}"))?,
    };
    for (key, value) in object {
        match key.as_str() {
            "like" | "without" | "copies" | "more_rows" => {}
            "rows" | "objects" | "columns" => {
                for (name, value) in members(own, key)? {
                    world[key][name] = value.clone();
                }
            }
            _ => world[key] = value.clone(),
        }
    }
    for name in texts(&own["copies"], "copies")? {
        copy(&mut world, &name)?;
    }
    for text in items(&own["without"], "without")? {
        remove(&mut world, text)?;
    }
    for (name, rows) in members(own, "more_rows")? {
        let rows = items(rows, &format!("more_rows.{name}"))?.to_vec();
        match &mut world["rows"][name] {
            Json::Array(there) => there.extend(rows),
            there => *there = Json::Array(rows),
        }
    }
    Ok(world)
}

/// Adds what the tenant `acme` has under another name.
fn copy(world: &mut Json, name: &str) -> Result<(), String> {
    each_list(world, |items| {
        let texts: Vec<String> =
            items.iter().map(Json::to_string).filter(|text| text.contains("acme")).collect();
        for text in texts {
            let copied = serde_json::from_str(&text.replace("acme", name));
            items.push(copied.map_err(|error| format!("copies: {name:?}: {error}"))?);
        }
        Ok(())
    })
}

/// Takes away what has a name, an address, an identity or a line.
fn remove(world: &mut Json, text: &Json) -> Result<(), String> {
    let mut found = false;
    each_list(world, |items| {
        let before = items.len();
        items.retain(|item| !is(item, text));
        found |= items.len() < before;
        Ok(())
    })?;
    if found { Ok(()) } else { Err(format!("without: nothing is {text}")) }
}

fn each_list(
    world: &mut Json,
    mut each: impl FnMut(&mut Vec<Json>) -> Result<(), String>,
) -> Result<(), String> {
    for part in ["rows", "objects"] {
        let lists = world[part].as_object_mut().into_iter().flatten().map(|(_, list)| list);
        lists.filter_map(Json::as_array_mut).try_for_each(&mut each)?;
    }
    Ok(())
}

fn is(item: &Json, text: &Json) -> bool {
    item == text
        || ["name", "address", "identity"].iter().any(|key| &item[key] == text)
        || &item["metadata"]["name"] == text
}

fn members<'j>(json: &'j Json, name: &str) -> Result<impl Iterator<Item = (&'j String, &'j Json)>, String> {
    match &json[name] {
        Json::Object(members) => Ok(Some(members).into_iter().flatten()),
        Json::Null => Ok(None.into_iter().flatten()),
        _ => Err(format!("{name}: an object is needed")),
    }
}

fn items<'j>(json: &'j Json, place: &str) -> Result<&'j [Json], String> {
    match json {
        Json::Array(items) => Ok(items),
        Json::Null => Ok(&[]),
        _ => Err(format!("{place}: a list is needed")),
    }
}

fn texts(json: &Json, place: &str) -> Result<Vec<String>, String> {
    let texts = items(json, place)?.iter().map(|item| item.as_str().map(str::to_owned));
    texts.collect::<Option<_>>().ok_or_else(|| format!("{place}: a list of texts is needed"))
}

fn row(json: &Json) -> Result<Row, String> {
    match json {
        Json::String(grant) => Ok(Map::from_iter([("GRANTS FOR ALL".to_owned(), grant.as_str().into())])),
        Json::Object(row) => Ok(row.clone()),
        other => Err(format!("{other} is no row: an object of its columns")),
    }
}

fn recorded(mut row: Row, settings: &Settings) -> Row {
    for (column, default) in
        [("scope", &*settings.scope), ("environment", &settings.environment), ("status", "applied")]
    {
        row.entry(column).or_insert_with(|| default.into());
    }
    if let Some(spec) = row.get_mut("spec").filter(|spec| !spec.is_string()) {
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

fn privileges() -> Result<Vec<Row>, String> {
    let rows: Json = serde_json::from_str(PRIVILEGES).map_err(|error| error.to_string())?;
    items(&rows, "privileges")?.iter().map(row).collect()
}

/// Returns the name of a read as the snapshot wants it: for as long as the program runs. There are as
/// many as documents name.
fn interned(name: &str) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return known;
    }
    let kept: &'static str = name.to_owned().leak();
    names.insert(kept);
    kept
}

/// Returns a list's key as documents write it.
pub fn written_key(api: &Api, namespace: &str) -> String {
    format!("{} {namespace}", written_api(api))
}

/// Returns a kind of object as documents write it.
pub fn written_api(api: &Api) -> String {
    if *api == Api::secrets() {
        api.kind.clone()
    } else {
        format!("{}.{}/{}", api.kind, api.group, api.version)
    }
}

fn list_key(key: &str) -> Result<(Api, String), String> {
    let (kind, namespace) =
        key.split_once(' ').ok_or_else(|| format!("objects.{key:?}: write it as \"Kind namespace\""))?;
    Ok((api(kind)?, namespace.to_owned()))
}

fn api(written: &str) -> Result<Api, String> {
    if written == "Secret" {
        return Ok(Api::secrets());
    }
    let parts = written.split_once('.').and_then(|(kind, rest)| Some((kind, rest.split_once('/')?)));
    let (kind, (group, version)) =
        parts.ok_or_else(|| format!("{written:?}: write a kind as Secret, or as Kind.group/version"))?;
    Ok(Api {
        group: group.to_owned(),
        version: version.to_owned(),
        kind: kind.to_owned(),
        plural: format!("{}s", kind.to_lowercase()),
    })
}

fn listing(objects: &Json, desired: &Desired) -> Result<Listing, String> {
    match objects {
        Json::Array(objects) => {
            let objects = objects.iter().map(|json| object(json, desired));
            objects.collect::<Result<_, _>>().map(Listing::Objects)
        }
        Json::String(text) if text == "no such kind" => Ok(Listing::NoSuchKind),
        _ => Err("a list of objects is needed, or \"no such kind\"".to_owned()),
    }
}

/// Returns an object as the backend does: the values of a Secret's `data` are secrets, in base64.
fn object(json: &Json, desired: &Desired) -> Result<Value, String> {
    let mut json = json.clone();
    let texts = json.as_object_mut().ok_or("an object is needed")?.remove("stringData");
    let mut value = Value::from_json(&json);
    if let (Some(texts), Value::Map(object)) = (texts, &mut value) {
        let data = texts.as_object().ok_or("stringData: an object is needed")?.iter().map(|(key, held)| {
            let bytes =
                record::held(held, desired).ok_or_else(|| format!("stringData.{key}: a text is needed"))?;
            Ok((key.clone(), Value::Secret(Secret::new(STANDARD.encode(bytes)))))
        });
        let data: Result<BTreeMap<String, Value>, String> = data.collect();
        object.insert("data".to_owned(), Value::Map(data?));
    }
    Ok(value)
}
