//! Checks that several kinds make when they decode.

use crate::diag::{Diagnostic, Span};
use crate::kinds::{DecodeCx, Instance};

/// A rule of [`crate::model::names`].
pub type Rule = fn(&str) -> Result<(), String>;

/// Reports a name that breaks its rule, at its place.
pub fn check_name(cx: &mut DecodeCx, what: &str, name: &str, rule: Rule, span: Span) -> bool {
    let Err(reason) = rule(name) else { return true };
    cx.diags.push(
        Diagnostic::error(format!("this is not a valid {what}"))
            .at(span, reason)
            .detail(format!("The {what} would be {}.", shown(name))),
    );
    false
}

/// Returns a name as messages show it: quoted, and cut where it is long.
fn shown(name: &str) -> String {
    const LONGEST: usize = 60;
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{:?}…", &name[..end]),
        None => format!("{name:?}"),
    }
}

/// Returns the attribute `name` of a block, or its label where it names none, and where it stands.
pub fn name_of(block: &Instance, attr: &str) -> (String, Span) {
    let name = block.body.string(attr).unwrap_or(&block.label);
    (name.to_owned(), block.body.span_of(attr))
}

/// Reports what needs Kubernetes where no `kubernetes` block says which.
pub fn need_kubernetes(cx: &mut DecodeCx, span: Span) -> bool {
    if cx.settings.kubernetes.is_some() {
        return true;
    }
    cx.diags.push(
        Diagnostic::error("a kubernetes block is missing")
            .at(span, "this needs Kubernetes")
            .detail("Its password is stored in a Secret only.")
            .help("add `kubernetes { context = \"…\" }`, or `kubernetes { manifests = \"out/manifests\" }` to write manifests into a folder"),
    );
    false
}
