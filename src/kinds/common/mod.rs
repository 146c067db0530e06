//! What several kinds need: shared reads, the shapes of attributes that one kind writes and another
//! reads, and names by convention. No kind of its own.

pub mod buried;
pub mod convention;
pub mod credential;
pub mod decode;
pub mod duration;
pub mod expiry;
pub mod foreign_ledgers;
pub mod grants;
pub mod hosts;
pub mod import_ledger;
pub mod interval;
pub mod kept;
pub mod kube;
pub mod limits;
pub mod migration;
pub mod principals;
pub mod reads;
pub mod rename;
pub mod runner;
pub mod secret;
pub mod settings;
pub mod storage;
pub mod superset;
pub mod tracking;
pub mod user;
pub mod written;
pub mod written_grants;
