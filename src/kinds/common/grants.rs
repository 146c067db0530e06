//! The attributes of a resource of kind `grant`, which several kinds declare: who is granted what.
//!
//! `grantees` is a list of maps: `name`, `type` (`role` or `user`), `privileges` (a list of maps:
//! `privileges`, `on`, `grant_option`) and `roles` (names). `additive` says whether only what is
//! declared counts (a grantee that another scope owns), or the grantee is managed whole.

use std::fmt;

use crate::diag::{Diagnostic, Span};
use crate::kinds::{DeclaredAccess, DecodeCx};
use crate::model::schema::{BlockSchema, Type};
use crate::model::value::Attrs;
use crate::model::{Addr, Body, Resource, Value};
use crate::privileges::{Grant, PrivilegeSpec, RoleGrant, Scope};

/// The name of the kind that these resources are of.
pub const KIND: &str = "grant";

/// Whether a grantee is a role or a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GranteeType {
    /// A role.
    Role,
    /// A user.
    User,
}

impl GranteeType {
    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::User => "user",
        }
    }
}

/// One grantee and what it is granted, as declared.
#[derive(Clone, Debug, PartialEq)]
pub struct Grantee {
    /// The name of the role or user.
    pub name: String,
    /// Which of the two.
    pub of: GranteeType,
    /// Its privileges, in the words of the declaration.
    pub privileges: Vec<Declared>,
    /// The roles that it is granted.
    pub roles: Vec<String>,
}

/// One declared grant of privileges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// The privileges, as written.
    pub privileges: Vec<String>,
    /// What they are on, as written.
    pub on: String,
    /// Whether the grantee may grant them on.
    pub grant_option: bool,
}

/// Returns the schema of a `grant` block inside a role or user.
pub fn nested_schema() -> BlockSchema {
    BlockSchema::default()
        .required("privileges", Type::String.list(), "What is allowed: `SELECT`, `SELECT(id, at)`, `ALTER`.")
        .required("on", Type::String, "On what: `db.table`, `db.*`, `*.*`.")
        .optional("grant_option", Type::Bool, "Whether the grantee may grant it on.")
}

impl Grantee {
    /// Decodes the `grant` blocks and `roles` of a role's or user's block.
    pub fn of_block(name: &str, of: GranteeType, body: &Body, cx: &mut DecodeCx) -> Self {
        let privileges = body.blocks("grant").iter().filter_map(|grant| declared(grant, cx)).collect();
        let roles = body.strings("roles").unwrap_or_default();
        Self { name: name.to_owned(), of, privileges, roles }
    }

    /// Returns what is declared as data; what does not parse is left out, for it was reported.
    pub fn access(&self) -> DeclaredAccess {
        let parse = |declared: &Declared| {
            let words: Vec<&str> = declared.privileges.iter().map(String::as_str).collect();
            Grant::parse(&words, &declared.on, declared.grant_option).ok()
        };
        let roles = self.roles.iter().map(|role| RoleGrant { role: role.clone(), admin_option: false });
        DeclaredAccess {
            grantee: self.name.clone(),
            user: self.of == GranteeType::User,
            grants: self.privileges.iter().filter_map(parse).collect(),
            roles: roles.collect(),
        }
    }

    fn to_value(&self) -> Value {
        let privileges = self.privileges.iter().map(Declared::to_value).collect();
        let entries = [
            ("name", Value::from(self.name.as_str())),
            ("type", Value::from(self.of.word())),
            ("privileges", Value::List(privileges)),
            ("roles", Value::strings(self.roles.iter().cloned())),
        ];
        Value::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    fn from_value(value: &Value) -> Option<Self> {
        let of = match value.get("type")?.as_str()? {
            "role" => GranteeType::Role,
            "user" => GranteeType::User,
            _ => return None,
        };
        Some(Self {
            name: value.get("name")?.as_str()?.to_owned(),
            of,
            privileges: value.get("privileges")?.items().iter().filter_map(Declared::from_value).collect(),
            roles: texts(value.get("roles")),
        })
    }
}

impl Declared {
    fn to_value(&self) -> Value {
        let entries = [
            ("privileges", Value::strings(self.privileges.iter().cloned())),
            ("on", Value::from(self.on.as_str())),
            ("grant_option", Value::from(self.grant_option)),
        ];
        Value::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    fn from_value(value: &Value) -> Option<Self> {
        Some(Self {
            privileges: texts(value.get("privileges")),
            on: value.get("on")?.as_str()?.to_owned(),
            grant_option: value.get("grant_option").and_then(Value::as_bool).unwrap_or_default(),
        })
    }
}

impl fmt::Display for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let option = if self.grant_option { " WITH GRANT OPTION" } else { "" };
        write!(f, "{} ON {}{option}", self.privileges.join(", "), self.on)
    }
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let items = value.map_or(&[][..], Value::items);
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Decodes one block with `privileges`, `on` and `grant_option`; what does not parse is reported at
/// its place.
pub fn declared(body: &Body, cx: &mut DecodeCx) -> Option<Declared> {
    let declared = Declared {
        privileges: body.strings("privileges")?,
        on: body.string("on")?.to_owned(),
        grant_option: body.bool("grant_option").unwrap_or_default(),
    };
    check(&declared, body.span_of("privileges"), body.span_of("on"), cx).then_some(declared)
}

const WORDS: &str = "each privilege is a text of its own, such as \"SELECT\" or \"SELECT(id, at)\"";
const SCOPES: &str =
    "write \"db.table\", \"db.*\", \"prefix*.*\" or \"*.*\"; a strange name stands in backticks";

/// Reports a grant that does not parse: each text at its attribute.
pub fn check(declared: &Declared, privileges: Span, on: Span, cx: &mut DecodeCx) -> bool {
    let words = declared.privileges.iter().map(|text| PrivilegeSpec::parse(text).map(drop));
    let words = words.map(|result| (result, privileges, "a privilege cannot be read", WORDS));
    let scope = Scope::parse(&declared.on).map(drop);
    let scope = std::iter::once((scope, on, "the scope of a grant cannot be read", SCOPES));
    let mut good = true;
    for (result, span, summary, help) in words.chain(scope) {
        if let Err(error) = result {
            cx.diags.push(Diagnostic::error(summary).at(span, error.to_string()).help(help));
            good = false;
        }
    }
    good
}

/// Returns the resource that manages grantees whole.
pub fn whole(addr: Addr, identity: &str, grantees: Vec<Grantee>, span: Span) -> Resource {
    Resource::new(addr, KIND, identity, span)
        .with("grantees", Value::List(grantees.iter().map(Grantee::to_value).collect()))
        .with("additive", false)
}

/// Returns the resource that adds to a grantee of another scope.
pub fn additive(addr: Addr, identity: &str, grantee: &Grantee, span: Span) -> Resource {
    Resource::new(addr, KIND, identity, span)
        .with("grantees", Value::List(vec![grantee.to_value()]))
        .with("additive", true)
}

/// Returns the grantees that attributes tell of, be they declared or recorded.
pub fn grantees(attrs: &Attrs) -> Vec<Grantee> {
    let items = attrs.get("grantees").map_or(&[][..], Value::items);
    items.iter().filter_map(Grantee::from_value).collect()
}

/// Returns whether attributes tell of additive grants.
pub fn is_additive(attrs: &Attrs) -> bool {
    attrs.get("additive").and_then(Value::as_bool).unwrap_or_default()
}
