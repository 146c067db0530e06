//! A folder with a configuration, and the binary run in it with a cleared environment.

use std::fmt;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A temporary folder, and what the environment holds when charter runs in it.
pub struct Project {
    folder: TempDir,
    env: Vec<(String, String)>,
}

/// What a command printed, and its exit code; displayed as one text.
#[must_use]
pub struct Output {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// The exit code; -1 after a signal.
    pub code: i32,
}

impl Project {
    /// Makes an empty folder.
    pub fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), env: Vec::new() }
    }

    /// Makes a folder with a `main.hcl`.
    pub fn new(configuration: &str) -> Self {
        Self::empty().file("main.hcl", configuration)
    }

    /// Writes a file, with the folders that it needs.
    pub fn file(self, path: &str, text: impl AsRef<[u8]>) -> Self {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Returns the folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs charter in the folder.
    pub fn run(&self, args: &[&str]) -> Output {
        run(self.path(), &self.env, args)
    }

    /// Starts charter in the folder.
    pub fn start(&self, args: &[&str]) -> Child {
        let mut command = command(self.path(), args);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// Returns what a charter that was started printed, when it has ended.
    pub fn end(&self, child: Child) -> Output {
        normalised(self.path(), child.wait_with_output().unwrap())
    }
}

/// Runs charter in a folder. Mentions of the folder and of the version are normalised, so that
/// snapshots hold on every machine.
pub fn run(folder: &Path, env: &[(String, String)], args: &[&str]) -> Output {
    let env = env.iter().map(|(name, value)| (name, value));
    let output = command(folder, args).envs(env).stdin(Stdio::null()).output().unwrap();
    normalised(folder, output)
}

/// Runs charter in a folder with a text as its standard input.
pub fn piped(folder: &Path, args: &[&str], input: &str) -> Output {
    let mut child = command(folder, args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // What refuses its arguments does not read.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    normalised(folder, child.wait_with_output().unwrap())
}

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_charter"));
    command.args(args).current_dir(folder).env_clear().env("COLUMNS", "100").env("HOME", folder);
    command
}

fn normalised(folder: &Path, output: std::process::Output) -> Output {
    let folder = folder.to_str().unwrap();
    let version = concat!("charter ", env!("CARGO_PKG_VERSION"));
    let normal = |bytes: Vec<u8>| {
        let text = String::from_utf8(bytes).expect("charter prints UTF-8");
        text.replace(folder, "<folder>").replace(version, "charter <version>")
    };
    Output {
        stdout: normal(output.stdout),
        stderr: normal(output.stderr),
        code: output.status.code().unwrap_or(-1),
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.stdout)?;
        if !self.stderr.is_empty() {
            write!(f, "--- stderr\n{}", self.stderr)?;
        }
        write!(f, "--- exit {}", self.code)
    }
}
