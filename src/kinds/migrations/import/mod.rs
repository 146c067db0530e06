//! Importing what another runner applied: its ledger is read, matched with the declared files by
//! their versions, and each file that it has is recorded as `imported` instead of being run.
//!
//! Today's runner is found by its tables ([`today`]); the others where a block `import_ledger` names
//! them ([`tools`]). A recorded checksum is verified where its algorithm is known ([`verify`]): a
//! file that was edited since stops everything, one that cannot be verified is taken at the runner's
//! word, and the plan says so. Of today's runner the columns go on being filled ([`fill`]).

mod fill;
mod findings;
mod lower;
#[cfg(test)]
mod tests;
mod today;
mod tools;
mod verify;

use std::collections::{BTreeMap, BTreeSet};

use crate::kinds::World;
use crate::kinds::common::import_ledger::IMPORT;
use crate::kinds::common::migration::KIND;
use crate::kinds::common::tracking;
use crate::model::snapshot::{Caps, Read};
use crate::model::tracking::{Place, TABLES};
use crate::model::{Resource, Value};

pub use fill::{COLUMNS, complete};
pub use findings::survey;
pub use lower::lower;
use verify::{Verdict, Verifier};

/// The attribute of a file's live state that says what another runner recorded of it.
pub const IMPORTED: &str = "import";
/// The status of a file that another runner applied.
pub const STATUS: &str = "imported";

/// What a runner says of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It is applied.
    Applied,
    /// It was begun, and did not end well.
    Failed,
    /// It was taken back.
    Undone,
}

/// Whose files a ledger is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    /// A tenant's, or with an empty slug those of the stand-alone blocks, by today's runner.
    Tenant(String),
    /// Those that name this table in `import_ledger`.
    Table(String),
}

/// A row of another runner's ledger.
#[derive(Clone, Debug)]
struct Row {
    /// The runner, for people.
    runner: String,
    /// The table, with its database.
    table: String,
    group: Group,
    version: Option<u64>,
    /// As the runner has them; empty where it has none.
    written: Written,
    state: State,
    /// When, in seconds since 1970; 0 where that cannot be told.
    seconds: u64,
    /// Whether a checksum that does not fit is an error.
    verify: bool,
}

/// The texts of a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Written {
    version: String,
    name: String,
    checksum: String,
    tenant: String,
    time: String,
    status: String,
    folder: String,
}

/// Returns the reads of other runners' ledgers.
pub fn reads(wanted: &[&Resource], caps: &Caps) -> Vec<Read> {
    let own = tracking::read(caps).into_iter();
    own.chain(today::read(caps)).chain(tools::read(wanted, caps)).collect()
}

/// Returns the tables that the declared files name, by database: which of them there are, and with
/// which columns, decides what is read.
pub fn looks_up(wanted: &[&Resource]) -> BTreeSet<(String, String)> {
    tools::targets(wanted).into_keys().map(|target| (target.database, target.table)).collect()
}

/// What there is to import, by the identity of the file.
#[derive(Debug, Default)]
pub struct Imports {
    /// What another runner recorded, as an attribute.
    pub files: BTreeMap<String, Value>,
    /// What other columns than charter's are filled with, as an attribute.
    pub columns: BTreeMap<String, Value>,
    /// The highest applied version, by tenant and folder.
    pub newest: BTreeMap<(String, String), u64>,
}

/// Returns the declared files, by whose they are.
struct Files<'a> {
    by_group: BTreeMap<Group, BTreeMap<u64, Vec<&'a Resource>>>,
}

impl<'a> Files<'a> {
    fn of(world: &'a World) -> Self {
        let mut by_group: BTreeMap<Group, BTreeMap<u64, Vec<&Resource>>> = BTreeMap::new();
        let files = world.desired.resources.values().filter(|resource| resource.kind == KIND);
        for file in files {
            let version = super::number(&file.attrs, "version");
            let table =
                file.attrs.get(IMPORT).map(|import| Group::Table(tools::Target::of(import).qualified()));
            for group in [Some(Group::Tenant(file.text("tenant").to_owned())), table].into_iter().flatten() {
                by_group.entry(group).or_default().entry(version).or_default().push(file);
            }
        }
        Self { by_group }
    }

    /// Returns the files that a row can mean: those of its version, and of several the ones that its
    /// name or folder fits.
    fn of_row(&self, row: &Row) -> Vec<&'a Resource> {
        let files = self.by_group.get(&row.group).zip(row.version);
        let files = files.and_then(|(versions, version)| versions.get(&version));
        let all = files.map_or(&[][..], Vec::as_slice);
        let named = |file: &&&Resource| fill::names(file).contains(&row.written.name);
        let placed = |file: &&&Resource| file.text("folder") == row.written.folder;
        for chosen in [
            all.iter().filter(placed).copied().collect::<Vec<_>>(),
            all.iter().filter(named).copied().collect(),
        ] {
            if all.len() > 1 && !chosen.is_empty() {
                return chosen;
            }
        }
        all.to_vec()
    }

    /// Returns the first file of a group; none where nothing of it is declared.
    fn first(&self, group: &Group) -> Option<&'a Resource> {
        self.by_group.get(group)?.values().flatten().next().copied()
    }
}

/// Returns all rows of other runners' ledgers, the newest of a version last.
fn rows(world: &World, files: &Files) -> Vec<Row> {
    let mut rows: Vec<Row> = today::rows(world).into_iter().chain(tools::rows(world, files)).collect();
    rows.sort_by_key(|row| row.seconds);
    rows
}

/// Finds what there is to import: for each file the newest row that means it.
pub fn imports(world: &World) -> Imports {
    let is_shared = |table: &&str| Place::of(table, world.caps()).is_shared();
    if !TABLES.iter().any(is_shared) && !tools::has_rows(world) {
        return Imports::default();
    }
    let files = Files::of(world);
    let rows = rows(world, &files);
    let verifier = Verifier::new(&rows, &files);
    let mut found: BTreeMap<&str, (&Resource, &Row, Verdict)> = BTreeMap::new();
    for row in &rows {
        let meant = files.of_row(row);
        for file in &meant {
            if row.state == State::Undone {
                found.remove(file.identity.as_str());
            } else {
                found.insert(&file.identity, (file, row, verifier.verdict(row, file, meant.len())));
            }
        }
    }
    let mut imports =
        Imports { columns: fill::columns(world, &rows, &files, &verifier), ..Imports::default() };
    for (identity, (file, row, verdict)) in found {
        let key = (file.text("tenant").to_owned(), file.text("folder").to_owned());
        let newest = imports.newest.entry(key).or_default();
        *newest = (*newest).max(row.version.unwrap_or_default());
        imports.files.insert(identity.to_owned(), lower::attribute(row, verdict));
    }
    imports
}
