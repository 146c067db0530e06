//! Charter's own tables in database `ops`, as a resource that the plan shows: `charter.ops`.
//!
//! No block declares it. It is there whenever something is declared, and everything else comes
//! after it. What is compared is which tables and columns exist. A table of applied files that today's
//! runner made is taken over: charter's columns are added to it, in the open, never behind
//! `IF NOT EXISTS`; where that cannot be, it is an error.

mod rights;
mod takeover;

pub use rights::for_a_plan;

use std::collections::{BTreeMap, BTreeSet};

use crate::kinds::common::tracking as columns;
use crate::kinds::{Change, DecodeCx, Kind, Lowered, World};
use crate::model::finding::{Category, Finding};
use crate::model::ledger::{self, DATABASE, Table};
use crate::model::op::Sql;
use crate::model::registry::Entry;
use crate::model::resource::Desired;
use crate::model::snapshot::{Caps, Read};
use crate::model::tracking::{self, Place, qualified};
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

    fn reads(&self, _: &[&Resource], _: &[&Entry], _: &Settings, caps: &Caps) -> Vec<Read> {
        columns::read(caps).into_iter().collect()
    }

    fn observe(&self, _: &BTreeSet<&str>, world: &World) -> BTreeMap<String, Attrs> {
        let caps = world.caps();
        if caps.ops_uuid.is_empty() {
            return BTreeMap::new();
        }
        let present = |table: &&Table| caps.has_table(&qualified(table.name));
        let live = ledger::TABLES.iter().filter(present).map(|table| {
            let place = place(table, caps);
            let columns = table.columns.iter().map(|column| column.name);
            let columns = columns.filter(|name| caps.has_column(&qualified(table.name), &place.column(name)));
            // A name that two programs use for a column is no column of charter's.
            let columns = columns.filter(|_| place != Place::Foreign);
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
        let mut findings = Vec::new();
        let mut statements: Vec<String> = Vec::new();
        if caps.ops_uuid.is_empty() {
            statements.push(format!("CREATE DATABASE IF NOT EXISTS {DATABASE}"));
        }
        for table in ledger::TABLES {
            match takeover::of(table, world, change.addr) {
                None => statements.extend(own(table, caps)),
                Some(taken) => {
                    findings.extend(taken.findings);
                    statements.extend(taken.statement);
                }
            }
        }
        let ops = statements.into_iter().map(|text| Sql::new(text).into()).collect();
        let taken = tracking::TABLES.into_iter().filter(|table| Place::of(table, caps) == Place::Foreign);
        let notes = taken.map(takeover::note).collect();
        Lowered { ops, findings, notes, ..Lowered::default() }
    }
}

/// Tells whose a table is: only those of applied files can be another program's.
fn place(table: &Table, caps: &Caps) -> Place {
    if tracking::TABLES.contains(&table.name) { Place::of(table.name, caps) } else { Place::Own }
}

/// Returns the statements that bring a table of charter's own up to date.
fn own(table: &Table, caps: &Caps) -> Vec<String> {
    let name = qualified(table.name);
    if !caps.has_table(&name) {
        return vec![ledger::create_statement(table)];
    }
    let missing = table.columns.iter().filter(|column| !caps.has_column(&name, column.name));
    missing.map(|column| ledger::add_column_statement(table, column)).collect()
}
