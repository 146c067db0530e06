//! The parts of a comment that stand outside of folds: verdict, findings, the table, the end.

use super::escape::{cell, code, html, marker, prose};
use super::{Cut, Level, Rung, View};
use crate::model::plan::Counts;
use crate::model::{Finding, Severity};
use crate::render::findings::{count, severity_word};
use crate::render::fold::{self, Told};
use crate::render::text::{NO_CHANGES, obstacle, summary};
use crate::render::tree::Group;
use crate::render::{allowed, widening};

/// The most findings of each severity that are listed where little is.
const LISTED: usize = 20;

/// Adds the marker by which the comment is found again, the verdict and what it is about.
pub fn head(out: &mut String, view: &View) {
    let plan = view.plan;
    let digest = &view.digest;
    out.push_str(&format!(
        "<!-- charter:plan scope={} environment={} digest={digest} -->\n",
        marker(&plan.scope),
        marker(&plan.environment)
    ));
    let title = match (plan.steps.is_empty(), plan.findings.is_empty()) {
        (false, _) => summary(plan.counts()),
        (true, true) => NO_CHANGES.to_owned(),
        (true, false) => "Nothing to apply.".to_owned(),
    };
    out.push_str(&format!("## {title}\n\n{}\n\n", verdict(view)));
    out.push_str(&format!(
        "Scope {}, environment {}, ClickHouse {}; digest {}.\n\n",
        code(&plan.scope),
        code(&plan.environment),
        code(&plan.servers.clickhouse_version),
        code(digest.short())
    ));
    if let Some(rollout) = &plan.rollout {
        out.push_str(&format!("Rollout: {}.\n\n", prose(&rollout.summary())));
    }
}

fn verdict(view: &View) -> String {
    let plan = view.plan;
    let mut said = Vec::new();
    if let Some(text) = obstacle(plan) {
        let text = text.strip_prefix("This plan cannot").map_or(text.clone(), |rest| format!("Cannot{rest}"));
        said.push(format!("**{}**", prose(&text)));
    }
    let lost: usize = view.perils.iter().map(|peril| peril.objects.len()).sum();
    let widened: usize = view.widening.iter().map(|told| told.names.len().max(1)).sum();
    let changes = |count: usize| if count == 1 { "change" } else { "changes" };
    let widens = if widened == 1 { "widens" } else { "widen" };
    let unread = widening::not_judged(plan);
    match (lost, widened) {
        (0, 0) if plan.steps.is_empty() => {}
        (0, 0) if unread > 0 => said.push("Nothing is destroyed.".to_owned()),
        (0, 0) => said.push("Nothing is destroyed, and no access widens.".to_owned()),
        (lost, 0) => said.push(format!("**{lost} destructive {}.**", changes(lost))),
        (0, widened) => said.push(format!("**{widened} {} that {widens} access.**", changes(widened))),
        (lost, widened) => {
            said.push(format!("**{lost} destructive {}, {widened} that {widens} access.**", changes(lost)))
        }
    }
    if unread > 0 {
        let statements = if unread == 1 { "1 statement does" } else { &format!("{unread} statements do") };
        said.push(format!("**What {statements} to access is not judged.**"));
    }
    if !plan.findings.is_empty() {
        said.push(count(&plan.findings) + ".");
    }
    said.join(" ")
}

/// Adds the findings, the worst first.
pub fn findings(out: &mut String, found: &[Told], level: Level) {
    if found.is_empty() {
        return;
    }
    out.push_str("### Findings\n\n");
    let severities =
        [Severity::Error, Severity::Decision, Severity::Drift, Severity::Warning, Severity::Note];
    for severity in severities {
        let told: Vec<&Told> = found.iter().filter(|told| told.finding.severity == severity).collect();
        let some = match level {
            Level::Full | Level::Changes | Level::Lines => told.len(),
            _ if severity <= Severity::Decision => LISTED,
            Level::Tenants | Level::Totals | Level::Bare => 0,
        };
        for told in told.iter().take(some) {
            out.push_str(&finding_line(told, level, level.room(found.len().min(2 * LISTED))));
            if level < Level::Lines {
                particulars(out, &told.finding);
            }
        }
        if told.len() > some {
            let (word, _) = severity_word(severity);
            out.push_str(&format!("- **{word}** {} more, not shown here\n", told.len() - some));
        }
    }
    out.push('\n');
}

/// Returns a finding as one item of a list, with as many names of whom it is about as fit into `room`.
pub fn finding_line(told: &Told, level: Level, room: usize) -> String {
    let finding = &told.finding;
    let (word, _) = severity_word(finding.severity);
    let word = if told.allowed.is_some() { "allowed" } else { word };
    let word = if finding.denied { "denied" } else { word };
    let place = finding.addr.as_ref().map(ToString::to_string).unwrap_or_default();
    let place = if place.is_empty() || finding.summary.contains(&place) {
        String::new()
    } else {
        format!("{}: ", code(&level.brief(&place)))
    };
    let whom = told.whom(room).map(|whom| format!(" (for {})", prose(&whom))).unwrap_or_default();
    let by = told.allowed.as_ref();
    let by = by.map(|by| format!("; allowed by {}", prose(&level.brief(by)))).unwrap_or_default();
    let summary = prose(&level.brief(&finding.summary));
    format!("- **{word}** {} {place}{summary}{whom}{by}\n", code(finding.code))
}

/// Adds where it is, what was expected and found, and what to do.
fn particulars(out: &mut String, finding: &Finding) {
    let mut item = |lead: &str, text: &str| {
        if !text.is_empty() {
            out.push_str(&format!("  - {lead} {text}\n"));
        }
    };
    for place in &finding.places {
        if let Some(at) = &place.excerpt {
            item(
                "at",
                &format!(
                    "{} {}",
                    code(&format!("{}:{}:{}", at.file, at.line, at.column)),
                    prose(&place.label)
                ),
            );
        }
    }
    let lines = |text: &str| text.lines().map(code).collect::<Vec<_>>().join("<br>");
    item("expected", &lines(&finding.expected));
    item("found", &lines(&finding.found));
    finding.help.iter().for_each(|help| item("help:", &prose(help)));
}

/// Adds what is allowed, by whom and why.
pub fn allowed(out: &mut String, view: &View, level: Level) {
    let all = &view.plan.allowed;
    if all.is_empty() {
        return;
    }
    out.push_str(&format!("### Allowed findings ({})\n\n", all.len()));
    let reasons = allowed::reasons(all);
    let shown = if level < Level::Tenants { reasons.len() } else { LISTED };
    for reason in reasons.iter().take(shown) {
        out.push_str(&format!(
            "- {} {}: {}",
            code(reason.code),
            code(&level.brief(&reason.about())),
            prose(&level.brief(reason.summary))
        ));
        let (at, why) = (level.brief(&reason.at), level.brief(reason.reason));
        out.push_str(&format!("<br>allowed by {}: {}\n", code(&at), prose(&why)));
    }
    if reasons.len() > shown {
        out.push_str(&format!("- {} more reasons, not shown here\n", reasons.len() - shown));
    }
    if let Some(counted) = allowed::by_the_block(all) {
        out.push_str(&format!("- allowed by the `lint` block: {counted}\n"));
    }
    out.push('\n');
}

/// Adds what is no longer declared and kept.
pub fn retained(out: &mut String, view: &View) {
    let kept = &view.plan.retained;
    if kept.is_empty() {
        return;
    }
    out.push_str(&format!("### No longer declared, kept on the servers ({})\n\n", kept.len()));
    for object in kept {
        let addr = code(&object.addr.to_string());
        out.push_str(&format!("- {addr} {} {}\n", code(&object.kind), code(&object.identity)));
    }
    out.push('\n');
}

/// Adds the counts by tenant.
pub fn table(out: &mut String, view: &View) {
    if view.groups.is_empty() {
        return;
    }
    out.push_str("| Tenant | Create | Change | Destroy | Adopt | Migrations |\n|---|--:|--:|--:|--:|--:|\n");
    for group in &view.groups {
        let Counts { create, update, adopt, delete, migrations, .. } = counts(group);
        let cells = [create, update, delete, adopt, migrations];
        let cells: Vec<String> =
            cells.into_iter().map(|n| if n == 0 { String::new() } else { n.to_string() }).collect();
        out.push_str(&format!("| {} | {} |\n", whose(group, cell), cells.join(" | ")));
        if out.len() > super::LIMIT {
            return;
        }
    }
    out.push('\n');
    let files = fold::files(view.plan);
    for file in files.iter().filter(|_| view.groups.iter().any(Group::is_folded)) {
        out.push_str(&format!("- {}: {}\n", code(&file.name), file.words()));
    }
    if !out.ends_with("\n\n") {
        out.push('\n');
    }
}

/// Returns whom a group is about; `name` writes a tenant's name.
fn whose(group: &Group, name: impl Fn(&str) -> String) -> String {
    match group.tenants.as_slice() {
        [] => "outside of tenants".to_owned(),
        [one] => name(one),
        many => format!("{} tenants, the same for each: {}", many.len(), some(many, name)),
    }
}

fn some(names: &[String], name: impl Fn(&str) -> String) -> String {
    let shown = names.iter().take(8).map(|one| name(one)).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(8) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn counts(group: &Group) -> Counts {
    group.objects.iter().map(|object| object.step.action).collect()
}

/// Returns the line that stays when the details of a group are folded.
pub fn summary_line(group: &Group) -> String {
    let Counts { create, update, adopt, delete, forget, migrations, .. } = counts(group);
    let counts = [
        (create, "to create"),
        (update, "to change"),
        (delete, "to destroy"),
        (adopt, "to adopt"),
        (forget, "to forget"),
        (migrations, if migrations == 1 { "migration" } else { "migrations" }),
    ];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts.map(|(count, what)| format!("{count} {what}")).collect();
    let whose = match group.tenants.as_slice() {
        [] => "Outside of tenants".to_owned(),
        [one] => format!("Tenant {}", html(one)),
        _ => whose(group, html),
    };
    format!("{whose}: {}", counts.join(", "))
}

/// Adds what is missing, and what the digest covers. Whoever has not seen the name of something that
/// goes away is not asked to approve it.
pub fn end(out: &mut String, view: &View, level: Level, rung: Rung, cut: Cut) {
    if view.plan.steps.is_empty() && level == Level::Full {
        return;
    }
    let lacks = lacks(view, level, rung, cut);
    let digest = code(view.digest.short());
    let whole = cut.is_none() && !matches!(rung, Rung::Cut(_));
    let approve = match view.plan.may_apply() {
        true if whole => {
            let command = code(&format!("charter apply --approve {}", view.digest.short()));
            format!(" {command} does exactly this.")
        }
        true => format!(
            " This comment is not enough to approve it by: review {} of the saved plan, or {}.",
            code("charter show"),
            code("charter plan --format text")
        ),
        false => String::new(),
    };
    out.push_str(&if lacks.is_empty() {
        format!("This is the whole plan; its digest is {digest}.{approve}\n")
    } else {
        let more = "`charter plan --sql --expand` and `--format json` have all of it";
        let lacks = lacks.join("; ");
        format!(
            "**Not everything is shown here**: left out are {lacks}. {more}. The digest {digest} covers the \
             whole plan, also what is not shown.{approve}\n"
        )
    });
}

/// Returns what is missing, in words.
fn lacks(view: &View, level: Level, rung: Rung, cut: Cut) -> Vec<String> {
    let mut lacks = Vec::new();
    match rung {
        Rung::Statements => {}
        Rung::Addresses => lacks.push("what destroys by which statement".to_owned()),
        Rung::Names | Rung::Cut(_) if cut.objects == 0 && !view.perils.is_empty() => {
            lacks.push("what destroys by which step".to_owned());
        }
        Rung::Names | Rung::Cut(_) => {}
    }
    if cut.objects > 0 {
        lacks.push(format!("{} of the objects that are destroyed or lose something", cut.objects));
    }
    if cut.widening > 0 {
        lacks.push(format!("{} of those whose access widens", cut.widening));
    }
    if level > Level::Full {
        lacks.push(level.lacks().to_owned());
    }
    let kept = view.plan.retained.len();
    if level >= Level::Tenants && kept > 0 {
        lacks.push(format!("what is no longer declared and kept on the servers ({kept})"));
    }
    lacks
}
