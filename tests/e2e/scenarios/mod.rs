//! The scenarios. Each ends with "plan again: no changes", but for those that show what no
//! declaration can mend.

mod access;
mod adoption;
mod cause;
mod confinement;
mod corpus;
mod crash;
mod drift;
mod examples;
mod foreign;
mod grants;
mod grants_property;
mod history;
mod import;
mod imported;
mod isolation;
mod issued;
mod least;
mod lint;
mod lock;
mod looks;
mod migrate;
mod migrations;
mod onboarding;
mod provider_gaps_grants;
mod provider_gaps_users;
mod rbac;
mod recorded;
mod refusals;
mod removal;
mod rotation;
mod saved;
mod saved_once;
mod scale;
mod secrets;
mod settings;
mod standalone;
mod tls;
mod unknown;
mod waiting;

use crate::Scenario;

/// The newest engine, or the server that was given; the others with the full matrix.
pub const NEWEST: &[&str] = &["26.9", "server", "~25.8", "~24.8"];

/// The newest and the oldest engine; the others with the full matrix.
pub const ENDS: &[&str] = &["26.9", "24.8", "server", "~25.8"];

/// Returns every scenario.
pub fn all() -> Vec<Scenario> {
    [
        // The longest first, so that none is waited for at the end.
        scale::scenarios(),
        waiting::scenarios(),
        onboarding::scenarios(),
        saved::scenarios(),
        saved_once::scenarios(),
        access::scenarios(),
        drift::scenarios(),
        examples::scenarios(),
        migrate::scenarios(),
        lint::scenarios(),
        migrations::scenarios(),
        adoption::scenarios(),
        cause::scenarios(),
        confinement::scenarios(),
        corpus::scenarios(),
        provider_gaps_users::scenarios(),
        crash::scenarios(),
        foreign::scenarios(),
        history::scenarios(),
        issued::scenarios(),
        least::scenarios(),
        import::scenarios(),
        imported::scenarios(),
        isolation::scenarios(),
        lock::scenarios(),
        looks::scenarios(),
        grants::scenarios(),
        grants_property::scenarios(),
        provider_gaps_grants::scenarios(),
        rbac::scenarios(),
        secrets::scenarios(),
        settings::scenarios(),
        standalone::scenarios(),
        recorded::scenarios(),
        refusals::scenarios(),
        removal::scenarios(),
        rotation::scenarios(),
        tls::scenarios(),
        unknown::scenarios(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
