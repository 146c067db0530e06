//! Folders of migrations that another runner applied, as the language writes them.

use super::KIND;
use crate::kinds::common::foreign_ledgers;
use crate::kinds::found::{FindCx, Group, Inventory, WriteCx};
use crate::model::block::Block;
use crate::model::names;

/// The table of today's runner for what is no tenant's, and the folder of its files.
const GLOBAL: (&str, &str) = ("ops.schema_migrations_global", "global");

/// Finds ledgers whose files are at hand; of the others it says where the files belong.
pub fn find(cx: &FindCx) -> Inventory {
    let mut found = Inventory::default();
    let folder = |name: &str| format!("migrations/{}/{name}", cx.world.settings.environment);
    for (database, tool) in foreign_ledgers::found(cx.world.snapshot) {
        if cx.is_taken(KIND, &database) {
            continue;
        }
        if foreign_ledgers::has_files(cx.files, &folder(&database)) {
            found.add(KIND, &database, &database, names::clickhouse);
        } else {
            let why = foreign_ledgers::wanted_files(tool, &folder(&database)).replace('\n', " ");
            found.leave(KIND, &database, format!("{why} Then charter import writes its block"));
        }
    }
    let (table, name) = GLOBAL;
    let has_it = cx.world.caps().has_table(table) && foreign_ledgers::has_files(cx.files, &folder(name));
    if has_it && !cx.is_taken(KIND, name) {
        found.add(KIND, name, name, names::clickhouse);
    }
    found
}

/// Writes the blocks of folders.
pub fn write(groups: &[&Group], cx: &WriteCx) -> Vec<Vec<Block>> {
    let ledgers = foreign_ledgers::found(cx.world.snapshot);
    let one = |group: &&Group| {
        let name = group.identity_of(KIND)?;
        let mut block = cx.block(KIND, name);
        if block.label.as_deref() != Some(name) {
            block.attr("path", format!("migrations/{}/{name}", cx.world.settings.environment));
        }
        if let Some(tool) = ledgers.get(name) {
            block.attr("database", cx.refer(&["database"], name));
            block.block(foreign_ledgers::block(*tool));
        }
        Some(block)
    };
    groups.iter().map(|group| one(group).into_iter().collect()).collect()
}
