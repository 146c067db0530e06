//! Who runs charter, where, and for which revision: what the audit says.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use jiff::Timestamp;

use crate::apply::Run;
use crate::model::digest;

/// Returns a new run.
pub fn run(purpose: &str, actor: Option<&str>, dir: &Path, env: &BTreeMap<String, String>) -> Run {
    let first = |names: &[&str]| {
        names.iter().find_map(|name| env.get(*name).filter(|value| !value.is_empty())).cloned()
    };
    let by_environment = || first(&["CHARTER_ACTOR", "GITHUB_ACTOR", "GITLAB_USER_LOGIN", "USER", "LOGNAME"]);
    let started = Timestamp::now();
    Run {
        id: id(started),
        actor: actor.map(str::to_owned).or_else(by_environment).unwrap_or_else(|| "unknown".into()),
        host: first(&["HOSTNAME"]).or_else(hostname).unwrap_or_else(|| "unknown".into()),
        purpose: purpose.to_owned(),
        git_revision: first(&["GITHUB_SHA", "CI_COMMIT_SHA"])
            .or_else(|| git_revision(dir))
            .unwrap_or_default(),
        started,
        plan: String::new(),
    }
}

/// Returns an id that sorts by time and is unique among all runs.
fn id(started: Timestamp) -> String {
    let mut random = [0u8; 5];
    // Without randomness the time alone has to do: nanoseconds tell runs of one machine apart.
    let suffix = match getrandom::fill(&mut random) {
        Ok(()) => digest::hex(&random),
        Err(_) => started.subsec_nanosecond().to_string(),
    };
    format!("{}-{suffix}", started.strftime("%Y%m%dT%H%M%SZ"))
}

fn hostname() -> Option<String> {
    let text = std::fs::read_to_string("/etc/hostname").ok()?;
    Some(text.trim().to_owned()).filter(|name| !name.is_empty())
}

fn git_revision(dir: &Path) -> Option<String> {
    let output =
        Command::new("git").arg("-C").arg(dir).args(["rev-parse", "--verify", "HEAD"]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
