//! The three-way comparison of one attribute: how it differs from what is declared, and how it
//! differed from what was last applied. Sets are compared by item, items by part.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::model::cause::{Difference, Drift, Item};
use crate::model::{AttrDiff, Moved, Value};

/// Splits an item of a set into the least parts that come and go alone.
pub type Parts<'a> = &'a dyn Fn(&str) -> Vec<String>;

/// Returns which side moved. `change` is a difference of what is declared, `drift` are those of the
/// same attribute of what was last applied; both have what is there as `before`.
pub fn difference(change: &AttrDiff, drift: &[&AttrDiff], parts: Parts) -> Difference {
    let pairs: Vec<(&Value, &Value)> = drift.iter().map(|other| (&other.before, &other.after)).collect();
    values(&change.before, &change.after, &pairs, parts)
}

fn values(live: &Value, declared: &Value, drift: &[(&Value, &Value)], parts: Parts) -> Difference {
    let drift: Vec<(&Value, &Value)> =
        drift.iter().copied().filter(|(before, after)| before != after).collect();
    let is_set = |value: &Value| matches!(value, Value::List(_) | Value::Null);
    let sets = drift.iter().all(|(before, after)| is_set(before) && is_set(after));
    match (live, declared) {
        (Value::List(_), Value::List(_) | Value::Null) | (Value::Null, Value::List(_)) if sets => {
            items(live, declared, &drift, parts)
        }
        (Value::Map(live), Value::Map(declared)) => map(live, declared, &drift, parts),
        _ => {
            let moved = match drift.first() {
                None => Moved::Configuration,
                Some((_, applied)) if same(applied, declared) => Moved::Server,
                Some(_) => Moved::Both,
            };
            Difference { moved, ..Difference::default() }
        }
    }
}

/// Compares sets: what is too much in both comparisons came by hand, what is missing in both went by
/// hand.
fn items(live: &Value, declared: &Value, drift: &[(&Value, &Value)], parts: Parts) -> Difference {
    let by_hand: Vec<(Bag, Bag)> = drift.iter().map(|(before, after)| sides(before, after)).collect();
    let split = |bags: &mut dyn Iterator<Item = &Bag>| -> BTreeSet<String> {
        bags.flat_map(Bag::items).flat_map(|item| parted(&item, parts)).collect()
    };
    let went = split(&mut by_hand.iter().map(|(gone, _)| gone));
    let came = split(&mut by_hand.iter().map(|(_, comes)| comes));
    let (gone, comes) = sides(live, declared);
    let of = |bag: &Bag, added: bool, hands: &BTreeSet<String>| -> Vec<Item> {
        let moved = |item: &Json| {
            let all = parted(item, parts);
            match all.iter().filter(|part| hands.contains(*part)).count() {
                0 => Moved::Configuration,
                some if some == all.len() => Moved::Server,
                _ => Moved::Both,
            }
        };
        bag.items().map(|value| Item { moved: moved(&value), value, added }).collect()
    };
    let all: Vec<Item> = [of(&gone, false, &went), of(&comes, true, &came)].concat();
    if all.is_empty() {
        // Only their order differs.
        let moved = match drift.first() {
            None => Moved::Configuration,
            Some((_, applied)) if same(applied, declared) => Moved::Server,
            Some(_) => Moved::Both,
        };
        return Difference { moved, ..Difference::default() };
    }
    let moved = super::united(all.iter().map(|item| item.moved));
    Difference { moved, items: all, ..Difference::default() }
}

/// Compares maps by entry.
fn map(
    live: &BTreeMap<String, Value>,
    declared: &BTreeMap<String, Value>,
    drift: &[(&Value, &Value)],
    parts: Parts,
) -> Difference {
    const NOTHING: &Value = &Value::Null;
    let at = |map: &BTreeMap<String, Value>, key: &str| map.get(key).cloned().unwrap_or(Value::Null);
    let keys: BTreeSet<&String> = live.keys().chain(declared.keys()).collect();
    let differing = keys.into_iter().filter(|key| live.get(*key) != declared.get(*key));
    let moved = differing.map(|key| {
        let below: Vec<(Value, Value)> = drift
            .iter()
            .map(|(before, after)| {
                let part = |value: &Value| value.get(key).unwrap_or(NOTHING).clone();
                (part(before), part(after))
            })
            .collect();
        let below: Vec<(&Value, &Value)> = below.iter().map(|(before, after)| (before, after)).collect();
        values(&at(live, key), &at(declared, key), &below, parts).moved
    });
    Difference { moved: super::united(moved), ..Difference::default() }
}

/// Returns what moved on the server, of an attribute of which something did.
pub fn drift(change: &AttrDiff, drift: &[&AttrDiff], difference: &Difference) -> Vec<Drift> {
    let attribute = change.attr.clone();
    if difference.moved != Moved::Both || difference.items.is_empty() {
        let own = drift.iter().find(|other| is_list(&change.before) == is_list(&other.before));
        let own = own.or(drift.first());
        let applied = own.map_or(&change.after, |other| &other.after).to_json();
        return vec![Drift { attribute, applied, live: change.before.to_json() }];
    }
    let by_hand = |added: bool| -> Json {
        let items = difference.items.iter().filter(|item| item.added == added && item.moved.by_server());
        let items: Vec<Json> = items.map(|item| item.value.clone()).collect();
        if items.is_empty() { Json::Null } else { Json::Array(items) }
    };
    vec![Drift { attribute, applied: by_hand(true), live: by_hand(false) }]
}

fn is_list(value: &Value) -> bool {
    matches!(value, Value::List(_))
}

/// Compares what was recorded with what is declared: a reference was recorded as text, and a number
/// may be written as one.
fn same(recorded: &Value, declared: &Value) -> bool {
    let text = |value: &Value| match value.to_json() {
        Json::String(text) => Some(text),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    };
    recorded.to_json() == declared.to_json()
        || text(recorded).is_some_and(|recorded| Some(recorded) == text(declared))
}

/// Items with how often each is there, in their order.
#[derive(Default)]
struct Bag(Vec<Json>);

impl Bag {
    fn items(&self) -> impl Iterator<Item = Json> + '_ {
        self.0.iter().cloned()
    }
}

/// Returns what of the first list is not in the second, and the other way round.
fn sides(before: &Value, after: &Value) -> (Bag, Bag) {
    let without = |from: &Value, other: &Value| {
        let mut other: Vec<Json> = other.items().iter().map(Value::to_json).collect();
        let mut left = Bag::default();
        for item in from.items().iter().map(Value::to_json) {
            match other.iter().position(|candidate| *candidate == item) {
                Some(at) => _ = other.swap_remove(at),
                None => left.0.push(item),
            }
        }
        left
    };
    (without(before, after), without(after, before))
}

fn parted(item: &Json, parts: Parts) -> Vec<String> {
    match item.as_str() {
        Some(text) => parts(text),
        None => vec![item.to_string()],
    }
}
