//! The report of an apply, for people: what is done, what failed and why, what was not started,
//! and how to go on.

use std::fmt::Write as _;

use crate::apply::events::{plural, seconds, verb};
use crate::apply::report::{NotStarted, Outcome, Problem, Report};
use crate::model::plan::Counts;

/// Returns the report as text.
pub fn text(report: &Report) -> String {
    let mut out = String::new();
    if report.outcome() != Outcome::Done {
        done(&mut out, report);
        problems(&mut out, "Failed", &report.failed);
        problems(&mut out, "Unknown", &report.unknown);
        not_started(&mut out, &report.not_started);
    }
    for warning in &report.warnings {
        line(&mut out, &format!("Warning: {warning}."));
    }
    line(&mut out, &summary(report));
    if let Some(how) = how_to_go_on(report) {
        line(&mut out, how);
    }
    out
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

fn done(out: &mut String, report: &Report) {
    if report.done.is_empty() {
        return;
    }
    line(out, &format!("Done ({}):", report.done.len()));
    for done in &report.done {
        line(out, &format!("  {}: {}", done.addr, verb(done.action).done));
    }
    out.push('\n');
}

fn problems(out: &mut String, title: &str, problems: &[Problem]) {
    if problems.is_empty() {
        return;
    }
    line(out, &format!("{title} ({}):", problems.len()));
    for problem in problems {
        let verb = verb(problem.action).doing;
        line(out, &format!("  {} ({verb})", problem.addr));
        let mut lines = problem.error.lines();
        line(
            out,
            &format!("    error: {}", lines.next().unwrap_or_default()),
        );
        lines.for_each(|more| line(out, &format!("           {more}")));
        if let Some(query_id) = &problem.query_id {
            line(out, &format!("    query: {query_id}"));
        }
        for help in &problem.help {
            line(out, &format!("    help: {help}"));
        }
    }
    out.push('\n');
}

fn not_started(out: &mut String, steps: &[NotStarted]) {
    if steps.is_empty() {
        return;
    }
    line(out, &format!("Not started ({}):", steps.len()));
    for step in steps {
        line(out, &format!("  {}: {}", step.addr, step.because));
    }
    out.push('\n');
}

fn summary(report: &Report) -> String {
    let verdict = match report.outcome() {
        Outcome::Done => "Apply complete",
        Outcome::Untouched => "Nothing was changed",
        Outcome::HalfWay => "Apply stopped half-way",
        Outcome::Undecided => "Apply stopped: a person must decide",
    };
    let took = seconds(report.duration);
    let mut text = format!("{verdict} after {took}: {}", counted(report.counts()));
    for (count, what) in [
        (report.failed.len(), "failed"),
        (report.unknown.len(), "unknown"),
        (report.not_started.len(), "not started"),
    ] {
        if count > 0 {
            let _ = write!(text, ", {} {what}", plural(count, "step"));
        }
    }
    text.push('.');
    text
}

fn counted(counts: Counts) -> String {
    let Counts {
        create,
        update,
        adopt,
        delete,
        migrations,
        statements,
    } = counts;
    let mut text = format!("{create} created, {update} changed, {delete} destroyed");
    if adopt > 0 {
        let _ = write!(text, ", {adopt} adopted");
    }
    if migrations > 0 {
        let files = plural(migrations, "migration");
        let _ = write!(
            text,
            ", {files} ({}) applied",
            plural(statements, "statement")
        );
    }
    text
}

fn how_to_go_on(report: &Report) -> Option<&'static str> {
    match report.outcome() {
        Outcome::Done => None,
        Outcome::Undecided => Some(
            "What is done stays done. When it is decided what became of the unknown, run `charter apply` again: it does the rest.",
        ),
        Outcome::Untouched | Outcome::HalfWay if report.stopped && report.failed.is_empty() => {
            Some("The run was stopped. Run `charter apply` again: it does the rest.")
        }
        Outcome::Untouched | Outcome::HalfWay => Some(
            "What is done stays done. When the cause is mended, run `charter apply` again: it does the rest.",
        ),
    }
}
