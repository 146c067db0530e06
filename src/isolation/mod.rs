//! The proof that tenants are apart: from live users, roles, grants, views and accounts it tells who
//! can read or change each tenant's data, and names everyone who is not declared to, with the way.
//!
//! The tenants' data are the databases of resources that belong to a tenant. Declared to reach them
//! is whoever the configuration grants it, and, told as a note, whoever another scope recorded as its own;
//! trusted are charter's own user and the declared administrators. What the proof sees and what it does
//! not is said in `docs/isolation.md`.
//!
//! The module is pure: it takes what was read and what is declared, and returns a [`Report`].

mod beside;
mod declared;
mod findings;
mod graph;
pub mod objects;
mod observed;
mod powers;
mod prove;
mod reach;
mod report;
mod tenants;
#[cfg(test)]
mod tests;

pub use declared::Declared;
pub use findings::findings;
pub use graph::{Graph, Principal};
pub use observed::{Observed, reads};
pub use prove::prove;
pub use report::{Holder, Hole, Reached, Report, Way};
pub use tenants::{Tenant, Tenants};
