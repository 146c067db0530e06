//! A statement whose end was never recorded, and all that is known of it: read from what was recorded
//! with its start, and from the answers to [`super::reads`].

use std::collections::BTreeMap;

use crate::migrate::analyze::{Analysis, ObjectKind, ObjectRef, Role};
use crate::migrate::{self, TokenKind};
use crate::model::watch::{Fact, Facts};

/// Whether a query still runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Running {
    /// It does not.
    No,
    /// It does.
    Yes {
        /// For how many seconds.
        elapsed: u64,
    },
    /// That could not be read.
    Unread,
}

/// What the server's log says of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Logged {
    /// It did its work.
    Finished {
        /// How many rows it wrote.
        rows: u64,
    },
    /// It was refused before it did anything.
    Refused {
        /// Why.
        error: String,
    },
    /// It failed, and may have done a part of its work.
    Failed {
        /// Why.
        error: String,
    },
    /// It began; no end is logged.
    Begun,
    /// Nothing.
    Nothing,
    /// There is no log, or it could not be read.
    Unread,
}

/// A mutation that is newer than those before the statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mutation {
    /// The database.
    pub database: String,
    /// The table.
    pub table: String,
    /// Its number.
    pub number: u64,
    /// What it does, as the server writes it.
    pub command: String,
    /// Whether it is done.
    pub done: bool,
    /// Why its last attempt failed; empty where none did.
    pub failure: String,
}

/// A statement, and what is known of it.
#[derive(Clone, Debug)]
pub struct Case {
    /// The statement.
    pub sql: String,
    /// What it does.
    pub analysis: Analysis,
    /// Its current database.
    pub database: String,
    /// Whether it is another statement than the one that was started.
    pub edited: bool,
    /// What was there before it; none where that was not recorded.
    pub before: Option<Facts>,
    /// What is there; none where that could not be read.
    pub now: Option<Facts>,
    /// Whether it runs.
    pub running: Running,
    /// What the log says.
    pub logged: Logged,
    /// The mutations of its tables; none where they could not be read.
    pub mutations: Option<Vec<Mutation>>,
}

/// What was, or is, under a name.
#[derive(Clone, Debug)]
pub struct Object<'a> {
    /// The name, for people.
    pub name: String,
    /// What it is; none where there is nothing.
    pub is: Option<Is<'a>>,
}

/// A table, view, dictionary or database.
#[derive(Clone, Debug)]
pub struct Is<'a> {
    /// Its UUID; zeros where its database gives none.
    pub uuid: &'a str,
    /// Its engine.
    pub engine: &'a str,
    /// The columns that were asked for, each with its type and a hash of the rest.
    pub columns: BTreeMap<&'a str, &'a str>,
    table: &'a Fact,
    parts: Option<&'a Fact>,
    /// Whether parts and mutations were read.
    deep: bool,
    mutations: Option<&'a Fact>,
}

impl Case {
    /// Returns what was under a name before; none where that was not looked at.
    pub fn before(&self, object: &ObjectRef) -> Option<Object<'_>> {
        self.look(self.before.as_ref()?, object)
    }

    /// Returns what is under a name now; none where that was not looked at.
    pub fn now(&self, object: &ObjectRef) -> Option<Object<'_>> {
        self.look(self.now.as_ref()?, object)
    }

    fn look<'a>(&'a self, facts: &'a Facts, object: &ObjectRef) -> Option<Object<'a>> {
        let (database, name) = key(object, &self.database)?;
        facts.watched.iter().find(|one| one.database == database && one.name == name)?;
        let what = if name.is_empty() { "database" } else { "table" };
        let get = |what| facts.get(what, &database, &name);
        let columns = get("columns").map(|fact| {
            fact.is.iter().filter_map(|(name, is)| Some((name.as_str(), is.as_str()?))).collect()
        });
        let is = get(what).map(|table| Is {
            uuid: table.text("uuid"),
            engine: table.text("engine"),
            columns: columns.unwrap_or_default(),
            table,
            parts: get("parts"),
            deep: facts.unread.is_empty(),
            mutations: get("mutations"),
        });
        let name = if name.is_empty() { database } else { format!("{database}.{name}") };
        Some(Object { name, is })
    }

    /// Returns what is known, a line each.
    pub fn evidence(&self) -> Vec<String> {
        let mut lines = vec![
            match self.running {
                Running::No => "system.processes: it does not run".to_owned(),
                Running::Yes { elapsed } => format!("system.processes: it runs for {elapsed} s"),
                Running::Unread => "system.processes: may not be read".to_owned(),
            },
            match &self.logged {
                Logged::Finished { .. } => "system.query_log: it finished".to_owned(),
                Logged::Refused { error } | Logged::Failed { error } => {
                    format!("system.query_log: it failed: {error}")
                }
                Logged::Begun => "system.query_log: it began, and no end is logged".to_owned(),
                Logged::Nothing => "system.query_log: nothing (yet)".to_owned(),
                Logged::Unread => "system.query_log: there is none, or it may not be read".to_owned(),
            },
        ];
        let objects = self.analysis.objects.iter().filter(|object| object.role != Role::Reads);
        lines.extend(objects.filter_map(|object| {
            let (before, now) = (self.before(object)?, self.now(object)?);
            Some(format!("{}: {} before, {} now", now.name, before.told(), now.told()))
        }));
        lines
    }

    /// Returns the names of the columns that a `CREATE TABLE` lists; none where it lists none.
    pub fn columns_asked(&self) -> Option<Vec<&str>> {
        columns_of_create(&self.analysis, &self.sql)
    }
}

/// Returns where an object is: its database and name, the latter empty for a database. None for what
/// is neither.
pub fn key(object: &ObjectRef, current: &str) -> Option<(String, String)> {
    let current = if current.is_empty() { "default" } else { current };
    match object.kind {
        ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView | ObjectKind::Dictionary => {
            let database = object.database.clone().unwrap_or_else(|| current.to_owned());
            Some((database, object.name.clone()))
        }
        ObjectKind::Database => Some((object.name.clone(), String::new())),
        ObjectKind::Function | ObjectKind::Other => None,
    }
}

const NO_UUID: &str = "00000000-0000-0000-0000-000000000000";

impl Is<'_> {
    /// Returns whether it is the same object, whatever was done to it since.
    pub fn is_same(&self, other: &Self) -> bool {
        if self.uuid == NO_UUID || self.uuid.is_empty() {
            return self.says("definition") == other.says("definition")
                && self.says("modified") == other.says("modified");
        }
        self.uuid == other.uuid
    }

    /// Returns a fact of it.
    pub fn says(&self, what: &str) -> &str {
        self.table.text(what)
    }

    /// Returns whether it has an index, a projection or a constraint of a name.
    pub fn has_element(&self, name: &str) -> bool {
        self.says("elements").split(' ').any(|element| element.trim_matches('`') == name)
    }

    /// Returns the number of the newest mutation; none where that was not read.
    pub fn newest_mutation(&self) -> Option<u64> {
        if !self.deep {
            return None;
        }
        self.mutations.map_or(Some(0), |fact| fact.text("newest").parse().ok())
    }

    /// Returns the number of the newest mutation that a part went through.
    pub fn mutated(&self) -> u64 {
        self.parts.and_then(|fact| fact.text("mutated").parse().ok()).unwrap_or_default()
    }

    /// Returns whether its rows are in parts, which are told one by one.
    pub fn has_parts(&self) -> bool {
        self.engine.ends_with("MergeTree")
    }
}

/// Engines whose rows are counted exactly, and which nothing but a statement changes.
const COUNTED: [&str; 4] = ["Memory", "Log", "TinyLog", "StripeLog"];

impl Object<'_> {
    /// Returns its UUID; none where there is nothing, or where it has none.
    pub fn uuid(&self) -> Option<&str> {
        self.is.as_ref().map(|is| is.uuid).filter(|uuid| *uuid != NO_UUID && !uuid.is_empty())
    }

    /// Returns how many rows it has; none where that is not counted.
    pub fn rows(&self) -> Option<u64> {
        let is = self.is.as_ref()?;
        if is.has_parts() {
            // What has no parts has no row in `system.parts`.
            return is.deep.then(|| is.parts.map_or(0, |fact| fact.text("rows").parse().unwrap_or_default()));
        }
        COUNTED.contains(&is.engine).then(|| is.says("rows").parse().ok()).flatten()
    }

    /// Returns whether it has exactly the rows that another state of it has, for certain.
    pub fn has_same_rows(&self, other: &Self) -> bool {
        let (Some(mine), Some(theirs)) = (&self.is, &other.is) else { return false };
        if mine.uuid != theirs.uuid || self.rows().is_none() || self.rows() != other.rows() {
            return false;
        }
        let names =
            |is: &Is| is.parts.map(|fact| (fact.text("names").to_owned(), fact.text("count").to_owned()));
        if mine.has_parts() {
            names(mine) == names(theirs)
        } else {
            mine.says("bytes") == theirs.says("bytes")
        }
    }

    /// Returns what there is, for people.
    fn told(&self) -> String {
        let Some(is) = &self.is else { return "not there".to_owned() };
        let definition = is.says("definition").get(..8).unwrap_or_default();
        format!("{}, definition {definition}", self.size())
    }

    /// Returns how much there is, for people.
    pub fn size(&self) -> String {
        let Some(is) = &self.is else { return "nothing".to_owned() };
        let plural =
            |count: u64, one: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") };
        match (self.rows(), is.has_parts()) {
            (None, _) => "rows that are not counted".to_owned(),
            (Some(rows), false) => plural(rows, "row"),
            (Some(rows), true) => {
                let parts = is.parts.map_or(0, |fact| fact.text("count").parse().unwrap_or_default());
                format!("{} in {}", plural(rows, "row"), plural(parts, "part"))
            }
        }
    }
}

/// How many columns of a new table are compared.
const COMPARED: usize = 32;

/// Returns the names of the first columns that a `CREATE TABLE` lists; none where it lists none, or
/// where the server names them otherwise (`Nested`).
pub fn columns_of_create<'a>(analysis: &Analysis, sql: &'a str) -> Option<Vec<&'a str>> {
    let is_table = analysis.objects.first().is_some_and(|object| object.kind == ObjectKind::Table);
    let tokens: Vec<_> =
        migrate::lex(sql).ok()?.into_iter().filter(|token| !token.kind.is_trivia()).collect();
    let open = tokens.iter().position(|token| token.is_punct("("))?;
    // What comes before the list is the name; a bracket after one of these words is no list.
    let words = ["AS", "ENGINE", "CLONE", "TO"];
    if !is_table
        || tokens.iter().any(|token| token.is_word("Nested"))
        || tokens[..open].iter().any(|token| words.iter().any(|word| token.is_word(word)))
    {
        return None;
    }
    let (mut depth, mut begins, mut names) = (0_usize, false, Vec::new());
    for token in &tokens[open..] {
        if begins && depth == 1 {
            let other = ["INDEX", "PROJECTION", "CONSTRAINT", "PRIMARY", "STATISTICS"];
            if names.len() < COMPARED && !other.iter().any(|word| token.is_word(word)) {
                names.push(plain(token.kind, token.text)?);
            }
        }
        begins = false;
        if token.is_punct("(") {
            depth += 1;
            begins = depth == 1;
        } else if token.is_punct(")") {
            depth = depth.checked_sub(1)?;
            if depth == 0 {
                return Some(names);
            }
        } else if token.is_punct(",") {
            begins = depth == 1;
        }
    }
    None
}

/// Returns a name without its quotes; none where it has escapes.
fn plain(kind: TokenKind, text: &str) -> Option<&str> {
    if kind == TokenKind::Word {
        return Some(text);
    }
    let inner = text.get(1..text.len().checked_sub(1)?)?;
    (!inner.contains(['\\', '`', '"'])).then_some(inner)
}
