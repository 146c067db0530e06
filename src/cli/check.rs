//! `charter check`: what drifted. Changes nothing.

use super::args::{Common, Format};
use super::context::{self, Context, Observation};
use super::{identity, logins};
use crate::backend::LoginVerdict;
use crate::config::load::environment;
use crate::kinds::LoginProbe;
use crate::model::{Addr, Category, Finding, Rotation, Settings, Severity};
use crate::render::check::Report;
use crate::ui::{Exit, Ui};
use crate::{plan, render};

/// Tells what drifted; changes nothing, exits with 2 where something did
///
/// Asks the live servers: were the expected migrations applied (tracking), do databases, users,
/// roles and grants exist as declared (access), are the managed tables there with their columns
/// (tables), do the Secrets hold what they must, and does it log in (secrets), does the operator
/// say that its tenants are ready (readiness).
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  charter check\n  charter check --format json | jq '.findings[].summary'"
)]
pub struct Args {
    /// How the findings are printed
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Only this, and what it depends on: an address or a group, such as tenant.acme
    #[arg(long = "target", value_name = "ADDRESS", value_parser = |text: &str| Addr::parse(text).map_err(|e| e.to_string()))]
    targets: Vec<Addr>,
    /// Do not log in with what the Secrets hold; without it, each user's password is proved
    #[arg(long)]
    no_probe: bool,
}

/// Runs the command.
pub async fn run(common: &Common, args: &Args, ui: &Ui) -> Exit {
    let run = identity::run("check", None, &common.dir, &environment());
    let checked = async {
        let context = Context::open(common, &run, ui).await?;
        let observation = context.observe(ui).await?;
        let rotation = Rotation::default();
        let request = context.request(&observation, &args.targets, &rotation);
        let mut findings = plan::check(&request);
        if !args.no_probe {
            findings.extend(logins(&context, &observation, &args.targets).await);
        }
        findings.iter_mut().for_each(|finding| finding.locate(&context.compiled.sources));
        findings.sort_by(|a, b| {
            (a.category, a.severity, &a.addr, a.code).cmp(&(b.category, b.severity, &b.addr, b.code))
        });
        let servers = plan::servers(&context.settings, &observation.snapshot);
        Ok::<_, Exit>((context, servers, findings))
    };
    let (context, servers, findings) = match checked.await {
        Ok(checked) => checked,
        Err(exit) => return exit,
    };
    let Settings { scope, environment, .. } = &context.settings;
    let resources = plan::selected(&context.compiled.desired, &args.targets).len();
    let report = Report { scope, environment, servers: &servers, resources, findings: &findings };
    let text = match args.format {
        Format::Text => {
            let options = render::text::Options { color: ui.colors_results(), width: ui.width(), sql: false };
            render::check::text(&report, &options)
        }
        Format::Json => format!("{:#}\n", render::check::json(&report, env!("CARGO_PKG_VERSION"))),
    };
    let drifted = |finding: &Finding| {
        matches!(finding.severity, Severity::Error | Severity::Decision | Severity::Drift)
    };
    let exit = if findings.iter().any(drifted) { Exit::Changes } else { Exit::Done };
    if ui.is_json() && args.format == Format::Text {
        render::lines::check(&findings).iter().for_each(|line| ui.json_line(line));
        return exit;
    }
    context::print(ui, &text, exit)
}

/// Proves that what each Secret holds logs in.
async fn logins(context: &Context, observation: &Observation, targets: &[Addr]) -> Vec<Finding> {
    let selected = plan::selected(&context.compiled.desired, targets);
    let proved = logins::prove(context, observation, &selected).await;
    proved.iter().filter_map(|(probe, verdict)| finding(probe, verdict)).collect()
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
