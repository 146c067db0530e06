//! Functions on numbers.

use super::{Fail, Function, MAX_ELEMENTS, Outcome, deep, list, number};
use crate::config::eval::Evaluator;
use crate::config::val::Val;

/// The functions of this file.
pub const TABLE: &[Function] = &[
    deep("abs", 1, Some(1), |args, _| Ok(number(args, 0)?.abs().into())),
    deep("min", 1, None, |args, _| fold(args, f64::min)),
    deep("max", 1, None, |args, _| fold(args, f64::max)),
    deep("range", 1, Some(3), range),
    deep("length", 1, Some(1), length),
];

fn fold(args: &[Val], pick: fn(f64, f64) -> f64) -> Outcome {
    let mut best = number(args, 0)?;
    for index in 1..args.len() {
        best = pick(best, number(args, index)?);
    }
    Ok(best.into())
}

/// `range(limit)`, `range(start, limit)`, `range(start, limit, step)`.
fn range(args: &[Val], _: &Evaluator<'_>) -> Outcome {
    let (start, limit) =
        if args.len() == 1 { (0.0, number(args, 0)?) } else { (number(args, 0)?, number(args, 1)?) };
    let step = match args.len() {
        3 => number(args, 2)?,
        _ if limit < start => -1.0,
        _ => 1.0,
    };
    if step == 0.0 || (step > 0.0) != (limit >= start) {
        return Err(Fail::arg(2, "with this step the limit is never reached"));
    }
    let mut items = Vec::new();
    let mut next = start;
    while if step > 0.0 { next < limit } else { next > limit } {
        if items.len() == MAX_ELEMENTS {
            return Err(Fail::whole(format!("it has more than {MAX_ELEMENTS} elements")));
        }
        items.push(Val::from(next));
        next += step;
    }
    Ok(Val::list(items))
}

/// The number of elements, or of characters.
fn length(args: &[Val], _: &Evaluator<'_>) -> Outcome {
    let value = &args[0];
    let count = match value.entries() {
        Some(entries) => entries.len(),
        None => match &value.data {
            crate::config::val::Data::Text(text) => text.chars().count(),
            _ => list(args, 0)?.len(),
        },
    };
    Ok(f64::from(u32::try_from(count).unwrap_or(u32::MAX)).into())
}
