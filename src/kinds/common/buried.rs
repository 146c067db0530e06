//! Tombstones in the ledger of migrations: what ran in a database that is gone for good, or in a
//! folder that was given up, starts anew when it is declared again.
//!
//! What was recorded stays where it is, for whoever asks what happened. An event of the status
//! `removed` comes behind it; from then on only what is newer counts. It names a tenant, all of whose
//! files it is about, or the folder of a stand-alone block; and a database, all of whose tables.

use crate::model::op::{LedgerRow, Op};
use crate::model::snapshot::Caps;
use crate::model::{Settings, ledger, sql};

/// The status of a tombstone.
pub const STATUS: &str = "removed";

/// What a tombstone is about.
#[derive(Clone, Copy, Debug, Default)]
pub struct Grave<'a> {
    /// A tenant's slug; empty for none.
    pub tenant: &'a str,
    /// The folder of a stand-alone block; empty for none.
    pub folder: &'a str,
    /// A database; empty for none.
    pub database: &'a str,
}

/// Returns a tombstone; nothing where there is no ledger.
pub fn row(grave: Grave, reason: String, settings: &Settings, caps: &Caps) -> Option<Op> {
    let row = LedgerRow::new(ledger::MIGRATION_EVENTS)
        .with("scope", settings.scope.as_str())
        .with("tenant", grave.tenant)
        .with("folder", grave.folder)
        .with("name", grave.database)
        .with("status", STATUS)
        .with("reason", reason);
    caps.has_column(&events(), "reason").then_some(Op::Ledger(row))
}

/// Returns the condition under which a row of a file, or of a statement of one, is newer than the
/// tombstones that are about it. `at` is its column of time; no tombstone fulfils it.
pub fn lives(at: &str, settings: &Settings, caps: &Caps) -> String {
    let Some(newest) =
        newest("concat(tenant, '\\n', folder)", "tenant != '' OR folder != ''", settings, caps)
    else {
        return "1".to_owned();
    };
    // The map is read once for the whole query, and is 1970 for a key that it lacks.
    format!("{at} > greatest({newest}[concat(tenant, '\\n')], {newest}[concat(tenant, '\\n', folder)])")
}

/// Returns the condition under which a row of a table is newer than the tombstone of its database.
pub fn stands(at: &str, settings: &Settings, caps: &Caps) -> String {
    match newest("name", "name != ''", settings, caps) {
        Some(newest) => format!("{at} > {newest}[database]"),
        None => "1".to_owned(),
    }
}

/// Returns a map of when the newest tombstones were written, by a key; none where there are none.
fn newest(key: &str, only: &str, settings: &Settings, caps: &Caps) -> Option<String> {
    let (scope, events) = (sql::literal(&settings.scope), events());
    caps.has_column(&events, "status").then(|| {
        format!(
            "(SELECT mapFromArrays(groupArray(grave), groupArray(buried)) FROM (SELECT {key} AS grave, max(at) AS buried \
             FROM {events} WHERE scope = {scope} AND status = '{STATUS}' AND ({only}) GROUP BY grave))"
        )
    })
}

fn events() -> String {
    format!("{}.{}", ledger::DATABASE, ledger::MIGRATION_EVENTS)
}
