//! Who applied what: the runs of a scope as a table, and one run with its steps. Also as JSON.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::escape;
use super::page::{Options, Page, Tone};
use crate::apply::events::seconds;
use crate::model::snapshot::{Row, number, text as cell, texts};

/// How many signs of a revision or a digest are shown.
const SHORT: usize = 12;

/// What `ops.charter_runs` and `ops.charter_steps` tell.
#[derive(Clone, Copy, Debug)]
pub struct History<'a> {
    /// Whose runs.
    pub scope: &'a str,
    /// The runs, the newest first.
    pub runs: &'a [Row],
    /// The steps, where one run is asked for.
    pub steps: Option<&'a [Row]>,
}

/// Returns text for people.
pub fn text(history: &History, options: &Options) -> String {
    let mut page = Page::new(options);
    match (history.runs, history.steps) {
        ([run], Some(steps)) => one(&mut page, run, steps),
        (runs, _) => table(&mut page, runs),
    }
    page.finish()
}

/// Returns what became of a run, and how good that is.
fn outcome(run: &Row) -> (Tone, String) {
    if number(run, "finished") == 0 {
        return (Tone::Change, "did not finish: it is under way, or died".to_owned());
    }
    let counts =
        [("done", "done"), ("failed", "failed"), ("unknown", "unknown"), ("not_started", "not started")];
    let counts = counts.into_iter().map(|(column, word)| (number(run, column), word));
    let told: Vec<String> =
        counts.filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    let told = if told.is_empty() { "nothing done".to_owned() } else { told.join(", ") };
    match cell(run, "outcome") {
        "done" => (Tone::Good, told),
        "untouched" => (Tone::Change, told),
        _ => (Tone::Bad, told),
    }
}

fn took(row: &Row) -> String {
    seconds(Duration::from_millis(number(row, "duration_ms")))
}

fn short(text: &str) -> String {
    escape::line(&text.chars().take(SHORT).collect::<String>()).into_owned()
}

/// A line for each run, in columns.
fn table(page: &mut Page, runs: &[Row]) {
    let heads = ["WHEN (UTC)", "WHO", "WHAT", "TOOK", "RUN", "OUTCOME"].map(str::to_owned);
    let mut lines = vec![(Tone::Faint, heads)];
    for run in runs {
        let (tone, told) = outcome(run);
        let began = cell(run, "began").replace('T', " ");
        let took = if number(run, "finished") == 0 { "-".to_owned() } else { took(run) };
        let texts = ["actor", "purpose"].map(|column| escape::line(cell(run, column)).into_owned());
        let [actor, purpose] = texts;
        let id = escape::line(cell(run, "run")).into_owned();
        lines.push((tone, [began.trim_end_matches('Z').to_owned(), actor, purpose, took, id, told]));
    }
    let width = |column: usize| lines.iter().map(|(_, line)| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..5).map(width).collect();
    for (tone, line) in &lines {
        let padded = line.iter().zip(&widths).map(|(text, width)| format!("{text:width$}  "));
        let start: String = padded.collect();
        let plain = if *tone == Tone::Faint { Tone::Faint } else { Tone::Plain };
        page.line(0, &[(plain, &start), (*tone, &line[5])]);
    }
}

/// A run with its steps.
fn one(page: &mut Page, run: &Row, steps: &[Row]) {
    let line = |column: &str| escape::line(cell(run, column)).into_owned();
    let (tone, told) = outcome(run);
    page.line(0, &[(Tone::Strong, &format!("Run {}", line("run")))]);
    page.gap();
    let mut field = |name: &str, tone: Tone, value: &str| {
        if !value.is_empty() {
            page.line(2, &[(Tone::Faint, &format!("{name:12}")), (tone, value)]);
        }
    };
    field("command", Tone::Plain, &format!("charter {}", line("purpose")));
    field("by", Tone::Plain, &format!("{} on {}", line("actor"), line("host")));
    field("began", Tone::Plain, &line("began"));
    if number(run, "finished") > 0 {
        field("took", Tone::Plain, &took(run));
    }
    field("outcome", tone, &told);
    field("environment", Tone::Plain, &line("environment"));
    field("revision", Tone::Plain, &line("git_revision"));
    field("plan", Tone::Plain, &short(cell(run, "plan_digest")));
    field("charter", Tone::Plain, &line("charter_version"));
    page.gap();
    if steps.is_empty() {
        page.line(0, &[(Tone::Faint, "No step is recorded.")]);
    }
    steps.iter().for_each(|row| step(page, row));
}

fn step(page: &mut Page, row: &Row) {
    let tone = if cell(row, "outcome") == "done" { Tone::Good } else { Tone::Bad };
    let outcome = escape::line(cell(row, "outcome"));
    let rows = match number(row, "written_rows") {
        0 => String::new(),
        1 => ", 1 row".to_owned(),
        rows => format!(", {rows} rows"),
    };
    let about = format!("  {}: {} {}{rows}", escape::line(cell(row, "action")), outcome, took(row));
    page.line(0, &[(tone, &escape::line(cell(row, "address"))), (Tone::Plain, &about)]);
    let queries = texts(row, "query_ids");
    for query in &queries {
        page.line(4, &[(Tone::Faint, &format!("query {}", escape::line(query)))]);
    }
    let error = cell(row, "error");
    if !error.is_empty() {
        page.wrapped(4, &[], Tone::Bad, &escape::line(error));
    }
}

/// Returns the history as one JSON document.
pub fn json(history: &History, version: &str) -> Json {
    let runs: Vec<Json> = history.runs.iter().map(run_object).collect();
    let mut document = json!({
        "format_version": "1.0",
        "charter_version": version,
        "scope": history.scope,
        "runs": runs,
    });
    if let Some(steps) = history.steps {
        document["steps"] = steps.iter().map(step_object).collect();
    }
    document
}

fn run_object(run: &Row) -> Json {
    let finished = number(run, "finished") > 0;
    json!({
        "run": cell(run, "run"),
        "environment": cell(run, "environment"),
        "command": cell(run, "purpose"),
        "actor": cell(run, "actor"),
        "host": cell(run, "host"),
        "git_revision": cell(run, "git_revision"),
        "plan_digest": cell(run, "plan_digest"),
        "charter_version": cell(run, "charter_version"),
        "began": cell(run, "began"),
        "outcome": if finished { cell(run, "outcome") } else { "unfinished" },
        "done": number(run, "done"),
        "failed": number(run, "failed"),
        "unknown": number(run, "unknown"),
        "not_started": number(run, "not_started"),
        "duration_ms": finished.then(|| number(run, "duration_ms")),
    })
}

fn step_object(step: &Row) -> Json {
    json!({
        "step": number(step, "step"),
        "address": cell(step, "address"),
        "kind": cell(step, "kind"),
        "action": cell(step, "action"),
        "outcome": cell(step, "outcome"),
        "query_ids": texts(step, "query_ids"),
        "written_rows": number(step, "written_rows"),
        "duration_ms": number(step, "duration_ms"),
        "error": cell(step, "error"),
    })
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn row(value: Json) -> Row {
        serde_json::from_value(value).unwrap()
    }

    fn run(id: &str, outcome: &str, finished: u64) -> Row {
        row(json!({
            "run": id, "began": "2026-11-20T09:30:00Z", "finished": finished, "actor": "jane", "host": "ci-1",
            "purpose": "apply", "environment": "production", "git_revision": "8656b5a", "plan_digest": "0123456789abcdef",
            "charter_version": "0.1.0", "outcome": outcome, "done": 3, "failed": u64::from(outcome != "done"),
            "unknown": 0, "not_started": 0, "duration_ms": "61200",
        }))
    }

    #[test]
    fn runs_stand_in_columns() {
        let runs = [run("20261120T093000Z-a", "half_way", 1), run("20261120T093000Z-bc", "", 0)];
        let history = History { scope: "platform", runs: &runs, steps: None };
        assert_snapshot!(text(&history, &Options::default()), @r"
        WHEN (UTC)           WHO   WHAT   TOOK   RUN                  OUTCOME
        2026-11-20 09:30:00  jane  apply  1m01s  20261120T093000Z-a   3 done, 1 failed
        2026-11-20 09:30:00  jane  apply  -      20261120T093000Z-bc  did not finish: it is under way, or died
        ");
    }

    #[test]
    fn a_run_has_its_steps_and_queries() {
        let runs = [run("20261120T093000Z-a", "done", 1)];
        let steps = [row(json!({
            "step": 1, "address": "tenant.acme.role", "kind": "role", "action": "create", "outcome": "failed",
            "query_ids": ["q-1", "q-2"], "written_rows": "2", "duration_ms": 120, "error": "Code: 497.\n\u{1b}[31mno",
        }))];
        let history = History { scope: "platform", runs: &runs, steps: Some(&steps) };
        assert_snapshot!(text(&history, &Options::default()), @r"
        Run 20261120T093000Z-a

          command     charter apply
          by          jane on ci-1
          began       2026-11-20T09:30:00Z
          took        1m01s
          outcome     3 done
          environment production
          revision    8656b5a
          plan        0123456789ab
          charter     0.1.0

        tenant.acme.role  create: failed 0.1s, 2 rows
            query q-1
            query q-2
            Code: 497.\n\u{1b}[31mno
        ");
        let document = json(&history, "0.1.0");
        assert_eq!(document["runs"][0]["duration_ms"], 61200);
        assert_eq!(document["steps"][0]["query_ids"], json!(["q-1", "q-2"]));
    }
}
