//! The block `import_ledger`: another migration runner kept the record of a folder until now.
//!
//! Says which runner, and where its table is. What the tables mean is known to the kind of
//! migrations; here are the names, the block, and what to tell whoever's files still have the other
//! runner's names or sections.

use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Span};
use crate::kinds::DecodeCx;
use crate::model::schema::{BlockSchema, Type};
use crate::model::{Body, Value};

/// The block's name, and the attribute of a migration that it becomes.
pub const IMPORT: &str = "import_ledger";

/// A runner whose ledger can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tool {
    /// <https://github.com/golang-migrate/migrate>.
    GolangMigrate,
    /// <https://github.com/pressly/goose>.
    Goose,
    /// <https://github.com/amacneil/dbmate>.
    Dbmate,
    /// <https://github.com/VVVi/clickhouse-migrations>, of npm.
    Npm,
    /// <https://github.com/zifter/clickhouse-migrations>, of PyPI.
    Pypi,
}

impl Tool {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::GolangMigrate, Self::Goose, Self::Dbmate, Self::Npm, Self::Pypi];

    /// Returns the name in `from`.
    pub fn name(self) -> &'static str {
        match self {
            Self::GolangMigrate => "golang-migrate",
            Self::Goose => "goose",
            Self::Dbmate => "dbmate",
            Self::Npm => "clickhouse-migrations-npm",
            Self::Pypi => "clickhouse-migrations-pypi",
        }
    }

    /// Returns the table that it makes unless told otherwise: `DefaultMigrationsTable` of
    /// golang-migrate (`database/clickhouse/clickhouse.go`), `DefaultTablename` of goose (`provider_options.go`),
    /// `MigrationsTableName` of dbmate (`pkg/dbmate/db.go`), `_migrations` (`src/migrate.ts`) and
    /// `MIGRATIONS_TABLE` (`src/clickhouse_migrations/defaults.py`).
    pub fn table(self) -> &'static str {
        match self {
            Self::GolangMigrate | Self::Dbmate => "schema_migrations",
            Self::Goose => "goose_db_version",
            Self::Npm => "_migrations",
            Self::Pypi => "schema_versions",
        }
    }

    /// Finds a runner by name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.name() == name)
    }
}

const FROM: &str = "The runner that kept the record: `golang-migrate`, `goose`, `dbmate`, \
    `clickhouse-migrations-npm` (VVVi) or `clickhouse-migrations-pypi` (zifter).";
const TABLE: &str = "Its table, with or without a database; the runner's usual one, in the database of \
    the migrations, where it is absent.";
const VERIFY: &str = "Whether a file must have the checksum that was recorded, where the runner records \
    one; `true` where it is absent. `false` is for files that had to be edited for charter.";
const FOLDER: &str = "The folder whose files it recorded; needed where `migrations` has several.";

/// Returns the schema of the block in a `migrations` block.
pub fn schema() -> BlockSchema {
    BlockSchema::default()
        .required("from", Type::String, FROM)
        .optional("table", Type::String, TABLE)
        .optional("verify_checksums", Type::Bool, VERIFY)
}

/// Returns the schema of the block in a `tenant` block.
pub fn schema_of_tenant() -> BlockSchema {
    schema().optional("folder", Type::String, FOLDER)
}

/// Decodes the block to the attribute of the folder's migrations. `database` is theirs; empty for the
/// server's default.
pub fn decode(body: &Body, database: &str, cx: &mut DecodeCx) -> Option<Value> {
    let Some(tool) = Tool::find(body.string("from").unwrap_or_default()) else {
        let names: Vec<&str> = Tool::ALL.into_iter().map(Tool::name).collect();
        cx.diags.push(
            Diagnostic::error("this is no runner whose ledger can be imported")
                .at(body.span_of("from"), format!("not one of {}", names.join(", ")))
                .help("of any other runner: record what is applied with charter migrate baseline"),
        );
        return None;
    };
    let written = body.string("table").unwrap_or(tool.table());
    let default = if database.is_empty() { "default" } else { database };
    let (database, table) = written.split_once('.').unwrap_or((default, written));
    if database.is_empty() || table.is_empty() || table.contains('.') {
        cx.diags.push(
            Diagnostic::error("this is not the name of a table")
                .at(body.span_of("table"), "neither `table` nor `database.table`"),
        );
        return None;
    }
    Some(Value::Map(BTreeMap::from([
        ("from".to_owned(), tool.name().into()),
        ("database".to_owned(), database.into()),
        ("table".to_owned(), table.into()),
        ("verify".to_owned(), Value::Bool(body.bool("verify_checksums").unwrap_or(true))),
    ])))
}

/// Returns which of a tenant's folders the block is about, given their paths; none after a problem.
pub fn folder_of<'a>(body: &Body, paths: &'a [String], cx: &mut DecodeCx) -> Option<&'a str> {
    let wanted = body.string("folder");
    match (wanted, paths) {
        (None, [only]) => Some(only),
        (None, _) => {
            cx.diags.push(
                Diagnostic::error("a ledger of several folders")
                    .at(body.span, "which folder's files does it record?")
                    .detail("Another runner's versions are those of one folder; charter's are of each folder apart.")
                    .help(format!("name one: folder = {:?}", paths.first().map_or("", String::as_str))),
            );
            None
        }
        (Some(wanted), _) => {
            let found = paths.iter().find(|path| path.trim_end_matches('/') == wanted.trim_end_matches('/'));
            if found.is_none() {
                cx.diags.push(
                    Diagnostic::error("this is none of the tenant's folders")
                        .at(body.span_of("folder"), format!("not one of {}", paths.join(", "))),
                );
            }
            found.map(String::as_str)
        }
    }
}

/// Returns what to do about a file that has another runner's name, as commands for a shell; none
/// where it does not look like one.
pub fn rename_command(path: &str, file: &str) -> Option<String> {
    let stem = file.strip_suffix(".sql")?;
    let digits = stem.len() - stem.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (version, rest) = stem.split_at_checked(digits).filter(|(version, _)| !version.is_empty())?;
    let old = quoted(&format!("{path}/{file}"));
    if rest.ends_with(".down") {
        return Some(format!("git rm {old}   # charter has no way back: write a new migration instead"));
    }
    let rest = rest.strip_suffix(".up").unwrap_or(rest).trim_matches(['_', '-', '.', ' ']);
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.') { c } else { '_' };
    let name: String = rest.chars().map(safe).collect();
    let name = if name.is_empty() { "migration" } else { &name };
    Some(format!("git mv {old} {}", quoted(&format!("{path}/V{version}__{name}.sql"))))
}

/// Returns a text as one word of a shell's command.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    if text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// The comments that begin a way back: goose's (`internal/sqlparser/parser.go`) and dbmate's
/// (`pkg/dbmate/migration.go`).
const DOWN: [(&str, &str); 2] = [("+goose", "Down"), ("migrate:down", "")];

/// Returns where a file's way back begins, as a range of bytes: for charter it is a comment, and what
/// follows it would be run.
pub fn way_back(text: &str) -> Option<std::ops::Range<usize>> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let comment = line.trim().strip_prefix("--").map(str::trim_start).unwrap_or_default();
        let mut words = comment.split_whitespace();
        let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let is = |(a, b): &(&str, &str)| {
            first.eq_ignore_ascii_case(a) && (b.is_empty() || second.eq_ignore_ascii_case(b))
        };
        if DOWN.iter().any(is) {
            return Some(start..start + line.trim_end().len());
        }
        start += line.len();
    }
    None
}

/// Returns the problem with a file that has a way back.
pub fn sections(span: Span) -> Diagnostic {
    Diagnostic::error("a migration with a way back")
        .at(span, "for charter this is a comment, and what follows it would be run")
        .detail("charter runs all statements of a file, and goes only forward.")
        .help("remove this line and all that follows it; keep what stands between the sections' beginnings")
        .help("-- +goose Up, -- +goose StatementBegin and StatementEnd, and -- migrate:up may go or stay: they are comments")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_other_runners_are_renamed() {
        let command = |file: &str| rename_command("m/schema", file).unwrap_or_default();
        assert_eq!(
            command("000001_create_users.up.sql"),
            "git mv m/schema/000001_create_users.up.sql m/schema/V000001__create_users.sql"
        );
        assert!(
            command("000001_create_users.down.sql")
                .starts_with("git rm m/schema/000001_create_users.down.sql")
        );
        assert_eq!(
            command("20240101120000_a b's.sql"),
            r"git mv 'm/schema/20240101120000_a b'\''s.sql' m/schema/V20240101120000__a_b_s.sql"
        );
        assert_eq!(command("1.sql"), "git mv m/schema/1.sql m/schema/V1__migration.sql");
        assert_eq!(command("init.sql"), "");
    }

    #[test]
    fn a_way_back_is_found_where_it_is_a_comment() {
        let found = |text: &str| way_back(text).map(|range| text[range].to_owned());
        assert_eq!(
            found("-- +goose Up\nSELECT 1;\n-- +goose Down\nDROP TABLE t").as_deref(),
            Some("-- +goose Down")
        );
        assert_eq!(
            found("-- migrate:up\nSELECT 1;\r\n--migrate:down transaction:false\r\n").as_deref(),
            Some("--migrate:down transaction:false")
        );
        assert_eq!(found("-- +goose Up\nSELECT 1 -- migrate down"), None);
    }
}
