//! `charter import`: declarations of what lives on the servers.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::args::Common;
use super::context::{self, Context, Observation, tell, tell_all};
use super::{identity, logins};
use crate::backend::LoginVerdict;
use crate::config::load::{self, Disk, With, environment};
use crate::diag::Diagnostic;
use crate::import::prove::{self, Proof};
use crate::import::{self, Found, Written, hcl, pattern::Pattern};
use crate::model::block::Block;
use crate::model::{Addr, Rotation};
use crate::plan;
use crate::ui::{Exit, Ui};

/// Writes declarations of what lives on the servers and is not declared
///
/// Reads ClickHouse and Kubernetes and prints HCL for each object that nothing declares, so that a plan
/// of it changes none of them: an apply records them as charter's, in the database ops, and that is
/// all. Nothing is changed by the command itself.
///
/// A database tenant_<slug> with its role, user and Secret becomes a `tenant` block; all else is written
/// as blocks of its own. Passwords, hashes and keys are never written: a user whose password a Secret
/// keeps is written with that Secret, and how any other one logs in is left alone. What no declaration
/// says, and what should not be declared (users.xml, other scopes' objects), is told in comments.
///
/// What was written is then planned together with the configuration, and what would change is told:
/// the exit code is 2 then.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  charter import                       # all of it, to standard output\n  \
                        charter import -o imported.hcl       # into a new file\n  \
                        charter import tenant.acme 'role.*'  # some of it\n  \
                        charter import --out .               # a file each kind: tenants.hcl, roles.hcl, …\n  \
                        charter import -o imported.hcl && charter plan   # what it adopts"
)]
pub struct Args {
    /// What to write: a kind, or a kind and a name, with * for anything (role, role.analyst,
    /// 'tenant.a*'); everything where there is none. `secret` has to be asked for
    #[arg(value_name = "WHAT", value_parser = Pattern::parse)]
    what: Vec<Pattern>,
    /// Write into this file, which must not be there yet
    #[arg(short, long = "output", value_name = "FILE", conflicts_with = "out")]
    output: Option<PathBuf>,
    /// Write a file each kind into this folder; none of them may be there yet
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Do not list Secrets: how users log in is left alone then, and tenants are written as their parts
    #[arg(long)]
    no_secrets: bool,
}

/// Runs the command.
pub async fn run(common: &Common, args: &Args, ui: &Ui) -> Exit {
    match imported(common, args, ui).await {
        Ok(exit) | Err(exit) => exit,
    }
}

async fn imported(common: &Common, args: &Args, ui: &Ui) -> Result<Exit, Exit> {
    let run = identity::run("import", None, &common.dir, &environment());
    let mut context = Context::open(common, &run, ui).await?;
    if args.no_secrets {
        context.without_secrets();
    }
    let (found, written) = observed(&context, common, args, ui).await?;
    if written.blocks.is_empty() {
        told_left(&found, ui);
        ui.status("Nothing to import: all that can be declared is declared.");
        return Ok(Exit::Done);
    }
    let text = hcl::write(&written.blocks);
    let proof = proved(&context, common, &written, text, ui).await?;
    let exit = deliver(args, &found, &written, ui)?;
    told(&proof, written.blocks.len(), ui);
    Ok(if proof.problems.is_empty() { exit } else { Exit::Changes })
}

/// Reads the servers and writes what is asked for.
async fn observed(
    context: &Context,
    common: &Common,
    args: &Args,
    ui: &Ui,
) -> Result<(Found, Written), Exit> {
    let (kinds, settings) = (&context.kinds, &context.settings);
    let more =
        |caps: &crate::model::snapshot::Caps| import::reads(kinds, &context.compiled.desired, settings, caps);
    let observation = context.observe_more(&more, ui).await?;
    let rotation = Rotation::default();
    let world = context.request(&observation, &[], &rotation).world();
    let files = Disk::new(&common.dir);
    let found = import::find(kinds, &world, &files, &args.what);
    if !found.missing.is_empty() {
        for (what, why) in &found.missing {
            tell(ui, Diagnostic::error(format!("{what} names nothing to import")).detail(format!("{why}.")));
        }
        return Err(Exit::Error);
    }
    let written = import::write(kinds, &world, &files, &found.groups);
    Ok((found, written))
}

/// Plans what was written with the configuration.
async fn proved(
    context: &Context,
    common: &Common,
    written: &Written,
    text: String,
    ui: &Ui,
) -> Result<Proof, Exit> {
    let files = With::new(&common.dir, "imported.hcl", text);
    let compiled = load::load_with(&files, common.vars.clone(), common.var_files.clone(), &context.kinds);
    let settings = compiled.settings.clone().filter(|_| !compiled.diags.has_errors());
    let Some(settings) = settings else {
        tell(
            ui,
            Diagnostic::error("what was written does not fit the configuration")
                .detail("It is not printed, as no plan could be made of it.")
                .help("import less of it: charter import 'role.*'"),
        );
        tell_all(ui, &compiled.diags, &compiled.sources);
        return Err(Exit::Error);
    };
    let other = context.with(compiled, settings);
    let mut observation = other.observe(ui).await?;
    observation.snapshot.logins = tried(&other, &observation, written).await;
    let rotation = Rotation::default();
    let plan = plan::build(&other.request(&observation, &[], &rotation));
    Ok(prove::judge(written, &plan, &prove::logins(&observation.snapshot)))
}

/// Tries the logins of what was written.
async fn tried(
    context: &Context,
    observation: &Observation,
    written: &Written,
) -> BTreeMap<Addr, LoginVerdict> {
    let desired = &context.compiled.desired;
    let selected: BTreeSet<Addr> = written.addrs().iter().flat_map(|addr| desired.matching(addr)).collect();
    let proved = logins::prove(context, observation, &selected).await;
    proved.into_iter().map(|(probe, verdict)| (probe.addr, verdict)).collect()
}

/// Prints what was written, or writes it into files that were not there.
fn deliver(args: &Args, found: &Found, written: &Written, ui: &Ui) -> Result<Exit, Exit> {
    let Some(files) = files(args, found, written) else {
        return Ok(context::print(ui, &(hcl::write(&written.blocks) + &left_comment(found)), Exit::Done));
    };
    let there: Vec<&PathBuf> = files.keys().filter(|path| path.exists()).collect();
    if !there.is_empty() {
        let names: Vec<String> = there.iter().map(|path| path.display().to_string()).collect();
        tell(
            ui,
            Diagnostic::error("a file is there already, and is left as it is")
                .detail(format!("{}. Nothing was written.", names.join(", ")))
                .help("name another file, or move this one away"),
        );
        return Err(Exit::Error);
    }
    for (path, text) in &files {
        create(path, text).map_err(|error| {
            tell(
                ui,
                Diagnostic::error("a file cannot be written").detail(format!("{}: {error}.", path.display())),
            );
            Exit::Error
        })?;
        ui.status(&format!("Wrote {}.", path.display()));
    }
    if args.out.is_some() {
        told_left(found, ui);
    }
    Ok(Exit::Done)
}

/// Returns the files that are asked for, with their texts; none for standard output.
fn files(args: &Args, found: &Found, written: &Written) -> Option<BTreeMap<PathBuf, String>> {
    if let Some(path) = &args.output {
        return Some([(path.clone(), hcl::write(&written.blocks) + &left_comment(found))].into());
    }
    let folder = args.out.as_ref()?;
    let mut by_word: BTreeMap<&str, Vec<Block>> = BTreeMap::new();
    for block in &written.blocks {
        by_word.entry(&block.word).or_default().push(block.clone());
    }
    Some(
        by_word.into_iter().map(|(word, blocks)| (folder.join(file_of(word)), hcl::write(&blocks))).collect(),
    )
}

fn file_of(word: &str) -> String {
    let stem = word.trim_end_matches('s');
    match stem.strip_suffix('y') {
        Some(stem) => format!("{stem}ies.hcl"),
        None => format!("{stem}s.hcl"),
    }
}

/// Creates a file; one that is there is left as it is.
fn create(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    OpenOptions::new().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
}

/// Returns what was left alone, as comments; nothing where nothing was.
fn left_comment(found: &Found) -> String {
    let lines = left_lines(found);
    if lines.is_empty() {
        return String::new();
    }
    format!("\n{}", hcl::comment(&format!("Left alone:\n{}", lines.join("\n")), 0))
}

fn left_lines(found: &Found) -> Vec<String> {
    let left = found.left.iter();
    let mut lines: Vec<String> =
        left.map(|left| format!("- {} {}: {}", left.kind, left.name, left.why)).collect();
    if found.others > 0 {
        lines.push(format!("- what other scopes recorded as theirs: {}", found.others));
    }
    lines
}

fn told_left(found: &Found, ui: &Ui) {
    left_lines(found)
        .iter()
        .for_each(|line| ui.status(&format!("Left alone: {}", line.trim_start_matches("- "))));
}

/// Tells how the plan of what was written comes out.
fn told(proof: &Proof, blocks: usize, ui: &Ui) {
    for problem in &proof.problems {
        let warning = Diagnostic::warning(format!("{} {}", problem.addr, problem.what));
        tell(ui, warning.detail(problem.details.join("\n")));
    }
    let migrations = match proof.recorded {
        0 => String::new(),
        1 => ", 1 migration is recorded and not run".to_owned(),
        count => format!(", {count} migrations are recorded and not run"),
    };
    let end = match proof.problems.len() {
        0 => "nothing on the servers would change".to_owned(),
        1 => "1 object would change".to_owned(),
        count => format!("{count} objects would change"),
    };
    let word = if blocks == 1 { "block" } else { "blocks" };
    ui.status(&format!("{blocks} {word}: {} objects are adopted{migrations}; {end}.", proof.adopted));
}
