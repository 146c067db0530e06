//! Whole configurations, with kinds that are only there for these tests.

mod bad;
mod bad_blocks;
mod bad_inputs;
mod good;
mod hostile;
mod inputs;
pub mod toys;
