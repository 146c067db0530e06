//! What goes where: results to standard output, problems to standard error, colours to terminals.

use crate::harness::Project;

const GOOD: &str = "database \"reporting\" {}\n";

#[test]
fn nothing_is_coloured_unless_it_goes_to_a_terminal() {
    for args in [&["validate"][..], &["validate", "--no-color"], &["--help"], &["plan", "--nonsense"]] {
        let output = Project::new("database \"reporting\" {\n  nme = 1\n}\n").run(args);
        assert!(!output.to_string().contains('\x1b'), "{args:?}: {output:?}", output = output.to_string());
    }
}

#[test]
fn colours_can_be_forced_and_refused() {
    let project = || Project::new("database \"reporting\" {\n  nme = 1\n}\n").env("CLICOLOR_FORCE", "1");
    assert!(project().run(&["validate"]).stderr.contains('\x1b'));
    assert!(!project().run(&["validate", "--no-color"]).stderr.contains('\x1b'));
    assert!(!project().env("NO_COLOR", "1").run(&["validate"]).stderr.contains('\x1b'));
    assert!(!project().run(&["validate", "--json"]).stdout.contains('\x1b'));
}

#[test]
fn the_width_is_taken_from_the_environment() {
    let project = Project::new(&format!("database \"x\" {{\n  nme = \"{}\"\n}}\n", "y".repeat(200)));
    let widest = |columns: &str| {
        let output = Project::new(&std::fs::read_to_string(project.path().join("main.hcl")).unwrap())
            .env("COLUMNS", columns)
            .run(&["validate"]);
        output.stderr.lines().map(|line| line.chars().count()).max().unwrap()
    };
    assert!(widest("60") <= 60);
    assert!(widest("140") > 60);
}

#[test]
fn quiet_keeps_results_and_problems() {
    assert_eq!(
        Project::new(GOOD).run(&["-q", "validate"]).stdout,
        "The configuration is valid: 1 resource.\n"
    );
    let bad = Project::new("databse \"x\" {}\n").run(&["-q", "validate"]);
    assert!(bad.stderr.starts_with("error: unknown block"), "{bad}");
}

#[test]
fn the_log_goes_to_standard_error_and_only_when_asked() {
    let quiet = Project::new(GOOD).run(&["validate"]);
    assert_eq!(quiet.stderr, "");
    let output = Project::new(GOOD).env("CHARTER_LOG", "debug").run(&["-vv", "validate"]);
    assert_eq!(output.stdout, quiet.stdout);
}

#[test]
fn every_shell_gets_its_completion() {
    for (shell, mark) in [
        ("bash", "complete -F _charter"),
        ("zsh", "#compdef charter"),
        ("fish", "complete -c charter"),
        ("powershell", "Register-ArgumentCompleter"),
        ("elvish", "edit:completion:arg-completer[charter]"),
    ] {
        let output = Project::empty().run(&["completion", shell]);
        assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{shell}");
        assert!(output.stdout.contains(mark), "{shell}: {}", output.stdout);
        for command in ["validate", "plan", "apply", "check", "detailed-exitcode"] {
            assert!(output.stdout.contains(command), "{shell}: no {command}");
        }
    }
}
