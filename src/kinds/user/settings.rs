//! The settings of a user: managed whole, like those of a role. Those that a user had when it was
//! adopted stay until the block says something of settings.

use std::collections::BTreeMap;

use super::{observe, record};
use crate::kinds::World;
use crate::kinds::common::settings::{self, Holder, Known, Live, PROFILE, SETTINGS};
use crate::model::plan::AttrDiff;
use crate::model::{Attrs, Resource};

/// Adds what is set to live users.
pub fn add_to(users: &mut BTreeMap<String, Attrs>, world: &World) {
    let live = Live::of(world.snapshot, Holder::User);
    users.iter_mut().for_each(|(name, attrs)| live.add_to(attrs, name, PROFILE));
}

/// Compares a user whole.
pub fn diff(wanted: &Resource, live: &Attrs, world: &World) -> Vec<AttrDiff> {
    let mut others = wanted.clone();
    others.attrs.retain(|name, _| ![SETTINGS, PROFILE].contains(&name.as_str()));
    let mut diff = observe::diff(&others, live, world);
    let recorded = world.registry.mine(super::NAME, &wanted.identity);
    let kept = record::kept_conventions(wanted, Some(live), recorded);
    if !kept.contains(SETTINGS) && !kept.contains(PROFILE) {
        diff.extend(settings::diff(&wanted.attrs, live, PROFILE, Known::of(world.snapshot)));
    }
    diff
}

/// Returns the clause of the settings: of a new user where it has any, else where they differ.
pub fn clause(attrs: &Attrs, only: Option<&[&str]>) -> Option<String> {
    let wanted = match only {
        None => settings::is_set(attrs, PROFILE),
        Some(differing) => differing.iter().any(|attr| settings::is_of(attr)),
    };
    wanted.then(|| settings::clause(attrs, PROFILE))
}
