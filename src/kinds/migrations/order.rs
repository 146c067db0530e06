//! The order of a folder's files: what comes too late, what is missing, what has another name than
//! when it was applied, and numbers that are left out. Each is told apart.

use std::collections::{BTreeMap, BTreeSet};

use super::ledger::{APPLIED, identity};
use super::{edited, number};
use crate::kinds::World;
use crate::kinds::common::migration::ALLOW_OUT_OF_ORDER;
use crate::model::finding::{Category, Finding, Severity};
use crate::model::snapshot::{Row, number as column, text};
use crate::model::{Attrs, Resource, Value};

/// More numbers than these between two files are a new series, and no gap.
const LARGEST_GAP: u64 = 9;

/// Returns whether a file that is not done comes before one that is.
fn is_late(wanted: &Resource, live: &Attrs) -> bool {
    number(&wanted.attrs, "version") < number(live, "newest")
}

fn is_allowed(wanted: &Resource) -> bool {
    wanted.attrs.get(ALLOW_OUT_OF_ORDER) == Some(&Value::Bool(true))
}

/// Returns a finding where a file comes before one that is applied already, and may not. One that
/// was begun goes on.
pub fn out_of_order(wanted: &Resource, live: &Attrs) -> Option<Finding> {
    let partial = live.get("status").and_then(Value::as_str) == Some("partial");
    if !is_late(wanted, live) || partial || is_allowed(wanted) {
        return None;
    }
    let (version, newest) = (number(&wanted.attrs, "version"), number(live, "newest"));
    Some(
        Finding::new(
            "CH412",
            Severity::Error,
            Category::Tracking,
            "a migration comes before one that is applied already",
        )
        .at(&wanted.addr)
        .compare(format!("a version above {newest}"), format!("version {version} in {}", wanted.text("path")))
        .help("rename the file to a higher version: other databases applied the newer one without it")
        .help(format!(
            "or, where the order of the two does not matter: {ALLOW_OUT_OF_ORDER} = true in {}; that it ran late is recorded",
            wanted.addr.block()
        )),
    )
}

/// Returns a finding where a file holds no statement: once recorded as applied, it could never be
/// filled.
pub fn empty(wanted: &Resource) -> Option<Finding> {
    let baselined = wanted.attrs.get("baselined") == Some(&Value::Bool(true));
    let statements = wanted.attrs.get("statements").map_or(&[][..], Value::items);
    (!baselined && statements.is_empty()).then(|| {
        Finding::new("CH437", Severity::Error, Category::Tracking, "a migration holds no statement")
            .at(&wanted.addr)
            .compare("a statement", format!("comments only in {}", wanted.text("path")))
            .help("write its statements, or remove the file: recorded as applied, it could not be filled any more")
    })
}

/// Returns what a reviewer should know of a file that runs out of order.
pub fn note(wanted: &Resource, live: &Attrs) -> Option<String> {
    is_late(wanted, live).then(|| {
        format!("out of order: version {} is applied already; recorded as such", number(live, "newest"))
    })
}

/// Finds what is wrong with the order of files that are done.
pub fn survey(wanted: &[&Resource], world: &World) -> Vec<Finding> {
    let declared: BTreeMap<&str, &Resource> =
        wanted.iter().map(|resource| (resource.identity.as_str(), *resource)).collect();
    let folders: BTreeMap<(&str, &str), &Resource> = wanted
        .iter()
        .map(|resource| ((resource.text("tenant"), resource.text("folder")), *resource))
        .collect();
    let mut findings = gaps(wanted);
    for row in world.snapshot.rows(APPLIED) {
        let folder = (text(row, "tenant"), text(row, "folder"));
        match (declared.get(identity(row).as_str()), folders.get(&folder)) {
            (Some(file), _) => findings.extend(renamed(file, row)),
            (None, Some(neighbour)) => findings.push(missing(neighbour, row, world)),
            (None, None) => {}
        }
    }
    findings
}

fn missing(neighbour: &Resource, row: &Row, world: &World) -> Finding {
    Finding::new("CH411", Severity::Drift, Category::Tracking, "the file of an applied migration is missing")
        .at(&neighbour.addr)
        .compare(
            format!("{} in folder {}", text(row, "name"), neighbour.text("folder")),
            format!(
                "no file of version {}; applied {} {}",
                column(row, "version"),
                text(row, "at"),
                edited::by(text(row, "run_id"), world)
            ),
        )
        .help("bring the file back from version control: it is how a new tenant gets what this one has")
}

/// Returns a note where a file has another name than when it was applied. The version identifies it,
/// and the checksum does not cover the name: nothing is wrong.
fn renamed(file: &Resource, row: &Row) -> Option<Finding> {
    let (applied, name) = (text(row, "name"), file.text("file"));
    if applied == name || applied.is_empty() {
        return None;
    }
    let finding = Finding::new(
        "CH435",
        Severity::Note,
        Category::Tracking,
        "a migration was renamed after it was applied",
    )
    .at(&file.addr)
    .compare(format!("{applied}, as it was applied {}", text(row, "at")), name)
    .help("nothing follows from it: a file is known by its folder and version");
    Some(finding)
}

/// Finds numbers that are left out in folders whose files are numbered one by one: once a folder,
/// however many tenants share it.
fn gaps(wanted: &[&Resource]) -> Vec<Finding> {
    let mut folders: BTreeMap<&str, (BTreeSet<u64>, &Resource)> = BTreeMap::new();
    for file in wanted {
        let path = file.text("path");
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let (versions, _) = folders.entry(folder).or_insert_with(|| (BTreeSet::new(), file));
        versions.insert(number(&file.attrs, "version"));
    }
    let with_gaps = folders.into_iter().map(|(folder, (versions, file))| (folder, left_out(&versions), file));
    let with_gaps = with_gaps.filter(|(_, left_out, _)| !left_out.is_empty());
    with_gaps
        .map(|(folder, left_out, file)| {
            let numbers: Vec<String> = left_out.iter().map(ToString::to_string).collect();
            let found = format!("no file of version {}", numbers.join(", "));
            Finding::new("CH436", Severity::Note, Category::Tracking, "versions are left out in a folder of migrations")
                .at(&file.addr)
                .compare(format!("{folder}: files that are numbered one by one"), found)
                .help("nothing follows from it; but a file that is yet to come with such a version is out of order where a newer one is applied")
        })
        .collect()
}

/// Returns the numbers that are left out; none where files are not numbered one by one.
fn left_out(versions: &BTreeSet<u64>) -> Vec<u64> {
    let steps: Vec<(u64, u64)> = versions.iter().copied().zip(versions.iter().copied().skip(1)).collect();
    let next = steps.iter().filter(|(one, two)| two - one == 1).count();
    if next * 2 <= steps.len() {
        return Vec::new();
    }
    let gaps = steps.into_iter().filter(|(one, two)| two - one - 1 <= LARGEST_GAP);
    gaps.flat_map(|(one, two)| one + 1..two).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_left_out_only_where_files_are_numbered_one_by_one() {
        let left_out = |versions: &[u64]| left_out(&versions.iter().copied().collect());
        assert_eq!(left_out(&[1, 2, 4, 5]), [3]);
        assert_eq!(left_out(&[1000, 1001, 1002, 1005, 1006]), [1003, 1004]);
        assert!(left_out(&[]).is_empty() && left_out(&[7]).is_empty());
        // Steps of ten, dates, and a new series.
        assert!(left_out(&[10, 20, 40]).is_empty());
        assert!(left_out(&[20_260_101, 20_260_102, 20_260_309, 20_260_311]).is_empty());
        assert!(left_out(&[1000, 1001, 1002, 2000, 2001]).is_empty());
    }
}
