//! What would go wrong when pending statements run, found before the first of them does: objects
//! that are not there, rights that the tenant has not, settings that the server does not know.
//!
//! All pending statements of all tenants are looked at, in the order in which they would run. What
//! cannot be told from the statement and the answers is left to the server.

mod objects;
mod rights;
mod settings;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::KIND;
use crate::kinds::World;
use crate::lint::statement::masked;
use crate::migrate::analyze::Analysis;
use crate::migrate::analyze_sql;
use crate::model::finding::{Category, Finding, Severity};
use crate::model::op::{Login, Op};
use crate::model::plan::Step;
use crate::model::snapshot::Read;
use crate::model::{Addr, Value};

/// The longest statement that is sent, in bytes: what is longer is data, and is slow to parse.
const LONGEST: usize = 16 * 1024 * 1024;

/// A statement that is to run.
struct Pending<'a> {
    addr: &'a Addr,
    /// The block that declares it: its files run one after another.
    owner: Addr,
    /// Its file and line.
    place: String,
    sql: &'a str,
    /// The current database; none where it is not known.
    database: Option<&'a str>,
    /// The user that runs it; none for charter's own.
    login: Option<&'a str>,
    /// The settings that the file asks for.
    settings: BTreeSet<&'a str>,
    analysis: Rc<Analysis>,
}

impl Pending<'_> {
    /// Starts a finding about it.
    fn finding(&self, code: &'static str, severity: Severity, category: Category, what: &str) -> Finding {
        Finding::new(code, severity, category, what).at(self.addr)
    }
}

/// Returns the statements that a plan would run, in their order.
fn pending(steps: &[Step]) -> Vec<Pending<'_>> {
    let mut known: BTreeMap<&str, Rc<Analysis>> = BTreeMap::new();
    let mut all = Vec::new();
    for step in steps.iter().filter(|step| step.kind == KIND) {
        let Some(desired) = &step.desired else { continue };
        let statements = desired.get("statements").map_or(&[][..], Value::items);
        let path = desired.get("path").and_then(Value::as_str).unwrap_or_default();
        for op in &step.ops {
            let Op::Sql(sql) = op else { continue };
            let Some(journal) = &sql.journal else { continue };
            let number = journal.row.get("statement").and_then(serde_json::Value::as_u64).unwrap_or_default();
            let index = usize::try_from(number).unwrap_or_default().checked_sub(1);
            let statement = index.and_then(|index| statements.get(index));
            let line = statement.and_then(|one| one.get("line")).and_then(Value::as_f64).unwrap_or_default();
            let own = statement.and_then(|one| one.get("settings")).and_then(Value::as_map);
            let analysis = known
                .entry(&sql.statement)
                .or_insert_with(|| Rc::new(analyze_sql(&sql.statement).unwrap_or_default()));
            all.push(Pending {
                addr: &step.addr,
                owner: step.addr.block(),
                place: format!("{path}:{line}"),
                sql: &sql.statement,
                database: sql.database.as_deref(),
                login: match &sql.login {
                    Login::User { name, .. } => Some(name),
                    Login::Charter => None,
                },
                settings: own.into_iter().flatten().map(|(name, _)| name.as_str()).collect(),
                analysis: Rc::clone(analysis),
            });
        }
    }
    all
}

/// Returns what must be known of the server to look ahead, besides what is there: its settings where
/// files set any.
pub fn asks(steps: &[Step]) -> Vec<Read> {
    let pending = pending(steps);
    settings::read(&pending).into_iter().collect()
}

/// Returns what would go wrong; `stopped` has the addresses that cannot be applied anyway.
pub fn findings(steps: &[Step], stopped: &BTreeSet<Addr>, world: &World) -> Vec<Finding> {
    let pending = pending(steps);
    let stopped: BTreeSet<Addr> = stopped.iter().map(Addr::block).collect();
    let mut findings = objects::missing(&pending, &stopped, world);
    findings.extend(rights::lacking(&pending, world));
    findings.extend(settings::unknown(&pending, world));
    findings.extend(pending.iter().filter_map(too_long));
    findings
}

fn too_long(statement: &Pending) -> Option<Finding> {
    let size = statement.sql.len();
    (size > LONGEST).then(|| {
        statement
            .finding("CH453", Severity::Error, Category::Tracking, "a statement is too long to be sent")
            .compare(format!("at most {LONGEST} bytes"), format!("{size} bytes, from {} on", statement.place))
            .help("load data with INSERT … SELECT from a table function, or cut it into several INSERTs")
    })
}

/// Returns the beginning of a statement, for people.
fn excerpt(sql: &str) -> String {
    const LONGEST: usize = 80;
    let words = masked(sql).split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    }
}
