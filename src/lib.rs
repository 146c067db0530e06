//! charter: ClickHouse tenants, declared.

pub mod apply;
pub mod backend;
pub mod diag;
pub mod kinds;
pub mod model;
pub mod render;
pub mod ui;
