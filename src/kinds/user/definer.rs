//! Users that are the definer of views: the server drops none of them
//! (`InterpreterDropAccessEntityQuery.cpp`: HAVE_DEPENDENT_OBJECTS), so that a removal would end
//! half-way. It is foreseen instead.

use std::collections::{BTreeMap, BTreeSet};

use crate::isolation::objects::{Object, Rights};
use crate::kinds::common::user::KIND;
use crate::model::finding::{Category, Finding, Severity};
use crate::model::op::Op;
use crate::model::snapshot::{Read, text};
use crate::model::{Action, Snapshot, Step, sql};

/// The views that have a definer: database, name, engine, query.
const DEFINED: &str = "user_definers";

/// Returns the read of the views that users whom steps remove may be the definers of.
pub fn asks(steps: &[Step]) -> Vec<Read> {
    if removed(steps).next().is_none() {
        return Vec::new();
    }
    let statement = "SELECT database, name, engine, create_table_query AS query FROM system.tables \
                     WHERE engine IN ('View', 'MaterializedView') AND position(create_table_query, 'DEFINER') > 0";
    vec![Read::Sql { name: DEFINED, statement: statement.into() }]
}

/// Finds users that are removed and are the definers of views that are still there then.
pub fn foresees(steps: &[Step], snapshot: &Snapshot) -> Vec<Finding> {
    let gone: BTreeMap<&str, &Step> = removed(steps).map(|step| (step.identity.as_str(), step)).collect();
    let mut views: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for row in snapshot.rows(DEFINED).iter().filter(|_| !gone.is_empty()) {
        let Rights::Definer(user) = Object::new(row).rights else { continue };
        let Some((user, step)) = gone.get_key_value(user.as_str()) else { continue };
        if !is_dropped(text(row, "database"), step, steps) {
            let view = format!("{}.{}", text(row, "database"), text(row, "name"));
            views.entry(*user).or_default().insert(view);
        }
    }
    let finding = |(user, views): (&str, BTreeSet<String>)| {
        let views: Vec<String> = views.into_iter().collect();
        let summary = format!("user {user} is the definer of views, so that the server does not drop it");
        let finding = Finding::new("CH155", Severity::Error, Category::Access, summary)
            .at(&gone.get(user)?.addr)
            .compare("no view that reads with its rights", views.join("\n"))
            .help("give them another definer: ALTER TABLE … MODIFY SQL SECURITY DEFINER DEFINER = <user>")
            .help("or remove their database with it, or drop them");
        Some(finding)
    };
    views.into_iter().filter_map(finding).collect()
}

/// Returns whether a database is dropped before a step.
fn is_dropped(database: &str, step: &Step, steps: &[Step]) -> bool {
    let head = format!("DROP DATABASE {} ", sql::ident(database));
    let drops = |op: &Op| matches!(op, Op::Sql(sql) if sql.statement.starts_with(&head));
    steps.iter().any(|other| other.id < step.id && other.ops.iter().any(drops))
}

fn removed(steps: &[Step]) -> impl Iterator<Item = &Step> {
    steps.iter().filter(|step| step.kind == KIND && step.action == Action::Delete)
}
