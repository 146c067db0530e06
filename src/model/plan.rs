//! The plan: ordered steps with the exact operations, and what it was made for. Data only; an
//! apply executes it and decides nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::access::AccessChange;
use super::addr::Addr;
use super::cause::Cause;
use super::checks::CheckResult;
use super::cost::Cost;
use super::digest::Digest;
use super::finding::{Finding, Severity};
use super::gate::Gate;
use super::lint::Allowed;
use super::op::{Op, Slot, SlotSource};
use super::registry::Entry;
use super::rollout::Rollout;
use super::value::{Attrs, Value};
use crate::diag::SourceMap;

/// What happens to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It comes to be.
    Create,
    /// It is changed in place.
    Update,
    /// It exists as declared and becomes ours.
    Adopt,
    /// It is removed.
    Delete,
    /// It is no longer recorded as ours; nothing else happens to it.
    Forget,
    /// Its statements are run: a migration.
    Execute {
        /// How many statements.
        statements: usize,
    },
}

/// A difference of one attribute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttrDiff {
    /// The attribute.
    #[serde(rename = "attribute")]
    pub attr: String,
    /// What is there; null for nothing.
    pub before: Value,
    /// What will be there; null for nothing.
    pub after: Value,
}

impl AttrDiff {
    /// Returns the difference as JSON for people and programs; sensitive leaves are hidden.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "attribute": self.attr,
            "before": self.before.to_json(),
            "after": self.after.to_json(),
        })
    }
}

/// One step: a resource, what happens to it, and the operations in their order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Step {
    /// Its place in the plan.
    pub id: usize,
    /// The steps that must have succeeded before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<usize>,
    /// The resource.
    #[serde(rename = "address")]
    pub addr: Addr,
    /// The resource's kind.
    pub kind: String,
    /// The real object.
    pub identity: String,
    /// The tenant that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// What happens.
    pub action: Action,
    /// What is there; none where nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Attrs>,
    /// What is declared; none where it goes away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired: Option<Attrs>,
    /// The differences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diff: Vec<AttrDiff>,
    /// The operations, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ops: Vec<Op>,
    /// What a reviewer should know besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What its statements cost on tables that exist.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub costs: Vec<Cost>,
    /// The digest of what the step expects to find.
    pub expects: Digest,
    /// Why it is there.
    pub cause: Cause,
}

/// What is no longer declared and kept on the servers all the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retained {
    /// Where it was declared.
    #[serde(rename = "address")]
    pub addr: Addr,
    /// Its kind.
    pub kind: String,
    /// The real object.
    pub identity: String,
}

impl From<&Entry> for Retained {
    fn from(entry: &Entry) -> Self {
        Self { addr: entry.addr.clone(), kind: entry.kind.clone(), identity: entry.identity.clone() }
    }
}

/// The servers that a plan was made for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Servers {
    /// ClickHouse's version.
    pub clickhouse_version: String,
    /// ClickHouse's `serverUUID()` and the UUID of database `ops`.
    pub clickhouse: String,
    /// The UID of the cluster's namespace kube-system, or the manifests folder.
    pub kubernetes: String,
}

/// A changeset.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Plan {
    /// Who plans.
    pub scope: String,
    /// For which environment.
    pub environment: String,
    /// For which servers.
    pub servers: Servers,
    /// The steps in an order in which they can run.
    pub steps: Vec<Step>,
    /// In which groups tenants are migrated; none where all are at once.
    pub rollout: Option<Rollout>,
    /// What the steps do to the access of roles and users.
    pub access: Vec<AccessChange>,
    /// What else there is to say.
    pub findings: Vec<Finding>,
    /// What was found and is allowed, by whom and why.
    pub allowed: Vec<Allowed>,
    /// What is no longer declared and kept.
    pub retained: Vec<Retained>,
    /// What an apply has to be given besides an approval.
    pub gates: Vec<Gate>,
    /// Where passwords come from.
    pub slots: BTreeMap<Slot, SlotSource>,
    /// How many declared resources are as they should be.
    pub unchanged: usize,
    /// How the conditions of the configuration turned out.
    pub checks: Vec<CheckResult>,
}

/// How many steps do what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Objects to create.
    pub create: usize,
    /// Objects to change.
    pub update: usize,
    /// Objects to adopt.
    pub adopt: usize,
    /// Objects to remove.
    pub delete: usize,
    /// Objects that are no longer recorded.
    pub forget: usize,
    /// Migration files to run.
    pub migrations: usize,
    /// Their statements.
    pub statements: usize,
}

impl FromIterator<Action> for Counts {
    fn from_iter<I: IntoIterator<Item = Action>>(actions: I) -> Self {
        let mut counts = Self::default();
        for action in actions {
            match action {
                Action::Create => counts.create += 1,
                Action::Update => counts.update += 1,
                Action::Adopt => counts.adopt += 1,
                Action::Delete => counts.delete += 1,
                Action::Forget => counts.forget += 1,
                Action::Execute { statements } => {
                    counts.migrations += 1;
                    counts.statements += statements;
                }
            }
        }
        counts
    }
}

impl Plan {
    /// Returns how many steps do what.
    pub fn counts(&self) -> Counts {
        self.steps.iter().map(|step| step.action).collect()
    }

    /// Returns the worst severity among the findings.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).min()
    }

    /// Returns whether an apply may begin: no finding refuses it.
    pub fn may_apply(&self) -> bool {
        !self.findings.iter().any(Finding::refuses)
    }

    /// Returns the findings that `lint { deny }` makes refusals of.
    pub fn denied(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.denied)
    }

    /// Finds the lines of the findings' places, so that they can be shown.
    pub fn locate(&mut self, sources: &SourceMap) {
        self.findings.iter_mut().for_each(|finding| finding.locate(sources));
        self.allowed.iter_mut().for_each(|allowed| allowed.locate(sources));
    }

    /// Returns the digest of all that an apply would do and expects to find.
    pub fn digest(&self) -> Digest {
        let Self {
            scope,
            environment,
            servers,
            steps,
            rollout,
            access: _,
            findings: _,
            allowed: _,
            retained: _,
            gates: _,
            slots,
            unchanged: _,
            checks: _,
        } = self;
        let steps: Vec<_> = steps
            .iter()
            .map(|step| serde_json::json!([step.addr, step.action, step.after, step.ops, step.expects]))
            .collect();
        let slots: Vec<_> = slots.iter().collect();
        Digest::of_json(&serde_json::json!([scope, environment, servers, steps, rollout, slots]))
    }
}
