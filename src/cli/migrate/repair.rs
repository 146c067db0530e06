//! `charter migrate repair`: a person's decision about a statement, or about an edited file.

use super::super::apply::{How, carry_out};
use super::super::args::{Ask, Common, addr};
use super::super::context::Context;
use super::super::identity;
use super::Work;
use crate::config::load::environment;
use crate::kinds::migrations::repair::{Repair, Verb};
use crate::model::Addr;
use crate::ui::{Exit, Ui};

/// Records what a person found out about a statement, or that an edit is accepted
///
/// A statement that was started and has no recorded end is unknown: charter neither repeats nor
/// assumes it. `charter plan` (CH414) and `charter migrate status` say which one it is, with the
/// evidence that there is. Look at the table, decide, and record it here.
///
/// --applied is refused where the statement should have made or dropped something, and the server
/// says otherwise; where nothing that can be seen proves it, it needs a reason. What will be recorded
/// is shown first and has to be approved, as with apply; it is recorded under the scope's lock with
/// who did it and why. Nothing else is changed: the next `charter apply` goes on from there.
#[derive(Debug, clap::Args)]
#[command(
    group = clap::ArgGroup::new("decision").required(true).args(["retry", "applied", "skip", "accept_edit"]),
    after_help = "Examples:
  charter migrate repair 'tenant.acme.migration[\"schema/V3__fill.sql\"]' --retry
  charter migrate repair 'tenant.acme.migration[\"schema/V3__fill.sql\"]' --statement 2 --applied --reason \"12,000 rows counted\"
  charter migrate repair 'tenant.acme.migration[\"schema/V3__fill.sql\"]' --statement 2 --skip --reason \"not for this tenant\"
  charter migrate repair 'tenant.acme.migration[\"schema/V1__t.sql\"]' --accept-edit --reason \"a password was taken out\""
)]
pub struct Args {
    /// The file, as `charter plan` and `charter migrate status --format json` name it
    #[arg(value_name = "ADDRESS", value_parser = addr)]
    file: Addr,
    /// The statement, from 1; the one at which the file stopped where it is not said
    #[arg(long, value_name = "N", conflicts_with = "accept_edit")]
    statement: Option<usize>,
    /// It did not do its work: the next apply runs it
    #[arg(long)]
    retry: bool,
    /// It did its work
    #[arg(long)]
    applied: bool,
    /// It is left out; needs a reason
    #[arg(long)]
    skip: bool,
    /// The file counts as applied as it is now (CH410, CH413); needs a reason
    #[arg(long)]
    accept_edit: bool,
    /// Why; recorded
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reason: String,
    /// Record --applied against what can be seen; needs a reason
    #[arg(long, requires = "applied", requires = "reason")]
    force: bool,
    #[command(flatten)]
    how: How,
}

impl Args {
    fn verb(&self) -> Verb {
        match (self.retry, self.applied, self.skip) {
            (true, ..) => Verb::Retry,
            (_, true, _) => Verb::Applied,
            (.., true) => Verb::Skip,
            _ => Verb::AcceptEdit,
        }
    }
}

/// Runs the command.
pub async fn run(common: &Common, args: &Args, ui: &Ui) -> Exit {
    let run = identity::run("migrate repair", args.how.actor.as_deref(), &common.dir, &environment());
    let context = match Context::open(common, &run, ui).await {
        Ok(context) => context,
        Err(code) => return code,
    };
    let repair = Repair {
        addr: args.file.clone(),
        statement: args.statement,
        verb: args.verb(),
        reason: args.reason.trim().to_owned(),
        force: args.force && !args.reason.trim().is_empty(),
    };
    carry_out(&context, &Ask { ledger: Some(Work::Repair(repair)), ..Ask::default() }, &args.how, &run, ui)
        .await
}
