use super::{Analysis, Replay, Role, analyze_sql};

/// Renders an analysis in one line: verb, replay, objects with signs for their roles, clauses.
fn render(analysis: &Analysis) -> String {
    let mut line = format!("{:?} {:?}", analysis.verb, analysis.replay);
    for object in &analysis.objects {
        let sign = match object.role {
            Role::Creates => "+",
            Role::Alters => "~",
            Role::Drops => "-",
            Role::RenamesFrom => "from ",
            Role::RenamesTo => "to ",
            Role::Writes => "> ",
            Role::Reads => "< ",
        };
        let database = object.database.iter().map(|database| format!("{database}.")).collect::<String>();
        line += &format!(", {sign}{database}{} {:?}", object.name, object.kind);
    }
    let flags = &analysis.flags;
    for (set, name) in [
        (flags.if_not_exists, "if-not-exists"),
        (flags.if_exists, "if-exists"),
        (flags.or_replace, "or-replace"),
        (flags.sync, "sync"),
        (flags.on_cluster, "on-cluster"),
        (flags.mutation, "mutation"),
        (flags.temporary, "temporary"),
        (flags.access, "access"),
        (flags.index, "index"),
        (analysis.fills, "fills"),
    ] {
        if set {
            line += &format!(", {name}");
        }
    }
    line
}

/// Renders what becomes of a statement: its analysis, or why no migration may hold it.
fn judged(sql: &str) -> String {
    match super::super::split(sql) {
        Ok(_) => render(&analyze_sql(sql).unwrap()),
        Err(errors) => {
            format!("{}, refused: {}", render(&analyze_sql(sql).unwrap()), errors[0].message)
        }
    }
}

/// Checks a corpus: each statement is preceded by the comment `-- is: …` with what becomes of it.
/// `CHARTER_TEST_UPDATE=1` writes the comments anew.
#[track_caller]
fn corpus(file: &str, least: usize) {
    let path = format!("{}/tests/data/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap();
    let statements = super::super::pieces(&text).unwrap();
    let (mut written, mut at) = (String::new(), 0);
    for statement in &statements {
        let before = &text[at..statement.span.start];
        let kept = before.split_inclusive('\n').filter(|line| !line.starts_with("-- is: "));
        written.extend(kept);
        // What begins in the middle of a line belongs to the line.
        let line = written.rfind('\n').map_or(0, |newline| newline + 1);
        written.insert_str(line, &format!("-- is: {}\n", judged(&statement.text)));
        written += &statement.text;
        at = statement.span.end;
    }
    written += &text[at..];
    if std::env::var_os("CHARTER_TEST_UPDATE").is_some() {
        std::fs::write(&path, &written).unwrap();
    } else {
        similar_asserts(&text, &written);
    }
    assert!(statements.len() >= least, "{}", statements.len());
}

#[track_caller]
fn similar_asserts(text: &str, written: &str) {
    let diff = similar::TextDiff::from_lines(text, written);
    assert!(text == written, "{}", diff.unified_diff().context_radius(2));
}

#[test]
fn the_statements_file_is_analysed_as_it_says() {
    corpus("statements.sql", 100);
}

#[test]
fn the_statements_of_the_reference_are_analysed_as_they_say() {
    corpus("ddl.sql", 200);
}

fn alters(sql: &str) -> String {
    let analysis = analyze_sql(sql).unwrap();
    let commands = analysis.alters.iter().map(|command| {
        let target = command.target.as_deref().unwrap_or("-");
        let renamed = command.renamed_to.iter().map(|name| format!(" to {name}")).collect::<String>();
        format!(
            "{} {target}{renamed} {:?}{}",
            command.action,
            command.replay,
            if command.mutation { " mutation" } else { "" }
        )
    });
    commands.collect::<Vec<_>>().join("; ")
}

#[test]
fn alter_commands_are_listed() {
    for (sql, expected) in [
        (
            "ALTER TABLE t ADD COLUMN IF NOT EXISTS `a``b` Tuple(x Int8, y Int8) DEFAULT (1, 2), DROP COLUMN c",
            "ADD COLUMN a`b Idempotent; DROP COLUMN c Loud mutation",
        ),
        (
            "ALTER TABLE t (ADD COLUMN a Int8), (RENAME COLUMN b TO n.c)",
            "ADD COLUMN a Loud; RENAME COLUMN b to n.c Loud mutation",
        ),
        (
            "ALTER TABLE t MODIFY SETTING a = 1, b = 2, ADD INDEX i x TYPE minmax",
            "MODIFY SETTING - Idempotent; ADD INDEX i Loud",
        ),
        ("ALTER TABLE t UPDATE a = 1, b = 2 WHERE c IN (1, 2)", "UPDATE - Silent mutation"),
        (
            "ALTER TABLE t MODIFY COLUMN a REMOVE TTL, MODIFY COLUMN b Int8",
            "MODIFY COLUMN a Loud mutation; MODIFY COLUMN b Silent mutation",
        ),
        (
            "ALTER TABLE t DROP PARTITION '2024-01', CLEAR COLUMN a IN PARTITION 1",
            "DROP PARTITION - Silent; CLEAR COLUMN a Silent mutation",
        ),
        ("ALTER TABLE t FROBNICATE x", "FROBNICATE - Silent mutation"),
        ("ALTER TABLE t ADD COLUMN a Int8 SETTINGS alter_sync = 2, mutations_sync = 2", "ADD COLUMN a Loud"),
    ] {
        assert_eq!(alters(sql), expected, "{sql}");
    }
}

fn replay(sql: &str) -> Replay {
    analyze_sql(sql).unwrap().replay
}

#[test]
fn a_mixture_is_as_silent_as_its_most_silent_part() {
    assert_eq!(replay("ALTER TABLE t ADD COLUMN a Int8, COMMENT COLUMN b 'x'"), Replay::Loud);
    assert_eq!(replay("ALTER TABLE t ADD COLUMN a Int8, UPDATE b = 1 WHERE 1"), Replay::Silent);
    assert_eq!(
        replay("CREATE TABLE a (x Int8) ENGINE = Log PARALLEL WITH CREATE TABLE b (x Int8) ENGINE = Log"),
        Replay::Silent
    );
    assert_eq!(replay("ALTER TABLE t"), Replay::Silent);
    assert_eq!(replay("FROBNICATE"), Replay::Silent);
    assert_eq!(replay(""), Replay::Silent);
}

/// Clause words inside a definition do not count as clauses of the statement.
#[test]
fn strings_comments_and_brackets_hide_clauses() {
    let analysis = analyze_sql("CREATE /* IF NOT EXISTS */ TABLE \"or replace\" (a Int8 COMMENT 'ON CLUSTER c') ENGINE = Log -- SYNC").unwrap();
    assert_eq!(render(&analysis), "Create Loud, +or replace Table");
}

#[test]
fn what_is_done_as_another_user_is_done() {
    use super::Verb;
    let analysis = analyze_sql("EXECUTE AS admin EXECUTE AS `a b` DROP TABLE d.t SYNC").unwrap();
    assert_eq!((analysis.verb, analysis.objects.len()), (Verb::Drop, 1));
    assert!(analysis.flags.impersonates && analysis.flags.sync);
    let alone = analyze_sql("EXECUTE AS admin").unwrap();
    assert!(alone.flags.impersonates && alone.verb == Verb::Unknown);
}
