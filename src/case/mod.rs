//! Plans without a server: what one is supposed to hold, as data ([`observed`]), how that is recorded
//! from real servers without a secret ([`record`]), and files of tests that say what is to be planned
//! from it ([`run`]), with reports for people and for CI ([`junit`]).
//!
//! All of it is pure: the command line reads and writes the files.

pub mod junit;
pub mod observed;
pub mod record;
pub mod run;
mod view;
