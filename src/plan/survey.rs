//! The survey: every declared resource with its live object, its record and how they stand to each
//! other, and what is recorded and no longer declared. Planning and checking start from it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::moves::{Moved, Rename};
use super::removal::index::Removals;
use super::{Request, diff, imports, lint, registry, removal};
use crate::diag::nearest;
use crate::kinds::{Change, Kind, Lowered, Undeclared, World};
use crate::model::graph::Graph;
use crate::model::registry::{Entry, Owner, Status};
use crate::model::resource::Desired;
use crate::model::{Action, Addr, AttrDiff, Attrs, Category, Finding, Resource};

/// How a declared resource, its live object and its record stand to each other.
pub enum Standing {
    /// As declared and recorded: nothing to do.
    Settled,
    /// Not there.
    Missing,
    /// There, ours, and not as declared.
    Differs,
    /// There and as declared; only the record says otherwise.
    Misrecorded(Vec<AttrDiff>),
    /// There and as declared; nobody's.
    Unclaimed,
    /// Not ours to touch.
    Refused(Finding),
}

/// A declared resource in the survey.
pub struct Subject<'a> {
    /// Its kind.
    pub kind: &'static dyn Kind,
    /// As it is declared.
    pub declared: &'a Resource,
    /// As it is to be, and the differences.
    pub compared: diff::Compared,
    /// What is there.
    pub live: Option<&'a Attrs>,
    /// What this scope recorded of it.
    pub entry: Option<&'a Entry>,
    /// How they stand to each other.
    pub standing: Standing,
    /// How it gets its name, where it has another one. Its difference is the first one then.
    pub renamed: Option<&'a Rename>,
}

/// What is recorded and no longer declared.
pub struct Leftover<'a> {
    /// Its kind.
    pub kind: &'static dyn Kind,
    /// Its record.
    pub entry: &'a Entry,
    /// What is there.
    pub live: Option<&'a Attrs>,
    /// What becomes of it.
    pub fate: Undeclared,
    /// The record of another scope that made it, too.
    pub elsewhere: Option<&'a Entry>,
}

/// All that planning and checking need to know, asked of the kinds once.
pub struct Survey<'a> {
    /// The request.
    pub request: Request<'a>,
    /// What kinds may use.
    pub world: World<'a>,
    /// The edges between declared resources.
    pub graph: Graph,
    /// The `removed` blocks.
    pub removals: Removals<'a>,
    live: BTreeMap<&'static str, BTreeMap<String, Attrs>>,
    targeted: Option<BTreeSet<Addr>>,
    moved: &'a Moved,
}

impl Leftover<'_> {
    /// Returns whether it is kept on the servers: protected, or recorded to be and not a part of its block that can
    /// be taken back while the block stays.
    pub fn is_retained(&self, desired: &Desired) -> bool {
        let taken_back = || self.kind.is_taken_back() && desired.declares(&self.entry.addr.block());
        removal::is_protected(self.entry) || (registry::is_retained(self.entry) && !taken_back())
    }
}

impl Subject<'_> {
    /// Returns what is to be done by the kind; nothing where it is settled, refused or only recorded.
    pub fn action(&self) -> Option<Action> {
        match self.standing {
            Standing::Missing => Some(Action::Create),
            Standing::Differs => Some(Action::Update),
            Standing::Unclaimed => Some(Action::Adopt),
            Standing::Settled | Standing::Misrecorded(_) | Standing::Refused(_) => None,
        }
    }
}

impl<'a> Survey<'a> {
    /// Asks every kind what is there, or will be after the renames: `request` is
    /// [`Moved::request`].
    pub fn of(request: &Request<'a>, moved: &'a Moved) -> Self {
        let world = request.world();
        let graph = Graph::of(request.desired);
        let live = request
            .kinds
            .iter()
            .map(|kind| {
                let identities = identities(request, kind.name());
                (kind.name(), kind.observe(&identities, &world))
            })
            .collect();
        let roots = request.targets.iter().flat_map(|target| request.desired.matching(target));
        let targeted = (!request.targets.is_empty()).then(|| graph.closure(roots));
        let removals = Removals::of(request.desired);
        Self { request: *request, world, live, targeted, graph, removals, moved }
    }

    /// Returns the declared resources that the targets take, and what was wrong with asking.
    pub fn subjects(&self) -> (Vec<Subject<'_>>, Vec<Finding>) {
        let mut findings = self.unknown_targets();
        let twice = self.declared_twice(&mut findings);
        let mut subjects = Vec::new();
        for resource in self.request.desired.resources.values() {
            let skipped = self.targeted.as_ref().is_some_and(|targeted| !targeted.contains(&resource.addr));
            if skipped || twice.contains(&resource.addr) {
                continue;
            }
            match self.request.kinds.get(resource.kind) {
                Some(kind) => subjects.push(self.subject(kind, resource)),
                None => findings.push(unknown_kind(resource.kind).at(&resource.addr)),
            }
        }
        (subjects, findings)
    }

    fn subject(&self, kind: &'static dyn Kind, resource: &'a Resource) -> Subject<'_> {
        let live = self.live(kind.name(), &resource.identity);
        let mut compared = diff::compare(kind, resource, live, &self.world);
        let standing = self.standing(kind, resource, live, &compared.diff);
        let renamed = self.moved.of_resource(resource);
        compared.diff.splice(0..0, renamed.map(|rename| rename.diff(resource)));
        Subject {
            kind,
            declared: resource,
            standing: renaming(standing, renamed, resource),
            renamed,
            entry: self.request.registry.mine(kind.name(), &resource.identity),
            compared,
            live,
        }
    }

    fn standing(
        &self,
        kind: &dyn Kind,
        resource: &Resource,
        live: Option<&Attrs>,
        diff: &[AttrDiff],
    ) -> Standing {
        let by_content = match live {
            None => Standing::Missing,
            Some(_) if !diff.is_empty() => Standing::Differs,
            Some(_) => Standing::Settled,
        };
        if !kind.registered() {
            return by_content;
        }
        let owner = self.request.registry.owner(kind.name(), &resource.identity);
        match (owner, by_content) {
            (Owner::Other(entry), _) => Standing::Refused(other_scope(kind, resource, entry)),
            (Owner::Mine(entry), _) if entry.environment != self.request.settings.environment => {
                Standing::Refused(other_environment(kind, resource, entry))
            }
            (Owner::Mine(entry), Standing::Settled) => {
                let recorded = registry::misrecorded(entry, resource);
                if recorded.is_empty() && entry.status == Status::Applied {
                    Standing::Settled
                } else {
                    Standing::Misrecorded(recorded)
                }
            }
            (Owner::Nobody, Standing::Settled) => Standing::Unclaimed,
            (Owner::Nobody, Standing::Differs) if !self.is_taken(kind, resource) => {
                Standing::Refused(foreign(kind, resource, diff))
            }
            (_, standing) => standing,
        }
    }

    /// Returns whether what is nobody's and differs is made as declared all the same.
    fn is_taken(&self, kind: &dyn Kind, resource: &Resource) -> bool {
        imports::takes(self.request.desired, &resource.addr) || self.is_owned_with(kind, resource)
    }

    /// Returns whether the objects that this one goes with are ours: those that are there, for an
    /// earlier run may have ended before it came to the others. With one that is there and only claimed
    /// goes what that run may have made, and nothing else.
    fn is_owned_with(&self, kind: &dyn Kind, resource: &Resource) -> bool {
        let objects = kind.owned_with(resource);
        let made = || {
            let live = self.live(kind.name(), &resource.identity);
            live.is_none_or(|live| kind.may_have_made(resource, live, &self.world))
        };
        let ours = |(kind, identity): &(&'static str, String)| {
            let is_there = self.live(kind, identity).is_some();
            match self.request.registry.owner(kind, identity) {
                Owner::Mine(entry) if entry.environment != self.request.settings.environment => false,
                Owner::Mine(entry) => entry.status == Status::Applied || !is_there || made(),
                Owner::Other(_) | Owner::Nobody => !is_there,
            }
        };
        !objects.is_empty() && objects.iter().all(ours)
    }

    /// Lowers a change of a subject.
    pub fn lower(&self, subject: &Subject, action: Action) -> Lowered {
        subject.kind.lower(&change(subject, action), &self.world)
    }

    /// Returns what the record of a subject keeps besides its declaration.
    pub fn keeps(&self, subject: &Subject, action: Action) -> BTreeMap<String, Json> {
        subject.kind.keeps(&change(subject, action), &self.world)
    }

    /// Returns what each kind has to say as a whole, as far as the targets take it.
    pub fn of_kinds(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for kind in self.request.kinds.iter() {
            let all = self.request.desired.resources.values();
            let wanted: Vec<&Resource> = all.filter(|resource| resource.kind == kind.name()).collect();
            findings.extend(kind.survey(&wanted, &self.world));
        }
        findings.retain(|finding| match (&self.targeted, &finding.addr) {
            (Some(targeted), Some(about)) => targeted.iter().any(|addr| addr.is_within(about)),
            (None, _) | (_, None) => true,
        });
        findings
    }

    /// Returns what this scope and environment recorded, no resource declares and the targets take.
    pub fn leftovers(&self) -> (Vec<Leftover<'_>>, Vec<Finding>) {
        let declared: BTreeSet<(&str, &str)> = self
            .request
            .desired
            .resources
            .values()
            .map(|resource| (resource.kind, resource.identity.as_str()))
            .collect();
        let mut findings = Vec::new();
        let mut leftovers = Vec::new();
        for entry in self.request.registry.all_mine() {
            let elsewhere = entry.environment != self.request.settings.environment;
            let is_declared = declared.contains(&(entry.kind.as_str(), entry.identity.as_str()));
            if elsewhere || is_declared || !self.takes(&entry.addr) {
                continue;
            }
            match self.request.kinds.get(&entry.kind) {
                Some(kind) => leftovers.push(Leftover {
                    kind,
                    entry,
                    live: self.live(kind.name(), &entry.identity),
                    fate: kind.undeclared(entry, &self.world),
                    elsewhere: self.request.registry.made_elsewhere(&entry.kind, &entry.identity),
                }),
                None => findings.push(unknown_kind(&entry.kind).at(&entry.addr)),
            }
        }
        (leftovers, findings)
    }

    /// Returns how many blocks this scope and environment recorded.
    pub fn managed(&self) -> usize {
        let here = self.request.registry.all_mine();
        let here = here.filter(|entry| entry.environment == self.request.settings.environment);
        here.map(|entry| entry.addr.block()).collect::<BTreeSet<Addr>>().len()
    }

    /// Returns whether the targets take the record of an address.
    pub fn takes(&self, addr: &Addr) -> bool {
        let targets = self.request.targets;
        targets.is_empty() || targets.iter().any(|target| addr.is_within(target))
    }

    fn live(&self, kind: &str, identity: &str) -> Option<&Attrs> {
        self.live.get(kind)?.get(identity)
    }

    /// Returns a finding for each target that names nothing.
    fn unknown_targets(&self) -> Vec<Finding> {
        let recorded = |target: &Addr| {
            let mut entries = self.request.registry.all_mine();
            entries.any(|entry| entry.addr.is_within(target))
        };
        let unknown = self
            .request
            .targets
            .iter()
            .filter(|target| self.request.desired.matching(target).is_empty() && !recorded(target));
        unknown.map(|target| self.unknown_target(target)).collect()
    }

    fn unknown_target(&self, target: &Addr) -> Finding {
        let desired = self.request.desired;
        let known: BTreeSet<String> = desired
            .resources
            .keys()
            .flat_map(|addr| [addr.clone(), addr.block()])
            .chain(desired.groups.keys().cloned())
            .map(|addr| addr.to_string())
            .collect();
        let text = target.to_string();
        let finding = lint::UNKNOWN_TARGET
            .finding(Category::Charter, format!("target {text} names nothing that is declared"))
            .at(target);
        match nearest(&text, known.iter().map(String::as_str)) {
            Some(near) => finding.help(format!("did you mean {near}?")),
            None => finding.help("targets are addresses such as tenant.acme or role.analyst"),
        }
    }

    /// Returns the addresses, but for the first, that declare what another one declares.
    fn declared_twice(&self, findings: &mut Vec<Finding>) -> BTreeSet<Addr> {
        let mut first: BTreeMap<(&str, &str), &Addr> = BTreeMap::new();
        let mut twice = BTreeSet::new();
        for resource in self.request.desired.resources.values() {
            let key = (resource.kind, resource.identity.as_str());
            let Some(other) = first.get(&key) else {
                first.insert(key, &resource.addr);
                continue;
            };
            let summary = format!("{} {} is declared by {other}, too", resource.kind, resource.identity);
            let category = self.category(resource.kind);
            findings.push(
                lint::DECLARED_TWICE
                    .finding(category, summary)
                    .at(&resource.addr)
                    .help("keep one of the two declarations, or give one of them another name"),
            );
            twice.insert(resource.addr.clone());
        }
        twice
    }

    fn category(&self, kind: &str) -> Category {
        let kind = self.request.kinds.get(kind);
        kind.map_or(Category::Charter, |kind| kind.category())
    }
}

fn change<'s>(subject: &'s Subject, action: Action) -> Change<'s> {
    Change {
        action,
        addr: &subject.declared.addr,
        identity: &subject.declared.identity,
        wanted: Some(&subject.compared.wanted),
        live: subject.live,
        diff: &subject.compared.diff[usize::from(subject.renamed.is_some())..],
        entry: subject.entry,
    }
}

/// Returns the standing of what gets another name: it differs at least in that.
fn renaming(standing: Standing, renamed: Option<&Rename>, resource: &Resource) -> Standing {
    match (standing, renamed) {
        (Standing::Settled | Standing::Misrecorded(_), Some(rename)) if rename.ops.is_empty() => {
            let recorded = registry::misrecorded(&rename.entry, resource);
            Standing::Misrecorded(std::iter::once(rename.diff(resource)).chain(recorded).collect())
        }
        (Standing::Settled | Standing::Misrecorded(_), Some(_)) => Standing::Differs,
        (standing, _) => standing,
    }
}

/// Returns the wanted and owned identities of a kind.
fn identities<'a>(request: &Request<'a>, kind: &str) -> BTreeSet<&'a str> {
    let wanted = request
        .desired
        .resources
        .values()
        .filter(|resource| resource.kind == kind)
        .map(|resource| resource.identity.as_str());
    let owned =
        request.registry.all_mine().filter(|entry| entry.kind == kind).map(|entry| entry.identity.as_str());
    wanted.chain(owned).collect()
}

fn unknown_kind(kind: &str) -> Finding {
    lint::UNKNOWN_KIND
        .finding(Category::Charter, format!("this version of charter knows no kind {kind}"))
        .help("use the version of charter that applied last, or a newer one")
}

fn other_scope(kind: &dyn Kind, resource: &Resource, entry: &Entry) -> Finding {
    let summary = format!(
        "{} {} belongs to scope {}, environment {}, where it is {}",
        kind.name(),
        resource.identity,
        entry.scope,
        entry.environment,
        entry.addr
    );
    lint::OTHER_SCOPE
        .finding(kind.category(), summary)
        .at(&resource.addr)
        .help("choose another name here, or remove it there first")
}

fn other_environment(kind: &dyn Kind, resource: &Resource, entry: &Entry) -> Finding {
    let summary = format!(
        "{} {} is recorded on this server for environment {}, where it is {}",
        kind.name(),
        resource.identity,
        entry.environment,
        entry.addr
    );
    lint::OTHER_ENVIRONMENT
        .finding(kind.category(), summary)
        .at(&resource.addr)
        .help("check that this is the right server for this environment")
        .help("environments that share a server need scopes and names of their own")
}

fn foreign(kind: &dyn Kind, resource: &Resource, diff: &[AttrDiff]) -> Finding {
    let (expected, found) = diff::sides(diff);
    let summary = format!("{} {} exists and is not charter's", kind.name(), resource.identity);
    lint::FOREIGN
        .finding(kind.category(), summary)
        .at(&resource.addr)
        .compare(expected, found)
        .help(format!("to take it over and make it as declared: import {{ to = {} }}", resource.addr.block()))
        .help("to take it over as it is, declare it so: charter import writes it")
        .help("or choose another name")
}
