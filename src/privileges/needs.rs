//! What whoever runs a statement must hold: for the statements about access, databases and tables that are not
//! migrations; and what of it a user lacks.
//!
//! The rules are the server's: `checkGrantOption` and `checkAdminOption` of `Interpreters/Access/InterpreterGrantQuery.cpp`,
//! and the checks of the other interpreters beside it. Statements of other forms need nothing that is known here.

use std::collections::BTreeMap;

use super::access::AccessSet;
use super::catalog::{Catalog, Level};
use super::diff::scopes;
use super::grant::{Grant, PrivilegeSpec, Scope};
use super::ident::Scanner;
use super::points::Universe;
use super::resolve::Reading;
use super::show::{ShowGrant, parse_show_grants};
use super::statement::Statement;

/// What a statement asks of whoever runs it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// Rights.
    pub grants: Vec<Grant>,
    /// Roles that are granted or taken away: the admin option for each, or `ROLE ADMIN`.
    pub roles: Vec<String>,
}

/// Statements about entities that have no database: their words, and the privilege of each verb.
const ENTITIES: [(&[&str], &str); 4] = [
    (&["USER"], "USER"),
    (&["ROLE"], "ROLE"),
    (&["QUOTA"], "QUOTA"),
    (&["SETTINGS", "PROFILE"], "SETTINGS PROFILE"),
];

/// Returns what whoever runs a statement must hold. A `GRANT` takes the grant option for what it grants, a `REVOKE` for
/// what it takes away.
pub fn needs(catalog: &Catalog, statement: &str) -> Needs {
    if let Ok(show) = parse_show_grants(statement) {
        return match show {
            ShowGrant::Roles { roles, .. } => Needs { roles, ..Needs::default() },
            ShowGrant::Privileges { statement, .. } => {
                Needs { grants: handed_on(statement), roles: Vec::new() }
            }
        };
    }
    let mut scanner = Scanner::new(statement);
    scanner.spaces();
    let verbs = ["CREATE", "ALTER", "DROP"];
    let Some(verb) = verbs.into_iter().find(|verb| scanner.keyword(verb)) else { return Needs::default() };
    let grants = definition(catalog, verb, scanner).unwrap_or_default();
    Needs { grants, roles: Vec::new() }
}

fn handed_on(statement: Statement) -> Vec<Grant> {
    let elements = statement.elements.into_iter();
    elements
        .map(|element| Grant {
            privileges: element.privileges,
            on: element.on,
            grant_option: true,
            except: Vec::new(),
        })
        .collect()
}

/// Returns what a `CREATE`, `ALTER` or `DROP` needs; the scanner stands behind the verb.
fn definition(catalog: &Catalog, verb: &str, mut scanner: Scanner<'_>) -> Option<Vec<Grant>> {
    for (words, entity) in ENTITIES {
        if scanner.keywords(words) {
            let names = names(&mut scanner)?;
            let name = format!("{verb} {entity}");
            return Some(names.into_iter().map(|on| of_entity(catalog, &name, on)).collect());
        }
    }
    let row_policy = scanner.keywords(&["ROW", "POLICY"]) || scanner.keyword("POLICY");
    if row_policy {
        names(&mut scanner)?;
        let on = scanner.keyword("ON").then(|| Scope::scan(&mut scanner).ok())??;
        return Some(vec![right(&format!("{verb} ROW POLICY"), on)]);
    }
    if scanner.keyword("DATABASE") {
        let name = names(&mut scanner)?.into_iter().next()?;
        let on = Scope::Database { name, wildcard: false };
        let altering = ["ALTER MODIFY DATABASE COMMENT", "ALTER DATABASE"];
        let privilege = match verb {
            "ALTER" => altering.into_iter().find(|name| catalog.find(name).is_some())?.to_owned(),
            verb => format!("{verb} DATABASE"),
        };
        return Some(vec![right(&privilege, on)]);
    }
    if scanner.keyword("TABLE") {
        conditions(&mut scanner);
        let on = Scope::scan(&mut scanner).ok()?;
        scanner.spaces();
        let privilege = match verb {
            "ALTER" if scanner.keywords(&["ADD", "COLUMN"]) => "ALTER ADD COLUMN",
            "ALTER" => return None,
            "CREATE" => "CREATE TABLE",
            _ => "DROP TABLE",
        };
        return Some(vec![right(privilege, on)]);
    }
    None
}

fn conditions(scanner: &mut Scanner<'_>) {
    let _ = scanner.keywords(&["IF", "NOT", "EXISTS"]) || scanner.keywords(&["IF", "EXISTS"]);
}

/// Takes names that commas separate.
fn names(scanner: &mut Scanner<'_>) -> Option<Vec<String>> {
    conditions(scanner);
    let mut names = Vec::new();
    loop {
        names.push(scanner.identifier("a name").ok()?);
        scanner.spaces();
        if !scanner.eat(',') {
            return Some(names);
        }
        scanner.spaces();
    }
}

/// Returns a right on an entity: on its name where the server can tell names apart (25.1 and newer), else on all.
fn of_entity(catalog: &Catalog, privilege: &str, name: String) -> Grant {
    let level = catalog.find(privilege).map(|id| catalog.level(id));
    let on = match level {
        Some(Level::Object(_)) => Scope::Object { name, wildcard: false, filter: None },
        _ => Scope::Global,
    };
    right(privilege, on)
}

fn right(privilege: &str, on: Scope) -> Grant {
    let spec = PrivilegeSpec { name: privilege.to_owned(), columns: Vec::new() };
    Grant { privileges: vec![spec], on, grant_option: false, except: Vec::new() }
}

/// Returns the needs that no holder, nor all of them together, fulfil: each with the privileges that are lacking.
/// `holders` are the lines of `SHOW GRANTS` of a user and of its roles. None where a line or a need has a privilege that
/// the catalog does not know: then nothing can be said.
pub fn lacking(catalog: &Catalog, needs: &[Grant], holders: &[Vec<ShowGrant>]) -> Option<Vec<Grant>> {
    let wanted: Vec<Statement> = needs.iter().map(Statement::granting).collect();
    let held: Vec<Vec<&Statement>> =
        holders.iter().map(|lines| lines.iter().filter_map(privileges).collect()).collect();
    let live = || held.iter().flatten().copied();
    let all = || wanted.iter().chain(live());
    let reading = Reading::new(catalog, live(), all());
    if all().any(|statement| reading.unknown(statement).is_some()) {
        return None;
    }
    let universe = Universe::new(all().flat_map(scopes));
    let mut union = AccessSet::empty(&reading, &universe);
    for lines in held {
        union = union.union(&AccessSet::of(&reading, &universe, lines));
    }
    let mut lacking = Vec::new();
    for (need, statement) in needs.iter().zip(&wanted) {
        let items = reading.items(&universe, statement);
        let missing = items.iter().filter(|item| !union.lacking(item, need.grant_option).is_empty());
        let mut privileges: Vec<PrivilegeSpec> = Vec::new();
        for item in missing {
            if !privileges.contains(item.spec) {
                privileges.push(item.spec.clone());
            }
        }
        if !privileges.is_empty() {
            lacking.push(Grant { privileges, ..need.clone() });
        }
    }
    Some(lacking)
}

fn privileges(show: &ShowGrant) -> Option<&Statement> {
    match show {
        ShowGrant::Privileges { statement, .. } => Some(statement),
        ShowGrant::Roles { .. } => None,
    }
}

/// How many scopes are named one by one.
const FEW: usize = 3;

/// Puts grants together: privileges on one scope in one grant, and many scopes of the same privileges in one wider scope.
/// That is the longest common prefix where `wildcards` says that the server knows such (24.10 and newer), else all.
pub fn gathered(grants: &[Grant], wildcards: bool) -> Vec<Grant> {
    let mut by_scope: BTreeMap<(&Scope, bool), Vec<PrivilegeSpec>> = BTreeMap::new();
    for grant in grants {
        let privileges = by_scope.entry((&grant.on, grant.grant_option)).or_default();
        for spec in &grant.privileges {
            if !privileges.contains(spec) {
                privileges.push(spec.clone());
            }
        }
    }
    let mut alike: Vec<(Vec<PrivilegeSpec>, bool, Vec<&Scope>)> = Vec::new();
    for ((scope, option), privileges) in by_scope {
        let same = alike.iter_mut().find(|(known, with, scopes)| {
            *known == privileges && *with == option && scopes.iter().all(|other| are_alike(other, scope))
        });
        match same {
            Some((_, _, scopes)) => scopes.push(scope),
            None => alike.push((privileges, option, vec![scope])),
        }
    }
    let wide = alike.into_iter().flat_map(|(privileges, grant_option, scopes)| {
        let scopes = if scopes.len() > FEW {
            vec![wider(&scopes, wildcards)]
        } else {
            scopes.into_iter().cloned().collect()
        };
        scopes.into_iter().map(move |on| Grant {
            privileges: privileges.clone(),
            on,
            grant_option,
            except: Vec::new(),
        })
    });
    wide.collect()
}

fn are_alike(one: &Scope, other: &Scope) -> bool {
    match (one, other) {
        (Scope::Table { database, .. }, Scope::Table { database: same, .. }) => database == same,
        _ => std::mem::discriminant(one) == std::mem::discriminant(other),
    }
}

/// Returns a scope that holds all of these, which are of one kind.
fn wider(scopes: &[&Scope], wildcards: bool) -> Scope {
    let names = scopes.iter().map(|scope| match scope {
        Scope::Database { name, .. } | Scope::Object { name, .. } => name.as_str(),
        Scope::Global | Scope::Table { .. } => "",
    });
    let prefix = names.reduce(common).unwrap_or_default();
    // Half a word is no naming scheme.
    let prefix = prefix.rfind('_').map_or("", |end| &prefix[..=end]);
    let prefix = if wildcards { prefix.to_owned() } else { String::new() };
    match scopes.first() {
        Some(Scope::Table { database, .. }) => Scope::Database { name: database.clone(), wildcard: false },
        Some(Scope::Database { .. }) if !prefix.is_empty() => {
            Scope::Database { name: prefix, wildcard: true }
        }
        Some(Scope::Object { .. }) => Scope::Object { name: prefix, wildcard: true, filter: None },
        _ => Scope::Global,
    }
}

fn common<'a>(one: &'a str, other: &str) -> &'a str {
    let end = one.char_indices().zip(other.chars()).find(|((_, a), b)| a != b).map(|((at, _), _)| at);
    let shorter = one.char_indices().nth(other.chars().count()).map_or(one.len(), |(at, _)| at);
    &one[..end.unwrap_or(shorter).min(shorter)]
}
