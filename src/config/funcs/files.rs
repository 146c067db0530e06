//! Functions that look at files and the environment, through what was handed in.

use super::{Fail, Function, MAX_ELEMENTS, Outcome, deep, glob, string};
use crate::config::eval::Evaluator;
use crate::config::val::Val;
use crate::model::files::Files;

/// The most folders that `fileset` goes down.
const MAX_DEPTH: usize = 32;

/// The functions of this file.
pub const TABLE: &[Function] = &[
    deep("file", 1, Some(1), file),
    deep("fileexists", 1, Some(1), |args, ev| Ok(ev.files.read(&string(args, 0)?).is_ok().into())),
    deep("fileset", 2, Some(2), fileset),
    deep("env", 1, Some(2), env),
];

fn file(args: &[Val], ev: &Evaluator<'_>) -> Outcome {
    let path = string(args, 0)?;
    let bytes = ev
        .files
        .read(&path)
        .map_err(|error| Fail::arg(0, error).help("paths are relative to the folder of the configuration"))?;
    String::from_utf8(bytes).map(Val::from).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Fail::arg(0, format!("the file is not UTF-8 (at byte {at})"))
    })
}

/// `fileset(folder, pattern)`: the paths of files below a folder that match, relative to it.
fn fileset(args: &[Val], ev: &Evaluator<'_>) -> Outcome {
    let (folder, pattern) = (string(args, 0)?, string(args, 1)?);
    let pattern = glob::compile(&pattern).map_err(|error| Fail::arg(1, error))?;
    let mut walk =
        Walk { files: ev.files, root: folder.trim_end_matches('/'), found: Vec::new(), folders: 0 };
    walk.below("", 0).map_err(|error| Fail::arg(0, error))?;
    let mut found = walk.found;
    found.retain(|path| pattern.is_match(path));
    Ok(Val::set(found.into_iter().map(Val::from).collect()))
}

/// The files below a folder, so far.
struct Walk<'w> {
    files: &'w dyn Files,
    root: &'w str,
    found: Vec<String>,
    folders: usize,
}

impl Walk<'_> {
    /// Adds the files below a folder, which is relative to the root and ends in a slash. Links
    /// may lead in circles, so there are bounds.
    fn below(&mut self, below: &str, depth: usize) -> Result<(), String> {
        let folder = match below.trim_end_matches('/') {
            "" => self.root.to_owned(),
            below => format!("{}/{below}", self.root),
        };
        self.folders += 1;
        if depth > MAX_DEPTH || self.folders + self.found.len() > MAX_ELEMENTS {
            return Err(format!("there is too much below it, such as {folder}"));
        }
        for name in self.files.list(&folder)?.unwrap_or_default() {
            match name.strip_suffix('/') {
                Some(name) => self.below(&format!("{below}{name}/"), depth + 1)?,
                None => self.found.push(format!("{below}{name}")),
            }
        }
        Ok(())
    }
}

/// `env(name[, default])`: always sensitive.
fn env(args: &[Val], ev: &Evaluator<'_>) -> Outcome {
    let name = string(args, 0)?;
    match (ev.env.get(&name), args.get(1)) {
        (Some(value), _) => Ok(Val::from(value.as_str()).sensitive()),
        (None, Some(default)) => Ok(default.clone().sensitive()),
        (None, None) => Err(Fail::whole(format!("the environment variable {name} is not set"))
            .help(format!("set {name}, or give a default: env(\"{name}\", \"…\")"))
            .showing()),
    }
}
