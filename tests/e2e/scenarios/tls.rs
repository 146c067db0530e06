//! HTTPS with a CA of one's own, and client certificates.

use crate::Scenario;
use crate::project::Project;
use crate::servers;

pub fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario { name: "https_with_a_ca", cluster: false, engines: &["26.9"], run: ca },
        Scenario {
            name: "https_with_client_certificates",
            cluster: false,
            engines: &["26.9"],
            run: certificates,
        },
    ]
}

fn ca(project: &mut Project) {
    let data = project.file("engine");
    project.use_clickhouse(servers::own_sandbox(&data, &["--tls"]));
    project.write("main.hcl", "role \"@_r\" {}\n");
    let output = project.charter(&["plan"]).exits(1);
    assert!(output.stderr.contains("certificate"), "{}", output.stderr);
    configure(project, "ca_file = \"engine/tls/ca.pem\"");
    let _ = project.apply();
}

fn certificates(project: &mut Project) {
    let data = project.file("engine");
    project.use_clickhouse(servers::own_sandbox(&data, &["--tls-client", "--password", "tls-password-1"]));
    project.env.retain(|(name, _)| name != "CLICKHOUSE_PASSWORD");
    project.env.push(("CLICKHOUSE_PASSWORD".into(), "tls-password-1".into()));
    project.write("main.hcl", "role \"@_r\" {}\n");
    let ca = "ca_file = \"engine/tls/ca.pem\"";
    configure(project, ca);
    let _ = project.charter(&["plan"]).exits(1);
    let client = "cert_file = \"engine/tls/client.pem\"\n  key_file = \"engine/tls/client-key.pem\"";
    configure(project, &format!("{ca}\n  {client}"));
    let _ = project.apply();
    configure(project, &format!("{ca}\n  {}", client.replace("client-key", "nowhere")));
    let output = project.charter(&["plan"]).exits(1);
    assert!(output.stderr.contains("nowhere.pem"), "{}", output.stderr);
    configure(project, &format!("{ca}\n  {client}"));
    project.unchanged();
}

/// Writes TLS settings into the clickhouse block, instead of those that are there.
fn configure(project: &Project, tls: &str) {
    const URL: &str = "  url      = env(\"CLICKHOUSE_URL\")\n";
    const END: &str = "  # end of tls\n";
    let text = std::fs::read_to_string(project.file("charter.hcl")).unwrap();
    let (before, after) = text.split_once(URL).expect("the url");
    let rest = after.split_once(END).map_or(after, |(_, rest)| rest);
    project.write("charter.hcl", &format!("{before}{URL}  {tls}\n{END}{rest}"));
}
