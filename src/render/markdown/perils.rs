//! What a plan destroys and where access widens: never folded away, by real names.

use std::collections::BTreeMap;

use super::escape::{code, codes, prose};
use super::sections::finding_line;
use super::{Cut, Level, Rung, View};
use crate::model::cost::Cost;
use crate::render::cost::costs;
use crate::render::escape::elide;
use crate::render::tree::{Group, Object};

/// How much of a statement is shown.
const TOLD: usize = 400;

/// One way in which a step takes something away.
pub struct Peril {
    /// What happens: `drops table`.
    pub verb: String,
    /// To what, by real names.
    pub objects: Vec<String>,
    /// The step.
    pub addr: String,
    /// The statement, unless it stands among the objects.
    pub statement: Option<String>,
    /// What the step's statements cost, where they lose rows; told once for each step.
    pub costs: Vec<String>,
}

/// Returns what the steps take away, in their order.
pub fn of(groups: &[Group]) -> Vec<Peril> {
    let objects = groups.iter().flat_map(|group| &group.objects);
    let perils = objects.flat_map(|object| {
        object.losses.iter().enumerate().map(|(at, loss)| Peril {
            costs: if at == 0 { lost(object) } else { Vec::new() },
            verb: loss.verb.trim_end_matches(':').to_owned(),
            objects: loss.objects.clone(),
            addr: object.addr.clone(),
            statement: loss.statement.clone().filter(|_| !loss.verb.ends_with(':')),
        })
    });
    perils.collect()
}

/// Returns what the statements of a step cost that lose rows.
fn lost(object: &Object) -> Vec<String> {
    let lost: Vec<Cost> = object.step.costs.iter().filter(|cost| cost.destroys()).cloned().collect();
    costs(&lost)
}

/// Adds the section; returns what it had no room for.
pub fn section(out: &mut String, view: &View, level: Level, rung: Rung) -> Cut {
    if view.perils.is_empty() && view.widening.is_empty() {
        return Cut::default();
    }
    out.push_str("### Destroys data, takes rights or widens access\n\n");
    let whom = level.room(view.widening.len());
    let lines: Vec<String> = view.widening.iter().map(|told| finding_line(told, level, whom)).collect();
    let (start, mut cut) = (out.len(), Cut::default());
    let room = match rung {
        Rung::Statements | Rung::Addresses => {
            view.perils.iter().for_each(|peril| item(out, peril, rung));
            usize::MAX
        }
        Rung::Names => {
            cut.objects = names(out, view, usize::MAX);
            usize::MAX
        }
        Rung::Cut(room) => {
            // What widens has a quarter, if it needs that much, and what destroys leaves over.
            let wanted: usize = lines.iter().map(String::len).sum();
            cut.objects = names(out, view, room - wanted.min(room / 4));
            room
        }
    };
    let mut missing = 0;
    for (told, line) in view.widening.iter().zip(&lines) {
        let about = told.names.len();
        if (out.len() - start).saturating_add(line.len()) > room {
            missing += 1;
            cut.widening += about.max(1);
        } else {
            out.push_str(line);
            cut.widening += about - told.named(whom);
        }
    }
    if missing > 0 {
        out.push_str(&format!("- … and {missing} more ways in which access widens, not shown here\n"));
    }
    out.push('\n');
    cut
}

fn item(out: &mut String, peril: &Peril, rung: Rung) {
    out.push_str(&format!("- **{}** {} by {}", prose(&peril.verb), codes(&peril.objects), code(&peril.addr)));
    if let Some(statement) = peril.statement.as_ref().filter(|_| rung == Rung::Statements) {
        let words: Vec<&str> = statement.split_whitespace().collect();
        out.push_str(&format!(": {}", code(&elide(&words.join(" "), TOLD))));
    }
    out.push('\n');
    for cost in peril.costs.iter().filter(|_| rung == Rung::Statements) {
        out.push_str(&format!("  - cost: {}\n", prose(cost)));
    }
}

/// Adds the names by what happens to them, as many as there is room for; returns how many there was
/// none for.
fn names(out: &mut String, view: &View, room: usize) -> usize {
    let mut by_verb: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
    for peril in &view.perils {
        by_verb.entry(&peril.verb).or_default().extend(&peril.objects);
    }
    let (start, mut cut) = (out.len(), 0);
    for (verb, objects) in by_verb {
        let whole =
            |text: &str| if room == usize::MAX { text.to_owned() } else { elide(text, TOLD).into_owned() };
        let lead = format!("- **{}** ({})", prose(&whole(verb)), objects.len());
        let mut shown = 0;
        for object in &objects {
            let name = format!("{}{}", if shown == 0 { ": " } else { ", " }, code(&whole(object)));
            let lead = if shown == 0 { lead.as_str() } else { "" };
            if (out.len() - start).saturating_add(lead.len() + name.len() + 1) > room {
                break;
            }
            out.push_str(lead);
            out.push_str(&name);
            shown += 1;
        }
        if shown > 0 {
            out.push('\n');
        }
        cut += objects.len() - shown;
    }
    cut
}
