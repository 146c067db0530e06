//! The lines of `SHOW GRANTS` as they are when a role or user has another name.

use serde_json::Value as Json;

use crate::model::Snapshot;
use crate::model::snapshot::Row;
use crate::privileges::{ShowGrant, parse_show_grants};

/// Gives a role or user another name, as grantee and as a role that is granted. What cannot be read
/// stays as it is.
pub fn rename(snapshot: &mut Snapshot, from: &str, to: &str) {
    for row in snapshot.rows.get_mut(super::GRANTS).into_iter().flatten() {
        line(row, from, to);
    }
}

fn line(row: &mut Row, from: &str, to: &str) {
    let Some(text) = row.values_mut().find(|value| value.is_string()) else { return };
    let parsed = text.as_str().filter(|text| text.contains(from)).map(parse_show_grants);
    let Some(Ok(mut grant)) = parsed else { return };
    let replace = |name: &mut String| {
        if name == from {
            to.clone_into(name);
        }
    };
    match &mut grant {
        ShowGrant::Privileges { grantee, .. } => replace(grantee),
        ShowGrant::Roles { roles, grantee, .. } => roles.iter_mut().chain([grantee]).for_each(replace),
    }
    *text = Json::String(grant.sql());
}
