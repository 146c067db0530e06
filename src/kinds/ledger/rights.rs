//! Charter's own rights: what the steps of a plan need of its user, compared with what that user and
//! its roles hold. Told when planning, before anything is written, with the statements that mend it.
//!
//! Judged from what was read for other reasons (`SHOW GRANTS FOR ALL`). Where that does not show
//! what charter's user holds, nothing is said: a server's refusal is better than a false alarm. What
//! migrations need that run as charter's own user is not known here.

use std::collections::{BTreeMap, BTreeSet};

use crate::kinds::World;
use crate::kinds::common::reads;
use crate::model::finding::{Category, Finding, Severity};
use crate::model::ledger::DATABASE;
use crate::model::op::{Login, Op};
use crate::model::snapshot::{Row, number, text, texts};
use crate::model::{Snapshot, Step};
use crate::privileges::{
    Catalog, Grant, Needs, PrivilegeSpec, Scope, ShowGrant, gathered, lacking, needs, parse_show_grants,
    quote_if_needed,
};

/// The user may write charter's records and lacks something else.
const LACKS: &str = "CH350";
/// The user may not even write charter's records: it is one that plans and checks.
const READS: &str = "CH351";

/// Returns what charter's user lacks to run the steps; none where nothing is lacking, or where that
/// cannot be told.
pub fn missing(steps: &[Step], world: &World) -> Option<Finding> {
    let snapshot = world.snapshot;
    let user = &world.caps().user;
    let held = Held::of(snapshot, user)?;
    let catalog = reads::catalog(snapshot);
    let needed = of_steps(steps, &catalog);
    let mut grants = needed.grants;
    if needed.roles.iter().any(|role| !held.may_grant.contains(role)) {
        grants.push(right("ROLE ADMIN", Scope::Global));
    }
    let lacking = lacking(&catalog, &grants, &held.lines)?;
    if lacking.is_empty() {
        return None;
    }
    let wildcards = world.caps().at_least(24, 10);
    let statements = gathered(&lacking, wildcards).into_iter().map(|grant| statement(&grant, user));
    let may_record = !lacking.iter().any(is_record);
    let (code, summary) = if may_record {
        (LACKS, format!("charter's own user {user} lacks rights to apply this plan"))
    } else {
        (READS, format!("charter's own user {user} may read, and not apply"))
    };
    let finding = Finding::new(code, Severity::Error, Category::Charter, summary);
    Some(statements.fold(finding, |finding, statement| finding.help(statement)))
}

/// Returns a finding of this module as whoever only plans should hear it: who plans need not be who
/// applies.
pub fn for_a_plan(finding: &mut Finding) {
    if finding.code == LACKS {
        finding.severity = Severity::Warning;
    } else if finding.code == READS {
        finding.severity = Severity::Note;
        finding.help = vec!["apply with a user that may: docs/privileges.md has its grants".to_owned()];
    }
}

fn is_record(grant: &Grant) -> bool {
    let inserts = grant.privileges.iter().any(|spec| spec.name == "INSERT");
    inserts && matches!(&grant.on, Scope::Database { name, .. } if name == DATABASE)
}

fn statement(grant: &Grant, user: &str) -> String {
    let option = if grant.grant_option { " WITH GRANT OPTION" } else { "" };
    let what = Grant { grant_option: false, ..grant.clone() };
    format!("GRANT {what} TO {}{option}", quote_if_needed(user))
}

fn right(privilege: &str, on: Scope) -> Grant {
    let spec = PrivilegeSpec { name: privilege.to_owned(), columns: Vec::new() };
    Grant { privileges: vec![spec], on, grant_option: false, except: Vec::new() }
}

/// What charter does with its own tables: records, and the tables of its lock.
const OWN: [&str; 4] = ["SELECT", "INSERT", "CREATE TABLE", "DROP TABLE"];

/// Returns what the steps need of charter's own user, each thing once.
fn of_steps(steps: &[Step], catalog: &Catalog) -> Needs {
    let mut all = Needs::default();
    for op in steps.iter().flat_map(|step| &step.ops) {
        if let Op::Sql(sql) = op
            && sql.login == Login::Charter
            && sql.journal.is_none()
        {
            let Needs { grants, roles } = needs(catalog, &sql.statement);
            all.grants.extend(grants);
            all.roles.extend(roles);
        }
    }
    if !steps.is_empty() {
        let on = Scope::Database { name: DATABASE.to_owned(), wildcard: false };
        all.grants.extend(OWN.map(|privilege| right(privilege, on.clone())));
    }
    let mut seen = BTreeSet::new();
    // The tables of database `ops` are all within its own right.
    all.grants.retain(|grant| {
        !matches!(&grant.on, Scope::Table { database, .. } if database == DATABASE && is_create(grant))
            && seen.insert(grant.to_string())
    });
    all
}

fn is_create(grant: &Grant) -> bool {
    grant.privileges.iter().all(|spec| spec.name == "CREATE TABLE")
}

/// What a user holds, by itself and through the roles that are on from the start.
struct Held {
    /// The lines about privileges, of the user and of each role.
    lines: Vec<Vec<ShowGrant>>,
    /// The roles that it may grant on.
    may_grant: BTreeSet<String>,
}

impl Held {
    /// Finds what a user holds; none where not all of it is in sight.
    fn of(snapshot: &Snapshot, user: &str) -> Option<Self> {
        let row = snapshot.rows(reads::USERS).iter().find(|row| text(row, "name") == user)?;
        // A role of the user's name: the lines do not tell which of the two they are about.
        if snapshot.rows(reads::ROLES).iter().any(|row| text(row, "name") == user) {
            return None;
        }
        let mut by_grantee: BTreeMap<String, Vec<ShowGrant>> = BTreeMap::new();
        for row in snapshot.rows(reads::GRANTS) {
            let line = row.values().find_map(serde_json::Value::as_str).unwrap_or_default();
            // What cannot be read may be charter's own.
            let grant = parse_show_grants(line).ok()?;
            by_grantee.entry(grant.grantee().to_owned()).or_default().push(grant);
        }
        by_grantee.contains_key(user).then(|| Self::collect(user, row, &by_grantee))
    }

    fn collect(user: &str, row: &Row, by_grantee: &BTreeMap<String, Vec<ShowGrant>>) -> Self {
        let mut held = Self { lines: Vec::new(), may_grant: BTreeSet::new() };
        let mut seen = BTreeSet::from([user.to_owned()]);
        let mut open = vec![user.to_owned()];
        while let Some(grantee) = open.pop() {
            let lines = by_grantee.get(&grantee).cloned().unwrap_or_default();
            for line in &lines {
                let ShowGrant::Roles { roles, admin_option, .. } = line else { continue };
                let on = roles.iter().filter(|role| grantee != user || is_default(row, role));
                for role in on {
                    if *admin_option {
                        held.may_grant.insert(role.clone());
                    }
                    if seen.insert(role.clone()) {
                        open.push(role.clone());
                    }
                }
            }
            held.lines.push(lines);
        }
        held
    }
}

/// Returns whether a granted role is on from the start.
fn is_default(user: &Row, role: &str) -> bool {
    let named = |column| texts(user, column).iter().any(|name| name == role);
    if number(user, "default_roles_all") == 1 {
        !named("default_roles_except")
    } else {
        named("default_roles_list")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kinds::testing::world_with;
    use crate::model::digest::Digest;
    use crate::model::op::Sql;
    use crate::model::registry::Registry;
    use crate::model::{Action, Addr};

    fn rows(rows: serde_json::Value) -> Vec<Row> {
        serde_json::from_value(rows).expect("rows")
    }

    /// Returns what is said of a plan of one statement, run by user `charter` with these grants.
    fn told(statement: &str, lines: &[&str], user: serde_json::Value) -> Option<Vec<String>> {
        let mut snapshot = Snapshot::default();
        snapshot.caps.user = "charter".into();
        let lines: Vec<_> = lines.iter().map(|line| json!({"GRANTS": line})).collect();
        snapshot.rows.insert(reads::GRANTS, rows(lines.into()));
        snapshot.rows.insert(reads::USERS, rows(json!([user])));
        let catalog = include_str!("../../../tests/data/privileges-26.9.json");
        snapshot.rows.insert(reads::PRIVILEGES, serde_json::from_str(catalog).expect("privileges"));
        let step = Step {
            id: 0,
            after: Vec::new(),
            addr: Addr::new("role", "r"),
            kind: "role".into(),
            identity: "r".into(),
            tenant: None,
            action: Action::Create,
            before: None,
            desired: None,
            diff: Vec::new(),
            ops: vec![Sql::new(statement).into()],
            notes: Vec::new(),
            costs: Vec::new(),
            expects: Digest::default(),
            cause: crate::model::Cause::default(),
        };
        world_with(snapshot, &Registry::default(), "26.9.1.1", |world| {
            missing(&[step], world).map(|finding| [vec![finding.code.to_owned()], finding.help].concat())
        })
    }

    const OPS: &str = "GRANT SELECT, INSERT, CREATE TABLE, DROP TABLE ON ops.* TO charter";

    fn charter() -> serde_json::Value {
        json!({"name": "charter", "default_roles_all": 1})
    }

    #[test]
    fn what_is_missing_is_told_as_statements() {
        let lines = [OPS, "GRANT SELECT ON d.* TO charter"];
        assert_eq!(
            told("GRANT SELECT, INSERT ON d.* TO r", &lines, charter()).unwrap(),
            ["CH350", "GRANT SELECT, INSERT ON d.* TO charter WITH GRANT OPTION"]
        );
        assert_eq!(
            told("CREATE ROLE r", &lines, charter()).unwrap(),
            ["CH350", "GRANT CREATE ROLE ON r TO charter"]
        );
        assert_eq!(
            told("GRANT r TO u", &lines, charter()).unwrap(),
            ["CH350", "GRANT ROLE ADMIN ON *.* TO charter"]
        );
        let reader = told("CREATE ROLE r", &["GRANT SHOW ACCESS ON *.* TO charter"], charter()).unwrap();
        assert_eq!(reader[0], "CH351");
    }

    #[test]
    fn rights_come_through_roles_that_are_on_from_the_start() {
        let lines = ["GRANT admin TO charter", "GRANT ALL ON *.* TO admin WITH GRANT OPTION"];
        assert_eq!(told("CREATE ROLE r", &lines, charter()), None);
        let off = json!({"name": "charter", "default_roles_all": 0, "default_roles_list": []});
        assert!(told("CREATE ROLE r", &lines, off).is_some());
        let may_grant = [OPS, "GRANT r TO charter WITH ADMIN OPTION"];
        assert_eq!(told("GRANT r TO u", &may_grant, charter()), None);
    }

    #[test]
    fn nothing_is_said_where_not_all_is_in_sight() {
        assert_eq!(told("CREATE ROLE r", &[], charter()), None, "no line about charter's user");
        let elsewhere = json!({"name": "other", "default_roles_all": 1});
        assert_eq!(told("CREATE ROLE r", &[OPS], elsewhere), None, "a user that no storage here has");
        assert_eq!(
            told("CREATE ROLE r", &[OPS, "GRANT what is this"], charter()),
            None,
            "a line of a newer server"
        );
    }
}
