use super::*;
use crate::kinds::testing::{change, lowered_sql, span, world};
use crate::model::Addr;

fn wanted() -> Resource {
    Resource::new(Addr::new("settings_profile", "p"), NAME, "p", span())
        .with(settings::SETTINGS, Value::Map([("max_threads".to_owned(), Value::Number(4.0))].into()))
        .with(INHERIT, Value::strings(["base"]))
        .with(principals::TO, Value::strings(["a", "b"]))
}

fn lowered(action: Action, live: Option<&Attrs>) -> Vec<String> {
    world("26.9.1.1", |world| {
        let wanted = wanted();
        let diff = live.map(|live| SettingsProfile.diff(&wanted, live, world)).unwrap_or_default();
        lowered_sql(&SettingsProfile.lower(&Change { diff: &diff, ..change(action, &wanted, live) }, world))
    })
}

#[test]
fn a_profile_is_made_with_its_settings_and_for_its_roles() {
    let sql = lowered(Action::Create, None);
    assert_eq!(sql, ["CREATE SETTINGS PROFILE `p` SETTINGS INHERIT `base`, max_threads = 4 TO `a`, `b`"]);
}

#[test]
fn only_what_differs_is_changed_and_in_place() {
    let mut live = wanted().attrs;
    assert_eq!(lowered(Action::Update, Some(&live)), Vec::<String>::new());
    live.insert(principals::TO.into(), Value::strings(["a"]));
    assert_eq!(lowered(Action::Update, Some(&live)), ["ALTER SETTINGS PROFILE `p` TO `a`, `b`"]);
    live = wanted().attrs;
    live.remove(principals::TO);
    live.insert(principals::TO_ALL_EXCEPT.into(), Value::List(Vec::new()));
    assert_eq!(lowered(Action::Update, Some(&live)), ["ALTER SETTINGS PROFILE `p` TO `a`, `b`"]);
    live = wanted().attrs;
    live.remove(INHERIT);
    assert_eq!(
        lowered(Action::Update, Some(&live)),
        ["ALTER SETTINGS PROFILE `p` SETTINGS INHERIT `base`, max_threads = 4"]
    );
}

#[test]
fn a_profile_of_a_file_is_left_alone() {
    let live = Attrs::from([(storage::STORAGE.to_owned(), "users_xml".into())]);
    world("26.9.1.1", |world| {
        let wanted = wanted();
        let lowered = SettingsProfile.lower(&change(Action::Update, &wanted, Some(&live)), world);
        assert!(lowered.ops.is_empty());
        assert_eq!(lowered.findings[0].code, "CH271");
    });
}
