//! What was changed on the servers since the last apply and the plan undoes, told before the details, and
//! what of the plan has no known cause.

use super::escape::{code, prose};
use super::{LIMIT, Level, View};
use crate::model::Moved;
use crate::plan::cause::words;
use crate::render::cause;
use crate::render::tree::{Group, Object};

/// Adds the section; nothing where only the configuration moved.
pub fn section(out: &mut String, view: &View, level: Level) {
    let Some(summary) = cause::summary(view.plan) else { return };
    out.push_str(&format!("### Changed on the servers since the last apply\n\n{}\n\n", prose(&summary)));
    if level >= Level::Tenants {
        return;
    }
    let mut unknown = 0;
    for group in &view.groups {
        for object in &group.objects {
            match object.step.cause.moved {
                Moved::Server | Moved::Both => object_lines(out, group, object),
                Moved::Unknown => unknown += 1,
                Moved::Configuration | Moved::Schedule => {}
            }
            if out.len() > LIMIT {
                return;
            }
        }
    }
    if unknown > 0 {
        out.push_str("- Which side changed is not known of some steps; their details say why.\n");
    }
    out.push('\n');
}

fn object_lines(out: &mut String, group: &Group, object: &Object) {
    let many = if group.is_folded() {
        let tenants = format!("{} tenants: {}", group.tenants.len(), crate::render::fold::tenants(group));
        format!(" (for {})", prose(&tenants))
    } else {
        String::new()
    };
    let said: Vec<String> = object.cause.iter().map(|line| prose(line)).collect();
    out.push_str(&format!(
        "- {} {}{many}: {}\n",
        code(&object.addr),
        code(&object.identity),
        said.join("; ")
    ));
    if object.step.cause.moved == Moved::Server {
        for drift in &object.step.cause.drift {
            out.push_str(&format!("  - {}\n", code(&words::drift(drift))));
        }
    }
}
