//! The attributes of a resource of kind `grant`, which several kinds declare: who is granted what.
//!
//! `grantees` is a list of maps: `name`, `type` (`role` or `user`), `privileges` (a list of maps:
//! `privileges`, `on`, `grant_option`, `except`), `roles` (names), `admin` (those of them with admin
//! option) and `ignore_unmanaged`. `additive` says whether only what is declared counts (a grantee
//! that another scope owns), or the grantee is managed whole.

use std::fmt;

use crate::diag::{Diagnostic, Span};
use crate::kinds::{DeclaredAccess, DecodeCx};
use crate::model::schema::{Arity, BlockSchema, Type};
use crate::model::value::Attrs;
use crate::model::{Addr, Body, Resource, Snapshot, Value, place};
use crate::privileges::{
    Except, Grant, ParseError, PrivilegeSpec, RoleGrant, Scope, ShowGrant, parse_show_grants,
};

/// The name of the place where the grantee of a grant of its own is named.
pub const TO: &str = "to";

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

/// Returns the lines of `SHOW GRANTS` about a role or user that can be read.
pub fn lines_of<'s>(name: &'s str, snapshot: &'s Snapshot) -> impl Iterator<Item = ShowGrant> + 's {
    let texts = snapshot.rows(super::reads::GRANTS).iter().flat_map(|row| row.values());
    let lines = texts.filter_map(|text| parse_show_grants(text.as_str()?).ok());
    lines.filter(move |line| line.grantee() == name)
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
    /// Those of the roles that it may grant on.
    pub admin: Vec<String>,
    /// Whether what was granted by hand is left alone.
    pub ignore_unmanaged: bool,
    /// Where its roles are declared, by name; not known of what was recorded.
    pub places: Vec<(String, Span)>,
}

/// One declared grant of privileges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    /// The privileges, as written.
    pub privileges: Vec<String>,
    /// What they are on, as written.
    pub on: String,
    /// Whether the grantee may grant them on.
    pub grant_option: bool,
    /// Parts of `on` that are left out, as written.
    pub except: Vec<String>,
    /// Where it is declared; not known of what was recorded.
    pub places: Option<Places>,
}

/// Where the parts of a declared grant stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    /// The list of privileges.
    pub privileges: Span,
    /// The scope.
    pub on: Span,
    /// The list of what is left out.
    pub except: Span,
}

/// Returns the schema of a `grant` block inside a role or user.
pub fn nested_schema() -> BlockSchema {
    BlockSchema::default()
        .required("privileges", Type::String.list(), "What is allowed: `SELECT`, `SELECT(id, at)`, `ALTER`.")
        .required("on", Type::String, "On what: `db.table`, `db.*`, `*.*`.")
        .optional(
            "except",
            Type::String.list(),
            "Parts of it that are left out: `db.secret`, `db.t(column)`.",
        )
        .optional("grant_option", Type::Bool, "Whether the grantee may grant it on.")
}

/// Adds to the schema of a role or user what it may be granted.
#[must_use]
pub fn with_grants(schema: BlockSchema) -> BlockSchema {
    let role_grant = BlockSchema::default()
        .required("role", Type::Ref(&["role"]), "The role that is granted.")
        .optional("admin_option", Type::Bool, "Whether the grantee may grant the role on.");
    schema
        .optional("roles", Type::Ref(&["role"]).list(), "Roles that are granted to it.")
        .optional(
            "ignore_unmanaged_grants",
            Type::Bool,
            "Whether grants that were made by hand are left alone; they are drift where absent.",
        )
        .block("grant", Arity::Many, nested_schema())
        .block("role_grant", Arity::Many, role_grant)
}

impl Grantee {
    /// Returns a grantee without any grants.
    pub fn new(name: impl Into<String>, of: GranteeType) -> Self {
        Self {
            name: name.into(),
            of,
            privileges: Vec::new(),
            roles: Vec::new(),
            admin: Vec::new(),
            ignore_unmanaged: false,
            places: Vec::new(),
        }
    }

    /// Decodes what [`with_grants`] lets stand in a role's or user's block.
    pub fn of_block(name: &str, of: GranteeType, body: &Body, cx: &mut DecodeCx) -> Self {
        let mut grantee = Self::new(name, of);
        grantee.privileges = body.blocks("grant").iter().filter_map(|grant| declared(grant, cx)).collect();
        grantee.ignore_unmanaged = body.bool("ignore_unmanaged_grants").unwrap_or_default();
        for role in body.strings("roles").unwrap_or_default() {
            grantee.add_role(role, false, body.span_of("roles"));
        }
        for grant in body.blocks("role_grant") {
            if let Some(role) = grant.string("role") {
                let admin = grant.bool("admin_option").unwrap_or_default();
                grantee.add_role(role.to_owned(), admin, grant.span_of("role"));
            }
        }
        grantee
    }

    fn add_role(&mut self, role: String, admin: bool, span: Span) {
        if admin && !self.admin.contains(&role) {
            self.admin.push(role.clone());
        }
        if !self.roles.contains(&role) {
            self.places.push((role.clone(), span));
            self.roles.push(role);
        }
    }

    /// Returns the privileges as they are compared; those that do not parse are left out.
    pub fn grants(&self) -> Vec<Grant> {
        self.privileges.iter().filter_map(|declared| declared.parse().ok()).collect()
    }

    /// Returns what is declared as data; what does not parse is left out, for it was reported.
    pub fn access(&self) -> DeclaredAccess {
        let roles = self
            .roles
            .iter()
            .map(|role| RoleGrant { role: role.clone(), admin_option: self.admin.contains(role) });
        DeclaredAccess {
            grantee: self.name.clone(),
            user: self.of == GranteeType::User,
            grants: self.grants(),
            roles: roles.collect(),
        }
    }

    fn to_value(&self) -> Value {
        let privileges = self.privileges.iter().map(Declared::to_value).collect();
        let mut entries = vec![
            ("name", Value::from(self.name.as_str())),
            ("type", Value::from(self.of.word())),
            ("privileges", Value::List(privileges)),
            ("roles", Value::strings(self.roles.iter().cloned())),
        ];
        if !self.admin.is_empty() {
            entries.push(("admin", Value::strings(self.admin.iter().cloned())));
        }
        if self.ignore_unmanaged {
            entries.push(("ignore_unmanaged", true.into()));
        }
        Value::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    fn from_value(value: &Value) -> Option<Self> {
        let of = match value.get("type")?.as_str()? {
            "role" => GranteeType::Role,
            "user" => GranteeType::User,
            _ => return None,
        };
        Some(Self {
            privileges: value.get("privileges")?.items().iter().filter_map(Declared::from_value).collect(),
            roles: texts(value.get("roles")),
            admin: texts(value.get("admin")),
            ignore_unmanaged: value.get("ignore_unmanaged").and_then(Value::as_bool).unwrap_or_default(),
            ..Self::new(value.get("name")?.as_str()?, of)
        })
    }
}

impl Declared {
    /// Returns the grant as it is compared.
    ///
    /// # Errors
    /// Returns the first text that cannot be read.
    pub fn parse(&self) -> Result<Grant, ParseError> {
        let words: Vec<&str> = self.privileges.iter().map(String::as_str).collect();
        let except = self.except.iter().map(|text| Except::parse(text)).collect::<Result<_, _>>()?;
        Ok(Grant::parse(&words, &self.on, self.grant_option)?.excepting(except))
    }

    fn to_value(&self) -> Value {
        let mut entries = vec![
            ("privileges", Value::strings(self.privileges.iter().cloned())),
            ("on", Value::from(self.on.as_str())),
            ("grant_option", Value::from(self.grant_option)),
        ];
        if !self.except.is_empty() {
            entries.push(("except", Value::strings(self.except.iter().cloned())));
        }
        Value::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    fn from_value(value: &Value) -> Option<Self> {
        Some(Self {
            privileges: texts(value.get("privileges")),
            on: value.get("on")?.as_str()?.to_owned(),
            grant_option: value.get("grant_option").and_then(Value::as_bool).unwrap_or_default(),
            except: texts(value.get("except")),
            places: None,
        })
    }
}

impl fmt::Display for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ON {}", self.privileges.join(", "), self.on)?;
        if !self.except.is_empty() {
            write!(f, " EXCEPT {}", self.except.join(", "))?;
        }
        f.write_str(if self.grant_option { " WITH GRANT OPTION" } else { "" })
    }
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let items = value.map_or(&[][..], Value::items);
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Decodes one block with `privileges`, `on`, `except` and `grant_option`; what does not parse is
/// reported at its place.
pub fn declared(body: &Body, cx: &mut DecodeCx) -> Option<Declared> {
    let declared = Declared {
        privileges: body.strings("privileges")?,
        on: body.string("on")?.to_owned(),
        grant_option: body.bool("grant_option").unwrap_or_default(),
        except: body.strings("except").unwrap_or_default(),
        places: Some(Places {
            privileges: body.span_of("privileges"),
            on: body.span_of("on"),
            except: body.span_of("except"),
        }),
    };
    check(&declared, cx).then_some(declared)
}

const WORDS: &str = "each privilege is a text of its own, such as \"SELECT\" or \"SELECT(id, at)\"";
const SCOPES: &str =
    "write \"db.table\", \"db.*\", \"prefix*.*\" or \"*.*\"; a strange name stands in backticks";
const PARTS: &str = "write parts of `on`: \"db.table\", \"db.*\", or columns as \"db.table(column)\"";

/// Reports a grant that does not parse: each text at its place.
pub fn check(declared: &Declared, cx: &mut DecodeCx) -> bool {
    let Some(places) = declared.places else { return true };
    let before = cx.diags.len();
    let mut report = |span, text: &str, summary: &str, error: String, help: &str| {
        let span = place::narrowed(cx.sources, span, Some(text));
        cx.diags.push(Diagnostic::error(summary).at(span, error).help(help));
    };
    for text in &declared.privileges {
        if is_current_grants(text) {
            continue;
        }
        if let Err(error) = PrivilegeSpec::parse(text) {
            report(places.privileges, text, "a privilege cannot be read", error.to_string(), WORDS);
        }
    }
    let scope = Scope::parse(&declared.on);
    if let Err(error) = &scope {
        let summary = "the scope of a grant cannot be read";
        report(places.on, &declared.on, summary, error.to_string(), SCOPES);
    }
    for text in &declared.except {
        match (Except::parse(text), &scope) {
            (Err(error), _) => {
                let summary = "what a grant leaves out cannot be read";
                report(places.except, text, summary, error.to_string(), PARTS);
            }
            (Ok(except), Ok(scope)) if !is_part(&except, scope) => {
                let summary = "a grant leaves out what it does not cover";
                report(places.except, text, summary, format!("not a part of {scope}"), PARTS);
            }
            _ => {}
        }
    }
    let current = declared.privileges.iter().filter(|text| is_current_grants(text));
    current.for_each(|text| current_grants(place::narrowed(cx.sources, places.privileges, Some(text)), cx));
    cx.diags.len() == before
}

fn is_part(except: &Except, scope: &Scope) -> bool {
    scope.covers(&except.on) && (*scope != except.on || !except.columns.is_empty())
}

fn is_current_grants(text: &str) -> bool {
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut next = |word: &str| words.next().is_some_and(|found| found.eq_ignore_ascii_case(word));
    next("CURRENT") && next("GRANTS")
}

/// `CURRENT GRANTS` is no privilege but a statement about whoever executes it.
fn current_grants(span: Span, cx: &mut DecodeCx) {
    cx.diags.push(
        Diagnostic::error("CURRENT GRANTS cannot be declared")
            .at(span, "copies the rights of whoever runs the apply")
            .detail(
                "The server replaces it by what the granting user may do at that moment, so that the same \
                 declaration would mean something else with each user, server and release, and nobody \
                 could tell later whether it still holds.",
            )
            .help("write the privileges that are meant; groups such as \"ALTER\", or \"ALL\", are fine")
            .help("where the server refuses a wide group to charter's own user, list the groups below it"),
    );
}

/// Returns the resource that manages grantees whole.
pub fn whole(addr: Addr, identity: &str, grantees: Vec<Grantee>, span: Span) -> Resource {
    resource(addr, identity, &grantees, span).with("additive", false)
}

fn resource(addr: Addr, identity: &str, grantees: &[Grantee], span: Span) -> Resource {
    let mut resource = Resource::new(addr, KIND, identity, span)
        .with("grantees", Value::List(grantees.iter().map(Grantee::to_value).collect()));
    for (index, grantee) in grantees.iter().enumerate() {
        for (declared, grant) in grantee.privileges.iter().enumerate() {
            if let Some(places) = grant.places {
                let parts = [("privileges", places.privileges), ("on", places.on), ("except", places.except)];
                let keys = parts.map(|(part, span)| (format!("{index}.{declared}.{part}"), span));
                resource.places.extend(keys);
            }
        }
        let roles = grantee.places.iter().map(|(role, span)| (format!("{index}.role.{role}"), *span));
        resource.places.extend(roles);
    }
    resource
}

/// Returns where a part (`privileges`, `on`, `except`) of a declared grant stands.
pub fn place_of(resource: &Resource, grantee: usize, declared: usize, part: &str) -> Span {
    resource.place(&format!("{grantee}.{declared}.{part}"))
}

/// Returns where it is declared that a grantee has a role.
pub fn place_of_role(resource: &Resource, grantee: usize, role: &str) -> Span {
    resource.place(&format!("{grantee}.role.{role}"))
}

/// Returns the resource that adds to a grantee of another scope.
pub fn additive(addr: Addr, identity: &str, grantee: &Grantee, span: Span) -> Resource {
    resource(addr, identity, std::slice::from_ref(grantee), span).with("additive", true)
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

/// Returns what a grantee is granted, in words: privileges, then roles.
pub fn words(grantee: &Grantee) -> Vec<String> {
    let privileges = grantee.privileges.iter().map(ToString::to_string);
    let role = |role: &String| {
        let option = if grantee.admin.contains(role) { " WITH ADMIN OPTION" } else { "" };
        format!("{role}{option}")
    };
    privileges.chain(grantee.roles.iter().map(role)).collect()
}
