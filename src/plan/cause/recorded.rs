//! What was last applied, as if it were declared: resources made of the records, in a world of their
//! own, so that the kinds compare them with what is there as they compare declarations.

use std::collections::{BTreeMap, BTreeSet};

use super::attrs_of;
use crate::kinds::{Kind, World};
use crate::model::resource::Desired;
use crate::model::{Addr, AttrDiff, Attrs, Resource};
use crate::plan::{Request, diff};

/// What was last applied, and what is there of the objects in question.
pub struct Recorded<'a> {
    request: Request<'a>,
    desired: Desired,
    live: BTreeMap<&'static str, BTreeMap<String, Attrs>>,
    addrs: BTreeMap<(&'static str, String), Addr>,
}

impl<'a> Recorded<'a> {
    /// Reads the records, and asks the kinds of these objects (kind and identity) what is there.
    pub fn of<'s>(request: &Request<'a>, objects: impl Iterator<Item = (&'s str, &'s str)>) -> Self {
        let mut wanted: BTreeMap<&'static str, BTreeSet<&str>> = BTreeMap::new();
        for (name, identity) in objects {
            let kind = request.kinds.get(name).filter(|kind| kind.registered());
            if let Some(kind) = kind.filter(|kind| request.registry.mine(kind.name(), identity).is_some()) {
                wanted.entry(kind.name()).or_default().insert(identity);
            }
        }
        let mut recorded = Self {
            request: *request,
            desired: Desired::default(),
            live: BTreeMap::new(),
            addrs: BTreeMap::new(),
        };
        if wanted.is_empty() {
            return recorded;
        }
        recorded.read();
        let live = wanted.iter().filter_map(|(name, identities)| {
            let kind = request.kinds.get(name)?;
            Some((kind.name(), kind.observe(identities, &recorded.world())))
        });
        recorded.live = live.collect();
        recorded
    }

    /// Makes resources of the records.
    fn read(&mut self) {
        let declared = &self.request.desired.resources;
        let removals = self.request.desired.removals.iter().map(|removal| removal.span);
        let mut spans = declared.values().map(|resource| resource.span).chain(removals);
        let Some(span) = spans.next() else { return };
        let taken: BTreeSet<(&str, &str)> =
            declared.values().map(|resource| (resource.kind, resource.identity.as_str())).collect();
        // Two records may have one address, where it names another object now: the declared one counts.
        let mut entries: Vec<_> = self.request.registry.all_mine().collect();
        entries.sort_by_key(|entry| taken.contains(&(entry.kind.as_str(), entry.identity.as_str())));
        for entry in entries {
            let (Some(kind), Some(attrs)) = (self.request.kinds.get(&entry.kind), attrs_of(entry)) else {
                continue;
            };
            let mut resource = Resource::new(entry.addr.clone(), kind.name(), &entry.identity, span);
            resource.attrs = attrs;
            self.addrs.insert((kind.name(), entry.identity.clone()), entry.addr.clone());
            self.desired.resources.insert(entry.addr.clone(), resource);
        }
    }

    fn world(&self) -> World<'_> {
        World { desired: &self.desired, recorded: true, ..self.request.world() }
    }

    /// Returns what is there of one of the objects in question.
    pub fn live(&self, kind: &str, identity: &str) -> Option<&Attrs> {
        self.live.get(kind)?.get(identity)
    }

    /// Returns whether what is there may be what a run made that did not end; none where nothing is.
    pub fn was_made(&self, kind: &str, identity: &str) -> Option<bool> {
        let kind = self.request.kinds.get(kind)?;
        let live = self.live(kind.name(), identity)?;
        let claimed = self.addrs.get(&(kind.name(), identity.to_owned()));
        let claimed = claimed.and_then(|addr| self.desired.resources.get(addr));
        let claimed = claimed.filter(|claimed| claimed.identity == identity);
        Some(claimed.is_some_and(|claimed| kind.may_have_made(claimed, live, &self.world())))
    }

    /// Returns how what was last applied to a declared object differs from what is there: `after` is
    /// what was applied. What the declaration ignores is no difference.
    pub fn diff(&self, kind: &'static dyn Kind, declared: &Resource) -> Vec<AttrDiff> {
        let key = (kind.name(), declared.identity.clone());
        let applied = self.addrs.get(&key).and_then(|addr| self.desired.resources.get(addr));
        let live = self.live.get(kind.name()).and_then(|live| live.get(&declared.identity));
        let Some(applied) = applied.filter(|applied| applied.identity == declared.identity) else {
            return Vec::new();
        };
        let applied = Resource { ignore_changes: declared.ignore_changes.clone(), ..applied.clone() };
        diff::compare(kind, &applied, live, &self.world()).diff
    }
}
