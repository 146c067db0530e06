//! Follows the names of tables through statements: what stands behind a name once those before have run.
//!
//! What is not sure is taken for the worse: a table counts as made only where its statement fails if there
//! is one already, and a name may stand for several tables where a statement may have done nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::analyze::{Analysis, ObjectKind, ObjectRef, Role, Verb, each};
use super::lexer::Token;

/// How the current database is written where it is not replaced yet.
const CURRENT: &str = "${charter.database}";

/// A database and a name in it.
type Name = (String, String);

/// A table of before the first statement, whose rows a name stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The database that it was in.
    pub database: String,
    /// What it was called.
    pub table: String,
    /// Whether it is all of the table, or partitions that were moved.
    pub whole: bool,
}

/// What stands behind a name.
#[derive(Clone, Debug, Default)]
struct Standing {
    /// The tables of before.
    origins: BTreeSet<Origin>,
    /// Whether a statement made it, so that nothing of before is in it.
    made: bool,
}

/// What stands behind each name.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// The current database.
    current: String,
    /// What is no longer what it was.
    tables: BTreeMap<Name, Standing>,
    /// Databases that are no longer what they were: what they were called; none for new ones and those
    /// that are gone.
    databases: BTreeMap<String, Option<String>>,
    /// Databases that a statement made.
    made: BTreeSet<String>,
}

impl Names {
    /// Starts with everything as it is.
    pub fn new(current: &str) -> Self {
        Self { current: current.to_owned(), ..Self::default() }
    }

    /// Returns whether a statement made an object, so that nothing of before is in it.
    pub fn makes(&self, object: &ObjectRef) -> bool {
        if object.kind == ObjectKind::Database {
            return self.made.contains(self.database(Some(&object.name)));
        }
        is_table(object.kind) && self.tables.get(&self.name(object)).is_some_and(|standing| standing.made)
    }

    /// Returns the tables of before whose rows a name stands for.
    pub fn origins(&self, database: &str, table: &str) -> BTreeSet<Origin> {
        self.standing(&(database.to_owned(), table.to_owned())).origins
    }

    /// Returns whether a table of before is in a database, whatever it is called there.
    pub fn holds(&self, database: &str, origin: (&str, &str)) -> bool {
        let mut own = self.tables.iter().filter(|((of, _), _)| of == database);
        let comes = own.clone().any(|(_, standing)| {
            standing.origins.iter().any(|one| (one.database.as_str(), one.table.as_str()) == origin)
        });
        let stays = self.base(database).as_deref() == Some(origin.0);
        comes || stays && !own.any(|((_, name), _)| name == origin.1)
    }

    /// Returns the full name of an object.
    pub fn name(&self, object: &ObjectRef) -> Name {
        (self.database(object.database.as_deref()).to_owned(), object.name.clone())
    }

    /// Runs a statement.
    pub fn run(&mut self, tokens: &[Token<'_>]) {
        each(tokens, |analysis, _| self.step(analysis));
    }

    fn step(&mut self, analysis: &Analysis) {
        // A temporary object is gone with the request that makes it.
        if analysis.flags.temporary || analysis.flags.access {
            return;
        }
        match analysis.verb {
            Verb::Create => self.creates(analysis),
            Verb::Attach | Verb::Undrop => self.comes_back(analysis),
            Verb::Drop => self.drops(analysis),
            Verb::Rename | Verb::Exchange => self.renames(analysis),
            Verb::Alter => self.moves(analysis),
            _ => {}
        }
    }

    fn creates(&mut self, analysis: &Analysis) {
        if analysis.flags.if_not_exists {
            return;
        }
        for object in of(analysis, Role::Creates) {
            if object.kind == ObjectKind::Database {
                let name = self.database(Some(&object.name)).to_owned();
                self.databases.insert(name.clone(), None);
                self.made.insert(name);
            } else if is_table(object.kind) {
                let new = Standing { origins: BTreeSet::new(), made: true };
                self.tables.insert(self.name(object), new);
            }
        }
    }

    /// `ATTACH` and `UNDROP` bring back what was there before.
    fn comes_back(&mut self, analysis: &Analysis) {
        for object in of(analysis, Role::Creates).filter(|object| is_table(object.kind)) {
            let (database, table) = self.name(object);
            let origin = Origin { database: database.clone(), table: table.clone(), whole: true };
            let mut standing = self.standing(&(database.clone(), table.clone()));
            standing.made = false;
            standing.origins.insert(origin);
            self.tables.insert((database, table), standing);
        }
    }

    fn drops(&mut self, analysis: &Analysis) {
        for object in of(analysis, Role::Drops) {
            if object.kind == ObjectKind::Database {
                let name = self.database(Some(&object.name)).to_owned();
                self.tables.retain(|(database, _), _| *database != name);
                self.made.remove(&name);
                self.databases.insert(name, None);
            } else if is_table(object.kind) {
                self.tables.insert(self.name(object), Standing::default());
            }
        }
    }

    fn renames(&mut self, analysis: &Analysis) {
        let pairs = of(analysis, Role::RenamesFrom).zip(of(analysis, Role::RenamesTo));
        for (from, to) in pairs {
            if from.kind == ObjectKind::Database {
                self.renames_database(from, to);
                continue;
            }
            let (from, to) = (self.name(from), self.name(to));
            let (old, new) = (self.standing(&from), self.standing(&to));
            let swaps = analysis.verb == Verb::Exchange;
            // With `IF EXISTS` it may do nothing: each may stand for what it stood for.
            let (mut left, mut given) = (if swaps { new.clone() } else { Standing::default() }, old);
            if analysis.flags.if_exists {
                given.origins.extend(new.origins);
                if swaps {
                    given.made &= new.made;
                    left = given.clone();
                }
            }
            self.tables.insert(from, left);
            self.tables.insert(to, given);
        }
    }

    fn renames_database(&mut self, from: &ObjectRef, to: &ObjectRef) {
        let from = self.database(Some(&from.name)).to_owned();
        let to = self.database(Some(&to.name)).to_owned();
        let base = self.base(&from);
        let moved = self.tables.keys().filter(|(database, _)| *database == from);
        let moved: Vec<Name> = moved.cloned().collect();
        for name in moved {
            if let Some(standing) = self.tables.remove(&name) {
                self.tables.insert((to.clone(), name.1), standing);
            }
        }
        if self.made.remove(&from) {
            self.made.insert(to.clone());
        }
        self.databases.insert(to, base);
        self.databases.insert(from, None);
    }

    /// `ALTER TABLE a MOVE PARTITION … TO TABLE b`: rows of `a` are in `b` from then on.
    fn moves(&mut self, analysis: &Analysis) {
        let Some(from) = of(analysis, Role::Alters).find(|object| is_table(object.kind)) else { return };
        let from = self.standing(&self.name(from));
        for to in of(analysis, Role::Writes) {
            let name = self.name(to);
            let mut standing = self.standing(&name);
            standing.made &= from.made;
            let parts = from.origins.iter().map(|one| Origin { whole: false, ..one.clone() });
            standing.origins.extend(parts);
            self.tables.insert(name, standing);
        }
    }

    fn standing(&self, name: &Name) -> Standing {
        let as_it_was = || {
            let database = self.base(&name.0);
            let origin = database.map(|database| Origin { database, table: name.1.clone(), whole: true });
            Standing { origins: origin.into_iter().collect(), made: false }
        };
        self.tables.get(name).cloned().unwrap_or_else(as_it_was)
    }

    /// Returns what a database was called; none for one that is new or gone.
    fn base(&self, database: &str) -> Option<String> {
        let as_it_was = || Some(database.to_owned());
        self.databases.get(database).cloned().unwrap_or_else(as_it_was)
    }

    fn database<'a>(&'a self, name: Option<&'a str>) -> &'a str {
        name.filter(|name| *name != CURRENT).unwrap_or(&self.current)
    }
}

/// Tells by its words whether a statement may give a table another name, or move rows to another: right
/// where it says no.
pub fn may_move(sql: &str) -> bool {
    let mut words = sql.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty()).peekable();
    let is = |word: &str, other: &str| word.eq_ignore_ascii_case(other);
    // The rows of an `INSERT` may be many.
    !words.peek().is_some_and(|first| is(first, "INSERT"))
        && words.any(|word| is(word, "RENAME") || is(word, "EXCHANGE") || is(word, "MOVE"))
}

fn of(analysis: &Analysis, role: Role) -> impl Iterator<Item = &ObjectRef> {
    analysis.objects.iter().filter(move |object| object.role == role)
}

/// Returns whether a kind of object is named as tables are.
pub fn is_table(kind: ObjectKind) -> bool {
    match kind {
        ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView | ObjectKind::Dictionary => true,
        ObjectKind::Database | ObjectKind::Function | ObjectKind::Other => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::lex;

    fn after(statements: &str) -> Names {
        let mut names = Names::new("d");
        for statement in statements.split(';').filter(|text| !text.trim().is_empty()) {
            names.run(&lex(statement).unwrap());
        }
        names
    }

    /// Returns what a name stands for: `made`, or the tables of before.
    fn told(statements: &str, database: &str, table: &str) -> String {
        let names = after(statements);
        let standing = names.standing(&(database.to_owned(), table.to_owned()));
        let origins = standing
            .origins
            .iter()
            .map(|one| format!("{}.{}{}", one.database, one.table, if one.whole { "" } else { " in part" }));
        let made = standing.made.then(|| "made".to_owned());
        made.into_iter().chain(origins).collect::<Vec<_>>().join(", ")
    }

    const MADE: &str = "CREATE TABLE t (a Int8) ENGINE = Log;";

    #[test]
    fn what_a_name_stands_for_is_followed() {
        for (statements, expected) in [
            ("", "d.t"),
            (MADE, "made"),
            ("CREATE TABLE d.t (a Int8) ENGINE = Log", "made"),
            ("CREATE TABLE ${charter.database}.t (a Int8) ENGINE = Log", "made"),
            ("CREATE OR REPLACE TABLE t (a Int8) ENGINE = Log", "made"),
            ("CREATE VIEW t AS SELECT 1 AS a", "made"),
            ("CREATE TABLE IF NOT EXISTS t (a Int8) ENGINE = Log", "d.t"),
            ("CREATE TABLE e.t (a Int8) ENGINE = Log", "d.t"),
            ("CREATE TEMPORARY TABLE t (a Int8)", "d.t"),
            ("CREATE FUNCTION t AS (a) -> a", "d.t"),
            ("CREATE USER t; CREATE DATABASE t", "d.t"),
            ("ATTACH TABLE t", "d.t"),
            ("CREATE TABLE t AS s PARALLEL WITH CREATE TABLE IF NOT EXISTS u AS s", "made"),
            ("DROP TABLE t", ""),
            ("DROP TABLE t; UNDROP TABLE t", "d.t"),
            ("DROP DATABASE d", ""),
            ("RENAME TABLE s TO t", "d.s"),
            ("RENAME TABLE t TO x, s TO t", "d.s"),
            ("RENAME TABLE t TO x; EXCHANGE TABLES x AND y; RENAME TABLE y TO t", "d.t"),
            ("RENAME TABLE IF EXISTS s TO t", "d.s, d.t"),
            ("EXCHANGE TABLES s AND t", "d.s"),
            ("EXCHANGE TABLES e.s AND d.t", "e.s"),
            ("RENAME DATABASE e TO d", "e.t"),
            ("RENAME TABLE t TO e.t; RENAME DATABASE e TO d", "d.t"),
            ("ALTER TABLE s MOVE PARTITION 1 TO TABLE t", "d.s in part, d.t"),
        ] {
            assert_eq!(told(statements, "d", "t"), expected, "{statements}");
        }
        for (statements, expected) in [
            ("RENAME TABLE t TO x; RENAME TABLE s TO t", "d.s"),
            ("EXCHANGE TABLES s AND t", "d.s"),
            ("ALTER TABLE s MOVE PARTITION 1 TO TABLE t", "d.s in part"),
            ("DETACH TABLE t; ATTACH TABLE t", "d.t"),
            ("DROP TABLE t", ""),
        ] {
            assert_eq!(told(&format!("{MADE}{statements}"), "d", "t"), expected, "{statements}");
        }
        assert_eq!(told(&format!("{MADE}EXCHANGE TABLES s AND t"), "d", "s"), "made");
        assert_eq!(told(&format!("{MADE}RENAME TABLE t TO s"), "d", "s"), "made");
    }

    #[test]
    fn a_database_holds_what_was_moved_to_it() {
        let holds = |statements: &str| after(statements).holds("e", ("d", "t"));
        assert!(!holds(""));
        assert!(holds("RENAME TABLE t TO e.x"));
        assert!(holds("RENAME DATABASE d TO e"));
        assert!(!holds("RENAME TABLE t TO e.x; RENAME TABLE e.x TO f.t"));
        assert!(after("").holds("d", ("d", "t")));
        assert!(!after("DROP TABLE t").holds("d", ("d", "t")));
    }

    #[test]
    fn words_tell_what_may_move_a_table() {
        for sql in
            ["rename TABLE a TO b", "/* x */ EXCHANGE TABLES a AND b", "ALTER TABLE t MOVE PARTITION 1"]
        {
            assert!(may_move(sql), "{sql}");
        }
        for sql in ["INSERT INTO t VALUES ('rename')", "ALTER TABLE t ADD COLUMN moved Int8", ""] {
            assert!(!may_move(sql), "{sql}");
        }
    }
}
