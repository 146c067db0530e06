//! `charter init`, which needs no server and never overwrites.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;

use crate::harness::Project;

#[test]
fn what_is_written_validates_and_is_in_the_canonical_format() {
    let project = Project::empty();
    assert_snapshot!(project.run(&["init"]), @r"
    tenants.hcl
    migrations/development/tenants/acme/schema/V1__create_events.sql
    --- stderr
    Next:
      1. tenants.hcl says what exists; rename the tenant acme, and set where ClickHouse is
      2. export CLICKHOUSE_URL=… CLICKHOUSE_PASSWORD=…
      3. keep out/ out of version control: manifests hold passwords
      4. charter plan    # changes nothing
      5. charter apply   # asks first
    Jobs for your CI: charter init --from ci/github, or ci/gitlab.
    --- exit 0
    ");
    let valid = project.run(&["validate"]);
    assert_eq!((valid.code, valid.stderr.as_str()), (0, ""), "{valid}");
}

#[test]
fn a_folder_with_a_configuration_is_left_alone() {
    let project = Project::new("database \"reporting\" {}\n");
    assert_snapshot!(project.run(&["init"]), @r"
    --- stderr
    error: this folder has a configuration already
     |
     = note: There is main.hcl; nothing was written.
     = help: choose an empty folder: charter -C DIR init
    --- exit 1
    ");
    assert_eq!(fs::read_dir(project.path()).unwrap().count(), 1);
}

#[test]
fn a_file_that_is_there_is_never_overwritten() {
    let project = Project::empty().file("ci/charter/plan.py", "mine\n");
    assert_snapshot!(project.run(&["init", "--from", "ci/github"]), @r"
    --- stderr
    error: nothing is overwritten
     |
     = note: There is ci/charter/plan.py already; nothing was written.
     = help: move what is there away, or choose another folder: charter -C DIR init
    --- exit 1
    ");
    assert_eq!(fs::read_to_string(project.path().join("ci/charter/plan.py")).unwrap(), "mine\n");
    assert!(!project.path().join(".github").exists());
}

/// Returns the names of the files of a folder of `examples/ci`.
fn examples(folder: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/ci").join(folder);
    let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap());
    let files = entries.filter(|entry| entry.path().is_file());
    files.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn the_jobs_are_written_with_every_script() {
    for (template, job) in
        [("ci/github", ".github/workflows/charter-apply.yml"), ("ci/gitlab", "ci/charter/gitlab-ci.yml")]
    {
        let project = Project::empty();
        let output = project.run(&["init", "--from", template]);
        assert_eq!(output.code, 0, "{output}");
        assert!(project.path().join(job).exists(), "{output}");
        for script in examples("scripts") {
            let path = project.path().join("ci/charter").join(&script);
            assert!(path.exists(), "{script} is not written: {output}");
        }
    }
}
