//! The proof: every live user and role against every tenant's database.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::{Cover, Hop, Id, Principal, meet};
use super::reach::{Cause, Excess, Prover, Side};
use super::report::{Holder, Hole, Reached, Report, Way};
use super::tenants::TenantSet;
use super::{declared::Declared, observed::Observed};
use crate::model::Severity;

/// How many databases a hole names.
const NAMED: usize = 20;

/// What one principal's part of a hole is collected by: the way, what gives it, and the principal;
/// none for what nobody in particular has.
type Key = (Way, String, Option<Id>);

/// What makes a hole of the parts of several principals.
type Same =
    (Way, String, Option<Severity>, BTreeSet<&'static str>, BTreeSet<String>, BTreeSet<String>, TenantSet);

/// One principal's part of a hole, as it is collected.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) severity: Option<Severity>,
    pub(super) verbs: BTreeSet<&'static str>,
    pub(super) by: BTreeSet<String>,
    holder: Option<Holder>,
    pub(super) tenants: TenantSet,
    pub(super) notes: BTreeSet<String>,
}

/// Collects the holes.
pub(super) struct Proof<'a> {
    pub(super) prover: Prover<'a>,
    drafts: BTreeMap<Key, Draft>,
}

/// Proves that nobody reaches a tenant's data who is not declared to, or tells who does.
pub fn prove(observed: &Observed, declared: &Declared) -> Report {
    let mut proof = Proof { prover: Prover::new(observed, declared), drafts: BTreeMap::new() };
    let everybody: Vec<Id> = observed.graph.nodes().map(|(id, _)| id).collect();
    let (trusted, others): (Vec<Id>, Vec<Id>) =
        everybody.iter().copied().partition(|id| proof.prover.is_trusted(*id));
    if !declared.tenants.is_empty() {
        proof.unreadable();
        others.iter().for_each(|id| proof.grants(*id));
        others.iter().for_each(|id| proof.memberships(*id));
        proof.powers(&others);
        proof.views(&others);
        proof.accounts(&others);
        proof.policies();
    }
    let names = trusted.iter().map(|id| observed.graph.principal(*id));
    let known: BTreeSet<&str> = names.clone().map(|who| who.name.as_str()).collect();
    let absent = declared.administrators.iter().filter(|name| !known.contains(name.as_str()));
    Report {
        principals: everybody.len(),
        tenants: declared.tenants.len(),
        trusted: names.map(ToString::to_string).collect(),
        absent: absent.cloned().collect(),
        holes: proof.finish(),
    }
}

impl<'a> Proof<'a> {
    pub(super) fn draft(&mut self, way: Way, by: &str, holder: Option<(Id, Holder)>) -> &mut Draft {
        let id = holder.as_ref().map(|(id, _)| *id);
        let draft = self.drafts.entry((way, by.to_owned(), id)).or_default();
        draft.holder = draft.holder.take().or(holder.map(|(_, holder)| holder));
        draft
    }

    /// Makes one hole of what many have in the same way. What reaches most tenants differs by the
    /// holders' own ones, which makes no difference to tell.
    fn finish(self) -> Vec<Hole> {
        let prover = self.prover;
        let mut same: BTreeMap<Same, (BTreeSet<Holder>, TenantSet)> = BTreeMap::new();
        for ((way, by, _), draft) in self.drafts {
            let broad = way == Way::CreateDictionary
                || draft.tenants.count(prover.tenants()) * 2 > prover.tenants().len();
            let alike = if broad { TenantSet::all() } else { draft.tenants.clone() };
            let key = (way, by, draft.severity, draft.verbs, draft.by, draft.notes, alike);
            let (holders, tenants) = same.entry(key).or_default();
            holders.extend(draft.holder);
            tenants.add(&draft.tenants);
        }
        let holes = same.into_iter().map(|((way, _, severity, verbs, by, notes, _), (holders, tenants))| {
            let places = tenants.places(prover.tenants());
            let databases = places.take(NAMED).map(|at| prover.tenants().get(at).database.clone()).collect();
            let count = tenants.count(prover.tenants());
            Hole {
                way,
                severity: severity.unwrap_or(Severity::Drift),
                verbs: verbs.into_iter().collect(),
                by: by.into_iter().collect(),
                holders: holders.into_iter().collect(),
                tenants: Reached { count, all: count == prover.tenants().len(), databases },
                note: notes.into_iter().collect::<Vec<_>>().join("; "),
            }
        });
        holes.collect()
    }

    pub(super) fn holder(&self, id: Id, path: Vec<String>) -> Option<(Id, Holder)> {
        let Principal { user, name } = self.prover.observed.graph.principal(id).clone();
        Some((id, Holder { name, user, path }))
    }

    /// Returns a principal by itself.
    pub(super) fn itself(&self, id: Id) -> Option<(Id, Holder)> {
        self.holder(id, vec![self.who(id).to_string()])
    }

    /// Returns a principal with the path to one of its hops.
    pub(super) fn by_hop(&self, id: Id, hop: usize) -> Option<(Id, Holder)> {
        let path = self.prover.observed.graph.path(&self.prover.hops[id], hop);
        self.holder(id, path)
    }

    pub(super) fn hop(&self, id: Id, hop: usize) -> Hop {
        self.prover.hops[id][hop]
    }

    pub(super) fn who(&self, id: Id) -> &'a Principal {
        self.prover.observed.graph.principal(id)
    }

    fn declared(&self, id: Id) -> Side<'a> {
        Side::of(&self.prover.declared.graph, self.who(id))
    }

    pub(super) fn declared_with_others(&self, id: Id) -> Side<'a> {
        Side::of(&self.prover.declared.with_others, self.who(id))
    }

    /// Lines that could not be read may grant anything.
    fn unreadable(&mut self) {
        for line in &self.prover.observed.unreadable {
            let draft = self.draft(Way::Unknown, "lines", None);
            draft.by.insert(line.clone());
            draft.tenants = TenantSet::all();
            draft.notes.insert(
                "charter cannot read these lines of SHOW GRANTS, so nothing is proved of them".into(),
            );
        }
    }

    /// What a principal may do by grants, its own and those of its roles.
    fn grants(&mut self, id: Id) {
        let live = self.prover.live(id);
        let unowned = self.prover.excess(&live, &self.declared_with_others(id));
        for excess in &unowned {
            self.excess(id, excess);
        }
        if let Some(scope) = self.prover.declared.scopes.get(self.who(id)) {
            let all = self.prover.excess(&live, &self.declared(id));
            self.of_another_scope(id, scope, &all, &unowned);
        }
    }

    /// Tells what is not declared here and is by another scope.
    fn of_another_scope(&mut self, id: Id, scope: &str, all: &[Excess], unowned: &[Excess]) {
        for verb in ["read", "change"] {
            let tenants = |excesses: &[Excess]| {
                let with = excesses.iter().filter(|excess| self.verbs(excess).contains(&verb));
                with.fold(TenantSet::default(), |mut all, excess| {
                    all.add(&excess.tenants);
                    all
                })
            };
            let tenants = tenants(all).minus(&tenants(unowned));
            if !tenants.is_empty(self.prover.tenants()) {
                let itself = self.itself(id);
                let draft = self.draft(Way::AnotherScope, scope, itself);
                draft.severity = Some(Severity::Note);
                draft.by.insert(format!("scope {scope}"));
                draft.verbs.insert(verb);
                draft.tenants.add(&tenants);
            }
        }
    }

    fn verbs(&self, excess: &Excess) -> Vec<&'static str> {
        let words = &self.prover.words;
        let read = meet(&excess.rights, &words.read).then_some("read");
        let change = meet(&excess.rights, &words.change).then_some("change");
        read.into_iter().chain(change).collect()
    }

    fn excess(&mut self, id: Id, excess: &Excess) {
        let own = self.is_own(id, &excess.tenants);
        let verbs = self.verbs(excess);
        for cause in &excess.causes {
            let node = self.hop(id, cause.hop).node;
            let statement = &self.prover.observed.graph.node(node).statements[cause.statement];
            let named = self.prover.words.named(statement);
            let (holder, line) = (self.by_hop(id, cause.hop), statement.sql(&self.who(node).name));
            let by = self.who(node).to_string();
            if meet(&named, &excess.rights) && !own {
                let draft = self.draft(way(cause), &by, holder.clone());
                draft.verbs.extend(&verbs);
                draft.by.insert(line.clone());
                draft.tenants.add(&excess.tenants);
            }
            if statement.grant_option && meet(&named, &excess.options) {
                let draft = self.draft(Way::GrantOption, &by, holder);
                draft.verbs.insert("pass on");
                draft.by.insert(line);
                draft.tenants.add(&excess.tenants);
            }
        }
    }

    /// Tells whether a principal is the tenant's own: what it may do with its own data beyond what is
    /// declared is drift, and no hole between tenants.
    fn is_own(&self, id: Id, tenants: &TenantSet) -> bool {
        let own = self.prover.declared.own.get(self.who(id));
        let mut places = tenants.places(self.prover.tenants());
        own.is_some_and(|slug| places.all(|place| self.prover.tenants().get(place).slug == *slug))
    }

    /// Whom a principal may make a member of what, and whether anything limits that.
    fn memberships(&mut self, id: Id) {
        let prover = &self.prover;
        let reach = prover.touched(&prover.live(id));
        if reach.is_empty(prover.tenants()) {
            return;
        }
        let mut passes = !prover
            .excess(&prover.live(id), &Side::of(&Default::default(), self.who(id)))
            .iter()
            .all(|excess| excess.options.is_empty());
        for (at, hop) in self.prover.hops[id].clone().iter().enumerate() {
            for (role, _) in
                self.prover.observed.graph.node(hop.node).roles.clone().iter().filter(|(_, admin)| *admin)
            {
                passes |= self.admin_option(id, at, hop.node, *role);
            }
        }
        self.open_grantees(id, reach, passes);
    }

    /// Tells an admin option that is not declared; returns whether its role leads to data.
    fn admin_option(&mut self, id: Id, at: usize, node: Id, role: Id) -> bool {
        let tenants = self.prover.touched(&self.prover.live(role));
        if tenants.is_empty(self.prover.tenants()) {
            return false;
        }
        let known = &self.prover.declared.with_others;
        let declared = known.find(self.who(node)).zip(known.find(self.who(role)));
        if !declared.is_some_and(|(node, role)| known.node(node).roles.contains(&(role, true))) {
            let (holder, by) = (self.by_hop(id, at), self.who(node).to_string());
            let (role, member) = (self.who(role).name.clone(), self.who(node).name.clone());
            let line = format!(
                "GRANT {} TO {} WITH ADMIN OPTION",
                crate::privileges::quote_if_needed(&role),
                crate::privileges::quote_if_needed(&member)
            );
            let draft = self.draft(Way::AdminOption, &by, holder);
            draft.verbs.insert("pass on");
            draft.by.insert(line);
            draft.tenants.add(&tenants);
        }
        true
    }

    /// `GRANTEES` limits whom a user passes on to what it may pass on to. Open is a hole where it has
    /// something to pass on, and where it is declared to be closed: then it is the one lock that is
    /// left should an option leak.
    fn open_grantees(&mut self, id: Id, tenants: TenantSet, passes: bool) {
        let Principal { user: true, name } = self.who(id) else { return };
        let grantees = self.prover.observed.users.get(name).map_or("", |user| user.grantees.as_str());
        let closed = self.prover.declared.keeping.contains(name);
        if grantees.is_empty() || !(passes || closed) {
            return;
        }
        let line = format!("GRANTEES {grantees}");
        let itself = self.itself(id);
        let draft = self.draft(Way::OpenGrantees, "", itself);
        draft.verbs.insert("pass on");
        draft.by.insert(line);
        draft.tenants.add(&tenants);
        draft.notes.insert(if passes {
            "it has a grant or admin option, and nothing limits to whom".to_owned()
        } else {
            "declared is GRANTEES NONE; as it is, one grant option is all that it takes".to_owned()
        });
    }
}

fn way(cause: &Cause) -> Way {
    match (cause.hop, cause.cover) {
        (0, Cover::Named) => Way::Direct,
        (0, Cover::Prefix) => Way::Wildcard,
        (0, Cover::All) => Way::Everything,
        _ => Way::RoleChain,
    }
}
