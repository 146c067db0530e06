//! Operations are read back as they were written, whatever is in their texts.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use super::*;

fn text() -> impl Strategy<Value = String> {
    prop_oneof![".{0,12}", Just(HIDDEN.to_owned()), Just("$map".to_owned()), Just(String::new())]
}

fn slot() -> impl Strategy<Value = Slot> {
    (text(), any::<bool>()).prop_map(|(key, old)| {
        let user = Addr::new("user", "a").instance(&key);
        if old { Slot::old(user) } else { Slot::of(user) }
    })
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![Just(Part::Password), Just(Part::Salt), Just(Part::Hash)]
}

fn value() -> impl Strategy<Value = Text> {
    prop_oneof![
        text().prop_map(Text::Plain),
        Just(Text::Sensitive(Secret::new(""))),
        (slot(), part()).prop_map(|(slot, part)| Text::Slot(slot, part)),
    ]
}

fn sql() -> impl Strategy<Value = Op> {
    let login = prop_oneof![
        Just(Login::Charter),
        (text(), slot()).prop_map(|(name, slot)| Login::User { name, slot })
    ];
    let probe = (text(), slot()).prop_map(|(user, slot)| Probe::Login { user, slot });
    let table = || (text(), text()).prop_map(|(database, table)| TableName { database, table });
    let watched = (text(), text(), vec(text(), 0..2)).prop_map(|(database, name, columns)| Watched {
        database,
        name,
        columns,
    });
    let bound = (vec((text(), value()), 0..3), btree_map(text(), text(), 0..2));
    (
        text(),
        bound,
        login,
        option::of(text()),
        option::of(row()),
        option::of(probe),
        vec(watched, 0..2),
        vec(table(), 0..2),
    )
        .prop_map(
            |(statement, (params, settings), login, database, journal, unless, watch, waits_for)| {
                Sql { statement, params, login, database, settings, journal, unless, watch, waits_for }.into()
            },
        )
}

fn row() -> impl Strategy<Value = LedgerRow> {
    let json = prop_oneof![
        text().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        vec(text(), 0..2).prop_map(Json::from)
    ];
    let table = proptest::sample::select(crate::model::ledger::TABLES);
    let secret = btree_map(text(), Just(Text::Sensitive(Secret::new(""))), 0..2);
    (table, btree_map(text(), json, 0..3), secret, vec((text(), slot(), part()), 0..2), vec(text(), 0..2))
        .prop_map(|(table, row, secret, fill, times)| LedgerRow {
            table: table.name,
            row,
            secret,
            fill,
            times,
        })
}

fn kube() -> impl Strategy<Value = Op> {
    let mode = prop_oneof![
        Just(KubeWrite::Create),
        (any::<bool>(), option::of(text()))
            .prop_map(|(force, resource_version)| KubeWrite::Apply { force, resource_version })
    ];
    let apply = (text(), text(), btree_map(text(), value(), 0..3), mode, vec(text(), 0..2)).prop_map(
        |(namespace, name, data, mode, prune)| {
            let object = serde_json::json!({ "metadata": { "name": name.clone() } });
            let manager = "charter".to_owned();
            KubeApply { api: Api::secrets(), namespace, name, manager, object, data, mode, prune }.into()
        },
    );
    let delete = (text(), text(), option::of(text())).prop_map(|(namespace, name, uid)| {
        Op::KubeDelete(KubeDelete { api: Api::secrets(), namespace, name, uid })
    });
    prop_oneof![apply, delete]
}

fn op() -> impl Strategy<Value = Op> {
    let mutation = (text(), text(), text(), any::<u64>()).prop_map(|(database, table, id, created)| {
        Mutation { of: TableName { database, table }, id, created }
    });
    prop_oneof![
        sql(),
        kube(),
        (text(), slot()).prop_map(|(user, slot)| Op::Await(Probe::Login { user, slot })),
        vec(mutation, 0..3).prop_map(Op::AwaitMutations),
        row().prop_map(Op::Ledger),
    ]
}

proptest! {
    #[test]
    fn operations_are_read_back(op in op()) {
        let kept = serde_json::to_string(&op).unwrap();
        let read: Op = serde_json::from_str(&kept).unwrap();
        prop_assert_eq!(&read, &op, "{}", kept);
        prop_assert_eq!(serde_json::to_string(&read).unwrap(), kept);
    }
}

#[test]
fn a_text_that_looks_sensitive_is_told_from_one_that_is() {
    let plain = serde_json::to_value(Text::Plain(HIDDEN.into())).unwrap();
    let sensitive = serde_json::to_value(Text::Sensitive(Secret::new("hunter5"))).unwrap();
    assert_ne!(plain, sensitive);
    assert_eq!(sensitive, HIDDEN);
}

#[test]
fn a_password_that_was_handed_out_is_not_read() {
    let kept = serde_json::to_string(&SlotSource::Given(Secret::new("hunter5"))).unwrap();
    assert!(!kept.contains("hunter5"));
    let error = serde_json::from_str::<SlotSource>(&kept).unwrap_err().to_string();
    assert!(error.contains("cannot be read from a plan"), "{error}");
}
