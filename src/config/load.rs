//! The only place that reads the disk and the environment for a configuration.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use super::{Compiled, Input, compile};
use crate::diag::{Diagnostic, SourceMap};
use crate::kinds::Kinds;
use crate::model::files::Files;
use crate::model::inputs::Inputs;
use crate::model::resource::Desired;

/// The largest file that is read, as the other end of a typing error.
const MAX_BYTES: u64 = 64 << 20;

/// The files below a folder. Absolute paths and paths that lead upwards are read too, as terraform
/// does.
#[derive(Clone, Debug)]
pub struct Disk {
    root: PathBuf,
}

impl Disk {
    /// Returns the files of a folder.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Returns where a path leads: `.` is dropped, `..` takes the folder before it away.
    fn resolve(&self, path: &str) -> PathBuf {
        let mut resolved = PathBuf::new();
        for part in Path::new(path).components() {
            match part {
                Component::CurDir => {}
                Component::ParentDir
                    if matches!(resolved.components().next_back(), Some(Component::Normal(_))) =>
                {
                    resolved.pop();
                }
                other => resolved.push(other),
            }
        }
        if resolved.as_os_str().is_empty() && !self.root.as_os_str().is_empty() {
            return self.root.clone();
        }
        let joined = self.root.join(resolved);
        if joined.as_os_str().is_empty() { PathBuf::from(".") } else { joined }
    }
}

impl Files for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let resolved = self.resolve(path);
        let about = std::fs::metadata(&resolved).map_err(|error| reason(&error))?;
        if about.is_dir() {
            return Err("it is a folder".to_owned());
        }
        if !about.is_file() {
            return Err("it is not a regular file".to_owned());
        }
        if about.len() > MAX_BYTES {
            return Err(format!("it has more than {} MiB", MAX_BYTES >> 20));
        }
        std::fs::read(&resolved).map_err(|error| reason(&error))
    }

    fn list(&self, path: &str) -> Result<Option<Vec<String>>, String> {
        let entries = match std::fs::read_dir(self.resolve(path)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(reason(&error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| reason(&error))?;
            // Names that are not UTF-8 cannot be written in a configuration.
            let Ok(mut name) = entry.file_name().into_string() else {
                continue;
            };
            // A link to a folder is a folder.
            if std::fs::metadata(entry.path()).is_ok_and(|about| about.is_dir()) {
                name.push('/');
            }
            names.push(name);
        }
        names.sort();
        Ok(Some(names))
    }
}

fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "no such file".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        ErrorKind::NotADirectory => "it is not a folder".to_owned(),
        _ => error.to_string(),
    }
}

/// Returns the environment; variables that are not UTF-8 are left out.
pub fn environment() -> BTreeMap<String, String> {
    let pairs = std::env::vars_os();
    pairs.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect()
}

/// Files of a folder, and one more that is not on the disk.
#[derive(Clone, Debug)]
pub struct With {
    disk: Disk,
    name: String,
    text: String,
}

impl With {
    /// Returns the files of a folder with one more, and under which name it stands: `wanted`, or one
    /// like it that is free.
    pub fn new(dir: &Path, wanted: &str, text: String) -> Self {
        let disk = Disk::new(dir);
        let names = disk.list("").ok().flatten().unwrap_or_default();
        let stem = wanted.trim_end_matches(".hcl");
        let candidates =
            (1_usize..).map(|n| if n == 1 { wanted.to_owned() } else { format!("{stem}-{n}.hcl") });
        let name =
            candidates.into_iter().find(|name| !names.contains(name)).unwrap_or_else(|| wanted.to_owned());
        Self { disk, name, text }
    }
}

impl Files for With {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        if path == self.name { Ok(self.text.clone().into_bytes()) } else { self.disk.read(path) }
    }

    fn list(&self, path: &str) -> Result<Option<Vec<String>>, String> {
        let mut names = self.disk.list(path)?;
        if let Some(names) = names.as_mut().filter(|_| path.is_empty()) {
            names.push(self.name.clone());
            names.sort();
        }
        Ok(names)
    }
}

/// Loads and compiles the configuration in a folder with one more file.
pub fn load_with(
    files: &With,
    vars: Vec<(String, String)>,
    var_files: Vec<String>,
    kinds: &Kinds,
) -> Compiled {
    compile(files, &Input { vars, var_files, env: environment(), ..Input::default() }, kinds)
}

/// Loads and compiles the configuration in a folder, with the environment of this process.
pub fn load(dir: &Path, vars: Vec<(String, String)>, var_files: Vec<String>, kinds: &Kinds) -> Compiled {
    if !dir.is_dir() {
        let what = if dir.exists() { "is not a folder" } else { "does not exist" };
        let item = Diagnostic::error("no configuration")
            .detail(format!("{} {what}.", dir.display()))
            .help("`-C DIR` chooses the folder of the configuration");
        return Compiled {
            sources: SourceMap::default(),
            diags: [item].into_iter().collect(),
            settings: None,
            desired: Desired::default(),
            inputs: Inputs::default(),
        };
    }
    let input = Input { vars, var_files, env: environment(), ..Input::default() };
    compile(&Disk::new(dir), &input, kinds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_and_listed() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("b")).unwrap();
        std::fs::write(dir.path().join("a.hcl"), "x").unwrap();
        std::fs::write(dir.path().join("b/c"), "y").unwrap();
        let disk = Disk::new(dir.path());
        assert_eq!(disk.list(""), Ok(Some(vec!["a.hcl".into(), "b/".into()])));
        assert_eq!(disk.list("b/"), Ok(Some(vec!["c".into()])));
        assert_eq!(disk.list("none"), Ok(None));
        assert!(disk.list("a.hcl").is_err());
        for path in ["b/c", "./b/../b/c", "none/../b/c"] {
            assert_eq!(disk.read(path), Ok(b"y".to_vec()), "{path}");
        }
        let absolute = dir.path().join("b/c");
        assert_eq!(disk.read(absolute.to_str().unwrap()), Ok(b"y".to_vec()));
        assert_eq!(disk.read("none"), Err("no such file".into()));
        assert_eq!(disk.read("b"), Err("it is a folder".into()));
    }

    #[test]
    fn a_folder_above_can_be_read() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("in")).unwrap();
        std::fs::write(dir.path().join("x"), "up").unwrap();
        let disk = Disk::new(dir.path().join("in"));
        assert_eq!(disk.read("../x"), Ok(b"up".to_vec()));
    }
}
