//! Rights back into grants that people recognise: on the scopes where they were written, in few words.

use std::collections::HashMap;

use super::access::AccessSet;
use super::diff::Extra;
use super::fold::fold;
use super::grant::{Grant, PrivilegeSpec, Scope};
use super::leaf_set::LeafSet;
use super::points::Universe;
use super::resolve::{Item, Reading};
use super::statement::{Statement, Verb};

/// Returns what `has` lacks of the statements: their own words where a word lacks whole, and its leaves otherwise.
pub(super) fn words(
    reading: &Reading<'_>,
    universe: &Universe<'_>,
    statements: &[Statement],
    has: &AccessSet,
) -> Vec<Grant> {
    let mut has = has.clone();
    let mut grants = Grants::default();
    for statement in statements {
        for item in reading.items(universe, statement) {
            let mut lacking = has.lacking(&item, statement.grant_option);
            // ALL on *.* is more than the sum of its parts: the server reads the names of sources as READ and WRITE.
            if !lacking.is_empty() && *item.scope == Scope::Global && reading.catalog().is_root(item.id) {
                lacking = item.leaves();
            }
            grants.add_leaves(reading, &item, &lacking, statement.grant_option);
            has.apply_item(&item, Verb::Grant, statement.grant_option);
        }
    }
    grants.list
}

/// Returns the statements without the leaves that `has` nowhere on their scope.
pub(super) fn clip<'a>(
    reading: &Reading<'_>,
    universe: &Universe<'_>,
    statements: impl IntoIterator<Item = &'a Statement>,
    has: &AccessSet,
) -> Vec<Statement> {
    let mut grants = Grants::default();
    for statement in statements {
        for item in reading.items(universe, statement) {
            let found = has.any(&item);
            grants.add_leaves(reading, &item, &found.rights, false);
            if statement.grant_option {
                grants.add_leaves(reading, &item, &found.options, true);
            }
        }
    }
    grants.list.iter().map(Statement::granting).collect()
}

/// Returns what was `lost`, in words of the statements that `target` has on all of their scope.
pub(super) fn restored<'a>(
    reading: &Reading<'_>,
    universe: &Universe<'_>,
    statements: impl IntoIterator<Item = &'a Statement>,
    lost: &AccessSet,
    target: &AccessSet,
) -> Vec<Grant> {
    let mut lost = lost.clone();
    let mut grants = Grants::default();
    for statement in statements {
        for item in reading.items(universe, statement) {
            let found = lost.any(&item);
            let options = found.options.minus(&target.lacking(&item, true));
            let rights = found.rights.minus(&target.lacking(&item, false)).minus(&options);
            grants.add_leaves(reading, &item, &rights, false);
            grants.add_leaves(reading, &item, &options, true);
            lost.take(&item, &rights, false);
            lost.take(&item, &options, true);
        }
    }
    grants.list
}

/// Returns the rights in `extra` on the scopes of the statements, with groups where they are whole: first on those of
/// `parts`, as far as `target` has nothing of a right there.
pub(super) fn superfluous<'a>(
    reading: &Reading<'_>,
    universe: &Universe<'_>,
    (parts, target): (&'a [Statement], &AccessSet),
    statements: impl IntoIterator<Item = &'a Statement>,
    mut extra: AccessSet,
) -> Vec<Extra> {
    let mut found = Leftovers::default();
    for item in parts.iter().flat_map(|part| reading.items(universe, part)) {
        let clean = extra.any(&item).rights.minus(&target.any(&item).rights);
        found.add(reading, &item, &clean, false);
        extra.take(&item, &clean, true);
    }
    for statement in statements {
        if extra.is_empty() {
            break;
        }
        for item in reading.items(universe, statement) {
            let here = extra.any(&item);
            found.add(reading, &item, &here.rights, false);
            found.add(reading, &item, &here.options.minus(&here.rights), true);
            extra.apply_item(&item, Verb::Revoke, false);
        }
    }
    found.finish(reading)
}

/// Names some leaves of an item: by its word if they are all of it.
fn names(reading: &Reading<'_>, item: &Item<'_>, leaves: &LeafSet) -> Vec<String> {
    if leaves.is_empty() {
        return Vec::new();
    }
    let grows = reading.catalog().is_root(item.id) && *item.scope != Scope::Global;
    let whole = item.leaves().is_subset(leaves);
    let columns = item.column.is_some();
    let nameable = leaves.is_subset(&reading.grantable(item.id, item.scope, columns));
    if nameable && (grows || !whole) {
        return fold(reading, leaves, item.scope, columns);
    }
    vec![reading.catalog().spelling(&item.spec.name).to_owned()]
}

/// Grants in order of appearance, one for each scope and option.
#[derive(Default)]
struct Grants {
    list: Vec<Grant>,
    index: HashMap<(Scope, bool), usize>,
}

impl Grants {
    fn add_leaves(&mut self, reading: &Reading<'_>, item: &Item<'_>, leaves: &LeafSet, grant_option: bool) {
        for name in names(reading, item, leaves) {
            self.add(reading, name, item.column, item.scope, grant_option);
        }
    }

    fn add(
        &mut self,
        reading: &Reading<'_>,
        name: String,
        column: Option<&str>,
        scope: &Scope,
        grant_option: bool,
    ) {
        let scope = reading.written(&name, scope).into_owned();
        let index = *self.index.entry((scope.clone(), grant_option)).or_insert(self.list.len());
        if index == self.list.len() {
            self.list.push(Grant {
                privileges: Vec::new(),
                on: scope.clone(),
                grant_option,
                except: Vec::new(),
            });
        }
        if let Some(grant) = self.list.get_mut(index) {
            add_privilege(&mut grant.privileges, name, column);
        }
    }
}

fn add_privilege(privileges: &mut Vec<PrivilegeSpec>, name: String, column: Option<&str>) {
    let same =
        privileges.iter_mut().find(|spec| spec.name == name && spec.columns.is_empty() == column.is_none());
    match (same, column) {
        (Some(spec), Some(column)) if !spec.columns.iter().any(|known| known == column) => {
            spec.columns.push(column.to_owned());
        }
        (Some(_), _) => {}
        (None, column) => {
            privileges.push(PrivilegeSpec { name, columns: column.into_iter().map(str::to_owned).collect() });
        }
    }
}

/// Leaves that are too much, by where they were granted.
#[derive(Default)]
struct Leftovers<'a> {
    list: Vec<Leftover<'a>>,
    index: HashMap<(Scope, Option<&'a str>, bool), usize>,
}

struct Leftover<'a> {
    scope: &'a Scope,
    column: Option<&'a str>,
    option_only: bool,
    leaves: LeafSet,
    /// Words that stand for leaves of other scopes.
    words: Vec<String>,
}

impl<'a> Leftovers<'a> {
    fn add(&mut self, reading: &Reading<'_>, item: &Item<'a>, leaves: &LeafSet, option_only: bool) {
        if leaves.is_empty() {
            return;
        }
        let (scope, column) = (item.scope, item.column);
        let index = *self.index.entry((scope.clone(), column, option_only)).or_insert(self.list.len());
        if index == self.list.len() {
            let leaves = LeafSet::empty(reading.catalog().len());
            self.list.push(Leftover { scope, column, option_only, leaves, words: Vec::new() });
        }
        let Some(leftover) = self.list.get_mut(index) else { return };
        if leaves.is_subset(&reading.grantable(item.id, scope, column.is_some())) {
            leftover.leaves.extend(leaves);
        } else {
            leftover.words.push(reading.catalog().spelling(&item.spec.name).to_owned());
        }
    }

    /// Names what was found; columns of one table come together.
    fn finish(self, reading: &Reading<'_>) -> Vec<Extra> {
        let mut grants = Grants::default();
        for leftover in self.list {
            let mut names = fold(reading, &leftover.leaves, leftover.scope, leftover.column.is_some());
            names.extend(leftover.words);
            for name in names {
                grants.add(reading, name, leftover.column, leftover.scope, leftover.option_only);
            }
        }
        let extras = grants.list.into_iter().map(|grant| Extra { option_only: grant.grant_option, grant });
        extras.collect()
    }
}
