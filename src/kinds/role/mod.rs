//! Roles. What a role may do is a resource of its own, of kind `grant`, at `<role>.grants`.

use std::collections::{BTreeMap, BTreeSet};

use crate::kinds::common::{decode, grants, reads, rename};
use crate::kinds::{Change, DecodeCx, Instance, Kind, Lowered, Renamed, World};
use crate::model::op::Sql;
use crate::model::registry::Entry;
use crate::model::resource::Declared;
use crate::model::schema::{BlockSchema, Type};
use crate::model::snapshot::{Caps, Read, text};
use crate::model::{Action, Attrs, Resource, Settings, Snapshot, Value, names, sql};

/// The kind.
pub struct Role;

const NAME: &str = "role";

impl Kind for Role {
    fn name(&self) -> &'static str {
        NAME
    }

    fn schema(&self) -> Option<BlockSchema> {
        let schema = BlockSchema::default().optional(
            "name",
            Type::String,
            "The role's name; the label where it is absent.",
        );
        Some(grants::with_grants(schema).exports(&["name"]))
    }

    fn decode(&self, block: &Instance, cx: &mut DecodeCx) -> Declared {
        let (name, span) = decode::name_of(block, "name");
        if !decode::check_name(cx, "role name", &name, names::clickhouse, span) {
            return Declared::default();
        }
        let role = Resource::new(block.addr.clone(), NAME, &name, block.body.span);
        let grantee = grants::Grantee::of_block(&name, grants::GranteeType::Role, &block.body, cx);
        let grants = grants::whole(block.addr.part("grants"), &name, vec![grantee], block.body.span);
        Declared {
            resources: vec![role, grants.after(block.addr.clone())],
            exports: [("name".to_owned(), Value::from(name))].into(),
        }
    }

    fn reads(&self, _: &[&Resource], _: &[&Entry], _: &Settings, _: &Caps) -> Vec<Read> {
        vec![reads::roles()]
    }

    fn observe(&self, identities: &BTreeSet<&str>, world: &World) -> BTreeMap<String, Attrs> {
        let rows = world.snapshot.rows(reads::ROLES).iter();
        rows.filter(|row| identities.contains(text(row, "name")))
            .map(|row| {
                let attrs = ["id", "storage"].map(|column| (column.to_owned(), text(row, column).into()));
                (text(row, "name").to_owned(), attrs.into())
            })
            .collect()
    }

    fn rename(&self, from: &str, to: &str, snapshot: &mut Snapshot) -> Renamed {
        rename::grantee(snapshot, reads::ROLES, "ROLE", from, to)
    }

    fn lower(&self, change: &Change, _: &World) -> Lowered {
        let name = sql::ident(change.identity);
        match change.action {
            Action::Create => Lowered::ops([Sql::new(format!("CREATE ROLE {name}")).into()]),
            Action::Delete => Lowered::ops([Sql::new(format!("DROP ROLE {name}")).into()]),
            Action::Update | Action::Adopt | Action::Execute { .. } => Lowered::default(),
        }
    }
}
