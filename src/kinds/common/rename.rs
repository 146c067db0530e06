//! Renames of roles and users: `ALTER ROLE` and `ALTER USER … RENAME TO`, which keep the UUID and with
//! it grants, memberships and default roles (`src/Access/IAccessStorage.cpp`).

use serde_json::Value as Json;

use super::reads;
use crate::kinds::Renamed;
use crate::model::op::Sql;
use crate::model::snapshot::{Row, text};
use crate::model::{Snapshot, sql};

/// Columns of [`reads::USERS`] that hold names of roles and users.
const LISTS: [&str; 4] = ["default_roles_list", "default_roles_except", "grantees_list", "grantees_except"];

/// Renames a role or user: the row of `read`, and wherever a user's row names it.
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
    let statement = format!("ALTER {word} {} RENAME TO {}", sql::ident(from), sql::ident(to));
    Renamed::By(vec![Sql::new(statement).into()])
}

fn replace(value: &mut Json, from: &str, to: &str) {
    if value.as_str() == Some(from) {
        *value = to.into();
    }
}
