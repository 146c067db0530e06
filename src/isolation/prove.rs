//! The proof: every live user and role against every tenant's database.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::{Cover, Hop, Id, Principal, meet};
use super::objects::{Rights, Shown};
use super::powers::{Power, Powers};
use super::reach::{Cause, Excess, Prover, Side};
use super::report::{Holder, Hole, Reached, Report, Way};
use super::tenants::TenantSet;
use super::{declared::Declared, observed::Observed};
use crate::model::Severity;

/// How many databases a hole names.
const NAMED: usize = 20;

/// What makes holes one: the way, who holds what gives it, and whether another scope declared it.
type Key = (Way, String, &'static str);

/// A hole as it is collected.
#[derive(Debug, Default)]
struct Draft {
    severity: Option<Severity>,
    verbs: BTreeSet<&'static str>,
    by: BTreeSet<String>,
    holders: BTreeSet<Holder>,
    tenants: TenantSet,
    notes: BTreeSet<String>,
}

/// Collects the holes.
pub(super) struct Proof<'a> {
    prover: Prover<'a>,
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
    fn draft(&mut self, way: Way, by: &str, of: &'static str) -> &mut Draft {
        self.drafts.entry((way, by.to_owned(), of)).or_default()
    }

    fn finish(self) -> Vec<Hole> {
        let prover = self.prover;
        let holes = self.drafts.into_iter().map(|((way, ..), draft)| {
            let places = draft.tenants.places(prover.tenants());
            let databases = places.take(NAMED).map(|at| prover.tenants().get(at).database.clone()).collect();
            let count = draft.tenants.count(prover.tenants());
            Hole {
                way,
                severity: draft.severity.unwrap_or(Severity::Drift),
                verbs: draft.verbs.into_iter().collect(),
                by: draft.by.into_iter().collect(),
                holders: draft.holders.into_iter().collect(),
                tenants: Reached { count, all: count == prover.tenants().len(), databases },
                note: draft.notes.into_iter().collect::<Vec<_>>().join("; "),
            }
        });
        holes.collect()
    }

    fn holder(&self, id: Id, path: Vec<String>) -> Holder {
        let Principal { user, name } = self.prover.observed.graph.principal(id).clone();
        Holder { name, user, path }
    }

    /// Returns a principal with the path to one of its hops.
    fn by_hop(&self, id: Id, hop: usize) -> Holder {
        let path = self.prover.observed.graph.path(&self.prover.hops[id], hop);
        self.holder(id, path)
    }

    fn hop(&self, id: Id, hop: usize) -> Hop {
        self.prover.hops[id][hop]
    }

    fn who(&self, id: Id) -> &'a Principal {
        self.prover.observed.graph.principal(id)
    }

    fn declared(&self, id: Id) -> Side<'a> {
        Side::of(&self.prover.declared.graph, self.who(id))
    }

    fn declared_with_others(&self, id: Id) -> Side<'a> {
        Side::of(&self.prover.declared.with_others, self.who(id))
    }

    /// Lines that could not be read may grant anything.
    fn unreadable(&mut self) {
        for line in &self.prover.observed.unreadable {
            let draft = self.draft(Way::Unknown, "lines", "");
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
            self.excess(id, excess, "");
        }
        let Some(scope) = self.prover.declared.scopes.get(self.who(id)) else { return };
        let mut told = TenantSet::default();
        unowned.iter().for_each(|excess| told.add(&excess.tenants));
        for excess in self.prover.excess(&live, &self.declared(id)) {
            let tenants = excess.tenants.minus(&told);
            if !tenants.is_empty(self.prover.tenants()) {
                let holder = self.holder(id, vec![self.who(id).to_string()]);
                let verbs = self.verbs(&excess);
                let draft = self.draft(Way::AnotherScope, scope, "");
                draft.severity = Some(Severity::Note);
                draft.by.insert(format!("scope {scope}"));
                draft.verbs.extend(verbs);
                draft.holders.insert(holder);
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

    fn excess(&mut self, id: Id, excess: &Excess, of: &'static str) {
        let verbs = self.verbs(excess);
        for cause in &excess.causes {
            let node = self.hop(id, cause.hop).node;
            let statement = &self.prover.observed.graph.node(node).statements[cause.statement];
            let named = self.prover.words.named(statement);
            let (holder, line) = (self.by_hop(id, cause.hop), statement.sql(&self.who(node).name));
            let by = self.who(node).to_string();
            if meet(&named, &excess.rights) {
                let draft = self.draft(way(cause), &by, of);
                draft.verbs.extend(&verbs);
                draft.by.insert(line.clone());
                draft.holders.insert(holder.clone());
                draft.tenants.add(&excess.tenants);
            }
            if statement.grant_option && meet(&named, &excess.options) {
                let draft = self.draft(Way::GrantOption, &by, of);
                draft.verbs.insert("pass on");
                draft.by.insert(line);
                draft.holders.insert(holder);
                draft.tenants.add(&excess.tenants);
            }
        }
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
            let draft = self.draft(Way::AdminOption, &by, "");
            draft.verbs.insert("pass on");
            draft.by.insert(line);
            draft.holders.insert(holder);
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
        let holder = self.holder(id, vec![self.who(id).to_string()]);
        let (by, line) = (if closed { "declared" } else { "" }, format!("GRANTEES {grantees}"));
        let draft = self.draft(Way::OpenGrantees, by, if passes { "passes" } else { "" });
        draft.verbs.insert("pass on");
        draft.by.insert(line);
        draft.holders.insert(holder);
        draft.tenants.add(&tenants);
        draft.notes.insert(if passes {
            "it has a grant or admin option, and nothing limits to whom".to_owned()
        } else {
            "declared is GRANTEES NONE; as it is, one grant option is all that it takes".to_owned()
        });
    }

    /// Rights on no data that lead to data.
    fn powers(&mut self, others: &[Id]) {
        let live = self.prover.powers(&self.prover.observed.graph);
        if live.iter().all(Powers::is_empty) {
            return;
        }
        let declared = self.prover.powers(&self.prover.declared.with_others);
        for id in others {
            let known = self.declared_powers(*id, &declared);
            for (at, hop) in self.prover.hops[*id].clone().iter().enumerate() {
                for (power, over) in &live[hop.node] {
                    let over: BTreeSet<String> = match known.get(power) {
                        Some(known) if over.is_empty() || known.is_superset(over) => continue,
                        Some(known) => over.difference(known).cloned().collect(),
                        None => over.clone(),
                    };
                    self.power(*id, at, *power, &over);
                }
            }
        }
    }

    fn declared_powers(&self, id: Id, declared: &[Powers]) -> Powers {
        let graph = &self.prover.declared.with_others;
        let hops = graph.find(self.who(id)).map(|id| graph.hops(id)).unwrap_or_default();
        let mut all = Powers::new();
        for (power, over) in hops.iter().flat_map(|hop| &declared[hop.node]) {
            all.entry(*power).or_default().extend(over.iter().cloned());
        }
        all
    }

    fn power(&mut self, id: Id, at: usize, power: Power, over: &BTreeSet<String>) {
        let told = |power| match power {
            Power::AlterUser => Some(("ALTER USER", "sets the password of a user, and logs in as it")),
            Power::Impersonate => Some(("IMPERSONATE", "runs statements as another user (EXECUTE AS)")),
            Power::SetDefiner => Some(("SET DEFINER", "makes views that read with another user's rights")),
            Power::RoleAdmin => Some(("ROLE ADMIN", "gives itself or others any role")),
            Power::SecurityNone => {
                Some(("ALLOW SQL SECURITY NONE", "makes views that no rights are checked for"))
            }
            _ => None,
        };
        let node = self.hop(id, at).node;
        let (holder, by) = (self.by_hop(id, at), self.who(node).to_string());
        if let Some((name, note)) = told(power) {
            let tenants = match power {
                Power::RoleAdmin | Power::SecurityNone => TenantSet::all(),
                _ => self.of_users(over, power == Power::AlterUser),
            };
            let tenants = tenants.minus(&self.prover.touched(&self.declared_with_others(id)));
            if tenants.is_empty(self.prover.tenants()) {
                return;
            }
            let draft = self.draft(Way::AccessManagement, &by, name);
            draft.verbs.extend(["change", "read"]);
            draft.by.insert(format!("{name}, held by {by}"));
            draft.holders.insert(holder);
            draft.tenants.add(&tenants);
            draft.notes.insert(note.to_owned());
            return;
        }
        let tenants = self.prover.touched(&self.prover.live(id));
        let (way, tenants, note) = match power {
            Power::External | Power::Remote if !tenants.is_empty(self.prover.tenants()) => {
                (Way::ExternalSource, tenants, "what it reads it may carry to where charter does not see")
            }
            Power::QueryLog => {
                (Way::QueryLog, TenantSet::all(), "texts of statements may hold values of rows")
            }
            _ => return,
        };
        let draft = self.draft(way, "", "");
        draft.severity = Some(Severity::Note);
        draft.verbs.insert("read");
        draft.by.insert(by);
        draft.holders.insert(holder);
        draft.tenants.add(&tenants);
        draft.notes.insert(note.to_owned());
    }

    /// Returns the tenants that some users come to. One of users.xml cannot be altered.
    fn of_users(&self, names: &BTreeSet<String>, altered: bool) -> TenantSet {
        let mut tenants = TenantSet::default();
        for name in names {
            let fixed = altered
                && self.prover.observed.users.get(name).is_some_and(|user| user.storage.contains("xml"));
            if let Some(id) = self.prover.observed.graph.find(&Principal::user(name)).filter(|_| !fixed) {
                tenants.add(&self.prover.touched(&self.prover.live(id)));
            }
        }
        tenants
    }

    /// Who may read what shows tenants' data elsewhere.
    fn views(&mut self, others: &[Id]) {
        let mut shown = self.prover.shown();
        shown.retain(|(database, name), _| {
            !self.prover.declared.shared.contains(&format!("{database}.{name}"))
        });
        if shown.is_empty() {
            return;
        }
        for id in others {
            self.viewer(*id, &shown);
        }
    }

    fn viewer(&mut self, id: Id, shown: &Shown) {
        let declared = self.declared_with_others(id);
        for ((database, name), tenants) in shown {
            let Some(cause) = self.prover.reads(id, database, name) else { continue };
            for (tenant, object) in tenants {
                if !self.prover.is_declared_to_read(&declared, *tenant) {
                    self.view(id, &cause, (database, name), *tenant, *object);
                }
            }
        }
    }

    fn view(&mut self, id: Id, cause: &Cause, place: (&str, &str), tenant: usize, object: usize) {
        let object = &self.prover.observed.objects[object];
        let name = format!("{}.{}", place.0, place.1);
        let made = format!("{}.{}", object.place.0, object.place.1);
        let kind = object.engine.as_str();
        let (way, severity, note) = match (&object.rights, kind) {
            (Rights::Definer(user), "Dictionary") => {
                (Way::DictionarySource, Severity::Drift, format!("its source logs in as {user}"))
            }
            (Rights::Definer(user), _) => {
                (Way::DefinerView, Severity::Drift, format!("{made} reads with the rights of {user}"))
            }
            (Rights::Unknown, _) => {
                let note = "it depends on the cluster as whom the other node is asked".to_owned();
                (Way::Unknown, Severity::Warning, note)
            }
            _ => (Way::DefinerView, Severity::Drift, format!("{made} reads without a check of rights")),
        };
        let note =
            if kind == "MaterializedView" { format!("{note}, and copies what it reads") } else { note };
        let holder = self.by_hop(id, cause.hop);
        let draft = self.draft(way, &name, "");
        draft.severity = Some(severity);
        draft.verbs.insert("read");
        draft.by.insert(format!("{kind} {name}"));
        draft.holders.insert(holder);
        draft.tenants.add(&TenantSet::of([tenant]));
        draft.notes.insert(note);
    }

    /// Accounts that nobody needs a password for, and who may come to them from the inside.
    fn accounts(&mut self, others: &[Id]) {
        let observed = self.prover.observed;
        let open = observed
            .users
            .iter()
            .filter(|(name, user)| user.has_no_password() || observed.open.contains(*name));
        let open: Vec<(&String, TenantSet)> = open
            .filter_map(|(name, _)| {
                let id = observed.graph.find(&Principal::user(name))?;
                let tenants = self.prover.touched(&self.prover.live(id));
                (!tenants.is_empty(self.prover.tenants())).then_some((name, tenants))
            })
            .collect();
        if open.is_empty() {
            return;
        }
        for (name, tenants) in &open {
            self.open_account(name, tenants);
        }
        let powers = self.prover.powers(&observed.graph);
        for id in others {
            for (at, hop) in self.prover.hops[*id].clone().iter().enumerate() {
                let creates = powers[hop.node].contains_key(&Power::CreateDictionary);
                if creates || powers[hop.node].contains_key(&Power::Remote) {
                    let what = if creates { "CREATE DICTIONARY" } else { "REMOTE" };
                    open.iter().for_each(|(name, tenants)| self.from_inside(*id, at, what, name, tenants));
                    break;
                }
            }
        }
    }

    fn open_account(&mut self, name: &str, tenants: &TenantSet) {
        let observed = self.prover.observed;
        let Some(id) = observed.graph.find(&Principal::user(name)) else { return };
        let outside = observed.users.get(name).is_some_and(|user| user.hosts.admit_others());
        let holder = self.holder(id, vec![self.who(id).to_string()]);
        let draft = self.draft(Way::PasswordlessAccount, name, "");
        draft.severity = Some(if outside { Severity::Drift } else { Severity::Warning });
        draft.verbs.extend(["change", "read"]);
        draft.by.insert(format!("user {name}"));
        draft.holders.insert(holder);
        draft.tenants.add(tenants);
        draft.notes.insert(if outside {
            "it may log in from other hosts, too".to_owned()
        } else {
            "it may log in from the server's own host only".to_owned()
        });
    }

    fn from_inside(&mut self, id: Id, at: usize, what: &str, account: &str, tenants: &TenantSet) {
        let admits =
            self.prover.observed.users.get(account).is_some_and(|user| user.hosts.admit_the_server());
        let own = self.prover.touched(&self.declared_with_others(id));
        let tenants = tenants.minus(&own);
        let itself = *self.who(id) == Principal::user(account);
        if !admits || itself || tenants.is_empty(self.prover.tenants()) {
            return;
        }
        let holder = self.by_hop(id, at);
        let draft = self.draft(Way::CreateDictionary, account, "");
        draft.verbs.insert("read");
        draft.by.insert(format!("{what}, and user {account} without a password"));
        draft.holders.insert(holder);
        draft.tenants.add(&tenants);
        draft
            .notes
            .insert(format!("a source on this server logs in as {account} and reads what it may read"));
    }

    /// Row policies on tenants' tables, for information.
    fn policies(&mut self) {
        for policy in &self.prover.observed.policies {
            let Some(place) = self.prover.tenants().find(&policy.database) else { continue };
            let table = if policy.table.is_empty() { "*" } else { policy.table.as_str() };
            let draft = self.draft(Way::RowPolicy, "", "");
            draft.severity = Some(Severity::Note);
            draft.by.insert(format!(
                "ROW POLICY {} ON {}.{table} TO {}",
                policy.name, policy.database, policy.to
            ));
            draft.tenants.add(&TenantSet::of([place]));
            draft.notes.insert(
                "whoever no policy is for reads every row, unless users_without_row_policies_can_read_rows is off"
                    .into(),
            );
        }
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
