//! Charter's own tables in database `ops`, as a resource that the plan shows: `charter.ops`.
//!
//! No block declares it. It is there whenever something is declared, and everything else comes
//! after it. What is compared is which tables and columns exist; a tracking table that today's
//! runner made with columns of its own is an error, never hidden behind `IF NOT EXISTS`.

mod rights;

pub use rights::for_a_plan;

use std::collections::{BTreeMap, BTreeSet};

use crate::kinds::{Change, DecodeCx, Kind, Lowered, World};
use crate::model::finding::{Category, Finding, Severity};
use crate::model::ledger::{self, DATABASE, Table};
use crate::model::op::Sql;
use crate::model::registry::Entry;
use crate::model::resource::Desired;
use crate::model::snapshot::{Caps, Read};
use crate::model::{Addr, Attrs, Resource, Settings, Step, Value};

/// The kind.
pub struct Ledger;

const NAME: &str = "ledger";

/// Returns the address of charter's own tables.
pub fn addr() -> Addr {
    Addr::new("charter", "ops")
}

impl Kind for Ledger {
    fn name(&self) -> &'static str {
        NAME
    }

    fn link(&self, desired: &mut Desired, _: &mut DecodeCx) {
        let Some(span) = desired.resources.values().map(|resource| resource.span).min() else { return };
        for resource in desired.resources.values_mut() {
            resource.after.insert(addr());
        }
        let mut own = Resource::new(addr(), NAME, DATABASE, span);
        for table in ledger::TABLES {
            own = own.with(table.name, Value::strings(table.columns.iter().map(|column| column.name)));
        }
        desired.resources.insert(addr(), own);
    }

    fn category(&self) -> Category {
        Category::Charter
    }

    fn registered(&self) -> bool {
        false
    }

    fn reads(&self, _: &[&Resource], _: &[&Entry], _: &Settings, _: &Caps) -> Vec<Read> {
        Vec::new()
    }

    fn observe(&self, _: &BTreeSet<&str>, world: &World) -> BTreeMap<String, Attrs> {
        let caps = world.caps();
        if caps.ops_uuid.is_empty() {
            return BTreeMap::new();
        }
        let present = |table: &&Table| caps.has_table(&qualified(table));
        let live = ledger::TABLES.iter().filter(present).map(|table| {
            let columns = table.columns.iter().map(|column| column.name);
            let columns = columns.filter(|name| caps.has_column(&qualified(table), name));
            (table.name.to_owned(), Value::strings(columns))
        });
        [(DATABASE.to_owned(), live.collect())].into()
    }

    fn show(&self, attrs: &Attrs) -> Attrs {
        [("tables".to_owned(), Value::strings(attrs.keys().cloned()))].into()
    }

    fn review(&self, steps: &[Step], world: &World) -> Vec<Finding> {
        rights::missing(steps, world).into_iter().collect()
    }

    fn lower(&self, change: &Change, world: &World) -> Lowered {
        let caps = world.caps();
        let findings: Vec<Finding> =
            ledger::TABLES.iter().filter_map(|table| foreign(table, caps, change.addr)).collect();
        if !findings.is_empty() {
            return Lowered { findings, ..Lowered::default() };
        }
        let database = caps.ops_uuid.is_empty().then(|| format!("CREATE DATABASE IF NOT EXISTS {DATABASE}"));
        let tables = ledger::TABLES.iter().flat_map(|table| statements(table, caps));
        Lowered::ops(database.into_iter().chain(tables).map(|text| Sql::new(text).into()))
    }
}

fn qualified(table: &Table) -> String {
    format!("{DATABASE}.{}", table.name)
}

/// Returns the statements that bring a table up to date.
fn statements(table: &Table, caps: &Caps) -> Vec<String> {
    let name = qualified(table);
    if !caps.has_table(&name) {
        return vec![ledger::create_statement(table)];
    }
    let missing = table.columns.iter().filter(|column| !caps.has_column(&name, column.name));
    missing.map(|column| ledger::add_column_statement(table, column)).collect()
}

/// Returns a finding where a tracking table is not charter's: it lacks the columns that every
/// version of charter's has.
fn foreign(table: &Table, caps: &Caps, addr: &Addr) -> Option<Finding> {
    let name = qualified(table);
    let columns = caps.columns.get(&name)?;
    if columns.contains("scope") && columns.contains("run_id") {
        return None;
    }
    let found: Vec<&str> = columns.iter().map(String::as_str).collect();
    let expected: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    Some(
        Finding::new("CH401", Severity::Error, Category::Charter, "a tracking table of another program is in the way")
            .at(addr)
            .compare(
                format!("{name} with the columns {}", expected.join(", ")),
                format!("{name} with the columns {}", found.join(", ")),
            )
            .help("charter cannot import another runner's history yet, and never renames or drops its table")
            .help(format!(
                "if that history is no longer needed, move it away yourself: RENAME TABLE {name} TO {DATABASE}.{}_before_charter",
                table.name
            )),
    )
}
