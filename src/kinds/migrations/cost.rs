//! What the statements that are to run cost on tables that exist: told in the plan, and found where
//! data is lost.

use std::collections::BTreeMap;

use super::lint::place;
use super::there::THERE;
use crate::kinds::{Lowered, World};
use crate::migrate::cost;
use crate::model::cost::Cost;
use crate::model::finding::{Category, Finding, Severity};
use crate::model::snapshot::{Row, number, text};
use crate::model::{Resource, Value};

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
    let lossy = lowered.costs.iter().filter(|cost| cost.is_lossy());
    lowered.findings.extend(lossy.map(|cost| lost(wanted, cost)));
}

/// The tables that exist, with their sizes.
struct Sizes<'a>(BTreeMap<(&'a str, &'a str), &'a Row>);

impl<'a> Sizes<'a> {
    fn of(world: &'a World) -> Self {
        let rows = world.snapshot.rows(THERE).iter();
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
        .at_place(place(wanted, cost.statement.saturating_sub(1), None, "removes what is there"))
        .compare("", format!("statement {} of {}: {}", cost.statement, wanted.text("path"), cost.text()))
        .help("make sure that nobody needs it, or that there is a backup: BACKUP TABLE … TO …")
}
