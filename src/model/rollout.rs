//! How tenants' migrations are rolled out: a few tenants first, then the others in groups.
//!
//! The configuration has a [`Policy`]; a plan has the [`Rollout`] that comes of it, with the steps of
//! each group, so that an apply decides nothing.

use serde::{Deserialize, Serialize};

use crate::diag::Span;

/// What a `rollout` block says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The tenants (slugs) that come first, and that must all succeed.
    pub canary: Vec<String>,
    /// How many tenants a later group has; all the others where it is absent.
    pub batch: Option<usize>,
    /// How many tenants may fail before no other is begun; any number where it is absent.
    pub max_failures: Option<usize>,
    /// Where `canary` stands in the source.
    pub span: Span,
}

/// The groups of a plan, in the order in which they run. A group begins when every tenant of the
/// groups before has ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollout {
    /// The groups, none of them empty.
    pub groups: Vec<Group>,
    /// How many tenants may fail; once more have failed, no tenant begins that has not begun.
    pub max_failures: Option<usize>,
}

/// Tenants that run at the same time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Whether it is the group of the canaries: if one of them fails, no other tenant begins.
    pub canary: bool,
    /// The tenants, by address.
    pub tenants: Vec<Member>,
}

/// A tenant of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The tenant's slug.
    pub tenant: String,
    /// The steps that run its migrations, by number.
    pub steps: Vec<usize>,
}

impl Rollout {
    /// Returns what it comes to, as a sentence without its end.
    pub fn summary(&self) -> String {
        let (canaries, batches): (Vec<&Group>, Vec<&Group>) =
            self.groups.iter().partition(|group| group.canary);
        let canaries: usize = canaries.iter().map(|group| group.tenants.len()).sum();
        let mut parts = Vec::new();
        if canaries > 0 {
            parts.push(count(canaries, "canary", "canaries"));
        }
        if let Some(largest) = batches.iter().map(|group| group.tenants.len()).max() {
            let tenants = batches.iter().map(|group| group.tenants.len()).sum();
            parts.push(match batches.len() {
                1 => count(tenants, "tenant", "tenants"),
                _ if largest == 1 => format!("{tenants} tenants, one at a time"),
                groups => format!("{tenants} tenants in {groups} groups of up to {largest}"),
            });
        }
        let mut text = parts.join(", then ");
        if let Some(max) = self.max_failures.filter(|_| !batches.is_empty()) {
            text.push_str(&match max {
                0 => "; stops when a tenant fails".to_owned(),
                max => format!("; stops when more than {} failed", count(max, "tenant has", "tenants have")),
            });
        }
        text
    }
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(canary: bool, tenants: usize) -> Group {
        let member = |index| Member { tenant: format!("t{index}"), steps: vec![index] };
        Group { canary, tenants: (0..tenants).map(member).collect() }
    }

    fn summary(canaries: usize, batches: &[usize], max_failures: Option<usize>) -> String {
        let canaries = (canaries > 0).then(|| group(true, canaries));
        let batches = batches.iter().map(|tenants| group(false, *tenants));
        Rollout { groups: canaries.into_iter().chain(batches).collect(), max_failures }.summary()
    }

    #[test]
    fn it_is_told_in_a_sentence() {
        let all = [
            summary(1, &[50, 50, 20], Some(3)),
            summary(2, &[1], Some(1)),
            summary(0, &[7, 7], Some(0)),
            summary(1, &[], Some(3)),
            summary(0, &[4], None),
            summary(1, &[1, 1], None),
        ];
        insta::assert_snapshot!(all.join("\n"), @r"
        1 canary, then 120 tenants in 3 groups of up to 50; stops when more than 3 tenants have failed
        2 canaries, then 1 tenant; stops when more than 1 tenant has failed
        14 tenants in 2 groups of up to 7; stops when a tenant fails
        1 canary
        4 tenants
        1 canary, then 2 tenants, one at a time
        ");
    }
}
