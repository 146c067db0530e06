use super::*;
use crate::kinds::testing::{change, lowered_sql, world};

fn wanted(comment: &str) -> Resource {
    let span = crate::kinds::testing::span();
    Resource::new(Addr::new("database", "d"), NAME, "d`; --", span).with("comment", comment)
}

#[test]
fn names_and_comments_are_quoted() {
    let wanted = wanted("it's");
    let sql = world("26.9.1.1", |world| {
        lowered_sql(&Database.lower(&change(Action::Create, &wanted, None), world))
    });
    assert_eq!(sql, [r"CREATE DATABASE `d\`; --` COMMENT 'it\'s'"]);
}

#[test]
fn an_old_server_refuses_a_new_comment_when_planning() {
    let wanted = wanted("new");
    let live = Attrs::from([("comment".to_owned(), Value::from("old"))]);
    for (version, expected) in [("24.8.4.1", 1), ("25.8.2.1", 0)] {
        let lowered =
            world(version, |world| Database.lower(&change(Action::Update, &wanted, Some(&live)), world));
        assert_eq!(lowered.findings.len(), expected, "{version}");
        assert_eq!(lowered.ops.len(), 1 - expected, "{version}");
    }
}

mod removed {
    use serde_json::json;

    use super::super::removal;
    use super::*;
    use crate::kinds::testing::world_with;
    use crate::model::gate::Stake;
    use crate::model::registry::Registry;
    use crate::model::{Snapshot, Value};

    /// Returns what was read of databases that nothing declares.
    fn read(rows: serde_json::Value) -> Snapshot {
        let rows = rows.as_array().unwrap().iter().map(|row| row.as_object().unwrap().clone());
        let mut snapshot = Snapshot::default();
        snapshot.rows.insert("database_stakes", rows.collect());
        let databases = json!([{"name": "d", "engine": "Atomic", "comment": "", "uuid": "u"}]);
        let databases = databases.as_array().unwrap().iter().map(|row| row.as_object().unwrap().clone());
        snapshot.rows.insert(reads::DATABASES, databases.collect());
        snapshot
    }

    fn stake(rows: serde_json::Value) -> Stake {
        removal::stake("d", &read(rows))
    }

    #[test]
    fn what_is_not_told_is_unknown_and_what_is_empty_is_zero() {
        let row = |uncounted: &str, rows: serde_json::Value| json!([{"database": "d", "tables": ["a", "b"], "uncounted": uncounted, "rows_known": rows, "bytes_known": "7"}]);
        assert_eq!(removal::stake("d", &Snapshot::default()), Stake::default(), "nothing was read");
        assert_eq!(stake(json!([])).rows, Some(0), "a database without tables has no row");
        assert_eq!(stake(row("0", "12".into())).rows, Some(12));
        assert_eq!(stake(row("2", serde_json::Value::Null)).rows, None);
        assert_eq!(stake(row("0", serde_json::Value::Null)).rows, Some(0), "views alone keep nothing");
        let some = stake(row("1", "12".into()));
        assert_eq!((some.tables, some.uncounted, some.rows), (Some(2), Some(1), Some(12)));
    }

    #[test]
    fn a_plan_no_longer_fits_where_tables_came_or_went_and_does_where_rows_did() {
        let expects = |tables: &[&str], rows: &str| {
            let row = json!([{"database": "d", "tables": tables, "uncounted": "0", "rows_known": rows, "bytes_known": "7"}]);
            let seen = |world: &World| Database.observe(&BTreeSet::from(["d"]), world)["d"].clone();
            let live = world_with(read(row), &Registry::default(), "26.9.1.1", seen);
            assert_eq!(live["tables"], Value::strings(tables.iter().copied()));
            crate::plan::diff::expects(Some(&live), None)
        };
        assert_eq!(expects(&["a"], "1"), expects(&["a"], "2"));
        assert_ne!(expects(&["a"], "1"), expects(&["a", "b"], "1"));
        assert_ne!(expects(&["a"], "1"), expects(&[], "1"));
    }

    #[test]
    fn an_old_server_is_not_sent_settings_that_it_does_not_know() {
        for (version, settings) in [("23.8.1.1", 0), ("24.8.1.1", 2)] {
            let wanted = wanted("");
            let lowered = world(version, |world| {
                removal::lower(&Change { wanted: None, ..change(Action::Delete, &wanted, None) }, world)
            });
            let Op::Sql(sql) = &lowered.ops[0] else { panic!("{:?}", lowered.ops) };
            assert_eq!(sql.statement, r"DROP DATABASE `d\`; --` SYNC");
            assert_eq!(sql.settings.len(), settings, "{version}");
            assert_eq!(lowered.costs[0].rows, None, "nothing was read, so nothing is known");
        }
    }

    #[test]
    fn only_what_is_recorded_and_not_declared_is_measured() {
        let declared = wanted("");
        assert_eq!(removal::reads(&[&declared], &[]), None);
    }
}
