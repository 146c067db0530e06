//! Leaves back into words: the fewest names that mean exactly them on a scope.

use super::catalog::{Level, PrivilegeId};
use super::grant::Scope;
use super::leaf_set::LeafSet;
use super::resolve::Reading;

/// Names the leaves, by their groups where all of a group can be granted at this scope and is in.
///
/// That is how the server prints them: a group that the scope halves (`CREATE ON d.*`) is written out.
pub(super) fn fold(reading: &Reading<'_>, leaves: &LeafSet, scope: &Scope, columns: bool) -> Vec<String> {
    let folder = Folder { reading, leaves, scope, columns };
    let mut names = Vec::new();
    reading.catalog().roots().for_each(|root| folder.visit(root, &mut names));
    names
}

struct Folder<'a> {
    reading: &'a Reading<'a>,
    leaves: &'a LeafSet,
    scope: &'a Scope,
    columns: bool,
}

impl Folder<'_> {
    fn visit(&self, id: PrivilegeId, names: &mut Vec<String>) {
        let catalog = self.reading.catalog();
        let here = self.reading.grantable(id, self.scope, self.columns);
        if here.and(self.leaves).is_empty() {
            return;
        }
        let own = catalog.level(id) != &Level::Group && self.leaves.contains(id.0);
        if own || self.is_whole(id, &here) {
            names.push(catalog.name(id).to_owned());
            return;
        }
        catalog.children(id).for_each(|child| self.visit(child, names));
    }

    fn is_whole(&self, id: PrivilegeId, here: &LeafSet) -> bool {
        let everywhere = self.reading.grantable(id, &Scope::Global, false);
        *here == everywhere && here.is_subset(self.leaves)
    }
}
