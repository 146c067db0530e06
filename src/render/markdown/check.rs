//! A check as a comment: for an issue that a nightly run opens and keeps up to date.

use super::escape::{code, marker};
use super::sections::findings;
use super::{LIMIT, Level};
use crate::model::{Finding, Severity};
use crate::render::check::Report;
use crate::render::findings::count;
use crate::render::fold;

/// Returns the report of a check as a comment.
pub fn check(report: &Report) -> String {
    let levels = [Level::Full, Level::Lines, Level::Totals];
    let fits = levels.into_iter().map(|level| compose(report, level)).find(|comment| comment.len() <= LIMIT);
    fits.unwrap_or_else(|| compose(report, Level::Bare))
}

fn compose(report: &Report, level: Level) -> String {
    let title =
        if report.is_clean() { "Clean: nothing drifted.".to_owned() } else { count(report.findings) + "." };
    let mut out = format!(
        "<!-- charter:check scope={} environment={} -->\n## {title}\n\n",
        marker(report.scope),
        marker(report.environment)
    );
    out.push_str(&format!(
        "Scope {}, environment {}, ClickHouse {}; {} resources.\n\n",
        code(report.scope),
        code(report.environment),
        code(&report.servers.clickhouse_version),
        report.resources
    ));
    out.push_str("| Question | | Findings |\n|---|---|--:|\n");
    for (category, _, question) in report.questions() {
        let of: Vec<Severity> =
            report.findings.iter().filter(|one| one.category == category).map(|one| one.severity).collect();
        let mark = match of.iter().min() {
            None | Some(Severity::Note) => "ok",
            Some(Severity::Warning) => "warning",
            Some(Severity::Error | Severity::Decision | Severity::Drift) => "**FAIL**",
        };
        out.push_str(&format!("| {question} | {mark} | {} |\n", of.len()));
    }
    if let Some(proof) = report.isolation {
        let mark = if proof.is_proved() { "ok" } else { "**FAIL**" };
        out.push_str(&format!("| tenants are apart | {mark} | {} |\n", proof.holes.len()));
    }
    out.push('\n');
    let all: Vec<&Finding> = report.findings.iter().collect();
    findings(&mut out, &fold::findings(&all, &crate::model::Plan::default()), level);
    if level > Level::Full {
        out.push_str(
            "**Not everything is shown here.** `charter check` and `--format json` have all of it.\n",
        );
    }
    out
}
