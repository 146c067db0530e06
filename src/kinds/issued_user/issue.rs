//! What is asked of `charter credentials issue`, as a resource: the name that says who and why, the
//! role, the end.

use super::{NAME, instant};
use crate::model::op::Slot;
use crate::model::{Addr, Resource, Value};

/// The longest name: it is the value of a label in Kubernetes, too.
const LONGEST: usize = 63;

/// A request for a short-lived user.
#[derive(Clone, Debug)]
pub struct Issue<'a> {
    /// The role that it is to hold.
    pub role: &'a Resource,
    /// Who asks.
    pub actor: &'a str,
    /// Why; may be empty.
    pub reason: &'a str,
    /// Addresses and networks that it may log in from; all where there are none.
    pub hosts: &'a [String],
    /// The namespace and name of the Secret that keeps the password; none where it is handed out.
    pub secret: Option<(&'a str, &'a str)>,
    /// What no other name ends in: letters and digits.
    pub unique: &'a str,
}

impl Issue<'_> {
    /// Returns the user's name: `issued_<role>_<actor>_<reason>_<unique>`, of `[a-z0-9_]`, each
    /// part cut so that the whole stays within 63 characters.
    pub fn name(&self) -> String {
        let parts = [("issued", 6), (&self.role.identity, 16), (self.actor, 14), (self.reason, 14)];
        let parts = parts.into_iter().map(|(text, longest)| slug(text, longest));
        let mut name = parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_");
        name.push('_');
        name.push_str(&slug(self.unique, LONGEST - name.len()));
        name
    }

    /// Returns it as a resource that ends `ttl` seconds after `now` (seconds since 1970, by the
    /// server's clock). It comes after its role and belongs to the role's tenant.
    pub fn resource(&self, now: u64, ttl: u64) -> Resource {
        let name = self.name();
        let addr = address(self.role, &name);
        let mut user = Resource::new(addr, NAME, name, self.role.span)
            .with("role", self.role.identity.as_str())
            .with("actor", self.actor)
            .with("reason", self.reason)
            .with("hosts", Value::strings(self.hosts.iter().cloned()))
            .with("issued_at", instant(now))
            .with("valid_until", instant(now.saturating_add(ttl)))
            .after(self.role.addr.clone());
        if let Some((namespace, secret)) = self.secret {
            user = user.with("namespace", namespace).with("secret", secret);
        }
        user.tenant.clone_from(&self.role.tenant);
        user
    }
}

fn address(role: &Resource, name: &str) -> Addr {
    role.addr.keyed_part("issued", name)
}

/// Returns the slot of a short-lived user's password.
pub fn slot(addr: &Addr) -> Slot {
    Slot::of(addr.clone())
}

/// Returns a text as a part of a name: lower-case letters and digits, `_` for each run of others.
fn slug(text: &str, longest: usize) -> String {
    let mut slug = String::new();
    for c in text.chars() {
        if slug.len() == longest {
            break;
        }
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('_') {
            slug.push('_');
        }
    }
    slug.trim_end_matches('_').to_owned()
}
