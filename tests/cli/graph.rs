//! `charter graph`, which needs no server.

use insta::assert_snapshot;

use crate::harness::Project;

const MAIN: &str = r#"
database "reporting" {}
role "analyst" {
  grant {
    privileges = ["SELECT"]
    on         = "${database.reporting.name}.*"
  }
}
"#;

#[test]
fn what_comes_first_points_to_what_comes_after() {
    assert_snapshot!(Project::new(MAIN).run(&["graph", "--format", "mermaid", "--target", "role.analyst"]), @r#"
    flowchart LR
      s0["database.reporting"]
      s1["role.analyst"]
      s2["role.analyst.grants"]
      s0 --> s1
      s1 --> s2
    --- exit 0
    "#);
}

#[test]
fn dot_has_every_resource_and_groups_by_tenant() {
    let project =
        Project::new("kubernetes {\n  manifests = \"out\"\n}\ntenant \"acme\" {}\ntenant \"globex\" {}\n");
    let graph = project.run(&["graph"]);
    assert_eq!((graph.code, graph.stderr.as_str()), (0, ""), "{graph}");
    for text in ["digraph charter {", "label = \"acme\"", "label = \"globex\"", "\"tenant.acme.database\""] {
        assert!(graph.stdout.contains(text), "{text}: {graph}");
    }
    let one = project.run(&["graph", "--target", "tenant.acme"]);
    assert!(!one.stdout.contains("globex"), "{one}");
}

#[test]
fn what_is_not_declared_is_told() {
    assert_snapshot!(Project::new(MAIN).run(&["graph", "--target", "role.analist"]), @r"
    --- stderr
    error: nothing is declared at role.analist
     |
     = help: did you mean role.analyst?
    --- exit 1
    ");
}
