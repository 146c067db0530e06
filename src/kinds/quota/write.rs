//! Quotas as the language writes them.

use std::collections::BTreeSet;

use super::{NAME, Quota, READ};
use crate::kinds::Kind as _;
use crate::kinds::common::interval::{self, INTERVAL};
use crate::kinds::common::limits::KEYED_BY;
use crate::kinds::common::written;
use crate::kinds::found::{FindCx, Group, Inventory, WriteCx};
use crate::model::block::{Block, Expr};
use crate::model::Value;

/// Finds those that nothing declares.
pub fn find(cx: &FindCx) -> Inventory {
    written::found(cx, NAME, READ)
}

/// Writes quotas.
pub fn write(groups: &[&Group], cx: &WriteCx) -> Vec<Vec<Block>> {
    let identities: BTreeSet<&str> = groups.iter().filter_map(|group| group.identity_of(NAME)).collect();
    let live = Quota.observe(&identities, &cx.world);
    let one = |group: &&Group| {
        let name = group.identity_of(NAME)?;
        let attrs = live.get(name)?;
        let mut block = cx.block(NAME, name);
        block.named("name", name);
        let key = attrs.get(KEYED_BY).and_then(Value::as_str).unwrap_or("none");
        if key != "none" {
            block.attr(KEYED_BY, key);
        }
        written::principals(&mut block, attrs, cx);
        for (duration, limits) in interval::intervals(attrs) {
            block.block(interval_block(&duration, &limits));
        }
        Some(block.arranged())
    };
    groups.iter().map(|group| one(group).into_iter().collect()).collect()
}

fn interval_block(duration: &str, limits: &Value) -> Block {
    let mut block = Block::new(INTERVAL);
    block.attr("duration", written::duration(duration));
    for (name, value) in limits.as_map().into_iter().flatten() {
        match value {
            Value::Bool(value) => block.attr(name, *value),
            other => block.attr(name, Expr::plain(other.as_str().unwrap_or_default())),
        }
    }
    block
}
