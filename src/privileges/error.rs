//! What can be wrong with a grant: its text, its privileges, or the way from the live rights to the declared ones.

use std::ops::Range;

use thiserror::Error;

/// Text that is not a privilege, a scope or a line of `SHOW GRANTS`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{kind}")]
pub struct ParseError {
    /// What is wrong.
    pub kind: ParseErrorKind,
    /// Bytes of the text that are to blame; empty at the end of the text.
    pub span: Range<usize>,
}

/// Reason of a [`ParseError`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ParseErrorKind {
    /// Something else stands where `expected` has to.
    #[error("expected {expected}, found {found:?}")]
    Unexpected {
        /// What the grammar allows here.
        expected: &'static str,
        /// The first character that does not fit.
        found: char,
    },
    /// The text ends too early.
    #[error("expected {expected}, found the end of the text")]
    UnexpectedEnd {
        /// What the grammar allows here.
        expected: &'static str,
    },
    /// A quoted name or literal is not closed.
    #[error("quote {0} is not closed")]
    UnclosedQuote(char),
    /// A quoted name is empty.
    #[error("a name cannot be empty")]
    EmptyName,
    /// Escapes of a quoted name give bytes that are not UTF-8.
    #[error("name is not UTF-8")]
    NotUtf8,
    /// `db*.t`: the server reads it as `db.t*`.
    #[error("a wildcard in the database takes all its tables: write prefix*.*")]
    WildcardDatabaseWithTable,
    /// `*.t`.
    #[error("a table needs the name of its database: write db.table, db.* or *.*")]
    TableOfAnyDatabase,
}

/// A declared privilege that the server would refuse, or read as something else.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PrivilegeError {
    /// Neither a name nor an alias in `system.privileges`.
    #[error("privilege {name} is unknown to this server{}", did_you_mean(.nearest.as_deref()))]
    Unknown {
        /// The name as declared.
        name: String,
        /// The known name that is spelled most like it.
        nearest: Option<String>,
    },
    /// No leaf of the privilege can be granted on such a scope (error 509 on the server).
    #[error("{name} cannot be granted on {scope}; it belongs on {belongs}")]
    WrongLevel {
        /// Canonical name of the privilege.
        name: String,
        /// The scope as SQL.
        scope: String,
        /// Scopes that the privilege can be granted on.
        belongs: &'static str,
    },
    /// Columns with a scope that is not exactly one table.
    #[error("columns of {name} need one table, and {scope} is not one")]
    ColumnsWithoutTable {
        /// Canonical name of the privilege.
        name: String,
        /// The scope as SQL.
        scope: String,
    },
    /// A part that is left out, and that the privilege cannot be on anyway.
    #[error("{name} cannot be granted on {except} alone, so that nothing of it can be left out there")]
    NothingToExcept {
        /// Canonical name of the privilege.
        name: String,
        /// The part as SQL.
        except: String,
    },
    /// Columns with a privilege that has none.
    #[error("{name} cannot be granted on columns")]
    NoColumnLevel {
        /// Canonical name of the privilege.
        name: String,
    },
}

/// No statements can be given.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DiffError {
    /// The declaration is wrong.
    #[error("{error}")]
    Declared {
        /// Index of the grant in the declaration.
        grant: usize,
        /// Index of the privilege in that grant.
        privilege: usize,
        /// What is wrong with it.
        error: PrivilegeError,
    },
    /// The server's grants name a privilege that its list of privileges does not have.
    #[error("the server grants {name}, which its system.privileges does not list")]
    LiveUnknown {
        /// The name as the server printed it.
        name: String,
    },
    /// No order of grants and revokes was found that ends at the declaration.
    #[error("no statements lead to the declared rights; left over: {}", .left.join(", "))]
    Unreachable {
        /// What would still be missing (`+`) or too much (`-`), as SQL.
        left: Vec<String>,
    },
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!(", did you mean {name}?"))
}
