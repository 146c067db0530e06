//! What the managed tables look like: recorded after each file, compared when planning.
//!
//! `ops.charter_tables` has the look of each table that a migration touched, as the server itself
//! told it right after, with the server's version. A table that differs since was changed by hand;
//! nothing makes it again, empty, and a later file does not bless what drifted. A table that no
//! migration of ours touched never drifts: it is not ours.

mod existing;
mod findings;
mod record;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::waiting;
use crate::kinds::World;
use crate::migrate::look::{Difference, Look, compare};
use crate::model::snapshot::{Row, text};
use crate::model::{Finding, Resource};

pub use existing::{attach, found as existing};
pub use record::{reads, record};

/// A table, as it was recorded and as it is.
struct Table<'a> {
    row: &'a Row,
}

/// How a recorded table is.
enum Drift {
    /// It is gone.
    Missing,
    /// It looks otherwise, or may do.
    Differs(Vec<Difference>),
}

impl<'a> Table<'a> {
    fn all(world: &'a World) -> impl Iterator<Item = Self> {
        world.snapshot.rows(record::TABLES).iter().map(|row| Self { row })
    }

    fn text(&self, column: &str) -> &'a str {
        text(self.row, column)
    }

    fn name(&self) -> String {
        format!("{}.{}", self.text("database"), self.text("table"))
    }

    /// Returns whether it was there when it was recorded.
    fn is_recorded(&self) -> bool {
        !matches!(self.text("recorded_columns"), "" | "[]")
    }

    fn is_there(&self) -> bool {
        !self.text("live_engine").is_empty()
    }

    fn recorded(&self) -> Look {
        Look::read(self.text("recorded_columns"), self.text("recorded_look"))
    }

    fn live(&self) -> Look {
        Look::read(self.text("live_columns"), self.text("live_look"))
    }

    /// Returns how it differs from its record; none where it does not, or has none.
    fn drift(&self, version: &str) -> Option<Drift> {
        if !self.is_recorded() {
            return None;
        }
        if !self.is_there() {
            return Some(Drift::Missing);
        }
        let same = |one, other| self.text(one) == self.text(other);
        if same("recorded_columns", "live_columns") && same("recorded_look", "live_look") {
            return None;
        }
        let across = release(self.text("recorded_version")) != release(version);
        let differences = compare(&self.recorded(), &self.live(), across);
        (!differences.is_empty()).then_some(Drift::Differs(differences))
    }
}

/// Returns the part of a version that decides how definitions are printed: `26.9` of `26.9.2.1`.
fn release(version: &str) -> Vec<&str> {
    version.split('.').take(2).collect()
}

/// Returns the tables that drifted for certain, by tenant: `database.table`.
pub fn drifted(world: &World) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for table in Table::all(world) {
        let certain = match table.drift(&world.caps().version) {
            None => false,
            Some(Drift::Missing) => true,
            Some(Drift::Differs(differences)) => differences.iter().any(|difference| difference.certain),
        };
        if certain {
            all.entry(table.text("tenant").to_owned()).or_default().insert(table.name());
        }
    }
    all
}

/// Finds managed tables that are missing or look otherwise, and tables that are nobody's.
pub fn survey(wanted: &[&Resource], world: &World) -> Vec<Finding> {
    let last: BTreeMap<&str, &Resource> =
        wanted.iter().map(|resource| (resource.text("tenant"), *resource)).collect();
    let halfway = waiting::halfway(wanted, world);
    let mut all = Vec::new();
    for table in Table::all(world) {
        let Some(resource) = last.get(table.text("tenant")) else { continue };
        if halfway.contains(&(table.text("database"), table.text("table"))) {
            continue;
        }
        match table.drift(&world.caps().version) {
            Some(Drift::Missing) => all.push(findings::missing(&table, resource)),
            Some(Drift::Differs(differences)) => {
                all.extend(findings::differing(&table, &differences, resource, &world.caps().version));
            }
            None => {}
        }
        if table.is_recorded() && table.live().is_hidden() {
            all.push(findings::hidden(&table, resource));
        }
    }
    all.extend(findings::extra(wanted, world));
    all
}
