//! What statements would leave behind: the tables, views, dictionaries and databases that there are
//! after them, and whether the server has them.

use std::collections::{BTreeMap, BTreeSet};

use crate::kinds::World;
use crate::migrate::analyze::{Analysis, ObjectKind, ObjectRef, Role};
use crate::migrate::analyze_sql;
use crate::model::snapshot::{Read, text};
use crate::model::{Resource, Value, sql};

const TABLES: &str = "migrations_objects";
const DATABASES: &str = "migrations_databases";

/// A database, or something in one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Object {
    database: String,
    /// Its name; none for the database itself.
    name: Option<String>,
}

impl std::fmt::Display for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{}.{name}", self.database),
            None => write!(f, "database {}", self.database),
        }
    }
}

/// What looking at the server says of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// What it makes is there, and what it takes away is gone; a line each.
    For(Vec<String>),
    /// What it makes is not there, or what it takes away is; a line each.
    Against(Vec<String>),
    /// It leaves nothing behind that names would tell.
    None,
}

/// Returns the statements of a file, analysed.
fn analyses(file: &Resource) -> impl Iterator<Item = Analysis> + '_ {
    let statements = file.attrs.get("statements").map_or(&[][..], Value::items);
    statements.iter().map(|statement| {
        let text = statement.get("sql").and_then(Value::as_str).unwrap_or_default();
        analyze_sql(text).unwrap_or_default()
    })
}

/// Returns an object that is seen by its name; none for functions and the like.
fn seen(object: &ObjectRef, current: &str) -> Option<Object> {
    let current = if current.is_empty() { "default" } else { current };
    match object.kind {
        ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView | ObjectKind::Dictionary => {
            let database = object.database.clone().unwrap_or_else(|| current.to_owned());
            Some(Object { database, name: Some(object.name.clone()) })
        }
        ObjectKind::Database => Some(Object { database: object.name.clone(), name: None }),
        ObjectKind::Function | ObjectKind::Other => None,
    }
}

/// Returns the reads of what there is in the databases that files name.
pub fn reads(files: &[&Resource]) -> Vec<Read> {
    let mut databases: BTreeSet<String> = BTreeSet::new();
    for file in files {
        for analysis in analyses(file) {
            let objects = analysis.objects.iter().filter_map(|object| seen(object, file.text("database")));
            databases.extend(objects.map(|object| object.database));
        }
    }
    if databases.is_empty() {
        return Vec::new();
    }
    let names = databases.iter().map(|name| sql::literal(name)).collect::<Vec<_>>().join(", ");
    vec![
        Read::Sql {
            name: TABLES,
            statement: format!(
                "SELECT database, name, engine FROM system.tables WHERE database IN ({names})"
            ),
        },
        Read::Sql {
            name: DATABASES,
            statement: format!("SELECT name, engine FROM system.databases WHERE name IN ({names})"),
        },
    ]
}

/// What the server has, with engines.
pub struct Live(BTreeMap<Object, String>);

impl Live {
    /// Takes what was read.
    pub fn of(world: &World) -> Self {
        let tables = world.snapshot.rows(TABLES).iter().map(|row| {
            let object = Object {
                database: text(row, "database").to_owned(),
                name: Some(text(row, "name").to_owned()),
            };
            (object, text(row, "engine").to_owned())
        });
        let databases = world.snapshot.rows(DATABASES).iter().map(|row| {
            (Object { database: text(row, "name").to_owned(), name: None }, text(row, "engine").to_owned())
        });
        Self(tables.chain(databases).collect())
    }

    /// Returns what files would have made and is not there, with the name of the file that makes it.
    pub fn missing(&self, files: &[&Resource]) -> Vec<(Object, String)> {
        let mut expected: BTreeMap<Object, String> = BTreeMap::new();
        for file in files {
            for analysis in analyses(file).filter(|analysis| !analysis.flags.temporary) {
                after(&mut expected, &analysis, file);
            }
        }
        expected.into_iter().filter(|(object, _)| !self.0.contains_key(object)).collect()
    }

    /// Returns what there is to see of one statement.
    pub fn evidence(&self, statement: &str, database: &str) -> Evidence {
        let analysis = analyze_sql(statement).unwrap_or_default();
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        for object in analysis.objects.iter().filter(|_| !analysis.flags.temporary) {
            let Some(name) = seen(object, database) else { continue };
            let engine = self.0.get(&name);
            let there = engine.map(|engine| format!("{name} is there ({engine})"));
            match object.role {
                Role::Creates | Role::RenamesTo => match there {
                    Some(there) => good.push(there),
                    None => bad.push(format!("{name} is not there")),
                },
                Role::Drops | Role::RenamesFrom => match there {
                    Some(there) => bad.push(there),
                    None => good.push(format!("{name} is gone")),
                },
                Role::Alters | Role::Writes | Role::Reads => {}
            }
        }
        match (good.is_empty(), bad.is_empty()) {
            (_, false) => Evidence::Against(bad),
            // That a table is there does not say that all of its rows are.
            (false, true) if !analysis.fills => Evidence::For(good),
            _ => Evidence::None,
        }
    }
}

/// Brings what is expected to be there up to date with a statement.
fn after(expected: &mut BTreeMap<Object, String>, analysis: &Analysis, file: &Resource) {
    let roles = [[Role::Drops, Role::RenamesFrom], [Role::Creates, Role::RenamesTo]];
    for (goes, roles) in [true, false].into_iter().zip(roles) {
        let objects = analysis.objects.iter().filter(|object| roles.contains(&object.role));
        for object in objects.filter_map(|object| seen(object, file.text("database"))) {
            if !goes {
                expected.insert(object, file.text("file").to_owned());
                continue;
            }
            if object.name.is_none() {
                expected.retain(|other, _| other.database != object.database);
            }
            expected.remove(&object);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(names: &[&str]) -> Live {
        let object = |name: &&str| {
            (Object { database: "d".into(), name: Some((*name).to_owned()) }, "Memory".to_owned())
        };
        Live(names.iter().map(object).collect())
    }

    #[test]
    fn names_tell_what_they_can() {
        let live = live(&["t"]);
        let evidence = |sql: &str| live.evidence(sql, "d");
        assert_eq!(
            evidence("CREATE TABLE t (a Int8) ENGINE = Memory"),
            Evidence::For(vec!["d.t is there (Memory)".into()])
        );
        assert_eq!(
            evidence("CREATE TABLE u (a Int8) ENGINE = Memory"),
            Evidence::Against(vec!["d.u is not there".into()])
        );
        assert_eq!(evidence("DROP TABLE t SYNC"), Evidence::Against(vec!["d.t is there (Memory)".into()]));
        assert_eq!(evidence("DROP TABLE u SYNC"), Evidence::For(vec!["d.u is gone".into()]));
        assert_eq!(
            evidence("RENAME TABLE u TO t"),
            Evidence::For(vec!["d.u is gone".into(), "d.t is there (Memory)".into()])
        );
        for silent in [
            "INSERT INTO t VALUES (1)",
            "ALTER TABLE t ADD COLUMN b Int8",
            "CREATE TABLE t ENGINE = Memory AS SELECT 1 AS a",
        ] {
            assert_eq!(evidence(silent), Evidence::None, "{silent}");
        }
    }
}
