//! What is said of a saved plan besides the plan: where it comes from, until when it can be applied,
//! and how.

use crate::diag::escape;
use crate::kinds::common::duration;
use crate::model::{Addr, Digest};
use crate::plan_file::Opened;

/// Returns what to do with a plan that was just saved.
pub fn how_to_go_on(path: &str, digest: &Digest, expires: u64) -> String {
    let path = escape::line(path);
    format!(
        "Saved the plan to {path}; its digest is {}.\n\
         To look at it again:      charter show {path}\n\
         To do exactly this, once, within {}: charter apply {path}",
        digest.short(),
        duration::text(expires)
    )
}

/// Returns how to apply a plan that was not saved.
pub fn how_to_approve(digest: &Digest) -> String {
    let digest = digest.short();
    format!(
        "To do exactly this and nothing else: charter apply --approve {digest}  (or save it: charter plan -o FILE)"
    )
}

/// Returns what is above a saved plan. `now` is in seconds since 1970; `version` is charter's own.
pub fn head(opened: &Opened, version: &str, now: u64) -> String {
    let Opened { charter, keyed, saved } = opened;
    let mut lines = vec![format!(
        "Saved plan {}, made {} by {} with charter {}{}.",
        saved.digest.short(),
        duration::instant(saved.made_at),
        escape::line(&saved.made_by),
        escape::line(charter),
        revision(&saved.git_revision)
    )];
    lines.push(format!(
        "For scope {}, environment {}{}.",
        escape::line(&saved.plan.scope),
        escape::line(&saved.plan.environment),
        options(&saved.options.targets, &saved.options.rotate)
    ));
    lines.push(if now >= saved.expires_at {
        format!("It expired at {}: plan again.", duration::instant(saved.expires_at))
    } else {
        format!("It can be applied once, until {}.", duration::instant(saved.expires_at))
    });
    if charter != version {
        lines.push(format!(
            "This is charter {version}, which applies plans of its own version only: plan again, or apply it with charter {}.",
            escape::line(charter)
        ));
    }
    if *keyed {
        lines.push("It was made with CHARTER_PLAN_KEY, which an apply needs, too.".to_owned());
    }
    lines.join("\n")
}

fn revision(revision: &str) -> String {
    let short: String = revision.chars().take(12).collect();
    if short.is_empty() { String::new() } else { format!(" at revision {}", escape::line(&short)) }
}

fn options(targets: &[Addr], rotate: &[Addr]) -> String {
    let list = |what: &str, addrs: &[Addr]| {
        let names: Vec<String> =
            addrs.iter().map(|addr| escape::line(&addr.to_string()).into_owned()).collect();
        if names.is_empty() { String::new() } else { format!(", {what} {}", names.join(", ")) }
    };
    format!("{}{}", list("only", targets), list("rotating", rotate))
}
