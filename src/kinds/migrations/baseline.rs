//! Taking over a database that was there before: its files are recorded as done and not run, once it
//! is seen that what they would have made is there.

use std::collections::{BTreeMap, BTreeSet};

use super::objects::{self, Live};
use super::{ledger, lower, number, repair};
use crate::diag::Diagnostic;
use crate::kinds::World;
use crate::kinds::common::migration::KIND;
use crate::model::resource::Desired;
use crate::model::snapshot::Read;
use crate::model::{Action, Addr, AttrDiff, Attrs, Op, Resource, Step, Value};

/// What is to be recorded as done.
#[derive(Clone, Debug)]
pub struct Baseline {
    /// Whose files: a tenant, a block, or one file.
    pub addr: Addr,
    /// The highest version; all where it is not said.
    pub version: Option<u64>,
    /// Why, for the record; may be empty.
    pub reason: String,
}

type Refused = Box<Diagnostic>;

impl Baseline {
    /// Returns the files that are meant, in their order; those apart that record what today's layout
    /// declares, which are never run.
    fn files<'a>(&self, desired: &'a Desired) -> Vec<&'a Resource> {
        let addrs = desired.matching(&self.addr);
        let files = addrs.iter().filter_map(|addr| desired.resources.get(addr));
        let mut files: Vec<&Resource> = files
            .filter(|file| file.kind == KIND && file.attrs.get("baselined") != Some(&Value::Bool(true)))
            .filter(|file| self.version.is_none_or(|highest| number(&file.attrs, "version") <= highest))
            .collect();
        files.sort_by_key(|file| (file.text("tenant"), file.text("folder"), number(&file.attrs, "version")));
        files
    }

    /// Returns the reads besides those of a plan: what there is of what the files name.
    pub fn reads(&self, desired: &Desired) -> Vec<Read> {
        objects::reads(&self.files(desired))
    }

    /// Returns the steps that record it, one a file.
    ///
    /// # Errors
    /// What there is against it.
    pub fn steps(&self, world: &World) -> Result<Vec<Step>, Refused> {
        let files = self.files(world.desired);
        if files.is_empty() {
            let up_to = self.version.map(|version| format!(" up to version {version}")).unwrap_or_default();
            return Err(Box::new(
                Diagnostic::error(format!("{} has no migrations{up_to}", self.addr))
                    .help("`charter migrate status` shows what there is"),
            ));
        }
        let identities: BTreeSet<&str> = files.iter().map(|file| file.identity.as_str()).collect();
        let live = ledger::observe(&identities, world);
        unrecorded(&files, &live, world)?;
        let missing = Live::of(world).missing(&files);
        if !missing.is_empty() {
            return Err(Box::new(not_there(&missing)));
        }
        let nothing = Attrs::new();
        let steps =
            files.iter().map(|file| self.step(file, live.get(&file.identity).unwrap_or(&nothing), world));
        Ok(steps.collect())
    }

    fn step(&self, file: &Resource, live: &Attrs, world: &World) -> Step {
        let row = lower::file_row(file, live, world, "baselined");
        let row = lower::beside(row, "reason", self.reason.as_str(), world);
        let mut step = repair::step(file, live, vec![Op::Ledger(row)]);
        step.action = Action::Update;
        step.diff.push(AttrDiff {
            attr: "status".to_owned(),
            before: "pending".into(),
            after: "baselined".into(),
        });
        step
    }
}

/// Refuses folders that the ledger knows: what is in it was decided by runs.
fn unrecorded(files: &[&Resource], live: &BTreeMap<String, Attrs>, world: &World) -> Result<(), Refused> {
    let folders: BTreeSet<(&str, &str)> =
        files.iter().map(|file| (file.text("tenant"), file.text("folder"))).collect();
    let known = ledger::folders(world);
    let begun = |file: &&&Resource| {
        let events = live.get(&file.identity).and_then(|live| live.get("events"));
        events.is_some_and(|events| !events.items().is_empty())
    };
    let begun = files.iter().find(begun).map(|file| (file.text("tenant"), file.text("folder")));
    let Some((tenant, folder)) = folders.into_iter().find(|folder| known.contains(folder)).or(begun) else {
        return Ok(());
    };
    let whose = if tenant.is_empty() { String::new() } else { format!("of tenant {tenant} ") };
    Err(Box::new(
        Diagnostic::error(format!("folder {folder} {whose}has been applied already, at least in part"))
            .detail("A baseline is for a database that no run has touched: it says where runs begin.")
            .help("`charter migrate status` shows what is recorded; `charter apply` goes on with the rest")
            .help("a statement that was done by hand is recorded by `charter migrate repair … --applied`"),
    ))
}

fn not_there(missing: &[(objects::Object, String)]) -> Diagnostic {
    let some = missing.iter().take(20).map(|(object, file)| format!("{object}, which {file} makes"));
    let mut lines: Vec<String> = some.collect();
    if missing.len() > lines.len() {
        lines.push(format!("and {} more", missing.len() - lines.len()));
    }
    Diagnostic::error("what these files would have made is not there").detail(lines.join("\n")).help(
        "baseline up to the last file whose work is there: --version N; `charter apply` runs the others",
    )
}
