//! What the statements that are to run cost on tables that exist: told in the plan, and found where
//! data is lost.

use std::collections::{BTreeMap, BTreeSet};

use super::ledger::{self, APPLIED};
use super::waiting::named;
use crate::kinds::{Lowered, World};
use crate::migrate::cost;
use crate::model::cost::Cost;
use crate::model::finding::{Category, Finding, Severity};
use crate::model::snapshot::{Read, Row, number, text};
use crate::model::{Resource, Snapshot, Value, sql};

/// The sizes of the tables that pending files name.
pub const SIZES: &str = "migrations_sizes";

/// How long the list of tables may be, in bytes; with more, all tables of their databases are read
/// (`max_query_size` is 262,144).
const LONGEST: usize = 120_000;

/// Returns the read of the tables that pending files name; nothing where all is done.
pub fn reads(wanted: &[&Resource], snapshot: &Snapshot) -> Vec<Read> {
    let done: BTreeSet<String> = snapshot.rows(APPLIED).iter().map(ledger::identity).collect();
    let pending = wanted.iter().filter(|resource| !done.contains(&resource.identity));
    let (mut tables, mut databases) = (BTreeSet::new(), BTreeSet::new());
    for resource in pending {
        for (database, table) in named(resource, 0) {
            tables.insert(format!("({}, {})", sql::literal(database), sql::literal(table)));
            databases.insert(sql::literal(database));
        }
        databases.extend(dropped_databases(resource));
    }
    if databases.is_empty() {
        return Vec::new();
    }
    let list = |items: BTreeSet<String>| items.into_iter().collect::<Vec<_>>().join(", ");
    let whole = wanted.iter().any(|resource| !dropped_databases(resource).is_empty());
    let tables = list(tables);
    let only = match tables.len() {
        0 => String::new(),
        length if length > LONGEST || whole => String::new(),
        _ => format!(" AND (database, name) IN ({tables})"),
    };
    let statement = format!(
        "SELECT database, name AS table, engine, total_rows, total_bytes FROM system.tables \
         WHERE database IN ({}){only}",
        list(databases)
    );
    vec![Read::Sql { name: SIZES, statement }]
}

/// Returns the databases that a file drops, as literals: all of their tables are at stake.
fn dropped_databases(resource: &Resource) -> BTreeSet<String> {
    let statements = resource.attrs.get("statements").map_or(&[][..], Value::items).iter();
    let texts = statements.filter_map(|statement| statement.get("sql")?.as_str());
    // What does not drop a database need not be read for it.
    let texts = texts.filter(|text| text.to_ascii_uppercase().contains("DATABASE"));
    let costs = texts.filter_map(|text| cost::of(text).ok()).flatten();
    costs
        .filter(|cost| cost.table.is_none())
        .filter_map(|cost| cost.database.as_deref().map(sql::literal))
        .collect()
}

/// Tells what the statements of a file cost, from a statement on.
pub fn review(wanted: &Resource, first: usize, world: &World, lowered: &mut Lowered) {
    let sizes = Sizes::of(world);
    let current = Some(wanted.text("database")).filter(|name| !name.is_empty()).unwrap_or("default");
    let statements = wanted.attrs.get("statements").map_or(&[][..], Value::items);
    for (at, statement) in statements.iter().enumerate().skip(first) {
        let text = statement.get("sql").and_then(Value::as_str).unwrap_or_default();
        let costs = cost::of(text).unwrap_or_default();
        lowered.costs.extend(costs.into_iter().filter_map(|cost| sizes.weigh(at + 1, cost, current)));
    }
    let lossy = lowered.costs.iter().filter(|cost| cost.destroys() && cost.rows != Some(0));
    lowered.findings.extend(lossy.map(|cost| lost(wanted, cost)));
}

/// The tables that exist, with their sizes.
struct Sizes<'a>(BTreeMap<(&'a str, &'a str), &'a Row>);

impl<'a> Sizes<'a> {
    fn of(world: &'a World) -> Self {
        let rows = world.snapshot.rows(SIZES).iter();
        Self(rows.map(|row| ((text(row, "database"), text(row, "table")), row)).collect())
    }

    /// Adds what is at stake; none where the table does not exist, or holds no rows of its own.
    fn weigh(&self, statement: usize, cost: cost::Cost, current: &str) -> Option<Cost> {
        let cost::Cost { what, database, table, work, undo } = cost;
        let database = database.unwrap_or_else(|| current.to_owned());
        let table = table.unwrap_or_default();
        let rows: Vec<&&Row> = if table.is_empty() {
            self.0.iter().filter(|((of, _), _)| *of == database).map(|(_, row)| row).collect()
        } else {
            self.0.get(&(database.as_str(), table.as_str())).into_iter().collect()
        };
        let stored: Vec<&&Row> = rows.into_iter().filter(|row| !is_view(text(row, "engine"))).collect();
        if stored.is_empty() {
            return None;
        }
        let sum = |column: &str| {
            let known = stored.iter().filter(|row| row.get(column).is_some_and(|value| !value.is_null()));
            known.map(|row| number(row, column)).reduce(u64::saturating_add)
        };
        let (rows, bytes) = (sum("total_rows"), sum("total_bytes"));
        Some(Cost { statement, what, database, table, rows, bytes, work, undo })
    }
}

fn is_view(engine: &str) -> bool {
    engine.ends_with("View") || engine == "Dictionary"
}

fn lost(wanted: &Resource, cost: &Cost) -> Finding {
    Finding::new("CH431", Severity::Warning, Category::Tracking, "a migration removes data")
        .at(&wanted.addr)
        .compare("", format!("statement {} of {}: {}", cost.statement, wanted.text("path"), cost.text()))
        .help("make sure that nobody needs it, or that there is a backup: BACKUP TABLE … TO …")
}
