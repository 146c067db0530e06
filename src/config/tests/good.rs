//! Configurations without problems.

use super::toys::{after, attr, good, one, problems, run, value};
use crate::config::Input;
use crate::model::settings::KubernetesTarget;
use crate::model::{Addr, Value};

#[test]
fn references_become_names_and_edges() {
    let compiled = good(
        r#"
        tenant "acme" {}
        database "reporting" { comment = "shared" }
        role "analyst" {
          grant {
            privileges = ["SELECT"]
            on         = "${database.reporting.name}.*"
          }
          grant {
            privileges = local.privileges
            on         = "${tenant.acme.database}.events"
          }
        }
        locals {
          privileges = ["SELECT(id, at)"]
        }
        user "bi" {
          roles = [role.analyst, tenant.acme.role, "by_hand"]
          credentials {}
        }
        "#,
    );
    assert_eq!(
        attr(&compiled, "role.analyst", "grant"),
        r#"[{"on":"reporting.*","privileges":["SELECT"]},{"on":"database_acme.events","privileges":["SELECT(id, at)"]}]"#
    );
    assert_eq!(after(&compiled, "role.analyst"), ["database.reporting", "tenant.acme.database"]);
    assert_eq!(after(&compiled, "user.bi"), ["role.analyst", "tenant.acme.role"]);
    let bi = &compiled.desired.resources[&Addr::new("user", "bi")];
    assert_eq!(
        bi.attrs["roles"],
        Value::List(vec![
            Value::Ref { addr: Addr::new("role", "analyst"), name: "analyst".into() },
            Value::Ref { addr: Addr::new("tenant", "acme").part("role"), name: "role_acme".into() },
            Value::String("by_hand".into()),
        ])
    );
}

#[test]
fn instances_have_keys_and_can_be_referred_to() {
    let compiled = good(
        r#"
        tenant "listed" {
          for_each = toset(["acme", "globex"])
          name     = each.key
        }
        database "by_size" {
          for_each = { small = 1, large = 20 }
          comment  = "${each.key} ${each.value}"
        }
        user "one" {
          roles = [tenant.listed["acme"].role]
        }
        user "all" {
          roles = [for t in tenant.listed : t.role]
        }
        user "each" {
          for_each = tenant.listed
          roles    = [each.value.role]
        }
        "#,
    );
    assert_eq!(attr(&compiled, "database.by_size[\"large\"]", "comment"), "\"large 20\"");
    assert_eq!(after(&compiled, "user.one"), ["tenant.listed[\"acme\"].role"]);
    assert_eq!(
        after(&compiled, "user.all"),
        ["tenant.listed[\"acme\"].role", "tenant.listed[\"globex\"].role"]
    );
    assert_eq!(after(&compiled, "user.each[\"globex\"]"), ["tenant.listed[\"globex\"].role"]);
}

#[test]
fn meta_arguments_make_edges_and_exceptions() {
    let compiled = good(
        r#"
        database "a" {}
        tenant "t" {
          for_each = toset(["x"])
        }
        database "b" {
          depends_on = [database.a, tenant.t["x"]]
          lifecycle {
            ignore_changes = [comment, "name"]
          }
        }
        "#,
    );
    assert_eq!(after(&compiled, "database.b"), ["database.a", "tenant.t[\"x\"]"]);
    let b = &compiled.desired.resources[&Addr::new("database", "b")];
    let ignored: Vec<&str> = b.ignore_changes.iter().map(String::as_str).collect();
    assert_eq!(ignored, ["comment", "name"]);
}

#[test]
fn later_sources_of_a_variable_win() {
    let text = "variable \"x\" {\n  default = \"default\"\n}\ndatabase \"d\" {\n  comment = var.x\n}\n";
    let file = ("a.vars.hcl", "x = \"file a\"\n");
    let other = ("b.vars.hcl", "x = \"file b\"\n");
    let files = [("main.hcl", text), file, other];
    let mut input = Input::default();
    let comment = |input: &Input| attr(&run(&files, input), "database.d", "comment");
    assert_eq!(comment(&input), "\"default\"");
    input.env.insert("CHARTER_VAR_x".into(), "env".into());
    assert_eq!(comment(&input), "\"env\"");
    input.var_files = vec!["a.vars.hcl".into(), "b.vars.hcl".into()];
    assert_eq!(comment(&input), "\"file b\"");
    input.vars = vec![("x".into(), "one".into()), ("x".into(), "two".into())];
    assert_eq!(comment(&input), "\"two\"");
}

#[test]
fn texts_of_variables_are_converted_to_their_types() {
    let text = r#"
        variable "n" { type = number }
        variable "l" { type = set(string) }
        variable "o" {
          type = object({ name = string, size = optional(number, 3), on = optional(bool) })
        }
        secret "s" {
          owner = "u"
          extra = { n = var.n + 1, l = var.l, o = var.o }
        }
    "#;
    let var = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let input = Input {
        vars: vec![
            var("n", "5"),
            var("l", "[\"b\", \"a\", \"b\", 1]"),
            var("o", "{ name = \"x\", more = 1 }"),
        ],
        ..Input::default()
    };
    let compiled = run(&[("main.hcl", text)], &input);
    assert_eq!(problems(&compiled), "");
    assert_eq!(
        attr(&compiled, "secret.s", "extra"),
        r#"{"l":["1","a","b"],"n":6,"o":{"name":"x","on":null,"size":3}}"#
    );
}

#[test]
fn sensitive_values_become_secrets() {
    let text = r#"
        variable "password" {
          sensitive = true
        }
        variable "token" {
          default = env("TOKEN")
        }
        locals {
          url = "http://x:${var.password}@y"
        }
        secret "s" {
          owner = "u"
          data = { url = local.url, host = "plain", token = upper(var.token) }
        }
        clickhouse {
          url = env("CLICKHOUSE_URL", "http://ch:8123")
          password = env("CLICKHOUSE_PASSWORD")
          timeout = env("TIMEOUT", "30s")
          settings = { max_threads = 4, readonly = true, name = "x" }
        }
    "#;
    let input = Input {
        vars: vec![("password".into(), "hunter2".into())],
        env: [("TOKEN", "abc"), ("CLICKHOUSE_PASSWORD", "pw")]
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .into(),
        ..Input::default()
    };
    let compiled = run(&[("main.hcl", text)], &input);
    assert_eq!(problems(&compiled), "");
    assert_eq!(
        attr(&compiled, "secret.s", "data"),
        r#"{"host":"plain","token":"(sensitive value)","url":"(sensitive value)"}"#
    );
    let secret = &compiled.desired.resources[&Addr::new("secret", "s")];
    match secret.attrs["data"].get("token") {
        Some(Value::Secret(secret)) => assert_eq!(secret.expose(), "ABC"),
        other => panic!("{other:?}"),
    }
    let clickhouse = compiled.settings.unwrap().clickhouse;
    assert_eq!(clickhouse.url, "http://ch:8123");
    assert_eq!(clickhouse.password.expose(), "pw");
    assert_eq!(clickhouse.timeout.as_secs(), 30);
    let settings: Vec<(&str, &str)> =
        clickhouse.settings.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(settings, [("max_threads", "4"), ("name", "x"), ("readonly", "1")]);
}

#[test]
fn settings_have_defaults() {
    let settings = good("database \"d\" {}\n").settings.unwrap();
    assert_eq!(settings.scope, "default");
    assert_eq!(settings.environment, "development");
    assert_eq!(settings.clickhouse.url, "http://127.0.0.1:8123");
    assert!(settings.kubernetes.is_none());
}

#[test]
fn a_kubernetes_block_names_one_target() {
    let target = |text: &str| {
        let text = format!("kubernetes {{\n{text}\n}}\n");
        good(&text).settings.unwrap().kubernetes.unwrap().target
    };
    assert_eq!(target("manifests = \"out\""), KubernetesTarget::Manifests("out".into()));
    assert_eq!(target("in_cluster = true"), KubernetesTarget::InCluster);
    assert_eq!(
        target("context = \"production\""),
        KubernetesTarget::Context { kubeconfig: None, context: Some("production".into()) }
    );
}

#[test]
fn only_the_files_of_the_configuration_are_read() {
    let compiled = run(
        &[
            ("a.hcl", "database \"a\" {}\n"),
            ("b.hcl", "database \"b\" {\n  comment = database.a.name\n}\n"),
            ("c.test.hcl", "nonsense"),
            ("d.vars.hcl", "nonsense"),
            ("sub/e.hcl", "nonsense"),
            (".f.hcl", "nonsense"),
            ("g.txt", "nonsense"),
        ],
        &Input::default(),
    );
    assert_eq!(problems(&compiled), "");
    assert_eq!(compiled.desired.resources.len(), 2);
}

#[test]
fn expressions_mean_what_terraform_means() {
    let cases = [
        ("1 + 2 * 3", "7"),
        ("\"4\" * 2", "8"),
        ("-(1 - 3) % 2", "0"),
        ("10 / 4", "2.5"),
        ("1 < 2 && !(2 >= 3) || false", "true"),
        ("1 == 1.0", "true"),
        ("\"1\" == 1", "false"),
        ("[1, [2]] == [1, [2]]", "true"),
        ("null == null", "true"),
        ("true ? \"a\" : nope(1)", "error"),
        ("{ a = 1, \"b\" = 2, (upper(\"c\")) = 3 }", r#"{"C":3,"a":1,"b":2}"#),
        ("{ a = { b = [1, 2] } }.a.b[1]", "2"),
        ("{ a = 1 }[\"a\"]", "1"),
        ("[{ a = 1 }, { a = 2 }][*].a", "[1,2]"),
        ("[{ a = [1] }, { a = [2] }].*.a[0]", "[1]"),
        ("[for x in [1, 2, 3] : x * 2 if x > 1]", "[4,6]"),
        ("[for i, x in [\"a\", \"b\"] : \"${i}${x}\"]", r#"["0a","1b"]"#),
        ("{ for k, v in { a = 1 } : v => k }", r#"{"1":"a"}"#),
        ("{ for x in [\"ab\", \"ac\", \"b\"] : substr(x) => x... }", "error"),
        ("{ for x in [1, 2, 3] : x % 2 => x... }", r#"{"0":[2],"1":[1,3]}"#),
        ("\"${[1]}\"", "[1]"),
        ("\"a${1}b${true}\"", "\"a1btrue\""),
        ("\"%{ if 1 > 2 }x%{ else }y%{ endif }\"", "\"y\""),
        ("\"%{ for x in [1, 2] ~} ${x},%{ endfor }\"", "\"1,2,\""),
        (
            r#""%{ if true }a\nb \"c\" \\ \u00e9\U0001F600 $${d}%{ endif }\n""#,
            r#""a\nb \"c\" \\ é😀 ${d}\n""#,
        ),
        (r#""%{ for x in [1] }%{ if x == 1 }${"\t"}\t%{ else }\\%{ endif }%{ endfor }""#, r#""\t\t""#),
        ("<<E\n%{ if true }a\\n\"b\"%{ endif }\nE\n", r#""a\\n\"b\"\n""#),
        ("join(\"\", [<<E\nE\n, <<F\nx\nF\n])", r#""x\n""#),
        ("join(\"\", [<<E\nE\n, <<E\nx\nE\n])", "error"),
        (r#""%{ if false }a\qb%{ endif }""#, "error"),
        (r#""%{ if true }a"b"c%{ endif }""#, "error"),
        (r#""%{ if true }\u12%{ endif }""#, "error"),
        ("<<-E\n    a\n      ${1}\n    E\n", "\"a\\n  1\\n\""),
        ("\"$${x} %%{y}\"", "\"${x} %{y}\""),
    ];
    for (expr, wanted) in cases {
        let found = value(expr);
        match wanted {
            "error" => assert!(found.starts_with("error: "), "{expr}: {found}"),
            _ => assert_eq!(found, wanted, "{expr}"),
        }
    }
}

#[test]
fn many_instances_take_no_time_to_speak_of() {
    let started = std::time::Instant::now();
    let compiled = good(
        "locals {\n  all = { for i in range(5000) : \"t${i}\" => { comment = \"c${i}\" } }\n}\n\
         tenant \"t\" {\n  for_each = local.all\n}\n\
         user \"u\" {\n  for_each = local.all\n  comment = each.value.comment\n  \
         roles = [tenant.t[each.key].role]\n}\n",
    );
    assert_eq!(compiled.desired.resources.len(), 20_000);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn locals_cannot_explode() {
    let mut text = String::from("locals {\n  x0 = [\"x\"]\n");
    for i in 0..60 {
        text += &format!("  x{} = [local.x{i}, local.x{i}]\n", i + 1);
    }
    text += "  y0 = []\n";
    for i in 0..5000 {
        text += &format!("  y{} = [local.y{i}]\n", i + 1);
    }
    text += "}\n";
    let compiled = one(&text);
    assert_eq!(compiled.diags.len(), 2, "{}", problems(&compiled));
}

#[test]
fn presets_of_kinds_can_be_referred_to() {
    let compiled = good("tenant \"t\" {\n  privileges = charter.presets.confined\n}\n");
    assert_eq!(attr(&compiled, "tenant.t.role", "privileges"), r#"["SELECT","INSERT"]"#);
}
