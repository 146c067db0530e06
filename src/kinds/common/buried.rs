//! Tombstones in the ledger of migrations: a tenant whose database is gone for good starts anew.
//!
//! What was recorded of its files stays where it is, for whoever asks what happened. An event of the
//! status `removed` comes behind it, for the whole tenant; from then on only what is newer counts.

use crate::model::op::{LedgerRow, Op};
use crate::model::snapshot::Caps;
use crate::model::{Settings, ledger, sql};

/// The status of a tombstone. It names no folder and no version.
pub const STATUS: &str = "removed";

/// Returns the tombstone of a tenant; nothing where there is no ledger.
pub fn row(tenant: &str, reason: String, settings: &Settings, caps: &Caps) -> Option<Op> {
    let row = LedgerRow::new(ledger::MIGRATION_EVENTS)
        .with("scope", settings.scope.as_str())
        .with("tenant", tenant)
        .with("status", STATUS)
        .with("reason", reason);
    caps.has_column(&events(), "reason").then_some(Op::Ledger(row))
}

/// Returns the condition under which a row of the ledger is newer than the tombstone of its tenant,
/// where there is one: `at` is its column of time. It is no tombstone itself.
pub fn lives(at: &str, settings: &Settings, caps: &Caps) -> String {
    if !caps.has_column(&events(), "status") {
        return "1".to_owned();
    }
    let scope = sql::literal(&settings.scope);
    // One small map, read once for the whole query; a key that it lacks is 1970.
    format!(
        "{at} > (SELECT mapFromArrays(groupArray(tenant), groupArray(buried)) FROM (SELECT tenant, max(at) AS buried \
         FROM {events} WHERE scope = {scope} AND status = '{STATUS}' GROUP BY tenant))[tenant]",
        events = events(),
    )
}

fn events() -> String {
    format!("{}.{}", ledger::DATABASE, ledger::MIGRATION_EVENTS)
}
