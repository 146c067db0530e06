//! Settings profiles: settings with their bounds under a name, for roles and users.
//!
//! A profile is managed whole: what was set by hand besides is drift. It is changed in place
//! (`ALTER SETTINGS PROFILE` replaces the list of settings), since a new one would have another id,
//! and those that have or inherit it would lose it.

#[cfg(test)]
mod tests;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use crate::kinds::common::limits::PROFILE_KIND as NAME;
use crate::kinds::common::settings::{self, Holder, INHERIT, Known, Live};
use crate::kinds::common::{decode, principals, rename, storage};
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
pub struct SettingsProfile;

const READ: &str = principals::PROFILES;

impl Kind for SettingsProfile {
    fn name(&self) -> &'static str {
        NAME
    }

    fn schema(&self) -> Option<BlockSchema> {
        let schema = BlockSchema::default()
            .optional("name", Type::String, "The profile's name; the label where it is absent.")
            .optional(
                INHERIT,
                Type::Ref(&[NAME]).list(),
                "Profiles that it begins with; what is set here comes on top.",
            )
            .ignorable(&[INHERIT]);
        Some(principals::schema(settings::schema(schema)).exports(&["name"]))
    }

    fn decode(&self, block: &Instance, cx: &mut DecodeCx) -> Declared {
        let (name, span) = decode::name_of(block, "name");
        if !decode::check_name(cx, "name of a settings profile", &name, names::clickhouse, span) {
            return Declared::default();
        }
        let mut profile = Resource::new(block.addr.clone(), NAME, &name, block.body.span);
        if let Some(settings) = settings::decode(&block.body, cx) {
            profile = profile.with(settings::SETTINGS, settings);
        }
        if let Some(inherit) = block.body.strings(INHERIT).filter(|names| !names.is_empty()) {
            profile = profile.with(INHERIT, Value::strings(inherit));
        }
        let profile = principals::decode(profile, &block.body, cx);
        Declared { resources: vec![profile], exports: [("name".to_owned(), Value::from(name))].into() }
    }

    fn is_taken_back(&self) -> bool {
        true
    }

    fn reads(&self, _: &[&Resource], _: &[&Entry], _: &Settings, caps: &Caps) -> Vec<Read> {
        let statement = format!(
            "SELECT name, toString(id) AS id, storage, {} FROM system.settings_profiles",
            principals::COLUMNS
        );
        vec![Read::Sql { name: READ, statement }, settings::read(caps)]
    }

    fn observe(&self, identities: &BTreeSet<&str>, world: &World) -> BTreeMap<String, Attrs> {
        let live = Live::of(world.snapshot, Holder::Profile);
        let rows = world.snapshot.rows(READ).iter();
        rows.filter(|row| identities.contains(text(row, "name")))
            .map(|row| {
                let name = text(row, "name");
                let mut attrs = Attrs::from([principals::of_row(row)]);
                for column in ["id", storage::STORAGE] {
                    attrs.insert(column.to_owned(), text(row, column).into());
                }
                live.add_to(&mut attrs, name, INHERIT);
                (name.to_owned(), attrs)
            })
            .collect()
    }

    fn diff(&self, wanted: &Resource, live: &Attrs, world: &World) -> Vec<AttrDiff> {
        let mut diff = settings::diff(&wanted.attrs, live, INHERIT, Known::of(world.snapshot));
        diff.extend(principals::diff(&wanted.attrs, live));
        diff
    }

    fn rename(&self, from: &str, to: &str, snapshot: &mut Snapshot) -> Renamed {
        rename::grantee(snapshot, READ, "SETTINGS PROFILE", from, to)
    }

    fn find(&self, cx: &FindCx) -> Inventory {
        write::find(cx)
    }

    fn write(&self, groups: &[&Group], cx: &WriteCx) -> Vec<Vec<Block>> {
        write::write(groups, cx)
    }

    fn lower(&self, change: &Change, _: &World) -> Lowered {
        let what = format!("settings profile {}", change.identity);
        let read_only = change.live.and_then(|live| storage::read_only(&what, live, change.addr));
        if let Some(finding) = read_only.filter(|_| change.action != Action::Adopt) {
            return storage::refused(finding);
        }
        let name = sql::ident(change.identity);
        match (change.action, change.wanted) {
            (Action::Delete, _) => run(format!("DROP SETTINGS PROFILE {name}")),
            (Action::Create, Some(wanted)) => {
                run(format!("CREATE SETTINGS PROFILE {name} {}", clauses(&wanted.attrs, |_| true)))
            }
            (Action::Update, Some(wanted)) if !change.diff.is_empty() => {
                let differs = |is: fn(&AttrDiff) -> bool| change.diff.iter().any(is);
                run(format!("ALTER SETTINGS PROFILE {name} {}", clauses(&wanted.attrs, differs)))
            }
            _ => Lowered::default(),
        }
    }

    fn findings(&self, wanted: &Resource, live: Option<&Attrs>, world: &World) -> Vec<Finding> {
        let mut findings = settings::findings(wanted, Known::of(world.snapshot));
        let what = format!("settings profile {}", wanted.identity);
        findings.extend(live.and_then(|live| storage::read_only(&what, live, &wanted.addr)));
        findings
    }
}

/// Returns the clauses of which `wanted` says that there are differences of their attributes.
fn clauses(attrs: &Attrs, wanted: impl Fn(fn(&AttrDiff) -> bool) -> bool) -> String {
    let settings = wanted(settings::concerns).then(|| settings::clause(attrs, INHERIT));
    let to = wanted(|diff| principals::is_of(&diff.attr)).then(|| principals::clause(attrs));
    settings.into_iter().chain(to).collect::<Vec<_>>().join(" ")
}

fn run(statement: String) -> Lowered {
    Lowered::ops([Sql::new(statement).into()])
}
