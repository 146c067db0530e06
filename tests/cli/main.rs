//! The command line as a user meets it: the binary is run in an environment that holds nothing but
//! what the test sets, and one snapshot covers standard output, standard error and the exit code.
//!
//! `invalid` runs the broken configurations of `tests/invalid`; the rest is by topic.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod events;
mod fmt;
mod graph;
mod harness;
mod help;
mod init;
mod invalid;
mod lint;
mod migrate;
#[path = "../cases/schema.rs"]
mod schema;
mod servers;
mod streams;
mod testing;
mod usage;
mod validate;
mod variables;
