//! Databases: created with their comment, changed only where the server can, dropped only where a
//! `removed` block allows the loss of their data.

mod removal;
#[cfg(test)]
mod tests;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use crate::kinds::common::{decode, reads};
use crate::kinds::found::{FindCx, Group, Inventory, WriteCx};
use crate::kinds::{Change, DecodeCx, Instance, Kind, Lowered, World};
use crate::model::block::Block;
use crate::model::finding::{Category, Finding, Severity};
use crate::model::gate::Stake;
use crate::model::op::{Op, Sql};
use crate::model::registry::Entry;
use crate::model::resource::Declared;
use crate::model::schema::{BlockSchema, Type};
use crate::model::snapshot::{Caps, Read, text};
use crate::model::{Action, Addr, Attrs, Resource, Settings, Step, Value, names, sql};

/// The kind.
pub struct Database;

const NAME: &str = "database";

impl Kind for Database {
    fn name(&self) -> &'static str {
        NAME
    }

    fn schema(&self) -> Option<BlockSchema> {
        let schema = BlockSchema::default()
            .optional("name", Type::String, "The database's name; the label where it is absent.")
            .optional("comment", Type::String, "What it is for.")
            .ignorable(&["comment"])
            .exports(&["name"]);
        Some(schema)
    }

    fn decode(&self, block: &Instance, cx: &mut DecodeCx) -> Declared {
        let (name, span) = decode::name_of(block, "name");
        if !decode::check_name(cx, "database name", &name, names::clickhouse, span) {
            return Declared::default();
        }
        let mut resource = Resource::new(block.addr.clone(), NAME, &name, block.body.span);
        resource.retained = true;
        if let Some(comment) = block.body.string("comment") {
            resource = resource.with("comment", comment);
        }
        Declared { resources: vec![resource], exports: [("name".to_owned(), Value::from(name))].into() }
    }

    fn reads(&self, wanted: &[&Resource], owned: &[&Entry], _: &Settings, _: &Caps) -> Vec<Read> {
        std::iter::once(reads::databases()).chain(removal::reads(wanted, owned)).collect()
    }

    fn observe(&self, identities: &BTreeSet<&str>, world: &World) -> BTreeMap<String, Attrs> {
        let rows = world.snapshot.rows(reads::DATABASES).iter();
        rows.filter(|row| identities.contains(text(row, "name")))
            .map(|row| {
                let name = text(row, "name");
                let attrs =
                    ["comment", "engine", "uuid"].map(|column| (column.to_owned(), text(row, column).into()));
                let mut attrs = Attrs::from(attrs);
                attrs.extend(
                    removal::tables(name, world.snapshot).map(|tables| ("tables".to_owned(), tables)),
                );
                (name.to_owned(), attrs)
            })
            .collect()
    }

    /// Nothing was put into it by a run that did not come to its record.
    fn may_have_made(&self, resource: &Resource, live: &Attrs, world: &World) -> bool {
        let is_empty = live.get("tables").is_none_or(|tables| tables.items().is_empty());
        is_empty && self.diff(resource, live, world).is_empty()
    }

    fn data(&self, wanted: &Resource) -> Option<String> {
        Some(wanted.identity.clone())
    }

    fn find(&self, cx: &FindCx) -> Inventory {
        write::find(cx)
    }

    fn write(&self, groups: &[&Group], cx: &WriteCx) -> Vec<Vec<Block>> {
        write::write(groups, cx)
    }

    fn holds_data(&self) -> bool {
        true
    }

    fn ends_first(&self) -> bool {
        true
    }

    fn stake(&self, identity: &str, world: &World) -> Stake {
        removal::stake(identity, world.snapshot)
    }

    fn buried(&self, entry: &Entry, world: &World) -> Vec<Op> {
        removal::buried(entry, world)
    }

    fn asks(&self, steps: &[Step], world: &World) -> Vec<Read> {
        removal::asks(steps, world.caps())
    }

    fn foresees(&self, steps: &[Step], _: &BTreeSet<Addr>, world: &World) -> Vec<Finding> {
        removal::foresees(steps, world.snapshot)
    }

    fn lower(&self, change: &Change, world: &World) -> Lowered {
        let name = sql::ident(change.identity);
        let comment = change.wanted.map(|wanted| wanted.text("comment")).unwrap_or_default();
        match change.action {
            Action::Create if comment.is_empty() => sql_op(format!("CREATE DATABASE {name}")),
            Action::Create => sql_op(format!("CREATE DATABASE {name} COMMENT {}", sql::literal(comment))),
            Action::Update if change.diff.is_empty() => Lowered::default(),
            Action::Update if world.caps().at_least(25, 5) => {
                sql_op(format!("ALTER DATABASE {name} MODIFY COMMENT {}", sql::literal(comment)))
            }
            Action::Update => refuse(change.addr, too_old(world.caps())),
            Action::Delete => removal::lower(change, world),
            Action::Adopt | Action::Forget | Action::Execute { .. } => Lowered::default(),
        }
    }
}

fn sql_op(statement: String) -> Lowered {
    Lowered::ops([Sql::new(statement).into()])
}

fn refuse(addr: &Addr, finding: Finding) -> Lowered {
    Lowered { findings: vec![finding.at(addr)], ..Lowered::default() }
}

fn too_old(caps: &Caps) -> Finding {
    Finding::new(
        "CH240",
        Severity::Error,
        Category::Access,
        "this server cannot change the comment of a database",
    )
    .compare(
        "ClickHouse 25.5 or newer (ALTER DATABASE … MODIFY COMMENT)",
        format!("ClickHouse {}", caps.version),
    )
    .help("leave the comment as it is on the server, or add `lifecycle { ignore_changes = [comment] }`")
}
