//! Text, Markdown and JSON of the same plan. `expected.json` is the document without what the text
//! shows better (`steps`, and `planned_values`, which say again what `resource_changes` do) and
//! without digests and versions; one that has no `format_version` is written by hand, and the
//! plan has at least what it says.

use std::collections::BTreeSet;
use std::path::Path;

use charter::model::Plan;
use charter::render;
use serde_json::Value as Json;

/// How wide a line of an expected document is, where it can be.
const WIDTH: usize = 110;

/// What an expected document leaves out.
const LEFT_OUT: [&str; 6] = ["charter_version", "digest", "planned_values", "servers", "slots", "steps"];

/// Makes an empty file where `CHARTER_TEST_UPDATE=three` asks for all three of each case.
pub fn make(path: &Path) {
    let asked = std::env::var_os("CHARTER_TEST_UPDATE").is_some_and(|asked| asked == "three");
    if asked && !path.exists() {
        std::fs::write(path, "").unwrap();
    }
}

/// Compares the document, where one is expected.
pub fn document_is_as_expected(name: &str, folder: &Path, plan: &Plan) -> Vec<String> {
    let path = folder.join("expected.json");
    make(&path);
    let Ok(text) = std::fs::read_to_string(&path) else { return Vec::new() };
    let document = render::json::plan(plan, "test");
    let expected: Json = serde_json::from_str(&text).unwrap_or_default();
    if expected.is_object() && expected.get("format_version").is_none() {
        let lacking = lacks("", &expected, &document).into_iter();
        return lacking.map(|lacking| format!("{name}: in JSON, {lacking}")).collect();
    }
    let found = shown(document);
    if std::env::var_os("CHARTER_TEST_UPDATE").is_some() {
        std::fs::write(&path, &found).unwrap();
        return Vec::new();
    }
    let same = text == found;
    if same {
        Vec::new()
    } else {
        vec![format!("{name}: expected\n{text}\n… but the document is\n{found}")]
    }
}

fn shown(mut document: Json) -> String {
    let members = document.as_object_mut().unwrap();
    members.retain(|name, _| !LEFT_OUT.contains(&name.as_str()));
    let mut text = String::new();
    write(&mut text, &document, 0, 0);
    text + "\n"
}

/// Writes a value on one line where it is short enough.
fn write(text: &mut String, value: &Json, indent: usize, before: usize) {
    let line = value.to_string();
    let inner = indent + 2;
    let is_short = line.chars().count() + indent + before <= WIDTH;
    match value {
        Json::Array(items) if !is_short => {
            for (at, item) in items.iter().enumerate() {
                text.push_str(if at == 0 { "[\n" } else { ",\n" });
                text.push_str(&" ".repeat(inner));
                write(text, item, inner, 1);
            }
            text.push_str(&format!("\n{}]", " ".repeat(indent)));
        }
        Json::Object(members) if !is_short => {
            for (at, (name, member)) in members.iter().enumerate() {
                text.push_str(if at == 0 { "{\n" } else { ",\n" });
                let key = format!("{}: ", Json::from(name.as_str()));
                text.push_str(&format!("{}{key}", " ".repeat(inner)));
                write(text, member, inner, key.len() + 1);
            }
            text.push_str(&format!("\n{}}}", " ".repeat(indent)));
        }
        _ => text.push_str(&line),
    }
}

/// Returns where a JSON value lacks something that is expected of it; none where it has it all.
fn lacks(path: &str, expected: &Json, found: &Json) -> Vec<String> {
    match (expected, found) {
        (Json::Object(expected), Json::Object(found)) => expected
            .iter()
            .flat_map(|(key, value)| {
                lacks(&format!("{path}.{key}"), value, found.get(key).unwrap_or(&Json::Null))
            })
            .collect(),
        (Json::Array(expected), Json::Array(found)) if expected.len() == found.len() => {
            let pairs = expected.iter().zip(found).enumerate();
            pairs
                .flat_map(|(index, (expected, found))| lacks(&format!("{path}[{index}]"), expected, found))
                .collect()
        }
        _ if expected == found => Vec::new(),
        _ => vec![format!("{path}: expected {expected}, found {found}")],
    }
}

/// Returns what a plan is an example of: its kinds with their actions, and its codes.
fn examples(plan: &Plan) -> BTreeSet<String> {
    let steps = plan.steps.iter().map(|step| {
        let action = serde_json::to_value(step.action).unwrap();
        let word = action.as_str().unwrap_or("execute").to_owned();
        format!("{} {word}", step.kind)
    });
    steps.chain(plan.findings.iter().map(|finding| finding.code.to_string())).collect()
}

/// Cases whose documents are too long to be read: they are shown as text alone.
const TOO_LONG: [&str; 8] = [
    "access_of_tenants",
    "access_to_everything",
    "another_runners_table",
    "first_run",
    "rollout",
    "tenants_alike",
    "tenants_onboarded",
    "twenty_changes",
];

#[test]
fn what_a_plan_can_say_is_shown_in_all_three() {
    let (mut all, mut three, mut count) = (BTreeSet::new(), BTreeSet::new(), 0);
    for (name, folder) in super::cases() {
        if TOO_LONG.contains(&name.as_str()) {
            continue;
        }
        let examples = examples(&super::plan_of(&folder));
        if ["expected.md", "expected.json"].iter().all(|file| folder.join(file).exists()) {
            three.extend(examples.iter().cloned());
            count += 1;
        }
        all.extend(examples);
    }
    let lacking: Vec<&String> = all.difference(&three).collect();
    assert!(lacking.is_empty(), "not shown as text, Markdown and JSON of the same plan: {lacking:?}");
    assert!(count >= 60, "{count} cases have all three");
}
