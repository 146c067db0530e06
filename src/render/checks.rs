//! How the conditions of a configuration turned out, for programs: terraform's `checks`, one entry
//! for each `check` block or resource block, with its instances.
//!
//! Source: <https://developer.hashicorp.com/terraform/internals/json-format#checks-representation>.

use serde_json::{Value as Json, json};

use crate::model::Addr;
use crate::model::checks::CheckResult;

/// Returns the checks of a plan in terraform's format.
pub fn json(checks: &[CheckResult]) -> Json {
    let mut blocks: Vec<(String, Vec<&CheckResult>)> = Vec::new();
    for check in checks {
        let block = Addr::parse(&check.address).map(|addr| unkeyed(&addr)).unwrap_or_default();
        match blocks.last_mut() {
            Some((last, instances)) if *last == block => instances.push(check),
            _ => blocks.push((block, vec![check])),
        }
    }
    blocks.iter().map(|(block, instances)| self::block(block, instances)).collect()
}

/// Returns the address of the block that an instance belongs to.
fn unkeyed(addr: &Addr) -> String {
    let words: Vec<&str> = addr.segments().iter().map(|segment| segment.word.as_str()).collect();
    words.join(".")
}

fn block(block: &str, instances: &[&CheckResult]) -> Json {
    let (kind, name) = block.split_once('.').unwrap_or((block, ""));
    let address = match instances.first().is_some_and(|first| first.precondition) {
        true => {
            json!({ "kind": "resource", "mode": "managed", "type": kind, "name": name, "to_display": block })
        }
        false => json!({ "kind": "check", "name": name, "to_display": block }),
    };
    let fails = instances.iter().any(|instance| !instance.problems.is_empty());
    let instances: Vec<Json> = instances.iter().map(|found| instance(found)).collect();
    json!({ "address": address, "status": status(fails), "instances": instances })
}

fn instance(check: &CheckResult) -> Json {
    let mut address = json!({ "to_display": check.address });
    let key = Addr::parse(&check.address).ok().and_then(|addr| addr.segments().last()?.key.clone());
    if let Some(key) = key {
        address["instance_key"] = key.into();
    }
    let mut instance = json!({ "address": address, "status": status(!check.problems.is_empty()) });
    if !check.problems.is_empty() {
        let problems = check.problems.iter().map(|message| json!({ "message": message }));
        instance["problems"] = problems.collect();
    }
    instance
}

fn status(fails: bool) -> &'static str {
    if fails { "fail" } else { "pass" }
}
