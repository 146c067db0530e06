//! Renames of roles, users and other access objects: `ALTER ROLE … RENAME TO` and the like, which keep
//! the UUID and with it grants, memberships and default roles (`src/Access/IAccessStorage.cpp`).

use serde_json::Value as Json;

use super::{principals, reads, settings};
use crate::kinds::Renamed;
use crate::model::op::Sql;
use crate::model::snapshot::{Row, text};
use crate::model::{Snapshot, sql};

/// Columns of [`reads::USERS`] that hold names of roles and users.
const LISTS: [&str; 4] = ["default_roles_list", "default_roles_except", "grantees_list", "grantees_except"];

/// Renames a role, user, settings profile or quota: the row of `read`, and wherever another row names
/// it. `word` is what statements call its kind.
pub fn grantee(snapshot: &mut Snapshot, read: &'static str, word: &str, from: &str, to: &str) -> Renamed {
    let has = |name: &str| snapshot.rows(read).iter().any(|row| text(row, "name") == name);
    match (has(from), has(to)) {
        (false, false) => return Renamed::Gone,
        (true, true) => return Renamed::Taken,
        (false, true) => return Renamed::Record,
        (true, false) => {}
    }
    let in_a_file = |row: &Row| text(row, "name") == from && text(row, "storage") == "users_xml";
    if snapshot.rows(read).iter().any(in_a_file) {
        return Renamed::Never("it lives in users.xml and is read-only");
    }
    for row in snapshot.rows.get_mut(read).into_iter().flatten() {
        if let Some(name) = row.get_mut("name") {
            replace(name, from, to);
        }
    }
    for row in snapshot.rows.get_mut(reads::USERS).into_iter().flatten() {
        for list in LISTS {
            let items = row.get_mut(list).and_then(Json::as_array_mut);
            items.into_iter().flatten().for_each(|item| replace(item, from, to));
        }
    }
    others(snapshot, word, from, to);
    let statement = format!("ALTER {word} {} RENAME TO {}", sql::ident(from), sql::ident(to));
    Renamed::By(vec![Sql::new(statement).into()])
}

/// Renames it in the settings that are read, and where settings profiles, quotas and row policies
/// name whom they are for.
fn others(snapshot: &mut Snapshot, word: &str, from: &str, to: &str) {
    let columns: &[&str] = match word {
        "ROLE" => &["role_name"],
        "USER" => &["user_name"],
        "SETTINGS PROFILE" => &["profile_name", "inherit_profile"],
        _ => return,
    };
    for row in snapshot.rows.get_mut(settings::live::READ).into_iter().flatten() {
        for column in columns {
            row.get_mut(*column).into_iter().for_each(|name| replace(name, from, to));
        }
    }
    if word == "SETTINGS PROFILE" {
        return;
    }
    for read in principals::READS {
        for row in snapshot.rows.get_mut(read).into_iter().flatten() {
            for list in ["apply_to_list", "apply_to_except"] {
                let items = row.get_mut(list).and_then(Json::as_array_mut);
                items.into_iter().flatten().for_each(|item| replace(item, from, to));
            }
        }
    }
}

fn replace(value: &mut Json, from: &str, to: &str) {
    if value.as_str() == Some(from) {
        *value = to.into();
    }
}
