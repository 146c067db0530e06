//! Every folder of `examples/` with a configuration is applied as it is, but for the word `demo`,
//! with which all names of an example begin: it becomes the scenario's prefix.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::NEWEST;
use crate::Scenario;
use crate::project::Project;
use crate::servers;

pub fn scenarios() -> Vec<Scenario> {
    vec![Scenario { name: "examples_are_applied_as_they_are", cluster: false, engines: NEWEST, run: all }]
}

fn all(project: &mut Project) {
    let examples = examples();
    assert!(examples.len() >= 4, "{examples:?}");
    for example in examples {
        one(&example, &Project::new(project.engine, false));
    }
}

/// Returns the folders of `examples/` that hold a configuration.
fn examples() -> Vec<PathBuf> {
    let folders = fs::read_dir(servers::root().join("examples")).unwrap();
    let folders = folders.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let mut examples: Vec<PathBuf> = folders.filter(|path| !configurations(path).is_empty()).collect();
    examples.sort();
    examples
}

fn configurations(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "hcl")).collect()
}

fn one(example: &Path, project: &Project) {
    for file in configurations(example) {
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("# "), "{}: says what it shows", file.display());
    }
    // An example has blocks of its own for the scope and the servers.
    project.remove("charter.hcl");
    copy(example, example, project);
    let _ = project.charter(&["validate"]).exits(0);
    let plan = project.charter(&["plan", "--format", "json"]).exits(0);
    names_are_its_own(example, project, &serde_json::from_str(&plan.stdout).unwrap());
    let _ = project.apply();
    let _ = project.charter(&["check"]).exits(0).says("Clean: ");
}

/// Copies files, with the prefix for `demo` in their paths and texts.
pub fn copy(root: &Path, folder: &Path, project: &Project) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            copy(root, &path, project);
        } else {
            let relative = path.strip_prefix(root).unwrap().to_str().unwrap();
            let text = fs::read_to_string(&path).unwrap();
            let target = project.path().join(relative.replace("demo", &project.prefix));
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            fs::write(target, text.replace("demo", &project.prefix)).unwrap();
        }
    }
}

/// Asserts that several runs on one server cannot collide.
fn names_are_its_own(example: &Path, project: &Project, plan: &Value) {
    assert_eq!(plan["scope"], project.prefix.as_str(), "{}", example.display());
    let shared = |kind: &Value| kind == "ledger" || kind == "migrations";
    let steps = plan["steps"].as_array().unwrap();
    let steps: Vec<&Value> = steps.iter().filter(|step| !shared(&step["kind"])).collect();
    assert!(!steps.is_empty(), "{}", example.display());
    for step in steps {
        let identity = step["identity"].as_str().unwrap();
        assert!(
            identity.contains(&project.prefix),
            "{}: begin the name of {} with demo: {identity}",
            example.display(),
            step["address"]
        );
    }
}
