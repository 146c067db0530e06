//! Rights as a set of (leaf, point), and the same for the grant option.

use std::ops::Range;

use super::grant::Grant;
use super::leaf_set::LeafSet;
use super::points::Universe;
use super::resolve::{Item, Reading};
use super::statement::{Statement, Verb};

/// What a grantee may do, in one [`Universe`] of points. Sets of different universes must not be mixed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessSet {
    rights: Matrix,
    options: Matrix,
}

impl AccessSet {
    /// Returns the set of no rights.
    pub fn empty(reading: &Reading<'_>, universe: &Universe<'_>) -> Self {
        let empty = Matrix::empty(reading.catalog().len(), universe.len());
        Self { rights: empty.clone(), options: empty }
    }

    /// Replays statements in order.
    pub fn of<'a>(
        reading: &Reading<'_>,
        universe: &Universe<'_>,
        statements: impl IntoIterator<Item = &'a Statement>,
    ) -> Self {
        let mut set = Self::empty(reading, universe);
        statements.into_iter().for_each(|statement| set.apply(reading, universe, statement));
        set
    }

    /// Returns what declared grants give together: each without the parts that it leaves out, but for what another gives.
    pub fn declared<'a>(
        reading: &Reading<'_>,
        universe: &Universe<'_>,
        grants: impl IntoIterator<Item = &'a Grant>,
    ) -> Self {
        let mut set = Self::empty(reading, universe);
        for grant in grants {
            if grant.except.is_empty() {
                set.apply(reading, universe, &Statement::granting(grant));
            } else {
                set = set.union(&Self::of(reading, universe, &Statement::declaring(grant)));
            }
        }
        set
    }

    /// Replays one more statement.
    pub fn apply(&mut self, reading: &Reading<'_>, universe: &Universe<'_>, statement: &Statement) {
        if statement.replace {
            *self = Self::empty(reading, universe);
        }
        for item in reading.items(universe, statement) {
            self.apply_item(&item, statement.verb, statement.grant_option);
        }
    }

    pub(super) fn apply_item(&mut self, item: &Item<'_>, verb: Verb, grant_option: bool) {
        for (points, leaves) in &item.parts {
            for range in points {
                match verb {
                    Verb::Grant => self.rights.add(range, leaves),
                    Verb::Revoke => self.rights.take(range, leaves),
                    Verb::RevokeOption => {}
                }
                match verb {
                    Verb::Grant if grant_option => self.options.add(range, leaves),
                    Verb::Grant => {}
                    Verb::Revoke | Verb::RevokeOption => self.options.take(range, leaves),
                }
            }
        }
    }

    /// Takes some leaves of an item away as rights; and as options too, if asked.
    pub(super) fn take(&mut self, item: &Item<'_>, leaves: &LeafSet, grant_option: bool) {
        for (points, own) in &item.parts {
            let leaves = own.and(leaves);
            for range in points {
                self.rights.take(range, &leaves);
                if grant_option {
                    self.options.take(range, &leaves);
                }
            }
        }
    }

    /// Tells whether both sets are the same.
    pub fn equal(&self, other: &Self) -> bool {
        self == other
    }

    /// Tells whether there is no right at all.
    pub fn is_empty(&self) -> bool {
        self.rights.0.iter().chain(&self.options.0).all(|word| *word == 0)
    }

    /// Returns what `desired` has and this set lacks.
    pub fn missing(&self, desired: &Self) -> Self {
        desired.zip(self, |desired, own| desired & !own)
    }

    /// Returns what this set has and `desired` lacks.
    pub fn extra(&self, desired: &Self) -> Self {
        desired.missing(self)
    }

    /// Returns what is in either set.
    pub fn union(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a | b)
    }

    /// Returns what is in both sets.
    pub fn intersection(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a & b)
    }

    /// Returns the words of a point: its rights, or its grant options.
    pub(super) fn row(&self, point: usize, options: bool) -> &[u64] {
        let matrix = if options { &self.options } else { &self.rights };
        matrix.0.get(matrix.rows(&(point..point + 1))).unwrap_or_default()
    }

    /// Drops the grant option where there is no right.
    pub(super) fn without_idle_options(mut self) -> Self {
        self.options = self.options.zip(&self.rights, |option, right| option & right);
        self
    }

    /// Returns the leaves of the item that are in the set at any of its points.
    pub(super) fn any(&self, item: &Item<'_>) -> Found {
        let mut found = Found { rights: self.rights.none(), options: self.rights.none() };
        for (points, leaves) in &item.parts {
            found.rights.extend(&self.rights.any(points).and(leaves));
            found.options.extend(&self.options.any(points).and(leaves));
        }
        found
    }

    /// Returns the leaves of the item that the set lacks at any of its points, as a right or as an option if asked.
    pub(super) fn lacking(&self, item: &Item<'_>, grant_option: bool) -> LeafSet {
        let mut lacking = self.rights.none();
        for (points, leaves) in &item.parts {
            lacking.extend(&self.rights.lacking(points, leaves));
            if grant_option {
                lacking.extend(&self.options.lacking(points, leaves));
            }
        }
        lacking
    }

    fn zip(&self, other: &Self, f: impl Fn(u64, u64) -> u64 + Copy) -> Self {
        Self { rights: self.rights.zip(&other.rights, f), options: self.options.zip(&other.options, f) }
    }
}

/// Leaves that were found somewhere.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) rights: LeafSet,
    pub(super) options: LeafSet,
}

/// One row of bits a point.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Matrix(Vec<u64>, usize);

impl Matrix {
    fn empty(leaves: usize, points: usize) -> Self {
        let width = leaves.div_ceil(64);
        Self(vec![0; width * points], width)
    }

    fn none(&self) -> LeafSet {
        LeafSet::empty(self.1 * 64)
    }

    fn rows(&self, points: &Range<usize>) -> Range<usize> {
        points.start * self.1..points.end * self.1
    }

    fn add(&mut self, points: &Range<usize>, leaves: &LeafSet) {
        self.change(points, leaves, |own, word| own | word);
    }

    fn take(&mut self, points: &Range<usize>, leaves: &LeafSet) {
        self.change(points, leaves, |own, word| own & !word);
    }

    fn change(&mut self, points: &Range<usize>, leaves: &LeafSet, f: impl Fn(u64, u64) -> u64) {
        let rows = self.rows(points);
        for (own, word) in self.0[rows].iter_mut().zip(leaves.words().iter().cycle()) {
            *own = f(*own, *word);
        }
    }

    fn any(&self, points: &[Range<usize>]) -> LeafSet {
        let mut found = self.none();
        for range in points {
            self.0[self.rows(range)].chunks(self.1.max(1)).for_each(|row| found.extend_words(row));
        }
        found
    }

    fn lacking(&self, points: &[Range<usize>], leaves: &LeafSet) -> LeafSet {
        let mut lacking = self.none();
        for range in points {
            for row in self.0[self.rows(range)].chunks(self.1.max(1)) {
                lacking.extend_missing(leaves, row);
            }
        }
        lacking
    }

    fn zip(&self, other: &Self, f: impl Fn(u64, u64) -> u64) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| f(*a, *b)).collect(), self.1)
    }
}
