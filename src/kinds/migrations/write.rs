//! Folders of migrations that another runner applied, as the language writes them.

use super::KIND;
use crate::kinds::common::foreign_ledgers;
use crate::kinds::common::import_ledger::IMPORT;
use crate::kinds::found::{FindCx, Group, Inventory, WriteCx};
use crate::model::block::Block;
use crate::model::{Value, names};

/// The table of today's runner for what is no tenant's, and the folder of its files.
const GLOBAL: (&str, &str) = ("ops.schema_migrations_global", "global");

/// Finds ledgers whose files are at hand; of the others it says where the files belong.
pub fn find(cx: &FindCx) -> Inventory {
    let mut found = Inventory::default();
    let folder = |name: &str| format!("migrations/{}/{name}", cx.world.settings.environment);
    for (database, tool) in foreign_ledgers::found(cx.world.snapshot) {
        if cx.is_taken(KIND, &database) || is_declared(&database, cx) {
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

/// Returns whether a ledger is a tenant's, whose block says what becomes of it, or is taken over by
/// declared files.
fn is_declared(database: &str, cx: &FindCx) -> bool {
    let ledger = |import: &Value| import.get("database").and_then(Value::as_str) == Some(database);
    cx.world.desired.resources.values().any(|resource| match resource.kind {
        KIND => resource.attrs.get(IMPORT).is_some_and(ledger),
        _ => resource.tenant.is_some() && resource.kind == "database" && resource.identity == database,
    })
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
