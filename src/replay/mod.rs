//! Rebuilding tenants' schemas from their applied files, to compare what is there with what the
//! files make on this server rather than with what was recorded.
//!
//! Tenants whose files read the same are rebuilt once, each group in a scratch database of its own, as
//! a user that may do nothing but in that database: the files are not trusted. Only definitions are
//! made: no rows, no connections elsewhere ([`vet`]). What cannot be rebuilt is unknown, and told;
//! it is never equal or different. The scratch databases and users are dropped at the end, after
//! errors and interrupts too; those of runs that crashed are dropped by a later one ([`run`]).

mod findings;
mod groups;
mod run;
#[cfg(test)]
mod tests;
mod vet;

pub use findings::{findings, replaces};
pub use groups::{Group, Plan, Tenant, plan};
pub use run::{Outcome, run};
