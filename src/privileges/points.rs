//! The points that two sets of rights can differ at.
//!
//! Any statement treats all names alike that it does not mention and that match the same wildcards. So it is enough to
//! look at every name that is mentioned, one name for each wildcard that nothing longer matches, and one name of nothing
//! mentioned: databases, tables in each of them, columns in each of those; and access objects beside them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::grant::Scope;

pub(super) mod cover;

/// Name of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Name<'a> {
    /// A name that is mentioned.
    Exact(&'a str),
    /// Some name with this prefix that is mentioned nowhere and matches no longer wildcard.
    Under(&'a str),
    /// Some name that is mentioned nowhere and matches no wildcard.
    Other,
}

impl<'a> Name<'a> {
    fn new(name: &'a str, wildcard: bool) -> Self {
        match (name, wildcard) {
            ("", true) => Self::Other,
            (_, true) => Self::Under(name),
            (_, false) => Self::Exact(name),
        }
    }

    fn matches(self, name: &str, wildcard: bool) -> bool {
        match self {
            Self::Exact(own) if wildcard => own.starts_with(name),
            Self::Exact(own) => own == name,
            Self::Under(prefix) => wildcard && prefix.starts_with(name),
            Self::Other => wildcard && name.is_empty(),
        }
    }
}

/// A name and the points below it.
#[derive(Debug, Clone)]
struct Branch<'a> {
    name: Name<'a>,
    points: Range<usize>,
    below: Vec<Branch<'a>>,
}

/// All points of one comparison.
#[derive(Debug, Clone)]
pub struct Universe<'a> {
    databases: Vec<Branch<'a>>,
    objects: Vec<Branch<'a>>,
    data: usize,
    all: usize,
}

type Columns<'a> = BTreeSet<Name<'a>>;
type Tables<'a> = BTreeMap<Name<'a>, Columns<'a>>;

/// Names as they are collected.
#[derive(Default)]
struct Names<'a> {
    databases: BTreeMap<Name<'a>, Tables<'a>>,
    objects: Tables<'a>,
}

impl<'a> Universe<'a> {
    /// Collects the points from scopes with their columns. Statements may be applied only if their scopes were given.
    pub fn new(scopes: impl IntoIterator<Item = (&'a Scope, &'a [String])>) -> Self {
        let mut names = Names::default();
        scopes.into_iter().for_each(|(scope, columns)| names.add(scope, columns));
        let mut next = 0;
        names.databases.entry(Name::Other).or_default();
        let databases = names.databases.into_iter().map(|(name, tables)| {
            let start = next;
            let below = branches(tables, &mut next);
            Branch { name, points: start..next, below }
        });
        let databases = databases.collect();
        let data = next;
        let objects = branches(names.objects, &mut next);
        Self { databases, objects, data, all: next }
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        self.all
    }

    /// Tells whether there is no point; there always is.
    pub fn is_empty(&self) -> bool {
        self.all == 0
    }

    /// Returns the points of databases, tables and columns.
    pub(super) fn data(&self) -> Range<usize> {
        0..self.data
    }

    /// Returns the points of access objects.
    pub(super) fn objects(&self) -> Range<usize> {
        self.data..self.all
    }

    /// Returns the points in a scope, for access objects too; of one column, if it is given.
    pub(super) fn select(&self, scope: &Scope, column: Option<&str>) -> Vec<Range<usize>> {
        match scope {
            Scope::Global => vec![self.data(), self.objects()],
            Scope::Database { name, wildcard } => {
                matching(&self.databases, name, *wildcard).map(|database| database.points.clone()).collect()
            }
            Scope::Table { database, table, wildcard } => {
                let tables = matching(&self.databases, database, false);
                let tables = tables.flat_map(|database| matching(&database.below, table, *wildcard));
                tables.flat_map(|table| within(table, column)).collect()
            }
            Scope::Object { name, wildcard, filter } => {
                let objects = matching(&self.objects, name, *wildcard);
                objects.flat_map(|object| within(object, filter.as_deref())).collect()
            }
        }
    }
}

/// Returns the points of a branch, or of one exact name below it.
fn within(branch: &Branch<'_>, name: Option<&str>) -> Vec<Range<usize>> {
    match name {
        None => vec![branch.points.clone()],
        Some(name) => matching(&branch.below, name, false).map(|below| below.points.clone()).collect(),
    }
}

fn matching<'b, 'a>(
    branches: &'b [Branch<'a>],
    name: &'b str,
    wildcard: bool,
) -> impl Iterator<Item = &'b Branch<'a>> {
    let near = match branches.binary_search_by(|branch| branch.name.cmp(&Name::Exact(name))) {
        _ if wildcard => branches,
        Ok(index) => &branches[index..=index],
        Err(_) => &[],
    };
    near.iter().filter(move |branch| branch.name.matches(name, wildcard))
}

fn branches<'a>(mut tables: Tables<'a>, next: &mut usize) -> Vec<Branch<'a>> {
    tables.entry(Name::Other).or_default();
    let branches = tables.into_iter().map(|(name, mut columns)| {
        let start = *next;
        columns.insert(Name::Other);
        let below = columns.into_iter().map(|name| {
            *next += 1;
            Branch { name, points: *next - 1..*next, below: Vec::new() }
        });
        let below = below.collect();
        Branch { name, points: start..*next, below }
    });
    branches.collect()
}

impl<'a> Names<'a> {
    fn add(&mut self, scope: &'a Scope, columns: &'a [String]) {
        match scope {
            Scope::Global => {}
            Scope::Database { name, wildcard } => {
                self.databases.entry(Name::new(name, *wildcard)).or_default();
            }
            Scope::Table { database, table, wildcard } => {
                let tables = self.databases.entry(Name::Exact(database)).or_default();
                let known = tables.entry(Name::new(table, *wildcard)).or_default();
                known.extend(columns.iter().map(|column| Name::Exact(column)));
            }
            Scope::Object { name, wildcard, filter } => {
                let known = self.objects.entry(Name::new(name, *wildcard)).or_default();
                known.extend(filter.iter().map(|filter| Name::Exact(filter)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(texts: &[&str]) -> Vec<Scope> {
        texts.iter().filter_map(|text| Scope::parse(text).ok()).collect()
    }

    fn count(universe: &Universe<'_>, text: &str) -> usize {
        scopes(&[text]).iter().flat_map(|scope| universe.select(scope, None)).map(|range| range.len()).sum()
    }

    #[test]
    fn has_a_point_for_each_name_and_for_each_region() {
        let all = scopes(&["*.*", "a*.*", "ab*.*", "abc.*", "d.t", "d.t*"]);
        let universe = Universe::new(all.iter().map(|scope| (scope, &[][..])));
        // a*, ab*, abc, d (t, t*, other), other; and one access object.
        assert_eq!(universe.len(), 8);
        let sizes =
            ["a*.*", "ab*.*", "abc.*", "d.*", "d.t", "d.t*", "*.*", "*"].map(|text| count(&universe, text));
        assert_eq!(sizes, [3, 2, 1, 3, 1, 2, 8, 1]);
    }

    #[test]
    fn columns_and_filters_are_points_of_their_own() {
        let all = scopes(&["d.t", "S3('x')", "S*"]);
        let columns = ["a".to_owned(), "b".to_owned()];
        let universe = Universe::new(all.iter().map(|scope| (scope, &columns[..])));
        assert_eq!(count(&universe, "d.t"), 3);
        let of_a: Vec<_> = universe.select(&all[0], Some("a"));
        assert_eq!(of_a.iter().map(|range| range.len()).sum::<usize>(), 1);
        assert_eq!(["S3('x')", "S3", "S*", "*"].map(|text| count(&universe, text)), [1, 2, 3, 4]);
    }
}
