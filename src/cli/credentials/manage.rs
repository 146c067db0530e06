//! `charter credentials list` and `revoke`, and the clean-up after an issue that failed.

use serde_json::json;

use super::super::args::Common;
use super::super::context::{self, Context, Observation};
use super::super::identity;
use crate::apply::{Outcome, Report, Run};
use crate::config::load::environment;
use crate::diag::{Diagnostic, nearest};
use crate::kinds::common::reads;
use crate::kinds::issued_user::{Issued, NAME, instant};
use crate::model::registry::Entry;
use crate::model::snapshot::text;
use crate::model::{Addr, Resource, Rotation};
use crate::plan;
use crate::ui::{Exit, Ui};

/// Lists the short-lived users of this scope and environment
#[derive(Debug, clap::Args)]
pub struct ListArgs {}

/// Ends short-lived users at once, and deletes the Secrets that were made for them
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  charter credentials revoke issued_analyst_jane_3f9a1c2b")]
pub struct RevokeArgs {
    /// The user's name, as `charter credentials list` shows it
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// Who revokes, for the audit; else from the CI's variables or the operating system
    #[arg(long, value_name = "NAME")]
    actor: Option<String>,
}

/// Opens the configuration and reads the servers.
async fn observe(common: &Common, run: &Run, ui: &Ui) -> Result<(Context, Observation), Exit> {
    let context = Context::open(common, run, ui).await?;
    let observation = context.observe(ui).await?;
    Ok((context, observation))
}

/// Returns the records of issued users.
fn records<'a>(
    context: &'a Context,
    observation: &'a Observation,
) -> impl Iterator<Item = (&'a Entry, Issued)> {
    let here = |entry: &&Entry| entry.environment == context.settings.environment;
    let entries = observation.registry.all_mine().filter(here);
    entries.filter_map(|entry| Some((entry, Issued::of(entry)?)))
}

/// Runs `charter credentials list`.
pub async fn list(common: &Common, _: &ListArgs, ui: &Ui) -> Exit {
    let run = identity::run("credentials", None, &common.dir, &environment());
    let (context, observation) = match observe(common, &run, ui).await {
        Ok(observed) => observed,
        Err(exit) => return exit,
    };
    let users = observation.snapshot.rows(reads::USERS);
    let now = observation.snapshot.caps.now;
    let mut rows = Vec::new();
    for (entry, issued) in records(&context, &observation) {
        let live = users.iter().any(|row| text(row, "name") == entry.identity);
        let state = match () {
            () if !issued.complete => "interrupted",
            () if !live => "gone",
            () if now >= issued.valid_until => "expired",
            () => "active",
        };
        rows.push((entry.identity.clone(), state, issued));
    }
    rows.sort_by_key(|(name, _, issued)| (issued.valid_until, name.clone()));
    if ui.is_json() {
        let objects: Vec<_> = rows.iter().map(|(name, state, issued)| object(name, state, issued)).collect();
        return context::print(ui, &json!(objects).to_string(), Exit::Done);
    }
    if rows.is_empty() {
        ui.status("No short-lived users.");
        return Exit::Done;
    }
    context::print(ui, &table(&rows, now), Exit::Done)
}

fn object(name: &str, state: &str, issued: &Issued) -> serde_json::Value {
    let secret = issued.secret.as_ref().map(|(namespace, name)| format!("{namespace}/{name}"));
    json!({
        "user": name, "state": state, "role": issued.role, "actor": issued.actor, "reason": issued.reason,
        "issued_at": instant(issued.issued_at), "valid_until": instant(issued.valid_until), "secret": secret,
    })
}

fn table(rows: &[(String, &str, Issued)], now: u64) -> String {
    let mut cells = vec![["NAME", "STATE", "LEFT", "ROLE", "FOR", "REASON"].map(str::to_owned)];
    cells.extend(rows.iter().map(|(name, state, issued)| {
        let left = if *state == "active" { left(issued.valid_until - now) } else { "-".to_owned() };
        let texts = [&issued.role, &issued.actor, &issued.reason].map(|text| {
            if text.is_empty() { "-".to_owned() } else { crate::diag::escape::line(text).into_owned() }
        });
        let [role, actor, reason] = texts;
        [name.clone(), (*state).to_owned(), left, role, actor, reason]
    }));
    let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..6).map(width).collect();
    let line = |row: &[String; 6]| {
        let padded = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        padded.collect::<Vec<_>>().join("   ").trim_end().to_owned()
    };
    cells.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Returns a duration as kubectl prints it: its largest unit, two where the first is small.
fn left(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7200 => format!("{}m", seconds / 60),
        7200..172_800 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// Runs `charter credentials revoke`.
pub async fn revoke(common: &Common, args: &RevokeArgs, ui: &Ui) -> Exit {
    let run = identity::run("revoke", args.actor.as_deref(), &common.dir, &environment());
    let (context, observation) = match observe(common, &run, ui).await {
        Ok(observed) => observed,
        Err(exit) => return exit,
    };
    let known: Vec<String> =
        records(&context, &observation).map(|(entry, _)| entry.identity.clone()).collect();
    for name in &args.names {
        if !known.contains(name) {
            let start = Diagnostic::error(format!("there is no short-lived user {name:?}"));
            context::tell(
                ui,
                match nearest(name, known.iter().map(String::as_str)) {
                    Some(near) => start.help(format!("did you mean {near}?")),
                    None => start.help("charter credentials list shows them"),
                },
            );
            return Exit::Error;
        }
    }
    let (mut plan, rotation) = (crate::model::Plan::default(), Rotation::default());
    for name in &args.names {
        let mut one = plan::removal_of(&context.request(&observation, &[], &rotation), NAME, name);
        for step in &mut one.steps {
            step.id = plan.steps.len();
            step.after.clear();
        }
        let (mut steps, mut findings) = (std::mem::take(&mut plan.steps), std::mem::take(&mut plan.findings));
        steps.append(&mut one.steps);
        findings.append(&mut one.findings);
        plan = crate::model::Plan { steps, findings, ..one };
    }
    if !super::may_apply(&plan, ui) {
        return Exit::Error;
    }
    let report = super::execute(&context, plan, &run).await;
    super::tell_problems("a short-lived user could not be removed", &report, ui);
    if report.outcome() == Outcome::Done {
        ui.status(&format!("Revoked: {}.", args.names.join(", ")));
    }
    report.outcome().into()
}

/// Removes what an issue that failed has left, and tells what is there.
pub(super) async fn undo(context: &Context, user: &Resource, run: &Run, report: &Report, ui: &Ui) -> Exit {
    let name = &user.identity;
    let still = || {
        context::tell(
            ui,
            Diagnostic::error(format!("what is left of {name} could not be removed"))
                .detail(format!(
                    "If user {name} exists, ClickHouse refuses its login from {} on. Nobody was given its password, {}.",
                    user.text("valid_until"),
                    match user.text("secret") {
                        "" => "and no Secret keeps it".to_owned(),
                        secret => format!("but Secret {}/{secret} may hold it", user.text("namespace")),
                    }
                ))
                .help(format!("charter credentials revoke {name}"))
                .help("the next apply removes it, two minutes from now at the earliest"),
        );
        Exit::HalfWay
    };
    // A statement whose answer was lost may still come to its end: what it makes must stay recorded.
    if !report.unknown.is_empty() {
        return still();
    }
    let run = Run { id: format!("{}-undo", run.id), purpose: "revoke".to_owned(), ..run.clone() };
    let Ok(observation) = context.observe(ui).await else { return still() };
    let mut desired = context.compiled.desired.clone();
    desired.resources.remove(&user.addr);
    let (targets, rotation): (&[Addr], _) = (&[], Rotation::default());
    let request = plan::Request { desired: &desired, ..context.request(&observation, targets, &rotation) };
    let plan = plan::removal_of(&request, NAME, name);
    if !plan.may_apply() {
        return still();
    }
    let report = super::execute(context, plan, &run).await;
    if report.outcome() != Outcome::Done {
        return still();
    }
    ui.status(&format!("Nothing is left of it: there is no user {name}."));
    Exit::Error
}
