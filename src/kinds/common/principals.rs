//! Whom a settings profile, a quota or a row policy is for: `to` and `to_all_except`, in blocks,
//! attributes, rows and statements.

use std::collections::BTreeSet;

use crate::diag::Diagnostic;
use crate::kinds::DecodeCx;
use crate::model::plan::AttrDiff;
use crate::model::schema::{BlockSchema, Type};
use crate::model::snapshot::{Row, number, texts};
use crate::model::{Attrs, Body, Resource, Value, sql};

/// The attribute of those that it is for.
pub const TO: &str = "to";

/// The attribute of those that it is not for, all others being.
pub const TO_ALL_EXCEPT: &str = "to_all_except";

/// Adds both attributes to the schema of a block.
pub fn schema(schema: BlockSchema) -> BlockSchema {
    let who = || Type::Ref(&["role", "user"]).list();
    schema
        .optional(TO, who(), "The roles and users that it is for; nobody where absent.")
        .optional(TO_ALL_EXCEPT, who(), "Instead of `to`: it is for everybody but these; `[]` is everybody.")
        .ignorable(&[TO, TO_ALL_EXCEPT])
}

/// Adds to a resource what a block says of both.
pub fn decode(resource: Resource, body: &Body, cx: &mut DecodeCx) -> Resource {
    let names = |attr: &str| body.strings(attr).map(sorted);
    match (names(TO), names(TO_ALL_EXCEPT)) {
        (Some(_), Some(_)) => {
            cx.diags.push(
                Diagnostic::error("for some, or for all but some")
                    .at(body.span_of(TO_ALL_EXCEPT), "one of the two")
                    .at(body.span_of(TO), "the other one"),
            );
            resource
        }
        (None, Some(names)) => resource.with(TO_ALL_EXCEPT, names),
        (names, None) => resource.with(TO, names.unwrap_or(Value::List(Vec::new()))),
    }
}

fn sorted(names: Vec<String>) -> Value {
    Value::strings(names.into_iter().collect::<BTreeSet<String>>())
}

/// The reads that tell of settings profiles, quotas and row policies, and whom each is for.
pub const READS: [&str; 3] = [PROFILES, QUOTAS, POLICIES];

/// The read of `system.settings_profiles`.
pub const PROFILES: &str = "settings_profiles";

/// The read of `system.quotas` with their limits.
pub const QUOTAS: &str = "quotas";

/// The read of `system.row_policies`, and of the declared conditions as the server formats them.
pub const POLICIES: &str = "row_policies";

/// The columns of `apply_to_…`, as reads name them.
pub const COLUMNS: &str = "apply_to_all, apply_to_list, apply_to_except";

/// Returns what a row says of both: one of the two attributes.
pub fn of_row(row: &Row) -> (String, Value) {
    if number(row, "apply_to_all") == 1 {
        (TO_ALL_EXCEPT.to_owned(), sorted(texts(row, "apply_to_except")))
    } else {
        (TO.to_owned(), sorted(texts(row, "apply_to_list")))
    }
}

/// Returns whether an attribute is one of the two.
pub fn is_of(attr: &str) -> bool {
    [TO, TO_ALL_EXCEPT].contains(&attr)
}

/// Compares both: the one that is declared, and the other one where the server has that.
pub fn diff(wanted: &Attrs, live: &Attrs) -> Vec<AttrDiff> {
    let of = |attrs: &Attrs, attr: &str| attrs.get(attr).cloned().unwrap_or(Value::Null);
    let both = [TO, TO_ALL_EXCEPT].into_iter();
    both.filter(|attr| of(wanted, attr) != of(live, attr))
        .map(|attr| AttrDiff { attr: attr.to_owned(), before: of(live, attr), after: of(wanted, attr) })
        .collect()
}

/// Returns the attributes less these two.
pub fn others(attrs: &Attrs) -> Attrs {
    attrs.iter().filter(|(name, _)| !is_of(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Returns the clause.
pub fn clause(attrs: &Attrs) -> String {
    let names = |attr: &str| {
        let items = attrs.get(attr)?.items().iter().filter_map(Value::as_str).map(sql::ident);
        Some(items.collect::<Vec<String>>().join(", "))
    };
    match (names(TO_ALL_EXCEPT), names(TO)) {
        (Some(none), _) if none.is_empty() => "TO ALL".to_owned(),
        (Some(names), _) => format!("TO ALL EXCEPT {names}"),
        (None, Some(names)) if !names.is_empty() => format!("TO {names}"),
        _ => "TO NONE".to_owned(),
    }
}
