//! ClickHouse grants compared by meaning.
//!
//! A privilege word stands for leaves of the tree that the live server lists in `system.privileges`; a scope stands for
//! points: every name that either side mentions, and one nameless representative for each wildcard and for "anything
//! else". A list of `GRANT` and `REVOKE` is a set of (leaf, point), once for rights and once for the grant option. Two
//! lists are equal when those sets are, whatever their text. [`diff`] finds the statements that lead from one to the
//! other, replays them in this algebra, and returns them only if the result is what was declared.
//!
//! The module is pure: it reads no server, and it has no table of privileges of its own, for each release changes it.

mod access;
mod catalog;
mod diff;
mod doing;
mod effective;
mod error;
mod fold;
mod grant;
mod ident;
mod leaf_set;
mod lint;
mod points;
mod regroup;
mod resolve;
mod roles;
mod show;
mod statement;

pub use access::AccessSet;
pub use catalog::{Catalog, Level, PrivilegeId, PrivilegeRow};
pub use diff::{Declaration, Extra, GrantDiff, Mode, compare, diff};
pub use doing::Doings;
pub use effective::{Compare, Effect, Portion, Source};
pub use error::{DiffError, ParseError, ParseErrorKind, PrivilegeError};
pub use grant::{Except, Grant, PrivilegeSpec, Scope};
pub use ident::{quote, quote_if_needed};
pub use leaf_set::LeafSet;
pub use lint::{Halved, Redundant, Word, halved, lost_options, redundant};
pub use points::Universe;
pub use points::cover::Place;
pub use resolve::{Reading, validate};
pub use roles::{RoleDiff, RoleGrant, compare_roles, diff_roles, memberships};
pub use show::{ShowGrant, parse_show_grants};
pub use statement::{Element, Statement, Verb};

#[cfg(test)]
mod tests;
