use super::{Statement, pieces, split};

fn texts(sql: &str) -> Vec<String> {
    let statements = split(sql).unwrap_or_else(|errors| panic!("{sql}: {errors:?}"));
    statements.into_iter().map(|statement| statement.text).collect()
}

fn errors(sql: &str) -> String {
    let errors = split(sql).unwrap_err();
    let rendered = errors.into_iter().map(|error| {
        format!(
            "{:?} `{}`: {}; {}",
            error.kind,
            &sql[error.span],
            error.message,
            error.help.unwrap_or_default()
        )
    });
    rendered.collect::<Vec<_>>().join("\n")
}

#[test]
fn statements_end_at_semicolons_outside_of_anything() {
    for (sql, expected) in [
        ("", &[] as &[&str]),
        (" ;; -- a\n ; /* ; */", &[]),
        ("SELECT 1", &["SELECT 1"]),
        ("SELECT 1;\nSELECT 2;\n", &["SELECT 1", "SELECT 2"]),
        ("-- c\nSELECT 1 /* in */ + 2 -- out\n; -- after\n", &["SELECT 1 /* in */ + 2"]),
        ("SELECT 'a;b', `c;d`, \"e;f\", $$g;h$$, ‘i;j’ ;", &["SELECT 'a;b', `c;d`, \"e;f\", $$g;h$$, ‘i;j’"]),
        ("SELECT 1 -- a;b\n+ 2", &["SELECT 1 -- a;b\n+ 2"]),
        (
            "INSERT INTO t VALUES ('a;b'), ($$c;$$);\nSELECT 1",
            &["INSERT INTO t VALUES ('a;b'), ($$c;$$)", "SELECT 1"],
        ),
    ] {
        assert_eq!(texts(sql), expected, "{sql}");
    }
}

#[test]
fn explicit_delimiters_replace_semicolons() {
    let sql = "-- charter:statement\nSELECT 1;\n;\n-- charter:statement\n-- only a comment\n-- charter:statement\nSELECT 2";
    assert_eq!(texts(sql), ["SELECT 1", "SELECT 2"]);
    assert_eq!(texts("SELECT 1;\n-- charter:statement\nSELECT 2;"), ["SELECT 1", "SELECT 2"]);
    insta::assert_snapshot!(errors("-- charter:statement\nSELECT 1; SELECT 2"), @"Directive `;`: `;` inside a statement that `-- charter:statement` delimits; put `-- charter:statement` between the two statements");
    // Not on a line of its own within a string.
    assert_eq!(texts("SELECT '\n-- charter:statement\n'; SELECT 2").len(), 2);
}

/// The server gets a piece alone: `9.9e;` is a number only as long as the `;` is there.
#[test]
fn a_piece_is_what_it_is_alone() {
    assert!(errors("SELECT 2;\nSELECT 9.9e;\n").contains("`9.9e`: wrong number `9.9e`"));
    let [one, two] =
        [".5", " .5"].map(|dot| pieces(&format!("SELECT a\n-- charter:statement\n{dot}")).unwrap());
    assert_eq!(one[1].token_sha256, two[1].token_sha256);
    assert_eq!(one[1].token_sha256, pieces(".5").unwrap()[0].token_sha256);
}

#[test]
fn places_are_reported() {
    let sql = "\u{feff}-- é\n\nSELECT 1;\n  SELECT\n'é'; SELECT 3";
    let statements = split(sql).unwrap();
    let places: Vec<_> = statements.iter().map(|one| (one.index, one.line)).collect();
    assert_eq!(places, [(0, 3), (1, 4), (2, 5)]);
    assert!(statements.iter().all(|Statement { text, span, .. }| sql[span.clone()] == **text));
}

#[test]
fn settings_belong_to_the_statement_that_follows() {
    let sql = "-- charter:settings a=1\n-- why\n-- charter:settings b='x;y'\nSELECT 1;\nSELECT 2;\n-- charter:settings c=3\nSELECT 3";
    let settings = |sql| split(sql).unwrap().into_iter().map(|one| one.settings).collect::<Vec<_>>();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(settings(sql), [vec![pair("a", "1"), pair("b", "x;y")], vec![], vec![pair("c", "3")]]);
    let explicit = "-- charter:settings a=1\n-- charter:statement\nSELECT 1;\n-- charter:settings b=2\n-- charter:statement\nSELECT 2";
    assert_eq!(settings(explicit), [vec![pair("a", "1")], vec![pair("b", "2")]]);
    insta::assert_snapshot!(errors("SELECT 1\n-- charter:settings a=1\n+ 2"), @"Directive `-- charter:settings a=1`: a settings directive stands before its statement, not inside it;");
    insta::assert_snapshot!(errors("SELECT 1;\n-- charter:settings a=1\n"), @"Directive `-- charter:settings a=1`: no statement follows this settings directive;");
    insta::assert_snapshot!(errors("-- charter:settings a=1\n-- charter:settings a=1\nSELECT 1"), @"Directive `-- charter:settings a=1`: setting `a` is given twice for one statement;");
}

#[test]
fn statements_that_cannot_work_are_refused() {
    insta::assert_snapshot!(errors("SET max_threads = 1; SELECT 1; USE d; set role r; begin transaction; COMMIT"), @r"
        Refused `SET max_threads = 1`: `SET` has no effect: each statement is a request of its own; write `-- charter:settings name=value` on the line before the statement that needs it
        Refused `USE d`: `USE` has no effect: each statement is a request of its own; qualify the names, with `${charter.database}` where the database differs
        Refused `set role r`: `SET` has no effect: each statement is a request of its own; remove it; the user that runs a migration has its default roles
        Refused `begin transaction`: `begin` has no effect: ClickHouse has no transactions over DDL; remove it; charter records each statement and resumes after a failure
        Refused `COMMIT`: `COMMIT` has no effect: ClickHouse has no transactions over DDL; remove it; charter records each statement and resumes after a failure
        ");
}

#[test]
fn inline_data_is_refused() {
    insta::assert_snapshot!(errors("INSERT INTO d.t (a, b) FORMAT CSV\n1,it's\n2,b"), @"Refused `FORMAT CSV`: inline data in the format CSV has no end that SQL can see; write `INSERT … VALUES (…)`, or load the data from a table function");
    insta::assert_snapshot!(errors("INSERT INTO t FROM INFILE 'x.csv' FORMAT CSV"), @"Refused `FROM INFILE`: `FROM INFILE` reads a file of the client, which a migration has not; write `INSERT … SELECT … FROM file(…)`, `s3(…)` or `url(…)`");
    insta::assert_snapshot!(errors("INSERT INTO t VALUES (1) -- one\n, (2)"), @"Refused `-- one`: ClickHouse does not understand a comment between two rows of `VALUES`; move it after the comma, or before the statement");
}

#[test]
fn inserts_with_an_end_are_allowed() {
    for sql in [
        "INSERT INTO t VALUES (1), -- one\n (/* two */ 2) (3) -- three",
        "INSERT INTO t FORMAT Values (1)",
        "INSERT INTO values VALUES (1)",
        "INSERT INTO format (format) VALUES (1)",
        "INSERT INTO d.format SELECT 1",
        "INSERT INTO FUNCTION file('x.csv', CSV) SELECT * FROM t",
        "INSERT INTO t SELECT 1 FORMAT Null",
        "INSERT INTO t SELECT format('{}', a) FROM s",
        "SET DEFAULT ROLE r TO u",
        "EXPLAIN SELECT 1",
        "SELECT set, use, begin FROM t",
    ] {
        assert_eq!(texts(sql).len(), 1, "{sql}");
    }
}

#[test]
fn pieces_refuse_only_what_cannot_be_cut() {
    assert_eq!(pieces("SET a = 1; SELECT 1").map(|all| all.len()), Ok(2));
    assert!(pieces("INSERT INTO t FORMAT CSV 'x").is_err());
    assert!(pieces("-- charter:settigns a=1").is_err());
}

#[test]
fn all_problems_are_reported_in_order() {
    let found = errors("-- charter:foo\nSET a=1;\nUSE b;\nSELECT 'c");
    assert_eq!(found.lines().count(), 4);
    assert!(found.lines().last().is_some_and(|last| last.starts_with("Lexical `'`")), "{found}");
}
