//! Who applied what is told afterwards, with the queries.

use serde_json::Value;

use super::NEWEST;
use crate::Scenario;
use crate::project::Project;

pub fn scenarios() -> Vec<Scenario> {
    vec![Scenario { name: "history_of_applies", cluster: false, engines: NEWEST, run: applies }]
}

fn applies(project: &mut Project) {
    let none = project.charter(&["history"]).exits(0);
    assert!(none.stdout.is_empty() && none.stderr.contains("Nothing was applied yet"), "{}", none.stderr);

    project.write("main.hcl", "role \"@_analyst\" {}\n");
    let _ = project.charter(&["apply", "--auto-approve", "--actor", "jane"]).exits(0);
    project.write("main.hcl", "role \"@_analyst\" {}\ndatabase \"@_reporting\" {}\n");
    let _ = project.charter(&["apply", "--auto-approve", "--actor", "jim\u{1b}[31m"]).exits(0);
    project.unchanged();

    let text = project.charter(&["history"]).exits(0).stdout;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines[1].contains("jim\\u{1b}[31m") && lines[2].contains("jane"), "{text}");
    assert!(lines[1].contains("1 done") && lines[1].contains("apply"), "{text}");
    let last = project.charter(&["history", "--limit", "1"]).exits(0).stdout;
    assert_eq!(last.lines().count(), 2, "{last}");

    let json = project.charter(&["history", "--format", "json"]).exits(0).stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    let run = json["runs"][0]["run"].as_str().unwrap();
    assert_eq!(json["runs"][0]["outcome"], "done");
    let one = project.charter(&["history", "--run", run, "--format", "json"]).exits(0).stdout;
    let one: Value = serde_json::from_str(&one).unwrap();
    assert_eq!(one["steps"][0]["address"], format!("database.{}", project.name("reporting")));
    let queries = one["steps"][0]["query_ids"].as_array().unwrap();
    assert!(!queries.is_empty(), "{one}");
    let _ = project.charter(&["history", "--run", run]).exits(0).says(queries[0].as_str().unwrap());

    let _ = project.charter(&["history", "--run", "2"]).exits(1).warns("several runs begin with");
    let _ = project.charter(&["history", "--run", "nobody's"]).exits(1).warns("has no run");
}
