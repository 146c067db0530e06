//! What does not belong into a migration: users and grants, and statements to the server itself.

use super::view::View;
use super::{Check, Found, Rule, Sheet};
use crate::migrate::analyze::Verb;
use crate::model::Severity::Warning;

/// The rules.
pub const RULES: [(Rule, Check); 2] = [
    (
        Rule {
            code: "CH121",
            severity: Warning,
            summary: "a migration changes who may do what",
            help: &[
                "what it gives is no part of what the plan says of access, and nothing keeps it as it is",
                "declare it: role, user and grant blocks are compared, planned and mended",
            ],
        },
        grants,
    ),
    (
        Rule {
            code: "CH122",
            severity: Warning,
            summary: "a migration gives the server an order",
            help: &[
                "SYSTEM and KILL are about the server and all its tenants, and leave nothing that could be compared",
            ],
        },
        orders,
    ),
];

fn grants(view: &View<'_, '_>, _: &Sheet<'_>) -> Vec<Found> {
    if view.analysis.flags.impersonates {
        return vec![(view.head(2), "the rights of another user count, and no plan judges those".into())];
    }
    if !view.analysis.flags.access {
        return Vec::new();
    }
    // A password may follow: only the first words are told.
    vec![(view.head(2), "no plan judges it, and no check sees it drift".into())]
}

fn orders(view: &View<'_, '_>, _: &Sheet<'_>) -> Vec<Found> {
    let is = matches!(view.analysis.verb, Verb::System | Verb::Kill);
    if is { vec![(view.head(3), "it reaches beyond this database".into())] } else { Vec::new() }
}
