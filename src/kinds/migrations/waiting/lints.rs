//! What can be told of a statement by reading it: a drop that the server does later, and settings
//! that keep it from waiting for its work.

use crate::kinds::migrations::lint::place;
use crate::lint::statement::masked;
use crate::migrate;
use crate::migrate::Analysis;
use crate::migrate::analyze::{ObjectKind, Role, Verb};
use crate::model::finding::{Category, Finding, Severity};
use crate::model::{Resource, Value};

/// Returns the findings of the statements of a file, from a statement on.
pub fn of(wanted: &Resource, first: usize) -> Vec<Finding> {
    let statements = wanted.attrs.get("statements").map_or(&[][..], Value::items);
    let mut findings = Vec::new();
    for (at, statement) in statements.iter().enumerate().skip(first) {
        let sql = statement.get("sql").and_then(Value::as_str).unwrap_or_default();
        let analysis = migrate::analyze_sql(sql).unwrap_or_default();
        findings.extend(dropped_late(wanted, at, sql, &analysis));
        findings.extend(not_waiting(wanted, at, sql, statement));
    }
    findings
}

/// Finds a `DROP` that lets the server remove the data later: for eight minutes its Keeper path is
/// taken, and a table that is made there meanwhile loses its nodes (ClickHouse issues 20243, 62603).
fn dropped_late(wanted: &Resource, at: usize, sql: &str, analysis: &Analysis) -> Option<Finding> {
    let stores = |kind: ObjectKind| match kind {
        ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView | ObjectKind::Database => true,
        ObjectKind::Dictionary | ObjectKind::Function | ObjectKind::Other => false,
    };
    let dropped: Vec<&str> = analysis
        .objects
        .iter()
        .filter(|object| object.role == Role::Drops && stores(object.kind))
        .map(|object| object.name.as_str())
        .collect();
    let late = analysis.verb == Verb::Drop && !analysis.flags.sync && !analysis.flags.temporary;
    (late && !dropped.is_empty()).then(|| {
        Finding::new("CH429", Severity::Warning, Category::Tracking, "a migration drops without SYNC")
            .at(&wanted.addr)
            .at_place(place(wanted, at, None, "the data go later"))
            .of_statement(at)
            .compare("", statement(wanted, at, sql))
            .help("without SYNC the server removes the data, and the path in Keeper, up to 8 minutes later \
                   (database_atomic_delay_before_drop_table_sec): a replicated table that is made again meanwhile is \
                   refused, or loses its nodes to the late removal")
            .help("write DROP … SYNC; or leave it, where UNDROP TABLE shall bring it back within that time")
    })
}

/// Settings that keep a statement from waiting until its work is done, with the values that do.
const IMPATIENT: [(&str, &[&str]); 6] = [
    ("mutations_sync", &["0"]),
    ("alter_sync", &["0"]),
    ("replication_alter_partitions_sync", &["0"]),
    ("lightweight_deletes_sync", &["0"]),
    ("async_insert", &["1", "true"]),
    ("distributed_ddl_task_timeout", &["0"]),
];

/// Finds a statement that is told not to wait, by a directive or by a setting of its own.
fn not_waiting(wanted: &Resource, at: usize, sql: &str, value: &Value) -> Option<Finding> {
    let directive = |name: &str| value.get("settings")?.get(name)?.as_str().map(str::to_owned);
    let tokens = migrate::lex(sql).unwrap_or_default();
    let tokens: Vec<&str> =
        tokens.iter().filter(|token| !token.kind.is_trivia()).map(|token| token.text).collect();
    let inline = |name: &str| {
        let mut triples = tokens.windows(3);
        triples.find(|triple| triple[0] == name && triple[1] == "=").map(|triple| triple[2].to_owned())
    };
    let found = IMPATIENT.iter().find_map(|(name, values)| {
        let value = inline(name).or_else(|| directive(name))?;
        let value = value.trim_matches('\'').to_owned();
        values.contains(&value.as_str()).then_some((*name, value))
    });
    let (name, value) = found?;
    Some(
        Finding::new("CH430", Severity::Warning, Category::Tracking, "a migration is told not to wait for its work")
            .at(&wanted.addr)
            .at_place(place(wanted, at, None, &format!("{name} = {value}")))
            .of_statement(at)
            .compare("", format!("{name} = {value} at {}", statement(wanted, at, sql)))
            .help("the next statement, and the record that this one is done, may come before its work is; leave the setting out")
            .help("mutations are waited for all the same, by system.mutations"),
    )
}

/// Returns which statement is meant, with its beginning.
fn statement(wanted: &Resource, at: usize, sql: &str) -> String {
    let line: String = masked(sql).split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = line.chars().take(80).collect();
    let dots = if short.len() < line.len() { "…" } else { "" };
    format!("statement {} of {}: {short}{dots}", at + 1, wanted.text("path"))
}
