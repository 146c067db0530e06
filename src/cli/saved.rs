//! Saved plans on the disk: written whole or not at all, readable by their owner alone, and read
//! with a bound.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::args::Planning;
use super::context::Context;
use crate::apply::Run;
use crate::config::load::{Disk, environment};
use crate::kinds::common::duration;
use crate::model::Plan;
use crate::model::digest::hex;
use crate::model::snapshot::Api;
use crate::plan_file::configuration::{Configuration, Secrets};
use crate::plan_file::frame::MAX_BYTES;
use crate::plan_file::key::{Key, VARIABLE};
use crate::plan_file::values::{self, Proof};
use crate::plan_file::{self, EXPIRES, Opened, Options, Saved};
use crate::render;
use crate::ui::{Exit, Ui};

/// Where a plan is saved, and for how long.
#[derive(Debug, clap::Args)]
pub struct Out {
    /// Save the plan to FILE, for `charter apply FILE`; no password is in it
    #[arg(short = 'o', long = "out", value_name = "FILE")]
    file: Option<PathBuf>,
    /// How long the saved plan can be applied, such as 24h (the default), 30m or 7d
    #[arg(long, value_name = "DURATION", requires = "file", value_parser = expires)]
    expires: Option<u64>,
}

impl Out {
    /// Returns whether the plan is to be saved.
    pub fn is_asked(&self) -> bool {
        self.file.is_some()
    }
}

fn expires(text: &str) -> Result<u64, String> {
    duration::seconds(text).ok_or_else(|| "a whole number above 0 and a unit, such as 24h, 30m or 7d".into())
}

/// Returns the key of saved plans, where one is set; what is wrong with it is told.
pub fn key(ui: &Ui) -> Result<Option<Key>, Exit> {
    Key::new(environment().get(VARIABLE).map(String::as_str)).map_err(|reason| {
        ui.error(&reason);
        Exit::Usage
    })
}

/// Saves a plan where it was asked for, and says how to go on.
pub fn save(
    context: &Context,
    planning: &Planning,
    plan: &Plan,
    run: &Run,
    out: &Out,
    ui: &Ui,
) -> Result<(), Exit> {
    let Some(path) = &out.file else { return Ok(()) };
    if !plan.may_apply() {
        ui.warn(&format!(
            "the plan was not saved to {}: its findings keep it from being applied",
            path.display()
        ));
        return Ok(());
    }
    let key = key(ui)?;
    let saved = made(context, planning, plan, run, out.expires, key.as_ref());
    let bytes = saved.and_then(|saved| saved.to_bytes(env!("CARGO_PKG_VERSION"), key.as_ref()));
    let written = bytes.and_then(|bytes| write(path, &bytes).map_err(|error| error.to_string()));
    written.map_err(|reason| {
        ui.error(&format!("the plan cannot be saved to {}: {reason}", path.display()));
        Exit::Error
    })?;
    ui.status(&render::saved::how_to_go_on(
        &path.display().to_string(),
        &plan.digest(),
        out.expires.unwrap_or(EXPIRES),
    ));
    if context.withheld.contains(&Api::secrets())
        && let Some(told) = render::saved::without_secrets(plan)
    {
        ui.warn(&told);
    }
    Ok(())
}

fn made(
    context: &Context,
    planning: &Planning,
    plan: &Plan,
    run: &Run,
    expires: Option<u64>,
    key: Option<&Key>,
) -> Result<Saved, String> {
    let (inputs, disk) = (&context.compiled.inputs, Disk::new(&context.dir));
    let secrets = Secrets::of(inputs, &context.settings, &context.compiled.desired);
    let configuration = Configuration::of(inputs, &secrets, &disk)?;
    let values = values::collect(plan, &configuration, &disk)?;
    let id = random()?;
    let made_at = context.now();
    Ok(Saved {
        values: Proof::of(&values, key, &id, &random()?),
        id,
        made_at,
        expires_at: made_at.saturating_add(expires.unwrap_or(EXPIRES)),
        made_by: run.actor.clone(),
        git_revision: run.git_revision.clone(),
        options: Options {
            targets: planning.targets.clone(),
            rotate: planning.rotate.clone(),
            probe: planning.probe,
        },
        configuration,
        digest: plan.digest(),
        plan: plan.clone(),
    })
}

/// Returns 128 random bits.
fn random() -> Result<String, String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| format!("the operating system gives no randomness: {error}"))?;
    Ok(hex(&bytes))
}

/// Writes a file that its owner alone may read, to a temporary one beside it that is then renamed.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|about| !about.is_file()) {
        return Err(io::Error::other("it is there and no regular file"));
    }
    let name = path.file_name().ok_or_else(|| io::Error::other("it names no file"))?;
    let temporary = path.with_file_name(format!(".{}.{}", name.to_string_lossy(), std::process::id()));
    let written = create(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let renamed = written.and_then(|()| fs::rename(&temporary, path));
    if renamed.is_err() {
        // What could not be finished is of no use; that it cannot be removed changes nothing.
        let _ = fs::remove_file(&temporary);
    }
    renamed
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}

/// Reads a saved plan; why it cannot be read is told.
pub fn read(path: &Path, key: Option<&Key>, ui: &Ui) -> Result<Opened, Exit> {
    let refused = |reason: String, help: String| {
        ui.error(&format!("the plan {} cannot be used: {reason}\n  {help}", path.display()));
        Exit::Error
    };
    let bytes = bytes(path)
        .map_err(|error| refused(error.to_string(), "`charter plan -o FILE` writes one".into()))?;
    plan_file::read(&bytes, key).map_err(|refusal| refused(refusal.to_string(), refusal.help()))
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    match u64::try_from(bytes.len()) {
        Ok(length) if length <= MAX_BYTES => Ok(bytes),
        _ => Err(io::Error::other(format!("it has more than {} MiB", MAX_BYTES >> 20))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_whole_and_for_its_owner() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p.plan");
        for text in ["one", "two"] {
            write(&path, text.as_bytes()).unwrap();
            assert_eq!(bytes(&path).unwrap(), text.as_bytes());
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_no_file_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        assert!(write(dir.path(), b"x").is_err());
        assert!(write(&dir.path().join("none/p"), b"x").is_err());
        assert!(bytes(dir.path()).is_err());
        assert!(bytes(Path::new("/dev/null")).is_err());
    }
}
