use super::*;
use crate::kinds::testing::{change, lowered_sql, span, world};
use crate::model::Addr;

fn interval(limits: &[(&str, &str)], randomized: bool) -> Value {
    let mut map: BTreeMap<String, Value> =
        limits.iter().map(|(name, limit)| ((*name).to_owned(), (*limit).into())).collect();
    if randomized {
        map.insert("randomized".into(), true.into());
    }
    Value::Map(map)
}

fn wanted() -> Resource {
    let intervals = [
        ("3600s".to_owned(), interval(&[("execution_time", "1.5"), ("queries", "10")], false)),
        ("60s".to_owned(), interval(&[], true)),
    ];
    limits::quota(
        Addr::new("quota", "q"),
        "q",
        "client_key_or_user_name",
        Value::Map(intervals.into()),
        span(),
    )
    .with(principals::TO, Value::strings(["r"]))
}

fn rows(rows: &[serde_json::Value]) -> Vec<Row> {
    rows.iter().map(|row| serde_json::from_value(row.clone()).expect("a row")).collect()
}

#[test]
fn a_quota_is_made_with_its_intervals() {
    let sql =
        world("26.9.1.1", |world| lowered_sql(&Quota.lower(&change(Action::Create, &wanted(), None), world)));
    assert_eq!(
        sql,
        [
            "CREATE QUOTA `q` KEYED BY client_key, user_name FOR INTERVAL 3600 second MAX execution_time = 1.5, queries = 10, \
          FOR RANDOMIZED INTERVAL 60 second TRACKING ONLY TO `r`"
        ]
    );
}

#[test]
fn rows_tell_of_a_quota_and_its_intervals() {
    let found = rows(&[
        serde_json::json!({"name": "q", "storage": "local_directory", "keys": ["client_key", "user_name"], "apply_to_all": 0,
            "apply_to_list": ["r"], "apply_to_except": [], "duration": 3600, "is_randomized_interval": 0,
            "max_queries": "10", "max_execution_time": 1.5, "max_errors": null}),
        serde_json::json!({"name": "q", "duration": 60, "is_randomized_interval": 1, "max_queries": null}),
    ]);
    let live = attrs(&found.iter().collect::<Vec<_>>());
    world("26.9.1.1", |world| assert!(Quota.diff(&wanted(), &live, world).is_empty()));
    let bare = rows(&[
        serde_json::json!({"name": "q", "keys": [], "apply_to_all": 1, "apply_to_except": ["x"], "duration": 0}),
    ]);
    let live = attrs(&bare.iter().collect::<Vec<_>>());
    assert_eq!(live.get(limits::KEYED_BY), Some(&"none".into()));
    assert!(interval::intervals(&live).is_empty());
    assert_eq!(live.get(principals::TO_ALL_EXCEPT), Some(&Value::strings(["x"])));
}

#[test]
fn only_what_differs_is_changed_and_intervals_that_go_are_named() {
    let wanted = wanted();
    let mut live = wanted.attrs.clone();
    let intervals = [
        ("3600s".to_owned(), interval(&[("execution_time", "1.5"), ("queries", "10")], true)),
        ("60s".to_owned(), interval(&[], true)),
        ("5s".to_owned(), interval(&[("errors", "1")], false)),
    ];
    live.insert(INTERVAL.into(), Value::Map(intervals.into()));
    live.insert(limits::KEYED_BY.into(), "none".into());
    let sql = world("26.9.1.1", |world| {
        let diff = Quota.diff(&wanted, &live, world);
        lowered_sql(
            &Quota.lower(&Change { diff: &diff, ..change(Action::Update, &wanted, Some(&live)) }, world),
        )
    });
    assert_eq!(
        sql,
        [
            "ALTER QUOTA `q` KEYED BY client_key, user_name FOR INTERVAL 3600 second MAX execution_time = 1.5, queries = 10, \
          FOR INTERVAL 5 second NO LIMITS"
        ]
    );
}

#[test]
fn a_limit_that_the_server_does_not_have_is_told() {
    let mut caps = Caps { version: "24.8.1.1".into(), ..Caps::default() };
    caps.columns.insert("system.quota_limits".into(), ["max_queries".to_owned()].into());
    let findings = unknown_limits(&wanted(), &caps);
    assert_eq!(findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), ["CH272"]);
    assert!(findings[0].summary.contains("execution_time"));
}
