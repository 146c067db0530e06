//! The report of an apply, for people: what is done, what failed and why, what was not started,
//! and how to go on.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::escape;
use crate::apply::events::{plural, seconds, verb};
use crate::apply::report::{NotStarted, Outcome, Problem, Report};
use crate::model::plan::Counts;
use crate::model::{Action, Addr};

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
    // Errors quote what users and servers wrote.
    escape::block(&out).into_owned()
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
    let steps = report.done.iter().map(|done| (&done.addr, done.action, verb(done.action).done.to_owned()));
    folded(out, steps);
    out.push('\n');
}

/// Adds a line a step; one for all tenants of which the same is to be said of the same file.
fn folded<'a>(out: &mut String, steps: impl Iterator<Item = (&'a Addr, Action, String)>) {
    let mut files: BTreeMap<(&str, String), usize> = BTreeMap::new();
    let mut lines: Vec<(Option<(&str, String)>, String)> = Vec::new();
    for (addr, action, text) in steps {
        let own = format!("  {addr}: {text}");
        let file = addr.segments().last().and_then(|segment| segment.key.as_deref());
        let shared = file.filter(|_| matches!(action, Action::Execute { .. })).map(|file| (file, text));
        if let Some(shared) = &shared {
            *files.entry(shared.clone()).or_default() += 1;
        }
        lines.push((shared, own));
    }
    let mut told = BTreeSet::new();
    for (shared, own) in lines {
        match shared.map(|shared| (files.get(&shared).copied().unwrap_or_default(), shared)) {
            Some((tenants @ 2.., (file, text))) => {
                if told.insert((file, text.clone())) {
                    line(out, &format!("  {file} for {tenants} tenants: {text}"));
                }
            }
            _ => line(out, &own),
        }
    }
}

fn problems(out: &mut String, title: &str, problems: &[Problem]) {
    if problems.is_empty() {
        return;
    }
    line(out, &format!("{title} ({}):", problems.len()));
    for problem in problems {
        let verb = verb(problem.action).doing;
        line(out, &format!("  {} ({verb})", problem.addr));
        if let Some((number, of)) = problem.statement {
            line(out, &format!("    statement: {number} of {of}"));
        }
        let mut lines = problem.error.lines();
        line(out, &format!("    error: {}", lines.next().unwrap_or_default()));
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
    folded(out, steps.iter().map(|step| (&step.addr, step.action, step.because.to_string())));
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
    let Counts { create, update, adopt, delete, forget, migrations, statements } = counts;
    let mut text = format!("{create} created, {update} changed, {delete} destroyed");
    if adopt > 0 {
        let _ = write!(text, ", {adopt} adopted");
    }
    if forget > 0 {
        let _ = write!(text, ", {forget} forgotten");
    }
    if migrations > 0 {
        let files = plural(migrations, "migration");
        let _ = write!(text, ", {files} ({}) applied", plural(statements, "statement"));
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::apply::report::{Because, Done};

    fn report() -> Report {
        Report {
            run: "run".into(),
            done: vec![Done { addr: Addr::new("tenant", "acme").part("role"), action: Action::Create }],
            failed: Vec::new(),
            unknown: Vec::new(),
            not_started: Vec::new(),
            warnings: Vec::new(),
            stopped: false,
            changed: true,
            duration: Duration::from_millis(4200),
        }
    }

    fn problem(decide: bool) -> Problem {
        Problem {
            addr: Addr::new("tenant", "acme").keyed_part("migration", "schema/V1002__events.sql"),
            action: Action::Execute { statements: 2 },
            error: "no such column\nin line 2".into(),
            query_id: Some("run-3-1".into()),
            help: vec!["look".into()],
            decide,
            statement: Some((1, 2)),
        }
    }

    #[test]
    fn a_complete_apply_is_one_line() {
        assert_eq!(text(&report()), "Apply complete after 4.2s: 1 created, 0 changed, 0 destroyed.\n");
    }

    #[test]
    fn a_failure_names_everything_and_how_to_go_on() {
        let mut report = report();
        report.failed.push(problem(false));
        report.not_started.push(NotStarted {
            addr: Addr::new("tenant", "acme").part("superset"),
            action: Action::Create,
            because: Because::After(problem(false).addr),
        });
        report.warnings.push("1 row of the audit is missing".into());
        insta::assert_snapshot!(text(&report), @r#"
        Done (1):
          tenant.acme.role: created

        Failed (1):
          tenant.acme.migration["schema/V1002__events.sql"] (applying)
            statement: 1 of 2
            error: no such column
                   in line 2
            query: run-3-1
            help: look

        Not started (1):
          tenant.acme.superset: it needs tenant.acme.migration["schema/V1002__events.sql"]

        Warning: 1 row of the audit is missing.
        Apply stopped half-way after 4.2s: 1 created, 0 changed, 0 destroyed, 1 step failed, 1 step not started.
        What is done stays done. When the cause is mended, run `charter apply` again: it does the rest.
        "#);
    }

    #[test]
    fn the_same_file_of_many_tenants_is_one_line() {
        let mut report = report();
        let action = Action::Execute { statements: 1 };
        let file = |tenant: &str, file: &str| Addr::new("tenant", tenant).keyed_part("migration", file);
        for tenant in ["a", "b", "c"] {
            report.done.push(Done { addr: file(tenant, "shared/V1__t.sql"), action });
            let because = Because::Canary("z".into());
            report.not_started.push(NotStarted { addr: file(tenant, "shared/V2__u.sql"), action, because });
        }
        report.done.push(Done { addr: file("a", "schema/V9__own.sql"), action });
        let text = text(&report);
        let (listed, _) = text.split_once("Apply stopped").expect("a summary");
        insta::assert_snapshot!(listed, @r#"
        Done (5):
          tenant.acme.role: created
          shared/V1__t.sql for 3 tenants: applied
          tenant.a.migration["schema/V9__own.sql"]: applied

        Not started (3):
          shared/V2__u.sql for 3 tenants: the canary z failed
        "#);
    }

    #[test]
    fn what_is_unknown_asks_for_a_person() {
        let mut report = report();
        report.unknown.push(problem(true));
        let text = text(&report);
        assert!(text.contains("Unknown (1):"), "{text}");
        assert!(text.contains("a person must decide"), "{text}");
    }

    #[test]
    fn a_stop_without_a_failure_is_called_one() {
        let mut report = report();
        report.stopped = true;
        report.not_started.push(NotStarted {
            addr: Addr::new("role", "b"),
            action: Action::Create,
            because: Because::Stopped,
        });
        assert!(text(&report).contains("The run was stopped. Run `charter apply` again"));
    }

    #[test]
    fn what_servers_wrote_cannot_steer_the_terminal() {
        let hostile = Problem { error: "x\u{1b}[2Jy".into(), ..problem(false) };
        let text = text(&Report { failed: vec![hostile], ..report() });
        assert!(text.contains("x\\u{1b}[2Jy") && !text.contains('\u{1b}'), "{text:?}");
    }
}
