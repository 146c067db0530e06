//! The rules of `src/lib.rs`, checked on the sources.

#![expect(clippy::unwrap_used, reason = "a test that cannot read the sources is to fail")]

use std::fs;
use std::path::{Path, PathBuf};

/// Returns every Rust file below a folder of `src`, with its text less comments and tests.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder);
    let mut found = Vec::new();
    let mut open = vec![root.clone()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") && !is_test(&path) {
            let text = fs::read_to_string(&path).unwrap();
            let code: Vec<&str> = text
                .split("#[cfg(test)]\nmod tests {")
                .next()
                .unwrap_or_default()
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .collect();
            found.push((path, code.join("\n")));
        }
    }
    if root.with_extension("rs").exists() {
        let path = root.with_extension("rs");
        found.push((path.clone(), fs::read_to_string(path).unwrap()));
    }
    assert!(!found.is_empty(), "no sources in {folder}");
    found
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| {
        let name = part.as_os_str().to_string_lossy();
        name.starts_with("test") || name.ends_with("_tests.rs")
    })
}

/// Returns the places where the files of a folder use one of some texts.
fn uses(folder: &str, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (path, code) in sources(folder) {
        for line in code.lines() {
            for word in words.iter().filter(|word| line.contains(**word)) {
                found.push(format!("{}: {word}: {}", path.display(), line.trim()));
            }
        }
    }
    found
}

#[track_caller]
fn none(found: &[String]) {
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// What does I/O, reads a clock or draws randomness.
const IMPURE: [&str; 11] = [
    "crate::backend",
    "tokio::",
    "std::fs",
    "std::env",
    "std::net::Tcp",
    "std::process",
    "SystemTime",
    "Timestamp::now",
    "Instant::now",
    "getrandom::",
    "rand::",
];

#[test]
fn r1_the_model_depends_on_diagnostics_only() {
    let ours = [
        "apply",
        "backend",
        "cli",
        "config",
        "isolation",
        "kinds",
        "migrate",
        "observe",
        "plan",
        "privileges",
        "render",
        "ui",
    ];
    let words: Vec<String> = ours.iter().map(|name| format!("crate::{name}")).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    none(&uses("model", &words));
    none(&uses("model", &IMPURE));
}

#[test]
fn r1_planning_rendering_and_kinds_are_pure() {
    for folder in
        ["plan", "render", "kinds", "lint", "migrate", "privileges", "isolation", "diag", "plan_file"]
    {
        none(&uses(folder, &IMPURE));
    }
}

#[test]
fn r2_network_is_in_backend_and_disk_in_load_and_cli() {
    for folder in
        ["apply", "cli", "config", "diag", "kinds", "migrate", "model", "observe", "plan", "render", "ui"]
    {
        none(&uses(
            folder,
            &["::TcpStream", "hyper", "use kube::", "kube::Client", "clickhouse::Client", "reqwest"],
        ));
    }
    let disk = ["std::fs", "fs::read", "std::env::var"];
    let found = [uses("config", &disk), uses("apply", &disk), uses("ui", &disk)].concat();
    let found: Vec<String> = found.into_iter().filter(|place| !place.contains("config/load.rs")).collect();
    none(&found);
}

#[test]
fn r3_apply_executes_and_decides_nothing() {
    none(&uses("apply", &["crate::plan", "crate::config", "crate::kinds"]));
}

#[test]
fn r4_only_ui_prints() {
    let printing = ["println!", "print!(", "io::stdout", "io::stderr", "dbg!("];
    for folder in [
        "apply",
        "backend",
        "cli",
        "config",
        "isolation",
        "kinds",
        "lint",
        "migrate",
        "model",
        "observe",
        "plan",
        "privileges",
    ] {
        none(&uses(folder, &printing));
    }
}

#[test]
fn r5_kinds_do_not_know_each_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/kinds");
    let folders = fs::read_dir(&root).unwrap().map(|entry| entry.unwrap());
    let kinds: Vec<String> = folders
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name != "common")
        .collect();
    assert!(kinds.len() >= 9, "{kinds:?}");
    for kind in &kinds {
        let others: Vec<String> =
            kinds.iter().filter(|other| *other != kind).map(|other| format!("kinds::{other}::")).collect();
        let others: Vec<&str> = others.iter().map(String::as_str).collect();
        none(&uses(&format!("kinds/{kind}"), &others));
    }
}

#[test]
fn r5_the_core_names_no_kind() {
    for folder in [
        "apply",
        "config",
        "diag",
        "isolation",
        "lint",
        "model",
        "observe",
        "plan",
        "render",
        "ui",
        "backend",
    ] {
        let found = uses(
            folder,
            &[
                "kinds::tenant",
                "kinds::role",
                "kinds::user",
                "kinds::secret",
                "kinds::migrations",
                "kinds::grant",
            ],
        );
        none(&found);
    }
}

#[test]
fn files_and_modules_keep_their_size_and_say_what_they_are() {
    let mut found = Vec::new();
    for (path, _) in sources("") {
        let text = fs::read_to_string(&path).unwrap();
        if text.lines().count() > 500 {
            found.push(format!("{}: {} lines", path.display(), text.lines().count()));
        }
        if !text.starts_with("//!") {
            found.push(format!("{}: no module documentation", path.display()));
        }
    }
    none(&found);
}
