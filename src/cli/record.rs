//! The events of a run in a file, beside what a person sees: one whole line an event, written at
//! once, so that the file is complete however the run ends.

use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Who may read the file: its owner. It holds names and errors of the servers.
const MODE: u32 = 0o600;

/// Opens a file for events: empties it, or makes it.
///
/// # Errors
/// Where that cannot be done.
pub fn open(path: &Path) -> io::Result<crate::ui::Record> {
    let mut record = Record::open(path)?;
    Ok(Box::new(move |line| record.line(line)))
}

/// Returns the file of events that arguments name, though they make no sense.
pub fn asked(args: impl Iterator<Item = OsString>) -> Option<PathBuf> {
    let mut args = args.take_while(|arg| arg != "--");
    while let Some(arg) = args.next() {
        if arg == "--json-into" {
            return args.next().filter(|file| !file.as_bytes().starts_with(b"-")).map(PathBuf::from);
        }
        if let Some(file) = arg.as_bytes().strip_prefix(b"--json-into=") {
            return (!file.is_empty()).then(|| PathBuf::from(OsStr::from_bytes(file)));
        }
    }
    None
}

/// A file of events.
#[derive(Debug)]
struct Record {
    file: File,
    path: PathBuf,
    /// How many bytes are whole lines.
    whole: u64,
    is_broken: bool,
}

impl Record {
    fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(MODE).open(path)?;
        Ok(Self { file, path: path.to_owned(), whole: 0, is_broken: false })
    }

    /// Writes a line. Where that fails, nothing of it stays and nothing more is written.
    ///
    /// # Errors
    /// Why it failed, once.
    fn line(&mut self, line: &str) -> Result<(), String> {
        if self.is_broken {
            return Ok(());
        }
        let line = format!("{line}\n");
        if let Err(error) = self.file.write_all(line.as_bytes()) {
            self.is_broken = true;
            // What is no regular file has no length to go back to.
            let _ = self.file.set_len(self.whole);
            return Err(format!(
                "{} cannot be written any more ({error}); events from here on are not in it",
                self.path.display()
            ));
        }
        self.whole += line.len() as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn lines_are_there_at_once_for_their_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.json");
        std::fs::write(&path, "what was there before, and longer than what comes").unwrap();
        let mut record = Record::open(&path).unwrap();
        record.line("{}").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{}\n");
        let fresh = folder.path().join("fresh.json");
        let _ = Record::open(&fresh).unwrap();
        assert_eq!(std::fs::metadata(fresh).unwrap().permissions().mode() & 0o777, MODE);
        assert!(Record::open(folder.path()).is_err());
    }

    #[test]
    fn arguments_that_make_no_sense_may_name_a_file() {
        let file = |args: &[&str]| asked(args.iter().map(OsString::from));
        for args in [&["plan", "--json-into", "e", "--colour"][..], &["--colour", "--json-into=e"]] {
            assert_eq!(file(args), Some(PathBuf::from("e")));
        }
        for args in [&["plan"][..], &["--json-into"], &["--json-into", "--json"], &["--", "--json-into", "e"]]
        {
            assert_eq!(file(args), None, "{args:?}");
        }
    }

    #[test]
    fn a_full_disk_is_told_once() {
        let mut record = Record::open(Path::new("/dev/full")).unwrap();
        assert!(record.line("{}").unwrap_err().contains("/dev/full cannot be written any more"));
        assert_eq!(record.line("{}"), Ok(()));
    }
}
