//! A folder of manifests that stands in for a cluster: one file an object, as `kubectl apply -f -R`
//! takes it, at `<namespace>/<kind>-<name>.yaml`.
//!
//! Files are for their owner only, and change whole: written beside, synchronised, renamed. An
//! object's `resourceVersion` is when its file was modified and how long it is, and stands in no file: no
//! digest, for plans hold versions, and a password could be guessed by one. One run at a time writes
//! here: the lock of the scope sees to that.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::UNIX_EPOCH;

use serde_json::Value as Json;

use super::super::{Error, ErrorKind, ObjectWrite};
use super::object;
use crate::model::op::{KubeDelete, KubeWrite};
use crate::model::snapshot::{Api, Listing};

/// A folder of manifests.
#[derive(Clone, Debug)]
pub struct Manifests {
    folder: PathBuf,
    /// The folder as the configuration names it, without detours.
    name: String,
}

impl Manifests {
    /// Names the folder at `path`, relative to `base`. It is made when the first file is written.
    pub fn new(base: &Path, path: &str) -> Self {
        Self { folder: base.join(path), name: without_detours(Path::new(path)) }
    }

    /// Returns the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns what tells the folder from others.
    pub fn uid(&self) -> String {
        format!("manifests:{}", self.name)
    }

    /// Lists the objects of a kind in a namespace.
    ///
    /// # Errors
    /// A file that cannot be read or is no manifest.
    pub fn list(&self, api: &Api, namespace: &str) -> Result<Listing, Error> {
        let mut found = Vec::new();
        for path in self.files(namespace)? {
            let Some((mut manifest, version)) = read(&path)? else {
                continue;
            };
            if is_of(&manifest, api) {
                manifest["metadata"]["namespace"] = namespace.into();
                manifest["metadata"]["resourceVersion"] = version.into();
                found.push(object::to_value(&manifest, api));
            }
        }
        Ok(Listing::Objects(found))
    }

    /// Returns a Secret; none where there is no such.
    ///
    /// # Errors
    /// A file that cannot be read or is no manifest.
    pub fn secret(&self, namespace: &str, name: &str) -> Result<Option<Json>, Error> {
        let path = self.path(&Api::secrets(), namespace, name)?;
        Ok(read(&path)?.map(|(manifest, _)| manifest))
    }

    /// Writes an object: what is created must not be there, what is applied is merged into what is.
    ///
    /// # Errors
    /// A file that is there and should not, was changed meanwhile or cannot be written.
    pub fn write(&self, write: &ObjectWrite) -> Result<(), Error> {
        let path = self.path(&write.api, &write.namespace, &write.name)?;
        let ours = object::to_json(write);
        let there = read(&path)?;
        let manifest = match (&write.mode, there) {
            (KubeWrite::Create, Some(_)) => {
                return Err(conflict(&path, "exists already"));
            }
            (KubeWrite::Create, None) => ours,
            (KubeWrite::Apply { resource_version, .. }, there) => {
                let version = there.as_ref().map(|(_, version)| version);
                if resource_version.is_some() && resource_version.as_ref() != version {
                    return Err(conflict(&path, "was changed meanwhile"));
                }
                let mut manifest = there.map_or(Json::Null, |(manifest, _)| manifest);
                if !manifest.is_null() && !is_of(&manifest, &write.api) {
                    return Err(conflict(&path, "holds another kind of object"));
                }
                for pointer in &write.prune {
                    object::prune(&mut manifest, pointer);
                }
                object::merge(&mut manifest, &ours);
                manifest
            }
        };
        let text =
            serde_saphyr::to_string(&manifest).map_err(|_| failed(&path, "cannot be written as YAML"))?;
        self.make_folders(&write.namespace)
            .and_then(|()| replace(&path, &text, write.mode == KubeWrite::Create))
            .map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => conflict(&path, "exists already"),
                _ => failed(&path, format!("cannot be written: {error}")),
            })
    }

    /// Removes an object's file. That it is gone already is no error.
    ///
    /// # Errors
    /// A file that cannot be removed.
    pub fn delete(&self, delete: &KubeDelete) -> Result<(), Error> {
        let path = self.path(&delete.api, &delete.namespace, &delete.name)?;
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(failed(&path, format!("cannot be removed: {error}")))
            }
            _ => Ok(()),
        }
    }

    /// Returns the manifests of a namespace in the order of their names.
    fn files(&self, namespace: &str) -> Result<Vec<PathBuf>, Error> {
        let folder = self.folder.join(checked("namespace", namespace)?);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(&folder, format!("cannot be read: {error}"))),
        };
        let paths: io::Result<Vec<PathBuf>> = entries.map(|entry| entry.map(|entry| entry.path())).collect();
        let mut paths = paths.map_err(|error| failed(&folder, format!("cannot be read: {error}")))?;
        paths.retain(|path| {
            let extension = path.extension().and_then(|extension| extension.to_str());
            matches!(extension, Some("yaml" | "yml"))
        });
        paths.sort();
        Ok(paths)
    }

    fn path(&self, api: &Api, namespace: &str, name: &str) -> Result<PathBuf, Error> {
        let kind = checked("kind", &api.kind.to_ascii_lowercase())?;
        let file = format!("{kind}-{}.yaml", checked("name", name)?);
        Ok(self.folder.join(checked("namespace", namespace)?).join(file))
    }

    fn make_folders(&self, namespace: &str) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(self.folder.join(namespace))
    }
}

/// Returns a name that is safe as part of a path: letters, digits, `-`, and `.` but in front.
fn checked(what: &str, name: &str) -> Result<String, Error> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    if name.is_empty() || name.len() > 253 || name.starts_with('.') || !name.chars().all(plain) {
        return Err(Error {
            kind: ErrorKind::Refused,
            code: None,
            message: format!("{what} {name:?} is no name of a Kubernetes object"),
            query_id: None,
        });
    }
    Ok(name.to_owned())
}

/// Returns whether a manifest is of a kind of object.
fn is_of(manifest: &Json, api: &Api) -> bool {
    manifest["apiVersion"] == api.api_version() && manifest["kind"] == api.kind
}

/// Returns what a file holds, and its version. It is replaced as a whole, so both are of one file.
fn bytes(path: &Path) -> io::Result<(Vec<u8>, String)> {
    let mut file = fs::File::open(path)?;
    let about = file.metadata()?;
    let modified = about.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok((bytes, format!("{}-{}", modified.as_nanos(), about.len())))
}

/// Returns a manifest and its version; none where there is no such file. Errors never quote what
/// the file holds.
fn read(path: &Path) -> Result<Option<(Json, String)>, Error> {
    let (bytes, version) = match bytes(path) {
        Ok(read) => read,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(path, format!("cannot be read: {error}"))),
    };
    let text = String::from_utf8(bytes).map_err(|_| failed(path, "is not UTF-8"))?;
    let mut manifest: Json = serde_saphyr::from_str(&text).map_err(|error| match error.location() {
        Some(place) => {
            failed(path, format!("is not a manifest: line {}, column {}", place.line(), place.column()))
        }
        None => failed(path, "is not a manifest"),
    })?;
    if !manifest["kind"].is_string() || !manifest["metadata"].is_object() {
        return Err(failed(path, "is not a manifest: it has no kind or no metadata"));
    }
    object::encode_string_data(&mut manifest);
    Ok(Some((manifest, version)))
}

/// Puts a text in the place of a file, whole or not at all.
fn replace(path: &Path, text: &str, must_be_new: bool) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let beside = path.with_extension(format!("yaml.{}.tmp", std::process::id()));
    // Left behind by a run that was stopped.
    let _ = fs::remove_file(&beside);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| put(&beside, path, must_be_new));
    let _ = fs::remove_file(&beside);
    written?;
    fs::File::open(folder)?.sync_all()
}

/// Moves a file to its place. A hard link refuses what is there already in the same instant; where
/// the file system has none, a look before must do.
fn put(from: &Path, to: &Path, must_be_new: bool) -> io::Result<()> {
    if !must_be_new {
        return fs::rename(from, to);
    }
    match fs::hard_link(from, to) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_) if to.try_exists()? => Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => fs::rename(from, to),
        Ok(()) => Ok(()),
    }
}

/// Returns a path without `.` and without `..` where there is something to go back from.
fn without_detours(path: &Path) -> String {
    let mut parts: Vec<String> = Vec::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if parts.last().is_some_and(|last| last != "..") => {
                parts.pop();
            }
            Component::RootDir => parts.push(String::new()),
            other => parts.push(other.as_os_str().to_string_lossy().into_owned()),
        }
    }
    parts.join("/")
}

/// Returns whether git would track what is written to a folder: it is in a work tree and not
/// ignored. Where git cannot be asked, what is in a work tree counts as tracked.
pub fn tracked_by_git(folder: &Path) -> bool {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let Some(root) = folder.ancestors().find(|parent| parent.join(".git").exists()) else {
        return false;
    };
    let ignored = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(["check-ignore", "--quiet", "--"])
        // A pattern such as `out/` holds for a folder; a file in it asks the right question even
        // before the folder is there.
        .arg(folder.join("namespace/secret-name.yaml"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    !ignored.is_ok_and(|status| status.success())
}

fn failed(path: &Path, why: impl std::fmt::Display) -> Error {
    Error {
        kind: ErrorKind::Refused,
        code: None,
        message: format!("manifest {} {why}", path.display()),
        query_id: None,
    }
}

fn conflict(path: &Path, why: &str) -> Error {
    Error { kind: ErrorKind::Conflict, ..failed(path, why) }
}

#[cfg(test)]
#[path = "manifests_tests.rs"]
mod tests;
