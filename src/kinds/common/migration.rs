//! Reads folders of migration files to resources, for a tenant and for a stand-alone block.
//!
//! One resource a file. Its identity is `tenant|folder|version`, where the folder is the path less
//! what the convention fixes, so that writing the conventional path out changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Diagnostic, Span};
use crate::kinds::DecodeCx;
use crate::kinds::common::import_ledger;
use crate::lint::inline;
use crate::migrate::analyze::{Analysis, ObjectKind, Role};
use crate::migrate::{self, FileNameError, MigrationName, Statement};
use crate::model::lint::Inline;
use crate::model::{Addr, Resource, Value};

/// The name of the kind that these resources are of.
pub const KIND: &str = "migrations";

/// The attribute of blocks and files that lets a file be applied after one of a higher version.
pub const ALLOW_OUT_OF_ORDER: &str = "allow_out_of_order";

/// What the documentation says of that attribute.
pub const ALLOW_OUT_OF_ORDER_DOC: &str = "Run files whose version is below one that is applied already, and record that; an error where it is absent.";

/// The attribute of files that run as charter's own user although they are a tenant's.
pub const UNCONFINED: &str = "unconfined";
/// What stands for the database's name in the `neutral` text of a statement, which `check --replay`
/// runs in a scratch database.
pub const SCRATCH: &str = "charter_replay_database";

/// Whose migrations are read, and how they run.
#[derive(Clone, Debug)]
pub struct Runner {
    /// The block: parts of it are the files' addresses.
    pub addr: Addr,
    /// The tenant's slug; empty for a stand-alone block.
    pub tenant: String,
    /// The current database; empty for the server's default.
    pub database: String,
    /// The tenant's user and its address, where the statements run logged in as it; none for
    /// charter's own user.
    pub login: Option<(String, Addr)>,
    /// Whether they run as charter's own user although they are a tenant's: `confinement = "none"`.
    pub unconfined: bool,
    /// What `${charter.…}` stands for.
    pub placeholders: BTreeMap<String, String>,
    /// Files that are recorded and not run, by name.
    pub baselined: &'static [&'static str],
    /// Whether a file may be applied after one of a higher version.
    pub allow_out_of_order: bool,
}

/// A folder to read.
#[derive(Clone, Debug)]
pub struct Folder<'a> {
    /// The path, relative to the configuration.
    pub path: &'a str,
    /// What identifies it in addresses and ledgers.
    pub id: String,
    /// The attribute that names it; none for the default, which may be absent.
    pub written: Option<Span>,
    /// Where problems are told that have no place in a file.
    pub span: Span,
    /// The ledger of another runner that recorded its files, as [`import_ledger::decode`] returns it.
    pub import: Option<Value>,
}

/// Returns what identifies a folder: its path less `migrations/<environment>/` and `tenants/<slug>/`.
pub fn folder_id(environment: &str, slug: &str, path: &str) -> String {
    let path = path.trim_end_matches('/');
    let path = path.strip_prefix("./").unwrap_or(path);
    let short = path.strip_prefix(&format!("migrations/{environment}/")).unwrap_or(path);
    short.strip_prefix(&format!("tenants/{slug}/")).unwrap_or(short).to_owned()
}

/// Reads a folder. Its files come one after another, the first after `after`.
pub fn read(folder: &Folder, runner: &Runner, after: &[Addr], cx: &mut DecodeCx) -> Vec<Resource> {
    let names = match cx.files.list(folder.path) {
        Ok(Some(names)) => names,
        Ok(None) => {
            if let Some(span) = folder.written {
                cx.diags.push(
                    Diagnostic::error("this migrations folder does not exist")
                        .at(span, format!("no folder {:?}", folder.path))
                        .help("paths are relative to the folder of the configuration; correct it, or create the folder"),
                );
            }
            return Vec::new();
        }
        Err(reason) => {
            cx.diags.push(
                Diagnostic::error("a migrations folder cannot be read")
                    .at(folder.span, format!("{}: {reason}", folder.path)),
            );
            return Vec::new();
        }
    };
    let names = match migrate::order(names.iter().map(String::as_str)) {
        Ok(names) => names,
        Err(errors) => {
            for error in errors {
                cx.diags.push(misnamed(folder, &error));
            }
            return Vec::new();
        }
    };
    let mut resources: Vec<Resource> = Vec::new();
    for name in names {
        if let Some(mut resource) = file(folder, runner, &name, cx) {
            let previous = resources.last().map(|resource| resource.addr.clone());
            resource.after.extend(previous.map_or_else(|| after.to_vec(), |previous| vec![previous]));
            resources.push(resource);
        }
    }
    resources
}

fn misnamed(folder: &Folder, error: &FileNameError) -> Diagnostic {
    let (summary, help) = match error {
        FileNameError::Pattern { file, .. } => {
            let rename = import_ledger::rename_command(folder.path.trim_end_matches('/'), file);
            let pattern = format!("call it {}", migrate::PATTERN);
            ("a migration file is misnamed", rename.unwrap_or(pattern))
        }
        FileNameError::Duplicate { .. } => (
            "two migrations have one version",
            "give the one that is not applied anywhere yet a version that is free".to_owned(),
        ),
    };
    Diagnostic::error(summary)
        .at(folder.span, format!("in {}", folder.path))
        .detail(format!("{error}. The version orders the files, and identifies each in its folder."))
        .help(help)
}

fn file(folder: &Folder, runner: &Runner, name: &MigrationName, cx: &mut DecodeCx) -> Option<Resource> {
    let path = format!("{}/{}", folder.path.trim_end_matches('/'), name.file);
    let problem = |text: String| Diagnostic::error("a migration file cannot be read").at(folder.span, text);
    let bytes = match cx.files.read(&path) {
        Ok(bytes) => bytes,
        Err(reason) => {
            cx.diags.push(problem(format!("{path}: {reason}")));
            return None;
        }
    };
    let text = match migrate::decode_utf8(&bytes) {
        Ok(text) => text,
        Err(error) => {
            cx.diags.push(problem(format!("{path}: {error}")).help("save the file as UTF-8"));
            return None;
        }
    };
    if let Some(range) = import_ledger::way_back(&text) {
        let file = cx.sources.add(&path, &text);
        cx.diags.push(import_ledger::sections(Span::new(file, range)));
        return None;
    }
    let statements = statements(&path, &text, runner, cx)?;
    let number = |value: u64| {
        #[expect(clippy::cast_precision_loss, reason = "versions are counters or dates, below 2^53")]
        Value::Number(value as f64)
    };
    let addr = runner.addr.keyed_part("migration", &address_key(folder, runner, name));
    let identity = format!("{}|{}|{}", runner.tenant, folder.id, name.version);
    let (user, user_addr) =
        runner.login.clone().map_or_else(Default::default, |(user, addr)| (user, addr.to_string()));
    // What is recorded and not run is not shown either: it may create a user with its password.
    let baselined = runner.baselined.contains(&name.file.as_str());
    let run = statements.iter().filter(|_| !baselined);
    let values = run.map(|(statement, sql)| statement_value(statement, sql, runner)).collect();
    let allows = allows(&path, &text, &statements, cx)?;
    let hashes: Vec<Statement> = statements.into_iter().map(|(statement, _)| statement).collect();
    let mut resource = Resource::new(addr, KIND, identity, folder.span)
        .with("tenant", runner.tenant.as_str())
        .with("folder", folder.id.as_str())
        .with("version", number(name.version))
        .with("file", name.file.as_str())
        .with("path", path)
        .with("checksum", migrate::file_token_sha256(&hashes))
        .with("raw_sha256", migrate::raw_sha256(&bytes))
        .with("hashes", legacy(&bytes))
        .with("database", runner.database.as_str())
        .with("user", user)
        .with("user_addr", user_addr)
        .with("baselined", baselined)
        .with("statements", Value::List(values));
    resource.allows = allows;
    let resource = folder
        .import
        .iter()
        .fold(resource, |resource, import| resource.with(import_ledger::IMPORT, import.clone()));
    let resource = if runner.unconfined { resource.with(UNCONFINED, true) } else { resource };
    Some(if runner.allow_out_of_order { resource.with(ALLOW_OUT_OF_ORDER, true) } else { resource })
}

/// Returns what other runners record of a file, by algorithm.
fn legacy(bytes: &[u8]) -> Value {
    let hashes = migrate::legacy::all(bytes);
    Value::Map(hashes.into_iter().map(|(name, hash)| (name.to_owned(), hash.into())).collect())
}

/// Returns the key of a file's address: a stand-alone block's label says the folder already.
fn address_key(folder: &Folder, runner: &Runner, name: &MigrationName) -> String {
    if runner.tenant.is_empty() { name.file.clone() } else { format!("{}/{}", folder.id, name.file) }
}

/// Cuts a file into statements, each with its placeholders replaced.
fn statements(
    path: &str,
    text: &str,
    runner: &Runner,
    cx: &mut DecodeCx,
) -> Option<Vec<(Statement, String)>> {
    // What today's layout declares is not run, so its statements may be of any kind.
    let declared = runner.baselined.iter().any(|file| path.ends_with(&format!("/{file}")));
    let cut = if declared { migrate::pieces(text) } else { migrate::split(text) };
    let statements = match cut {
        Ok(statements) => statements,
        Err(errors) => {
            let file = cx.sources.add(path, text);
            for error in errors {
                let diagnostic = Diagnostic::error("a migration cannot be run as it is")
                    .at(Span::new(file, error.span.clone()), error.message.clone());
                cx.diags.push(error.help.iter().fold(diagnostic, |all, help| all.help(help.clone())));
            }
            return None;
        }
    };
    let mut replaced = Vec::with_capacity(statements.len());
    for statement in statements {
        match migrate::substitute(&statement.text, &runner.placeholders) {
            Ok(sql) => replaced.push((statement, sql)),
            Err(error) => {
                let file = cx.sources.add(path, text);
                let start = statement.span.start;
                let span = Span::new(file, start + error.span.start..start + error.span.end);
                let diagnostic =
                    Diagnostic::error("a placeholder cannot be replaced").at(span, error.message.clone());
                cx.diags.push(error.help.iter().fold(diagnostic, |all, help| all.help(help.clone())));
                return None;
            }
        }
    }
    Some(replaced)
}

/// Reads what comments allow of the statements; codes that there are not, or that cannot be allowed,
/// are problems.
fn allows(
    path: &str,
    text: &str,
    statements: &[(Statement, String)],
    cx: &mut DecodeCx,
) -> Option<Vec<Inline>> {
    let (mut allows, mut wrong) = (Vec::new(), Vec::new());
    for (statement, _) in statements {
        let last = statement.line + statement.text.matches('\n').count();
        for allow in &statement.allows {
            wrong.extend(inline::wrong(allow).map(|(label, help)| (allow.span.clone(), label, help)));
            let place = inline::place(path, text, allow.span.clone());
            let first = place.excerpt.as_ref().map_or(statement.line, |at| at.line.min(statement.line));
            allows.push(Inline {
                codes: allow.codes.clone(),
                reason: allow.reason.clone(),
                place,
                covers: Span::nowhere(),
                statement: statement.index,
                lines: (first, last),
            });
        }
    }
    if wrong.is_empty() {
        return Some(allows);
    }
    let file = cx.sources.add(path, text);
    for (span, label, help) in wrong {
        cx.diags.push(
            Diagnostic::error("an allow comment allows nothing").at(Span::new(file, span), label).help(help),
        );
    }
    None
}

fn statement_value(statement: &Statement, sql: &str, runner: &Runner) -> Value {
    let analysis = migrate::analyze_sql(sql).unwrap_or_default();
    let settings =
        statement.settings.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    let touched = touched(&analysis, &runner.database);
    let touched = touched.into_iter().map(|(database, table)| Value::strings([database, table])).collect();
    let mut value = BTreeMap::from([
        ("sql".to_owned(), sql.into()),
        ("line".to_owned(), Value::Number(u32::try_from(statement.line).unwrap_or(u32::MAX).into())),
        ("token_sha256".to_owned(), statement.token_sha256.as_str().into()),
        ("raw_sha256".to_owned(), statement.raw_sha256.as_str().into()),
        ("settings".to_owned(), Value::Map(settings)),
        ("replay".to_owned(), format!("{:?}", analysis.replay).into()),
        ("touches".to_owned(), Value::List(touched)),
        ("writes".to_owned(), Value::List(written(&analysis, &runner.database))),
    ]);
    if statement.text != sql {
        value.insert("text".to_owned(), statement.text.as_str().into());
    }
    if statement.column > 1 {
        let column = u32::try_from(statement.column).unwrap_or(u32::MAX);
        value.insert("column".to_owned(), Value::Number(column.into()));
    }
    if statement.text.contains("${charter.database}") {
        let mut placeholders = runner.placeholders.clone();
        placeholders.insert("database".to_owned(), SCRATCH.to_owned());
        let neutral = migrate::substitute(&statement.text, &placeholders).unwrap_or_default();
        value.insert("neutral".to_owned(), neutral.into());
    }
    Value::Map(value)
}

/// Returns the tables whose rows a statement adds, changes or removes: database and name.
fn written(analysis: &Analysis, current: &str) -> Vec<Value> {
    let current = if current.is_empty() { "default" } else { current };
    let objects = analysis.objects.iter().filter(|object| object.role == Role::Writes);
    let names: BTreeSet<(&str, &str)> =
        objects.map(|object| (object.database.as_deref().unwrap_or(current), object.name.as_str())).collect();
    names.into_iter().map(|(database, table)| Value::strings([database, table])).collect()
}

/// Returns the tables whose definitions a statement may change: database and name.
fn touched(analysis: &Analysis, current: &str) -> BTreeSet<(String, String)> {
    let defines = |role: Role| match role {
        Role::Creates | Role::Alters | Role::Drops | Role::RenamesFrom | Role::RenamesTo => true,
        Role::Writes | Role::Reads => false,
    };
    let is_table = |kind: ObjectKind| match kind {
        ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView | ObjectKind::Dictionary => true,
        ObjectKind::Database | ObjectKind::Function | ObjectKind::Other => false,
    };
    let objects = analysis.objects.iter().filter(|object| defines(object.role) && is_table(object.kind));
    let objects = objects.filter(|_| !analysis.flags.temporary);
    let current = if current.is_empty() { "default" } else { current };
    objects
        .map(|object| (object.database.clone().unwrap_or_else(|| current.to_owned()), object.name.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_conventional_path_written_out_is_the_same_folder() {
        assert_eq!(folder_id("development", "acme", "migrations/development/tenants/acme/schema"), "schema");
        assert_eq!(
            folder_id("development", "acme", "./migrations/development/tenants/acme/schema/"),
            "schema"
        );
        assert_eq!(folder_id("development", "acme", "migrations/shared/events"), "migrations/shared/events");
        assert_eq!(folder_id("production", "acme", "migrations/development/x"), "migrations/development/x");
    }

    #[test]
    fn tables_that_a_statement_may_change_are_named() {
        let names = |sql: &str| touched(&migrate::analyze_sql(sql).expect("lexes"), "d");
        let set = |items: &[(&str, &str)]| -> BTreeSet<(String, String)> {
            items.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
        };
        assert_eq!(names("CREATE TABLE t (a UInt8) ENGINE = Memory"), set(&[("d", "t")]));
        assert_eq!(names("ALTER TABLE x.t ADD COLUMN b UInt8"), set(&[("x", "t")]));
        assert_eq!(names("RENAME TABLE a TO b"), set(&[("d", "a"), ("d", "b")]));
        assert_eq!(names("INSERT INTO t SELECT * FROM s"), set(&[]));
    }
}
