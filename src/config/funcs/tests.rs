//! Functions, as a table of calls and results.

use std::collections::BTreeMap;

use crate::config::Input;
use crate::config::tests::toys::{attr, problems, run, value};

#[test]
fn results_are_terraforms() {
    let cases = [
        ("join(\", \", [\"a\", \"b\"])", "\"a, b\""),
        ("join(\"-\", [\"a\"], [1, true])", "\"a-1-true\""),
        ("split(\",\", \"a,b,\")", r#"["a","b",""]"#),
        ("split(\",\", \"\")", r#"[""]"#),
        ("lower(\"ÄB\")", "\"äb\""),
        ("upper(\"äb\")", "\"ÄB\""),
        ("replace(\"1 + 2\", \"+\", \"-\")", "\"1 - 2\""),
        ("replace(\"hello\", \"/l+/\", \"L\")", "\"heLo\""),
        ("replace(\"ab\", \"/(a)(b)/\", \"$2$1\")", "\"ba\""),
        ("regex(\"[a-z]+\", \"53abc\")", "\"abc\""),
        ("regex(\"(\\\\d+)-(\\\\d+)\", \"1-22\")", r#"["1","22"]"#),
        ("regex(\"(?P<y>\\\\d+)\", \"a22\")", r#"{"y":"22"}"#),
        ("trim(\"?!hello?!\", \"!?\")", "\"hello\""),
        ("trimspace(\" a \\n\")", "\"a\""),
        ("startswith(\"abc\", \"ab\")", "true"),
        ("endswith(\"abc\", \"ab\")", "false"),
        ("lines(\" a \\n\\n# c\\nb#\\r\\n\")", r##"["a","b#"]"##),
        ("toset([\"b\", \"a\", \"b\"])", r#"["a","b"]"#),
        ("tolist(toset([2, 1]))", "[1,2]"),
        ("tomap({ a = 1 })", r#"{"a":1}"#),
        ("merge({ a = 1 }, null, { a = 2, b = 3 })", r#"{"a":2,"b":3}"#),
        ("merge()", "{}"),
        ("concat([1], toset([2]), [])", "[1,2]"),
        ("flatten([[1], [[2, [3]]], 4])", "[1,2,3,4]"),
        ("distinct([2, 1, 2])", "[2,1]"),
        ("sort([\"b\", \"a\", \"B\"])", r#"["B","a","b"]"#),
        ("keys({ b = 1, a = 2 })", r#"["a","b"]"#),
        ("values({ b = 1, a = 2 })", "[2,1]"),
        ("lookup({ a = 1 }, \"a\", 2)", "1"),
        ("lookup({ a = 1 }, \"b\", 2)", "2"),
        ("contains([1, 2], 2)", "true"),
        ("contains([\"1\"], 1)", "false"),
        ("length([1, 2])", "2"),
        ("length({ a = 1 })", "1"),
        ("length(\"äö\")", "2"),
        ("range(3)", "[0,1,2]"),
        ("range(1, 4)", "[1,2,3]"),
        ("range(4, 1)", "[4,3,2]"),
        ("range(1, 8, 3)", "[1,4,7]"),
        ("range(0)", "[]"),
        ("zipmap([\"a\", \"b\"], [1, 2])", r#"{"a":1,"b":2}"#),
        ("setproduct([1, 2], [\"a\"])", r#"[[1,"a"],[2,"a"]]"#),
        ("coalesce(null, \"\", \"x\")", "\"x\""),
        ("coalesce(0, 1)", "0"),
        ("compact([\"a\", \"\", null])", r#"["a"]"#),
        ("alltrue([])", "true"),
        ("alltrue([true, \"true\"])", "true"),
        ("alltrue([true, null])", "false"),
        ("anytrue([])", "false"),
        ("anytrue(toset([false, true]))", "true"),
        ("try(tonumber(\"x\"), 5)", "5"),
        ("try({ a = 1 }.b, { a = 1 }.a)", "1"),
        ("can([1][3])", "false"),
        ("can([1][0])", "true"),
        ("sha256(\"hello\")", "\"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\""),
        ("abs(-2)", "2"),
        ("min(3, 1, 2)", "1"),
        ("max([3, 1, 2]...)", "3"),
        ("tostring(5)", "\"5\""),
        ("tobool(\"true\")", "true"),
        ("jsonencode({ b = [1, null, \"<\"], a = true })", r#""{\"a\":true,\"b\":[1,null,\"\\u003c\"]}""#),
        ("jsondecode(\"{\\\"a\\\": [1.5, null]}\").a", "[1.5,null]"),
        ("yamldecode(\"a: [1, x]\\nb: {c: true}\")", r#"{"a":[1,"x"],"b":{"c":true}}"#),
        ("csvdecode(\"a,b\\n1,\\\"x,\\\"\\\"y\\\"\\n\")", r#"[{"a":"1","b":"x,\"y"}]"#),
    ];
    for (call, wanted) in cases {
        assert_eq!(value(call), wanted, "{call}");
    }
}

#[test]
fn format_has_the_verbs_of_terraform() {
    let cases = [
        ("\"%s %d %v\", \"a\", 5, true", "a 5 true"),
        ("\"%05d|%-4d|%4d|%+d\", 42, 1, 2, 3", "00042|1   |   2|+3"),
        ("\"%.2f %8.3f %e\", 1.005, 2, 12345", "1.00    2.000 1.234500e+04"),
        ("\"%q %t %%\", \"a\\\"b\", true", "\"a\\\"b\" true %"),
        ("\"%x %X %o %b\", 255, 255, 8, 5", "ff FF 10 101"),
        ("\"%[2]s %[1]s\", \"a\", \"b\"", "b a"),
        ("\"%v %#v\", [1, \"a\"], \"x\"", "[1,\"a\"] \"x\""),
        ("\"%-5s|%5s|%.2s\", \"a\", \"b\", \"abc\"", "a    |    b|ab"),
        ("\"%g %s\", 1.5, 2.5", "1.5 2.5"),
    ];
    for (args, wanted) in cases {
        let json = serde_json::Value::String(wanted.to_owned()).to_string();
        assert_eq!(value(&format!("format({args})")), json, "{args}");
    }
}

#[test]
fn bad_calls_fail() {
    for call in [
        "upper()",
        "upper(\"a\", \"b\")",
        "upper(null)",
        "split(\",\", [1])",
        "regex(\"(\", \"a\")",
        "regex(\"(?P<a>x)(y)\", \"xy\")",
        "regex(\"x\", \"a\")",
        "toset(5)",
        "tomap([1])",
        "merge([1])",
        "sort([[1]])",
        "lookup({}, \"a\")",
        "range(0, 5, 0)",
        "range(0, 5, -1)",
        "range(1000000000)",
        "zipmap([\"a\"], [])",
        "setproduct(range(1000), range(1000))",
        "coalesce(null, \"\")",
        "try()",
        "try(tonumber(\"x\"))",
        "can()",
        "tonumber(\"x\")",
        "tobool(1)",
        "jsondecode(\"{\")",
        "yamldecode(\"a: [\")",
        "csvdecode(\"a,a\\n1,2\\n\")",
        "csvdecode(\"a,b\\n1\\n\")",
        "csvdecode(\"a\\n\\\"1\")",
        "format(\"%d\", 1.5)",
        "format(\"%s\")",
        "format(\"x\", 1)",
        "format(\"%y\", 1)",
        "format(\"%99999d\", 1)",
        "format(\"%\")",
        "format(\"%[0]s\", 1)",
        "file(\"none\")",
        "fileset(\".\", \"[\")",
        "abs(\"x\")",
        "length(5)",
        "compact([[1]])",
    ] {
        let found = value(call);
        assert!(found.starts_with("error: function call fails"), "{call}: {found}");
    }
}

#[test]
fn files_are_read_through_the_reader() {
    let text = r#"
secret "s" {
  owner = "u"
  extra = {
    file  = lines(file("a/tenants.txt"))
    there = [fileexists("a/tenants.txt"), fileexists("a/none")]
    set   = fileset("a", "**/*.txt")
    top   = fileset("a", "*.txt")
    none  = fileset("none", "*")
  }
}
"#;
    let files = [
        ("main.hcl", text),
        ("a/tenants.txt", "acme\n# no\n\n globex \n"),
        ("a/b/c.txt", ""),
        ("a/b/c.sql", ""),
    ];
    let compiled = run(&files, &Input::default());
    assert_eq!(problems(&compiled), "");
    assert_eq!(
        attr(&compiled, "secret.s", "extra"),
        r#"{"file":["acme","globex"],"none":[],"set":["b/c.txt","tenants.txt"],"there":[true,false],"top":["tenants.txt"]}"#
    );
}

#[test]
fn the_design_lists_these_functions() {
    let listed = "file fileexists fileset jsondecode yamldecode csvdecode jsonencode format join \
                  split lower upper replace regex trim toset tolist tomap merge concat flatten \
                  distinct sort keys values lookup contains length range zipmap setproduct \
                  coalesce try can sha256 startswith endswith abs min max lines env";
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    for name in super::names() {
        *known.entry(name).or_default() += 1;
    }
    for name in listed.split_whitespace() {
        assert_eq!(known.get(name), Some(&1), "{name}");
    }
}
