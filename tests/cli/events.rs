//! Events, on standard output and in a file: whatever goes wrong is one, and each is as its schema says.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value as Json;

use crate::harness::{Output, Project};
use crate::schema;

const MAIN: &str = "clickhouse {\n  url = \"http://127.0.0.1:1\"\n}\n\nrole \"reports\" {}\n";

/// Returns the types of events, which are as the schema says.
fn types(text: &str) -> Vec<String> {
    let wrong = schema::wrong_events(text);
    assert!(wrong.is_empty(), "{wrong:#?}");
    let events = text.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
    events.map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

fn streamed(output: &Output) -> Vec<String> {
    assert_eq!(output.stderr, "", "{output}");
    types(&output.stdout)
}

#[test]
fn whatever_goes_wrong_is_an_event() {
    let broken = Project::new("databse \"x\" {}\n").run(&["plan", "--json"]);
    assert_eq!(streamed(&broken), ["version", "diagnostic", "exit"]);
    assert!(broken.stdout.lines().last().unwrap().contains("\"code\":1"), "{broken}");
    let unreachable = Project::new(MAIN).run(&["apply", "--auto-approve", "--json"]);
    let found = streamed(&unreachable);
    assert!(found.contains(&"diagnostic".to_owned()), "{found:?}");
    assert_eq!(found.last().unwrap(), "exit");
    let nonsense = Project::new(MAIN).run(&["plan", "--json", "--colour"]);
    assert_eq!(
        (nonsense.code, streamed(&nonsense)),
        (64, vec!["version".into(), "diagnostic".into(), "exit".into()])
    );
    assert!(nonsense.stdout.contains("unexpected argument '--colour'"), "{nonsense}");
}

#[test]
fn a_file_has_the_events_while_people_read() {
    let project = Project::new("databse \"x\" {}\n");
    let output = project.run(&["validate", "--json-into", "events.json"]);
    assert_eq!((output.code, output.stdout.as_str()), (1, ""), "{output}");
    assert!(output.stderr.starts_with("error: "), "{output}");
    let path = project.path().join("events.json");
    assert_eq!(types(&std::fs::read_to_string(&path).unwrap()), ["version", "diagnostic", "exit"]);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    // Both at once, and each is the same.
    let both = project.run(&["validate", "--json", "--json-into", "events.json"]);
    let version = concat!("charter ", env!("CARGO_PKG_VERSION"));
    assert_eq!(both.stdout.replace("charter <version>", version), std::fs::read_to_string(&path).unwrap());
}

#[test]
fn wrong_usage_is_in_the_file_and_nothing_of_an_earlier_run() {
    let project = Project::new("database \"x\" {}\n").file("events.json", "what an earlier run left");
    for args in [["--json-into", "events.json"], ["--no-color", "--json-into=events.json"]] {
        let output = project.run(&[&["plan", "--colour"], &args[..]].concat());
        assert_eq!((output.code, output.stdout.as_str()), (64, ""), "{output}");
        assert!(output.stderr.starts_with("error: unexpected argument '--colour'"), "{output}");
        let text = std::fs::read_to_string(project.path().join("events.json")).unwrap();
        assert_eq!(types(&text), ["version", "diagnostic", "exit"]);
        assert!(text.lines().last().unwrap().contains("\"code\":64"), "{text}");
    }
    let neither = project.run(&["plan", "--colour", "--json-into", "no/such/folder/events.json"]);
    assert_eq!(neither.code, 64, "{neither}");
    assert!(neither.stderr.contains("no/such/folder/events.json cannot be written"), "{neither}");
}

#[test]
fn events_and_a_document_are_refused_before_a_server_is_asked() {
    let project = Project::new(MAIN);
    for format in ["json", "markdown", "sarif"] {
        let output = project.run(&["plan", "--json", "--format", format, "-o", "saved.plan"]);
        assert_eq!((output.code, streamed(&output).len()), (64, 3), "{output}");
        assert!(output.stdout.contains("--json prints events, and --format a document"), "{output}");
    }
    assert!(!project.path().join("saved.plan").exists());
    for args in
        [&["check", "--json", "--format", "json"][..], &["migrate", "status", "--json", "--format", "json"]]
    {
        let output = project.run(args);
        assert_eq!(output.code, 64, "{output}");
    }
}

#[test]
fn sigterm_and_ctrl_c_end_with_the_last_event() {
    for signal in ["-TERM", "-INT"] {
        // A server that takes the request and says nothing.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let main = MAIN.replace("127.0.0.1:1", &silent.local_addr().unwrap().to_string());
        let project = Project::new(&main);
        let child = project.start(&["plan", "--json-into", "events.json"]);
        let _asked = silent.accept().unwrap();
        let sent =
            std::process::Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let output = project.end(child);
        assert_eq!(output.code, 130, "{output}");
        let text = std::fs::read_to_string(project.path().join("events.json")).unwrap();
        assert_eq!(types(&text).last().unwrap(), "exit", "{text}");
        assert!(text.lines().last().unwrap().contains("\"code\":130"), "{text}");
    }
}

#[test]
fn a_file_that_cannot_be_written_is_told_before_anything() {
    let project = Project::new("databse \"x\" {}\n");
    let output = project.run(&["plan", "--json-into", "no/such/folder/events.json"]);
    assert_eq!((output.code, output.stdout.as_str()), (1, ""), "{output}");
    insta::assert_snapshot!(output.stderr, @"error: no/such/folder/events.json cannot be written: No such file or directory (os error 2); nothing was done");
    let told = project.run(&["plan", "--json", "--json-into", "."]);
    assert_eq!(streamed(&told), ["version", "diagnostic", "exit"]);
}
