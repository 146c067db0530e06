//! `charter test`, which reaches no server.

use std::net::TcpListener;
use std::path::Path;

use insta::assert_snapshot;
use serde_json::Value as Json;

use crate::harness::{self, Project};

const MAIN: &str = r#"
variable "count" {
  type    = number
  default = 1

  validation {
    condition     = var.count > 0
    error_message = "There is at least one."
  }
}

variable "token" {
  default   = "a-long-and-secret-token"
  sensitive = true
}

kubernetes {
  manifests = "out"
}

role "analyst" {
  lifecycle {
    precondition {
      condition     = var.count < 10
      error_message = "Ten are too many."
    }
  }
}

check "few" {
  assert {
    condition     = var.count < 5
    error_message = "There are ${var.count}; five are many."
  }
}
"#;

/// Each folder of `tests/testing` is a configuration with tests that fail, and `expected.txt` what charter
/// says of them. `CHARTER_TEST_UPDATE=1` writes the expected texts anew.
#[test]
fn what_fails_is_told_as_expected() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testing");
    let mut names: Vec<_> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    assert!(names.len() >= 3);
    for folder in names {
        let output = harness::run(&folder, &[], &["test"]);
        let (path, said) = (folder.join("expected.txt"), format!("{output}\n"));
        assert_eq!(output.code, 1, "{output}");
        assert!(!said.contains("secret-token"), "{said}");
        if std::env::var_os("CHARTER_TEST_UPDATE").is_some() {
            std::fs::write(&path, &said).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), said, "{}", folder.display());
    }
}

fn project(tests: &str) -> Project {
    Project::new(MAIN).file("tests/x.test.hcl", tests)
}

#[test]
fn the_example_passes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/checks");
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    let mut project = Project::empty();
    for path in ["tenants.hcl", "tests/tenants.test.hcl", "tests/auditor.json", "tests/auditor.txt"] {
        project = project.file(path, read(path));
    }
    assert_snapshot!(project.run(&["test"]), @r#"
    tests/tenants.test.hcl
      run "first_run"... pass
      run "auditors_only_read"... pass
      run "a_made_role_is_found"... pass
      run "too_many"... pass
      run "no_test_tenants_in_production"... pass
      run "no_other_environment"... pass

    Success! 6 passed, 0 failed.
    --- exit 0
    "#);
    let untouched = project.run(&["test", "--update"]);
    assert_eq!((untouched.code, untouched.stderr.as_str()), (0, ""));
    assert_eq!(project.run(&["fmt", "-r", "--check"]).code, 0);
}

#[test]
fn variables_of_the_run_win_over_those_of_the_file_and_of_the_command_line() {
    let assert = |count: u32| {
        format!(
            "assert {{\n condition = var.count == {count}\n error_message = \"It is ${{var.count}}.\"\n}}\n"
        )
    };
    let project = project(&format!(
        "variables {{\n  count = 3\n}}\nrun \"file\" {{\n{}}}\nrun \"run\" {{\n  variables {{\n    count = 4\n  }}\n{}}}\n",
        assert(3),
        assert(4)
    ))
    .file("y.test.hcl", format!("run \"given\" {{\n{}}}\n", assert(2)))
    .env("CHARTER_VAR_count", "1");
    assert_eq!(project.run(&["test", "--var", "count=2"]).code, 0);
    let output = project.run(&["test"]);
    assert!(output.stdout.contains("Failure! 2 passed, 1 failed."), "{output}");
    assert_eq!(output.code, 1);
}

#[test]
fn runs_are_chosen_by_name_and_file() {
    let project = project("run \"a\" {}\nrun \"b\" {}\n").file("y.test.hcl", "run \"c\" {}\n");
    let passed = |args: &[&str]| {
        let output = project.run(args);
        assert_eq!(output.code, 0, "{output}");
        output.stdout.matches("... pass").count()
    };
    assert_eq!(passed(&["test"]), 3);
    assert_eq!(passed(&["test", "--filter", "a"]), 1);
    assert_eq!(passed(&["test", "--filter", "tests/x.test.hcl"]), 2);
    assert_eq!(passed(&["test", "--filter", "a", "--filter", "c"]), 2);
    assert_snapshot!(project.run(&["test", "--filter", "x.tests.hcl"]), @r"
    --- stderr
    error: no run is chosen
     |
     = note: --filter x.tests.hcl names neither a run nor a file.
     = help: did you mean x.test.hcl?
    --- exit 1
    ");
    assert_eq!(Project::new(MAIN).run(&["test"]).code, 1);
}

#[test]
fn a_filter_that_names_no_run_is_told() {
    let project = project("run \"a\" {}\n").file("tests/empty.test.hcl", "# Nothing yet.\n");
    assert_eq!(project.run(&["test"]).code, 0);
    assert_snapshot!(project.run(&["test", "--filter", "a", "--filter", "typoo"]), @r"
    --- stderr
    error: no run is chosen
     |
     = note: --filter typoo names neither a run nor a file.
    --- exit 1
    ");
    assert_snapshot!(project.run(&["test", "--filter", "empty.test.hcl"]), @r"
    --- stderr
    error: no run is chosen
     |
     = note: --filter empty.test.hcl names a file that has no run.
    --- exit 1
    ");
    let empty = Project::new(MAIN).file("empty.test.hcl", "variables {}\n");
    assert_snapshot!(empty.run(&["test"]), @r"
    --- stderr
    error: there are no tests
     |
     = note: No file has a run: empty.test.hcl.
     = help: docs/testing.md shows one
    --- exit 1
    ");
}

#[test]
fn nothing_is_written_outside_of_the_configuration() {
    for path in ["../../outside.txt", "/tmp/charter-outside.txt", "a/../../../outside.txt"] {
        let project = project(&format!("run \"a\" {{\n  expected = {path:?}\n}}\n"));
        let output = project.run(&["test", "--update"]);
        assert_eq!(output.code, 1, "{output}");
        assert!(output.stdout.contains("path leads out of the configuration"), "{output}");
        assert!(!project.path().join("../outside.txt").exists());
    }
    let inside = project("run \"a\" {\n  expected = \"./../a.txt\"\n}\n");
    assert_eq!(inside.run(&["test", "--update"]).code, 0);
    assert!(inside.path().join("a.txt").is_file());
}

#[test]
fn what_the_lint_block_denies_fails_a_run() {
    let wide =
        "role \"wide\" {\n  grant {\n    privileges = [\"SELECT\"]\n    on         = \"*.*\"\n  }\n}\n";
    let tests = "run \"denied\" {}\nrun \"expected\" {\n  expect_failures = [\"CH245\"]\n  assert {\n    condition     = plan.refused && !plan.applyable\n    error_message = \"The plan is refused.\"\n  }\n}\n";
    let denies =
        Project::new(&format!("{MAIN}{wide}lint {{\n  deny = [\"CH245\"]\n}}\n")).file("x.test.hcl", tests);
    let output = denies.run(&["test"]);
    for words in [
        "run \"denied\"... fail",
        "CH245 refuses the plan",
        "The lint block denies it.",
        "run \"expected\"... pass",
    ] {
        assert!(output.stdout.contains(words), "{words}: {output}");
    }
    let tells = Project::new(&format!("{MAIN}{wide}")).file("x.test.hcl", tests);
    let output = tells.run(&["test"]);
    for words in ["run \"denied\"... pass", "run \"expected\"... fail", "CH245 is told, and refuses nothing"]
    {
        assert!(output.stdout.contains(words), "{words}: {output}");
    }
}

#[test]
fn expected_texts_are_written_when_all_else_is_right() {
    let project = project(
        "run \"a\" {\n  expected = \"a.txt\"\n}\nrun \"b\" {\n  expected = \"b.md\"\n  assert {\n    condition     = plan.summary.create == 0\n    error_message = \"Nothing is made.\"\n  }\n}\n",
    );
    let output = project.run(&["test", "--update"]);
    assert_eq!(output.code, 1, "{output}");
    assert!(project.path().join("tests/a.txt").is_file() && !project.path().join("tests/b.md").exists());
    assert_eq!(project.run(&["test", "--filter", "a"]).code, 0);
}

#[test]
fn no_server_is_reached() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let main = format!("{MAIN}\nclickhouse {{\n  url = \"{url}\"\n}}\n")
        .replace("manifests = \"out\"", "context = \"nowhere\"");
    let project = Project::new(&main).file("x.test.hcl", "run \"a\" {}\n");
    let output = project.run(&["test"]);
    assert_eq!(output.code, 0, "{output}");
    assert!(listener.accept().is_err(), "nobody connected");
    assert!(!project.path().join("out").exists());
}

#[test]
fn the_junit_report_is_xml_whatever_stands_in_it() {
    let project = project(
        "run \"good\" {}\nrun \"bad\" {\n  assert {\n    condition     = plan.summary.create == 0\n    error_message = \"]]> <b a=\\\"1\\\"> & \\u0001 é\"\n  }\n}\nrun \"ugly\" {\n  observed = \"<none>.json\"\n}\n",
    )
    .file("broken&.test.hcl", "run \"x '<&>\\\" \\u0007 é\" {\n  nothing = 1\n}\n");
    let output = project.run(&["test", "--junit-xml", "report.xml"]);
    assert_eq!(output.code, 1, "{output}");
    let text = std::fs::read_to_string(project.path().join("report.xml")).unwrap();
    let report = roxmltree::Document::parse(&text).unwrap();
    let root = report.root_element();
    let numbers = ["tests", "failures", "errors", "skipped"].map(|name| root.attribute(name).unwrap());
    assert_eq!((root.tag_name().name(), numbers), ("testsuites", ["5", "1", "2", "1"]));
    let suites: Vec<_> = root.children().filter(roxmltree::Node::is_element).collect();
    let names: Vec<_> = suites.iter().map(|suite| suite.attribute("name").unwrap()).collect();
    assert_eq!(names, ["broken&.test.hcl", "tests/x.test.hcl"]);
    let cases: Vec<_> = suites[1].children().filter(roxmltree::Node::is_element).collect();
    assert_eq!(
        cases.iter().map(|case| case.attribute("name").unwrap()).collect::<Vec<_>>(),
        ["good", "bad", "ugly"]
    );
    let skipped = suites[0].children().filter_map(|case| case.attribute("name")).next_back();
    assert_eq!(skipped, Some("x '<&>\" \u{fffd} é"), "{text}");
    assert!(cases[0].first_element_child().is_none());
    for element in root.descendants().filter(|node| node.has_tag_name("testcase")) {
        assert!(element.attribute("classname") == element.parent().unwrap().attribute("name"));
        assert!(element.attribute("time").unwrap().parse::<f64>().is_ok());
    }
    for suite in &suites {
        let cases: Vec<_> = suite.children().filter(|node| node.has_tag_name("testcase")).collect();
        let count = |name: &str| {
            cases.iter().filter(|case| case.children().any(|node| node.has_tag_name(name))).count()
        };
        for (attribute, counted) in [
            ("tests", cases.len()),
            ("failures", count("failure")),
            ("errors", count("error")),
            ("skipped", count("skipped")),
        ] {
            assert_eq!(suite.attribute(attribute), Some(&*counted.to_string()), "{attribute}: {text}");
        }
    }
    let failure = cases[1].first_element_child().unwrap();
    let message = failure.attribute("message").unwrap();
    assert_eq!(
        (failure.tag_name().name(), message),
        ("failure", "assertion failed: ]]> <b a=\"1\"> & \u{fffd} é")
    );
    assert!(failure.text().unwrap().contains("plan.summary.create is 3"), "{text}");
    assert_eq!(cases[2].first_element_child().unwrap().tag_name().name(), "error");
}

#[test]
fn runs_are_told_to_programs() {
    let project = project("run \"good\" {}\nrun \"bad\" {\n  expect_failures = [check.few]\n}\n");
    let output = project.run(&["test", "--json"]);
    assert_eq!((output.code, output.stderr.as_str()), (1, ""));
    let lines: Vec<Json> = output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["type"], &lines[4]["type"]), (&"version".into(), &"exit".into()));
    assert_eq!(crate::schema::wrong_events(&output.stdout), Vec::<String>::new());
    let lines = &lines[1..4];
    assert_eq!(lines[0]["test_run"]["status"], "pass");
    assert_eq!(lines[1]["test_run"]["status"], "fail");
    assert_eq!(lines[1]["test_run"]["diagnostics"][0]["summary"], "expected to fail");
    assert_eq!(lines[2]["test_summary"], serde_json::json!({"status": "fail", "passed": 1, "failed": 1}));
}
