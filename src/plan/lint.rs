//! The stable codes of what a plan or a check finds: a table, so that each is defined once, can be
//! listed and can be named in configuration. Codes are never reused.

use crate::model::resource::Desired;
use crate::model::{Category, Finding, Severity};

/// A code: what it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The code itself (`CH201`).
    pub code: &'static str,
    /// What it says, in a few words.
    pub title: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Why it matters and what follows, in a sentence or two.
    pub doc: &'static str,
}

impl Code {
    /// Starts a finding of this code.
    pub fn finding(&self, category: Category, summary: impl Into<String>) -> Finding {
        Finding::new(self.code, self.severity, category, summary)
    }
}

/// Defines codes as constants, and the table of all of them.
macro_rules! codes {
    ($($name:ident = $code:literal, $severity:ident, $title:literal, $doc:literal;)*) => {
        $(
            #[doc = $title]
            pub const $name: Code = Code {
                code: $code,
                title: $title,
                severity: Severity::$severity,
                doc: $doc,
            };
        )*

        /// Every code, in order.
        pub const CODES: &[Code] = &[$($name),*];
    };
}

codes! {
    UNPROTECTED = "CH165", Warning, "Protection ends.",
        "The record of an object says that it must not be destroyed, and the plan takes that away.";
    CHECK_FAILED = "CH170", Warning, "A check fails.",
        "A condition that the configuration sets for itself in a `check` block is false.";
    NOTHING_TO_IMPORT = "CH180", Error, "Nothing to import.",
        "An `import` block names what is not on the servers, or what is not taken over in this way.";
    IMPORTED = "CH181", Note, "Imported already.",
        "An `import` block names what is charter's already: the block has done its work.";
    UNKNOWN_TARGET = "CH200", Error, "Unknown target.",
        "A target names nothing that is declared or recorded, so that the plan would do less than was asked.";
    FOREIGN = "CH201", Error, "Exists, differs and is not charter's.",
        "An object of this name exists that charter did not make. It is taken over only where it is as declared.";
    OTHER_SCOPE = "CH202", Error, "Belongs to another scope.",
        "Another configuration recorded this object as its own. Two owners would undo each other's changes.";
    OTHER_ENVIRONMENT = "CH203", Error, "Belongs to another environment.",
        "This scope recorded the object for another environment: the wrong server, or the wrong environment.";
    UNKNOWN_KIND = "CH204", Error, "Unknown kind of resource.",
        "A resource or a record is of a kind that this version does not know; a newer one may.";
    DECLARED_TWICE = "CH205", Error, "Declared more than once.",
        "Several addresses declare the same object, so that no apply could satisfy both.";
    IMMOVABLE = "CH206", Error, "Cannot be moved.",
        "A `moved` block asks for a new name that the object cannot get in place; making a new one would lose it.";
    RETAINED = "CH210", Warning, "No longer declared, kept.",
        "What holds data or lets a customer in is kept when its block goes away, until it is removed in so many words.";
    MISSING = "CH211", Drift, "Does not exist.",
        "A declared resource is not there.";
    DIFFERS = "CH212", Drift, "Differs from the declaration.",
        "A declared resource is there and is not as declared.";
    UNDECLARED = "CH213", Drift, "No longer declared, still there.",
        "Charter made it, nothing declares it any more, and the next apply removes it.";
    INTERRUPTED = "CH214", Drift, "An earlier run was interrupted.",
        "The object is as declared, but the run that made it ended before it was recorded.";
    UNRECORDED = "CH215", Note, "Not recorded as charter's.",
        "The object is as declared and nobody's; the next apply records it as charter's.";
    MISRECORDED = "CH216", Note, "Recorded otherwise.",
        "The object is as declared, but its record names another address or another protection.";
    READS_MORE = "CH242", Warning, "Reads what it could not read.",
        "A role or user that exists gets to read a database that it did not read.";
    WRITES_MORE = "CH243", Warning, "Changes what it could not change.",
        "A role or user that exists gets to write, alter or drop where it did not.";
    GRANTS_ON = "CH244", Warning, "May grant on what it has.",
        "With a grant or admin option, access spreads without a declaration and without charter.";
    EVERYTHING = "CH245", Warning, "Has a right to everything.",
        "ALL, a privilege on every database, or one over the server: it also reaches what does not exist yet.";
    MANAGES_ACCESS = "CH246", Warning, "May change who may do what.",
        "Whoever makes users, roles or policies can give away, or take, what others have.";
    CROSSES_TENANTS = "CH247", Warning, "Reaches another tenant's data.",
        "A tenant's role or user, or a shared one, gets a right in the database of a tenant that it does not belong to.";
    LEAVES_SERVER = "CH248", Warning, "May reach outside of the server.",
        "A right to a source reads from and writes to other servers, files and buckets with the server's network.";
    ACTS_AS_OTHERS = "CH249", Warning, "May act with the rights of others.",
        "SET DEFINER, views without SQL security and IMPERSONATE lend somebody else's rights.";
}

/// The codes of what widens access: a plan tells them in a section of their own. `CH121` is a migration
/// that changes who may do what.
pub const WIDENING: [&str; 14] = [
    "CH121", "CH160", "CH161", "CH162", "CH163", "CH164", "CH242", "CH243", "CH244", "CH245", "CH246",
    "CH247", "CH248", "CH249",
];

/// Returns whether a finding says that access widens.
pub fn widens(finding: &Finding) -> bool {
    WIDENING.contains(&finding.code)
}

/// Returns a finding for each condition of a `check` block that is false.
pub fn checks(desired: &Desired) -> impl Iterator<Item = Finding> {
    desired.checks.iter().flat_map(|check| check.findings(CHECK_FAILED.code, CHECK_FAILED.severity))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_in_order() {
        let codes: Vec<_> = CODES.iter().map(|code| code.code).collect();
        let mut sorted = codes.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(codes, sorted);
    }
}
