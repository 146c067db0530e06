//! The exit codes: one table, for the code and for `--help`.

use std::fmt::Write as _;
use std::process::ExitCode;

use crate::apply::Outcome;

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    /// An error; nothing was changed.
    Error = 1,
    /// There are changes or drift.
    Changes = 2,
    /// An apply stopped half-way.
    HalfWay = 3,
    /// The approved or saved plan no longer fits the servers, or was applied already.
    Stale = 4,
    /// Someone else holds the lock.
    Locked = 5,
    /// A person must decide.
    Undecided = 6,
    /// Denied by lint, or by a flag that is missing.
    Denied = 7,
    /// Approval declined.
    Declined = 8,
    /// Wrong usage.
    Usage = 64,
    /// Interrupted.
    Interrupted = 130,
}

impl Exit {
    /// All of them, by number.
    pub const ALL: [Self; 11] = [
        Self::Done,
        Self::Error,
        Self::Changes,
        Self::HalfWay,
        Self::Stale,
        Self::Locked,
        Self::Undecided,
        Self::Denied,
        Self::Declined,
        Self::Usage,
        Self::Interrupted,
    ];

    /// Returns the number.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// Returns what it means.
    pub fn text(self) -> &'static str {
        match self {
            Self::Done => "done, or nothing to do",
            Self::Error => "error, nothing was changed",
            Self::Changes => "changes or drift (plan with --detailed-exitcode; check always)",
            Self::HalfWay => "apply stopped half-way; the report says what is done",
            Self::Stale => "the approved or saved plan no longer fits the servers, or was applied already",
            Self::Locked => "someone else holds the lock",
            Self::Undecided => "a person must decide; the evidence is printed",
            Self::Denied => "denied by lint, or by a flag that is missing",
            Self::Declined => "approval declined",
            Self::Usage => "wrong usage",
            Self::Interrupted => "interrupted",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl From<Outcome> for Exit {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::Done,
            Outcome::Untouched => Self::Error,
            Outcome::HalfWay => Self::HalfWay,
            Outcome::Undecided => Self::Undecided,
        }
    }
}

/// Returns the table as `--help` shows it.
pub fn help() -> String {
    let mut text = String::from("Exit codes:\n");
    for exit in Exit::ALL {
        let _ = writeln!(text, "  {:>3}  {}", exit.code(), exit.text());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_what_is_documented() {
        insta::assert_snapshot!(help(), @r"
        Exit codes:
            0  done, or nothing to do
            1  error, nothing was changed
            2  changes or drift (plan with --detailed-exitcode; check always)
            3  apply stopped half-way; the report says what is done
            4  the approved or saved plan no longer fits the servers, or was applied already
            5  someone else holds the lock
            6  a person must decide; the evidence is printed
            7  denied by lint, or by a flag that is missing
            8  approval declined
           64  wrong usage
          130  interrupted
        ");
    }
}
