//! Settings that files ask for and the server does not know.

use std::collections::BTreeSet;

use super::Pending;
use crate::diag::nearest;
use crate::kinds::World;
use crate::model::finding::{Category, Finding, Severity};
use crate::model::snapshot::{Read, text};

/// The rows of the settings that there are: name.
pub const SETTINGS: &str = "preflight_settings";

/// Returns the read of the server's settings; none where no file sets any.
pub fn read(pending: &[Pending]) -> Option<Read> {
    pending
        .iter()
        .any(|statement| !statement.settings.is_empty())
        .then(|| Read::Sql { name: SETTINGS, statement: "SELECT name FROM system.settings".to_owned() })
}

/// Finds settings that the server does not know. One that resembles none may have a prefix that the
/// server's configuration allows (`custom_settings_prefixes`), which cannot be read.
pub fn unknown(pending: &[Pending], world: &World) -> Vec<Finding> {
    let known: BTreeSet<&str> = world.snapshot.rows(SETTINGS).iter().map(|row| text(row, "name")).collect();
    if known.is_empty() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for statement in pending {
        for name in statement.settings.iter().filter(|name| !known.contains(*name)) {
            let near = nearest(name, known.iter().copied());
            let severity = if near.is_some() { Severity::Error } else { Severity::Warning };
            let finding = statement
                .finding(
                    "CH454",
                    severity,
                    Category::Tracking,
                    "a pending statement asks for an unknown setting",
                )
                .compare("a setting of this server", format!("{}: {name}", statement.place));
            findings.push(match near {
                Some(near) => finding.help(format!("did you mean {near}?")),
                None => finding.help("SELECT name FROM system.settings lists them; a name that the server's own prefixes allow is not among them"),
            });
        }
    }
    findings
}
