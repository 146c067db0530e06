//! Users for an hour: made by `charter credentials issue`, never declared, gone by themselves.
//!
//! Such a user holds one role, has an end (`VALID UNTIL`) that the server enforces, and a name that
//! says who asked for it and why. Its record in the registry is all that charter knows of it: until
//! its end a plan leaves it alone, afterwards the next apply removes it, and with it the Secret that
//! was made for its password. Its address lies below its role's, so that targets take both.

mod issue;
mod lower;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::kinds::common::{grants, kube, reads};
use crate::kinds::{Change, Kind, Lowered, Undeclared, World};
use crate::model::finding::{Category, Finding, Severity};
use crate::model::registry::{Entry, Status};
use crate::model::snapshot::{Api, Caps, Read, text};
use crate::model::{Addr, Attrs, Resource, Settings, Value};

pub use issue::{Issue, slot};

/// The kind.
pub struct IssuedUser;

/// The name of the kind.
pub const NAME: &str = "issued_user";

/// The label of a Secret that was made for such a user: the user's name.
const LABEL: &str = "charter.dev/issued-user";

/// How long issuing may take, in seconds: a claim that is older was left by an interrupted run.
const UNDER_WAY: u64 = 120;

/// What the record says of an issued user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// Its address, below its role's.
    pub addr: Addr,
    /// The role that it holds.
    pub role: String,
    /// Who asked for it.
    pub actor: String,
    /// Why; may be empty.
    pub reason: String,
    /// When it was issued, in seconds since 1970.
    pub issued_at: u64,
    /// When it ends, in seconds since 1970.
    pub valid_until: u64,
    /// The namespace and name of the Secret that keeps its password, if one does.
    pub secret: Option<(String, String)>,
    /// Whether issuing it came to its end.
    pub complete: bool,
}

impl Issued {
    /// Reads a record; none where it is not one of an issued user.
    pub fn of(entry: &Entry) -> Option<Self> {
        let attrs = entry.spec.get("attrs").filter(|_| entry.kind == NAME)?;
        let text = |name: &str| attrs.get(name).and_then(serde_json::Value::as_str);
        let owned = |name: &str| text(name).unwrap_or_default().to_owned();
        let secret = text("namespace").zip(text("secret"));
        Some(Self {
            addr: entry.addr.clone(),
            role: owned("role"),
            actor: owned("actor"),
            reason: owned("reason"),
            issued_at: seconds(text("issued_at")?)?,
            valid_until: seconds(text("valid_until")?)?,
            secret: secret.map(|(namespace, name)| (namespace.to_owned(), name.to_owned())),
            complete: entry.status == Status::Applied,
        })
    }

    /// Returns why it is to be removed; none while it is to be left alone.
    fn ended(&self, world: &World) -> Option<String> {
        let now = world.caps().now;
        if now >= self.valid_until {
            return Some(format!("expired at {}", instant(self.valid_until)));
        }
        if !self.complete {
            let interrupted = now >= self.issued_at.saturating_add(UNDER_WAY);
            return interrupted.then(|| "an earlier run was interrupted while issuing it".to_owned());
        }
        (!self.has_role(world)).then(|| format!("its role {} is no longer declared", self.role))
    }

    /// Returns whether its role is declared, under its old name or a new one, or kept without being so.
    fn has_role(&self, world: &World) -> bool {
        let kind = grants::GranteeType::Role.word();
        let kept = |entry: &Entry| entry.spec.get("retained") == Some(&serde_json::Value::Bool(true));
        let moved = world.desired.moves.iter().find_map(|moved| moved.takes(&self.addr));
        let is_it = |role: &Resource| {
            role.identity == self.role || moved.as_ref().is_some_and(|addr| addr.is_within(&role.addr))
        };
        world.desired.resources.values().any(|resource| resource.kind == kind && is_it(resource))
            || world.registry.mine(kind, &self.role).is_some_and(kept)
    }

    /// Says it in a line.
    fn told(&self) -> String {
        let Self { role, actor, reason, .. } = self;
        let because = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        format!("role {role} until {}, for {actor}{because}", instant(self.valid_until))
    }
}

/// Returns an instant as people and ClickHouse read it (RFC 3339, UTC).
pub fn instant(seconds: u64) -> String {
    let time = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    time.unwrap_or(Timestamp::MAX).to_string()
}

fn seconds(text: &str) -> Option<u64> {
    u64::try_from(text.parse::<Timestamp>().ok()?.as_second()).ok()
}

impl Kind for IssuedUser {
    fn name(&self) -> &'static str {
        NAME
    }

    fn reads(&self, wanted: &[&Resource], owned: &[&Entry], _: &Settings, caps: &Caps) -> Vec<Read> {
        let declared = wanted.iter().filter_map(|user| secret_of(&user.attrs));
        let recorded = owned.iter().filter_map(|entry| Issued::of(entry)?.secret);
        let namespaces: BTreeSet<String> = declared.chain(recorded).map(|(namespace, _)| namespace).collect();
        let secrets =
            namespaces.into_iter().map(|namespace| Read::Objects { api: Api::secrets(), namespace });
        std::iter::once(reads::users(caps)).chain(secrets).collect()
    }

    fn observe(&self, identities: &BTreeSet<&str>, world: &World) -> BTreeMap<String, Attrs> {
        let users = world.snapshot.rows(reads::USERS).iter();
        let users: BTreeMap<&str, &str> =
            users.map(|row| (text(row, "name"), text(row, "storage"))).collect();
        let live = identities.iter().filter_map(|name| {
            let storage = users.get(name).map(|storage| ("storage".to_owned(), Value::from(*storage)));
            let secret = world.registry.mine(NAME, name).and_then(|entry| Issued::of(entry)?.secret);
            let object =
                secret.and_then(|(namespace, secret)| lower::made_for(name, &namespace, &secret, world));
            let uid = object.map(|object| {
                ("secret_uid".to_owned(), Value::from(kube::text(object, &["metadata", "uid"])))
            });
            let attrs: Attrs = storage.into_iter().chain(uid).collect();
            (!attrs.is_empty()).then(|| ((*name).to_owned(), attrs))
        });
        live.collect()
    }

    /// Its name is charter's own making.
    fn may_have_made(&self, _: &Resource, _: &Attrs, _: &World) -> bool {
        true
    }

    fn undeclared(&self, entry: &Entry, world: &World) -> Undeclared {
        let Some(issued) = Issued::of(entry) else { return Undeclared::Leftover };
        let name = &entry.identity;
        let note = |code, summary: String| {
            Finding::new(code, Severity::Note, Category::Access, summary).at(&entry.addr)
        };
        match issued.ended(world) {
            Some(_) if issued.complete && world.caps().now >= issued.valid_until => {
                let summary =
                    format!("the short-lived user {name} expired at {}", instant(issued.valid_until));
                Undeclared::Ended(note("CH341", summary).help("the next apply removes it"))
            }
            Some(_) => Undeclared::Leftover,
            None if issued.complete => {
                let summary = format!("a short-lived user is at work: {name}, {}", issued.told());
                let help = format!("to end it at once: charter credentials revoke {name}");
                Undeclared::Kept(note("CH340", summary).help(help))
            }
            None => {
                let summary = format!("the short-lived user {name} is being issued, or was interrupted");
                Undeclared::Kept(note("CH340", summary).help("in two minutes an apply removes what is left"))
            }
        }
    }

    fn lower(&self, change: &Change, world: &World) -> Lowered {
        lower::lower(change, world)
    }
}

/// Returns the namespace and name of the Secret that attributes name.
fn secret_of(attrs: &Attrs) -> Option<(String, String)> {
    let text = |name: &str| attrs.get(name).and_then(Value::as_str).map(str::to_owned);
    text("namespace").zip(text("secret"))
}
