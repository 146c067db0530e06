//! ClickHouse over HTTP.
//!
//! Every query has its own id and comment, is buffered by the server to its end (`wait_end_of_query`,
//! so that status and summary are final), and answers in `JSONEachRow`. Parameters travel in the
//! body. One URL is one node: access entities are read back from where they were written.

mod client;
mod error;
mod tls;

pub use client::Client;
pub(in crate::backend) use error::chain;
pub use error::missing_grants;
