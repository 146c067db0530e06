//! The ledgers of other migration runners, found by the names and columns of their tables.

use std::collections::{BTreeMap, BTreeSet};

use super::import_ledger::Tool;
use crate::model::block::Block;
use crate::model::files::Files;
use crate::model::snapshot::{Read, Snapshot, text, texts};
use crate::model::sql;

/// The name of the read.
pub const READ: &str = "foreign_ledgers";

/// Reads where tables of such names are, with their columns.
pub fn read() -> Read {
    let names: BTreeSet<&str> = Tool::ALL.into_iter().map(Tool::table).collect();
    let statement = format!(
        "SELECT database, `table`, groupArray(name) AS columns FROM system.columns WHERE `table` IN {} \
         AND database NOT IN ('system', 'ops') GROUP BY database, `table` ORDER BY database, `table`",
        sql::array(&names)
    );
    Read::Sql { name: READ, statement }
}

/// Returns the runner that kept a ledger, by database.
pub fn found(snapshot: &Snapshot) -> BTreeMap<String, Tool> {
    let rows = snapshot.rows(READ).iter();
    rows.filter_map(|row| {
        Some((text(row, "database").to_owned(), tool(text(row, "table"), &texts(row, "columns"))?))
    })
    .collect()
}

/// Returns whose a table is, by the columns that no other runner's of this name has.
fn tool(table: &str, columns: &[String]) -> Option<Tool> {
    let has = |all: &[&str]| all.iter().all(|name| columns.iter().any(|column| column == name));
    let own = |tool: Tool| match tool {
        Tool::GolangMigrate => has(&["version", "dirty", "sequence"]),
        Tool::Goose => has(&["version_id", "is_applied"]),
        Tool::Dbmate => has(&["version", "ts", "applied"]),
        Tool::Npm => has(&["version", "checksum", "migration_name"]),
        Tool::Pypi => has(&["version", "md5", "script"]),
    };
    Tool::ALL.into_iter().find(|tool| tool.table() == table && own(*tool))
}

/// Returns the block by which its ledger is taken over.
pub fn block(tool: Tool) -> Block {
    let mut block = Block::new(super::import_ledger::IMPORT);
    block.attr("from", tool.name());
    block
}

/// Returns whether a folder has files.
pub fn has_files(files: &dyn Files, folder: &str) -> bool {
    let names = files.list(folder).ok().flatten().unwrap_or_default();
    names.iter().any(|name| name.ends_with(".sql"))
}

/// Says which files are missing, and where they belong.
pub fn wanted_files(tool: Tool, folder: &str) -> String {
    format!(
        "{} recorded what it applied in table {}. Put its files into\n{folder}/, named V<version>__<name>.sql, \
         so that they are recorded and not run.",
        tool.name(),
        tool.table()
    )
}
