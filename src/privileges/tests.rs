//! Tests of the module as a whole; `toy` and `real` are the catalogs that they use.

mod effective;
mod engine;
mod examples;
mod model;
mod properties;

use serde_json::Value;

use super::*;

/// Rows of a small tree with every kind of level.
fn toy_rows() -> Vec<PrivilegeRow> {
    let rows = [
        ("ALL", "ALL PRIVILEGES", "", ""),
        ("NONE", "USAGE", "", ""),
        ("SELECT", "", "COLUMN", "ALL"),
        ("INSERT", "", "COLUMN", "ALL"),
        ("ALTER UPDATE", "UPDATE", "COLUMN", "ALTER"),
        ("ALTER DELETE", "DELETE", "COLUMN", "ALTER"),
        ("ALTER DATABASE", "", "DATABASE", "ALTER"),
        ("ALTER", "", "", "ALL"),
        ("CREATE DATABASE", "", "DATABASE", "CREATE"),
        ("CREATE TABLE", "", "TABLE", "CREATE"),
        ("CREATE FUNCTION", "", "GLOBAL", "CREATE"),
        ("CREATE", "", "", "ALL"),
        ("dictGet", "dictHas", "DICTIONARY", "ALL"),
        ("CREATE USER", "", "USER_NAME", "ACCESS MANAGEMENT"),
        ("DROP USER", "", "USER_NAME", "ACCESS MANAGEMENT"),
        ("ROLE ADMIN", "", "GLOBAL", "ACCESS MANAGEMENT"),
        ("ACCESS MANAGEMENT", "", "", "ALL"),
        ("NAMED COLLECTION", "", "NAMED_COLLECTION", "NAMED COLLECTION ADMIN"),
        ("NAMED COLLECTION ADMIN", "", "NAMED_COLLECTION", "ALL"),
    ];
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let rows = rows.map(|(privilege, alias, level, parent)| PrivilegeRow {
        privilege: privilege.to_owned(),
        aliases: text(alias).into_iter().collect(),
        level: text(level),
        parent_group: text(parent),
    });
    rows.into()
}

pub(super) fn toy() -> Catalog {
    Catalog::new(toy_rows())
}

/// Rows of `system.privileges` as captured from a server.
fn captured(json: &str) -> Vec<PrivilegeRow> {
    let rows: Vec<Value> = serde_json::from_str(json).unwrap();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let rows = rows.iter().map(|row| PrivilegeRow {
        privilege: text(&row["privilege"]).unwrap(),
        aliases: row["aliases"].as_array().unwrap().iter().filter_map(text).collect(),
        level: text(&row["level"]),
        parent_group: text(&row["parent_group"]),
    });
    rows.collect()
}

fn real_rows() -> Vec<PrivilegeRow> {
    captured(include_str!("../../tests/data/privileges-26.9.json"))
}

pub(super) fn real() -> Catalog {
    Catalog::new(real_rows())
}

fn show(lines: &[&str]) -> Vec<ShowGrant> {
    lines.iter().map(|line| parse_show_grants(line).unwrap()).collect()
}

/// Parses `SELECT, INSERT(a) ON d.*` with an optional `WITH GRANT OPTION`, as `SHOW GRANTS` would say it.
fn grant(text: &str) -> Grant {
    let (text, option) = match text.strip_suffix(" WITH GRANT OPTION") {
        Some(text) => (text, " WITH GRANT OPTION"),
        None => (text, ""),
    };
    match parse_show_grants(&format!("GRANT {text} TO r{option}")).unwrap() {
        ShowGrant::Privileges { mut statement, .. } => {
            let element = statement.elements.remove(0);
            Grant {
                privileges: element.privileges,
                on: element.on,
                grant_option: statement.grant_option,
                except: vec![],
            }
        }
        ShowGrant::Roles { .. } => unreachable!("{text} has no scope"),
    }
}

pub(super) fn grants(texts: &[&str]) -> Vec<Grant> {
    texts.iter().map(|text| grant(text)).collect()
}
