//! Lint: what is allowed by the server and still a mistake, told before it runs.
//!
//! [`registry`] knows every code, with its page; [`statement`] has the rules for the statements of
//! migrations, which need no server; [`select`] reads the codes and groups that `lint { deny allow }`
//! names; [`judge`] applies them, and the `charter:allow` comments, to what was found. Pure.

pub mod inline;
pub mod judge;
pub mod registry;
pub mod select;
pub mod statement;
