//! Functions on lists, sets and maps. Most pass elements on, with the marks that they have.

use std::collections::BTreeMap;

use super::{
    Fail, Function, MAX_ELEMENTS, Outcome, arg, deep, list, map, shallow, string, strings, texts, wrong,
};
use crate::config::eval::Evaluator;
use crate::config::val::{Data, Marks, Val};

/// The functions of this file.
pub const TABLE: &[Function] = &[
    shallow("toset", 1, Some(1), |args, _| Ok(Val::set(list(args, 0)?))),
    shallow("tolist", 1, Some(1), |args, _| Ok(Val::list(list(args, 0)?))),
    shallow("tomap", 1, Some(1), |args, _| Ok(Val::map(map(args, 0)?))),
    shallow("merge", 0, None, merge),
    shallow("concat", 1, None, concat),
    shallow("flatten", 1, Some(1), flatten),
    shallow("distinct", 1, Some(1), distinct),
    deep("sort", 1, Some(1), sort),
    shallow("keys", 1, Some(1), |args, _| Ok(texts(map(args, 0)?.into_keys()))),
    shallow("values", 1, Some(1), |args, _| Ok(Val::list(map(args, 0)?.into_values().collect()))),
    shallow("lookup", 2, Some(3), lookup),
    deep("contains", 2, Some(2), |args, _| Ok(list(args, 0)?.contains(&args[1]).into())),
    shallow("zipmap", 2, Some(2), zipmap),
    shallow("setproduct", 1, None, setproduct),
    shallow("coalesce", 1, None, coalesce),
    shallow("compact", 1, Some(1), compact),
];

fn merge(args: &[Val], _: &Evaluator<'_>) -> Outcome {
    let mut merged = BTreeMap::new();
    for index in 0..args.len() {
        if !args[index].is_null() {
            merged.extend(map(args, index)?);
        }
    }
    Ok(Val::map(merged))
}

fn concat(args: &[Val], _: &Evaluator<'_>) -> Outcome {
    let mut items = Vec::new();
    for index in 0..args.len() {
        items.extend(list(args, index)?);
    }
    Ok(Val::list(items))
}

fn flatten(args: &[Val], _: &Evaluator<'_>) -> Outcome {
    fn add(items: &[Val], outer: &Marks, flat: &mut Vec<Val>) {
        for item in items {
            let item = item.clone().marked(outer);
            match item.items() {
                Some(inner) => add(inner, &item.marks, flat),
                None => flat.push(item),
            }
        }
    }
    let mut flat = Vec::new();
    add(&list(args, 0)?, &Marks::default(), &mut flat);
    Ok(Val::list(flat))
}

fn distinct(args: &[Val], _: &Evaluator<'_>) -> Outcome {
    let mut kept: Vec<Val> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for item in list(args, 0)? {
        if seen.insert(Ordered(item.clone())) {
            kept.push(item);
        }
    }
    Ok(Val::list(kept))
}

/// A value by its order.
struct Ordered(Val);

impl PartialEq for Ordered {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ordered {}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.compare(&other.0)
    }
}

/// `sort(list)`: texts in the order of their characters.
fn sort(args: &[Val], _: &Evaluator<'_>) -> Outcome {
    let mut items = strings(args, 0)?;
    items.sort();
    Ok(texts(items))
}

fn lookup(args: &[Val], _: &Evaluator<'_>) -> Outcome {
    let (entries, key) = (map(args, 0)?, string(args, 1)?);
    match (entries.get(&key), args.get(2)) {
        (Some(found), _) => Ok(found.clone()),
        (None, Some(default)) => Ok(default.clone()),
        (None, None) => {
            Err(Fail::arg(1, "the map does not have this key").help("a third argument is the default"))
        }
    }
}

fn zipmap(args: &[Val], _: &Evaluator<'_>) -> Outcome {
    let (keys, values) = (strings(args, 0)?, list(args, 1)?);
    if keys.len() != values.len() {
        return Err(Fail::whole(format!("there are {} keys and {} values", keys.len(), values.len())));
    }
    let mut marks = Marks::default();
    for key in list(args, 0)? {
        marks.join(&key.marks);
    }
    Ok(Val::map(keys.into_iter().zip(values).collect()).marked(&marks))
}

/// `setproduct(list…)`: every combination of one element of each.
fn setproduct(args: &[Val], _: &Evaluator<'_>) -> Outcome {
    let mut rows: Vec<Vec<Val>> = vec![Vec::new()];
    for index in 0..args.len() {
        let items = list(args, index)?;
        if rows.len().saturating_mul(items.len()) > MAX_ELEMENTS {
            return Err(Fail::whole(format!("it has more than {MAX_ELEMENTS} elements")));
        }
        let longer = |row: &Vec<Val>| {
            let row = row.clone();
            items
                .iter()
                .map(move |item| row.iter().chain([item]).cloned().collect())
                .collect::<Vec<Vec<Val>>>()
        };
        rows = rows.iter().flat_map(longer).collect();
    }
    let rows = rows.into_iter().map(Val::list).collect();
    let sets = args.iter().all(|arg| matches!(arg.data, Data::Set(_)));
    Ok(if sets { Val::set(rows) } else { Val::list(rows) })
}

/// The first argument that is neither null nor an empty text.
fn coalesce(args: &[Val], _: &Evaluator<'_>) -> Outcome {
    let present = |value: &&Val| !value.is_null() && value.to_text().as_deref() != Some("");
    let found = args.iter().find(present).cloned();
    found.ok_or_else(|| Fail::whole("all arguments are null or empty"))
}

/// A list of texts without nulls and empty ones.
fn compact(args: &[Val], _: &Evaluator<'_>) -> Outcome {
    let items = list(args, 0)?;
    let kept = items.into_iter().filter(|item| !item.is_null());
    let kept: Vec<Val> = kept.filter(|item| item.to_text().as_deref() != Some("")).collect();
    match kept.iter().find(|item| item.to_text().is_none()) {
        Some(_) => Err(wrong(&[arg(args, 0)], 0, "a list of strings")),
        None => Ok(Val::list(kept)),
    }
}
