//! The block `rollout`: which tenants are migrated first, and how many at a time after them.

use std::collections::BTreeSet;

use super::decode::Seal;
use super::settings::Reader;
use crate::diag::{Diagnostic, Diagnostics, nearest};
use crate::model::Body;
use crate::model::resource::Desired;
use crate::model::rollout::Policy;
use crate::model::schema::{BlockSchema, Type};

/// The largest number that either attribute may have, as the other end of a typing error.
const MOST: f64 = 1_000_000.0;

impl Reader<'_, '_> {
    /// Returns what the block says; none without one.
    pub(super) fn rollout(&mut self) -> Option<Policy> {
        let schema = BlockSchema::default()
            .optional("canary", Type::String.list(), "The tenants that come first.")
            .optional("batch", Type::Number, "How many tenants a later group has.")
            .optional("max_failures", Type::Number, "How many tenants may fail.");
        let (_, body) = self.body("rollout", &schema, Seal::Keep)?;
        Some(Policy {
            canary: body.strings("canary").unwrap_or_default(),
            batch: self.count(&body, "batch", 1),
            max_failures: self.count(&body, "max_failures", 0),
            span: body.span_of("canary"),
        })
    }

    fn count(&mut self, body: &Body, name: &str, least: u32) -> Option<usize> {
        let number = body.get(name)?.value.as_f64()?;
        if number.fract() == 0.0 && (f64::from(least)..=MOST).contains(&number) {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "whole, and within its bounds"
            )]
            return Some(number as usize);
        }
        let label = format!("a whole number from {least} on is needed");
        self.fail(
            Diagnostic::error(format!("`{name}` is not a number of tenants")).at(body.span_of(name), label),
        );
        None
    }
}

/// Checks that the canaries are tenants that are declared, each named once.
pub fn check(policy: &Policy, desired: &Desired, diags: &mut Diagnostics) {
    let tenants: BTreeSet<&str> =
        desired.resources.values().filter_map(|resource| resource.tenant.as_deref()).collect();
    let mut seen = BTreeSet::new();
    for name in &policy.canary {
        if !seen.insert(name) {
            let label = format!("{name:?} stands here twice");
            diags.push(Diagnostic::error("a canary is named twice").at(policy.span, label));
        } else if !tenants.contains(name.as_str()) {
            let item = Diagnostic::error("a canary is not a tenant")
                .at(policy.span, format!("no tenant has the slug {name:?}"))
                .detail("Other tenants wait for the canaries; without this one they would not.");
            diags.push(match nearest(name, tenants.iter().copied()) {
                Some(near) => item.help(format!("did you mean {near:?}?")),
                None => item.help("name slugs of tenants that are declared, as canary = [\"acme\"]"),
            });
        }
    }
}
