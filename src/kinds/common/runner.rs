//! What a block says of how its migrations run: as whom, and with which variables.

use std::collections::BTreeMap;

use crate::diag::{Diagnostic, nearest};
use crate::kinds::DecodeCx;
use crate::model::schema::{BlockSchema, Type};
use crate::model::{Body, Value};

const CONFINEMENT: &str = "confinement";
const VARIABLES: &str = "variables";

/// As whom a tenant's schema migrations run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confinement {
    /// Logged in as the tenant's user, so that the server confines them.
    User,
    /// As charter's own user, which may do everything.
    None,
}

/// Adds the attribute that says as whom a tenant's migrations run.
pub fn confinable(schema: BlockSchema) -> BlockSchema {
    let doc = "As whom its schema migrations run: \"user\", the default, logs in as the tenant's user, so that the \
               server confines them; \"none\" takes charter's own user, which may do everything.";
    schema.optional(CONFINEMENT, Type::String, doc)
}

/// Adds the attribute of variables for migration files.
pub fn variable(schema: BlockSchema) -> BlockSchema {
    let doc = "What `${charter.var.<name>}` stands for in its migration files.";
    schema.optional(VARIABLES, Type::String.map(), doc)
}

/// Returns as whom a tenant's migrations run; what is neither word is told.
pub fn confinement(body: &Body, cx: &mut DecodeCx) -> Confinement {
    match body.string(CONFINEMENT) {
        None | Some("user") => Confinement::User,
        Some("none") => Confinement::None,
        Some(other) => {
            let help = match nearest(&other.to_lowercase(), ["user", "none"]) {
                Some(near) => format!("did you mean {near:?}?"),
                None => "it is \"user\" or \"none\"".to_owned(),
            };
            cx.diags.push(
                Diagnostic::error("migrations are not confined like this")
                    .at(body.span_of(CONFINEMENT), format!("{other:?} is no way to run them"))
                    .help(help),
            );
            Confinement::User
        }
    }
}

/// Returns the variables as placeholders: `var.<name>` with its value.
pub fn variables(body: &Body, cx: &mut DecodeCx) -> BTreeMap<String, String> {
    let Some(attr) = body.get(VARIABLES) else { return BTreeMap::new() };
    let mut found = BTreeMap::new();
    for (name, value) in attr.value.as_map().into_iter().flatten() {
        let mut chars = name.chars();
        let good = chars.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
            && chars.all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !good {
            cx.diags.push(
                Diagnostic::error("this is not the name of a variable")
                    .at(attr.span, format!("{name:?} cannot be written as a placeholder"))
                    .help("a name is letters, digits and `_`, and does not begin with a digit"),
            );
        } else if let Some(value) = Value::as_str(value) {
            found.insert(format!("var.{name}"), value.to_owned());
        }
    }
    found
}
