//! What the statements that are to run cost on tables that exist: told in the plan, and found where
//! data is lost.

use std::collections::{BTreeMap, BTreeSet};

use super::lint::place;
use super::there::THERE;
use super::{KIND, ledger, number as attr};
use crate::kinds::common::migration::ALLOW_OUT_OF_ORDER;
use crate::kinds::{Lowered, World};
use crate::migrate::cost;
use crate::migrate::lex;
use crate::migrate::names::{Names, Origin, may_move};
use crate::model::cost::{Cost, Work};
use crate::model::finding::{Category, Finding, Severity};
use crate::model::snapshot::{Row, number, text};
use crate::model::{Attrs, Resource, Value};

/// Tells what the statements of a file cost, from a statement on.
pub fn review(wanted: &Resource, live: &Attrs, first: usize, world: &World, lowered: &mut Lowered) {
    let current = Some(wanted.text("database")).filter(|name| !name.is_empty()).unwrap_or("default");
    let mut names = before(wanted, live, current, world);
    let mut judged = Vec::new();
    for (at, text) in statements(wanted).enumerate().skip(first) {
        let tokens = lex(text).unwrap_or_default();
        judged.extend(cost::of(&tokens).into_iter().map(|cost| Judged::of(at + 1, cost, current, &names)));
        names.run(&tokens);
    }
    let sizes = Sizes::of(&judged, world);
    lowered.costs.extend(judged.iter().flat_map(|one| sizes.weigh(one)));
    let lossy = lowered.costs.iter().filter(|cost| cost.is_lossy());
    lowered.findings.extend(lossy.map(|cost| lost(wanted, cost)));
}

fn statements(file: &Resource) -> impl Iterator<Item = &str> {
    let statements = file.attrs.get("statements").map_or(&[][..], Value::items);
    statements.iter().map(|statement| statement.get("sql").and_then(Value::as_str).unwrap_or_default())
}

/// Returns what names stand for once the pending files before one have run: those that it runs after.
fn before(wanted: &Resource, live: &Attrs, current: &str, world: &World) -> Names {
    let (mut files, mut file) = (Vec::new(), wanted);
    while let Some(previous) = previous(file, world) {
        files.extend(Some(previous).filter(|file| by_version(file, wanted, live) != Some(false)));
        file = previous;
    }
    let mut names = Names::new(current);
    // Only where some of them moves a table does a name stand for another table of the server.
    if files.iter().any(|file| statements(file).any(may_move)) {
        files.retain(|file| by_version(file, wanted, live).unwrap_or_else(|| !is_applied(file, world)));
        for file in files.iter().rev() {
            let done = done(file, world);
            let rest = (1..).zip(statements(file)).filter(|(number, _)| !done.contains(number));
            rest.for_each(|(_, text)| names.run(&lex(text).unwrap_or_default()));
        }
    }
    names
}

/// Returns the file that a file runs after.
fn previous<'a>(file: &Resource, world: &World<'a>) -> Option<&'a Resource> {
    let mut all = file.after.iter().filter_map(|addr| world.desired.resources.get(addr));
    all.find(|other| other.kind == KIND)
}

/// Returns whether a file that another runs after is pending, where the newest version tells.
fn by_version(file: &Resource, wanted: &Resource, live: &Attrs) -> Option<bool> {
    let ordered = file.attrs.get(ALLOW_OUT_OF_ORDER) != Some(&Value::Bool(true));
    let newer = attr(&file.attrs, "version") > attr(live, "newest");
    (ordered && file.text("folder") == wanted.text("folder")).then_some(newer)
}

fn is_applied(file: &Resource, world: &World) -> bool {
    let tenant = file.text("tenant");
    let mut own = world.snapshot.rows(ledger::APPLIED).iter().filter(|row| text(row, "tenant") == tenant);
    own.any(|row| ledger::identity(row) == file.identity)
}

/// Returns which statements of a pending file an earlier run applied, from 1.
fn done(file: &Resource, world: &World) -> BTreeSet<u64> {
    let tenant = file.text("tenant");
    let rows = world.snapshot.rows(ledger::EVENTS).iter().filter(|row| text(row, "tenant") == tenant);
    let applied = rows.filter(|row| text(row, "status") == "applied");
    let own = applied.filter(|row| ledger::identity(row) == file.identity);
    own.map(|row| number(row, "statement")).collect()
}

/// What a statement does, and to which tables of the server.
struct Judged {
    /// Which statement of the file, from 1.
    statement: usize,
    cost: cost::Cost,
    database: String,
    on: Meant,
}

/// Tables of the server, by the names that they have before anything runs.
enum Meant {
    Tables(BTreeSet<Origin>),
    /// All that is in a database by then.
    Database(Box<Names>),
}

impl Judged {
    fn of(statement: usize, cost: cost::Cost, current: &str, names: &Names) -> Self {
        let database = cost.database.clone().unwrap_or_else(|| current.to_owned());
        let on = match &cost.table {
            Some(table) => Meant::Tables(names.origins(&database, table)),
            None => Meant::Database(Box::new(names.clone())),
        };
        Self { statement, cost, database, on }
    }

    /// Returns whether what it does may be done to something in a database.
    fn reaches(&self, database: &str) -> bool {
        match &self.on {
            Meant::Tables(origins) => origins.iter().any(|one| one.database == database),
            Meant::Database(_) => true,
        }
    }

    fn with(&self, origin: Option<&Origin>, stored: &[&Row]) -> Cost {
        let sum = |column: &str| {
            let known = stored.iter().filter(|row| row.get(column).is_some_and(|value| !value.is_null()));
            known.map(|row| number(row, column)).reduce(u64::saturating_add)
        };
        let cost::Cost { what, work, undo, table: called, .. } = self.cost.clone();
        let called = called.unwrap_or_default();
        let (database, table, whole) =
            origin.map_or((&self.database, &called, true), |one| (&one.database, &one.table, one.whole));
        let what = match (*database == self.database, *table == called) {
            (true, true) => what,
            (true, false) => format!("{what} (by then {called})"),
            (false, _) => format!("{what} (by then {}.{called})", self.database),
        };
        let work = if whole || work != Work::RemovesAll { work } else { Work::RemovesSome };
        let (rows, bytes) = (sum("total_rows"), sum("total_bytes"));
        let (database, table) = (database.clone(), table.clone());
        Cost { statement: self.statement, what, database, table, rows, bytes, work, undo }
    }
}

/// The tables that exist and hold rows of their own, of those that are meant.
struct Sizes<'a>(BTreeMap<(&'a str, &'a str), &'a Row>);

impl<'a> Sizes<'a> {
    fn of(judged: &[Judged], world: &'a World) -> Self {
        if judged.is_empty() {
            return Self(BTreeMap::new());
        }
        let mut known: BTreeMap<&str, bool> = BTreeMap::new();
        let mut meant = |database: &'a str| {
            *known.entry(database).or_insert_with(|| judged.iter().any(|one| one.reaches(database)))
        };
        let rows = world.snapshot.rows(THERE).iter().filter(|row| meant(text(row, "database")));
        let stored = rows.filter(|row| !is_view(text(row, "engine")));
        Self(stored.map(|row| ((text(row, "database"), text(row, "table")), row)).collect())
    }

    /// Adds what is at stake, for each table that there is; nothing where there is none.
    fn weigh(&self, judged: &Judged) -> Vec<Cost> {
        match &judged.on {
            Meant::Tables(origins) => {
                let row = |one: &Origin| self.0.get(&(one.database.as_str(), one.table.as_str())).copied();
                let there = origins.iter().filter_map(|one| Some((one, row(one)?)));
                there.map(|(one, row)| judged.with(Some(one), &[row])).collect()
            }
            Meant::Database(names) => {
                let held = self.0.iter().filter(|(name, _)| names.holds(&judged.database, **name));
                let held: Vec<&Row> = held.map(|(_, row)| *row).collect();
                if held.is_empty() { Vec::new() } else { vec![judged.with(None, &held)] }
            }
        }
    }
}

fn is_view(engine: &str) -> bool {
    engine.ends_with("View") || engine == "Dictionary"
}

fn lost(wanted: &Resource, cost: &Cost) -> Finding {
    Finding::new("CH431", Severity::Warning, Category::Tracking, "a migration removes data")
        .at(&wanted.addr)
        .at_place(place(wanted, cost.statement.saturating_sub(1), None, "removes what is there"))
        .of_statement(cost.statement.saturating_sub(1))
        .compare("", format!("statement {} of {}: {}", cost.statement, wanted.text("path"), cost.text()))
        .help("make sure that nobody needs it, or that there is a backup: BACKUP TABLE … TO …")
}
