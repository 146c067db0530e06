//! A set of privileges, one bit each.

/// Set of privileges of one [`Catalog`](super::Catalog), by their index there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct LeafSet(Vec<u64>);

impl LeafSet {
    /// Returns the empty set with room for `size` privileges.
    pub fn empty(size: usize) -> Self {
        Self(vec![0; size.div_ceil(64)])
    }

    /// Returns the set of exactly one privilege.
    pub fn single(size: usize, index: usize) -> Self {
        let mut set = Self::empty(size);
        set.insert(index);
        set
    }

    /// Adds a privilege.
    pub fn insert(&mut self, index: usize) {
        if let Some(word) = self.0.get_mut(index / 64) {
            *word |= 1 << (index % 64);
        }
    }

    /// Takes a privilege out.
    pub fn remove(&mut self, index: usize) {
        if let Some(word) = self.0.get_mut(index / 64) {
            *word &= !(1 << (index % 64));
        }
    }

    /// Tells whether the privilege is in the set.
    pub fn contains(&self, index: usize) -> bool {
        self.0.get(index / 64).is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    /// Tells whether nothing is in the set.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// Counts the privileges.
    pub fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Returns the indexes of the privileges in the set, in order.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.0.len() * 64).filter(|index| self.contains(*index))
    }

    /// Tells whether all of this set is in `other`.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.minus(other).is_empty()
    }

    /// Returns what is in both sets.
    pub fn and(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a & b)
    }

    /// Returns what is in this set and not in `other`.
    pub fn minus(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a & !b)
    }

    /// Adds all of `other`.
    pub fn extend(&mut self, other: &Self) {
        self.extend_words(&other.0);
    }

    pub(super) fn extend_words(&mut self, words: &[u64]) {
        for (own, word) in self.0.iter_mut().zip(words) {
            *own |= word;
        }
    }

    /// Adds what is in `wanted` and not in the row of words.
    pub(super) fn extend_missing(&mut self, wanted: &Self, row: &[u64]) {
        for ((own, wanted), word) in self.0.iter_mut().zip(&wanted.0).zip(row) {
            *own |= wanted & !word;
        }
    }

    pub(super) fn words(&self) -> &[u64] {
        &self.0
    }

    fn zip(&self, other: &Self, f: impl Fn(u64, u64) -> u64) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| f(*a, *b)).collect())
    }
}
