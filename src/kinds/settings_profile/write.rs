//! Settings profiles as the language writes them.

use std::collections::BTreeSet;

use super::{NAME, READ, SettingsProfile};
use crate::kinds::Kind as _;
use crate::kinds::common::settings::INHERIT;
use crate::kinds::common::written;
use crate::kinds::found::{FindCx, Group, Inventory, WriteCx};
use crate::model::block::Block;

/// Finds those that nothing declares.
pub fn find(cx: &FindCx) -> Inventory {
    written::found(cx, NAME, READ)
}

/// Writes profiles.
pub fn write(groups: &[&Group], cx: &WriteCx) -> Vec<Vec<Block>> {
    let identities: BTreeSet<&str> = groups.iter().filter_map(|group| group.identity_of(NAME)).collect();
    let live = SettingsProfile.observe(&identities, &cx.world);
    let one = |group: &&Group| {
        let name = group.identity_of(NAME)?;
        let attrs = live.get(name)?;
        let mut block = cx.block(NAME, name);
        block.named("name", name);
        written::settings(&mut block, attrs, INHERIT, cx);
        written::principals(&mut block, attrs, cx);
        Some(block.arranged())
    };
    groups.iter().map(|group| one(group).into_iter().collect()).collect()
}
