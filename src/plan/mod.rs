//! Planning: from what is declared, what was read and what is recorded to a plan. Pure and sync:
//! no I/O, no clock, no randomness; the same request gives the same plan, byte for byte.
//!
//! [`survey`] pairs every declared resource with its live object and its record and says how the
//! three stand to each other. [`build()`] makes steps of that, [`check()`] findings. Kinds decide
//! what differs and how it is mended; ownership, order and records are decided here.

pub mod access;
pub mod ahead;
pub mod build;
pub mod cause;
pub mod check;
mod claims;
pub mod diff;
pub mod gates;
pub mod imports;
pub mod lint;
pub mod moves;
pub mod order;
pub mod registry;
pub mod removal;
mod rollout;
pub mod rotate;
pub mod survey;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use ahead::{asks, foresees};
pub use build::{build, one, removal_of, servers};
pub use check::check;

use std::collections::BTreeSet;

use crate::kinds::{Kinds, World};
use crate::model::graph::Graph;
use crate::model::registry::Registry;
use crate::model::resource::Desired;
use crate::model::{Addr, Rotation, Settings, Snapshot};

/// Returns the addresses that targets take, with all that they depend on; everything without any.
pub fn selected(desired: &Desired, targets: &[Addr]) -> BTreeSet<Addr> {
    if targets.is_empty() {
        return desired.resources.keys().cloned().collect();
    }
    Graph::of(desired).closure(targets.iter().flat_map(|target| desired.matching(target)))
}

/// Everything that a plan is made of.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The kinds of resources.
    pub kinds: &'a Kinds,
    /// Who declares, and where.
    pub settings: &'a Settings,
    /// What is declared.
    pub desired: &'a Desired,
    /// What was read from the servers.
    pub snapshot: &'a Snapshot,
    /// What is recorded on them.
    pub registry: &'a Registry,
    /// What to confine the plan to, with all that it depends on; empty for everything.
    pub targets: &'a [Addr],
    /// Which passwords are to be rotated.
    pub rotation: &'a Rotation,
}

impl<'a> Request<'a> {
    /// Returns what kinds may use.
    pub fn world(&self) -> World<'a> {
        World {
            settings: self.settings,
            snapshot: self.snapshot,
            registry: self.registry,
            desired: self.desired,
            rotation: self.rotation,
            recorded: false,
        }
    }
}
