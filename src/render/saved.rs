//! What is said of a saved plan besides the plan: where it comes from, until when it can be applied,
//! and how.

use crate::diag::escape;
use crate::kinds::common::duration;
use crate::model::op::{KubeWrite, Op};
use crate::model::plan::{Action, Step};
use crate::model::snapshot::Api;
use crate::model::{Addr, Digest, Plan};
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

/// Returns what to expect of a plan that was saved without a look at Secrets: nothing, or how many of its
/// steps an apply will find to be others.
pub fn without_secrets(plan: &Plan) -> Option<String> {
    let steps = plan.steps.iter().filter(|step| changes_a_secret(step)).count();
    let those = match steps {
        0 => return None,
        1 => "1 step changes or removes a Secret that exists and was not looked at".to_owned(),
        _ => format!("{steps} steps change or remove Secrets that exist and were not looked at"),
    };
    Some(format!(
        "{those} (--no-secrets): an apply, which reads them, will find this plan stale, change nothing, and need an approval again"
    ))
}

/// Returns whether a step writes to a Secret that is there already.
fn changes_a_secret(step: &Step) -> bool {
    step.ops.iter().any(|op| match op {
        Op::KubeApply(apply) => {
            apply.api == Api::secrets() && apply.mode != KubeWrite::Create && step.action != Action::Create
        }
        Op::KubeDelete(delete) => delete.api == Api::secrets(),
        _ => false,
    })
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::cause::Cause;
    use crate::plan_file::configuration::Configuration;
    use crate::plan_file::values::Proof;
    use crate::plan_file::{Options, Saved};

    fn opened() -> Opened {
        let plan = Plan { scope: "platform".into(), environment: "production".into(), ..Plan::default() };
        let saved = Saved {
            id: String::new(),
            made_at: 1_000,
            expires_at: 2_000,
            made_by: "ada\u{1b}[31m".into(),
            git_revision: "0123456789abcdef".into(),
            options: Options { targets: vec![Addr::new("role", "a")], ..Options::default() },
            configuration: Configuration::default(),
            values: Proof::Keyed([].into()),
            digest: Digest::of_bytes(b""),
            plan,
        };
        Opened { charter: "0.1.0".into(), keyed: true, saved }
    }

    #[test]
    fn what_an_apply_will_find_to_be_another_plan_is_told() {
        let secret = |action: &str, op: serde_json::Value| {
            json!({
                "id": 0, "address": "secret.bi", "kind": "secret", "identity": "operations/bi", "action": action,
                "ops": [op], "expects": Digest::of_bytes(b""), "cause": Cause::default(),
            })
        };
        let named = json!({"api": Api::secrets(), "namespace": "operations", "name": "bi"});
        let with = |more: serde_json::Value| {
            let mut all = named.clone();
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            all
        };
        let apply = |mode: KubeWrite| json!({"kube_apply": with(json!({"manager": "charter", "object": {}, "data": {}, "mode": mode, "prune": []}))});
        let write = KubeWrite::Apply { force: false, resource_version: None };
        let told = |steps: &[serde_json::Value]| {
            let steps = steps.iter().map(|step| serde_json::from_value(step.clone()).unwrap()).collect();
            without_secrets(&Plan { steps, ..Plan::default() })
        };
        let delete = secret("delete", json!({"kube_delete": with(json!({"uid": null}))}));
        let made = [secret("create", apply(KubeWrite::Create)), secret("create", apply(write.clone()))];
        assert_eq!(told(&made), None, "a new tenant's");
        assert!(
            told(std::slice::from_ref(&delete)).unwrap().starts_with("1 step changes or removes a Secret")
        );
        assert!(
            told(&[delete, secret("update", apply(write))]).unwrap().starts_with("2 steps change or remove")
        );
    }

    #[test]
    fn where_it_comes_from_and_what_becomes_of_it_is_told() {
        let opened = opened();
        let both = [head(&opened, "0.1.0", 1_500), head(&opened, "0.2.0", 2_000)].join("\n\n");
        insta::assert_snapshot!(both, @r"
        Saved plan e3b0c44298fc, made 1970-01-01 00:16:40 UTC by ada\u{1b}[31m with charter 0.1.0 at revision 0123456789ab.
        For scope platform, environment production, only role.a.
        It can be applied once, until 1970-01-01 00:33:20 UTC.
        It was made with CHARTER_PLAN_KEY, which an apply needs, too.

        Saved plan e3b0c44298fc, made 1970-01-01 00:16:40 UTC by ada\u{1b}[31m with charter 0.1.0 at revision 0123456789ab.
        For scope platform, environment production, only role.a.
        It expired at 1970-01-01 00:33:20 UTC: plan again.
        This is charter 0.2.0, which applies plans of its own version only: plan again, or apply it with charter 0.1.0.
        It was made with CHARTER_PLAN_KEY, which an apply needs, too.
        ");
    }
}
