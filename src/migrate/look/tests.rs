//! Unit tests of looks: the forms that servers were seen to store, and what must differ.

use super::normal::{expression, masked, same_codec};
use super::*;

fn look(columns: &[[&str; 6]], fields: &[(&str, &str)]) -> Look {
    let columns = serde_json::to_string(columns).expect("JSON");
    let fields: BTreeMap<&str, &str> = fields.iter().copied().collect();
    Look::read(&columns, &serde_json::to_string(&fields).expect("JSON"))
}

fn table(definition: &str, sorting_key: &str) -> Look {
    look(
        &[["id", "UInt64", "", "", "", ""], ["f", "Float64", "DEFAULT", "1.", "", "CODEC(ZSTD(1))"]],
        &[("engine", "MergeTree"), ("sorting_key", sorting_key), ("definition", definition)],
    )
}

fn told(expected: &Look, found: &Look, across: bool) -> Vec<(Aspect, String, String, bool)> {
    let differences = compare(expected, found, across).into_iter();
    differences.map(|one| (one.aspect, one.expected, one.found, one.certain)).collect()
}

#[test]
fn what_only_reads_otherwise_is_the_same() {
    let one = table(
        "CREATE TABLE x.t (`id` UInt64, `f` Float64 DEFAULT 1., INDEX i (f) TYPE minmax GRANULARITY 1) ENGINE = MergeTree() ORDER BY (id) TTL (at + 1) SETTINGS a = 1, index_granularity = 8192, b = 'x' COMMENT 'c'",
        "(id)",
    );
    let other = table(
        "CREATE TABLE x.t (id UInt64, f Float64 DEFAULT 1.0, INDEX `i` f TYPE minmax GRANULARITY 1) ENGINE = MergeTree ORDER BY id TTL at + 1 SETTINGS b = 'x', a = 1 COMMENT 'c'",
        "id",
    );
    assert_eq!(told(&one, &other, false), []);
    assert_eq!(told(&one, &other, true), []);
}

#[test]
fn each_aspect_is_told_apart() {
    let definition =
        "CREATE TABLE x.t (`id` UInt64, INDEX i f TYPE minmax) ENGINE = MergeTree ORDER BY id SETTINGS a = 1";
    let one = table(definition, "id");
    let mut other = table(
        "CREATE TABLE x.t (`id` UInt64, CONSTRAINT c CHECK f > 0) ENGINE = ReplacingMergeTree(f) ORDER BY (id, f) TTL f SETTINGS a = 2",
        "id, f",
    );
    other.fields.insert("engine".into(), "ReplacingMergeTree".into());
    other.fields.insert("comment".into(), "by hand".into());
    other.columns[1].default = "DEFAULT 2.".into();
    other.columns[1].codec = String::new();
    other.columns.push(Column { name: "n".into(), ty: "String".into(), ..Column::default() });
    let differences: Vec<String> = compare(&one, &other, false)
        .iter()
        .map(|one| format!("{:?}: {} | {}", one.aspect, one.expected, one.found))
        .collect();
    insta::assert_snapshot!(differences.join("\n"), @r"
    Columns: f: default DEFAULT 1. | f: default DEFAULT 2.
    Columns: f: codec CODEC(ZSTD(1)) | no f: codec
    Columns: no column n | n String
    Engine: engine MergeTree | engine ReplacingMergeTree(f)
    Keys: ORDER BY id | ORDER BY id, f
    Settings: a 1 | a 2
    Elements: no CONSTRAINT c | CONSTRAINT c CHECK f > 0
    Elements: INDEX i f TYPE minmax | no INDEX i
    Ttl: no TTL | TTL f
    Comment: no COMMENT | COMMENT by hand
    ");
}

#[test]
fn after_an_upgrade_only_what_is_more_than_text_is_certain() {
    let certain = |one: &Look, other: &Look| -> Vec<bool> {
        compare(one, other, true).iter().map(|difference| difference.certain).collect()
    };
    let one = table("CREATE TABLE x.t (`id` UInt64) ENGINE = MergeTree ORDER BY id", "id");
    let mut other =
        table("CREATE TABLE x.t (`id` UInt64) ENGINE = MergeTree ORDER BY id TTL a", "intHash32(id)");
    assert_eq!(certain(&one, &other), [false, true], "one key as before; a TTL where none was");
    other.fields.insert("sorting_key".into(), "(id, f)".into());
    assert_eq!(certain(&one, &other), [true, true], "another number of keys");
    other.columns[0].ty = "UInt32".into();
    assert_eq!(certain(&one, &other), [true, true, true]);
}

#[test]
fn what_is_hidden_is_neither_equal_nor_different() {
    let dictionary = |source: &str| {
        let definition = format!(
            "CREATE DICTIONARY x.d (`id` UInt64) PRIMARY KEY id SOURCE({source}) LIFETIME(MIN 0 MAX 10) LAYOUT(FLAT())"
        );
        look(&[["id", "UInt64", "", "", "", ""]], &[("engine", "Dictionary"), ("definition", &definition)])
    };
    let one = dictionary("CLICKHOUSE(USER 'u' PASSWORD '[HIDDEN]')");
    assert!(one.is_hidden());
    assert_eq!(told(&one, &one, false), []);
    assert_eq!(told(&one, &dictionary("CLICKHOUSE(USER 'v' PASSWORD '[HIDDEN]')"), false).len(), 1);
}

#[test]
fn a_record_of_names_and_types_is_compared_as_far() {
    let old = Look::read(r#"[["id","UInt64"],["f","Float64"]]"#, "");
    let new = table("CREATE TABLE x.t (id UInt64) ENGINE = Log", "");
    assert_eq!(told(&old, &new, false), []);
}

#[test]
fn definitions_are_taken_apart() {
    let view = Definition::parse(
        "CREATE MATERIALIZED VIEW x.m REFRESH EVERY 1 HOUR TO x.t (`a` UInt8) DEFINER = `u` SQL SECURITY DEFINER AS SELECT a AS settings FROM x.s SETTINGS max_threads = 1",
    );
    assert_eq!(
        (view.clause("TO"), view.clause("REFRESH"), view.clause("DEFINER")),
        ("x.t", "EVERY 1 HOUR", "`u`")
    );
    assert_ne!(view.clause("SQL SECURITY DEFINER"), "");
    assert!(view.settings.is_empty());
    let table = Definition::parse(
        "CREATE TABLE x.t UUID 'b' (`a` DateTime DEFAULT now() TTL a + 1 SETTINGS (max_compress_block_size = 1), PROJECTION p (SELECT a ORDER BY a)) ENGINE = MergeTree ORDER BY a TTL a + 1 TO DISK 'x', a + 2 DELETE SETTINGS s = 'a,b', t = 2",
    );
    assert_eq!(table.of_columns["a"]["TTL"], "a + 1");
    assert_eq!(table.elements["PROJECTION p"], "(SELECT a ORDER BY a)");
    assert_eq!(table.clause("TTL"), "a + 1 TO DISK 'x', a + 2 DELETE");
    assert_eq!(table.settings["s"], "'a,b'");
    for broken in ["", "(", "CREATE", "CREATE TABLE x (", "ENGINE = ) AS", "SETTINGS ,,="] {
        let _ = Definition::parse(broken);
        let _ = authored(broken);
    }
}

#[test]
fn expressions_have_one_form() {
    assert_eq!(expression("((`id`) )", false), expression("id", false));
    assert_ne!(expression("(a + b) * c", false), expression("a + b * c", false));
    let query = |condition: &str| expression(&format!("SELECT a FROM t WHERE {condition} GROUP BY a"), false);
    assert_eq!(query("((a > 1) AND (f((b)) < 5))"), query("(a > 1) AND (f(b) < 5)"));
    assert_ne!(query("(a OR b) AND c"), query("a OR b AND c"));
    assert_ne!(query("NOT (a OR b)"), query("NOT a OR b"));
    assert_ne!(query("a IN (1, 2)"), query("a IN 1, 2"));
    assert_ne!(expression("'a '", false), expression("'a'", false));
    assert_eq!(expression("(a > 1) AND f((b), c)", true), expression("a > 1 AND f(b, c)", true));
    assert_ne!(expression("a IN (1, 2)", true), expression("a IN (1, 3)", true));
    assert_eq!(masked("'/t/3f0e4153-bd93-4822-a97c-aff10c404827/é'"), "'/t/{uuid}/é'");
    assert!(same_codec("CODEC(Gorilla, LZ4)", "CODEC(Gorilla(8), LZ4)", true));
    assert!(!same_codec("CODEC(Gorilla, LZ4)", "CODEC(Gorilla(8), LZ4)", false));
    assert!(!same_codec("CODEC(ZSTD(1))", "CODEC(ZSTD(3))", true));
}

#[test]
fn types_have_one_form() {
    for (one, other) in [
        ("Decimal64(3)", "Decimal(18, 3)"),
        ("varchar(10)", "String"),
        ("text null", "Nullable(String)"),
        ("bigint unsigned", "UInt64"),
        ("Tuple(a UInt8, `b` int)", "Tuple(`a` UInt8, b Int32)"),
        ("JSON(a UInt8, max_dynamic_paths=5)", "JSON(max_dynamic_paths = 5, a UInt8)"),
        ("Array( Nullable(Int8) )", "Array(Nullable(Int8))"),
    ] {
        assert!(same_type(one, other), "{one} is {other}: {} {}", type_text(one), type_text(other));
    }
    for (one, other) in
        [("DateTime64(3)", "DateTime64(3, 'UTC')"), ("Enum8('a' = 1)", "Enum8('a' = 2)"), ("UInt8", "UInt16")]
    {
        assert!(!same_type(one, other), "{one} is not {other}");
    }
}

#[test]
fn a_statement_says_what_it_asks_for() {
    let asked = authored(
        "CREATE TABLE IF NOT EXISTS t (id UInt64 DEFAULT 1, `a b` Array(String) CODEC(ZSTD), n DEFAULT now(), INDEX i id TYPE minmax) ENGINE = MergeTree ORDER BY id",
    );
    let columns: Vec<_> =
        asked.columns.expect("columns").into_iter().map(|column| (column.name, column.ty)).collect();
    assert_eq!(
        columns,
        [
            ("id".into(), Some("UInt64".into())),
            ("a b".into(), Some("Array(String)".into())),
            ("n".to_owned(), None)
        ]
    );
    assert_eq!(asked.engine, "MergeTree");
    assert_eq!(authored("CREATE TABLE t AS other").columns, None);
    assert_eq!(authored("CREATE TABLE t ENGINE = Memory AS SELECT (1, 2)").columns, None);
}
