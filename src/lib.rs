//! charter: ClickHouse tenants, declared.

pub mod backend;
pub mod diag;
pub mod kinds;
pub mod model;
pub mod observe;
