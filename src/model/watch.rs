//! What is read of tables around a migration's statement, so that whoever comes later can tell
//! whether the statement did its work: the plan says which objects ([`Watched`]), the executor reads
//! them just before the statement and records the [`Facts`] with its start, and a later plan reads
//! the same again.
//!
//! Definitions are kept as hashes: they may hold what is nobody's business. No row of a table is read.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::snapshot::{Row, text};
use super::sql::literal;

/// An object to look at. A database has an empty `name`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Watched {
    /// The database.
    pub database: String,
    /// The table, view or dictionary.
    pub name: String,
    /// The columns that the statement is about.
    #[serde(default)]
    pub columns: Vec<String>,
}

/// What was found of some objects.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// What was looked at.
    pub watched: Vec<Watched>,
    /// What there is of it.
    pub facts: Vec<Fact>,
    /// Why parts and mutations, or all of it, could not be read; empty where they were.
    #[serde(default)]
    pub unread: String,
}

/// One thing that was found of an object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// `database`, `table`, `columns`, `parts` or `mutations`.
    pub what: String,
    /// The database.
    pub database: String,
    /// The object.
    pub name: String,
    /// What of it, by name.
    pub is: Map<String, Json>,
}

impl Fact {
    /// Reads a row of [`statement`].
    fn of(row: &Row) -> Self {
        let is = serde_json::from_str(text(row, "facts")).unwrap_or_default();
        let column = |name| text(row, name).to_owned();
        Self { what: column("what"), database: column("database"), name: column("object"), is }
    }

    /// Returns a value as text; empty where there is none.
    pub fn text(&self, name: &str) -> &str {
        self.is.get(name).and_then(Json::as_str).unwrap_or_default()
    }
}

impl Facts {
    /// Picks what rows of [`statement`] say of objects.
    pub fn of(watched: &[Watched], rows: &[Row]) -> Self {
        let ours =
            |fact: &Fact| watched.iter().any(|one| one.database == fact.database && (one.name == fact.name));
        let facts = rows.iter().map(Fact::of).filter(ours).collect();
        Self { watched: watched.to_vec(), facts, unread: String::new() }
    }

    /// Returns a fact of an object.
    pub fn get(&self, what: &str, database: &str, name: &str) -> Option<&Fact> {
        self.facts.iter().find(|fact| fact.what == what && fact.database == database && fact.name == name)
    }
}

/// How much is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Definitions: every user may read them of what it sees.
    Definitions,
    /// Parts and mutations: these need `SELECT` on `system.parts` and `system.mutations`.
    Data,
    /// Both.
    All,
}

/// Returns the one statement that reads all objects. Rows are `what`, `database`, `object` and
/// `facts`, a JSON text of texts; the sources are documented at
/// <https://clickhouse.com/docs/operations/system-tables>.
pub fn statement<'a>(watched: impl IntoIterator<Item = &'a Watched>, depth: Depth) -> String {
    let watched: Vec<&Watched> = watched.into_iter().collect();
    let (databases, objects): (Vec<_>, Vec<_>) = watched.into_iter().partition(|one| one.name.is_empty());
    let (definitions, data) = (depth != Depth::Data, depth != Depth::Definitions);
    let mut selects = Vec::new();
    if definitions && !databases.is_empty() {
        let names = list(databases.iter().map(|one| literal(&one.database)));
        selects.push(format!("{DATABASES} WHERE name IN ({names})"));
    }
    if !objects.is_empty() {
        let columns = list(objects.iter().flat_map(|one| &one.columns).map(|name| literal(name)));
        if definitions {
            selects.push(format!("{TABLES} {}", among(&objects, "name")));
        }
        if definitions && !columns.is_empty() {
            let among = among(&objects, "table");
            selects.push(format!("{COLUMNS} {among} AND name IN ({columns}) GROUP BY database, table"));
        }
        if data {
            let among = among(&objects, "table");
            selects.push(format!("{PARTS} {among} AND active GROUP BY database, table"));
            selects.push(format!("{MUTATIONS} {among} GROUP BY database, table"));
        }
    }
    selects.join(" UNION ALL ")
}

/// Returns the statement that reads the mutations of tables one by one.
pub fn mutations<'a>(watched: impl IntoIterator<Item = &'a Watched>) -> String {
    let watched: Vec<&Watched> = watched.into_iter().collect();
    format!(
        "SELECT database, table, {NUMBER} AS number, command, is_done, latest_fail_reason \
         FROM system.mutations {} ORDER BY database, table, number",
        among(&watched, "table")
    )
}

/// Returns the condition that objects meet.
fn among(objects: &[&Watched], name: &str) -> String {
    let pairs = objects.iter().map(|one| format!("({}, {})", literal(&one.database), literal(&one.name)));
    // The server prunes by the single columns, and not by pairs of them.
    format!(
        "WHERE database IN ({}) AND {name} IN ({}) AND (database, {name}) IN ({})",
        list(objects.iter().map(|one| literal(&one.database))),
        list(objects.iter().map(|one| literal(&one.name))),
        list(pairs)
    )
}

fn list(items: impl Iterator<Item = String>) -> String {
    let mut items: Vec<String> = items.collect();
    items.sort_unstable();
    items.dedup();
    items.join(", ")
}

const DATABASES: &str = "SELECT 'database' AS what, name AS database, '' AS object, \
    toJSONString(map('uuid', toString(uuid), 'engine', engine)) AS facts FROM system.databases";

/// Indices, projections and constraints are named in the definition alone: on every version.
const TABLES: &str = "SELECT 'table' AS what, database, name AS object, toJSONString(map(\
    'uuid', toString(uuid), 'engine', engine, 'definition', hex(sipHash128(create_table_query)), \
    'engine_full', hex(sipHash128(engine_full)), 'order_by', hex(sipHash128(sorting_key)), \
    'sample_by', hex(sipHash128(sampling_key)), \
    'elements', arrayStringConcat(arraySort(extractAll(create_table_query, \
    '(?:INDEX|PROJECTION|CONSTRAINT) (`[^`]*`|[A-Za-z0-9_]+)')), ' '), \
    'rows', ifNull(toString(total_rows), ''), 'bytes', ifNull(toString(total_bytes), ''), \
    'modified', toString(metadata_modification_time))) AS facts FROM system.tables";

const COLUMNS: &str = "SELECT 'columns' AS what, database, table AS object, \
    toJSONString(mapFromArrays(groupArray(name), groupArray(concat(type, ' #', \
    hex(sipHash64(default_kind, default_expression, comment, compression_codec)))))) AS facts \
    FROM system.columns";

/// A part's data version is the number of the newest mutation that it went through, or its first
/// block (`MergeTreePartInfo::getDataVersion`).
const PARTS: &str = "SELECT 'parts' AS what, database, table AS object, toJSONString(map(\
    'names', hex(groupBitXor(sipHash64(name))), 'count', toString(count()), 'rows', toString(sum(rows)), \
    'mutated', toString(maxIf(data_version, data_version != min_block_number)), \
    'modified', toString(max(modification_time)))) AS facts FROM system.parts";

/// Mutations are numbered: `mutation_7.txt`, `0000000007`.
const NUMBER: &str = "toUInt64OrZero(extract(mutation_id, '[0-9]+'))";

const MUTATIONS: &str = "SELECT 'mutations' AS what, database, table AS object, toJSONString(map(\
    'newest', toString(max(toUInt64OrZero(extract(mutation_id, '[0-9]+')))), 'count', toString(count()), \
    'unfinished', toString(countIf(NOT is_done)))) AS facts FROM system.mutations";

#[cfg(test)]
mod tests {
    use super::*;

    fn watched(database: &str, name: &str, columns: &[&str]) -> Watched {
        Watched {
            database: database.into(),
            name: name.into(),
            columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    #[test]
    fn one_statement_reads_what_is_asked_and_no_more() {
        let table = watched("d'x", "t", &[]);
        let statement = |watched: &[Watched], depth| super::statement(watched, depth);
        let plain = statement(std::slice::from_ref(&table), Depth::Definitions);
        assert!(plain.contains(r"('d\'x', 't')") && !plain.contains("UNION"), "{plain}");
        let all = statement(&[table, watched("d", "u", &["n"]), watched("e", "", &[])], Depth::All);
        assert_eq!(all.matches("UNION ALL").count(), 4);
        for name in ["system.databases", "system.columns", "system.parts", "system.mutations"] {
            assert!(all.contains(name), "{name}");
        }
        assert!(all.contains("AND name IN ('n')"), "{all}");
    }

    #[test]
    fn facts_survive_being_recorded() {
        let row = serde_json::json!({
            "what": "table", "database": "d", "object": "t", "facts": r#"{"uuid":"u","rows":"2"}"#,
        });
        let other = serde_json::json!({"what": "table", "database": "d", "object": "other", "facts": "{}"});
        let rows = [row, other].map(|row| row.as_object().cloned().expect("an object"));
        let facts = Facts::of(&[watched("d", "t", &[])], &rows);
        assert_eq!(facts.facts.len(), 1);
        let text = serde_json::to_string(&facts).expect("JSON");
        let back: Facts = serde_json::from_str(&text).expect("reads back");
        assert_eq!(back, facts);
        assert_eq!(back.get("table", "d", "t").map(|fact| fact.text("rows")), Some("2"));
    }
}
