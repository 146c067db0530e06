//! Databases as the language writes them.

use std::collections::BTreeSet;

use super::{Database, NAME};
use crate::kinds::Kind as _;
use crate::kinds::common::reads;
use crate::kinds::found::{FindCx, Group, Inventory, WriteCx};
use crate::model::block::Block;
use crate::model::snapshot::text;
use crate::model::{Value, names};

/// Databases that are never a tenant's or a team's: the server's, and charter's own.
const SYSTEM: [&str; 4] = ["system", "INFORMATION_SCHEMA", "information_schema", "ops"];

/// Finds those that nothing declares.
pub fn find(cx: &FindCx) -> Inventory {
    let mut found = Inventory::default();
    for row in cx.world.snapshot.rows(reads::DATABASES) {
        match text(row, "name") {
            name if SYSTEM.contains(&name) || cx.is_taken(NAME, name) => {}
            "default" if !cx.asked => found.leave(NAME, "default", "the server makes it itself"),
            name => found.add(NAME, name, name, names::clickhouse),
        }
    }
    found
}

/// Writes databases.
pub fn write(groups: &[&Group], cx: &WriteCx) -> Vec<Vec<Block>> {
    let identities: BTreeSet<&str> = groups.iter().filter_map(|group| group.identity_of(NAME)).collect();
    let live = Database.observe(&identities, &cx.world);
    let one = |group: &&Group| {
        let attrs = live.get(group.identity_of(NAME)?)?;
        let told = |attr: &str| attrs.get(attr).and_then(Value::as_str).unwrap_or_default();
        let mut block = cx.block(NAME, &group.objects[0].identity);
        block.named("name", &group.objects[0].identity);
        if !told("comment").is_empty() {
            block.attr("comment", told("comment"));
        }
        if !["", "Atomic"].contains(&told("engine")) {
            block.comment(format!("Its engine is {}; one that charter makes is Atomic.", told("engine")));
        }
        Some(block)
    };
    groups.iter().map(|group| one(group).into_iter().collect()).collect()
}
