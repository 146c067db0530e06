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
fn a_file_that_cannot_be_written_is_told_before_anything() {
    let project = Project::new("databse \"x\" {}\n");
    let output = project.run(&["plan", "--json-into", "no/such/folder/events.json"]);
    assert_eq!((output.code, output.stdout.as_str()), (1, ""), "{output}");
    insta::assert_snapshot!(output.stderr, @"error: no/such/folder/events.json cannot be written: No such file or directory (os error 2); nothing was done");
    let told = project.run(&["plan", "--json", "--json-into", "."]);
    assert_eq!(streamed(&told), ["version", "diagnostic", "exit"]);
}
