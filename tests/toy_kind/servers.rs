//! A ClickHouse in memory that knows workloads and charter's own tables, and nothing else: whatever
//! else it is asked fails the test.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

use charter::backend::{Error, Insert, LoginVerdict, ObjectWrite, Query, Servers, Stats};
use charter::model::op::KubeDelete;
use charter::model::snapshot::{Api, Listing, Row, text};
use charter::model::{Secret, ledger};
use serde_json::{Value as Json, json};

/// The server.
#[derive(Default)]
pub struct Fake(Mutex<Held>);

/// What it holds.
#[derive(Default)]
pub struct Held {
    /// The workloads: the most queries by name.
    pub workloads: BTreeMap<String, u64>,
    /// The statements that it ran, but for charter's own tables.
    pub ran: Vec<String>,
    tables: BTreeSet<String>,
    rows: BTreeMap<&'static str, Vec<Row>>,
}

impl Fake {
    /// Returns what the server holds.
    pub fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap()
    }
}

impl Held {
    fn answer(&self, statement: &str) -> Vec<Json> {
        if statement.contains("FROM system.columns") {
            let ops = if self.tables.is_empty() { "" } else { "22222222" };
            let row = |database: &str, table: &str, columns: Vec<&str>| {
                json!({
                    "database": database, "table": table, "columns": columns,
                    "version": "26.9.2.1", "server_uuid": "11111111", "user": "default", "ops_uuid": ops,
                })
            };
            let tables = ledger::TABLES.iter().filter(|table| self.tables.contains(table.name));
            let own = tables.map(|table| row("ops", table.name, columns(table)));
            return std::iter::once(row("system", "tables", vec!["name"])).chain(own).collect();
        }
        if statement.starts_with("CHECK GRANT") {
            return vec![json!({"result": 1})];
        }
        if statement.contains("FROM ops.charter_resources") {
            return self.newest().into_values().map(Json::Object).collect();
        }
        if statement.contains("FROM system.workload_limits") {
            let workloads = self.workloads.iter();
            return workloads.map(|(name, most)| json!({"name": name, "max_queries": most})).collect();
        }
        panic!("this server is not asked {statement}")
    }

    /// Returns the newest row of each object of the registry.
    fn newest(&self) -> BTreeMap<(String, String), Row> {
        let rows = self.rows.get("charter_resources").into_iter().flatten();
        rows.map(|row| ((text(row, "kind").to_owned(), text(row, "identity").to_owned()), row.clone()))
            .collect()
    }

    fn run(&mut self, statement: &str) {
        let mut words = statement.split(['`', ' ', '.']).filter(|word| !word.is_empty());
        let workload = statement.split('`').nth(1).unwrap_or_default().to_owned();
        let most = || statement.rsplit(' ').next().unwrap().parse().unwrap();
        match (words.next(), words.next()) {
            (Some("CREATE"), Some("DATABASE")) => return,
            (Some("CREATE"), Some("TABLE")) => {
                self.tables.insert(statement.split('`').nth(3).unwrap().to_owned());
                return;
            }
            (Some("CREATE"), Some("WORKLOAD")) => {
                assert_eq!(self.workloads.insert(workload, most()), None, "{statement}")
            }
            (Some("ALTER"), Some("WORKLOAD")) => {
                *self.workloads.get_mut(&workload).expect(statement) = most()
            }
            (Some("DROP"), Some("WORKLOAD")) => {
                assert!(self.workloads.remove(&workload).is_some(), "{statement}")
            }
            _ => panic!("this server does not run {statement}"),
        }
        self.ran.push(statement.to_owned());
    }
}

fn columns(table: &ledger::Table) -> Vec<&'static str> {
    table.columns.iter().map(|column| column.name).collect()
}

impl Servers for Fake {
    async fn rows(&self, query: Query) -> Result<Vec<Row>, Error> {
        let rows = self.held().answer(&query.statement);
        Ok(rows.into_iter().map(|row| row.as_object().unwrap().clone()).collect())
    }

    async fn execute(&self, query: Query) -> Result<Stats, Error> {
        self.held().run(&query.statement);
        Ok(Stats::default())
    }

    async fn insert(&self, insert: Insert) -> Result<(), Error> {
        let mut held = self.held();
        assert!(held.tables.contains(insert.table), "{} is filled before it is there", insert.table);
        held.rows.entry(insert.table).or_default().extend(insert.rows);
        Ok(())
    }

    async fn login(&self, user: &str, _: &Secret) -> LoginVerdict {
        panic!("nobody logs in as {user}")
    }

    async fn list(&self, api: &Api, _: &str) -> Result<Listing, Error> {
        panic!("nobody lists {}", api.plural)
    }

    async fn write(&self, object: ObjectWrite) -> Result<(), Error> {
        panic!("nobody writes {}", object.name)
    }

    async fn delete(&self, object: &KubeDelete) -> Result<(), Error> {
        panic!("nobody deletes {}", object.name)
    }

    async fn secret_key(&self, _: &str, name: &str, _: &str) -> Result<Option<Secret>, Error> {
        panic!("nobody reads {name}")
    }

    async fn cluster_uid(&self) -> Result<Option<String>, Error> {
        Ok(None)
    }
}
