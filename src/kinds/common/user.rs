//! The attributes of a user's resource, which a `user` block and a tenant both declare.

use std::collections::BTreeSet;

use super::{expiry, hosts, settings};
use crate::diag::Span;
use crate::kinds::DecodeCx;
use crate::model::schema::{BlockSchema, Type};
use crate::model::{Addr, Attrs, Body, Resource, Value};

/// The name of the kind that these resources are of.
pub const KIND: &str = "user";

/// The attribute that names those that hold by convention, because nobody declared them.
pub const CONVENTIONS: &str = "conventions";

/// The attribute of the roles that a login begins with.
pub const DEFAULT_ROLES: &str = "default_roles";

/// What charter's conventions ask for and no contract does. A user that is adopted without one of
/// them keeps what it has, until the attribute is declared.
pub const CONVENTIONAL: [&str; 5] =
    ["default_database", "default_roles", "grantees", settings::PROFILE, settings::SETTINGS];

/// Adds the attributes that a `user` block and a tenant's `user` block share.
pub fn attributes(schema: BlockSchema) -> BlockSchema {
    let schema = schema
        .optional(
            "hosts",
            Type::String.list(),
            "Addresses and networks that it may log in from, and `\"localhost\"`; all where no list of hosts is declared.",
        )
        .optional("host_names", Type::String.list(), "Names of hosts that it may log in from, besides.")
        .optional("host_names_regexp", Type::String.list(), "Regular expressions of such names.")
        .optional("host_names_like", Type::String.list(), "`LIKE` patterns of such names (`%.example.com`).")
        .optional("default_database", Type::String, "The database that it begins in.")
        .optional(
            "grantees",
            Type::Refs { kinds: &["role", "user"], words: &["none", "any"] },
            "Whom it may hand its privileges on to, where it may at all; none where absent.",
        )
        .optional(
            "valid_until",
            Type::String,
            "Until when it may log in (RFC 3339: `2027-01-31T12:00:00Z`); without end where absent.",
        );
    settings::with_profile(schema)
}

/// The attributes of the shared ones that `ignore_changes` may name.
pub const IGNORABLE: [&str; 10] = [
    "hosts",
    "host_names",
    "host_names_regexp",
    "host_names_like",
    "default_database",
    "default_roles",
    "grantees",
    "valid_until",
    settings::PROFILE,
    settings::SETTINGS,
];

/// Returns the resource of a user by convention, less its credential and its methods. `database` is
/// the one that it begins in; empty for none.
pub fn resource(addr: Addr, name: &str, database: &str, span: Span) -> Resource {
    let mut attrs = hosts::anywhere();
    attrs.insert("default_database".into(), database.into());
    attrs.insert(DEFAULT_ROLES.into(), "all".into());
    attrs.insert("grantees".into(), "none".into());
    attrs.insert(CONVENTIONS.into(), Value::strings(CONVENTIONAL));
    Resource { attrs, ..Resource::new(addr, KIND, name, span) }
}

/// Returns a user with the shared attributes that a block declares.
pub fn declared(mut user: Resource, body: &Body, cx: &mut DecodeCx) -> Resource {
    user.attrs.extend(hosts::decode(body, cx));
    if let Some(database) = body.string("default_database") {
        user.attrs.insert("default_database".into(), database.into());
    }
    for attr in [DEFAULT_ROLES, "grantees"] {
        user.attrs.extend(body.get(attr).map(|declared| (attr.to_owned(), words_or_names(&declared.value))));
    }
    let valid_until = body.get("valid_until").and_then(|attr| expiry::decode(attr, cx));
    user.attrs.extend(valid_until.map(|time| ("valid_until".to_owned(), time.into())));
    // One clause replaces profile and settings together.
    let is_declared = |attr: &str| match attr {
        settings::PROFILE | settings::SETTINGS => settings::is_declared(body),
        attr => body.get(attr).is_some(),
    };
    let conventions = CONVENTIONAL.iter().copied().filter(|attr| !is_declared(attr));
    user.attrs.insert(CONVENTIONS.into(), Value::strings(conventions));
    settings::of_block(user, body, cx)
}

/// Returns a word as it is, or the names of a list of references, sorted; an empty list is the word
/// for nobody.
fn words_or_names(value: &Value) -> Value {
    if let Value::String(word) = value {
        return word.as_str().into();
    }
    let names: BTreeSet<&str> = value.items().iter().filter_map(Value::as_str).collect();
    if names.is_empty() { "none".into() } else { Value::strings(names) }
}

/// Returns which attributes of a user hold by convention.
pub fn conventions(attrs: &Attrs) -> BTreeSet<&str> {
    let items = attrs.get(CONVENTIONS).map_or(&[][..], Value::items);
    items.iter().filter_map(Value::as_str).collect()
}
