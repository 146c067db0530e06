//! Today's runner: `ops.schema_migrations_tenant` and `ops.schema_migrations_global` with whatever
//! columns it gave them. Its rows are those without charter's scope.

use super::{Group, Row, State, Written};
use crate::kinds::World;
use crate::kinds::common::convention;
use crate::kinds::common::tracking::Meanings;
use crate::model::ledger::MIGRATIONS_TENANT;
use crate::model::snapshot::{Caps, Read, Row as Found, number, text};
use crate::model::sql;
use crate::model::tracking::{Place, TABLES, qualified};

/// The name of the read.
const ROWS: &str = "import_today";
/// The runner, for people.
pub(super) const RUNNER: &str = "today's runner";

/// Returns the read of its rows; none where no table is, or was, its.
pub(super) fn read(caps: &Caps) -> Option<Read> {
    let shared = TABLES.into_iter().filter(|table| Place::of(table, caps).is_shared());
    let selects: Vec<String> = shared.map(|table| select(table, caps)).collect();
    (!selects.is_empty()).then(|| Read::Sql { name: ROWS, statement: selects.join(" UNION ALL ") })
}

fn select(table: &str, caps: &Caps) -> String {
    let meanings = Meanings::of(table, caps);
    // Of any type: texts, numbers, times, with or without NULL.
    let value = |column: &Option<String>| match column {
        Some(column) => format!("ifNull(toString(t.{}), '')", sql::ident(column)),
        None => "''".to_owned(),
    };
    let fields = [
        ("version", &meanings.version),
        ("name", &meanings.name),
        ("checksum", &meanings.checksum),
        ("tenant", &meanings.tenant),
        ("time", &meanings.time),
        ("status", &meanings.status),
        ("folder", &meanings.folder),
    ];
    let fields = fields.map(|(name, column)| format!("{} AS {name}", value(column))).join(", ");
    let seconds =
        format!("toUInt64(toUnixTimestamp(parseDateTimeBestEffortOrZero({})))", value(&meanings.time));
    let own = match Place::of(table, caps) {
        Place::TakenOver => " WHERE t.charter_scope = ''",
        Place::Absent | Place::Own | Place::Foreign => "",
    };
    format!(
        "SELECT {} AS ledger, {fields}, {seconds} AS seconds FROM {} AS t{own}",
        sql::literal(table),
        qualified(table)
    )
}

/// Returns its rows.
pub(super) fn rows(world: &World) -> Vec<Row> {
    let found = world.snapshot.rows(ROWS).iter();
    found.map(|found| row(found, world.caps())).collect()
}

fn row(found: &Found, caps: &Caps) -> Row {
    let ledger = text(found, "ledger");
    let of = |name: &str| text(found, name).to_owned();
    let written = Written {
        version: of("version"),
        name: of("name"),
        checksum: of("checksum"),
        tenant: of("tenant"),
        time: of("time"),
        status: of("status"),
        folder: of("folder"),
    };
    let slug = if ledger == MIGRATIONS_TENANT { slug(&written.tenant) } else { String::new() };
    let status = Meanings::of(ledger, caps).status.unwrap_or_default();
    Row {
        runner: RUNNER.to_owned(),
        table: qualified(ledger),
        group: Group::Tenant(slug),
        version: version(&written),
        state: state(&status, &written.status),
        seconds: number(found, "seconds"),
        verify: true,
        written,
    }
}

/// Returns the slug of what is a slug or the name of a tenant's database.
fn slug(tenant: &str) -> String {
    let prefix = convention::database("");
    tenant.strip_prefix(&prefix).unwrap_or(tenant).to_owned()
}

/// Returns the version: what the file's name says, else the column of versions.
fn version(written: &Written) -> Option<u64> {
    let named =
        written.name.rsplit('/').next().filter(|name| name.starts_with(['V', 'v']) && name.contains("__"));
    named.and_then(digits).or_else(|| digits(&written.version)).or_else(|| digits(&written.name))
}

/// Returns the number that a text is, or begins with: `1002`, `V1002`, `V1002__events.sql`.
fn digits(text: &str) -> Option<u64> {
    let text = text.trim();
    let text = text.strip_prefix(['V', 'v']).unwrap_or(text);
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let ends = rest.is_empty() || rest.starts_with(['_', '.', ' ']);
    if ends { digits.parse().ok() } else { None }
}

/// Returns what a status says; a runner without one records what worked.
fn state(column: &str, status: &str) -> State {
    let status = status.trim().to_lowercase();
    let yes = matches!(status.as_str(), "1" | "true" | "yes");
    let no = matches!(status.as_str(), "0" | "false" | "no");
    match column {
        "dirty" => {
            if yes {
                State::Failed
            } else {
                State::Applied
            }
        }
        "applied" | "is_applied" if no => State::Undone,
        _ if no => State::Failed,
        _ => match status.as_str() {
            "failed" | "failure" | "error" | "started" | "running" | "dirty" | "in_progress" => State::Failed,
            "pending" | "rolled_back" | "reverted" | "undone" | "down" => State::Undone,
            _ => State::Applied,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_there_is() {
        let of = |version: &str, name: &str| {
            version_of(&Written { version: version.into(), name: name.into(), ..Written::default() })
        };
        assert_eq!(of("1002", ""), Some(1002));
        assert_eq!(of("V1002", "create events"), Some(1002));
        assert_eq!(of("V0012__x.sql", ""), Some(12));
        assert_eq!(of("7", "tenants/acme/schema/V1002__events.sql"), Some(1002), "7 is a row's number");
        assert_eq!(of("0e3f-uuid", "V3__x.sql"), Some(3));
        assert_eq!(of("0e3f", "x"), None);
    }

    fn version_of(written: &Written) -> Option<u64> {
        version(written)
    }

    #[test]
    fn a_status_says_what_became_of_a_file() {
        assert_eq!(state("", ""), State::Applied);
        assert_eq!(state("success", "1"), State::Applied);
        assert_eq!(state("success", "false"), State::Failed);
        assert_eq!(state("status", "FAILED"), State::Failed);
        assert_eq!(state("status", "Success"), State::Applied);
        assert_eq!(state("applied", "0"), State::Undone);
        assert_eq!(state("dirty", "1"), State::Failed);
    }
}
