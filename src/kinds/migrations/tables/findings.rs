//! What is told of tables: each kind of difference by a code of its own.

use std::collections::{BTreeMap, BTreeSet};

use super::Table;
use crate::kinds::World;
use crate::migrate::look::{Aspect, Difference};
use crate::model::finding::{Category, Finding, Severity};
use crate::model::{Addr, Resource, Value};

/// How many names are told at most.
const NAMED: usize = 10;

/// Returns the address that a finding about a tenant's, or a folder's, tables is at.
pub fn addr(resource: &Resource) -> Addr {
    match resource.tenant.as_deref() {
        Some(_) => resource.addr.block(),
        None => resource.addr.clone(),
    }
}

pub fn missing(table: &Table, resource: &Resource) -> Finding {
    let name = table.name();
    let expected = table.recorded().list();
    Finding::new("CH501", Severity::Drift, Category::Tables, "a managed table is missing")
        .at(&addr(resource))
        .compare(format!("{name} with the columns {expected}"), "no such table")
        .help(format!("was it dropped by hand? within eight minutes of a DROP without SYNC: UNDROP TABLE {name}"))
        .help("else restore it from a backup, or make it again by a new migration: charter never makes it again, empty, by itself")
}

/// Returns the code and what is said of a kind of difference.
pub fn told(aspect: Aspect) -> (&'static str, &'static str) {
    match aspect {
        Aspect::Columns => ("CH502", "a managed table has other columns than its migrations gave it"),
        Aspect::Engine => ("CH503", "a managed table has another engine than its migrations gave it"),
        Aspect::Keys => ("CH504", "a managed table has other keys than its migrations gave it"),
        Aspect::Settings => ("CH505", "a managed table has other settings than its migrations gave it"),
        Aspect::Elements => ("CH506", "a managed table has other indices, projections or constraints"),
        Aspect::Query => ("CH507", "a managed view or dictionary is defined otherwise"),
        Aspect::Ttl => ("CH513", "the rows of a managed table have another time to live"),
        Aspect::Comment => ("CH514", "a managed table has another comment"),
    }
}

/// Returns one finding for each kind of difference of a table, and one note for all that may be
/// differences of text alone.
pub fn differing(
    table: &Table,
    differences: &[Difference],
    resource: &Resource,
    version: &str,
) -> Vec<Finding> {
    let name = table.name();
    let at = addr(resource);
    let (certain, doubtful): (Vec<&Difference>, Vec<&Difference>) =
        differences.iter().partition(|difference| difference.certain);
    let mut by_aspect: BTreeMap<Aspect, Vec<&Difference>> = BTreeMap::new();
    for difference in certain {
        by_aspect.entry(difference.aspect).or_default().push(difference);
    }
    let drifts = by_aspect.into_iter().map(|(aspect, differences)| {
        let (code, summary) = told(aspect);
        let (expected, found) = sides(&name, &differences);
        let finding = Finding::new(code, Severity::Drift, Category::Tables, summary).at(&at);
        let finding = changed(table).into_iter().fold(finding.compare(expected, found), Finding::help);
        finding.help(
            "put it right by hand (ALTER TABLE …), or write a migration that makes the change everywhere",
        )
    });
    let mut all: Vec<Finding> = drifts.collect();
    if !doubtful.is_empty() {
        let (expected, found) = sides(&name, &doubtful);
        let summary = "a managed table reads otherwise since the server was upgraded";
        let finding = Finding::new("CH511", Severity::Note, Category::Tables, summary)
            .at(&at)
            .compare(expected, found)
            .help(format!(
                "recorded on {}, this is {version}: names, types and engines are the same, and these texts may mean the same; \
                 the next migration that touches the table records it anew",
                table.text("recorded_version")
            ));
        all.push(finding);
    }
    all
}

/// Returns when the definition of a table was last changed on the server, in words, where it tells.
fn changed(table: &Table) -> Option<String> {
    let at = table.text("live_changed").get(..16).filter(|at| !at.starts_with("1970"))?;
    Some(format!("changed on the server: its definition was last changed {at} UTC"))
}

/// Returns both sides of differences as texts.
pub fn sides(name: &str, differences: &[&Difference]) -> (String, String) {
    let side = |of: fn(&Difference) -> &str| {
        let texts: Vec<&str> = differences.iter().map(|difference| of(difference)).collect();
        format!("{name}: {}", texts.join("; "))
    };
    (side(|difference| &difference.expected), side(|difference| &difference.found))
}

pub fn hidden(table: &Table, resource: &Resource) -> Finding {
    let summary = "a part of a managed table cannot be compared";
    Finding::new("CH512", Severity::Note, Category::Tables, summary)
        .at(&addr(resource))
        .compare(format!("{} as its migration made it", table.name()), "a password that the server hides")
        .help("all else of it is compared; a named collection keeps the password out of the definition")
}

/// Finds the tables of databases that migrations of ours filled, which none of them made: one note a
/// database. They never drift, and are nobody's to change.
pub fn extra(wanted: &[&Resource], world: &World) -> Vec<Finding> {
    let owners = owners(wanted);
    let declared: BTreeSet<(&str, &str)> = wanted.iter().flat_map(|resource| touched(resource)).collect();
    let mut strange: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for table in Table::all(world).filter(|table| !table.is_recorded() && table.is_there()) {
        let key = (table.text("database"), table.text("table"));
        if owners.contains_key(key.0) && !declared.contains(&key) {
            strange.entry(key.0).or_default().push(key.1);
        }
    }
    let notes = strange.into_iter().filter_map(|(database, tables)| {
        let more = tables.len().saturating_sub(NAMED);
        let mut names = tables.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
        if more > 0 {
            names.push_str(&format!(" and {more} more"));
        }
        let count = tables.len();
        let plural = if count == 1 { "table" } else { "tables" };
        let summary = format!("{count} {plural} of database {database} that no migration made");
        let note = Finding::new("CH510", Severity::Note, Category::Tables, summary)
            .at(&addr(owners.get(database)?))
            .compare("nothing", names)
            .help("charter leaves them alone, and never compares them");
        Some(note)
    });
    notes.collect()
}

/// Returns the databases that declared migrations run in, each with one of their resources.
fn owners<'a>(wanted: &[&'a Resource]) -> BTreeMap<&'a str, &'a Resource> {
    let databases = wanted.iter().map(|resource| (resource.text("database"), *resource));
    databases.filter(|(database, _)| !matches!(*database, "" | "default" | "ops")).collect()
}

/// Returns the tables that a file's statements touch: database and name.
pub fn touched(resource: &Resource) -> Vec<(&str, &str)> {
    let statements = resource.attrs.get("statements").map_or(&[][..], Value::items);
    let pairs = statements.iter().filter_map(|statement| statement.get("touches")).flat_map(Value::items);
    let pairs = pairs.filter_map(|pair| match pair.items() {
        [Value::String(database), Value::String(table)] => Some((database.as_str(), table.as_str())),
        _ => None,
    });
    pairs.collect()
}
