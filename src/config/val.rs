//! Values while expressions are evaluated.
//!
//! A value carries marks through every operation: whether it is sensitive, and the resources that
//! it was made of. So what a block depends on, and what must not be shown, is known by value. A
//! [`Data::Poison`] stands for a value whose problem was reported; whatever is made of it is
//! poison too, so that one mistake is told once.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;

use crate::model::Addr;
use crate::model::value::number_text;

/// A value with its marks.
#[derive(Clone)]
pub struct Val {
    /// The value itself.
    pub data: Data,
    /// What is known of how it came about.
    pub marks: Marks,
    /// The resource that this text is the name of.
    pub origin: Option<Rc<Origin>>,
}

/// The value itself. Collections are shared, so that copies are cheap.
#[derive(Clone)]
pub enum Data {
    /// Unknown, because of a problem that was reported.
    Poison,
    /// No value.
    Null,
    /// A truth value.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// Values in order.
    List(Rc<Vec<Val>>),
    /// Different values, sorted.
    Set(Rc<Vec<Val>>),
    /// Values by key.
    Map(Rc<BTreeMap<String, Val>>),
    /// An instance of a declared block.
    Block(Rc<BlockVal>),
}

/// What is known of how a value came about.
#[derive(Clone, Default)]
pub struct Marks {
    /// It must not be shown.
    pub sensitive: bool,
    refs: Option<Rc<BTreeSet<Addr>>>,
}

/// The resource that a text names.
#[derive(Debug)]
pub struct Origin {
    /// Where it is declared.
    pub addr: Addr,
    /// Its kind.
    pub kind: &'static str,
}

/// An instance of a declared block, as other blocks see it.
pub struct BlockVal {
    /// Where it is declared.
    pub addr: Addr,
    /// Its kind.
    pub kind: &'static str,
    /// The values that it exports; none where its problems were reported.
    pub exports: Option<BTreeMap<String, Val>>,
    /// The names that its kind exports.
    pub names: Vec<&'static str>,
    /// Everything that is declared of it, for conditions; empty where there are none.
    pub declared: BTreeMap<String, Val>,
}

impl Marks {
    /// Returns the mark of what is made of a resource.
    pub fn of(addr: Addr) -> Self {
        Self { sensitive: false, refs: Some(Rc::new(BTreeSet::from([addr]))) }
    }

    /// Adds other marks.
    pub fn join(&mut self, other: &Self) {
        self.sensitive |= other.sensitive;
        match (&mut self.refs, &other.refs) {
            (_, None) => {}
            (mine @ None, Some(theirs)) => *mine = Some(Rc::clone(theirs)),
            (Some(mine), Some(theirs)) => {
                if !Rc::ptr_eq(mine, theirs) && !theirs.is_subset(mine) {
                    Rc::make_mut(mine).extend(theirs.iter().cloned());
                }
            }
        }
    }

    /// Returns the resources.
    pub fn refs(&self) -> impl Iterator<Item = &Addr> {
        self.refs.iter().flat_map(|refs| refs.iter())
    }
}

impl Val {
    /// Returns a value without marks.
    pub fn new(data: Data) -> Self {
        Self { data, marks: Marks::default(), origin: None }
    }

    /// Returns the value whose problem was reported.
    pub fn poison() -> Self {
        Self::new(Data::Poison)
    }

    /// Returns no value.
    pub fn null() -> Self {
        Self::new(Data::Null)
    }

    /// Returns a list; poison where an element is.
    pub fn list(items: Vec<Self>) -> Self {
        if items.iter().any(Self::is_poison) {
            return Self::poison();
        }
        Self::new(Data::List(Rc::new(items)))
    }

    /// Returns a set: sorted, and each value once; poison where an element is.
    pub fn set(mut items: Vec<Self>) -> Self {
        if items.iter().any(Self::is_poison) {
            return Self::poison();
        }
        items.sort_by(|a, b| a.compare(b));
        items.dedup_by(|later, kept| {
            let same = later.compare(kept) == Ordering::Equal;
            if same {
                kept.marks.join(&later.marks);
            }
            same
        });
        Self::new(Data::Set(Rc::new(items)))
    }

    /// Returns a map; poison where a value is.
    pub fn map(entries: BTreeMap<String, Self>) -> Self {
        if entries.values().any(Self::is_poison) {
            return Self::poison();
        }
        Self::new(Data::Map(Rc::new(entries)))
    }

    /// Returns the value with more marks.
    #[must_use]
    pub fn marked(mut self, marks: &Marks) -> Self {
        self.marks.join(marks);
        self
    }

    /// Returns the value as a sensitive one.
    #[must_use]
    pub fn sensitive(mut self) -> Self {
        self.marks.sensitive = true;
        self
    }

    /// Returns whether its problem was reported.
    pub fn is_poison(&self) -> bool {
        matches!(self.data, Data::Poison)
    }

    /// Returns whether there is no value.
    pub fn is_null(&self) -> bool {
        matches!(self.data, Data::Null)
    }

    /// Returns the elements of a list or set.
    pub fn items(&self) -> Option<&[Self]> {
        match &self.data {
            Data::List(items) | Data::Set(items) => Some(items),
            _ => None,
        }
    }

    /// Returns the entries of a map.
    pub fn entries(&self) -> Option<&BTreeMap<String, Self>> {
        match &self.data {
            Data::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// Returns the text of a text, number or truth value, as terraform converts them.
    pub fn to_text(&self) -> Option<String> {
        match &self.data {
            Data::Text(text) => Some(text.clone()),
            Data::Number(number) => Some(number_text(*number)),
            Data::Bool(value) => Some(value.to_string()),
            _ => None,
        }
    }

    /// Returns the number of a number, or of a text that is one.
    pub fn to_number(&self) -> Option<f64> {
        match &self.data {
            Data::Number(number) => Some(*number),
            Data::Text(text) => exact(text),
            _ => None,
        }
    }

    /// Returns the truth value of a truth value, or of the texts `true` and `false`.
    pub fn to_bool(&self) -> Option<bool> {
        match &self.data {
            Data::Bool(value) => Some(*value),
            Data::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// Returns whether the value has at most a million elements and 200 levels, so that locals
    /// made of locals cannot exhaust memory, time or stack.
    pub fn is_bounded(&self) -> bool {
        fn weigh(value: &Val, levels: usize, budget: &mut usize) -> bool {
            if levels == 0 || *budget == 0 {
                return false;
            }
            *budget -= 1;
            match &value.data {
                Data::List(items) | Data::Set(items) => {
                    items.iter().all(|item| weigh(item, levels - 1, budget))
                }
                Data::Map(entries) => entries.values().all(|item| weigh(item, levels - 1, budget)),
                _ => true,
            }
        }
        weigh(self, 200, &mut 1_000_000)
    }

    /// Returns the marks of this value and of everything in it.
    pub fn deep_marks(&self) -> Marks {
        let mut marks = self.marks.clone();
        match &self.data {
            Data::List(items) | Data::Set(items) => {
                items.iter().for_each(|item| marks.join(&item.deep_marks()));
            }
            Data::Map(entries) => entries.values().for_each(|item| marks.join(&item.deep_marks())),
            _ => {}
        }
        marks
    }

    /// Returns what kind of value it is, with an article.
    pub fn describe(&self) -> String {
        match &self.data {
            Data::Poison => "an unknown value".into(),
            Data::Null => "null".into(),
            Data::Bool(_) => "a bool".into(),
            Data::Number(_) => "a number".into(),
            Data::Text(_) => "a string".into(),
            Data::List(_) => "a list".into(),
            Data::Set(_) => "a set".into(),
            Data::Map(_) => "a map".into(),
            Data::Block(block) => format!("the {} itself", block.kind),
        }
    }

    /// Returns a short text, number or truth value as the language writes it, for messages; a
    /// sensitive value is described only.
    pub fn show(&self) -> String {
        match &self.data {
            Data::Text(text) if !self.marks.sensitive && text.len() <= 60 => format!("{text:?}"),
            Data::Number(_) | Data::Bool(_) if !self.marks.sensitive => self.to_text().unwrap_or_default(),
            _ => self.describe(),
        }
    }

    /// Orders values: by type, then by content. Marks do not count.
    pub fn compare(&self, other: &Self) -> Ordering {
        match (&self.data, &other.data) {
            (Data::Bool(a), Data::Bool(b)) => a.cmp(b),
            (Data::Number(a), Data::Number(b)) => (a + 0.0).total_cmp(&(b + 0.0)),
            (Data::Text(a), Data::Text(b)) => a.cmp(b),
            (Data::List(a), Data::List(b)) | (Data::Set(a), Data::Set(b)) => compare_all(a.iter(), b.iter()),
            (Data::Map(a), Data::Map(b)) => {
                a.keys().cmp(b.keys()).then_with(|| compare_all(a.values(), b.values()))
            }
            (Data::Block(a), Data::Block(b)) => a.addr.cmp(&b.addr),
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }
}

fn compare_all<'a>(
    a: impl ExactSizeIterator<Item = &'a Val>,
    b: impl ExactSizeIterator<Item = &'a Val>,
) -> Ordering {
    let lengths = a.len().cmp(&b.len());
    a.zip(b).map(|(a, b)| a.compare(b)).find(|order| *order != Ordering::Equal).unwrap_or(lengths)
}

/// Returns the finite number that a text writes.
pub fn exact(text: &str) -> Option<f64> {
    let plain = !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e' | b'E'));
    text.parse().ok().filter(|number: &f64| plain && number.is_finite())
}

impl Data {
    fn rank(&self) -> u8 {
        match self {
            Self::Poison => 0,
            Self::Null => 1,
            Self::Bool(_) => 2,
            Self::Number(_) => 3,
            Self::Text(_) => 4,
            Self::List(_) => 5,
            Self::Set(_) => 6,
            Self::Map(_) => 7,
            Self::Block(_) => 8,
        }
    }
}

impl PartialEq for Val {
    fn eq(&self, other: &Self) -> bool {
        self.compare(other) == Ordering::Equal
    }
}

impl fmt::Debug for Val {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.data {
            _ if self.marks.sensitive => f.write_str(crate::model::secret::HIDDEN),
            Data::List(items) => f.debug_list().entries(items.iter()).finish(),
            Data::Set(items) => f.debug_set().entries(items.iter()).finish(),
            Data::Map(entries) => f.debug_map().entries(entries.iter()).finish(),
            Data::Text(text) => write!(f, "{text:?}"),
            Data::Block(block) => write!(f, "{}", block.addr),
            _ => f.write_str(&self.show()),
        }
    }
}

impl From<&str> for Val {
    fn from(text: &str) -> Self {
        Self::new(Data::Text(text.to_owned()))
    }
}

impl From<String> for Val {
    fn from(text: String) -> Self {
        Self::new(Data::Text(text))
    }
}

impl From<f64> for Val {
    fn from(number: f64) -> Self {
        Self::new(Data::Number(number))
    }
}

impl From<bool> for Val {
    fn from(value: bool) -> Self {
        Self::new(Data::Bool(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_sorted_and_hold_each_value_once() {
        let set = Val::set(vec!["b".into(), "a".into(), Val::from("b").sensitive()]);
        assert_eq!(format!("{set:?}"), "{\"a\", (sensitive value)}");
    }

    #[test]
    fn poison_spreads_through_collections() {
        assert!(Val::list(vec![1.0.into(), Val::poison()]).is_poison());
        assert!(Val::map([("a".to_owned(), Val::poison())].into()).is_poison());
    }

    #[test]
    fn texts_convert_as_terraform_does() {
        assert_eq!(Val::from("5").to_number(), Some(5.0));
        assert_eq!(Val::from("-1.5e3").to_number(), Some(-1500.0));
        for bad in ["", "inf", "NaN", "1 ", "0x10", "1e999"] {
            assert_eq!(Val::from(bad).to_number(), None, "{bad}");
        }
        assert_eq!(Val::from(8123.0).to_text().as_deref(), Some("8123"));
        assert_eq!(Val::from("true").to_bool(), Some(true));
        assert_eq!(Val::from("1").to_bool(), None);
    }
}
