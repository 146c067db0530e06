//! The nouns that every other part shares: addresses, values, resources, what was read from the
//! servers, operations and the plan. It depends on nothing of ours but [`crate::diag`], does no
//! I/O and knows no kind of resource by name.

pub mod access;
pub mod addr;
pub mod block;
pub mod body;
pub mod cause;
pub mod checks;
pub mod cost;
pub mod digest;
pub mod files;
pub mod finding;
pub mod gate;
pub mod graph;
pub mod inputs;
mod interned;
pub mod ledger;
pub mod lint;
pub mod migration;
pub mod names;
pub mod op;
pub mod place;
pub mod plan;
pub mod registry;
pub mod resource;
pub mod rollout;
pub mod rotation;
pub mod schema;
pub mod secret;
pub mod settings;
pub mod snapshot;
pub mod sql;
pub mod tracking;
pub mod value;
mod value_serde;
pub mod watch;

pub use addr::Addr;
pub use body::{Body, Spanned};
pub use cause::{Cause, Moved};
pub use digest::Digest;
pub use finding::{Category, Finding, Severity};
pub use op::Op;
pub use plan::{Action, AttrDiff, Plan, Step};
pub use resource::Resource;
pub use rotation::Rotation;
pub use secret::Secret;
pub use settings::Settings;
pub use snapshot::Snapshot;
pub use value::{Attrs, Value};
