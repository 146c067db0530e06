//! Secrets as the language writes them: their names, never what they hold.

use super::NAME;
use crate::kinds::common::{kept, kube};
use crate::kinds::found::{FindCx, Group, Inventory, WriteCx};
use crate::model::block::Block;
use crate::model::names;
use crate::model::snapshot::Api;

/// Finds those that were asked for: most Secrets of a namespace are somebody else's. One that keeps a
/// user's password comes with its user.
pub fn find(cx: &FindCx) -> Inventory {
    let mut found = Inventory::default();
    let settings = cx.world.settings;
    if !cx.asked || settings.kubernetes.is_none() {
        return found;
    }
    let namespace = settings.namespace();
    for object in cx.world.snapshot.objects(&Api::secrets(), namespace) {
        let name = kube::name_of(object);
        let identity = format!("{namespace}/{name}");
        if !cx.is_taken(NAME, &identity) {
            found.add(NAME, &identity, name, names::dns_subdomain);
        }
    }
    found
}

/// Writes Secrets.
pub fn write(groups: &[&Group], cx: &WriteCx) -> Vec<Vec<Block>> {
    groups.iter().map(|group| one(group, cx).into_iter().collect()).collect()
}

fn one(group: &Group, cx: &WriteCx) -> Option<Block> {
    let identity = group.identity_of(NAME)?;
    let (namespace, name) = identity.split_once('/')?;
    let object = kube::find(cx.world.snapshot, &Api::secrets(), namespace, name)?;
    let mut block = cx.block(NAME, identity);
    block.named("name", name);
    let keys = kept::keys(object, &[]);
    if !keys.is_empty() {
        block.remark(format!("its keys are left alone: {}", keys.join(", ")));
    }
    Some(block)
}
