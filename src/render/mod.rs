//! Everything that is shown, as text: pure functions from typed data to strings.

pub mod report;
