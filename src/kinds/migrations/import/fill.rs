//! Filling the columns of a table that today's runner made, in the way in which it filled them: its
//! rows show how it writes versions, names, tenants, checksums and success.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::verify::{Verifier, written_like};
use super::{Files, Row, State, today};
use crate::kinds::World;
use crate::kinds::common::convention;
use crate::kinds::common::migration::KIND;
use crate::kinds::common::tracking::{Meanings, Shared, shared};
use crate::model::ledger::{MIGRATIONS_GLOBAL, MIGRATIONS_TENANT};
use crate::model::op::LedgerRow;
use crate::model::tracking::{Place, qualified};
use crate::model::{Attrs, Resource, Value};

/// The attribute of a file's live state that has the foreign columns.
pub const COLUMNS: &str = "foreign_columns";

/// Returns the names under which runners record a file.
pub(super) fn names(file: &Resource) -> [String; 5] {
    let name = file.text("file");
    let stem = name.strip_suffix(".sql").unwrap_or(name);
    let description = stem.split_once("__").map_or(stem, |(_, description)| description);
    [
        name.to_owned(),
        stem.to_owned(),
        description.to_owned(),
        description.replace('_', " "),
        file.text("path").to_owned(),
    ]
}

/// Returns how runners write the version of a file.
fn versions(file: &Resource) -> [String; 5] {
    let name = file.text("file");
    let number = super::super::number(&file.attrs, "version");
    let padded = name.split_once("__").map_or("", |(version, _)| version);
    let [name, stem, ..] = names(file);
    [number.to_string(), format!("V{number}"), padded.trim_start_matches('V').to_owned(), name, stem]
}

/// Returns how runners write the tenant of a file.
fn tenants(file: &Resource) -> [String; 2] {
    let slug = file.text("tenant");
    [slug.to_owned(), convention::database(slug)]
}

/// How a table is filled.
struct Style<'a> {
    meanings: Meanings,
    shared: Shared,
    version: usize,
    name: usize,
    tenant: usize,
    /// A checksum that fits, and its algorithm.
    checksum: Option<(&'a str, &'static str)>,
    status: Option<&'a str>,
}

/// Returns the foreign columns of each declared file whose table has such, by identity.
pub(super) fn columns(
    world: &World,
    rows: &[Row],
    files: &Files,
    verifier: &Verifier,
) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for table in [MIGRATIONS_TENANT, MIGRATIONS_GLOBAL] {
        if !Place::of(table, world.caps()).is_shared() {
            continue;
        }
        let name = qualified(table);
        let own: Vec<&Row> =
            rows.iter().filter(|row| row.runner == today::RUNNER && row.table == name).collect();
        let style = Style::of(table, world, &own, files, verifier);
        let mut newest: BTreeMap<&str, &Row> = BTreeMap::new();
        for row in own.iter().filter(|row| row.state == State::Applied) {
            newest.extend(files.of_row(row).into_iter().map(|file| (file.identity.as_str(), *row)));
        }
        let of_table = |file: &&Resource| file.text("tenant").is_empty() == (table == MIGRATIONS_GLOBAL);
        let declared = world.desired.resources.values().filter(|file| file.kind == KIND).filter(of_table);
        for file in declared {
            let values = style.values(file, newest.get(file.identity.as_str()).copied());
            all.insert(file.identity.clone(), Value::Map(values));
        }
    }
    all
}

impl<'a> Style<'a> {
    fn of(table: &str, world: &World, rows: &[&'a Row], files: &Files, verifier: &Verifier) -> Self {
        let mut style = Self {
            meanings: Meanings::of(table, world.caps()),
            shared: shared(table, world.snapshot).unwrap_or_default(),
            version: 0,
            name: 0,
            tenant: 0,
            checksum: None,
            status: None,
        };
        // The newest rows are last: what the runner does now counts.
        for row in rows.iter().filter(|row| row.state == State::Applied) {
            let [file] = files.of_row(row)[..] else { continue };
            let place = |styles: &[String], text: &str| styles.iter().position(|style| style == text);
            style.version = place(&versions(file), &row.written.version).unwrap_or(style.version);
            style.name = place(&names(file), &row.written.name).unwrap_or(style.name);
            style.tenant = place(&tenants(file), &row.written.tenant).unwrap_or(style.tenant);
            style.status = Some(row.written.status.as_str());
            if let super::verify::Verdict::Proved(algorithm) = verifier.verdict(row, file, 1) {
                style.checksum = Some((row.written.checksum.as_str(), algorithm));
            }
        }
        style
    }

    /// Returns the columns of a file: as the runner's own row of it has them, else as it would.
    fn values(&self, file: &Resource, row: Option<&Row>) -> BTreeMap<String, Value> {
        let checksum = self.checksum.and_then(|(sample, algorithm)| written_like(sample, algorithm, file));
        let own = || checksum.clone().unwrap_or_else(|| file.text("checksum").to_owned());
        let written = row.map(|row| &row.written);
        let time = self.meanings.time.as_deref().filter(|name| !self.has_default(name));
        let now = time.filter(|name| row.is_none() && self.ty(name).contains("DateTime"));
        let meanings = &self.meanings;
        let columns = [
            (
                &meanings.version,
                written.map(|row| row.version.clone()).or_else(|| pick(&versions(file), self.version)),
            ),
            (&meanings.name, written.map(|row| row.name.clone()).or_else(|| pick(&names(file), self.name))),
            (
                &meanings.tenant,
                written.map(|row| row.tenant.clone()).or_else(|| pick(&tenants(file), self.tenant)),
            ),
            (&meanings.checksum, Some(written.map_or_else(own, |row| row.checksum.clone()))),
            (&meanings.time, written.map(|row| row.time.clone())),
            (
                &meanings.status,
                written.map(|row| row.status.clone()).or_else(|| self.status.map(str::to_owned)),
            ),
            (&meanings.folder, written.map(|row| row.folder.clone())),
        ];
        let filled = columns.into_iter().filter_map(|(name, text)| Some((name.clone()?, text?)));
        let filled = filled.map(|(name, text)| (name.clone(), self.typed(&name, text)));
        filled.chain(now.map(|name| (name.to_owned(), now_value()))).collect()
    }

    fn ty(&self, column: &str) -> &str {
        self.shared.columns.iter().find(|found| found.name == column).map_or("", |found| &found.ty)
    }

    fn has_default(&self, column: &str) -> bool {
        self.shared.columns.iter().any(|found| found.name == column && found.has_default)
    }

    /// Returns a text as JSON that the column takes: numbers are taken in quotes, truth values not.
    fn typed(&self, column: &str, text: String) -> Value {
        let ty = self.ty(column);
        match text.as_str() {
            "true" | "false" if ty.contains("Bool") => Value::Bool(text == "true"),
            "" if ty.starts_with("Nullable") => Value::Null,
            _ => text.into(),
        }
    }
}

/// Returns what stands for the time of the run: a plan that told it would be another each time that
/// it is made.
fn now_value() -> Value {
    Value::Map(BTreeMap::new())
}

fn pick(styles: &[String], at: usize) -> Option<String> {
    styles.get(at).cloned()
}

/// Completes the row of a file: charter's columns under the names that they have in its table, and
/// beside them the foreign ones.
pub fn complete(row: LedgerRow, live: &Attrs, world: &World) -> LedgerRow {
    let row = row.placed(world.caps());
    let columns = live.get(COLUMNS).and_then(Value::as_map).into_iter().flatten();
    columns.fold(row, |mut row, (name, value)| {
        let value = match value {
            Value::Bool(value) => Json::Bool(*value),
            Value::String(text) => Json::String(text.clone()),
            value if *value == now_value() => {
                row.times.push(name.clone());
                return row;
            }
            _ => Json::Null,
        };
        row.with(name, value)
    })
}
