//! Commands that need servers, where there are none: nothing is changed, and it is said why.

use std::net::TcpListener;

use insta::assert_snapshot;

use crate::harness::{Output, Project};

/// Returns a port of this machine at which nobody listens.
fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn unreachable(args: &[&str]) -> Output {
    let port = closed_port();
    let main =
        format!("clickhouse {{\n  url = \"http://127.0.0.1:{port}\"\n}}\n\ndatabase \"reporting\" {{}}\n");
    let mut output = Project::new(&main).run(args);
    for stream in [&mut output.stdout, &mut output.stderr] {
        *stream = stream.replace(&format!(":{port}"), ":<port>");
    }
    output
}

#[test]
fn clickhouse_cannot_be_reached() {
    assert_snapshot!(unreachable(&["plan"]), @r"
    --- stderr
    error: ClickHouse cannot be reached
     |
     = note: http://127.0.0.1:<port>: tcp connect error: Connection refused (os error 111).
     = help: check `url` in the clickhouse block, and that the server is up: its /ping answers `Ok.`
    --- exit 1
    ");
}

#[test]
fn each_command_that_needs_it_fails_with_1() {
    for args in [&["plan", "--detailed-exitcode"][..], &["apply", "--auto-approve"], &["check"]] {
        let output = unreachable(args);
        assert_eq!((output.code, output.stdout.as_str()), (1, ""), "{args:?}: {output}");
        assert!(output.stderr.contains("ClickHouse cannot be reached"), "{args:?}: {output}");
    }
}

#[test]
fn as_a_json_line() {
    let output = unreachable(&["plan", "--json"]);
    assert_eq!((output.code, output.stderr.as_str()), (1, ""), "{output}");
    let lines: Vec<serde_json::Value> =
        output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let line = lines.iter().find(|line| line["type"] == "diagnostic").unwrap();
    assert_eq!(line["type"], "diagnostic");
    assert_eq!(line["diagnostic"]["severity"], "error");
    assert_eq!(line["diagnostic"]["summary"], "ClickHouse cannot be reached");
}

#[test]
fn a_host_that_does_not_exist() {
    let main = "clickhouse {\n  url = \"http://clickhouse.invalid:8123\"\n}\n\ndatabase \"reporting\" {}\n";
    let output = Project::new(main).run(&["plan"]);
    assert_eq!(output.code, 1, "{output}");
    assert!(output.stderr.contains("http://clickhouse.invalid:8123"), "{output}");
}

#[test]
fn a_broken_configuration_asks_no_server() {
    // Nothing listens at the default address either, and nobody is asked.
    let output = Project::new("databse \"x\" {}\n").run(&["plan"]);
    assert_eq!(output.code, 1);
    assert!(output.stderr.contains("did you mean `database`?"), "{output}");
    assert!(!output.stderr.contains("reached"), "{output}");
}

#[test]
fn a_kubeconfig_that_is_missing() {
    let main = format!(
        "clickhouse {{\n  url = \"http://127.0.0.1:{}\"\n}}\n\nkubernetes {{\n  kubeconfig = \"kube.yaml\"\n}}\n\ntenant \"acme\" {{}}\n",
        closed_port()
    );
    assert_snapshot!(Project::new(&main).run(&["plan"]), @r#"
    --- stderr
    error: the kubernetes block cannot be used
     |
     = note: the Kubernetes client cannot be set up: kube.yaml: failed to read kubeconfig from '"./kube.yaml"': No such file or directory (os error 2).
     = help: `kubectl config get-contexts` lists the contexts; name one, or a kubeconfig file, in the kubernetes block
    --- exit 1
    "#);
}
