//! Everything that is shown, as text: pure functions from typed data to strings.
//!
//! A plan becomes a [`tree`] of what is shown, equal parts of it are put together ([`mod@fold`]), and
//! that becomes [`text`] or [`mod@markdown`]; [`json`] is for programs.
//! Whatever comes from users or servers passes [`escape`]; colour is written by [`page`] alone.

pub mod access;
pub mod allowed;
pub mod cause;
pub mod check;
pub mod checks;
pub mod codes;
mod cost;
mod drift;
pub mod findings;
pub mod fold;
pub mod gates;
pub mod graph;
pub mod history;
pub mod json;
pub mod lines;
pub mod lint;
pub mod markdown;
pub mod page;
pub mod report;
pub mod risk;
pub mod sarif;
pub mod saved;
pub mod sql;
pub mod status;
mod template;
#[cfg(test)]
mod tests;
pub mod text;
pub mod tree;
pub mod unified;
pub mod widening;

pub use crate::diag::escape;
