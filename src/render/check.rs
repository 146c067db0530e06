//! The report of a check: by question, what is not as it should be, what was expected, what was
//! found and what to do.

use serde_json::{Value as Json, json};

use super::allowed;
use super::findings::{count, finding};
use super::page::{Options, Page, Tone};
use crate::isolation;
use crate::model::lint::Allowed;
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
    /// What of it is allowed.
    pub allowed: &'a [Allowed],
    /// The proof that tenants are apart, where it was asked for.
    pub isolation: Option<&'a isolation::Report>,
}

/// All questions of a check, with their names.
const CATEGORIES: [(Category, &str, &str); 7] = [
    (Category::Tracking, "tracking", "the expected migrations were applied"),
    (Category::Access, "access", "databases, users, roles and grants are as declared"),
    (Category::Tables, "tables", "the managed tables are there, with their columns"),
    (Category::Secrets, "secrets", "Secrets hold what they must"),
    (Category::Readiness, "readiness", "other controllers' objects are ready"),
    (Category::Charter, "charter", "charter's own tables are in order"),
    (Category::Checks, "checks", "the configuration's own checks hold"),
];

impl Report<'_> {
    /// Returns whether nothing is wrong: notes may be there.
    pub fn is_clean(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity == Severity::Note && !finding.denied)
    }

    /// Returns the questions that were asked, with their names. Not every configuration has checks of
    /// its own.
    pub fn questions(&self) -> impl Iterator<Item = (Category, &'static str, &'static str)> {
        let is_asked =
            |category: Category| category != Category::Checks || self.of(category).next().is_some();
        CATEGORIES.into_iter().filter(move |(category, ..)| is_asked(*category))
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
    for (category, name, question) in report.questions() {
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
    if let Some(proof) = report.isolation {
        let (mark, tone) = if proof.is_proved() { ("ok  ", Tone::Good) } else { ("FAIL", Tone::Bad) };
        let lead = format!(" {:<11}", "isolation");
        page.line(0, &[(tone, mark), (Tone::Strong, &lead), (Tone::Faint, &proved(proof))]);
    }
    allowed::section(&mut page, report.allowed);
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

/// Says what was proved, in numbers.
fn proved(proof: &isolation::Report) -> String {
    let holes = proof.holes.iter().filter(|hole| hole.severity < Severity::Warning).count();
    let found = match holes {
        0 => "nobody reaches what is not declared".to_owned(),
        1 => "1 way in that is not declared".to_owned(),
        count => format!("{count} ways in that are not declared"),
    };
    let trusted = match proof.trusted.len() {
        0 => String::new(),
        count => format!(", {count} of them trusted"),
    };
    format!(
        "{} users and roles{trusted}, against the data of {} tenants: {found}",
        proof.principals, proof.tenants
    )
}

/// Returns the report as a JSON document. `version` is charter's own.
pub fn json(report: &Report, version: &str) -> Json {
    let categories = report.questions().map(|(category, name, question)| {
        json!({ "category": name, "question": question, "ok": report.is_ok(category) })
    });
    let categories: Vec<Json> = categories.collect();
    let mut document = json!({
        "charter_version": version,
        "scope": report.scope,
        "environment": report.environment,
        "servers": report.servers,
        "clean": report.is_clean(),
        "resources": report.resources,
        "categories": categories,
        "findings": report.findings,
        "allowed": report.allowed,
    });
    if let Some(proof) = report.isolation {
        document["isolation"] = json!(proof);
    }
    document
}
