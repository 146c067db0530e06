//! What leads to tenants' data beside grants on it: managing access, views and dictionaries, accounts
//! without a password; and, for information, sources outside, logs and row policies.

use std::collections::BTreeSet;

use super::graph::{Id, Principal};
use super::objects::{Rights, Shown};
use super::powers::{Power, Powers};
use super::prove::Proof;
use super::reach::Cause;
use super::report::Way;
use super::tenants::TenantSet;
use crate::model::Severity;

impl Proof<'_> {
    /// Rights on no data that lead to data.
    pub(super) fn powers(&mut self, others: &[Id]) {
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
            let draft = self.draft(Way::AccessManagement, &by, holder);
            draft.verbs.extend(["change", "read"]);
            draft.by.insert(format!("{name}, of {by}: {note}"));
            draft.tenants.add(&tenants);
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
        let draft = self.draft(way, "", holder);
        draft.severity = Some(Severity::Note);
        draft.verbs.insert("read");
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
    pub(super) fn views(&mut self, others: &[Id]) {
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
        let live = self.prover.live(id);
        let named = live.databases();
        for ((database, name), tenants) in shown {
            if named.as_ref().is_some_and(|named| !named.contains(database.as_str())) {
                continue;
            }
            let Some(cause) = self.prover.reads(&live, database, name) else { continue };
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
        let draft = self.draft(way, &name, holder);
        draft.severity = Some(severity);
        draft.verbs.insert("read");
        draft.by.insert(format!("{kind} {name}"));
        draft.tenants.add(&TenantSet::of([tenant]));
        draft.notes.insert(note);
    }

    /// Accounts that nobody needs a password for, and who may come to them from the inside.
    pub(super) fn accounts(&mut self, others: &[Id]) {
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
                    open.iter().for_each(|(name, tenants)| self.inside(*id, at, what, name, tenants));
                    break;
                }
            }
        }
    }

    fn open_account(&mut self, name: &str, tenants: &TenantSet) {
        let observed = self.prover.observed;
        let Some(id) = observed.graph.find(&Principal::user(name)) else { return };
        let outside = observed.users.get(name).is_some_and(|user| user.hosts.admit_others());
        let itself = self.itself(id);
        let draft = self.draft(Way::PasswordlessAccount, name, itself);
        draft.severity = Some(if outside { Severity::Drift } else { Severity::Warning });
        draft.verbs.extend(["change", "read"]);
        draft.tenants.add(tenants);
        draft.notes.insert(if outside {
            "it may log in from other hosts, too".to_owned()
        } else {
            "it may log in from the server's own host only".to_owned()
        });
    }

    fn inside(&mut self, id: Id, at: usize, what: &str, account: &str, tenants: &TenantSet) {
        let admits =
            self.prover.observed.users.get(account).is_some_and(|user| user.hosts.admit_the_server());
        let own = self.prover.touched(&self.declared_with_others(id));
        let tenants = tenants.minus(&own);
        let itself = *self.who(id) == Principal::user(account);
        if !admits || itself || tenants.is_empty(self.prover.tenants()) {
            return;
        }
        let holder = self.by_hop(id, at);
        let draft = self.draft(Way::CreateDictionary, account, holder);
        draft.verbs.insert("read");
        draft.by.insert(format!("{what}, and user {account} without a password"));
        draft.tenants.add(&tenants);
        draft
            .notes
            .insert(format!("a source on this server logs in as {account} and reads what it may read"));
    }

    /// Row policies on tenants' tables, for information.
    pub(super) fn policies(&mut self) {
        for policy in &self.prover.observed.policies {
            let Some(place) = self.prover.tenants().find(&policy.database) else { continue };
            let table = if policy.table.is_empty() { "*" } else { policy.table.as_str() };
            let draft = self.draft(Way::RowPolicy, "", None);
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
