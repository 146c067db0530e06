use super::*;
use crate::kinds::common::grants::Declared as Words;
use crate::kinds::testing::{change, lowered_sql, span, world_with};
use crate::model::Addr;
use crate::model::registry::Registry;
use crate::model::snapshot::{Row, Snapshot};

fn rows(json: serde_json::Value) -> Vec<Row> {
    serde_json::from_value(json).expect("rows")
}

fn snapshot(lines: &[&str]) -> Snapshot {
    let lines: Vec<_> = lines.iter().map(|line| serde_json::json!({"GRANTS": line})).collect();
    let privilege = |name: &str, level: Option<&str>, parent: Option<&str>| serde_json::json!({"privilege": name, "aliases": [], "level": level, "parent_group": parent});
    let privileges = serde_json::json!([
        privilege("ALL", None, None),
        privilege("SELECT", Some("COLUMN"), Some("ALL")),
        privilege("INSERT", Some("COLUMN"), Some("ALL")),
        privilege("DROP", None, Some("ALL")),
        privilege("DROP TABLE", Some("TABLE"), Some("DROP")),
        privilege("DROP VIEW", Some("VIEW"), Some("DROP")),
    ]);
    let mut snapshot = Snapshot::default();
    snapshot.rows.insert(GRANTS, rows(lines.into()));
    snapshot.rows.insert(PRIVILEGES, rows(privileges));
    snapshot
        .rows
        .insert(reads::ROLES, rows(serde_json::json!([{"name": "r", "storage": "local_directory"}])));
    snapshot
}

fn wanted() -> Resource {
    let words =
        Words { privileges: vec!["SELECT".into(), "DROP".into()], on: "d.*".into(), ..Words::default() };
    let grantee = Grantee {
        privileges: vec![words],
        roles: vec!["base".into()],
        ..Grantee::new("r", GranteeType::Role)
    };
    grants::whole(Addr::new("role", "r").part("grants"), "r", vec![grantee], span())
}

fn statements(lines: &[&str]) -> Vec<String> {
    let wanted = wanted();
    world_with(snapshot(lines), &Registry::default(), "26.9.1.1", |world| {
        let mut world = World { ..*world };
        let mut desired = world.desired.clone();
        desired.resources.insert(wanted.addr.clone(), wanted.clone());
        world.desired = &desired;
        let live = Grant.observe(&["r"].into(), &world).remove("r").expect("live");
        lowered_sql(&Grant.lower(&change(Action::Update, &wanted, Some(&live)), &world))
    })
}

#[test]
fn the_same_meaning_in_other_words_is_no_difference() {
    assert_eq!(
        statements(&["GRANT SELECT, DROP TABLE, DROP VIEW ON d.* TO r", "GRANT base TO r"]),
        Vec::<String>::new()
    );
}

#[test]
fn what_is_missing_is_granted_and_what_is_too_much_revoked() {
    assert_eq!(
        statements(&["GRANT SELECT, INSERT ON d.* TO r", "GRANT other TO r"]),
        ["GRANT DROP ON d.* TO r", "REVOKE INSERT ON d.* FROM r", "GRANT base TO r", "REVOKE other FROM r",]
    );
}

#[test]
fn a_role_labelled_user_is_a_role() {
    for (addr, user) in [
        (Addr::new("user", "bi"), true),
        (Addr::new("tenant", "acme").part("user"), true),
        (Addr::new("role", "user"), false),
        (Addr::new("tenant", "user").part("role"), false),
    ] {
        assert_eq!(is_user(&addr), user, "{addr}");
    }
}
