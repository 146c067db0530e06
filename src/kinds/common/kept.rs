//! Which Secrets keep a password of which ClickHouse user: read from their keys, as a tenant's Secret
//! has them.

use std::collections::BTreeMap;

use super::credential::{DATABASE, PASSWORD, USERNAME};
use super::kube::{self, Held};
use crate::kinds::World;
use crate::model::Value;
use crate::model::settings::Settings;
use crate::model::snapshot::{Api, Read};

/// A Secret that keeps a user's password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The database that it names; empty for none.
    pub database: String,
    /// Its other keys.
    pub others: Vec<String>,
}

/// Reads the Secrets of the default namespace, where there is one.
pub fn read(settings: &Settings) -> Option<Read> {
    settings.kubernetes.as_ref()?;
    Some(Read::Objects { api: Api::secrets(), namespace: settings.namespace().to_owned() })
}

/// Returns the Secrets of the default namespace that keep a password, by user.
pub fn by_user(world: &World) -> BTreeMap<String, Vec<Kept>> {
    let mut kept: BTreeMap<String, Vec<Kept>> = BTreeMap::new();
    if world.settings.kubernetes.is_none() {
        return kept;
    }
    let namespace = world.settings.namespace();
    for object in world.snapshot.objects(&Api::secrets(), namespace) {
        let told = |key: &str| match kube::held(object, key) {
            Some(Held::Text(text)) => Some(text),
            Some(Held::Binary) | None => None,
        };
        let (Some(user), Some(password)) = (told(USERNAME), told(PASSWORD)) else { continue };
        if password.expose().is_empty() {
            continue;
        }
        let database = told(DATABASE).map(|text| text.expose().to_owned()).unwrap_or_default();
        kept.entry(user.expose().to_owned()).or_default().push(Kept {
            namespace: namespace.to_owned(),
            name: kube::name_of(object).to_owned(),
            database,
            others: keys(object, &[USERNAME, PASSWORD, DATABASE]),
        });
    }
    kept
}

/// Returns the keys of a Secret but for some, in order.
pub fn keys(object: &Value, but: &[&str]) -> Vec<String> {
    let data = kube::at(object, &["data"]).and_then(Value::as_map);
    data.into_iter()
        .flatten()
        .map(|(key, _)| key.clone())
        .filter(|key| !but.contains(&key.as_str()))
        .collect()
}
