//! SupersetTenants as the language writes them.

use super::KIND;
use crate::kinds::common::{kube, superset};
use crate::kinds::found::{FindCx, Group, Inventory, WriteCx};
use crate::model::block::Block;
use crate::model::names;

/// Finds those that nothing declares, in the default namespace.
pub fn find(cx: &FindCx) -> Inventory {
    let mut found = Inventory::default();
    for (namespace, object) in superset::listed(&cx.world) {
        let name = kube::name_of(object);
        let identity = format!("{namespace}/{name}");
        match superset::written(object) {
            _ if cx.is_taken(KIND, &identity) => {}
            Some(_) => found.add(KIND, &identity, name, names::dns1123),
            None => {
                found.leave(KIND, &identity, "its spec has another organization, or no clickhouseEnabled")
            }
        }
    }
    found
}

/// Writes SupersetTenants.
pub fn write(groups: &[&Group], cx: &WriteCx) -> Vec<Vec<Block>> {
    groups.iter().map(|group| one(group, cx).into_iter().collect()).collect()
}

fn one(group: &Group, cx: &WriteCx) -> Option<Block> {
    let identity = group.identity_of(KIND)?;
    let (_, name) = identity.split_once('/')?;
    let object =
        superset::listed(&cx.world).map(|(_, object)| object).find(|object| kube::name_of(object) == name)?;
    let mut block = cx.block(KIND, identity);
    block.named("organization", name);
    block.items.extend(superset::written(object)?);
    Some(block)
}
