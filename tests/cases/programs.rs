//! The plans read by other people's programs: `conftest` with the policies of `examples/policy`, and
//! `tf-summarize`. `make policies` builds both and runs these tests.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use charter::render;

/// The cases that the policies deny, with a part of the reason, and those that they let pass.
const DENIED: [(&str, &str); 4] = [
    ("drop_without_sync", "drops table tenant_acme.events"),
    ("access_widens", "role analyst gets more access (reads): read finance.*"),
    ("access_to_everything", "gets more access"),
    ("user_without_password", "user.kiosk: the user logs in without a password"),
];
const PASSED: [&str; 4] = ["nothing_to_do", "empty_server_one_tenant", "quota_created", "moved"];

/// The cases that `tf-summarize` is asked for.
const SUMMARIZED: [&str; 6] =
    ["empty_server_one_tenant", "nothing_to_do", "adopted", "role_removed", "moved", "twenty_changes"];

fn tool(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/bin").join(name)
}

/// Writes a case's JSON plan, and returns where.
fn document(case: &str) -> PathBuf {
    let plan = super::plan_of(&super::root().join(case));
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{case}.plan.json"));
    std::fs::write(&path, format!("{:#}", render::json::plan(&plan, "test"))).unwrap();
    path
}

fn run(name: &str, args: &[&str], document: Option<&Path>) -> (Output, String) {
    let output = Command::new(tool(name)).args(args).args(document).output();
    let output = output.unwrap_or_else(|error| panic!("{name}: {error}; `make policies` builds it"));
    let text = String::from_utf8([&*output.stdout, &*output.stderr].concat()).unwrap();
    (output, text)
}

fn conftest(case: &str) -> (Output, String) {
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/policy");
    let args = ["test", "--no-color", "--policy", policies.to_str().unwrap()];
    run("conftest", &args, Some(&document(case)))
}

#[test]
#[ignore = "needs conftest: make policies"]
fn policies_deny_and_let_pass() {
    for (case, reason) in DENIED {
        let (output, text) = conftest(case);
        assert_eq!(output.status.code(), Some(1), "{case}: {text}");
        assert!(text.contains(reason), "{case}: {text}");
    }
    for case in PASSED {
        let (output, text) = conftest(case);
        assert!(output.status.success(), "{case}: {text}");
    }
}

#[test]
#[ignore = "needs conftest: make policies"]
fn policies_pass_their_own_tests() {
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/policy");
    let args = ["verify", "--no-color", "--policy", policies.to_str().unwrap()];
    let (output, text) = run("conftest", &args, None);
    assert!(output.status.success() && text.contains("passed"), "{text}");
}

#[test]
#[ignore = "needs tf-summarize: make policies"]
fn plans_are_summarized() {
    let mut all = String::new();
    for case in SUMMARIZED {
        let (output, text) = run("tf-summarize", &[], Some(&document(case)));
        assert!(output.status.success(), "{case}: {text}");
        all += &format!("# {case}\n{text}");
        let (output, tree) = run("tf-summarize", &["-separate-tree"], Some(&document(case)));
        assert!(output.status.success(), "{case}: {tree}");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/policy/tf-summarize/expected.txt");
    if std::env::var_os("CHARTER_TEST_UPDATE").is_some() {
        std::fs::write(&path, &all).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), all);
}

#[test]
#[ignore = "needs tf-summarize: make policies"]
fn every_plan_is_read_by_terraforms_library() {
    for (case, _) in super::cases() {
        let (output, text) = run("tf-summarize", &["-json"], Some(&document(&case)));
        assert!(output.status.success(), "{case}: {text}");
    }
}
