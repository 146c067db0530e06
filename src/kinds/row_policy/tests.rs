use super::*;
use crate::kinds::testing::{change, lowered_sql, span, world, world_with};
use crate::model::registry::Registry;
use crate::model::{Addr, Snapshot};

fn wanted() -> Resource {
    Resource::new(Addr::new("row_policy", "p"), NAME, identity("p", "d", Some("t")), span())
        .with("name", "p")
        .with("database", "d")
        .with("table", "t")
        .with(USING, "tenant_id=1")
        .with(RESTRICTIVE, false)
        .with(principals::TO, Value::strings(["r"]))
}

fn row(filter: &str, restrictive: u8) -> Row {
    serde_json::from_value(serde_json::json!({
        "short_name": "p", "database": "d", "table": "t", "storage": "local_directory", "select_filter": filter,
        "is_restrictive": restrictive, "apply_to_all": 0, "apply_to_list": ["r"], "apply_to_except": [],
    }))
    .expect("a row")
}

fn update(live: &Attrs) -> Vec<String> {
    world("26.9.1.1", |world| {
        let wanted = wanted();
        let diff = RowPolicy.diff(&wanted, live, world);
        lowered_sql(
            &RowPolicy.lower(&Change { diff: &diff, ..change(Action::Update, &wanted, Some(live)) }, world),
        )
    })
}

#[test]
fn a_policy_is_made_whole_and_changed_in_place() {
    let sql = world("26.9.1.1", |world| {
        lowered_sql(&RowPolicy.lower(&change(Action::Create, &wanted(), None), world))
    });
    assert_eq!(sql, ["CREATE ROW POLICY `p` ON `d`.`t` USING (tenant_id=1) AS PERMISSIVE TO `r`"]);
    assert_eq!(update(&attrs(&row("tenant_id = 1", 0))), Vec::<String>::new());
    assert_eq!(
        update(&attrs(&row("tenant_id = 2", 0))),
        ["ALTER ROW POLICY `p` ON `d`.`t` USING (tenant_id=1)"]
    );
    assert_eq!(update(&attrs(&row("(tenant_id = 1)", 1))), ["ALTER ROW POLICY `p` ON `d`.`t` AS PERMISSIVE"]);
}

#[test]
fn a_policy_of_a_whole_database_has_a_star() {
    assert_eq!(identity("p", "d", Some("")), "p ON d.*");
    assert_eq!(on(&wanted().with("table", "").attrs), "`p` ON `d`.*");
}

#[test]
fn a_table_that_is_filtered_for_some_is_told_of() {
    let told = |policy: &Resource, rows: Vec<Row>| {
        let mut snapshot = Snapshot::default();
        snapshot.rows.insert(READ, rows);
        world_with(snapshot, &Registry::default(), "26.9.1.1", |world| {
            RowPolicy.survey(&[policy], world).len()
        })
    };
    let everybody = |restrictive: u8| {
        let mut row = row("0", restrictive);
        row.insert("short_name".into(), "rest".into());
        row.insert("apply_to_all".into(), 1.into());
        row
    };
    assert_eq!(told(&wanted(), Vec::new()), 1);
    assert_eq!(told(&wanted(), vec![everybody(1)]), 1, "a restrictive one shows nothing");
    assert_eq!(told(&wanted(), vec![everybody(0)]), 0);
    let mut whole_database = everybody(0);
    whole_database.insert("table".into(), "".into());
    assert_eq!(told(&wanted(), vec![whole_database]), 0);
    let mut closed = wanted();
    closed.attrs.remove(principals::TO);
    assert_eq!(told(&closed.with(principals::TO_ALL_EXCEPT, Value::strings(["r"])), Vec::new()), 0);
}
