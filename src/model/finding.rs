//! Findings: what a plan or a check has to say that is no step.

use serde::{Deserialize, Serialize};

use super::addr::Addr;
use super::interned::Name;
use super::place::Place;
use crate::diag::{SourceMap, Span};

/// What follows from a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Plan and apply refuse.
    Error,
    /// A person must decide before this can go on; the evidence is in the finding.
    Decision,
    /// Something drifted that the declaration cannot mend, or that an apply would mend.
    Drift,
    /// Worth a look.
    Warning,
    /// For information.
    Note,
}

/// The question of `check` that a finding answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// Were the expected migrations applied?
    Tracking,
    /// Do databases, users, roles and grants exist as declared?
    Access,
    /// Are the managed tables present, with their columns?
    Tables,
    /// Do the Secrets hold what they must, and does it log in?
    Secrets,
    /// Do the objects of other controllers say that they are ready?
    Readiness,
    /// Charter's own tables.
    Charter,
    /// Do the `check` blocks of the configuration hold?
    Checks,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The stable code (`CH301`).
    #[serde(deserialize_with = "super::interned::code")]
    pub code: Name,
    /// What follows.
    pub severity: Severity,
    /// The question that it answers.
    pub category: Category,
    /// The resource, if it is about one.
    #[serde(rename = "address")]
    pub addr: Option<Addr>,
    /// What is the matter, in one line.
    pub summary: String,
    /// What was expected; may be empty.
    pub expected: String,
    /// What was found; may be empty.
    pub found: String,
    /// What to do, a line each.
    pub help: Vec<String>,
    /// The places of the configuration that it is about, the one to look at first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<Place>,
    /// Whether `lint { deny }` makes a refusal of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub denied: bool,
    /// Codes that it stands for besides its own: what allows or denies them goes for it as well.
    #[serde(skip)]
    pub also: Vec<&'static str>,
    /// The statement of a file that it is about, from 0; none where it is about something else.
    #[serde(skip)]
    pub statement: Option<usize>,
}

impl Finding {
    /// Starts a finding.
    pub fn new(
        code: &'static str,
        severity: Severity,
        category: Category,
        summary: impl Into<String>,
    ) -> Self {
        Self {
            code,
            severity,
            category,
            addr: None,
            summary: summary.into(),
            expected: String::new(),
            found: String::new(),
            help: Vec::new(),
            places: Vec::new(),
            denied: false,
            also: Vec::new(),
            statement: None,
        }
    }

    /// Says which resource it is about.
    #[must_use]
    pub fn at(mut self, addr: &Addr) -> Self {
        self.addr = Some(addr.clone());
        self
    }

    /// Says what was expected and what was found.
    #[must_use]
    pub fn compare(mut self, expected: impl Into<String>, found: impl Into<String>) -> Self {
        self.expected = expected.into();
        self.found = found.into();
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Points at a place of the configuration: a resource's span, or that of an attribute.
    #[must_use]
    pub fn at_span(mut self, span: Span, label: impl Into<String>) -> Self {
        self.places.push(Place::new(span, None, label.into()));
        self
    }

    /// Points at one text of the expression at a span: an item of a list.
    #[must_use]
    pub fn at_item(mut self, span: Span, item: &str, label: impl Into<String>) -> Self {
        self.places.push(Place::new(span, Some(item.to_owned()), label.into()));
        self
    }

    /// Points at a place of which the line is known.
    #[must_use]
    pub fn at_place(mut self, place: Place) -> Self {
        self.places.push(place);
        self
    }

    /// Says which statement of a file it is about, from 0.
    #[must_use]
    pub fn of_statement(mut self, statement: usize) -> Self {
        self.statement = Some(statement);
        self
    }

    /// Returns whether it keeps an apply from beginning.
    pub fn refuses(&self) -> bool {
        self.denied || matches!(self.severity, Severity::Error | Severity::Decision)
    }

    /// Finds the lines of its places, so that they can be shown.
    pub fn locate(&mut self, sources: &SourceMap) {
        self.places.iter_mut().for_each(|place| place.locate(sources));
    }
}
