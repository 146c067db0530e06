//! Migration files: one resource a file, compared with the ledger on the server.
//!
//! A file that is applied with the same checksum is done; one that was edited since is a hard
//! failure; one whose statements were run in part goes on where it stopped. A tenant's files run
//! logged in as the tenant's user, so that the server confines them.

pub mod baseline;
mod cost;
mod edited;
mod import;
mod ledger;
mod lint;
mod lower;
mod objects;
mod order;
mod preflight;
pub mod repair;
mod resume;
pub mod status;
mod tables;
#[cfg(test)]
mod tests;
mod there;
mod unknown;
mod waiting;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use crate::kinds::common::buried::{self, Grave};
use crate::kinds::common::import_ledger::{self, IMPORT};
use crate::kinds::common::migration::{self, Folder, KIND, Runner};
use crate::kinds::common::{foreign_ledgers, runner};
use crate::kinds::found::{FindCx, Group, Inventory, WriteCx};
use crate::kinds::{Change, DecodeCx, Instance, Kind, Lowered, World};
use crate::model::block::Block;
use crate::model::op::Op;
use crate::model::plan::AttrDiff;
use crate::model::registry::Entry;
use crate::model::resource::Declared;
use crate::model::schema::{Arity, BlockSchema, Type};
use crate::model::snapshot::{Caps, Read};
use crate::model::{Addr, Attrs, Category, Finding, Resource, Settings, Snapshot, Step, Value};

/// The kind.
pub struct Migrations;

impl Kind for Migrations {
    fn name(&self) -> &'static str {
        KIND
    }

    fn schema(&self) -> Option<BlockSchema> {
        let path = "The folder of the files; migrations/<environment>/<label> where it is absent.";
        let database = "The current database of the statements; the server's default where it is absent.";
        let schema = BlockSchema::default().optional("path", Type::String, path).optional(
            "database",
            Type::Ref(&["database"]),
            database,
        );
        let schema = runner::variable(schema)
            .optional(migration::ALLOW_OUT_OF_ORDER, Type::Bool, migration::ALLOW_OUT_OF_ORDER_DOC)
            .block(IMPORT, Arity::Optional, import_ledger::schema());
        Some(schema)
    }

    fn decode(&self, block: &Instance, cx: &mut DecodeCx) -> Declared {
        let default = format!("migrations/{}/{}", cx.settings.environment, block.label);
        let body = &block.body;
        let path = body.string("path").unwrap_or(&default).to_owned();
        let database = body.string("database").unwrap_or_default();
        let import = body.block(IMPORT).and_then(|body| import_ledger::decode(body, database, cx));
        let folder = Folder {
            import,
            path: &path,
            id: block.label.clone(),
            written: body.get("path").map(|path| path.span),
            span: body.span_of("path"),
        };
        let placeholders = [("database".to_owned(), database.to_owned())];
        let runner = Runner {
            addr: block.addr.clone(),
            tenant: String::new(),
            database: database.to_owned(),
            login: None,
            unconfined: false,
            placeholders: placeholders
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .chain(runner::variables(body, cx))
                .collect(),
            baselined: &[],
            allow_out_of_order: body.bool(migration::ALLOW_OUT_OF_ORDER) == Some(true),
        };
        Declared { resources: migration::read(&folder, &runner, &[], cx), ..Declared::default() }
    }

    fn category(&self) -> Category {
        Category::Tracking
    }

    fn registered(&self) -> bool {
        false
    }

    fn looks_up(&self, wanted: &[&Resource]) -> BTreeSet<(String, String)> {
        import::looks_up(wanted)
    }

    fn reads(&self, wanted: &[&Resource], _: &[&Entry], settings: &Settings, caps: &Caps) -> Vec<Read> {
        let mut reads = ledger::reads(settings, caps);
        reads.extend(tables::reads(wanted, settings, caps));
        reads.extend(import::reads(wanted, caps));
        reads
    }

    fn follow_up(&self, wanted: &[&Resource], settings: &Settings, snapshot: &Snapshot) -> Vec<Read> {
        let unknown = unknown::reads(wanted, snapshot).into_iter();
        let edited = edited::reads(wanted, settings, snapshot);
        unknown
            .chain(waiting::reads(wanted, snapshot))
            .chain(there::reads(wanted, snapshot))
            .chain(edited)
            .collect()
    }

    fn observe(&self, identities: &BTreeSet<&str>, world: &World) -> BTreeMap<String, Attrs> {
        ledger::observe(identities, world)
    }

    fn diff(&self, wanted: &Resource, live: &Attrs, _: &World) -> Vec<AttrDiff> {
        ledger::diff(wanted, live)
    }

    fn find_reads(&self, wanted: &[&Resource], settings: &Settings, caps: &Caps) -> Vec<Read> {
        self.reads(wanted, &[], settings, caps).into_iter().chain(Some(foreign_ledgers::read())).collect()
    }

    fn find(&self, cx: &FindCx) -> Inventory {
        write::find(cx)
    }

    fn write(&self, groups: &[&Group], cx: &WriteCx) -> Vec<Vec<Block>> {
        write::write(groups, cx)
    }

    fn ended(&self, from: &Addr, world: &World) -> Option<Vec<Op>> {
        let folder = &from.segments().get(1)?.word;
        let recorded = ledger::folders(world).contains(&("", folder.as_str()));
        let grave = Grave { folder, ..Grave::default() };
        let row = || buried::row(grave, format!("{from} was removed"), world.settings, world.caps());
        Some(recorded.then(row).flatten().into_iter().collect())
    }

    fn lower(&self, change: &Change, world: &World) -> Lowered {
        lower::lower(change, world)
    }

    fn asks(&self, steps: &[Step], _: &World) -> Vec<Read> {
        preflight::asks(steps)
    }

    fn foresees(&self, steps: &[Step], stopped: &BTreeSet<Addr>, world: &World) -> Vec<Finding> {
        preflight::findings(steps, stopped, world)
    }

    fn findings(&self, wanted: &Resource, live: Option<&Attrs>, _: &World) -> Vec<Finding> {
        live.map(|live| tables::existing(wanted, live)).unwrap_or_default()
    }

    fn lint(&self, wanted: &Resource) -> Vec<Finding> {
        lint::of(wanted)
    }

    fn survey(&self, wanted: &[&Resource], world: &World) -> Vec<Finding> {
        let mut findings = order::survey(wanted, world);
        findings.extend(tables::survey(wanted, world));
        findings.extend(import::survey(wanted, ledger::recorded(world), world));
        findings.extend(waiting::survey(wanted, world));
        findings
    }
}

/// Returns whether a file is recorded and not run: its tenant block declares what it does.
fn is_baselined(wanted: &Resource) -> bool {
    wanted.attrs.get("baselined") == Some(&Value::Bool(true))
}

/// Returns the number of an attribute.
fn number(attrs: &Attrs, name: &str) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "versions are whole and positive"
    )]
    attrs.get(name).and_then(Value::as_f64).map_or(0, |value| value as u64)
}
