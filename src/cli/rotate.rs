//! `charter rotate`: new passwords, now.

use super::apply::{How, carry_out};
use super::args::{Ask, Common, addr};
use super::context::Context;
use super::identity;
use crate::config::load::environment;
use crate::kinds::common::duration;
use crate::model::{Addr, Rotation};
use crate::ui::{Exit, Ui};

/// Makes new passwords; the old ones work until their grace ends
///
/// For each user: ClickHouse accepts a new password beside the old one, the new one is proved by
/// login, and then the Secret is written. Clients that have read the old Secret go on working until
/// the grace ends; the first apply after that retires the old password, and so does --finish, at
/// once. Nothing of this drops a connection, and no password is printed.
///
/// What would happen is shown first and has to be approved, as with apply; `charter plan --rotate`
/// only shows it. A password that is due (`rotate_after` in its `credentials` block) is rotated by
/// apply, without this command.
///
/// Before ClickHouse 24.9 a user has one password: the old one stops working at once, and the plan
/// says so. A run that is interrupted is completed by the next apply.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  charter rotate user.bi\n  charter rotate tenant.acme --grace 12h    # clients that read their Secret at night\n  \
                        charter rotate tenant.acme --finish       # all clients have read the new Secret\n  \
                        charter rotate tenant.acme --auto-approve # in CI"
)]
pub struct Args {
    /// Whose password: a user, or all users of a tenant or a group, such as user.bi or tenant.acme
    #[arg(value_name = "ADDRESS", required = true, value_parser = addr)]
    users: Vec<Addr>,
    /// How long the old password works, instead of the grace of the `credentials` block: 90d, 1h,
    /// 30m, 45s
    #[arg(long, value_name = "DURATION", value_parser = grace, conflicts_with = "finish")]
    grace: Option<u64>,
    /// Retire the old passwords at once instead of making new ones; refused where what the Secret
    /// holds does not log in
    #[arg(long)]
    finish: bool,
    #[command(flatten)]
    how: How,
}

fn grace(text: &str) -> Result<u64, String> {
    duration::seconds(text)
        .ok_or_else(|| "a whole number above 0 and a unit, such as 90d, 1h, 30m or 45s".into())
}

/// Runs the command.
pub async fn run(common: &Common, args: &Args, ui: &Ui) -> Exit {
    let run = identity::run("rotate", args.how.actor.as_deref(), &common.dir, &environment());
    let context = match Context::open(common, &run, ui).await {
        Ok(context) => context,
        Err(code) => return code,
    };
    let users = match context.users(&args.users, ui) {
        Ok(users) => users,
        Err(code) => return code,
    };
    let targets = users.iter().cloned().collect();
    let rotation = Rotation { users, grace: args.grace, finish: args.finish };
    carry_out(&context, &Ask { targets, rotation, ..Ask::default() }, &args.how, &run, ui).await
}
