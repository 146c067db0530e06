//! What a replay has to tell.

use super::run::{Compared, Outcome};
use crate::migrate::look::{Look, compare};
use crate::model::finding::{Category, Finding, Severity};

/// Findings from records, which a replay of the same tenant takes the place of.
const FROM_RECORDS: [&str; 10] =
    ["CH501", "CH502", "CH503", "CH504", "CH505", "CH506", "CH507", "CH511", "CH513", "CH514"];

/// Returns whether a finding is one from records of a tenant that was rebuilt.
pub fn replaces(outcome: &Outcome, finding: &Finding) -> bool {
    FROM_RECORDS.contains(&finding.code)
        && outcome.compared.iter().any(|compared| finding.addr.as_ref() == Some(&compared.tenant.addr))
}

/// Returns what differs between what is there and what the files make, and what is not known.
pub fn findings(outcome: &Outcome) -> Vec<Finding> {
    let mut all: Vec<Finding> = outcome.compared.iter().flat_map(differing).collect();
    for (addr, why) in &outcome.unknown {
        let summary = "a schema cannot be rebuilt from its files";
        let finding = Finding::new("CH516", Severity::Warning, Category::Tables, summary).at(addr);
        all.push(finding.compare("what the files make", format!("unknown: {why}")));
    }
    for name in &outcome.dropped {
        let summary = format!("{name} was left by a run that ended early, and is dropped");
        all.push(Finding::new("CH517", Severity::Note, Category::Charter, summary));
    }
    for (name, why) in &outcome.left {
        let summary = format!("scratch database or user {name} could not be dropped");
        let finding = Finding::new("CH517", Severity::Warning, Category::Charter, summary);
        all.push(
            finding
                .compare("nothing left", why.clone())
                .help(format!("DROP DATABASE IF EXISTS {name} SYNC; DROP USER IF EXISTS {name}")),
        );
    }
    all
}

fn differing(compared: &Compared) -> Vec<Finding> {
    let mut all = Vec::new();
    let addr = &compared.tenant.addr;
    for (name, made) in &compared.made {
        let full = format!("{}.{name}", compared.tenant.database);
        let Some(live) = compared.live.get(name) else {
            let summary = "a table that the files make is missing";
            let finding = Finding::new("CH518", Severity::Drift, Category::Tables, summary).at(addr);
            all.push(finding.compare(format!("{full} with the columns {}", made.list()), "no such table"));
            continue;
        };
        // The same server prints both, but for what older versions of it stored.
        let differences = compare(&comparable(made), &comparable(live), true);
        if differences.is_empty() {
            continue;
        }
        let side = |texts: Vec<&str>| format!("{full}: {}", texts.join("; "));
        let expected = side(differences.iter().map(|one| &*one.expected).collect());
        let found = side(differences.iter().map(|one| &*one.found).collect());
        let finding =
            Finding::new("CH515", Severity::Drift, Category::Tables, "a table is not what its files make")
                .at(addr)
                .compare(expected, found)
                .help("put it right by hand, or write a migration that makes the change everywhere");
        all.push(finding);
    }
    if !compared.left_out.is_empty() {
        let names: Vec<&str> = compared.left_out.iter().map(String::as_str).collect();
        let summary = "objects that reach beyond their database are not rebuilt, and not compared";
        let finding = Finding::new("CH516", Severity::Note, Category::Tables, summary).at(addr);
        all.push(finding.compare("", names.join(", ")));
    }
    all
}

/// Returns a look without what cannot be the same in a scratch database: who defines views, and
/// whether, and where, tables are replicated.
fn comparable(look: &Look) -> Look {
    let mut look = look.clone();
    look.definition.clauses.retain(|name, _| !name.contains("DEFINER") && !name.starts_with("SQL SECURITY"));
    let engine = look.field("engine").to_owned();
    let plain = engine.strip_prefix("Replicated").or_else(|| engine.strip_prefix("Shared"));
    if let Some(plain) = plain {
        look.fields.insert("engine".to_owned(), plain.to_owned());
        if let Some(full) = look.definition.clauses.get_mut("ENGINE") {
            *full = super::vet::unreplicated_engine(full);
        }
    }
    look
}
