//! The report of a check: by question, what is not as it should be, what was expected, what was
//! found and what to do.

use serde_json::{Value as Json, json};

use super::findings::{count, finding};
use super::page::{Options, Page, Tone};
use crate::model::plan::Servers;
use crate::model::{Category, Finding, Severity};

/// What a check found, and where.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// Who checks.
    pub scope: &'a str,
    /// For which environment.
    pub environment: &'a str,
    /// On which servers.
    pub servers: &'a Servers,
    /// How many declared resources were checked.
    pub resources: usize,
    /// What was found.
    pub findings: &'a [Finding],
}

const CATEGORIES: [(Category, &str, &str); 6] = [
    (Category::Tracking, "tracking", "the expected migrations were applied"),
    (Category::Access, "access", "databases, users, roles and grants are as declared"),
    (Category::Tables, "tables", "the managed tables are there, with their columns"),
    (Category::Secrets, "secrets", "Secrets hold what they must"),
    (Category::Readiness, "readiness", "other controllers' objects are ready"),
    (Category::Charter, "charter", "charter's own tables are in order"),
];

impl Report<'_> {
    /// Returns whether nothing is wrong: notes may be there.
    pub fn is_clean(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity == Severity::Note)
    }

    fn of(&self, category: Category) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.category == category)
    }

    fn is_ok(&self, category: Category) -> bool {
        self.of(category).all(|finding| finding.severity == Severity::Note)
    }
}

/// Returns the report as text.
pub fn text(report: &Report, options: &Options) -> String {
    let mut page = Page::new(options);
    for (category, name, question) in CATEGORIES {
        let (mark, tone) = match report.of(category).map(|finding| finding.severity).min() {
            None | Some(Severity::Note) => ("ok  ", Tone::Good),
            Some(Severity::Warning) => ("warn", Tone::Change),
            Some(Severity::Error | Severity::Decision | Severity::Drift) => ("FAIL", Tone::Bad),
        };
        page.line(0, &[(tone, mark), (Tone::Strong, &format!(" {name:<11}")), (Tone::Faint, question)]);
        for item in report.of(category) {
            finding(&mut page, 5, item);
        }
    }
    page.gap();
    let end = if report.is_clean() {
        let ending = if report.resources == 1 { " is" } else { "s are" };
        format!("Clean: {} resource{ending} as declared.", report.resources)
    } else {
        format!("{}.", count(report.findings))
    };
    page.wrapped(0, &[], Tone::Strong, &end);
    page.finish()
}

/// Returns the report as a JSON document. `version` is charter's own.
pub fn json(report: &Report, version: &str) -> Json {
    let categories = CATEGORIES.map(|(category, name, question)| {
        json!({ "category": name, "question": question, "ok": report.is_ok(category) })
    });
    json!({
        "charter_version": version,
        "scope": report.scope,
        "environment": report.environment,
        "servers": report.servers,
        "clean": report.is_clean(),
        "resources": report.resources,
        "categories": categories,
        "findings": report.findings,
    })
}
