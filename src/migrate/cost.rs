//! Tells what a statement does to the rows of the tables that it names, and whether that can be
//! undone. How many rows there are is the server's to say.
//!
//! By ClickHouse's reference (`docs/en/sql-reference/statements`) and 26.9: which `ALTER` is a mutation
//! that rewrites parts, which one only touches files, which one changes the definition alone.

use std::fmt::Write as _;

use super::analyze::{AlterCommand, Analysis, ObjectKind, Role, Verb, each};
use super::lexer::Token;
use crate::model::cost::{Undo, Work};

/// How many commands of an `ALTER` are named.
const NAMED: usize = 3;

/// What a statement does to one table, or to all of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    /// The statement in few words.
    pub what: String,
    /// The database; none for the current one.
    pub database: Option<String>,
    /// The table; none for all of the database.
    pub table: Option<String>,
    /// What is done to its rows.
    pub work: Work,
    /// Whether that can be undone.
    pub undo: Undo,
}

/// Returns what a statement does to tables that exist; nothing for one that only makes new ones,
/// reads, or is about something else.
pub fn of(tokens: &[Token<'_>]) -> Vec<Cost> {
    each(tokens, one).into_iter().flatten().collect()
}

fn one(analysis: &Analysis, tokens: &[Token<'_>]) -> Vec<Cost> {
    if analysis.flags.temporary || analysis.flags.access {
        return Vec::new();
    }
    let changed = analysis.objects.iter().filter(|object| object.role != Role::Reads);
    let costs = changed.filter_map(|object| {
        let (what, work, undo) = match object.role {
            Role::Reads => return None,
            Role::Creates => replaced(analysis)?,
            Role::Alters => altered(analysis, object.kind)?,
            Role::Drops => dropped(analysis, object.kind)?,
            Role::RenamesFrom => (verb(analysis.verb).to_owned(), Work::Metadata, Undo::Possible),
            Role::RenamesTo if analysis.verb == Verb::Exchange => {
                (verb(analysis.verb).to_owned(), Work::Metadata, Undo::Possible)
            }
            Role::RenamesTo => return None,
            Role::Writes => written(analysis, tokens)?,
        };
        let (database, table) = match object.kind {
            ObjectKind::Database => (Some(object.name.clone()), None),
            ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView | ObjectKind::Dictionary => {
                (object.database.clone(), Some(object.name.clone()))
            }
            ObjectKind::Function | ObjectKind::Other => return None,
        };
        Some(Cost { what, database, table, work, undo })
    });
    costs.collect()
}

type Judged = (String, Work, Undo);

/// `CREATE OR REPLACE` drops what was there, at once and for good.
fn replaced(analysis: &Analysis) -> Option<Judged> {
    let replaces = analysis.flags.or_replace && analysis.verb == Verb::Create;
    replaces.then(|| ("CREATE OR REPLACE".to_owned(), Work::RemovesAll, Undo::Never))
}

fn dropped(analysis: &Analysis, kind: ObjectKind) -> Option<Judged> {
    let undo = if analysis.flags.sync { Undo::Never } else { Undo::Briefly };
    let what = verb(analysis.verb);
    match (analysis.verb, kind) {
        (_, ObjectKind::Function | ObjectKind::Other) => None,
        (Verb::Detach, _) => Some((what.to_owned(), Work::Metadata, Undo::Possible)),
        (_, ObjectKind::Database) => Some((format!("{what} DATABASE"), Work::RemovesAll, undo)),
        (_, ObjectKind::View | ObjectKind::Dictionary) => None,
        _ => Some((format!("{what} TABLE"), Work::RemovesAll, undo)),
    }
}

fn written(analysis: &Analysis, tokens: &[Token<'_>]) -> Option<Judged> {
    let has = |word: &str| tokens.iter().any(|token| token.is_word(word));
    let (what, work, undo) = match analysis.verb {
        Verb::Insert => ("INSERT", Work::Adds, Undo::Never),
        Verb::Delete => ("DELETE FROM", Work::Marks, Undo::Never),
        Verb::Update => ("UPDATE", Work::Marks, Undo::Never),
        Verb::Truncate => ("TRUNCATE", Work::RemovesAll, Undo::Never),
        Verb::Optimize if has("DEDUPLICATE") => ("OPTIMIZE … DEDUPLICATE", Work::Rewrites, Undo::Never),
        Verb::Optimize if has("FINAL") => ("OPTIMIZE … FINAL", Work::Rewrites, Undo::Needless),
        Verb::Optimize => ("OPTIMIZE", Work::Touches, Undo::Needless),
        // The target of `MOVE PARTITION … TO TABLE`, and of views that write.
        Verb::Alter => ("ALTER … MOVE PARTITION", Work::Adds, Undo::Possible),
        _ => return None,
    };
    Some((what.to_owned(), work, undo))
}

fn altered(analysis: &Analysis, kind: ObjectKind) -> Option<Judged> {
    if analysis.flags.index {
        let (what, work) = match analysis.verb {
            Verb::Drop => ("DROP INDEX", Work::Touches),
            _ => ("CREATE INDEX", Work::Metadata),
        };
        return Some((what.to_owned(), work, Undo::Possible));
    }
    if analysis.verb != Verb::Alter || kind == ObjectKind::Database || analysis.alters.is_empty() {
        return None;
    }
    let judged = analysis.alters.iter().map(command);
    let (work, undo) = judged.reduce(|(a, b), (c, d)| (a.max(c), b.max(d)))?;
    Some((named(&analysis.alters), work, undo))
}

fn named(commands: &[AlterCommand]) -> String {
    let mut text = "ALTER … ".to_owned();
    for (index, AlterCommand { action, target, .. }) in commands.iter().take(NAMED).enumerate() {
        text.push_str(if index > 0 { ", " } else { "" });
        text.push_str(action);
        if let Some(target) = target {
            // Writing to a text does not fail.
            let _ = write!(text, " {target}");
        }
    }
    match commands.len().saturating_sub(NAMED) {
        0 => text,
        more => text + &format!(" and {more} more"),
    }
}

/// Judges one command of an `ALTER TABLE` by its keywords.
fn command(command: &AlterCommand) -> (Work, Undo) {
    use Undo::{Needless, Never, Possible};
    use Work::{Adds, Metadata, RemovesColumn, RemovesSome, Rewrites, Touches};
    match command.action.as_str() {
        "DROP COLUMN" | "CLEAR COLUMN" => (RemovesColumn, Never),
        "DROP PARTITION"
        | "DROP PART"
        | "DROP DETACHED PARTITION"
        | "DROP DETACHED PART"
        | "FORGET PARTITION" => (RemovesSome, Never),
        // What was in the partition before is replaced.
        "REPLACE PARTITION" => (RemovesSome, Never),
        "DETACH PARTITION" | "DETACH PART" | "MOVE PARTITION" | "MOVE PART" => (RemovesSome, Possible),
        "ATTACH PARTITION" | "ATTACH PART" | "FETCH PARTITION" | "FETCH PART" => (Adds, Possible),
        "UPDATE" | "DELETE" => (Rewrites, Never),
        "MODIFY TTL" | "MATERIALIZE TTL" => (Rewrites, Never),
        "MODIFY COLUMN" | "ALTER COLUMN" if command.retypes => (Rewrites, Never),
        "MATERIALIZE COLUMN" => (Rewrites, Never),
        "MATERIALIZE INDEX" | "MATERIALIZE PROJECTION" | "MATERIALIZE STATISTICS" | "REWRITE PARTS" => {
            (Rewrites, Needless)
        }
        "APPLY DELETED MASK" | "APPLY PATCHES" => (Rewrites, Needless),
        "RENAME COLUMN" | "DROP INDEX" | "DROP PROJECTION" | "DROP STATISTICS" | "CLEAR INDEX"
        | "CLEAR PROJECTION" | "CLEAR STATISTICS" => (Touches, Possible),
        "FREEZE" | "UNFREEZE" => (Metadata, Needless),
        // A command that this version does not know is taken for the worst that is likely.
        _ if command.mutation && !is_column(&command.action) => (Rewrites, Never),
        _ => (Metadata, Possible),
    }
}

/// Returns whether a command changes a column's attributes: a default, a comment, a codec.
fn is_column(action: &str) -> bool {
    matches!(action, "MODIFY COLUMN" | "ALTER COLUMN")
}

fn verb(verb: Verb) -> &'static str {
    match verb {
        Verb::Detach => "DETACH",
        Verb::Rename => "RENAME",
        Verb::Exchange => "EXCHANGE",
        _ => "DROP",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(sql: &str) -> String {
        let costs = of(&crate::migrate::lex(sql).unwrap());
        let lines = costs.iter().map(|cost| {
            let database = cost.database.iter().map(|name| format!("{name}.")).collect::<String>();
            let table = cost.table.as_deref().unwrap_or("*");
            format!("{} {database}{table} {:?} {:?}", cost.what, cost.work, cost.undo)
        });
        lines.collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn every_kind_of_statement_is_judged() {
        for (sql, expected) in [
            ("CREATE TABLE t (a Int8) ENGINE = Memory", ""),
            ("CREATE TABLE IF NOT EXISTS t (a Int8) ENGINE = Memory", ""),
            ("CREATE OR REPLACE TABLE t (a Int8) ENGINE = Memory", "CREATE OR REPLACE t RemovesAll Never"),
            ("CREATE MATERIALIZED VIEW v TO t AS SELECT * FROM s", ""),
            ("CREATE INDEX i ON t (a) TYPE minmax", "CREATE INDEX t Metadata Possible"),
            ("DROP INDEX i ON t", "DROP INDEX t Touches Possible"),
            ("DROP TABLE d.t", "DROP TABLE d.t RemovesAll Briefly"),
            ("DROP TABLE t SYNC", "DROP TABLE t RemovesAll Never"),
            ("DROP TABLE a, b", "DROP TABLE a RemovesAll Briefly; DROP TABLE b RemovesAll Briefly"),
            ("DROP DATABASE d SYNC", "DROP DATABASE d.* RemovesAll Never"),
            ("DROP VIEW v", ""),
            ("DROP USER u", ""),
            ("DETACH TABLE t", "DETACH t Metadata Possible"),
            ("TRUNCATE TABLE t", "TRUNCATE t RemovesAll Never"),
            ("RENAME TABLE a TO b", "RENAME a Metadata Possible"),
            ("EXCHANGE TABLES a AND b", "EXCHANGE a Metadata Possible; EXCHANGE b Metadata Possible"),
            ("INSERT INTO t SELECT * FROM s", "INSERT t Adds Never"),
            ("DELETE FROM t WHERE a = 1", "DELETE FROM t Marks Never"),
            ("UPDATE t SET a = 1 WHERE b", "UPDATE t Marks Never"),
            ("OPTIMIZE TABLE t", "OPTIMIZE t Touches Needless"),
            ("OPTIMIZE TABLE t FINAL", "OPTIMIZE … FINAL t Rewrites Needless"),
            ("OPTIMIZE TABLE t FINAL DEDUPLICATE BY a", "OPTIMIZE … DEDUPLICATE t Rewrites Never"),
            ("SELECT 1", ""),
            ("GRANT SELECT ON t TO u", ""),
            ("SYSTEM SYNC REPLICA t", ""),
            (
                "DROP TABLE a SYNC PARALLEL WITH TRUNCATE TABLE b",
                "DROP TABLE a RemovesAll Never; TRUNCATE b RemovesAll Never",
            ),
        ] {
            assert_eq!(told(sql), expected, "{sql}");
        }
    }

    #[test]
    fn every_kind_of_alter_is_judged() {
        for (alter, expected) in [
            ("ADD COLUMN a Int8", "ADD COLUMN a t Metadata Possible"),
            ("ADD INDEX i a TYPE minmax", "ADD INDEX i t Metadata Possible"),
            ("ADD PROJECTION p (SELECT a)", "ADD PROJECTION p t Metadata Possible"),
            ("DROP COLUMN a", "DROP COLUMN a t RemovesColumn Never"),
            ("CLEAR COLUMN a IN PARTITION 1", "CLEAR COLUMN a t RemovesColumn Never"),
            ("RENAME COLUMN a TO b", "RENAME COLUMN a t Touches Possible"),
            ("DROP INDEX i", "DROP INDEX i t Touches Possible"),
            ("MODIFY COLUMN a UInt32", "MODIFY COLUMN a t Rewrites Never"),
            ("MODIFY COLUMN a Nullable(String) DEFAULT 'x'", "MODIFY COLUMN a t Rewrites Never"),
            ("ALTER COLUMN a TYPE UInt32", "ALTER COLUMN a t Rewrites Never"),
            ("MODIFY COLUMN a DEFAULT 1", "MODIFY COLUMN a t Metadata Possible"),
            ("MODIFY COLUMN a COMMENT 'TTL'", "MODIFY COLUMN a t Metadata Possible"),
            ("MODIFY COLUMN a CODEC(ZSTD)", "MODIFY COLUMN a t Metadata Possible"),
            ("MODIFY COLUMN a REMOVE TTL", "MODIFY COLUMN a t Metadata Possible"),
            ("MODIFY COLUMN a FIRST", "MODIFY COLUMN a t Metadata Possible"),
            ("MODIFY COLUMN a DEFAULT 1 TTL d + INTERVAL 1 DAY", "MODIFY COLUMN a t Rewrites Never"),
            ("COMMENT COLUMN a 'x'", "COMMENT COLUMN a t Metadata Possible"),
            ("MODIFY ORDER BY (a, b)", "MODIFY ORDER BY t Metadata Possible"),
            ("MODIFY SETTING x = 1", "MODIFY SETTING t Metadata Possible"),
            ("MODIFY TTL d + INTERVAL 1 DAY", "MODIFY TTL t Rewrites Never"),
            ("REMOVE TTL", "REMOVE TTL t Metadata Possible"),
            ("MATERIALIZE COLUMN a", "MATERIALIZE COLUMN a t Rewrites Never"),
            ("MATERIALIZE INDEX i", "MATERIALIZE INDEX i t Rewrites Needless"),
            ("UPDATE a = 1 WHERE b", "UPDATE t Rewrites Never"),
            ("DELETE WHERE b", "DELETE t Rewrites Never"),
            ("APPLY DELETED MASK", "APPLY DELETED MASK t Rewrites Needless"),
            ("DROP PARTITION 1", "DROP PARTITION t RemovesSome Never"),
            ("DETACH PARTITION 1", "DETACH PARTITION t RemovesSome Possible"),
            ("ATTACH PARTITION 1", "ATTACH PARTITION t Adds Possible"),
            ("REPLACE PARTITION 1 FROM s", "REPLACE PARTITION t RemovesSome Never"),
            ("FREEZE", "FREEZE t Metadata Needless"),
            ("FROBNICATE", "FROBNICATE t Rewrites Never"),
            ("ADD COLUMN a Int8, DROP COLUMN b", "ADD COLUMN a, DROP COLUMN b t RemovesColumn Never"),
            (
                "ADD COLUMN a Int8, ADD COLUMN b Int8, ADD COLUMN c Int8, ADD COLUMN d Int8",
                "ADD COLUMN a, ADD COLUMN b, ADD COLUMN c and 1 more t Metadata Possible",
            ),
        ] {
            assert_eq!(told(&format!("ALTER TABLE t {alter}")), format!("ALTER … {expected}"), "{alter}");
        }
    }

    #[test]
    fn a_moved_partition_leaves_one_table_and_comes_to_another() {
        let told = told("ALTER TABLE t MOVE PARTITION 1 TO TABLE u");
        assert_eq!(
            told,
            "ALTER … MOVE PARTITION t RemovesSome Possible; ALTER … MOVE PARTITION u Adds Possible"
        );
    }
}
