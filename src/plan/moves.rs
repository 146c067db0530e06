//! Moves: what was recorded at an address that a `moved` block names, and has another name on the
//! servers than what is declared at the new address, is renamed in place.
//!
//! The rename is simulated first: planning goes on with the snapshot and the registry as they are
//! after it, so that whatever refers to the object is compared with its new name.

use std::collections::BTreeMap;

use super::{Request, lint};
use crate::kinds::Renamed;
use crate::model::registry::{Entry, Owner, Registry};
use crate::model::resource::destination;
use crate::model::{AttrDiff, Finding, Op, Resource, Snapshot};

/// One object that gets another name.
#[derive(Clone, Debug)]
pub struct Rename {
    /// The operations; none where only the record changes.
    pub ops: Vec<Op>,
    /// The record under the old name.
    pub entry: Entry,
}

impl Rename {
    /// Returns the difference that a plan shows.
    pub fn diff(&self, resource: &Resource) -> AttrDiff {
        AttrDiff {
            attr: "name".to_owned(),
            before: self.entry.identity.as_str().into(),
            after: resource.identity.as_str().into(),
        }
    }
}

/// The servers as they are when everything has its new name.
#[derive(Default)]
pub struct Moved {
    world: Option<(Snapshot, Registry)>,
    renames: BTreeMap<(&'static str, String), Rename>,
    findings: Vec<Finding>,
}

impl Moved {
    /// Simulates the renames of a request.
    pub fn of(request: &Request) -> Self {
        let mut moved = Self::default();
        let moves = &request.desired.moves;
        if moves.is_empty() {
            return moved;
        }
        let mut snapshot = request.snapshot.clone();
        let mut registry = request.registry.clone();
        for entry in request.registry.all_mine() {
            let wanted =
                destination(&entry.addr, moves).and_then(|addr| request.desired.resources.get(&addr));
            let wanted =
                wanted.filter(|wanted| wanted.kind == entry.kind && wanted.identity != entry.identity);
            let here = entry.environment == request.settings.environment;
            if let Some(wanted) = wanted.filter(|_| here) {
                moved.rename(request, entry, wanted, (&mut snapshot, &mut registry));
            }
        }
        moved.world = Some((snapshot, registry));
        moved
    }

    fn rename(
        &mut self,
        request: &Request,
        entry: &Entry,
        wanted: &Resource,
        (snapshot, registry): (&mut Snapshot, &mut Registry),
    ) {
        let Some(kind) = request.kinds.get(wanted.kind) else { return };
        let refuse = |why: &str, help: String| {
            let summary =
                format!("{} {} cannot be renamed to {}: {why}", kind.name(), entry.identity, wanted.identity);
            lint::IMMOVABLE.finding(kind.category(), summary).at(&wanted.addr).help(help)
        };
        match request.registry.owner(wanted.kind, &wanted.identity) {
            Owner::Mine(_) => return,
            Owner::Other(other) => {
                let why = format!("that one belongs to scope {}", other.scope);
                self.findings.push(refuse(&why, "choose another name".to_owned()));
                return;
            }
            Owner::Nobody => {}
        }
        let ops = match kind.rename(&entry.identity, &wanted.identity, snapshot) {
            Renamed::Gone => return,
            Renamed::Record => Vec::new(),
            Renamed::By(ops) => ops,
            Renamed::Taken => {
                let help = format!("drop or rename {} by hand, or choose another name", wanted.identity);
                return self.findings.push(refuse("both exist", help));
            }
            Renamed::Never(why) => {
                let help = format!(
                    "let {} keep the name {}: only its address moves then",
                    wanted.addr, entry.identity
                );
                return self.findings.push(refuse(why, help));
            }
        };
        registry.rename(&entry.kind, &entry.identity, &wanted.identity);
        let key = (wanted.kind, wanted.identity.clone());
        self.renames.insert(key, Rename { ops, entry: entry.clone() });
    }

    /// Returns the request with the servers as they are after the renames.
    pub fn request<'m>(&'m self, request: &Request<'m>) -> Request<'m> {
        match &self.world {
            Some((snapshot, registry)) => Request { snapshot, registry, ..*request },
            None => *request,
        }
    }

    /// Returns the rename of a resource.
    pub fn of_resource(&self, resource: &Resource) -> Option<&Rename> {
        if self.renames.is_empty() {
            return None;
        }
        self.renames.get(&(resource.kind, resource.identity.clone()))
    }

    /// Returns what cannot be renamed.
    pub fn findings(&self) -> Vec<Finding> {
        self.findings.clone()
    }
}
