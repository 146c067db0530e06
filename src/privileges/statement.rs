//! `GRANT` and `REVOKE` of privileges as data: what the server printed, and what is to be run.

use super::grant::{Grant, PrivilegeSpec, Scope};
use super::ident::quote_if_needed;

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// `GRANT`
    Grant,
    /// `REVOKE`
    Revoke,
    /// `REVOKE GRANT OPTION FOR`
    RevokeOption,
}

/// One statement about privileges, without its grantee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// What it does.
    pub verb: Verb,
    /// Privileges on scopes; none means `USAGE ON *.*`.
    pub elements: Vec<Element>,
    /// `WITH GRANT OPTION`
    pub grant_option: bool,
    /// `WITH REPLACE OPTION`: everything that the grantee had goes in the same step.
    pub replace: bool,
}

/// Privileges on one scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// The privileges, in order.
    pub privileges: Vec<PrivilegeSpec>,
    /// What they are on.
    pub on: Scope,
}

impl Statement {
    /// Returns what one declared grant means: its `GRANT`, and a `REVOKE` for each part that it leaves out.
    pub fn declaring(grant: &Grant) -> Vec<Self> {
        let mut statements = vec![Self::granting(grant)];
        statements.extend(Self::excepting(grant));
        statements
    }

    /// Returns the `REVOKE`s for the parts that a declared grant leaves out.
    pub(super) fn excepting(grant: &Grant) -> impl Iterator<Item = Self> + '_ {
        grant.except.iter().map(|except| {
            let spec = |spec: &PrivilegeSpec| PrivilegeSpec {
                name: spec.name.clone(),
                columns: except.columns.clone(),
            };
            let privileges = grant.privileges.iter().map(spec).collect();
            let element = Element { privileges, on: except.on.clone() };
            Self { verb: Verb::Revoke, elements: vec![element], grant_option: false, replace: false }
        })
    }

    /// Returns the `GRANT` of one declared grant, without the parts that it leaves out.
    pub fn granting(grant: &Grant) -> Self {
        Self::of(Verb::Grant, grant)
    }

    /// Returns the statement that does `verb` with the privileges of `grant`.
    pub(super) fn of(verb: Verb, grant: &Grant) -> Self {
        let element = Element { privileges: grant.privileges.clone(), on: grant.on.clone() };
        let grant_option = verb == Verb::Grant && grant.grant_option;
        Self { verb, elements: vec![element], grant_option, replace: false }
    }

    /// Returns the statement as SQL for one user or role; every name in it is quoted where needed.
    pub fn sql(&self, grantee: &str) -> String {
        let (verb, preposition) = match self.verb {
            Verb::Grant => ("GRANT", "TO"),
            Verb::Revoke => ("REVOKE", "FROM"),
            Verb::RevokeOption => ("REVOKE GRANT OPTION FOR", "FROM"),
        };
        let option = if self.grant_option { " WITH GRANT OPTION" } else { "" };
        let replace = if self.replace { " WITH REPLACE OPTION" } else { "" };
        format!("{verb} {} {preposition} {}{option}{replace}", self.list(), quote_if_needed(grantee))
    }

    fn list(&self) -> String {
        if self.elements.is_empty() {
            return "USAGE ON *.*".to_owned();
        }
        let elements = self.elements.iter().map(|element| {
            let grant = Grant {
                privileges: element.privileges.clone(),
                on: element.on.clone(),
                grant_option: false,
                except: Vec::new(),
            };
            grant.to_string()
        });
        elements.collect::<Vec<_>>().join(", ")
    }
}
