//! What cannot be taken back: objects and rows that go away and rights that are taken, by name. It
//! is told of every plan, however short the plan is told otherwise.
//!
//! Steps are judged by their action and by their statements, not by their kinds. What a statement
//! does is known from its tokens; a migration's statement that is not understood is told as such.

use super::escape;
use super::sql::told;
use crate::migrate::analyze::{AlterCommand, Analysis, ObjectKind, ObjectRef, Role, Verb, analyze_sql};
use crate::migrate::lexer::lex;
use crate::model::op::{KubeDelete, Op, Sql};
use crate::model::{Action, Step};

/// How much of a statement is told where it names no object.
const TOLD: usize = 400;

/// The commands of `ALTER TABLE` that take data away, and what is said of them.
const ALTERS: [(&str, &str); 16] = [
    ("DROP COLUMN", "drops column"),
    ("CLEAR COLUMN", "empties column"),
    ("DROP PARTITION", "drops a partition of"),
    ("DROP PART", "drops a part of"),
    ("DROP DETACHED PARTITION", "drops a detached partition of"),
    ("DROP DETACHED PART", "drops a detached part of"),
    ("FORGET PARTITION", "forgets a partition of"),
    ("DETACH PARTITION", "detaches a partition of"),
    ("DETACH PART", "detaches a part of"),
    ("REPLACE PARTITION", "replaces a partition of"),
    ("MOVE PARTITION", "moves a partition away from"),
    ("MOVE PART", "moves a part away from"),
    ("DELETE", "deletes rows of"),
    ("UPDATE", "overwrites rows of"),
    ("MODIFY TTL", "changes when rows expire of"),
    ("MATERIALIZE TTL", "deletes expired rows of"),
];

/// One thing that goes away.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Risk {
    /// What happens to it: `drops table`.
    pub verb: String,
    /// The real name, or the statement where it names nothing. Safe to print.
    pub object: String,
    /// The statement that does it; none where that is an operation of another kind.
    pub statement: Option<String>,
}

/// Returns whether a step takes something away.
pub fn is_destructive(step: &Step) -> bool {
    !of(step).is_empty()
}

/// Returns what a step takes away, in the order of its operations.
pub fn of(step: &Step) -> Vec<Risk> {
    let mut risks: Vec<Risk> = step.ops.iter().flat_map(of_op).collect();
    if step.action == Action::Delete {
        // The object itself says more than the statements that it takes.
        let statement = risks.iter_mut().find_map(|risk| risk.statement.take());
        let object = escape::line(&step.identity).into_owned();
        return vec![Risk { verb: format!("destroys {}", escape::line(&step.kind)), object, statement }];
    }
    let mut seen = Vec::new();
    risks.retain(|risk| {
        let is_new = !seen.contains(risk);
        seen.push(risk.clone());
        is_new
    });
    risks
}

fn of_op(op: &Op) -> Vec<Risk> {
    match op {
        Op::Sql(sql) => of_sql(sql),
        Op::KubeDelete(KubeDelete { api, namespace, name, .. }) => {
            let object = escape::line(&format!("{namespace}/{name}")).into_owned();
            vec![Risk { verb: format!("deletes {}", escape::line(&api.kind)), object, statement: None }]
        }
        Op::KubeApply(_) | Op::Await(_) | Op::AwaitMutations(_) | Op::Ledger(_) => Vec::new(),
    }
}

fn of_sql(sql: &Sql) -> Vec<Risk> {
    let risk = |verb: &str, object: String| Risk {
        verb: verb.to_owned(),
        object: escape::line(&object).into_owned(),
        statement: Some(told(sql).into_owned()),
    };
    let analysis = analyze_sql(&sql.statement).unwrap_or_default();
    let found = by_verb(&analysis, sql);
    if found.is_empty() && is_opaque(analysis.verb) && sql.journal.is_some() {
        return vec![risk("runs what is not understood:", start(sql))];
    }
    found.into_iter().map(|(verb, object)| risk(&verb, object)).collect()
}

/// Tells whether nothing is known of what a statement does to the objects that there are.
fn is_opaque(verb: Verb) -> bool {
    matches!(verb, Verb::Unknown | Verb::Restore)
}

/// Returns what an analysed statement takes away: what is said, and of what.
fn by_verb(analysis: &Analysis, sql: &Sql) -> Vec<(String, String)> {
    let named = |verb: &str, role: Role| -> Vec<(String, String)> {
        let objects = analysis.objects.iter().filter(|object| object.role == role);
        let all: Vec<_> = objects.map(|object| said(verb, object, sql)).collect();
        if all.is_empty() { vec![(verb.to_owned(), start(sql))] } else { all }
    };
    let written = |verb: &str| -> Vec<(String, String)> {
        let named = named(verb, Role::Writes).into_iter();
        named.map(|(_, object)| (verb.to_owned(), object)).collect()
    };
    match analysis.verb {
        Verb::Drop if analysis.flags.temporary => Vec::new(),
        Verb::Drop if analysis.flags.index => vec![("drops an index:".to_owned(), start(sql))],
        Verb::Drop => named("drops", Role::Drops),
        Verb::Detach => named("detaches", Role::Drops),
        Verb::Truncate => written("empties"),
        Verb::Delete => written("deletes rows of"),
        Verb::Update => written("overwrites rows of"),
        Verb::Optimize if has_word(&sql.statement, "DEDUPLICATE") => written("deletes duplicate rows of"),
        Verb::Exchange => named("exchanges", Role::RenamesFrom)
            .into_iter()
            .chain(named("exchanges", Role::RenamesTo))
            .collect(),
        Verb::Create if analysis.flags.or_replace => {
            let replaced = analysis.objects.iter();
            let replaced = replaced.filter(|o| o.role == Role::Creates && o.kind == ObjectKind::Table);
            replaced.map(|object| said("replaces", object, sql)).collect()
        }
        Verb::Alter => analysis.alters.iter().filter_map(|command| altered(command, analysis, sql)).collect(),
        Verb::Revoke => vec![("revokes:".to_owned(), start(sql))],
        Verb::Grant if sql.statement.to_ascii_uppercase().contains("WITH REPLACE OPTION") => {
            vec![("replaces all grants:".to_owned(), start(sql))]
        }
        Verb::Parallel => {
            let dropped = analysis.objects.iter().filter(|object| object.role == Role::Drops);
            dropped.map(|object| said("drops", object, sql)).collect()
        }
        _ => Vec::new(),
    }
}

/// Returns whether a statement has a word outside of texts and comments.
fn has_word(statement: &str, word: &str) -> bool {
    lex(statement).is_ok_and(|tokens| tokens.iter().any(|token| token.is_word(word)))
}

fn altered(command: &AlterCommand, analysis: &Analysis, sql: &Sql) -> Option<(String, String)> {
    let known = ALTERS.iter().find(|(action, _)| *action == command.action).map(|(_, verb)| *verb);
    // What the new type, or time to live, cannot hold is cut off or gone.
    let verb = known.or(command.retypes.then_some("rewrites column"))?;
    let table = analysis.objects.iter().find(|object| object.role == Role::Alters)?;
    let table = qualified(table, sql);
    let object = match &command.target {
        Some(column) if command.action.ends_with("COLUMN") => format!("{column} of {table}"),
        _ => table,
    };
    Some((verb.to_owned(), object))
}

fn said(verb: &str, object: &ObjectRef, sql: &Sql) -> (String, String) {
    let noun = match object.kind {
        ObjectKind::Table => " table",
        ObjectKind::View | ObjectKind::MaterializedView => " view",
        ObjectKind::Dictionary => " dictionary",
        ObjectKind::Database => " database",
        ObjectKind::Function => " function",
        ObjectKind::Other => "",
    };
    (format!("{verb}{noun}"), qualified(object, sql))
}

/// Returns the name with the database in which the statement finds it.
fn qualified(object: &ObjectRef, sql: &Sql) -> String {
    let has_database = matches!(
        object.kind,
        ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView | ObjectKind::Dictionary
    );
    match object.database.as_ref().or(sql.database.as_ref()).filter(|_| has_database) {
        Some(database) => format!("{database}.{}", object.name),
        None => object.name.clone(),
    }
}

fn start(sql: &Sql) -> String {
    let told = told(sql);
    let words: Vec<&str> = told.split_whitespace().collect();
    escape::elide(&words.join(" "), TOLD).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::testing::{Fake, script, thing};

    /// Returns what a migration of one statement takes away.
    fn told(statement: &str) -> Vec<String> {
        let mut fake = Fake::new();
        fake.declare([script("role.a")]);
        let mut step = fake.plan().steps.remove(0);
        let mut sql = Sql::new(statement);
        sql.database = Some("d".into());
        sql.journal = Some(crate::model::op::LedgerRow::new("events"));
        step.ops = vec![sql.into()];
        assert_eq!(is_destructive(&step), !of(&step).is_empty());
        of(&step).into_iter().map(|risk| format!("{} {}", risk.verb, risk.object)).collect()
    }

    #[test]
    fn what_goes_away_is_told_by_its_real_name() {
        for (statement, expected) in [
            ("DROP TABLE IF EXISTS a, `x.y`.b SYNC", "drops table d.a|drops table x.y.b"),
            ("DROP DATABASE o", "drops database o"),
            ("DROP USER u", "drops u"),
            ("TRUNCATE TABLE t", "empties d.t"),
            ("TRUNCATE ALL TABLES FROM o", "empties o"),
            ("ALTER TABLE t DROP COLUMN c, ADD COLUMN e UInt8", "drops column c of d.t"),
            (
                "ALTER TABLE o.t DELETE WHERE 1, UPDATE a = 1 WHERE 1",
                "deletes rows of o.t|overwrites rows of o.t",
            ),
            ("DELETE FROM t WHERE 1", "deletes rows of d.t"),
            ("ALTER TABLE t MODIFY TTL at + INTERVAL 1 DAY", "changes when rows expire of d.t"),
            ("CREATE OR REPLACE TABLE t (a UInt8) ENGINE = Memory", "replaces table d.t"),
            ("CREATE OR REPLACE VIEW v AS SELECT 1", ""),
            ("REVOKE SELECT ON a.* FROM r", "revokes: REVOKE SELECT ON a.* FROM r"),
            (
                "GRANT SELECT ON a.* TO r WITH REPLACE OPTION",
                "replaces all grants: GRANT SELECT ON a.* TO r WITH REPLACE OPTION",
            ),
            ("GRANT SELECT ON a.* TO r", ""),
            ("INSERT INTO t SELECT 1", ""),
            ("ALTER TABLE t MODIFY COLUMN c UInt8", "rewrites column c of d.t"),
            ("ALTER TABLE t MODIFY COLUMN c DEFAULT 1", ""),
            ("OPTIMIZE TABLE t FINAL DEDUPLICATE", "deletes duplicate rows of d.t"),
            ("OPTIMIZE TABLE t FINAL", ""),
            ("EXCHANGE TABLES a AND o.b", "exchanges table d.a|exchanges table o.b"),
            ("ALTER TABLE t ADD COLUMN e UInt8", ""),
            ("FROBNICATE t", "runs what is not understood: FROBNICATE t"),
        ] {
            assert_eq!(told(statement).join("|"), expected, "{statement}");
        }
    }

    #[test]
    fn a_removed_object_is_told_by_itself() {
        let mut fake = Fake::new();
        fake.declare([thing("role.gone")]);
        fake.apply();
        fake.declare([]);
        let plan = fake.plan();
        let risks = of(&plan.steps[0]);
        assert_eq!((risks[0].verb.as_str(), risks[0].object.as_str()), ("destroys thing", "gone"));
        assert_eq!(risks.len(), 1);
    }
}
