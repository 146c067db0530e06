//! The operations of a migration file: its statements, each with its events, then what the tables
//! look like, then the row that says that the file is done.

use std::collections::{BTreeMap, BTreeSet};

use super::resume::{self, Resume};
use super::{cost, edited, import, is_baselined, ledger, lint, number, order, tables, unknown, waiting};
use crate::kinds::common::credential;
use crate::kinds::common::migration::UNCONFINED;
use crate::kinds::common::user;
use crate::kinds::{Change, Lowered, World};
use crate::migrate::analyze::Verb;
use crate::migrate::{ALGORITHM, analyze_sql};
use crate::model::finding::Finding;
use crate::model::op::{LedgerRow, Login, Op, Sql};
use crate::model::{Action, Addr, Attrs, Category, Resource, Severity, Value, tracking};

/// The longest statement that a server takes unless told (`max_query_size`), in bytes.
const MAX_QUERY_SIZE: usize = 262_144;

/// Lowers a file that is not done, or tells why it cannot be.
pub fn lower(change: &Change, world: &World) -> Lowered {
    let (Some(wanted), nothing) = (change.wanted, Attrs::new()) else { return Lowered::default() };
    let live = change.live.unwrap_or(&nothing);
    if !is_baselined(wanted)
        && let Some(lowered) = import::lower(wanted, live, || file_row(wanted, live, world, import::STATUS))
    {
        return lowered;
    }
    let resumed = match start(wanted, live, world) {
        Ok(resumed) => resumed,
        Err(finding) => return Lowered { findings: vec![*finding], ..Lowered::default() },
    };
    if is_baselined(wanted) {
        let mut lowered = Lowered::ops([file_row(wanted, live, world, "baselined").into_op()]);
        lowered.action = Some(Action::Execute { statements: 0 });
        lowered.notes = vec!["recorded and not run: the tenant block declares what it does".to_owned()];
        return lowered;
    }
    execute(wanted, live, resumed, world)
}

/// Returns how a file goes on, or why it cannot.
fn start(wanted: &Resource, live: &Attrs, world: &World) -> Result<Resume, Box<Finding>> {
    if ledger::is_done(live) {
        return Err(Box::new(edited::finding(wanted, live, world)));
    }
    match order::empty(wanted).or_else(|| order::out_of_order(wanted, live)) {
        Some(finding) => Err(Box::new(finding)),
        None => resume::resume(wanted, live, world),
    }
}

fn execute(wanted: &Resource, live: &Attrs, resumed: Resume, world: &World) -> Lowered {
    let Resume { first, known, notes } = resumed;
    let statements = wanted.attrs.get("statements").map_or(&[][..], Value::items);
    let mut lowered = Lowered {
        action: Some(Action::Execute { statements: statements.len() - first }),
        ..Lowered::default()
    };
    if first > 0 {
        lowered.notes.push(format!(
            "goes on after {first} of {} statements, which an earlier run applied",
            statements.len()
        ));
    }
    for (at, event) in waiting::left_behind(live, first) {
        let statement = statements.get(at).unwrap_or(&Value::Null);
        let row = self::event(wanted, statement, at, statements.len(), world).with("status", "applied");
        lowered.notes.push(waiting::note(at, event));
        lowered.ops.push(Op::AwaitMutations(waiting::mutations(event)));
        lowered.ops.push(row.into_op());
    }
    lowered.notes.extend(notes);
    if let Some(known) = known {
        let statement = statements.get(known.at).unwrap_or(&Value::Null);
        let row = event(wanted, statement, known.at, statements.len(), world);
        let row = row.with("status", "applied").with("query_id", known.query_id).with("reason", known.why);
        lowered.ops.push(row.into_op());
    }
    waiting::review(wanted, live, first, world, &mut lowered);
    cost::review(wanted, live, first, world, &mut lowered);
    lint::review(wanted, first, &mut lowered);
    let login = login(wanted, world, &mut lowered);
    lowered.findings.extend(unconfined(wanted));
    for (at, statement) in statements.iter().enumerate().skip(first) {
        lowered.ops.push(run(wanted, statement, at, statements.len(), login.clone(), world).into());
    }
    for (database, names) in touched(statements, live) {
        let record = tables::record(&world.settings.scope, wanted.text("tenant"), &database, &names);
        lowered.ops.push(record.into());
    }
    let row = file_row(wanted, live, world, "applied");
    lowered.ops.push(match order::note(wanted, live) {
        Some(note) => {
            lowered.notes.push(note);
            beside(row, "out_of_order", 1, world).into_op()
        }
        None => row.into_op(),
    });
    lowered
}

/// Returns a finding where a tenant's file runs as charter's own user, which nothing confines.
fn unconfined(wanted: &Resource) -> Option<Finding> {
    let unconfined = wanted.attrs.get(UNCONFINED) == Some(&Value::Bool(true));
    unconfined.then(|| {
        let what = "a tenant's migration runs as charter's own user, which nothing confines";
        Finding::new("CH450", Severity::Warning, Category::Access, what)
            .at(&wanted.addr)
            .compare(
                "a login as the tenant's user, so that the server confines what the file does",
                format!("confinement = \"none\": {} can reach every tenant, and grant", wanted.text("path")),
            )
            .help("read the file as you would read a statement of an administrator")
            .help("take the line `confinement = \"none\"` back when this file is applied")
    })
}

/// Returns who runs the statements: the tenant's user, with what its Secret holds.
fn login(wanted: &Resource, world: &World, lowered: &mut Lowered) -> Login {
    let name = wanted.text("user");
    let (false, Ok(addr)) = (name.is_empty(), Addr::parse(wanted.text("user_addr"))) else {
        return Login::Charter;
    };
    let slot = credential::slot(&addr);
    let owner = world.desired.resources.get(&addr).filter(|owner| owner.kind == user::KIND);
    if let Some(credential) = owner.and_then(|owner| credential::Credential::of(&owner.attrs)) {
        lowered.slots.insert(slot.clone(), credential.source());
    }
    Login::User { name: name.to_owned(), slot }
}

fn text<'a>(statement: &'a Value, name: &str) -> &'a str {
    statement.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Starts an event of a statement.
pub fn event(wanted: &Resource, statement: &Value, at: usize, count: usize, world: &World) -> LedgerRow {
    identified("charter_migration_events", wanted, world)
        .with("statement", at + 1)
        .with("statements", count)
        .with("token_sha256", text(statement, "token_sha256"))
        .with("raw_sha256", text(statement, "raw_sha256"))
}

fn run(wanted: &Resource, statement: &Value, at: usize, count: usize, login: Login, world: &World) -> Sql {
    let mut sql = Sql::new(text(statement, "sql"));
    sql.watch = unknown::watch(&sql.statement, wanted.text("database"));
    sql.waits_for = waiting::tables(&sql.statement, wanted.text("database"));
    sql.login = login;
    sql.database = Some(wanted.text("database").to_owned()).filter(|database| !database.is_empty());
    // Waiting is asked for, never assumed: the defaults changed between versions.
    sql.settings =
        [("alter_sync", "2"), ("mutations_sync", "2")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
    // A row that waits in a buffer is not there yet, and what came of it is not known.
    if analyze_sql(&sql.statement).is_ok_and(|analysis| analysis.verb == Verb::Insert) {
        sql.settings.insert("async_insert".into(), "0".into());
    }
    if sql.statement.len() >= MAX_QUERY_SIZE {
        sql.settings.insert("max_query_size".into(), (sql.statement.len() + 1024).to_string());
    }
    let own = statement.get("settings").and_then(Value::as_map).into_iter().flatten();
    sql.settings.extend(own.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))));
    sql.journal = Some(event(wanted, statement, at, count, world));
    sql
}

/// Returns the tables whose looks are recorded afterwards, by database: those that the file touches,
/// but for those that drifted before.
fn touched(statements: &[Value], live: &Attrs) -> BTreeMap<String, BTreeSet<String>> {
    let drifted = live.get("drifted").map_or(&[][..], Value::items);
    let mut drifted: BTreeSet<&str> = drifted.iter().filter_map(Value::as_str).collect();
    // What an earlier run of this file changed is not as it was recorded, and not by hand.
    let begun = live.get("events").map_or(&[][..], Value::items).iter().filter_map(resume::index);
    let ours: BTreeSet<String> = begun.filter_map(|at| statements.get(at)).flat_map(touches).collect();
    drifted.retain(|table| !ours.contains(*table));
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for pair in statements.iter().filter_map(|statement| statement.get("touches")).flat_map(Value::items) {
        if let [Value::String(database), Value::String(table)] = pair.items()
            && !drifted.contains(format!("{database}.{table}").as_str())
        {
            all.entry(database.clone()).or_default().insert(table.clone());
        }
    }
    all
}

/// Returns the tables whose definitions a statement may change: `database.table`.
fn touches(statement: &Value) -> Vec<String> {
    let pairs = statement.get("touches").map_or(&[][..], Value::items).iter();
    let named = pairs.filter_map(|pair| match pair.items() {
        [Value::String(database), Value::String(table)] => Some(format!("{database}.{table}")),
        _ => None,
    });
    named.collect()
}

/// Starts a row of the ledger with what identifies the file.
fn identified(table: &'static str, wanted: &Resource, world: &World) -> LedgerRow {
    LedgerRow::new(table)
        .with("scope", world.settings.scope.as_str())
        .with("tenant", wanted.text("tenant"))
        .with("folder", wanted.text("folder"))
        .with("version", number(&wanted.attrs, "version"))
        .with("name", wanted.text("file"))
        .with("algorithm", ALGORITHM)
}

/// Returns the row that says that a file is done; in another runner's table with that one's columns.
pub fn file_row(wanted: &Resource, live: &Attrs, world: &World, status: &str) -> LedgerRow {
    let [tenants, global] = tracking::TABLES;
    let table = if wanted.text("tenant").is_empty() { global } else { tenants };
    let row =
        identified(table, wanted, world).with("checksum", wanted.text("checksum")).with("status", status);
    import::complete(row, live, world)
}

/// Adds one of charter's columns to the row of a file, under the name that it has in its table.
pub fn beside(row: LedgerRow, column: &str, value: impl Into<serde_json::Value>, world: &World) -> LedgerRow {
    let column = tracking::Place::of(row.table, world.caps()).column(column);
    row.with(&column, value)
}

trait IntoOp {
    fn into_op(self) -> Op;
}

impl IntoOp for LedgerRow {
    fn into_op(self) -> Op {
        Op::Ledger(self)
    }
}
