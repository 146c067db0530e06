//! Claims that say nothing: a row that was written before an object was created, by a run that did not
//! get to it. What is there by now is somebody else's, where another scope made it, or where it is not
//! what the run was about to make: planning goes on as if the claim were not there.

use super::Request;
use super::cause::Recorded;
use crate::model::registry::{Entry, Registry, Status};
use crate::model::{Addr, Attrs};

/// What this scope claimed and did not make.
#[derive(Default)]
pub struct Claims {
    void: Vec<Void>,
    registry: Option<Registry>,
}

/// A claim of what is not ours.
pub struct Void {
    /// The claim.
    pub entry: Entry,
    /// Whose it is; none where nobody recorded it.
    pub owner: Option<Entry>,
    /// What is there.
    pub live: Option<Attrs>,
}

impl Claims {
    /// Finds those of a request.
    pub fn of(request: &Request) -> Self {
        let here = |entry: &&Entry| entry.environment == request.settings.environment;
        let claimed = request.registry.all_mine().filter(|entry| entry.status == Status::Claimed);
        let claimed: Vec<&Entry> = claimed.filter(here).collect();
        if claimed.is_empty() {
            return Self::default();
        }
        let objects = claimed.iter().map(|entry| (entry.kind.as_str(), entry.identity.as_str()));
        let recorded = Recorded::of(request, objects);
        let judge = |entry: &Entry| {
            let owner = request.registry.made_elsewhere(&entry.kind, &entry.identity).cloned();
            let is_void = owner.is_some() || recorded.was_made(&entry.kind, &entry.identity) == Some(false);
            let live = recorded.live(&entry.kind, &entry.identity).cloned();
            is_void.then(|| Void { entry: entry.clone(), owner, live })
        };
        let void: Vec<Void> = claimed.into_iter().filter_map(judge).collect();
        if void.is_empty() {
            return Self::default();
        }
        let mut registry = request.registry.clone();
        for Void { entry, .. } in &void {
            registry.disown(&entry.kind, &entry.identity);
        }
        Self { void, registry: Some(registry) }
    }

    /// Returns the request without them.
    pub fn request<'m>(&'m self, request: &Request<'m>) -> Request<'m> {
        match &self.registry {
            Some(registry) => Request { registry, ..*request },
            None => *request,
        }
    }

    /// Returns those that nothing declares, within what the targets take.
    pub fn undeclared<'c>(&'c self, request: &'c Request) -> impl Iterator<Item = &'c Void> {
        let takes = |addr: &Addr| {
            request.targets.is_empty() || request.targets.iter().any(|target| addr.is_within(target))
        };
        let declares = |void: &&Void| {
            let mut resources = request.desired.resources.values();
            resources.any(|one| one.kind == void.entry.kind && one.identity == void.entry.identity)
        };
        self.void.iter().filter(move |void| takes(&void.entry.addr) && !declares(void))
    }
}

impl Void {
    /// Returns what is said of it once it is forgotten.
    pub fn note(&self) -> String {
        match &self.owner {
            Some(owner) => theirs(owner),
            None => "it stays: it is not what an interrupted run was about to make".to_owned(),
        }
    }
}

/// Returns why what another scope made stays as it is.
pub fn theirs(owner: &Entry) -> String {
    format!("it stays: it is {} of scope {}, environment {}", owner.addr, owner.scope, owner.environment)
}
