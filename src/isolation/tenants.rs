//! The tenants' databases, and sets of them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// A tenant's database.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tenant {
    /// The database.
    pub database: String,
    /// The tenant's slug.
    pub slug: String,
}

/// All of them, in the order of their databases.
#[derive(Clone, Debug, Default)]
pub struct Tenants {
    all: Vec<Tenant>,
    places: BTreeMap<String, usize>,
}

impl Tenants {
    /// Sorts them.
    pub fn new(tenants: impl IntoIterator<Item = Tenant>) -> Self {
        let all: BTreeSet<Tenant> = tenants.into_iter().collect();
        let all: Vec<Tenant> = all.into_iter().collect();
        let places = all.iter().enumerate().map(|(at, tenant)| (tenant.database.clone(), at)).collect();
        Self { all, places }
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Tells whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Returns a tenant by its place.
    pub fn get(&self, at: usize) -> &Tenant {
        &self.all[at]
    }

    /// Returns the place of a database.
    pub fn find(&self, database: &str) -> Option<usize> {
        self.places.get(database).copied()
    }

    /// Returns the places of the databases that begin with a prefix.
    pub fn under(&self, prefix: &str) -> Range<usize> {
        let start = self.all.partition_point(|tenant| tenant.database.as_str() < prefix);
        let len = self.all[start..].iter().take_while(|tenant| tenant.database.starts_with(prefix)).count();
        start..start + len
    }
}

/// A set of tenants, by their places. That of all but a few is as small as that of a few.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct TenantSet {
    /// Every one but these, where `inverted`; else these.
    places: BTreeSet<usize>,
    inverted: bool,
}

impl TenantSet {
    /// Returns all tenants.
    pub fn all() -> Self {
        Self { places: BTreeSet::new(), inverted: true }
    }

    /// Returns all but some.
    pub fn all_but(places: BTreeSet<usize>) -> Self {
        Self { places, inverted: true }
    }

    /// Returns these.
    pub fn of(places: impl IntoIterator<Item = usize>) -> Self {
        Self { places: places.into_iter().collect(), inverted: false }
    }

    /// Tells whether a tenant is in the set.
    pub fn has(&self, place: usize) -> bool {
        self.places.contains(&place) != self.inverted
    }

    /// Adds another set.
    pub fn add(&mut self, other: &Self) {
        let (inverted, places) = match (self.inverted, other.inverted) {
            (false, false) => return self.places.extend(&other.places),
            (true, true) => (true, self.places.intersection(&other.places).copied().collect()),
            (true, false) => (true, self.places.difference(&other.places).copied().collect()),
            (false, true) => (true, other.places.difference(&self.places).copied().collect()),
        };
        *self = Self { places, inverted };
    }

    /// Returns what is in this set and not in another.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let places = match (self.inverted, other.inverted) {
            (false, _) => self.places.iter().copied().filter(|place| !other.has(*place)).collect(),
            (true, false) => self.places.union(&other.places).copied().collect(),
            (true, true) => other.places.difference(&self.places).copied().collect(),
        };
        Self { places, inverted: self.inverted && !other.inverted }
    }

    /// Tells whether none of the tenants is in the set.
    pub fn is_empty(&self, tenants: &Tenants) -> bool {
        self.count(tenants) == 0
    }

    /// Counts the tenants in the set.
    pub fn count(&self, tenants: &Tenants) -> usize {
        if self.inverted { tenants.len().saturating_sub(self.places.len()) } else { self.places.len() }
    }

    /// Returns the places in the set, in order.
    pub fn places<'a>(&'a self, tenants: &Tenants) -> impl Iterator<Item = usize> + use<'a> {
        let listed = (!self.inverted).then(|| self.places.iter().copied());
        let others = self.inverted.then(|| (0..tenants.len()).filter(|place| !self.places.contains(place)));
        listed.into_iter().flatten().chain(others.into_iter().flatten())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenants(names: &[&str]) -> Tenants {
        Tenants::new(names.iter().map(|name| Tenant { database: (*name).into(), slug: (*name).into() }))
    }

    #[test]
    fn prefixes_take_in_what_begins_with_them() {
        let tenants = tenants(&["t_b", "t_a_b", "t_a", "x", "t_ab"]);
        let under = |prefix: &str| -> Vec<&str> {
            tenants.under(prefix).map(|at| tenants.get(at).database.as_str()).collect()
        };
        assert_eq!(under("t_a"), ["t_a", "t_a_b", "t_ab"]);
        assert_eq!(under("t_a_"), ["t_a_b"]);
        assert_eq!(under("").len(), 5);
        assert!(under("zz").is_empty());
    }

    #[test]
    fn sets_of_all_but_a_few_are_sets() {
        let tenants = tenants(&["a", "b", "c", "d"]);
        let list = |set: &TenantSet| set.places(&tenants).collect::<Vec<_>>();
        let some = [
            TenantSet::all(),
            TenantSet::of([0, 1]),
            TenantSet::of([]),
            TenantSet::all_but([1, 2].into()),
            TenantSet::all_but([0].into()),
        ];
        for a in &some {
            assert_eq!(a.count(&tenants), list(a).len());
            for b in &some {
                let mut both = a.clone();
                both.add(b);
                let wanted: Vec<usize> = (0..4).filter(|at| a.has(*at) || b.has(*at)).collect();
                assert_eq!(list(&both), wanted, "{a:?} and {b:?}");
                let wanted: Vec<usize> = (0..4).filter(|at| a.has(*at) && !b.has(*at)).collect();
                assert_eq!(list(&a.minus(b)), wanted, "{a:?} less {b:?}");
            }
        }
    }
}
