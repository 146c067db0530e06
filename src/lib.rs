//! charter: ClickHouse tenants, declared.

pub mod backend;
pub mod config;
pub mod diag;
pub mod kinds;
pub mod model;
