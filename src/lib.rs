//! charter: ClickHouse tenants, declared.

pub mod diag;
pub mod kinds;
pub mod model;
