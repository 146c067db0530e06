//! What the servers of a case hold is recorded and read back: the plan is the same, and the recording
//! holds no password.

use std::path::Path;

use charter::case::{observed, record};
use charter::kinds::Kinds;
use charter::model::Plan;
use charter::plan::{self, Request};
use serde_json::Value as Json;

use super::observed::{PASSWORDS, ask, read};

fn no_document(name: &str) -> Result<Json, String> {
    Err(format!("a recording is based on nothing, not on {name}"))
}

/// Returns a plan's text, less the fingerprints: those of placeholders differ.
fn shown(folder: &Path, plan: &Plan) -> String {
    let text = super::text(folder, plan);
    let words =
        text.split(' ').map(|word| if word.starts_with("fingerprint=") { "fingerprint=" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_recording_gives_the_same_plan_and_holds_no_password() {
    let kinds = Kinds::all();
    for (name, folder) in super::cases() {
        let (compiled, settings) = super::compile(&folder, &kinds);
        let asked = ask(&folder);
        let planned = |snapshot, registry| {
            let mut plan = plan::build(&Request {
                kinds: &kinds,
                settings: &settings,
                desired: &compiled.desired,
                snapshot,
                registry,
                targets: &asked.targets,
                rotation: &asked.rotation,
            });
            plan.locate(&compiled.sources);
            plan
        };
        let (snapshot, registry) = read(&folder, &settings, &compiled.desired);
        let document = record::record(&snapshot, &registry, &compiled.desired, &settings);
        let text = record::written(&document);
        assert_eq!(serde_json::from_str::<Json>(&text).unwrap(), document, "{name}");
        for password in PASSWORDS {
            assert!(!text.contains(password), "{name} records {password}");
        }
        let (again, entries) = observed::read(&document, &no_document, &settings, &compiled.desired)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let (first, second) = (planned(&snapshot, &registry), planned(&again, &entries));
        assert_eq!(shown(&folder, &first), shown(&folder, &second), "{name}");
        assert_eq!(first.findings, second.findings, "{name}");
        let twice = record::record(&again, &entries, &compiled.desired, &settings);
        assert_eq!(record::written(&twice), text, "{name}: a recording of a recording is the same");
    }
}
