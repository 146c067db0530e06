//! charter: ClickHouse tenants, declared.
//!
//! ```text
//! tenants.hcl, *.hcl, migrations/ ──config──▶ Desired (graph) ──┐
//!                                                                ├──plan::build──▶ Plan ──┬─▶ render: text · markdown · json
//! ClickHouse, Kubernetes ──────────observe──▶ Snapshot ─────────┘  (pure, sync)           └─▶ apply ──▶ events ──▶ progress · json · audit
//! ```
//!
//! There is no state file: what exists is read from the servers, and what charter owns is recorded
//! on them. There are no unknown values: a plan holds the final statements and manifests. The plan
//! decides, apply obeys.
//!
//! The rules, checked by `tests/architecture.rs`:
//!
//! - R1 [`model`] depends on nothing of ours but [`diag`]. [`plan`], [`render`], [`migrate`], [`lint`],
//!   [`plan_file`], [`privileges`], [`isolation`] and the [`kinds`] do no I/O and know no clock and no randomness.
//! - R2 Network only in [`backend`]; disk and environment only in [`config::load`] and [`cli`].
//! - R3 [`apply`] imports neither [`plan`], [`config`] nor [`kinds`]: it executes the operations
//!   that it is given.
//! - R4 Nothing prints but [`ui`], which is handed what [`render`] and [`diag`] draw.
//! - R5 Kinds do not know each other. A new kind is one folder below [`kinds`] and one line in its
//!   table; the core never names a kind.

pub mod apply;
pub mod backend;
pub mod case;
pub mod cli;
pub mod config;
pub mod diag;
pub mod format;
pub mod import;
pub mod isolation;
pub mod kinds;
pub mod lint;
pub mod migrate;
pub mod model;
pub mod observe;
pub mod plan;
pub mod plan_file;
pub mod privileges;
pub mod render;
pub mod replay;
pub mod ui;
