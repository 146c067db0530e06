//! The command line: one file a command; arguments in, a view and an exit code out.

mod allow;
mod apply;
mod apply_saved;
mod args;
mod check;
mod completion;
mod context;
mod credentials;
mod explain;
mod files;
mod fmt;
mod graph;
mod history;
mod identity;
mod import;
mod init;
mod lint;
mod lock;
mod logins;
mod migrate;
mod plan;
mod preflight;
mod record;
mod rotate;
mod saved;
mod show;
mod signals;
mod test;
mod unlock;
mod validate;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use clap::{Parser, Subcommand};

use crate::diag::{Diagnostic, SourceMap};
use crate::ui::{self, Exit, Ui, exit, log};
use args::Common;
use signals::Signals;

/// Declares ClickHouse tenants in HCL; plans, applies and checks them
#[derive(Debug, Parser)]
#[command(
    name = "charter",
    version,
    about,
    long_about = LONG,
    after_help = exit::help(),
    after_long_help = format!("{ENVIRONMENT}\n{}", exit::help()),
    max_term_width = 100
)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// charter's own version.
const VERSION: &str = env!("CARGO_PKG_VERSION");

const LONG: &str = "charter is terraform for ClickHouse tenants: tenants, databases, roles, users, grants, SQL \
migrations and Kubernetes Secrets are declared in HCL; `plan` shows exactly what would change in ClickHouse and in \
Kubernetes, `apply` does that in dependency order, `check` proves that nothing drifted. There is no state file: the \
servers are the truth.

The smallest configuration is a file tenants.hcl with

  clickhouse {
    url      = \"http://127.0.0.1:8123\"
    password = env(\"CLICKHOUSE_PASSWORD\", \"\")
  }
  kubernetes {
    manifests = \"out/manifests\"   # or: context = \"production\"
  }
  tenant \"acme\" {}

Then run `charter validate`, which needs no server, `charter plan`, which changes nothing, and `charter apply`, which \
asks before it does.";

const ENVIRONMENT: &str = "Environment:
  CHARTER_VAR_<name>    the value of a variable, unless --var or --var-file give one
  CHARTER_ACTOR         who applies, for the audit, unless --actor says it
  CHARTER_LOCK_TIMEOUT  how long an apply waits for the lock of its scope, unless --lock-timeout says it
  CHARTER_PLAN_KEY      proves that a saved plan is genuine, and that sensitive values are the same
  CHARTER_LOG           what is logged to standard error, as -v does: debug, or charter::observe=trace
  TRACEPARENT           the W3C trace that queries belong to; ClickHouse records it
  NO_COLOR, COLUMNS     no colours; how wide texts are
";

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Args),
    Validate(validate::Args),
    Fmt(fmt::Args),
    Test(test::Args),
    Plan(plan::Args),
    Show(show::Args),
    Apply(apply::Args),
    Check(check::Args),
    Import(import::Args),
    Migrate(migrate::Args),
    Credentials(credentials::Args),
    Unlock(unlock::Args),
    Rotate(rotate::Args),
    Lint(lint::Args),
    Explain(explain::Args),
    Graph(graph::Args),
    History(history::Args),
    Completion(completion::Args),
    /// Prints the version
    Version,
}

/// Runs charter with the process's arguments and returns its exit code.
pub fn main() -> std::process::ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            if error.use_stderr() {
                return misused(&error).into();
            }
            // Help that cannot be printed (a closed pipe) leaves nothing else to say.
            let _ = error.print();
            return Exit::Done.into();
        }
    };
    let env = crate::config::load::environment();
    let mut ui = cli.common.ui(&env);
    let opened = cli.common.json_into.as_deref().map_or(Ok(()), |path| record_into(&mut ui, path));
    let streams = cli.command.streams();
    ui.opening(VERSION, streams);
    let exit = match opened {
        Ok(()) => start(cli, ui, &env),
        Err(reason) => {
            ui.error(&format!("{reason}; nothing was done"));
            Ended { ui: Arc::new(ui), exit: Exit::Error }
        }
    };
    exit.ui.closing(exit.exit, streams);
    exit.exit.into()
}

/// How a command ended, and who says so.
struct Ended {
    ui: Arc<Ui>,
    exit: Exit,
}

/// Opens the file of the events.
fn record_into(ui: &mut Ui, path: &Path) -> Result<(), String> {
    let opened = record::open(path).map(|record| ui.record_into(record));
    opened.map_err(|error| format!("{} cannot be written: {error}", path.display()))
}

/// Says that the arguments make no sense, also where they ask for events.
fn misused(error: &clap::Error) -> Exit {
    let json = std::env::args_os().any(|arg| arg == "--json");
    let mut ui = Ui::new(ui::Options { json, ..ui::Options::default() });
    let opened = record::asked(std::env::args_os()).map_or(Ok(()), |path| record_into(&mut ui, &path));
    ui.opening(VERSION, true);
    let rendered = error.render().to_string();
    let said = Diagnostic::error(rendered.trim().trim_start_matches("error: "));
    context::events_of(&ui, &[said].into_iter().collect(), &SourceMap::default());
    if !json {
        // Where nobody reads messages there is nobody to tell.
        let _ = error.print();
    }
    if let Err(reason) = opened {
        ui.error(&reason);
    }
    ui.closing(Exit::Usage, true);
    Exit::Usage
}

/// Starts the log and the runtime, and runs the command.
fn start(cli: Cli, ui: Ui, env: &BTreeMap<String, String>) -> Ended {
    let ui = Arc::new(ui);
    let ended = |exit| Ended { ui: Arc::clone(&ui), exit };
    let options = log::Options {
        verbosity: cli.common.verbosity(),
        directives: env.get("CHARTER_LOG").map(String::as_str),
        json: ui.is_json(),
        color: ui.colors_messages(),
    };
    if let Err(reason) = log::init(options) {
        ui.error(&reason);
        return ended(Exit::Usage);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            ui.error(&format!("cannot start: {error}"));
            return ended(Exit::Error);
        }
    };
    if ui.has_events() {
        let _inside = runtime.enter();
        let signals = Signals::listen();
        runtime.spawn(on_signal(signals, Arc::clone(&ui), cli.command.streams()));
    }
    ended(runtime.block_on(run(&cli, &ui)))
}

/// Ends the events where a signal ends the process and nobody else sees to it.
async fn on_signal(mut signals: Signals, ui: Arc<Ui>, streams: bool) {
    loop {
        signals.next().await;
        if !ui.interrupts_are_taken() {
            ui.closing(Exit::Interrupted, streams);
            // The command may wait for an answer on standard input, which nothing but the end of the
            // process ends.
            #[expect(
                clippy::disallowed_methods,
                reason = "it stands for the signal that would end the process"
            )]
            std::process::exit(Exit::Interrupted.code().into());
        }
    }
}

impl Command {
    /// Returns whether standard output has nothing but events with `--json`.
    fn streams(&self) -> bool {
        matches!(
            self,
            Self::Validate(_)
                | Self::Fmt(_)
                | Self::Test(_)
                | Self::Plan(_)
                | Self::Show(_)
                | Self::Apply(_)
                | Self::Check(_)
                | Self::Migrate(_)
                | Self::Unlock(_)
                | Self::Rotate(_)
        )
    }
}

async fn run(cli: &Cli, ui: &Ui) -> Exit {
    match &cli.command {
        Command::Init(args) => init::run(&cli.common, args, ui),
        Command::Validate(args) => validate::run(&cli.common, args, ui),
        Command::Fmt(args) => fmt::run(&cli.common, args, ui),
        Command::Test(args) => test::run(&cli.common, args, ui),
        Command::Plan(args) => plan::run(&cli.common, args, ui).await,
        Command::Apply(args) => apply::run(&cli.common, args, ui).await,
        Command::Check(args) => check::run(&cli.common, args, ui).await,
        Command::Import(args) => import::run(&cli.common, args, ui).await,
        Command::Migrate(args) => migrate::run(&cli.common, args, ui).await,
        Command::Credentials(args) => credentials::run(&cli.common, args, ui).await,
        Command::Unlock(args) => unlock::run(&cli.common, args, ui).await,
        Command::Rotate(args) => rotate::run(&cli.common, args, ui).await,
        Command::Lint(args) => lint::run(&cli.common, args, ui),
        Command::Explain(args) => explain::run(args, ui),
        Command::Graph(args) => graph::run(&cli.common, args, ui),
        Command::History(args) => history::run(&cli.common, args, ui).await,
        Command::Show(args) => show::run(args, ui),
        Command::Completion(args) => completion::run::<Cli>(args, ui),
        Command::Version => context::print(ui, &format!("charter {}", env!("CARGO_PKG_VERSION")), Exit::Done),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_arguments_are_consistent() {
        use clap::CommandFactory as _;
        super::Cli::command().debug_assert();
    }
}
