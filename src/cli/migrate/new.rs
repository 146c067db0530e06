//! `charter migrate new`: the next file of a folder. Needs no server.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;

use jiff::Timestamp;

use super::super::args::Common;
use super::super::context;
use crate::config::load::Disk;
use crate::diag::{Diagnostic, nearest};
use crate::kinds::Kinds;
use crate::kinds::common::convention;
use crate::kinds::common::migration::KIND;
use crate::migrate::{self, MigrationName};
use crate::model::files::Files as _;
use crate::model::resource::Desired;
use crate::model::{Addr, Settings};
use crate::ui::{Exit, Ui};

/// Begins the next migration file of a folder; needs no server
///
/// The version comes after the highest of the folder's files, in their manner: one by one, in steps
/// of ten or a hundred, or by date (V20261120 or V20261120093000); zeros in front are kept. Nothing
/// is ever overwritten. The file's path is printed, for your editor.
#[derive(Debug, clap::Args)]
#[command(
    allow_missing_positional = true,
    after_help = "Examples:
  charter migrate new acme \"add source to events\"
  charter migrate new migrations.global create_audit
  charter migrate new migrations/shared/events add_source   # the folder itself, of several tenants
  $EDITOR \"$(charter migrate new acme add_source)\""
)]
pub struct Args {
    /// Where: a tenant, a block such as migrations.global, or a folder; may be left out where there
    /// is only one
    #[arg(value_name = "WHERE")]
    place: Option<String>,
    /// What the migration does, in a few words; they become a part of the file's name
    #[arg(value_name = "NAME", required = true)]
    name: String,
    /// Print the path, and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command.
pub fn run(common: &Common, args: &Args, ui: &Ui) -> Exit {
    match begin(common, args, ui) {
        Ok(path) => context::print(ui, &path, Exit::Done),
        Err(Some(diagnostic)) => {
            context::tell(ui, *diagnostic);
            Exit::Error
        }
        Err(None) => Exit::Error,
    }
}

/// A problem; none where it has been told.
type Problem = Option<Box<Diagnostic>>;

fn problem(diagnostic: Diagnostic) -> Problem {
    Some(Box::new(diagnostic))
}

fn begin(common: &Common, args: &Args, ui: &Ui) -> Result<String, Problem> {
    let name = file_part(&args.name)?;
    let kinds = Kinds::all();
    let (compiled, settings) = context::load(common, &kinds, ui).ok_or(None)?;
    let folder = folder(args.place.as_deref(), &common.dir, &compiled.desired, &settings)?;
    let names = names(&common.dir, &folder)?;
    let now = Timestamp::now().strftime("%Y%m%d%H%M%S").to_string();
    let version = next(&names, &now);
    let path = format!("{folder}/V{version}__{name}.sql");
    let shown = common.dir.join(&path).display().to_string();
    let shown = shown.strip_prefix("./").unwrap_or(&shown).to_owned();
    if args.dry_run {
        return Ok(shown);
    }
    write(&common.dir.join(&path), &content(&version, &args.name)).map_err(|error| {
        problem(Diagnostic::error(format!("{shown} cannot be written")).detail(error.to_string()))
    })?;
    let again = crate::config::load::load(&common.dir, common.vars.clone(), common.var_files.clone(), &kinds);
    let readers: BTreeSet<Addr> = again
        .desired
        .resources
        .values()
        .filter(|file| file.kind == KIND && file.text("path") == path)
        .map(|file| file.addr.block())
        .collect();
    match readers.len() {
        0 => context::tell(ui, unread(&folder)),
        1 => {}
        count => ui.status(&format!("{count} blocks share this folder: each of them will run the file.")),
    }
    Ok(shown)
}

fn unread(folder: &str) -> Diagnostic {
    Diagnostic::warning("nothing reads this folder yet")
        .detail(format!("No block names {folder:?}, so no apply runs what is in it."))
        .help(format!(
            "name it: migrations = [{folder:?}] in a tenant, or path = {folder:?} in a migrations block"
        ))
}

/// Returns what a description becomes in a file's name.
fn file_part(text: &str) -> Result<String, Problem> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let name = words.join("_");
    let name = name.strip_suffix(".sql").unwrap_or(&name);
    match migrate::parse_file_name(&format!("V1__{name}.sql")) {
        Ok(Some(_)) => Ok(name.to_owned()),
        _ => Err(problem(
            Diagnostic::error(format!("{text:?} cannot be a part of a file's name"))
                .help("use letters, digits, `_`, `-`, `.` and spaces, which become `_`"),
        )),
    }
}

/// Returns the folder that is meant, relative to the configuration.
fn folder(
    place: Option<&str>,
    dir: &Path,
    desired: &Desired,
    settings: &Settings,
) -> Result<String, Problem> {
    let folders = folders(desired);
    let Some(place) = place else {
        let all: BTreeSet<&str> = folders.values().flatten().map(String::as_str).collect();
        return one(all, "which folder is meant?");
    };
    if let Some(block) = block(place, desired) {
        if let Some(found) = folders.get(&block) {
            return one(found.iter().map(String::as_str).collect(), &format!("{block} has several folders"));
        }
        return Ok(conventional(&block, desired, settings));
    }
    let path = place.trim_end_matches('/');
    let path = path.strip_prefix("./").unwrap_or(path);
    if path.contains('/') || dir.join(path).is_dir() {
        return Ok(path.to_owned());
    }
    let known: BTreeSet<String> = desired
        .resources
        .values()
        .flat_map(|resource| resource.tenant.clone().into_iter().chain([resource.addr.block().to_string()]))
        .collect();
    let start = Diagnostic::error(format!("{place:?} is no tenant, no block and no folder"));
    Err(problem(match nearest(place, known.iter().map(String::as_str)) {
        Some(near) => start.help(format!("did you mean {near}?")),
        None => start
            .help("name a tenant (acme), a block (migrations.global) or a folder (migrations/shared/events)"),
    }))
}

fn one(found: BTreeSet<&str>, question: &str) -> Result<String, Problem> {
    let mut found = found.into_iter();
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only.to_owned()),
        (None, _) => Err(problem(
            Diagnostic::error("no folder has a migration yet")
                .help("say where: charter migrate new TENANT NAME, or charter migrate new FOLDER NAME"),
        )),
        (Some(first), Some(second)) => {
            let all: Vec<&str> = [first, second].into_iter().chain(found).collect();
            let some: Vec<&str> = all.iter().take(10).copied().collect();
            let more = if all.len() > 10 { format!("\nand {} more", all.len() - 10) } else { String::new() };
            Err(problem(
                Diagnostic::error(question)
                    .detail(format!("{}{more}", some.join("\n")))
                    .help(format!("say it: charter migrate new {first} NAME")),
            ))
        }
    }
}

/// Returns the folders that have files, by the block that runs them; those apart that record what
/// today's layout declares.
fn folders(desired: &Desired) -> BTreeMap<Addr, BTreeSet<String>> {
    let mut folders: BTreeMap<Addr, BTreeSet<String>> = BTreeMap::new();
    let files = desired.resources.values().filter(|resource| resource.kind == KIND);
    for file in files.filter(|file| file.text("folder") != "bootstrap") {
        if let Some((folder, _)) = file.text("path").rsplit_once('/') {
            folders.entry(file.addr.block()).or_default().insert(folder.to_owned());
        }
    }
    folders
}

/// Returns the block that a slug or an address names; none where it names no block.
fn block(place: &str, desired: &Desired) -> Option<Addr> {
    let resources = || desired.resources.values();
    let of_slug = resources().find(|resource| resource.tenant.as_deref() == Some(place));
    if let Some(resource) = of_slug {
        return Some(resource.addr.block());
    }
    let addr = Addr::parse(place).ok().filter(|addr| addr.segments().len() >= 2)?.block();
    let is_known = resources().any(|resource| resource.addr.is_within(&addr));
    (is_known || addr.segments()[0].word == KIND).then_some(addr)
}

/// Returns the folder of a block that has no file yet, by convention.
fn conventional(block: &Addr, desired: &Desired, settings: &Settings) -> String {
    let tenant = desired.resources.values().find(|resource| resource.addr.is_within(block));
    match tenant.and_then(|resource| resource.tenant.as_deref()) {
        Some(slug) => format!("{}/schema", convention::tenant_folder_in(&settings.environment, slug)),
        None => format!("migrations/{}/{}", settings.environment, block.segments()[1].word),
    }
}

/// Returns the migrations of a folder; none where there is no such folder.
fn names(dir: &Path, folder: &str) -> Result<Vec<MigrationName>, Problem> {
    let files = Disk::new(dir)
        .list(folder)
        .map_err(|reason| problem(Diagnostic::error(format!("{folder} cannot be read")).detail(reason)))?;
    migrate::order(files.unwrap_or_default().iter().map(String::as_str)).map_err(|errors| {
        let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
        problem(Diagnostic::error(format!("the files of {folder} have no order")).detail(all.join("\n")))
    })
}

/// Returns the version after those of a folder, as it is written. `now` is the time of day as
/// fourteen digits.
fn next(names: &[MigrationName], now: &str) -> String {
    let Some(last) = names.last() else { return "1000".to_owned() };
    let digits = last.file.trim_start_matches('V').split("__").next().unwrap_or_default();
    let width = digits.len();
    let dated = matches!(width, 8 | 14) && (digits.starts_with("19") || digits.starts_with("20"));
    let today = now.get(..width).and_then(|text| text.parse::<u64>().ok());
    if let Some(today) = today.filter(|today| dated && *today > last.version) {
        return format!("{today:0width$}");
    }
    let steps: Vec<u64> =
        names.iter().zip(names.iter().skip(1)).map(|(one, two)| two.version - one.version).collect();
    let step = [100, 10].into_iter().find(|step| !steps.is_empty() && steps.iter().all(|by| by % step == 0));
    let step = if dated { 1 } else { step.unwrap_or(1) };
    format!("{:0width$}", last.version.saturating_add(step))
}

/// Writes a file that does not exist yet, with the folders that it needs.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())
}

/// Returns the head of a file: what one has to know to write the rest.
fn content(version: &str, name: &str) -> String {
    let name: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!(
        "-- V{version}: {name}
--
-- Each statement ends with a semicolon and runs by itself: ClickHouse has no transactions. Where one
-- fails, those before it stay applied, and the next apply goes on with it. Once a statement is
-- applied, put changes into a new file; comments and spacing may be edited at any time.
-- Names without a database are the tenant's own. Placeholders: ${{charter.database}}, ${{charter.role}},
-- ${{charter.tenant}}. Settings go on a line of their own before a statement, instead of SET:
--   `-- charter:settings max_threads=4`
-- DROP takes SYNC. `charter plan --sql` shows what would run; the server parses it first.

"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(files: &[&str]) -> String {
        next(&migrate::order(files.iter().copied()).unwrap(), "20261120093000")
    }

    #[test]
    fn versions_go_on_in_the_manner_of_the_folder() {
        assert_eq!(after(&[]), "1000");
        assert_eq!(after(&["V1__a.sql"]), "2");
        assert_eq!(after(&["V0009__a.sql"]), "0010");
        assert_eq!(after(&["V1000__a.sql", "V1001__b.sql", "V1002__c.sql"]), "1003");
        assert_eq!(after(&["V10__a.sql", "V20__b.sql"]), "30");
        assert_eq!(after(&["V100__a.sql", "V300__b.sql"]), "400");
        assert_eq!(after(&["V20251231__a.sql"]), "20261120");
        assert_eq!(after(&["V20261119235959__a.sql"]), "20261120093000");
        // A clock that is behind, and a file of the same day.
        assert_eq!(after(&["V20261120__a.sql"]), "20261121");
        assert_eq!(after(&["V20270101000000__a.sql"]), "20270101000001");
    }

    #[test]
    fn descriptions_become_names() {
        assert_eq!(file_part("add source  to events").unwrap(), "add_source_to_events");
        assert_eq!(file_part("a-b.c.sql").unwrap(), "a-b.c");
        for bad in ["", " ", "../x", "a/b", "ä", "a;b"] {
            assert!(file_part(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_written_holds_no_statement_and_no_directive() {
        let text = content("1003", "add source\n-- charter:settings a=1");
        assert!(migrate::split(&text).unwrap().is_empty(), "{text}");
    }
}
