//! What a saved plan shows compared with the plan that is made again when it is applied: an approval
//! is of what was shown, so that a file that was edited to look harmless must not be applied.
//!
//! The plan's digest binds what is done. This binds the rest, but for what changes by itself: numbers
//! (of rows, of bytes, of days), and who moved a server and when. Findings are compared in one
//! direction: who plans may hear more than who applies (of rights that the one lacks), never less.

use serde_json::{Value as Json, json};

use crate::diag::escape;
use crate::model::cost::Cost;
use crate::model::{Finding, Plan, Step};

/// How many characters of a value are told.
const LONGEST: usize = 160;

/// What stands at each of some places.
type Shown = Vec<(String, Json)>;

/// Compares what a saved plan shows with a plan of the same digest; returns a line for each thing that
/// it shows otherwise.
pub fn differences(shown: &Plan, again: &Plan) -> Vec<String> {
    // Equal digests: the same steps in the same order.
    let steps = shown.steps.iter().zip(&again.steps);
    let mut lines: Vec<String> = steps.flat_map(|(shown, again)| of_step(shown, again)).collect();
    lines.extend(differing(&of_plan(shown), &of_plan(again)));
    lines.extend(untold(shown, again));
    lines
}

fn of_step(shown: &Step, again: &Step) -> Vec<String> {
    differing(&parts(shown), &parts(again))
}

/// Returns what is shown of a step and not covered by the digest.
fn parts(step: &Step) -> Shown {
    let Step { addr, kind, identity, tenant, before, desired, diff, notes, costs, cause, .. } = step;
    let costs: Vec<Json> = costs.iter().map(cost).collect();
    let notes: Vec<String> = notes.iter().map(|note| less_numbers(note)).collect();
    let differences: Vec<Json> = cause.differences.iter().map(|one| json!([one.moved, one.items])).collect();
    let fields = [
        ("kind", json!(kind)),
        ("name", json!(identity)),
        ("tenant", json!(tenant)),
        ("what is there", json!(before)),
        ("what is declared", json!(desired)),
        ("differences", json!(diff)),
        ("notes", json!(notes)),
        ("costs", json!(costs)),
        ("cause", json!([cause.moved, differences, cause.drift])),
    ];
    fields.map(|(what, value)| (format!("{addr}: {what}"), value)).into()
}

fn cost(cost: &Cost) -> Json {
    let Cost { statement, what, database, table, rows: _, bytes: _, work, undo } = cost;
    json!([statement, what, database, table, work, undo])
}

/// Returns what is shown besides steps and findings.
fn of_plan(plan: &Plan) -> Shown {
    let access = plan
        .access
        .iter()
        .map(|change| (format!("access of {} {}", change.of.word(), change.principal), json!(change)));
    let gates = plan.gates.iter().map(|gate| {
        let objects = gate.objects.iter();
        let objects: Vec<Json> =
            objects.map(|one| json!([one.addr, one.kind, one.identity, one.stake.is_some()])).collect();
        (format!("what needs {}", gate.flag.text()), json!(objects))
    });
    let allowed = plan.allowed.iter().map(|allowed| {
        let whom = json!([allowed.finding.addr, less_numbers(&allowed.finding.summary), allowed.reason]);
        (format!("allowed {}", allowed.finding.code), whom)
    });
    let retained = plan.retained.iter().map(|kept| (format!("{} is kept", kept.addr), json!(kept)));
    let checks = plan.checks.iter().map(|check| (check.address.clone(), json!(check)));
    access.chain(gates).chain(allowed).chain(retained).chain(checks).collect()
}

/// Returns a line for each place at which something else stands.
fn differing(shown: &Shown, again: &Shown) -> Vec<String> {
    if shown == again {
        return Vec::new();
    }
    let in_file = shown.iter().filter(|one| !again.contains(one)).map(|one| (one, "the file shows"));
    let now = again.iter().filter(|one| !shown.contains(one)).map(|one| (one, "the plan made again has"));
    let line = |((place, value), who): (&(String, Json), &str)| {
        let value = escape::line(&value.to_string()).into_owned();
        format!("{}: {who} {}", escape::line(place), escape::elide(&value, LONGEST))
    };
    let mut lines: Vec<String> = in_file.chain(now).map(line).collect();
    lines.sort();
    lines
}

/// Returns a line for each finding of the plan made again that the file does not show as gravely.
fn untold(shown: &Plan, again: &Plan) -> Vec<String> {
    let about = |finding: &Finding| (finding.code, finding.addr.clone(), less_numbers(&finding.summary));
    let is_told = |finding: &Finding| {
        let same = |other: &Finding| {
            other.code == finding.code && other.addr == finding.addr && about(other) == about(finding)
        };
        shown.findings.iter().any(|other| same(other) && other.severity <= finding.severity)
    };
    let untold = again.findings.iter().filter(|finding| !is_told(finding));
    untold
        .map(|finding| {
            let whom = finding.addr.as_ref().map(|addr| format!("{addr}: ")).unwrap_or_default();
            let text = format!("{whom}{} {}", finding.code, finding.summary);
            format!("the file does not show this finding: {}", escape::line(&text))
        })
        .collect()
}

/// Returns a text without its words that hold digits and the words that count by them: `3 days`.
fn less_numbers(text: &str) -> String {
    let has_digit = |word: &str| word.chars().any(|c| c.is_ascii_digit());
    let mut kept = Vec::new();
    let mut after_number = false;
    for word in text.split_whitespace() {
        let number = has_digit(word);
        if !number && !after_number {
            kept.push(word);
        }
        after_number = number;
    }
    kept.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::cause::{Cause, Moved};
    use crate::model::gate::{Flag, Gate, Gated, Stake};
    use crate::model::plan::Retained;
    use crate::model::{Action, Addr, AttrDiff, Category, Digest, Severity};
    use crate::plan_file::{Options, Saved, read};

    fn plan() -> Plan {
        let addr = Addr::new("role", "a");
        let access = json!({
            "address": addr, "principal": "a", "type": "role", "tenant": null, "fate": "changed",
            "ordinary": false, "gains": [], "loses": [], "joins": [{"role": "admin", "admin_option": true}],
            "leaves": [], "widens": [], "held_by": {"users": ["u"], "count": 1}, "unread": [],
        });
        let cost = json!({
            "statement": 1, "what": "DROP TABLE", "database": "d", "table": "t", "rows": 10, "bytes": 10,
            "work": "removes_all", "undo": "briefly",
        });
        let step = Step {
            id: 0,
            after: Vec::new(),
            addr: addr.clone(),
            kind: "role".into(),
            identity: "a".into(),
            tenant: Some("t".into()),
            action: Action::Update,
            before: Some([("comment".to_owned(), "x".into())].into()),
            desired: Some([("comment".to_owned(), "y".into())].into()),
            diff: vec![AttrDiff { attr: "comment".into(), before: "x".into(), after: "y".into() }],
            ops: Vec::new(),
            notes: vec!["is removed for good, 3 days late".into()],
            costs: vec![serde_json::from_value(cost).unwrap()],
            expects: Digest::of_bytes(b""),
            cause: Cause { moved: Moved::Server, ..Cause::default() },
        };
        let stake = Some(Stake { tables: Some(1), uncounted: None, rows: Some(10), bytes: None });
        let gated = Gated { addr: addr.clone(), kind: "role".into(), identity: "a".into(), stake };
        let finding =
            Finding::new("CH101", Severity::Warning, Category::Access, "it is 3 days late").at(&addr);
        Plan {
            scope: "s".into(),
            access: vec![serde_json::from_value(access).unwrap()],
            gates: vec![Gate { flag: Flag::DataLoss, removed: 1, managed: 9, objects: vec![gated] }],
            retained: vec![Retained { addr, kind: "role".into(), identity: "a".into() }],
            checks: vec![
                serde_json::from_value(
                    json!({"address": "check.c", "precondition": false, "problems": ["it fails"]}),
                )
                .unwrap(),
            ],
            findings: vec![finding],
            steps: vec![step],
            ..Plan::default()
        }
    }

    /// Returns the plan of a file that was edited and got right digests.
    fn forged(pointer: &str, value: Json) -> Plan {
        let plan = plan();
        let saved = Saved {
            id: String::new(),
            made_at: 0,
            expires_at: 0,
            made_by: String::new(),
            git_revision: String::new(),
            options: Options::default(),
            configuration: crate::plan_file::configuration::Configuration::default(),
            values: crate::plan_file::values::Proof::Keyed(Default::default()),
            digest: plan.digest(),
            plan,
        };
        let mut body = serde_json::to_value(&saved).unwrap();
        *body["plan"].pointer_mut(pointer).unwrap() = value;
        let bytes = crate::plan_file::frame::seal("0.1.0", body.to_string().as_bytes(), None);
        let read = read(&bytes, None).unwrap().saved;
        assert_eq!(read.digest, read.plan.digest(), "it covers {pointer}");
        read.plan
    }

    fn told(pointer: &str, value: Json) -> String {
        differences(&forged(pointer, value), &plan()).join("\n")
    }

    #[test]
    fn what_was_edited_is_named() {
        assert_eq!(differences(&plan(), &plan()), Vec::<String>::new());
        for (pointer, value, line) in [
            ("/steps/0/kind", json!("quota"), r#"role.a: kind: the file shows "quota""#),
            ("/steps/0/identity", json!("b"), r#"role.a: name: the plan made again has "a""#),
            ("/steps/0/tenant", json!("other"), "role.a: tenant: "),
            (
                "/steps/0/before/comment",
                json!("z"),
                r#"role.a: what is there: the file shows {"comment":"z"}"#,
            ),
            ("/steps/0/desired/comment", json!("z"), "role.a: what is declared: "),
            ("/steps/0/diff", json!([]), "role.a: differences: the file shows []"),
            (
                "/steps/0/notes",
                json!(["as it should be"]),
                r#"role.a: notes: the file shows ["as it should be"]"#,
            ),
            ("/steps/0/costs/0/undo", json!("needless"), "role.a: costs: "),
            ("/steps/0/cause/moved", json!("configuration"), "role.a: cause: "),
            ("/access", json!([]), "access of role a: the plan made again has {"),
            ("/access/0/joins/0/admin_option", json!(false), "access of role a: the file shows {"),
            ("/gates", json!([]), "what needs --allow-data-loss: the plan made again has [["),
            (
                "/gates/0/flag",
                json!("--allow-mass-removal"),
                "what needs --allow-mass-removal: the file shows",
            ),
            ("/gates/0/objects/0/identity", json!("b"), "what needs --allow-data-loss: the file shows [["),
            ("/retained", json!([]), "role.a is kept: the plan made again has {"),
            ("/checks/0/problems", json!([]), "check.c: the file shows {"),
            ("/findings", json!([]), "the file does not show this finding: role.a: CH101 it is 3 days late"),
            ("/findings/0/severity", json!("note"), "the file does not show this finding: role.a: CH101"),
            ("/findings/0/address", json!("role.b"), "the file does not show this finding: role.a: CH101"),
            ("/findings/0/summary", json!("\u{1b}"), "the file does not show this finding: role.a: CH101"),
        ] {
            let told = told(pointer, value);
            assert!(told.lines().any(|told| told.starts_with(line)), "{pointer}: {told}");
        }
    }

    #[test]
    fn what_changes_by_itself_is_not_told() {
        for (pointer, value) in [
            ("/steps/0/costs/0/rows", json!(11)),
            ("/steps/0/costs/0/bytes", json!(null)),
            ("/steps/0/notes/0", json!("is removed for good, 14 weeks late")),
            ("/steps/0/cause/reason", json!("another")),
            ("/gates/0/objects/0/stake/rows", json!(11)),
            ("/gates/0/managed", json!(10)),
            ("/findings/0/summary", json!("it is 4 weeks late")),
        ] {
            assert_eq!(told(pointer, value), "", "{pointer}");
        }
        let mut more = plan();
        more.findings.push(Finding::new(
            "CH350",
            Severity::Warning,
            Category::Charter,
            "its planner may not",
        ));
        assert_eq!(differences(&more, &plan()), Vec::<String>::new());
    }
}
