//! Rights that pending statements take and whoever runs them has not.
//!
//! A tenant's user has what this configuration declares for it and for its roles; what the server grants
//! besides counts, too, so that only what is plainly refused is found. The server decides in the end.

use std::collections::{BTreeMap, BTreeSet};

use super::{Pending, excerpt};
use crate::kinds::World;
use crate::kinds::common::{grants, reads};
use crate::migrate::rights::{Place, Right, rights};
use crate::migrate::{analyze::Verb, lex};
use crate::model::finding::{Category, Finding, Severity};
use crate::model::snapshot::text;
use crate::privileges::{
    self, Catalog, Grant, PrivilegeSpec, Scope, ShowGrant, Statement, parse_show_grants,
};

/// What users and roles are granted: declared and on the server, by name.
struct Held {
    privileges: BTreeMap<String, Vec<ShowGrant>>,
    roles: BTreeMap<String, BTreeSet<String>>,
    /// Who may pass a role on: `WITH ADMIN OPTION`.
    admins: BTreeSet<String>,
}

impl Held {
    fn of(world: &World) -> Self {
        let mut held = Self { privileges: BTreeMap::new(), roles: BTreeMap::new(), admins: BTreeSet::new() };
        for resource in world.desired.resources.values().filter(|one| one.kind == grants::KIND) {
            for grantee in grants::grantees(&resource.attrs) {
                let access = grantee.access();
                let lines = access.grants.iter().flat_map(Statement::declaring);
                let lines = lines
                    .map(|statement| ShowGrant::Privileges { statement, grantee: access.grantee.clone() });
                held.privileges.entry(access.grantee.clone()).or_default().extend(lines);
                for role in access.roles {
                    held.member(&access.grantee, role.role, role.admin_option);
                }
            }
        }
        for row in world.snapshot.rows(reads::GRANTS) {
            let line = row.values().next().and_then(serde_json::Value::as_str).unwrap_or(text(row, "GRANTS"));
            match parse_show_grants(line) {
                Ok(ShowGrant::Roles { verb: privileges::Verb::Grant, roles, admin_option, grantee }) => {
                    roles.into_iter().for_each(|role| held.member(&grantee, role, admin_option));
                }
                Ok(line @ ShowGrant::Privileges { .. }) => {
                    held.privileges.entry(line.grantee().to_owned()).or_default().push(line);
                }
                Ok(ShowGrant::Roles { .. }) | Err(_) => {}
            }
        }
        held
    }

    fn member(&mut self, grantee: &str, role: String, admin: bool) {
        self.roles.entry(grantee.to_owned()).or_default().insert(role);
        if admin {
            self.admins.insert(grantee.to_owned());
        }
    }

    /// Returns a user with all its roles.
    fn closure<'a>(&'a self, user: &'a str) -> BTreeSet<&'a str> {
        let (mut found, mut open) = (BTreeSet::from([user]), vec![user]);
        while let Some(name) = open.pop() {
            let roles = self.roles.get(name).into_iter().flatten().map(String::as_str);
            open.extend(roles.filter(|role| found.insert(role)));
        }
        found
    }
}

/// Finds statements that the server would refuse to whoever runs them.
pub fn lacking(pending: &[Pending], world: &World) -> Vec<Finding> {
    let users: BTreeSet<&str> = pending.iter().filter_map(|statement| statement.login).collect();
    let catalog = reads::catalog(world.snapshot);
    if users.is_empty() || catalog.is_empty() {
        return Vec::new();
    }
    let held = Held::of(world);
    let mut findings = Vec::new();
    for user in users {
        let own: Vec<(&Pending, Vec<Right>)> = pending
            .iter()
            .filter(|statement| statement.login == Some(user))
            .map(|statement| (statement, taken(&catalog, statement, user, &held)))
            .collect();
        let asked: BTreeSet<&Right> = own.iter().flat_map(|(_, rights)| rights).collect();
        let refused = refused(&catalog, &asked, user, &held);
        for (statement, rights) in &own {
            let lacking: Vec<&Right> = rights.iter().filter(|right| refused.contains(right)).collect();
            if !lacking.is_empty() {
                findings.push(finding(statement, user, &lacking, world));
            }
            findings.extend(dictionary(statement));
        }
    }
    findings
}

/// Returns the rights that a statement takes, by names that the server knows.
fn taken(catalog: &Catalog, statement: &Pending, user: &str, held: &Held) -> Vec<Right> {
    let tokens = lex(statement.sql).unwrap_or_default();
    let current = statement.database.unwrap_or_default();
    let mut all = rights(&tokens, &statement.analysis, current, user);
    if matches!(statement.analysis.verb, Verb::Grant | Verb::Revoke) {
        all.extend(handed_on(catalog, statement, user, held));
    }
    for right in &mut all {
        right.any_of.retain(|name| catalog.find(name).is_some());
    }
    // A command whose privilege has another name here is judged by the commonest of its kind.
    for right in all.iter_mut().filter(|right| right.any_of.is_empty()) {
        if let Place::Table(..) = right.on {
            let usual = ["ALTER ADD COLUMN", "ALTER UPDATE", "ALTER SETTINGS", "ALTER VIEW MODIFY QUERY"];
            right.any_of = usual.map(str::to_owned).to_vec();
        }
    }
    all.retain(|right| !right.any_of.is_empty());
    all
}

/// Returns what a `GRANT` or `REVOKE` takes: the grant option, or for roles the admin option.
fn handed_on(catalog: &Catalog, statement: &Pending, user: &str, held: &Held) -> Vec<Right> {
    // The reader of grants takes one line without comments, as the server prints it.
    let code = lex(statement.sql).unwrap_or_default();
    let line: Vec<&str> =
        code.iter().filter(|token| !token.kind.is_trivia()).map(|token| token.text).collect();
    let needs = privileges::needs(catalog, &line.join(" ").replace(" . ", "."));
    let mut rights = Vec::new();
    for grant in needs.grants {
        let on = match &grant.on {
            Scope::Global => Place::Everything,
            Scope::Database { name, .. } => Place::Database(name.clone()),
            Scope::Table { database, table, .. } => Place::Table(database.clone(), table.clone()),
            Scope::Object { name, .. } => Place::Object(name.clone()),
        };
        let names = grant.privileges.into_iter().map(|spec| vec![spec.name]);
        rights.extend(names.map(|any_of| Right { any_of, on: on.clone(), grant_option: true }));
    }
    let admin = held.closure(user).iter().any(|name| held.admins.contains(*name));
    if !needs.roles.is_empty() && !admin {
        let any_of = vec!["ROLE ADMIN".to_owned()];
        rights.push(Right { any_of, on: Place::Everything, grant_option: false });
    }
    rights
}

/// Returns those rights of which a user plainly has none.
fn refused<'a>(
    catalog: &Catalog,
    asked: &BTreeSet<&'a Right>,
    user: &str,
    held: &Held,
) -> BTreeSet<&'a Right> {
    let lines: Vec<Vec<ShowGrant>> = held
        .closure(user)
        .into_iter()
        .filter_map(|name| held.privileges.get(name))
        // What this server does not know would keep everything else from being judged.
        .map(|lines| lines.iter().filter(|line| is_known(catalog, line)).cloned().collect())
        .collect();
    let reaches_out = |name: &str| {
        lines.iter().flatten().any(|line| match line {
            ShowGrant::Privileges { statement, .. } => statement
                .elements
                .iter()
                .any(|one| matches!(&one.on, Scope::Object { name: held, .. } if held.is_empty() || name.starts_with(held.as_str()))),
            ShowGrant::Roles { .. } => false,
        })
    };
    let mut needs: Vec<Grant> = Vec::new();
    for right in asked {
        needs.extend(right.any_of.iter().map(|name| need(catalog, right, name)));
    }
    let Some(missing) = privileges::lacking(catalog, &needs, &lines) else { return BTreeSet::new() };
    let is_missing = |right: &Right, name: &String| missing.contains(&need(catalog, right, name));
    asked
        .iter()
        .filter(|right| !matches!(&right.on, Place::Object(name) if reaches_out(name)))
        .filter(|right| right.any_of.iter().all(|name| is_missing(right, name)))
        .copied()
        .collect()
}

fn is_known(catalog: &Catalog, line: &ShowGrant) -> bool {
    match line {
        ShowGrant::Privileges { statement, .. } => statement
            .elements
            .iter()
            .flat_map(|element| &element.privileges)
            .all(|spec| catalog.find(&spec.name).is_some()),
        ShowGrant::Roles { .. } => true,
    }
}

/// Returns a privilege on a place as a grant. What has no objects on this server is held on everything.
fn need(catalog: &Catalog, right: &Right, privilege: &str) -> Grant {
    let objects = catalog
        .find(privilege)
        .is_some_and(|id| matches!(catalog.level(id), crate::privileges::Level::Object(_)));
    let on = match &right.on {
        Place::Everything => Scope::Global,
        Place::Database(name) => Scope::Database { name: name.clone(), wildcard: false },
        Place::Table(database, table) => {
            Scope::Table { database: database.clone(), table: table.clone(), wildcard: false }
        }
        Place::Object(name) if objects => Scope::Object { name: name.clone(), wildcard: false, filter: None },
        Place::Object(_) => Scope::Global,
    };
    let spec = PrivilegeSpec { name: privilege.to_owned(), columns: Vec::new() };
    Grant { privileges: vec![spec], on, grant_option: right.grant_option, except: Vec::new() }
}

fn finding(statement: &Pending, user: &str, lacking: &[&Right], world: &World) -> Finding {
    let catalog = reads::catalog(world.snapshot);
    let list: Vec<String> = lacking
        .iter()
        .filter_map(|right| Some(need(&catalog, right, right.any_of.first()?).to_string()))
        .collect();
    let what = "the tenant may not do what a pending statement does";
    statement
        .finding("CH452", Severity::Error, Category::Access, what)
        .compare(
            format!("{user} with {}", list.join("; ")),
            format!("{}: {}", statement.place, excerpt(statement.sql)),
        )
        .help("a tenant's migrations run as its user: keep them to its own database, and to the tenant's `privileges`")
        .help("what is the platform's to do belongs into a migrations block, or runs once with confinement = \"none\"")
}

/// Finds a dictionary whose source is read by somebody else than the tenant: the rights of whoever makes
/// it are not asked of its source.
fn dictionary(statement: &Pending) -> Option<Finding> {
    let source = crate::migrate::rights::dictionary_source(&lex(statement.sql).unwrap_or_default())?;
    let what = "a dictionary reads its source with rights that are not the tenant's";
    Some(
        statement
            .finding("CH455", Severity::Warning, Category::Access, what)
            .compare(
                "a dictionary over a table of the tenant's own database",
                format!("{}: SOURCE({source}(…)): {}", statement.place, excerpt(statement.sql)),
            )
            .help("the server connects as the user that the source names, or as `default`, and to any host: privileges = charter.presets.confined leaves CREATE DICTIONARY out"),
    )
}
