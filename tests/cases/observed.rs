//! What the servers of a case hold, as data: `observed.json`, in the format of [`charter::case::observed`],
//! with the worlds of `worlds/` to be named in `like`.
//!
//! How a case is asked stands there, too: `targets` are addresses, `rotate` the users whose passwords are
//! to be rotated, `finish` those whose old passwords are to be retired, `"sql": false` leaves the statements
//! out of a plan that would be too long to read, and `width` is that of the text.

use std::collections::BTreeSet;
use std::path::Path;

use charter::case::observed;
use charter::model::registry::Registry;
use charter::model::resource::Desired;
use charter::model::{Addr, Rotation, Settings, Snapshot};
use serde_json::{Value as Json, json};

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
pub fn read(folder: &Path, settings: &Settings, desired: &Desired) -> (Snapshot, Registry) {
    let mut own = file(&folder.join("observed.json"));
    assert!(own["like"].is_string(), "{}: `like` names a world", folder.display());
    for asked in ["targets", "rotate", "finish", "sql", "width"] {
        own.as_object_mut().unwrap().remove(asked);
    }
    let world = |name: &str| Ok(file(&super::root().join(format!("worlds/{name}.json"))));
    observed::read(&own, &world, settings, desired)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
}

fn file(path: &Path) -> Json {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn worlds_are_used_and_passwords_are_known() {
    assert_eq!(file(&super::root().join("worlds/empty.json")), observed::empty());
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
