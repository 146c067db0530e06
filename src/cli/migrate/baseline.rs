//! `charter migrate baseline`: the files of a database that was there before are recorded as done.

use super::super::apply::{How, carry_out};
use super::super::args::{Ask, Common};
use super::super::context::{self, Context};
use super::super::identity;
use super::Work;
use crate::config::load::environment;
use crate::diag::{Diagnostic, nearest};
use crate::kinds::migrations::baseline::Baseline;
use crate::model::Addr;
use crate::model::resource::Desired;
use crate::ui::{Exit, Ui};

/// Records the files of a database that was there before as done, without running them
///
/// For a tenant whose tables were made by hand or by another runner, and whose migration files
/// describe them. The tables, views, dictionaries and databases that the files would have made must
/// be there; what is missing is listed, and nothing is recorded. A folder of which anything has been
/// recorded already is refused: a baseline says where runs begin.
///
/// What will be recorded is shown first and has to be approved, as with apply; it is recorded under
/// the scope's lock with who did it. Files above --version are run by the next `charter apply`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  charter migrate baseline acme
  charter migrate baseline acme --version 1004     # later files are run by the next apply
  charter migrate baseline migrations.global --reason \"made by the platform team in 2024\"")]
pub struct Args {
    /// Whose files: a tenant's slug, or an address such as tenant.acme or migrations.global
    #[arg(value_name = "TENANT|ADDRESS")]
    place: String,
    /// Only files up to this version
    #[arg(long, value_name = "N")]
    version: Option<u64>,
    /// Why; recorded
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reason: String,
    #[command(flatten)]
    how: How,
}

/// Runs the command.
pub async fn run(common: &Common, args: &Args, ui: &Ui) -> Exit {
    let run = identity::run("migrate baseline", args.how.actor.as_deref(), &common.dir, &environment());
    let context = match Context::open(common, &run, ui).await {
        Ok(context) => context,
        Err(code) => return code,
    };
    let addr = match place(&args.place, &context.compiled.desired) {
        Ok(addr) => addr,
        Err(diagnostic) => {
            context::tell(ui, *diagnostic);
            return Exit::Error;
        }
    };
    let baseline = Baseline { addr, version: args.version, reason: args.reason.trim().to_owned() };
    carry_out(
        &context,
        &Ask { ledger: Some(Work::Baseline(baseline)), ..Ask::default() },
        &args.how,
        &run,
        ui,
    )
    .await
}

/// Returns the address that is meant.
fn place(text: &str, desired: &Desired) -> Result<Addr, Box<Diagnostic>> {
    let slugs = || desired.resources.values().filter_map(|resource| resource.tenant.as_deref());
    let of_slug = desired.resources.values().find(|resource| resource.tenant.as_deref() == Some(text));
    if let Some(resource) = of_slug {
        return Ok(resource.addr.block());
    }
    match Addr::parse(text) {
        Ok(addr) if addr.segments().len() >= 2 => Ok(addr),
        _ => {
            let diagnostic = Diagnostic::error(format!("{text:?} is no tenant and no address"));
            Err(Box::new(match nearest(text, slugs()) {
                Some(near) => diagnostic.help(format!("did you mean {near}?")),
                None => {
                    diagnostic.help("name a tenant (acme), or an address (tenant.acme, migrations.global)")
                }
            }))
        }
    }
}
