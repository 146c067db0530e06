//! Grants by meaning on the live engines: the table `grants.cases`, all cases in one configuration.
//!
//! Each case is declared and applied, and a plan is empty. Then somebody replaces its grants by
//! others, by hand: where they mean the same, the plan is empty again, and where they do not, it is
//! exactly the mend. After an apply the server prints for each role what it printed before.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use crate::Scenario;
use crate::project::Project;

pub fn scenarios() -> Vec<Scenario> {
    vec![Scenario { name: "grants_mean_what_is_declared", cluster: false, engines: super::ENDS, run: table }]
}

#[derive(Debug, Default)]
struct Case {
    name: String,
    from: String,
    grants: Vec<String>,
    hand: Vec<String>,
    mend: Vec<String>,
    /// Something has to be mended; the versions differ in which words say it.
    any: bool,
}

impl Case {
    fn role(&self, project: &Project) -> String {
        project.name(&format!("case_{}", self.name))
    }
}

/// Reads the table; `@` becomes the prefix.
fn cases(project: &Project) -> Vec<Case> {
    let text = include_str!("grants.cases").replace('@', &format!("{}_", project.prefix));
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        let (key, value) = line.split_once(':').unwrap_or_else(|| panic!("a key in {line}"));
        let value = value.trim().to_owned();
        if key == "case" {
            cases.push(Case { name: value, ..Case::default() });
            continue;
        }
        let case = cases.last_mut().expect("a case before its lines");
        match key {
            "from" => case.from = value,
            "grant" => case.grants.push(value),
            "hand" => case.hand.extend(value.split("; ").filter(|s| !s.is_empty()).map(str::to_owned)),
            "mend" => case.mend.push(value),
            "mends" => case.any = true,
            other => panic!("{other} in {}", case.name),
        }
    }
    let version = project.clickhouse.admin("SELECT version()");
    cases.retain(|case| case.from.is_empty() || number(&version) >= number(&case.from));
    cases
}

/// Returns the first two numbers of a version.
pub fn number(version: &str) -> (u32, u32) {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

/// Returns a grant of the table as a block.
pub fn block(text: &str) -> String {
    let (text, option) = match text.strip_suffix(" WITH GRANT OPTION") {
        Some(text) => (text, "\n    grant_option = true"),
        None => (text, ""),
    };
    if let Some(role) = text.strip_prefix("role ") {
        let (role, admin) = match role.strip_suffix(" WITH ADMIN OPTION") {
            Some(role) => (role, "\n    admin_option = true"),
            None => (role, ""),
        };
        return format!("  role_grant {{\n    role = \"{role}\"{admin}\n  }}\n");
    }
    let (words, scope) = text.split_once(" ON ").unwrap();
    let (scope, except) = scope.split_once(" EXCEPT ").unwrap_or((scope, ""));
    let except = if except.is_empty() { String::new() } else { format!("\n    except = {:?}", list(except)) };
    format!("  grant {{\n    privileges = {:?}\n    on = {scope:?}{except}{option}\n  }}\n", list(words))
}

/// Splits at commas that are not in parentheses.
fn list(text: &str) -> Vec<String> {
    let (mut items, mut depth) = (vec![String::new()], 0);
    for c in text.chars() {
        depth += i32::from(c == '(') - i32::from(c == ')');
        match c {
            ',' if depth == 0 => items.push(String::new()),
            _ => items.last_mut().unwrap().push(c),
        }
    }
    items.into_iter().map(|item| item.trim().to_owned()).collect()
}

/// Returns the statements about grants that a plan shows, by role.
pub fn planned(project: &Project) -> BTreeMap<String, Vec<String>> {
    let output = project.charter(&["plan", "--format", "json"]).exits(0);
    let plan: Value = serde_json::from_str(&output.stdout).unwrap();
    let mut statements = BTreeMap::new();
    for step in plan["steps"].as_array().unwrap().iter().filter(|step| step["kind"] == "grant") {
        let ops = step["operations"].as_array().unwrap();
        let sql = ops.iter().filter_map(|op| op["sql"]["statement"].as_str().map(str::to_owned));
        statements.insert(step["identity"].as_str().unwrap().to_owned(), sql.collect());
    }
    statements
}

/// Returns a statement of the table about a role.
fn about(statement: &str, role: &str) -> String {
    let preposition = if statement.starts_with("REVOKE") { "FROM" } else { "TO" };
    let options = [" WITH REPLACE OPTION", " WITH GRANT OPTION", " WITH ADMIN OPTION"];
    let option = options.into_iter().find(|option| statement.ends_with(option)).unwrap_or_default();
    format!("{} {preposition} {role}{option}", statement.strip_suffix(option).unwrap())
}

/// Returns what the server prints for each role.
fn shown(project: &Project, cases: &[Case]) -> BTreeMap<String, Vec<String>> {
    let roles: Vec<String> = cases.iter().map(|case| case.role(project)).collect();
    let lines = project.clickhouse.admin(&format!("SHOW GRANTS FOR {}", roles.join(", ")));
    let mut shown: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in lines.lines().filter(|line| !line.is_empty()) {
        let words = line.split(' ').rev();
        let role = words.into_iter().find(|word| word.contains("_case_")).expect("a role of a case");
        shown.entry(role.to_owned()).or_default().push(line.to_owned());
    }
    shown
}

fn table(project: &mut Project) {
    let cases = cases(project);
    assert!(cases.len() >= 60, "{}", cases.len());
    let mut text = String::new();
    for name in ["base", "other"] {
        project.clickhouse.admin(&format!("CREATE ROLE {}", project.name(name)));
    }
    for case in &cases {
        let blocks: String = case.grants.iter().map(|grant| block(grant)).collect();
        let _ = writeln!(text, "role \"{}\" {{\n  name = \"{}\"\n{blocks}}}", case.name, case.role(project));
    }
    std::fs::write(project.file("main.hcl"), text).unwrap();
    let _ = project.apply();
    let before = shown(project, &cases);

    for case in &cases {
        let role = case.role(project);
        project.clickhouse.admin(&format!("REVOKE ALL ON *.* FROM {role}"));
        project.clickhouse.admin(&format!("REVOKE ALL FROM {role}"));
        case.hand.iter().for_each(|statement| _ = project.clickhouse.admin(&about(statement, &role)));
    }
    let planned = planned(project);
    let mut wrong = Vec::new();
    for case in &cases {
        let role = case.role(project);
        let found = planned.get(&role).cloned().unwrap_or_default();
        let expected: Vec<String> = case.mend.iter().map(|mend| about(mend, &role)).collect();
        let right = if case.any { !found.is_empty() } else { found == expected };
        if !right {
            wrong.push(format!("{}: expected {expected:#?}, the plan says {found:#?}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let _ = project.apply();
    let after = shown(project, &cases);
    for role in cases.iter().map(|case| case.role(project)) {
        if after.get(&role) != before.get(&role) {
            wrong.push(format!("{role}: was {:#?}, and is {:#?}", before.get(&role), after.get(&role)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
