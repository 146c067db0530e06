//! Written estates, planned against what they were written from.
