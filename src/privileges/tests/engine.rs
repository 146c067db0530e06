//! The model against a real server: random roles, and what `SHOW GRANTS` printed for them.
//!
//! The captures hold grants, aliases, groups, columns, wildcards, access objects and partial revokes on names that share
//! prefixes; `statements` were given to the server one by one.

use super::*;

struct Role {
    made: Vec<ShowGrant>,
    shown: Vec<ShowGrant>,
}

fn roles(json: &str) -> Vec<Role> {
    let roles: Vec<Value> = serde_json::from_str(json).unwrap();
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().unwrap().iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let read = |role: &Value| Role {
        made: texts(&role["statements"])
            .iter()
            .map(|text| parse_show_grants(&for_role(text)).unwrap())
            .collect(),
        shown: texts(&role["shown"]).iter().map(|line| parse_show_grants(line).unwrap()).collect(),
    };
    roles.iter().map(read).collect()
}

fn for_role(text: &str) -> String {
    let (text, option) = match text.strip_suffix(" WITH GRANT OPTION") {
        Some(text) => (text, " WITH GRANT OPTION"),
        None => (text, ""),
    };
    let preposition = if text.starts_with("REVOKE") { "FROM" } else { "TO" };
    format!("{text} {preposition} r{option}")
}

fn statements(lines: &[ShowGrant]) -> Vec<Statement> {
    let privileges = |line: &ShowGrant| match line {
        ShowGrant::Privileges { statement, .. } => Some(statement.clone()),
        ShowGrant::Roles { .. } => None,
    };
    lines.iter().filter_map(privileges).collect()
}

/// Compares what was made with what was shown, in both directions at once.
fn same(catalog: &Catalog, role: &Role) -> bool {
    let (made, shown) = (statements(&role.made), statements(&role.shown));
    let reading = Reading::new(catalog, &shown, made.iter().chain(&shown));
    let universe = Universe::new(made.iter().chain(&shown).flat_map(super::super::diff::scopes));
    let [made, shown] = [&made, &shown].map(|statements| AccessSet::of(&reading, &universe, statements));
    made.equal(&shown)
}

fn texts(lines: &[ShowGrant]) -> String {
    lines.iter().map(|line| format!("  {}\n", line.sql())).collect()
}

fn check(catalog: &Catalog, json: &str) {
    let roles = roles(json);
    let wrong: Vec<_> = roles.iter().filter(|role| !same(catalog, role)).collect();
    let report: Vec<_> = wrong
        .iter()
        .map(|role| format!("made\n{}shown\n{}", texts(&role.made), texts(&role.shown)))
        .collect();
    assert!(
        roles.len() >= 100 && wrong.is_empty(),
        "{} of {}\n{}",
        wrong.len(),
        roles.len(),
        report.join("\n")
    );
}

#[test]
fn the_model_agrees_with_26_9() {
    check(&real(), include_str!("../../../tests/data/grants-26.9.json"));
}

#[test]
fn the_model_agrees_with_25_8() {
    let catalog = Catalog::new(captured(include_str!("../../../tests/data/privileges-25.8.json")));
    check(&catalog, include_str!("../../../tests/data/grants-25.8.json"));
}

#[test]
fn the_model_agrees_with_24_8() {
    let catalog = Catalog::new(captured(include_str!("../../../tests/data/privileges-24.8.json")));
    check(&catalog, include_str!("../../../tests/data/grants-24.8.json"));
}

/// Any role turned into any other: declared are the grants of one, live is what the server shows of the next.
#[test]
fn statements_lead_from_each_role_to_the_next() {
    let catalog = real();
    let roles = roles(include_str!("../../../tests/data/grants-26.9.json"));
    let mut turned = 0;
    for (next, live) in roles.iter().skip(1).chain(roles.first()).zip(&roles) {
        let Some(desired) =
            declared(&next.made).filter(|grants| grants.iter().all(|g| validate(&catalog, g).is_empty()))
        else {
            continue;
        };
        let diff = diff(&catalog, &desired, &live.shown, &[], Mode::Whole).unwrap();
        let mut after = live.shown.clone();
        after.extend(diff.statements("r").iter().map(|sql| parse_show_grants(sql).unwrap()));
        assert!(super::super::diff(&catalog, &desired, &after, &[], Mode::Whole).unwrap().is_empty());
        turned += 1;
    }
    assert!(turned > 30, "{turned}");
}

/// Returns the grants of a role that was made without any revoke.
fn declared(made: &[ShowGrant]) -> Option<Vec<Grant>> {
    let grant = |statement: &Statement| {
        let element = statement.elements.first().filter(|_| statement.verb == Verb::Grant)?;
        let grant_option = statement.grant_option;
        Some(Grant {
            privileges: element.privileges.clone(),
            on: element.on.clone(),
            grant_option,
            except: vec![],
        })
    };
    statements(made).iter().map(grant).collect()
}
