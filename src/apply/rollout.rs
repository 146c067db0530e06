//! The groups of a plan while it runs: which tenant may begin its migrations, and which may not any
//! more. A tenant that has begun goes on to its end; one that failed holds no other one up, unless
//! it is a canary or one too many.

use std::collections::{BTreeMap, BTreeSet};

use super::report::Because;
use crate::model::rollout;

/// The groups, and how far they have come.
pub(super) struct Rollout<'a> {
    plan: Option<&'a rollout::Rollout>,
    places: BTreeMap<usize, Place>,
    /// For each group: how many of its steps have not ended.
    left: Vec<usize>,
    /// The group that runs.
    open: usize,
    begun: BTreeSet<Place>,
    failed: BTreeSet<Place>,
    /// The steps that could begin if it were their group's turn.
    parked: BTreeSet<usize>,
    /// Why no other tenant begins.
    stopped: Option<Because>,
}

/// A group, and a tenant in it.
type Place = (usize, usize);

/// What follows from the end of a step.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Turn {
    /// Steps that may begin now.
    pub(super) begin: BTreeSet<usize>,
    /// Steps that will not begin, and why.
    pub(super) skip: Vec<(usize, Because)>,
}

impl<'a> Rollout<'a> {
    /// Returns the groups of a plan before anything began.
    pub(super) fn new(plan: Option<&'a rollout::Rollout>) -> Self {
        let groups = plan.map_or(&[][..], |plan| &plan.groups);
        let (mut places, mut left) = (BTreeMap::new(), vec![0; groups.len()]);
        for (group, tenants) in groups.iter().enumerate() {
            for (index, member) in tenants.tenants.iter().enumerate() {
                places.extend(member.steps.iter().map(|step| (*step, (group, index))));
                left[group] += member.steps.len();
            }
        }
        let (begun, failed, parked) = Default::default();
        Self { plan, places, left, open: 0, begun, failed, parked, stopped: None }
    }

    /// Returns whether a step may begin now; it is kept for its group's turn where it may not.
    pub(super) fn admits(&mut self, step: usize) -> bool {
        let Some(place) = self.places.get(&step) else { return true };
        if place.0 > self.open {
            self.parked.insert(step);
            return false;
        }
        self.begun.insert(*place);
        true
    }

    /// Takes down that a step has ended, or will not begin, and returns what follows.
    pub(super) fn ended(&mut self, step: usize, done: bool) -> Turn {
        let Some(place) = self.places.get(&step).copied() else { return Turn::default() };
        if let Some(left) = self.left.get_mut(place.0) {
            *left = left.saturating_sub(1);
        }
        let mut turn = Turn::default();
        if !done && self.failed.insert(place) && self.stopped.is_none() {
            self.stopped = self.reason(place);
            turn.skip = self.not_begun();
        }
        while self.stopped.is_none() && self.left.get(self.open) == Some(&0) {
            self.open += 1;
            let (open, places) = (self.open, &self.places);
            let ready = |step: &usize| places.get(step).is_some_and(|place| place.0 <= open);
            turn.begin.extend(self.parked.extract_if(.., ready));
        }
        turn
    }

    /// Returns why no other tenant begins once this one failed; none where others may.
    fn reason(&self, (group, tenant): Place) -> Option<Because> {
        let plan = self.plan?;
        let members = plan.groups.get(group)?;
        if members.canary {
            return Some(Because::Canary(members.tenants.get(tenant)?.tenant.clone()));
        }
        let failed = self.failed.len();
        plan.max_failures.filter(|max| failed > *max).map(|max| Because::TooManyFailed { failed, max })
    }

    /// Returns the steps of the tenants that have not begun, with why they will not.
    fn not_begun(&self) -> Vec<(usize, Because)> {
        let Some(because) = &self.stopped else { return Vec::new() };
        let steps = self.places.iter().filter(|(_, place)| !self.begun.contains(place));
        steps.map(|(step, _)| (*step, because.clone())).collect()
    }
}
