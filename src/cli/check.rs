//! `charter check`: what drifted. Changes nothing; `--replay` makes scratch databases, and drops them.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::stream::{self, StreamExt as _};

use super::args::{Common, Format};
use super::context::{self, Context, Observation};
use super::signals::Signals;
use super::{identity, logins};
use crate::backend::{LoginVerdict, Servers as _};
use crate::config::load::environment;
use crate::kinds::LoginProbe;
use crate::kinds::common::migration;
use crate::lint::judge::judge;
use crate::model::snapshot::Caps;
use crate::model::{Addr, Category, Finding, Rotation, Secret, Settings, Severity};
use crate::render::check::Report;
use crate::ui::{Exit, Ui};
use crate::{isolation, observe, plan, render, replay};

/// Tells what drifted; changes nothing, exits with 2 where something did
///
/// Asks the live servers: were the expected migrations applied (tracking), do databases, users,
/// roles and grants exist as declared (access), are the managed tables there with their columns
/// (tables), do the Secrets hold what they must, and does it log in (secrets), does the operator
/// say that its tenants are ready (readiness). Of what was changed on the servers since the last apply it
/// says when and by whom, where they keep that (docs/drift.md).
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  charter check\n  charter check --format json | jq '.findings[].summary'\n  charter check --isolation\n  charter check --isolation --format json | jq '.isolation.holes[] | {way, by, tenants: .tenants.databases}'"
)]
pub struct Args {
    /// How the findings are printed
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Only this, and what it depends on: an address or a group, such as tenant.acme
    #[arg(long = "target", value_name = "ADDRESS", value_parser = |text: &str| Addr::parse(text).map_err(|e| e.to_string()))]
    targets: Vec<Addr>,
    /// Prove that tenants are apart: name whoever reaches a tenant's data and is not declared to
    ///
    /// Computes from the live grants, roles, grant options, views, dictionaries and accounts of all
    /// users and roles, charter's or not, who can read or change each tenant's database, and tells
    /// everyone who is not declared to, with the way: a grant of its own, a chain of roles, a
    /// wildcard, a grant on everything, a grant or admin option, open GRANTEES, rights to manage
    /// users, a view or dictionary that reads for others, CREATE DICTIONARY beside an account
    /// without a password. The whole estate is looked at, whatever --target says. Trust
    /// administrators by `isolation { administrators = ["NAME"] }`. It tries the empty password on
    /// users with a plain-text one, unless --no-probe. docs/isolation.md says what it cannot see.
    #[arg(long)]
    isolation: bool,
    /// Compare tables with what their migration files make, not with what was recorded of them
    ///
    /// Rebuilds each tenant's schema from its applied files in a scratch database of the same server
    /// and compares. It creates databases and users called charter_replay_<run>_<n>, as whom the files
    /// run confined to their scratch database, and drops them at the end, also after Ctrl-C. Tenants with
    /// equal files are rebuilt once. INSERT and the like are left out; tables of engines that connect
    /// elsewhere and dictionaries are not made and not compared; a file that names its database
    /// instead of ${charter.database} makes the tenant's verdict unknown. Needs what apply needs:
    /// rights to create databases and users.
    #[arg(long)]
    replay: bool,
    /// Do not log in with what the Secrets hold; without it, each user's password is proved
    #[arg(long)]
    no_probe: bool,
    /// Do not list Secrets: what was applied to them is taken as still there; no login is proved
    #[arg(long)]
    no_secrets: bool,
}

/// Runs the command.
pub async fn run(common: &Common, args: &Args, ui: &Ui) -> Exit {
    let run = identity::run("check", None, &common.dir, &environment());
    if let Err(exit) = context::one_of_both(ui, args.format != Format::Text) {
        return exit;
    }
    let checked = async {
        let mut context = Context::open(common, &run, ui).await?;
        if args.no_secrets {
            context.without_secrets();
        }
        let more = |caps: &Caps| if args.isolation { isolation::reads(caps) } else { Vec::new() };
        let mut observation = context.observe_more(&more, ui).await?;
        let mut findings = found(&context, &mut observation, &args.targets).await;
        if !args.no_probe {
            findings.extend(logins(&context, &observation, &args.targets).await);
        }
        let isolation = match args.isolation {
            true => Some(isolated(&context, &observation, args.no_probe).await),
            false => None,
        };
        findings.extend(isolation.iter().flat_map(isolation::findings));
        if args.replay {
            replayed(&context, &observation, &args.targets, &run.id, (&mut findings, ui)).await?;
        }
        let allowed = judge(&mut findings, &context.settings.lint, &context.compiled.desired);
        findings.iter_mut().for_each(|finding| finding.locate(&context.compiled.sources));
        findings.sort_by(|a, b| {
            (a.category, a.severity, &a.addr, a.code).cmp(&(b.category, b.severity, &b.addr, b.code))
        });
        let servers = plan::servers(&context.settings, &observation.snapshot);
        Ok::<_, Exit>((context, servers, findings, allowed, isolation))
    };
    let (context, servers, findings, mut allowed, isolation) = match checked.await {
        Ok(checked) => checked,
        Err(exit) => return exit,
    };
    allowed.iter_mut().for_each(|one| one.locate(&context.compiled.sources));
    let Settings { scope, environment, .. } = &context.settings;
    let resources = plan::selected(&context.compiled.desired, &args.targets).len();
    let report = Report {
        scope,
        environment,
        servers: &servers,
        resources,
        findings: &findings,
        allowed: &allowed,
        isolation: isolation.as_ref(),
    };
    let text = match args.format {
        Format::Text => {
            let options =
                render::text::Options { color: ui.colors_results(), width: ui.width(), ..Default::default() };
            render::check::text(&report, &options)
        }
        Format::Markdown => render::markdown::check(&report),
        Format::Json => format!("{:#}\n", render::check::json(&report, env!("CARGO_PKG_VERSION"))),
    };
    let drifted = |finding: &Finding| finding.refuses() || finding.severity == Severity::Drift;
    let exit = if findings.iter().any(drifted) { Exit::Changes } else { Exit::Done };
    match context::tell_events(ui, || render::lines::check(&findings)) {
        true => exit,
        false => context::print(ui, &text, exit),
    }
}

/// Returns what differs; where the server moved, it asks first who moved it.
async fn found(context: &Context, observation: &mut Observation, targets: &[Addr]) -> Vec<Finding> {
    let rotation = Rotation::default();
    let findings = plan::check(&context.request(observation, targets, &rotation));
    if findings.iter().all(|finding| finding.severity != Severity::Drift) {
        return findings;
    }
    let reads = plan::check::asks(&context.request(observation, targets, &rotation));
    if reads.is_empty() {
        return findings;
    }
    let rows = observe::answer_what_may_be(&*context.servers, reads).await;
    observation.snapshot.rows.extend(rows);
    plan::check(&context.request(observation, targets, &rotation))
}

/// Rebuilds the tenants' schemas and puts what differs in the place of what differs from records.
///
/// # Errors
/// It was interrupted; what it made is dropped.
async fn replayed(
    context: &Context,
    observation: &Observation,
    targets: &[Addr],
    run: &str,
    (findings, ui): (&mut Vec<Finding>, &Ui),
) -> Result<(), Exit> {
    let rotation = Rotation::default();
    let world = context.request(observation, targets, &rotation).world();
    let desired = &context.compiled.desired;
    let files = desired.resources.values().filter(|resource| resource.kind == migration::KIND);
    let identities: BTreeSet<&str> = files.map(|file| &*file.identity).collect();
    let live = context.kinds.get(migration::KIND).map(|kind| kind.observe(&identities, &world));
    let selected = plan::selected(desired, targets);
    let plan = replay::plan(desired, &live.unwrap_or_default(), &selected);
    let interrupted = AtomicBool::new(false);
    let mut signals = Signals::listen();
    ui.takes_interrupts();
    let stop = async {
        signals.next().await;
        interrupted.store(true, Ordering::Relaxed);
    };
    let outcome = replay::run(&*context.servers, plan, run, stop).await;
    if interrupted.load(Ordering::Relaxed) {
        return Err(Exit::Interrupted);
    }
    findings.retain(|finding| !replay::replaces(&outcome, finding));
    findings.extend(replay::findings(&outcome));
    Ok(())
}

/// Proves that what each Secret holds logs in.
async fn logins(context: &Context, observation: &Observation, targets: &[Addr]) -> Vec<Finding> {
    let selected = plan::selected(&context.compiled.desired, targets);
    let proved = logins::prove(context, observation, &selected).await;
    proved.iter().filter_map(|(probe, verdict)| finding(probe, verdict)).collect()
}

/// Proves that tenants are apart.
async fn isolated(context: &Context, observation: &Observation, no_probe: bool) -> isolation::Report {
    let (settings, snapshot) = (&context.settings, &observation.snapshot);
    let mut open = BTreeSet::new();
    let clickhouse = &settings.clickhouse;
    if clickhouse.password.expose().is_empty() && clickhouse.cert_file.is_none() {
        // It is how charter itself got in.
        open.insert(snapshot.caps.user.clone());
    }
    if !no_probe {
        let users = isolation::Observed::may_be_open(snapshot);
        let verdicts = stream::iter(users).map(|user| async move {
            let verdict = context.servers.login(&user, &Secret::new("")).await;
            matches!(verdict, LoginVerdict::Works).then_some(user)
        });
        let found: Vec<Option<String>> = verdicts.buffer_unordered(logins::AT_ONCE).collect().await;
        open.extend(found.into_iter().flatten());
    }
    let observed = isolation::Observed::new(snapshot, open);
    let desired = &context.compiled.desired;
    let declared = isolation::Declared::new(&context.kinds, desired, &observation.registry, settings);
    isolation::prove(&observed, &declared)
}

fn finding(probe: &LoginProbe, verdict: &LoginVerdict) -> Option<Finding> {
    let new = |severity, summary: &str, found: String| {
        Finding::new("CH311", severity, Category::Secrets, summary)
            .at(&probe.addr)
            .compare(format!("{} logs in as {}", probe.kept_in, probe.user), found)
    };
    match verdict {
        LoginVerdict::Works => None,
        LoginVerdict::Fails => Some(
            new(
                Severity::Drift,
                "what a Secret holds does not log in",
                "ClickHouse refuses the user or its password".into(),
            )
            .help(format!(
                "charter apply --probe --target {} makes ClickHouse accept what the Secret holds",
                probe.addr
            )),
        ),
        LoginVerdict::Unproved(why) => {
            Some(new(Severity::Note, "a login could not be proved from here", why.clone()))
        }
    }
}
