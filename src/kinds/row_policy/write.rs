//! Row policies as the language writes them.

use std::collections::BTreeSet;

use super::{NAME, RESTRICTIVE, RowPolicy, USING, condition, identity_of, policies};
use crate::kinds::Kind as _;
use crate::kinds::common::{storage, written};
use crate::kinds::found::{FindCx, Group, Inventory, WriteCx};
use crate::model::block::{Block, Expr};
use crate::model::snapshot::text;
use crate::model::{Attrs, Value, names};

/// Finds those that nothing declares.
pub fn find(cx: &FindCx) -> Inventory {
    let mut found = Inventory::default();
    for row in policies(&cx.world) {
        let identity = identity_of(row);
        match identity.as_str() {
            id if cx.is_taken(NAME, id) => {}
            id if text(row, storage::STORAGE) == "users_xml" => found.leave(NAME, id, written::READ_ONLY),
            id if condition::problem_of(text(row, "select_filter")).is_some() => {
                found.leave(NAME, id, "it has no condition that can be declared");
            }
            id => found.add(NAME, id, text(row, "short_name"), names::clickhouse),
        }
    }
    found
}

/// Writes row policies.
pub fn write(groups: &[&Group], cx: &WriteCx) -> Vec<Vec<Block>> {
    let identities: BTreeSet<&str> = groups.iter().filter_map(|group| group.identity_of(NAME)).collect();
    let live = RowPolicy.observe(&identities, &cx.world);
    let one = |group: &&Group| {
        let identity = group.identity_of(NAME)?;
        Some(block_of(identity, live.get(identity)?, cx))
    };
    groups.iter().map(|group| one(group).into_iter().collect()).collect()
}

fn block_of(identity: &str, attrs: &Attrs, cx: &WriteCx) -> Block {
    let told = |attr: &str| attrs.get(attr).and_then(Value::as_str).unwrap_or_default();
    let mut block = cx.block(NAME, identity);
    block.named("name", told("name"));
    let database = told("database");
    let known = cx.reference("database", database);
    block.attr("database", known.map_or_else(|| database.into(), |known| Expr::Ref(written::name_of(known))));
    if !told("table").is_empty() {
        block.attr("table", told("table"));
    }
    block.attr(USING, told(USING));
    if attrs.get(RESTRICTIVE).and_then(Value::as_bool) == Some(true) {
        block.attr(RESTRICTIVE, true);
    }
    written::principals(&mut block, attrs, cx);
    block.arranged()
}
