//! charter: ClickHouse tenants, declared.

pub mod apply;
pub mod backend;
pub mod cli;
pub mod config;
pub mod diag;
pub mod kinds;
pub mod migrate;
pub mod model;
pub mod plan;
pub mod privileges;
pub mod render;
pub mod ui;
pub mod observe;
