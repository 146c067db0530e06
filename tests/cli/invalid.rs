//! Broken configurations: each folder of `tests/invalid` is validated, and what charter says must
//! be what stands in its `expected.txt`: standard error, then the exit code.
//!
//! Folders are discovered. One without `expected.txt` fails, and so does an `expected.txt` outside
//! of a configuration. Write the expected texts anew with
//!
//! ```text
//! CHARTER_TEST_UPDATE=1 cargo test --test cli invalid
//! ```
//!
//! and read the difference before you commit it, and run the tests again without. A file `env` in a folder (`NAME=value` lines) is
//! the environment. Files that git or an editor would mangle are kept as `<name>.hex`: their bytes
//! as hexadecimal digits, `#` comments to the end of the line; they are written out before the run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::harness::{self, Project};

/// The longest expected text, in lines: what is longer is approved unread.
const LONGEST: usize = 42;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/invalid")
}

fn update() -> bool {
    std::env::var_os("CHARTER_TEST_UPDATE").is_some()
}

/// Returns the folders of the broken configurations, by name.
fn folders() -> BTreeMap<String, PathBuf> {
    let entries = std::fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path());
    let named = entries.map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), path));
    named.collect()
}

/// Copies a fixture into a temporary folder, its hexadecimal files written out.
fn project(folder: &Path) -> Project {
    let mut project = Project::empty();
    for path in files(folder) {
        let name = path.strip_prefix(folder).unwrap().to_str().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        match name {
            "expected.txt" => {}
            "env" => {
                for line in String::from_utf8(bytes).unwrap().lines() {
                    let (name, value) = line.split_once('=').expect("NAME=value");
                    project = project.env(name, value);
                }
            }
            name => {
                project = match name.strip_suffix(".hex") {
                    Some(name) => project.file(name, unhex(&bytes)),
                    None => project.file(name, bytes),
                };
            }
        }
    }
    project
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

fn unhex(text: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(text).unwrap().lines();
    let digits: String = text.map(|line| line.split('#').next().unwrap()).collect::<Vec<_>>().concat();
    let digits: Vec<u8> = digits.chars().filter_map(|c| c.to_digit(16)).map(|d| d as u8).collect();
    assert!(digits.len().is_multiple_of(2), "whole bytes");
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// Returns what charter says of a configuration.
fn said(output: &harness::Output) -> String {
    format!("{}exit {}\n", output.stderr, output.code)
}

#[test]
fn each_says_what_is_expected() {
    let mut wrong = Vec::new();
    for (name, folder) in folders() {
        let output = project(&folder).run(&["validate"]);
        let said = said(&output);
        let path = folder.join("expected.txt");
        if update() {
            std::fs::write(&path, &said).unwrap();
            continue;
        }
        match std::fs::read_to_string(&path) {
            Err(_) => wrong.push(format!("{name}: no expected.txt; charter says:\n{said}")),
            Ok(expected) if expected != said => {
                wrong.push(format!("{name}: expected\n{expected}\n… but charter says\n{said}"));
            }
            Ok(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn each_is_a_configuration_with_a_problem() {
    for (name, folder) in folders() {
        assert!(folder.is_dir(), "{name} does not belong there");
        let files = files(&folder);
        let is_configuration = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.ends_with(".hcl") || name.ends_with(".hcl.hex")
        };
        assert!(files.iter().any(is_configuration), "{name} holds no configuration: an orphan");
        let expected = std::fs::read_to_string(folder.join("expected.txt")).unwrap_or_default();
        assert!(expected.starts_with("error: ") || expected.starts_with("warning: "), "{name}");
        let lines = expected.lines().count();
        assert!(lines <= LONGEST, "{name}: {lines} lines are too many to be read");
    }
}

#[test]
fn the_same_problems_are_told_to_programs() {
    for (name, folder) in folders() {
        let project = project(&folder);
        let (text, json) = (project.run(&["validate"]), project.run(&["validate", "--json"]));
        assert_eq!(json.code, text.code, "{name}");
        assert_eq!(json.stderr, "", "{name}");
        let told = json.stdout.lines().filter(|line| line.contains("\"type\":\"diagnostic\"")).count();
        let drawn =
            text.stderr.lines().filter(|line| line.starts_with("error: ") || line.starts_with("warning: "));
        assert_eq!(told, drawn.count(), "{name}: {json}");
    }
}
