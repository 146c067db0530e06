//! Wrong usage: exit code 64, and what to write instead.

use insta::assert_snapshot;

use crate::harness::{Output, Project};

fn wrong(args: &[&str]) -> Output {
    let output = Project::new("database \"reporting\" {}\n").run(args);
    assert_eq!(output.code, 64, "{output}");
    assert_eq!(output.stdout, "");
    output
}

#[test]
fn no_command() {
    let output = wrong(&[]);
    assert!(output.stderr.contains("Usage: charter") && output.stderr.contains("validate"), "{output}");
}

#[test]
fn an_unknown_command() {
    assert_snapshot!(wrong(&["plna"]), @r"
    --- stderr
    error: unrecognized subcommand 'plna'

      tip: some similar subcommands exist: 'explain', 'plan'

    Usage: charter [OPTIONS] <COMMAND>

    For more information, try '--help'.
    --- exit 64
    ");
}

#[test]
fn an_unknown_option() {
    assert_snapshot!(wrong(&["plan", "--taget", "tenant.acme"]), @r"
    --- stderr
    error: unexpected argument '--taget' found

      tip: a similar argument exists: '--target'

    Usage: charter plan --target <ADDRESS>

    For more information, try '--help'.
    --- exit 64
    ");
}

#[test]
fn a_target_that_is_no_address() {
    assert_snapshot!(wrong(&["plan", "--target", "tenant acme"]), @r#"
    --- stderr
    error: invalid value 'tenant acme' for '--target <ADDRESS>': "tenant acme" is not an address: a segment is a word of letters, digits, _ and -

    For more information, try '--help'.
    --- exit 64
    "#);
    assert_snapshot!(wrong(&["check", "--target", "tenant.listed[acme]"]), @r#"
    --- stderr
    error: invalid value 'tenant.listed[acme]' for '--target <ADDRESS>': "tenant.listed[acme]" is not an address: a key is written ["key"]

    For more information, try '--help'.
    --- exit 64
    "#);
}

#[test]
fn an_unknown_format() {
    assert_snapshot!(wrong(&["plan", "--format", "yaml"]), @r"
    --- stderr
    error: invalid value 'yaml' for '--format <FORMAT>'
      [possible values: text, markdown, json, sarif]

    For more information, try '--help'.
    --- exit 64
    ");
}

#[test]
fn no_parallelism() {
    assert_snapshot!(wrong(&["apply", "--parallelism", "0"]), @r"
    --- stderr
    error: invalid value '0' for '--parallelism <N>': a whole number above 0

    For more information, try '--help'.
    --- exit 64
    ");
}

#[test]
fn quiet_and_verbose() {
    assert_snapshot!(wrong(&["validate", "-q", "-v"]), @r"
    --- stderr
    error: the argument '--quiet' cannot be used with '--verbose...'

    Usage: charter validate --quiet

    For more information, try '--help'.
    --- exit 64
    ");
}

#[test]
fn an_unknown_shell() {
    assert_snapshot!(wrong(&["completion", "tcsh"]), @r"
    --- stderr
    error: invalid value 'tcsh' for '<SHELL>'
      [possible values: bash, elvish, fish, powershell, zsh]

      tip: a similar value exists: 'zsh'

    For more information, try '--help'.
    --- exit 64
    ");
}

#[test]
fn a_log_that_cannot_be_understood() {
    let output =
        Project::new("database \"reporting\" {}\n").env("CHARTER_LOG", "charter=loud").run(&["validate"]);
    assert_snapshot!(output, @r#"
    --- stderr
    error: CHARTER_LOG makes no sense: error parsing level filter: expected one of "off", "error", "warn", "info", "debug", "trace", or a number 0-5
    --- exit 64
    "#);
}
