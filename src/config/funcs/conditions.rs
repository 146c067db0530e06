//! Functions that conditions are made of: `alltrue`, `anytrue`.

use super::{Fail, Function, Outcome, arg, deep};
use crate::config::eval::Evaluator;
use crate::config::val::Val;

pub const TABLE: &[Function] = &[
    deep("alltrue", 1, Some(1), |args, ev| decide(args, ev, true)),
    deep("anytrue", 1, Some(1), |args, ev| decide(args, ev, false)),
];

/// Returns whether all elements, or any, are true. A null is not, as with terraform.
fn decide(args: &[Val], _: &Evaluator<'_>, all: bool) -> Outcome {
    let value = arg(args, 0);
    let Some(items) = value.items() else {
        return Err(Fail::arg(0, format!("this is {}; a list of truth values is needed", value.describe())));
    };
    let truths = items.iter().map(|item| match item.to_bool() {
        Some(truth) => Ok(truth),
        None if item.is_null() => Ok(false),
        None => Err(Fail::arg(0, format!("an element is {}, not true or false", item.describe()))),
    });
    let truths: Vec<bool> = truths.collect::<Result<_, _>>()?;
    let mut truths = truths.into_iter();
    Ok(Val::from(if all { truths.all(|truth| truth) } else { truths.any(|truth| truth) }))
}
