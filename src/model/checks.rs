//! Conditions that a configuration sets for itself: `check` blocks, and the preconditions of
//! resources, as they turned out.

use serde::{Deserialize, Serialize};

use super::addr::Addr;
use super::finding::{Category, Finding, Severity};
use crate::diag::Span;

/// A `check` block, or the preconditions of an instance, evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// `check.<name>`, or the instance's address.
    pub addr: Addr,
    /// Whether these are preconditions.
    pub is_precondition: bool,
    /// Its conditions that are false.
    pub failures: Vec<Failure>,
}

/// A condition that is false.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What its `error_message` says.
    pub message: String,
    /// The condition, as it is written.
    pub condition: String,
    /// What its references are: `local.x is 3`, one each; never a sensitive value.
    pub values: Vec<String>,
    /// The place of the condition.
    pub span: Span,
}

/// How a check turned out, as part of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckResult {
    /// `check.<name>`, or the address of the instance whose preconditions these are.
    pub address: String,
    /// Whether these are the preconditions of a resource.
    pub precondition: bool,
    /// The messages of the conditions that are false; none where all hold.
    pub problems: Vec<String>,
}

impl From<&Check> for CheckResult {
    fn from(check: &Check) -> Self {
        Self {
            address: check.addr.to_string(),
            precondition: check.is_precondition,
            problems: check.failures.iter().map(|failure| failure.message.clone()).collect(),
        }
    }
}

impl Check {
    /// Returns a finding for each condition that is false.
    pub fn findings(&self, code: &'static str, severity: Severity) -> impl Iterator<Item = Finding> {
        self.failures.iter().map(move |failure| {
            let summary = format!("{} fails: {}", self.addr, failure.message);
            Finding::new(code, severity, Category::Checks, summary)
                .at(&self.addr)
                .compare(failure.condition.clone(), failure.values.join("\n"))
                .at_span(failure.span, "this is false")
        })
    }
}
