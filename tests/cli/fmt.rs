//! `charter fmt`, and that what the repository shows is formatted.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use insta::assert_snapshot;

use crate::harness::{self, Project};

const UNTIDY: &str = "role \"a\"{\nname=\"x\" # why\n}\n";
const TIDY: &str = "role \"a\" {\n  name = \"x\" # why\n}\n";

fn read(project: &Project, path: &str) -> String {
    fs::read_to_string(project.path().join(path)).unwrap()
}

#[test]
fn files_are_rewritten_and_named() {
    let project = Project::new(UNTIDY)
        .file("tidy.hcl", TIDY)
        .file("x.vars.hcl", "a=1\n")
        .file("tests/y.test.hcl", UNTIDY)
        .file("broken.hcl", "role \"a\" {\n  name = 1\n")
        .file("notes.txt", "a=1\n");
    fs::set_permissions(project.path().join("main.hcl"), fs::Permissions::from_mode(0o640)).unwrap();
    let checked = project.run(&["fmt", "--check"]);
    assert_eq!((checked.code, read(&project, "main.hcl").as_str()), (1, UNTIDY));
    assert_snapshot!(project.run(&["fmt"]), @r#"
    main.hcl
    x.vars.hcl
    --- stderr
    error: block is not closed
     --> broken.hcl:1:1
      |
    1 | role "a" {
      | ^^^^^^^^^^ this block has no end
    2 |   name = 1
      |          - it would have to be closed after this
      |
      = help: add the `}` that is missing
    --- exit 1
    "#);
    assert_eq!(read(&project, "main.hcl"), TIDY);
    assert_eq!(read(&project, "x.vars.hcl"), "a = 1\n");
    assert_eq!(read(&project, "broken.hcl"), "role \"a\" {\n  name = 1\n");
    assert_eq!(read(&project, "tests/y.test.hcl"), UNTIDY);
    let mode = fs::metadata(project.path().join("main.hcl")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    let left: Vec<_> =
        fs::read_dir(project.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".tmp")), "{left:?}");
    fs::remove_file(project.path().join("broken.hcl")).unwrap();
    assert_snapshot!(project.run(&["fmt", "-r"]), @r"
    tests/y.test.hcl
    --- exit 0
    ");
    assert_snapshot!(project.run(&["fmt", "-r", "--check"]), @"--- exit 0");
}

#[test]
fn what_would_change_is_shown_and_nothing_written() {
    let project = Project::new(UNTIDY);
    assert_snapshot!(project.run(&["fmt", "--check", "--diff"]), @r#"
    main.hcl
    --- main.hcl
    +++ main.hcl
    @@ -1,3 +1,3 @@
    -role "a"{
    -name="x" # why
    +role "a" {
    +  name = "x" # why
     }
    --- exit 2
    "#);
    assert_eq!(read(&project, "main.hcl"), UNTIDY);
    assert_eq!(project.run(&["fmt", "nothing.hcl"]).code, 1);
    assert_eq!(project.run(&["fmt", "main.hcl"]).code, 0);
    assert_eq!(read(&project, "main.hcl"), TIDY);
}

#[test]
fn standard_input_is_formatted_to_standard_output() {
    let piped = |args: &[&str]| harness::piped(Project::empty().path(), args, UNTIDY);
    let output = piped(&["fmt", "-"]);
    assert_eq!((output.code, output.stdout.as_str()), (0, TIDY));
    assert_eq!(piped(&["fmt", "--check", "-"]).code, 2);
    assert_eq!(piped(&["fmt", "-", "main.hcl"]).code, 64);
}

/// Returns the configurations below a folder of the repository.
fn below(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            below(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "hcl") {
            into.push(path);
        }
    }
}

/// `CHARTER_TEST_UPDATE=1 cargo test --test cli formatted` formats them; lines that moved are to be
/// written anew in the expected texts, too.
#[test]
fn what_the_repository_shows_is_formatted() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![root.join("tenants.hcl")];
    for folder in ["examples", "tests/cases"] {
        below(&root.join(folder), &mut files);
    }
    let mut untidy = Vec::new();
    for file in &files {
        let text = fs::read_to_string(file).unwrap();
        let formatted = charter::format::format(&text).unwrap();
        if formatted != text && std::env::var_os("CHARTER_TEST_UPDATE").is_some() {
            fs::write(file, formatted).unwrap();
        } else if formatted != text {
            untidy.push(file.display().to_string());
        }
    }
    assert!(untidy.is_empty(), "charter fmt {}", untidy.join(" "));
}

/// Documentation shows configurations in `hcl` fences, whole or in parts.
#[test]
fn what_the_documentation_shows_is_formatted() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut untidy = Vec::new();
    for folder in ["docs", "docs/codes"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "md") {
                continue;
            }
            let page = fs::read_to_string(&path).unwrap();
            let mut updated = page.clone();
            for fence in page.split("```hcl\n").skip(1).filter_map(|rest| rest.split("```").next()) {
                if fence.contains('…') {
                    continue;
                }
                let formatted = charter::format::format(fence).unwrap();
                if formatted != fence {
                    updated = updated.replace(&format!("```hcl\n{fence}"), &format!("```hcl\n{formatted}"));
                    untidy.push(format!("{}:\n{formatted}", path.display()));
                }
            }
            if updated != page && std::env::var_os("CHARTER_TEST_UPDATE").is_some() {
                fs::write(&path, updated).unwrap();
            }
        }
    }
    assert!(untidy.is_empty() || std::env::var_os("CHARTER_TEST_UPDATE").is_some(), "{}", untidy.join("\n"));
}
