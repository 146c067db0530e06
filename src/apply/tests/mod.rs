//! Tests of the executor against servers in memory, in paused time.

pub(super) mod fake;
