//! `charter credentials issue`: makes a user that ends by itself, and hands out its password once.
//!
//! What it does is a plan of one step, executed as every plan is: claimed first, recorded at the
//! end, in the audit. Where a step fails, what it left is removed again, and what is there is told.

use std::net::IpAddr;

use serde_json::json;

use super::super::args::Common;
use super::super::context::{self, Context, Observation};
use super::super::identity;
use crate::apply::{self, Outcome};
use crate::config::load::environment;
use crate::diag::{Diagnostic, nearest};
use crate::kinds::common::{grants::GranteeType, reads};
use crate::kinds::issued_user::{self, Issue};
use crate::model::op::SlotSource;
use crate::model::registry::Status;
use crate::model::snapshot::text;
use crate::model::{Addr, Resource, Rotation, Secret, names};
use crate::plan;
use crate::ui::{Exit, Ui};

/// The shortest and the longest time to live, in seconds.
const TTL: (u64, u64) = (10, 30 * 24 * 3600);

/// Makes a short-lived user with one role, and prints its password once
///
/// ROLE is a role of this configuration that is applied: its address (role.analyst, tenant.acme.role, or the tenant
/// that has it), or its name on the server. The user holds that role and nothing else, can grant nothing on, and ends by
/// itself. The password is printed once and stored nowhere; with --secret it is written to a Kubernetes Secret instead.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  charter credentials issue role.analyst --ttl 1h --reason \"incident 4711\"\n  \
    charter credentials issue tenant.acme --ttl 15m --host 10.0.0.0/8\n  \
    charter credentials issue role.loader --ttl 1d --secret jobs/loader-clickhouse\n  \
    PASSWORD=$(charter credentials issue role.analyst --ttl 10m --json | jq -r .password)"
)]
pub struct Args {
    /// The role that the user is to hold: an address or a name
    #[arg(value_name = "ROLE")]
    role: String,
    /// How long it works: a number and s, m, h or d, from 10s to 30d
    #[arg(long, value_name = "DURATION", value_parser = ttl)]
    ttl: u64,
    /// Why: becomes part of the user's name, and stays in the record
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true, value_parser = reason)]
    reason: String,
    /// An address or network that it may log in from; all where there is none
    #[arg(long = "host", value_name = "CIDR", value_parser = host)]
    hosts: Vec<String>,
    /// The Secret that keeps its name and password (keys username and password); made where it is not there
    #[arg(long, value_name = "NAMESPACE/NAME", value_parser = secret)]
    secret: Option<(String, String)>,
    /// Who asks, for the name and the audit; else from the CI's variables or the operating system
    #[arg(long, value_name = "NAME")]
    actor: Option<String>,
}

/// Parses a time to live, to seconds.
fn ttl(text: &str) -> Result<u64, String> {
    let wrong = || "write a number and s, m, h or d, such as 15m, 1h or 7d".to_owned();
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?);
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 24 * 3600,
        _ => return Err(wrong()),
    };
    let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)).ok_or_else(wrong)?;
    if (TTL.0..=TTL.1).contains(&seconds) {
        return Ok(seconds);
    }
    Err("from 10s to 30d: who needs it for longer is declared in a `user` block".to_owned())
}

fn reason(text: &str) -> Result<String, String> {
    if text.chars().count() <= 200 && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    Err("at most 200 characters, in one line".to_owned())
}

fn host(text: &str) -> Result<String, String> {
    let wrong = || "write an address like 10.1.2.3 or a network like 10.0.0.0/8".to_owned();
    let (address, prefix) = text.split_once('/').map_or((text, None), |(at, prefix)| (at, Some(prefix)));
    let address: IpAddr = address.parse().map_err(|_| wrong())?;
    let bits: u32 = if address.is_ipv4() { 32 } else { 128 };
    match prefix.map(str::parse::<u32>) {
        None => Ok(text.to_owned()),
        Some(Ok(prefix)) if prefix <= bits => Ok(text.to_owned()),
        Some(_) => Err(wrong()),
    }
}

fn secret(text: &str) -> Result<(String, String), String> {
    let (namespace, name) = text.split_once('/').ok_or("write NAMESPACE/NAME")?;
    names::dns1123(namespace)?;
    names::dns_subdomain(name)?;
    Ok((namespace.to_owned(), name.to_owned()))
}

/// Runs the command.
pub async fn run(common: &Common, args: &Args, ui: &Ui) -> Exit {
    let run = identity::run("issue", args.actor.as_deref(), &common.dir, &environment());
    let issued = async {
        let mut context = Context::open(common, &run, ui).await?;
        if args.secret.is_some() && context.settings.kubernetes.is_none() {
            context::tell(
                ui,
                Diagnostic::error("the configuration has no kubernetes block")
                    .help("leave --secret out, and the password is printed once"),
            );
            return Err(Exit::Error);
        }
        let role = find_role(&context, &args.role, ui)?;
        let secret = args.secret.as_ref().map(|(namespace, name)| (namespace.as_str(), name.as_str()));
        let unique = run.id.rsplit('-').next().unwrap_or_default();
        let Args { reason, hosts, .. } = args;
        let issue = Issue { role: &role, actor: &run.actor, reason, hosts, secret, unique };
        // What has to be read depends on what is declared; the end is known when the clock is.
        let draft = issue.resource(0, 0);
        context.compiled.desired.resources.insert(draft.addr.clone(), draft);
        let observation = context.observe(ui).await?;
        let user = issue.resource(observation.snapshot.caps.now, args.ttl);
        context.compiled.desired.resources.insert(user.addr.clone(), user.clone());
        is_applied(&role, &observation, ui)?;
        let password = make(&context, &observation, &user, &run, ui).await?;
        Ok::<_, Exit>((user, password))
    };
    match issued.await {
        Ok((user, password)) => hand_out(&user, password, ui),
        Err(exit) => exit,
    }
}

/// Finds the declared role of an address or a name.
fn find_role(context: &Context, wanted: &str, ui: &Ui) -> Result<Resource, Exit> {
    let desired = &context.compiled.desired;
    let kind = GranteeType::Role.word();
    let roles = || desired.resources.values().filter(|resource| resource.kind == kind);
    let within = |addr: &Addr| roles().filter(|role| role.addr.is_within(addr)).collect::<Vec<_>>();
    let by_addr = Addr::parse(wanted).map(|addr| within(&addr)).unwrap_or_default();
    let by_name: Vec<&Resource> = roles().filter(|role| role.identity == wanted).collect();
    match (&by_addr[..], &by_name[..]) {
        ([role], _) | ([], [role]) => return Ok((*role).clone()),
        ([], _) => {}
        (several, _) => {
            let start = Diagnostic::error(format!("{wanted:?} has several roles"));
            let told = several.iter().fold(start, |told, role| told.help(format!("one is {}", role.addr)));
            context::tell(ui, told);
            return Err(Exit::Error);
        }
    }
    let start = Diagnostic::error(format!("there is no role {wanted:?} in this configuration"))
        .detail("Short-lived users hold a role that this configuration declares, so that what they may do was reviewed.");
    let known: Vec<String> =
        roles().flat_map(|role| [role.addr.to_string(), role.identity.clone()]).collect();
    context::tell(
        ui,
        match nearest(wanted, known.iter().map(String::as_str)) {
            Some(near) => start.help(format!("did you mean {near}?")),
            None => start.help("name it by its address, such as role.analyst or tenant.acme.role"),
        },
    );
    Err(Exit::Error)
}

/// Makes sure that the role is ours and on the server.
fn is_applied(role: &Resource, observation: &Observation, ui: &Ui) -> Result<(), Exit> {
    let entry = observation.registry.mine(role.kind, &role.identity);
    let live = observation.snapshot.rows(reads::ROLES).iter().any(|row| text(row, "name") == role.identity);
    if live && entry.is_some_and(|entry| entry.status == Status::Applied) {
        return Ok(());
    }
    let why =
        if live { "It is on the server and not recorded as charter's." } else { "It is not on the server." };
    context::tell(
        ui,
        Diagnostic::error(format!("role {} is declared and not applied", role.identity))
            .detail(why)
            .help(format!("apply it first: charter apply --target {}", role.addr)),
    );
    Err(Exit::Error)
}

/// Makes the user, and returns the password where it is handed out.
async fn make(
    context: &Context,
    observation: &Observation,
    user: &Resource,
    run: &apply::Run,
    ui: &Ui,
) -> Result<Option<Secret>, Exit> {
    let mut plan = plan::one(&context.request(observation, &[], &Rotation::default()), &user.addr);
    if !super::may_apply(&plan, ui) {
        return Err(Exit::Error);
    }
    let mut password = None;
    if !user.attrs.contains_key("secret") {
        let made = apply::new_password().map_err(|error| {
            ui.error(&error);
            Exit::Error
        })?;
        plan.slots.insert(issued_user::slot(&user.addr), SlotSource::Given(made.clone()));
        password = Some(made);
    }
    let report = super::execute(context, plan, run).await;
    if report.outcome() == Outcome::Done {
        report.warnings.iter().for_each(|warning| ui.warn(warning));
        return Ok(password);
    }
    super::tell_problems("the short-lived user could not be made", &report, ui);
    Err(super::manage::undo(context, user, run, &report, ui).await)
}

/// Prints who the user is and, unless a Secret keeps it, its password: the one place where a
/// password is shown.
fn hand_out(user: &Resource, password: Option<Secret>, ui: &Ui) -> Exit {
    let (name, role, until) = (&user.identity, user.text("role"), user.text("valid_until"));
    let kept_in = (!user.text("secret").is_empty())
        .then(|| format!("{}/{}", user.text("namespace"), user.text("secret")));
    let password = password.as_ref().map(Secret::expose);
    if ui.is_json() {
        let object = json!({
            "user": name, "role": role, "valid_until": until, "address": user.addr,
            "password": password, "secret": kept_in,
        });
        return context::print(ui, &object.to_string(), Exit::Done);
    }
    let mut lines = vec![format!("user         {name}"), format!("role         {role}")];
    lines.extend(password.map(|password| format!("password     {password}")));
    lines.extend(kept_in.map(|place| format!("secret       {place}, keys username and password")));
    lines.push(format!("valid until  {until}"));
    let exit = context::print(ui, &lines.join("\n"), Exit::Done);
    if password.is_some() {
        ui.status("The password is shown this once and stored nowhere.");
    }
    ui.status(&format!("To end it earlier: charter credentials revoke {name}"));
    exit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_to_live_have_a_unit_and_bounds() {
        for (text, seconds) in [("10s", 10), ("15m", 900), ("1h", 3600), ("30d", 2_592_000)] {
            assert_eq!(ttl(text), Ok(seconds), "{text}");
        }
        for text in ["", "1", "h", "1w", "9s", "31d", "-1h", "1.5h", "99999999999999999999d", "1h30m"] {
            assert!(ttl(text).is_err(), "{text}");
        }
    }

    #[test]
    fn hosts_and_secrets_are_checked_before_anything_is_asked() {
        for good in ["10.0.0.1", "10.0.0.0/8", "fd00::/64", "::1"] {
            assert_eq!(host(good).as_deref(), Ok(good));
        }
        for bad in ["", "localhost", "10.0.0.0/33", "10.0.0.0/", "'; DROP USER x"] {
            assert!(host(bad).is_err(), "{bad}");
        }
        assert_eq!(secret("jobs/loader"), Ok(("jobs".into(), "loader".into())));
        for bad in ["loader", "jobs/", "/x", "Jobs/x", "a/b/c"] {
            assert!(secret(bad).is_err(), "{bad}");
        }
        assert!(reason("two\nlines").is_err());
    }
}
