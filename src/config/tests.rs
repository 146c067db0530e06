//! Whole configurations, with kinds that are only there for these tests.

mod bad;
mod good;
mod hostile;
mod toys;
