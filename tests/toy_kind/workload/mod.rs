//! The toy: workloads on the number of queries in an hour. Complete, as a kind of charter's own would be.

use std::collections::{BTreeMap, BTreeSet};

use charter::kinds::common::decode;
use charter::kinds::{Change, DecodeCx, Instance, Kind, Lowered, World};
use charter::model::op::Sql;
use charter::model::registry::Entry;
use charter::model::resource::Declared;
use charter::model::schema::{BlockSchema, Type};
use charter::model::snapshot::{Caps, Read, number, text};
use charter::model::{Action, Attrs, Resource, Settings, Value, names, sql};

/// The kind.
pub struct Workload;

const NAME: &str = "workload";
const READ: &str = "workloads";

impl Kind for Workload {
    fn name(&self) -> &'static str {
        NAME
    }

    fn schema(&self) -> Option<BlockSchema> {
        let schema = BlockSchema::default()
            .optional("name", Type::String, "The workload's name; the label where it is absent.")
            .required("max_queries", Type::Number, "How many queries an hour may have.")
            .exports(&["name"]);
        Some(schema)
    }

    fn decode(&self, block: &Instance, cx: &mut DecodeCx) -> Declared {
        let (name, span) = decode::name_of(block, "name");
        if !decode::check_name(cx, "workload name", &name, names::clickhouse, span) {
            return Declared::default();
        }
        let most = block.body.get("max_queries").map_or(Value::Null, |attr| attr.value.clone());
        let workload =
            Resource::new(block.addr.clone(), NAME, &name, block.body.span).with("max_queries", most);
        Declared { resources: vec![workload], exports: [("name".to_owned(), Value::from(name))].into() }
    }

    fn reads(&self, _: &[&Resource], _: &[&Entry], _: &Settings, _: &Caps) -> Vec<Read> {
        let statement =
            "SELECT workload_name AS name, max_queries[1] AS max_queries FROM system.workload_limits";
        vec![Read::Sql { name: READ, statement: statement.into() }]
    }

    fn observe(&self, identities: &BTreeSet<&str>, world: &World) -> BTreeMap<String, Attrs> {
        let rows = world.snapshot.rows(READ).iter().filter(|row| identities.contains(text(row, "name")));
        let attrs = |most: u64| Attrs::from([("max_queries".to_owned(), Value::Number(most as f64))]);
        rows.map(|row| (text(row, "name").to_owned(), attrs(number(row, "max_queries")))).collect()
    }

    fn lower(&self, change: &Change, _: &World) -> Lowered {
        let name = sql::ident(change.identity);
        let most =
            change.wanted.and_then(|wanted| wanted.attrs.get("max_queries")?.as_f64()).unwrap_or_default();
        let limit = format!("FOR INTERVAL 1 hour MAX queries = {most}");
        let statement = match change.action {
            Action::Create => format!("CREATE WORKLOAD {name} {limit}"),
            Action::Update => format!("ALTER WORKLOAD {name} {limit}"),
            Action::Delete => format!("DROP WORKLOAD {name}"),
            Action::Adopt | Action::Forget | Action::Execute { .. } => return Lowered::default(),
        };
        Lowered::ops([Sql::new(statement).into()])
    }
}
