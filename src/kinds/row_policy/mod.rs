//! Row policies: which rows of a table a role or user reads.
//!
//! The server keeps a condition as it formats it, so both sides are compared in its own formatting:
//! the read of the live policies has it format the declared conditions, too (`formatQuery` runs
//! nothing). Policies are changed in place (`ALTER ROW POLICY`), so there is no moment without one.

mod condition;
mod coverage;
#[cfg(test)]
mod tests;
mod widening;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use crate::kinds::common::{decode, principals, storage};
use crate::kinds::found::{FindCx, Group, Inventory, WriteCx};
use crate::kinds::{Change, DecodeCx, Effects, Instance, Kind, Lowered, World, diff_attrs};
use crate::model::block::Block;
use crate::model::op::Sql;
use crate::model::plan::AttrDiff;
use crate::model::registry::Entry;
use crate::model::resource::Declared;
use crate::model::schema::{BlockSchema, Type};
use crate::model::snapshot::{Caps, Read, Row, number, text};
use crate::model::{Action, Attrs, Cause, Finding, Resource, Settings, Step, Value, names, sql};

/// The kind.
pub struct RowPolicy;

const NAME: &str = "row_policy";

const READ: &str = principals::POLICIES;

const USING: &str = "using";
const RESTRICTIVE: &str = "restrictive";

impl Kind for RowPolicy {
    fn name(&self) -> &'static str {
        NAME
    }

    fn schema(&self) -> Option<BlockSchema> {
        let schema = BlockSchema::default()
            .optional(
                "name",
                Type::String,
                "The policy's name; the label where it is absent. Unique on its table.",
            )
            .required("database", Type::String, "The database of the table.")
            .optional("table", Type::String, "The table; all of the database where absent.")
            .required(USING, Type::String, "The condition on a row, in SQL: `tenant_id = 1`.")
            .optional(
                RESTRICTIVE,
                Type::Bool,
                "Whether it takes rows away from what other policies show, instead of showing more.",
            )
            .ignorable(&[USING]);
        Some(principals::schema(schema).exports(&["name"]))
    }

    fn decode(&self, block: &Instance, cx: &mut DecodeCx) -> Declared {
        let body = &block.body;
        let (name, span) = decode::name_of(block, "name");
        let (database, table) = (body.string("database").unwrap_or_default(), body.string("table"));
        let good = decode::check_name(cx, "name of a row policy", &name, names::clickhouse, span)
            & decode::check_name(cx, "database name", database, object, body.span_of("database"))
            & table.is_none_or(|table| {
                decode::check_name(cx, "table name", table, object, body.span_of("table"))
            })
            & condition::check(body.string(USING).unwrap_or_default(), body.span_of(USING), cx);
        if !good {
            return Declared::default();
        }
        let policy = Resource::new(block.addr.clone(), NAME, identity(&name, database, table), body.span)
            .with("name", name.as_str())
            .with("database", database)
            .with("table", table.unwrap_or_default())
            .with(USING, body.string(USING).unwrap_or_default().trim())
            .with(RESTRICTIVE, body.bool(RESTRICTIVE).unwrap_or_default());
        let policy = principals::decode(policy, body, cx);
        Declared { resources: vec![policy], exports: [("name".to_owned(), Value::from(name))].into() }
    }

    fn reads(&self, wanted: &[&Resource], _: &[&Entry], _: &Settings, caps: &Caps) -> Vec<Read> {
        let mut statement = format!(
            "SELECT short_name, database, table, toString(id) AS id, storage, \
             ifNull(select_filter, '') AS select_filter, is_restrictive, {}, '' AS declared, '' AS formatted \
             FROM system.row_policies",
            principals::COLUMNS
        );
        let conditions: BTreeSet<&str> = wanted.iter().map(|policy| policy.text(USING)).collect();
        statement.push_str(&condition::formatted(&conditions, caps));
        vec![Read::Sql { name: READ, statement }]
    }

    fn statement_names(&self, identity: &str, _: &Cause) -> Vec<String> {
        identity.split_once(" ON ").map(|(name, _)| name.to_owned()).into_iter().collect()
    }

    fn observe(&self, identities: &BTreeSet<&str>, world: &World) -> BTreeMap<String, Attrs> {
        let rows = policies(world).map(|row| (identity_of(row), attrs(row)));
        rows.filter(|(identity, _)| identities.contains(identity.as_str())).collect()
    }

    fn diff(&self, wanted: &Resource, live: &Attrs, world: &World) -> Vec<AttrDiff> {
        let mut diff = diff_attrs(&principals::others(&wanted.attrs), live);
        diff.extend(principals::diff(&wanted.attrs, live));
        let live = live.get(USING).and_then(Value::as_str).unwrap_or_default();
        if condition::same(wanted.text(USING), live, world.snapshot.rows(READ)) {
            diff.retain(|diff| diff.attr != USING);
        }
        diff
    }

    fn show(&self, attrs: &Attrs) -> Attrs {
        let mut shown = attrs.clone();
        // The identity says the rest; what is usual says nothing.
        shown.retain(|name, value| match name.as_str() {
            "name" | "database" | "table" | "id" => false,
            RESTRICTIVE => *value == Value::Bool(true),
            _ => true,
        });
        shown
    }

    fn find(&self, cx: &FindCx) -> Inventory {
        write::find(cx)
    }

    fn write(&self, groups: &[&Group], cx: &WriteCx) -> Vec<Vec<Block>> {
        write::write(groups, cx)
    }

    fn lower(&self, change: &Change, _: &World) -> Lowered {
        let read_only =
            change.live.and_then(|live| storage::read_only(&what(change.identity), live, change.addr));
        if let Some(finding) = read_only.filter(|_| change.action != Action::Adopt) {
            return storage::refused(finding);
        }
        let statement = match (change.action, change.wanted, change.live) {
            (Action::Delete, _, Some(live)) => format!("DROP ROW POLICY {}", on(live)),
            (Action::Create, Some(wanted), _) => {
                format!("CREATE ROW POLICY {} {}", on(&wanted.attrs), clauses(&wanted.attrs, |_| true))
            }
            (Action::Update, Some(wanted), _) if !change.diff.is_empty() => {
                let differs = |attr: &str| change.diff.iter().any(|diff| diff.attr == attr);
                format!("ALTER ROW POLICY {} {}", on(&wanted.attrs), clauses(&wanted.attrs, differs))
            }
            _ => return Lowered::default(),
        };
        Lowered::ops([Sql::new(statement).into()])
    }

    fn findings(&self, wanted: &Resource, live: Option<&Attrs>, world: &World) -> Vec<Finding> {
        let read_only = live.and_then(|live| storage::read_only(&what(&wanted.identity), live, &wanted.addr));
        let bad = condition::finding(wanted, world.snapshot.rows(READ));
        read_only.into_iter().chain(bad).collect()
    }

    fn survey(&self, wanted: &[&Resource], world: &World) -> Vec<Finding> {
        coverage::findings(wanted, world)
    }

    fn access(&self, steps: &[Step], world: &World) -> Effects {
        widening::effects(steps, world)
    }
}

/// Checks the name of what others made, which may be odder than what charter makes.
fn object(text: &str) -> Result<(), String> {
    match text.chars().find(|c| c.is_control()) {
        None if text.is_empty() => Err("it is empty".to_owned()),
        None => Ok(()),
        Some(c) => Err(format!("it holds {c:?}")),
    }
}

fn what(identity: &str) -> String {
    format!("row policy {identity}")
}

/// Returns the rows that tell of policies.
fn policies<'a>(world: &World<'a>) -> impl Iterator<Item = &'a Row> {
    world.snapshot.rows(READ).iter().filter(|row| !text(row, "short_name").is_empty())
}

fn identity(name: &str, database: &str, table: Option<&str>) -> String {
    let table = table.filter(|table| !table.is_empty()).unwrap_or("*");
    format!("{name} ON {database}.{table}")
}

fn identity_of(row: &Row) -> String {
    identity(text(row, "short_name"), text(row, "database"), Some(text(row, "table")))
}

fn attrs(row: &Row) -> Attrs {
    let columns = [
        ("name", "short_name"),
        ("database", "database"),
        ("table", "table"),
        ("id", "id"),
        (storage::STORAGE, storage::STORAGE),
        (USING, "select_filter"),
    ];
    let mut attrs: Attrs =
        columns.map(|(attr, column)| (attr.to_owned(), text(row, column).into())).into_iter().collect();
    attrs.insert(RESTRICTIVE.to_owned(), (number(row, "is_restrictive") == 1).into());
    attrs.extend([principals::of_row(row)]);
    attrs
}

/// Returns the name and the table of a policy as statements write them.
fn on(attrs: &Attrs) -> String {
    let part = |name: &str| attrs.get(name).and_then(Value::as_str).unwrap_or_default();
    let table = if part("table").is_empty() { "*".to_owned() } else { sql::ident(part("table")) };
    format!("{} ON {}.{table}", sql::ident(part("name")), sql::ident(part("database")))
}

/// Returns the clauses of the attributes that are wanted.
fn clauses(attrs: &Attrs, wanted: impl Fn(&str) -> bool) -> String {
    let restrictive = attrs.get(RESTRICTIVE).and_then(Value::as_bool).unwrap_or_default();
    let using = attrs.get(USING).and_then(Value::as_str).unwrap_or_default();
    let clauses = [
        // In parentheses, so that a condition is all that it can be.
        wanted(USING).then(|| format!("USING ({using})")),
        wanted(RESTRICTIVE).then(|| format!("AS {}", if restrictive { "RESTRICTIVE" } else { "PERMISSIVE" })),
        (wanted(principals::TO) || wanted(principals::TO_ALL_EXCEPT)).then(|| principals::clause(attrs)),
    ];
    clauses.into_iter().flatten().collect::<Vec<_>>().join(" ")
}
