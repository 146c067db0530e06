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
