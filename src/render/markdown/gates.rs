//! The flags that an apply of the plan needs, with what is at stake: never folded away. Where little
//! is told, the objects stand among what is destroyed alone.

use super::escape::{code, prose};
use super::{Level, View};
use crate::render::gates::why;

/// Adds the section.
pub fn section(out: &mut String, view: &View, level: Level) {
    if view.plan.gates.is_empty() {
        return;
    }
    out.push_str("### To apply it\n\n");
    for gate in &view.plan.gates {
        out.push_str(&format!("- needs {}: {}\n", code(gate.flag.text()), prose(&why(gate))));
        let stakes = gate.objects.iter().filter_map(|object| Some((object, object.stake?)));
        for (object, stake) in stakes.filter(|_| level < Level::Totals) {
            let text = prose(&stake.text());
            out.push_str(&format!("  - {} {}: {text}\n", code(&object.kind), code(&object.identity)));
        }
    }
    out.push('\n');
}
