//! Where access objects live: those of users.xml cannot be changed by a statement.

use crate::kinds::Lowered;
use crate::model::finding::{Category, Finding, Severity};
use crate::model::{Addr, Attrs, Value};

/// The attribute of the storage.
pub const STORAGE: &str = "storage";

/// Returns the finding for an object of users.xml; `what` names it for people.
pub fn read_only(what: &str, live: &Attrs, addr: &Addr) -> Option<Finding> {
    let in_a_file = live.get(STORAGE).and_then(Value::as_str) == Some("users_xml");
    let finding = || {
        let summary = "this object lives in users.xml and is read-only";
        Finding::new("CH271", Severity::Error, Category::Access, summary)
            .at(addr)
            .compare(
                format!("{what} in a storage that SQL can write"),
                format!("{what} in users_xml (code 495)"),
            )
            .help(
                "remove it from users.xml (or users.d) on the server, or give the declared one another name",
            )
    };
    in_a_file.then(finding)
}

/// Returns a change that a finding keeps from being made.
pub fn refused(finding: Finding) -> Lowered {
    Lowered { findings: vec![finding], ..Lowered::default() }
}
