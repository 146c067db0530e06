//! Roles as the language writes them, with all that they are granted.

use std::collections::BTreeSet;

use super::{NAME, Role};
use crate::kinds::Kind as _;
use crate::kinds::common::settings::PROFILE;
use crate::kinds::common::written_grants::{self, LiveGrants};
use crate::kinds::common::{reads, storage, written};
use crate::kinds::found::{FindCx, Group, Inventory, WriteCx};
use crate::model::block::Block;
use crate::model::names;
use crate::model::snapshot::text;

/// Finds those that nothing declares.
pub fn find(cx: &FindCx) -> Inventory {
    let mut found = Inventory::default();
    let grants = LiveGrants::of(cx.world.snapshot);
    for row in cx.world.snapshot.rows(reads::ROLES) {
        match text(row, "name") {
            name if cx.is_taken(NAME, name) => {}
            name if text(row, storage::STORAGE) == "users_xml" => found.leave(NAME, name, written::READ_ONLY),
            name => match grants.obstacle(name) {
                Some(why) => found.leave(NAME, name, why),
                None => found.add(NAME, name, name, names::clickhouse),
            },
        }
    }
    found
}

/// Writes roles.
pub fn write(groups: &[&Group], cx: &WriteCx) -> Vec<Vec<Block>> {
    let identities: BTreeSet<&str> = groups.iter().filter_map(|group| group.identity_of(NAME)).collect();
    let (live, grants) = (Role.observe(&identities, &cx.world), LiveGrants::of(cx.world.snapshot));
    let one = |group: &&Group| {
        let name = group.identity_of(NAME)?;
        let mut block = cx.block(NAME, name);
        block.named("name", name);
        written_grants::into_block(&mut block, &grants.granted(name), cx);
        let ignored = written::settings(&mut block, live.get(name)?, PROFILE, cx);
        written::ignore(&mut block, &ignored);
        Some(block.arranged())
    };
    groups.iter().map(|group| one(group).into_iter().collect()).collect()
}
