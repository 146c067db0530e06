//! Roles, with their settings. What a role may do is a resource of its own, of kind `grant`, at
//! `<role>.grants`.

mod write;

use std::collections::{BTreeMap, BTreeSet};

use crate::kinds::common::settings::{self, Holder, Known, Live, PROFILE};
use crate::kinds::common::{decode, grants, reads, rename, storage};
use crate::kinds::found::{FindCx, Group, Inventory, WriteCx};
use crate::kinds::{Change, DecodeCx, Instance, Kind, Lowered, Renamed, World};
use crate::model::block::Block;
use crate::model::op::Sql;
use crate::model::plan::AttrDiff;
use crate::model::registry::Entry;
use crate::model::resource::Declared;
use crate::model::schema::{BlockSchema, Type};
use crate::model::snapshot::{Caps, Read, text};
use crate::model::{Action, Attrs, Finding, Resource, Settings, Snapshot, Value, names, sql};

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
        let schema = settings::with_profile(grants::with_grants(schema));
        Some(schema.exports(&["name"]))
    }

    fn decode(&self, block: &Instance, cx: &mut DecodeCx) -> Declared {
        let (name, span) = decode::name_of(block, "name");
        if !decode::check_name(cx, "role name", &name, names::clickhouse, span) {
            return Declared::default();
        }
        let role = Resource::new(block.addr.clone(), NAME, &name, block.body.span);
        let role = settings::of_block(role, &block.body, cx);
        let grantee = grants::Grantee::of_block(&name, grants::GranteeType::Role, &block.body, cx);
        let grants = grants::whole(block.addr.part("grants"), &name, vec![grantee], block.body.span);
        Declared {
            resources: vec![role, grants.after(block.addr.clone())],
            exports: [("name".to_owned(), Value::from(name))].into(),
        }
    }

    fn reads(&self, _: &[&Resource], _: &[&Entry], _: &Settings, caps: &Caps) -> Vec<Read> {
        vec![reads::roles(), settings::read(caps)]
    }

    fn observe(&self, identities: &BTreeSet<&str>, world: &World) -> BTreeMap<String, Attrs> {
        let live = Live::of(world.snapshot, Holder::Role);
        let rows = world.snapshot.rows(reads::ROLES).iter();
        rows.filter(|row| identities.contains(text(row, "name")))
            .map(|row| {
                let name = text(row, "name");
                let attrs =
                    ["id", storage::STORAGE].map(|column| (column.to_owned(), text(row, column).into()));
                let mut attrs = Attrs::from(attrs);
                live.add_to(&mut attrs, name, PROFILE);
                (name.to_owned(), attrs)
            })
            .collect()
    }

    fn diff(&self, wanted: &Resource, live: &Attrs, world: &World) -> Vec<AttrDiff> {
        settings::diff(&wanted.attrs, live, PROFILE, Known::of(world.snapshot))
    }

    /// Its grants come after its record.
    fn may_have_made(&self, resource: &Resource, live: &Attrs, world: &World) -> bool {
        let granted = grants::lines_of(&resource.identity, world.snapshot).next().is_some();
        !granted && self.diff(resource, live, world).is_empty()
    }

    fn rename(&self, from: &str, to: &str, snapshot: &mut Snapshot) -> Renamed {
        rename::grantee(snapshot, reads::ROLES, "ROLE", from, to)
    }

    fn find(&self, cx: &FindCx) -> Inventory {
        write::find(cx)
    }

    fn write(&self, groups: &[&Group], cx: &WriteCx) -> Vec<Vec<Block>> {
        write::write(groups, cx)
    }

    fn lower(&self, change: &Change, _: &World) -> Lowered {
        let name = sql::ident(change.identity);
        let statement = match (change.action, change.wanted) {
            (Action::Create, Some(wanted)) if settings::is_set(&wanted.attrs, PROFILE) => {
                format!("CREATE ROLE {name} {}", settings::clause(&wanted.attrs, PROFILE))
            }
            (Action::Create, _) => format!("CREATE ROLE {name}"),
            (Action::Delete, _) => format!("DROP ROLE {name}"),
            (Action::Update, Some(wanted)) if change.diff.iter().any(settings::concerns) => {
                format!("ALTER ROLE {name} {}", settings::clause(&wanted.attrs, PROFILE))
            }
            _ => return Lowered::default(),
        };
        Lowered::ops([Sql::new(statement).into()])
    }

    fn findings(&self, wanted: &Resource, _: Option<&Attrs>, world: &World) -> Vec<Finding> {
        settings::findings(wanted, Known::of(world.snapshot))
    }
}
