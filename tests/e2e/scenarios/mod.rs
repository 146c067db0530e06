//! The scenarios. Each ends with "plan again: no changes", but for those that show what no
//! declaration can mend.

mod adoption;
mod crash;
mod drift;
mod examples;
mod foreign;
mod isolation;
mod lock;
mod migrations;
mod onboarding;
mod refusals;
mod scale;
mod secrets;
mod standalone;
mod tls;

use crate::Scenario;

/// Returns every scenario.
pub fn all() -> Vec<Scenario> {
    [
        onboarding::scenarios(),
        drift::scenarios(),
        examples::scenarios(),
        migrations::scenarios(),
        adoption::scenarios(),
        crash::scenarios(),
        foreign::scenarios(),
        isolation::scenarios(),
        lock::scenarios(),
        secrets::scenarios(),
        standalone::scenarios(),
        refusals::scenarios(),
        scale::scenarios(),
        tls::scenarios(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
