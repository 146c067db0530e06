//! The flags that an apply of a plan needs, in lines: which, why and for what.

use super::escape;
use crate::model::Plan;
use crate::model::gate::{Flag, Gate, Gated};

/// How many objects are named where all of them stand among the steps.
const NAMED: usize = 12;

/// Returns a line for each flag and for each object whose data goes: what leads, and the rest.
pub fn lines(plan: &Plan) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for gate in &plan.gates {
        lines.push((format!("Needs {}: ", gate.flag.text()), why(gate)));
        let stakes = gate.objects.iter().filter(|object| object.stake.is_some());
        lines.extend(stakes.map(|object| ("  ".to_owned(), told(object))));
    }
    lines
}

/// Returns why a plan needs a flag, in a sentence.
pub fn why(gate: &Gate) -> String {
    let count = gate.objects.len();
    match gate.flag {
        Flag::DataLoss if count == 1 => "this object is destroyed with its data.".to_owned(),
        Flag::DataLoss => format!("these {count} objects are destroyed with their data."),
        Flag::MassRemoval => format!(
            "{} of the {} blocks of this scope lose objects, more than a tenth.",
            gate.removed, gate.managed
        ),
    }
}

/// Returns an object with what is in it. Safe to print.
pub fn told(object: &Gated) -> String {
    let name = format!("{} {}", object.kind, object.identity);
    let stake = object.stake.map(|stake| format!(": {}", stake.text())).unwrap_or_default();
    format!("{}{stake}", escape::line(&name))
}

/// Returns the names of what goes, as many as are of use to whoever is refused.
pub fn named(gate: &Gate) -> Vec<String> {
    let mut names: Vec<String> = gate.objects.iter().take(NAMED).map(told).collect();
    match gate.objects.len().saturating_sub(NAMED) {
        0 => {}
        more => names.push(format!("… and {more} more, in the plan above")),
    }
    names
}
