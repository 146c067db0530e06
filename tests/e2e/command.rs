//! Running the charter binary: cleared environment, fixed width, output normalised.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// What a command printed, and its exit code.
#[derive(Clone, Debug)]
#[must_use]
pub struct Output {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// The exit code.
    pub code: i32,
}

impl Output {
    /// Asserts the exit code and returns the output.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "exit code\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }

    /// Asserts that standard output has a text.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(
            self.stdout.contains(text),
            "no {text:?}\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// Asserts that standard error has a text.
    #[track_caller]
    pub fn warns(self, text: &str) -> Self {
        assert!(
            self.stderr.contains(text),
            "no {text:?}\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// Asserts that standard output has no such text.
    #[track_caller]
    pub fn never_says(self, text: &str) -> Self {
        assert!(!self.stdout.contains(text), "{text:?} is there\n--- stdout\n{}", self.stdout);
        self
    }

    /// Returns both streams.
    pub fn all(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// Runs charter in a folder.
pub fn charter(folder: &Path, env: &[(String, String)], args: &[&str]) -> Output {
    let output = command(folder, env, args).output().unwrap();
    Output {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code().unwrap_or(-1),
    }
}

/// Runs charter and kills it after a while, as `kill -9` does. Returns whether it was still running.
pub fn kill(folder: &Path, env: &[(String, String)], args: &[&str], after: Duration) -> bool {
    let mut child = command(folder, env, args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(after);
    let running = child.try_wait().unwrap().is_none();
    if running {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    running
}

/// Runs charter with its log, and kills it as `kill -9` does once a line of the log has all of these
/// texts. Returns whether it came to that.
pub fn kill_at(folder: &Path, env: &[(String, String)], args: &[&str], texts: &[&str]) -> bool {
    let mut command = command(folder, env, args);
    command.env("CHARTER_LOG", "charter::apply=debug").stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let reached = lines.any(|line| line.is_ok_and(|line| texts.iter().all(|text| line.contains(text))));
    if reached {
        child.kill().unwrap();
    }
    lines.for_each(drop);
    child.wait().unwrap();
    reached
}

fn command(folder: &Path, env: &[(String, String)], args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_charter"));
    command
        .args(args)
        .current_dir(folder)
        .env_clear()
        .env("COLUMNS", "200")
        .env("HOME", folder)
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .envs(env.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null());
    command
}
