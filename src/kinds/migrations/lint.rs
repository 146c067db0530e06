//! What can be told of a file's statements by reading them: the rules of [`crate::lint::statement`],
//! pointed at file, line and column; and `charter:allow` comments that allow nothing.

use std::ops::Range;

use super::waiting;
use crate::kinds::Lowered;
use crate::lint::statement::{self, Hit, Source, masked};
use crate::model::finding::{Category, Finding, Severity};
use crate::model::place::{Excerpt, Place};
use crate::model::{Resource, Value};

/// What [`super::cost`] tells with the rows at stake, so that it is not told twice.
const WEIGHED: [&str; 5] = ["CH101", "CH102", "CH103", "CH104", "CH105"];

/// Returns all that can be told of a file without a server.
pub fn of(wanted: &Resource) -> Vec<Finding> {
    if super::is_baselined(wanted) {
        return Vec::new();
    }
    let mut findings = waiting::lints(wanted, 0);
    findings.extend(hits(wanted, 0).iter().map(|hit| finding(wanted, hit)));
    findings.extend(idle(wanted, 0, &findings));
    findings
}

/// Adds what can be told of the statements that are to run, but for what is told with its rows.
pub fn review(wanted: &Resource, first: usize, lowered: &mut Lowered) {
    let mut found = waiting::lints(wanted, first);
    let weighed: Vec<usize> =
        lowered.costs.iter().filter(|cost| cost.is_lossy()).map(|cost| cost.statement).collect();
    for hit in hits(wanted, first) {
        let told = lowered.findings.iter_mut().filter(|one| one.code == "CH431");
        let mut told = told.filter(|one| one.statement == Some(hit.statement));
        match told
            .next()
            .filter(|_| WEIGHED.contains(&hit.rule.code) && weighed.contains(&(hit.statement + 1)))
        {
            Some(told) => told.also.push(hit.rule.code),
            None => found.push(finding(wanted, &hit)),
        }
    }
    let all: Vec<Finding> = found.iter().chain(&lowered.findings).cloned().collect();
    found.extend(idle(wanted, first, &all));
    lowered.findings.extend(found);
}

fn statements(wanted: &Resource) -> &[Value] {
    wanted.attrs.get("statements").map_or(&[][..], Value::items)
}

fn text<'a>(statement: &'a Value, name: &str) -> Option<&'a str> {
    statement.get(name).and_then(Value::as_str)
}

/// Returns a statement as it is written: with its placeholders.
fn written(statement: &Value) -> &str {
    text(statement, "text").or_else(|| text(statement, "sql")).unwrap_or_default()
}

fn hits(wanted: &Resource, first: usize) -> Vec<Hit> {
    let sources: Vec<Source<'_>> = statements(wanted)
        .iter()
        .map(|statement| {
            let settings = statement.get("settings").and_then(Value::as_map).into_iter().flatten();
            let settings = settings.map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()));
            Source { text: written(statement), settings: settings.collect() }
        })
        .collect();
    statement::lint(&sources, wanted.text("database"), first)
}

fn finding(wanted: &Resource, hit: &Hit) -> Finding {
    let finding = Finding::new(hit.rule.code, hit.rule.severity, Category::Tracking, hit.rule.summary)
        .at(&wanted.addr)
        .at_place(place(wanted, hit.statement, Some(hit.range.clone()), &hit.label))
        .of_statement(hit.statement);
    hit.rule.help.iter().fold(finding, |finding, help| finding.help(*help))
}

fn number(statement: &Value, name: &str, default: usize) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and positive")]
    statement.get(name).and_then(Value::as_f64).map_or(default, |value| value as usize)
}

/// Returns the place of a part of a statement, or of the whole of it; secrets are masked.
pub fn place(wanted: &Resource, at: usize, range: Option<Range<usize>>, label: &str) -> Place {
    let empty = Value::Null;
    let statement = statements(wanted).get(at).unwrap_or(&empty);
    let shown = masked(written(statement));
    let original = written(statement);
    let range = range.unwrap_or(0..original.len());
    let before = original.get(..range.start).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let indent = if line_start == 0 { number(statement, "column", 1) - 1 } else { 0 };
    let meant = original.get(range.clone()).unwrap_or_default().lines().next().unwrap_or_default();
    let line = before.matches('\n').count();
    let line_text = shown.split('\n').nth(line).unwrap_or_default().trim_end();
    let excerpt = Excerpt {
        file: wanted.text("path").to_owned(),
        line: number(statement, "line", 1) + line,
        column: indent + before[line_start..].chars().count() + 1,
        length: meant.trim_end().chars().count().max(1),
        text: format!("{}{line_text}", " ".repeat(indent)),
    };
    Place::located(excerpt, label.to_owned())
}

/// Returns the comments that allow what reading decides, and which is not there.
fn idle(wanted: &Resource, first: usize, findings: &[Finding]) -> Vec<Finding> {
    let allows = wanted.allows.iter().filter(|allow| allow.statement >= first);
    let mut idle = Vec::new();
    for allow in allows {
        for code in &allow.codes {
            let code: &str = code;
            let decided = statement::decides(code) || ["CH429", "CH430"].contains(&code);
            let fires = findings.iter().any(|one| {
                (one.code == code || one.also.contains(&code)) && one.statement == Some(allow.statement)
            });
            if decided && !fires {
                let summary = "an allow comment allows nothing";
                let label = format!("the statement does not break {code}");
                let place = Place { label, ..allow.place.clone() };
                let finding = Finding::new("CH148", Severity::Warning, Category::Tracking, summary);
                idle.push(
                    finding
                        .at(&wanted.addr)
                        .at_place(place)
                        .help("remove it, or put it above the statement that it is about"),
                );
            }
        }
    }
    idle
}
