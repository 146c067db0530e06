//! Users as the language writes them. A password cannot be read back: where a Secret keeps it, both are
//! written; else how the user logs in is left alone.

use std::collections::{BTreeMap, BTreeSet};

use super::methods::{AUTHENTICATION, UNMANAGED};
use super::{NAME, User, compare};
use crate::kinds::Kind as _;
use crate::kinds::common::kept::{self, Kept};
use crate::kinds::common::settings::PROFILE;
use crate::kinds::common::user::DEFAULT_ROLES;
use crate::kinds::common::written_grants::{self, Granted, LiveGrants};
use crate::kinds::common::{expiry, hosts, reads, secret, storage, written};
use crate::kinds::found::{FindCx, Group, Inventory, WriteCx};
use crate::model::block::{Block, Expr};
use crate::model::snapshot::text;
use crate::model::{Attrs, Value, names};

/// The methods that the server tells whole: what stands after `IDENTIFIED WITH`.
const TOLD: [&str; 4] = ["no_password", "ssl_certificate", "ldap", "kerberos"];

/// Finds those that nothing declares, each with the one Secret that keeps its password.
pub fn find(cx: &FindCx) -> Inventory {
    let mut found = Inventory::default();
    let (grants, kept) = (LiveGrants::of(cx.world.snapshot), kept::by_user(&cx.world));
    for row in cx.world.snapshot.rows(reads::USERS) {
        match text(row, "name") {
            name if cx.is_taken(NAME, name) => {}
            name if text(row, storage::STORAGE) == "users_xml" => found.leave(NAME, name, written::READ_ONLY),
            name if name == cx.world.caps().user => found.leave(NAME, name, "charter itself logs in as it"),
            name => match grants.obstacle(name) {
                Some(why) => found.leave(NAME, name, why),
                None => add(&mut found, name, kept.get(name).map_or(&[], Vec::as_slice), cx),
            },
        }
    }
    found
}

/// Adds a user, with the one Secret that keeps its password, if nothing declares that.
fn add(found: &mut Inventory, name: &str, kept: &[Kept], cx: &FindCx) {
    if let Err(reason) = names::clickhouse(name) {
        return found.leave(NAME, name, format!("its name cannot be declared: {reason}"));
    }
    let group = Group::of(NAME, name, name);
    let identity = |secret: &Kept| format!("{}/{}", secret.namespace, secret.name);
    found.groups.push(match kept {
        [one] if !cx.is_taken(secret::KIND, &identity(one)) => {
            group.with(secret::KIND, &identity(one), &one.name, None)
        }
        _ => group,
    });
}

/// Writes users, each with its Secret.
pub fn write(groups: &[&Group], cx: &WriteCx) -> Vec<Vec<Block>> {
    let identities: BTreeSet<&str> = groups.iter().filter_map(|group| group.identity_of(NAME)).collect();
    let users = User.observe(&identities, &cx.world);
    let (grants, kept) = (LiveGrants::of(cx.world.snapshot), kept::by_user(&cx.world));
    let one = |group: &&Group| {
        let name = group.identity_of(NAME)?;
        let secrets = kept.get(name).map_or(&[][..], Vec::as_slice);
        let secret = group.identity_of(secret::KIND).and(secrets.first());
        let found =
            Found { name, attrs: users.get(name)?, granted: grants.granted(name), secret, secrets, cx };
        Some(found.blocks())
    };
    groups.iter().map(|group| one(group).unwrap_or_default()).collect()
}

struct Found<'a> {
    name: &'a str,
    attrs: &'a Attrs,
    granted: Granted,
    secret: Option<&'a Kept>,
    secrets: &'a [Kept],
    cx: &'a WriteCx<'a>,
}

/// How a user logs in, as it can be declared.
struct Methods {
    credentials: bool,
    blocks: Vec<Block>,
    valid_until: Option<String>,
}

impl Found<'_> {
    fn blocks(&self) -> Vec<Block> {
        let mut block = self.cx.block(NAME, self.name);
        block.named("name", self.name);
        written_grants::into_block(&mut block, &self.granted, self.cx);
        let mut ignored = self.hosts(&mut block);
        self.names(&mut block, DEFAULT_ROLES, &["role"], "all");
        self.names(&mut block, "grantees", &["role", "user"], "none");
        let methods = self.methods();
        let database = self.text("default_database");
        let fits = self.secret.is_none_or(|secret| secret.database == database);
        if !database.is_empty() && (fits || methods.is_err()) {
            block.attr("default_database", database);
        } else if !database.is_empty() {
            block.remark(format!(
                "its default database {database} stays; its Secret names another one, or none"
            ));
        }
        ignored.extend(written::settings(&mut block, self.attrs, PROFILE, self.cx));
        let mut blocks = Vec::new();
        match methods {
            Ok(methods) => {
                if let Some(until) = &methods.valid_until {
                    block.attr("valid_until", until.as_str());
                }
                if methods.credentials {
                    block.block(Block::new("credentials"));
                    blocks.extend(self.secret.map(|secret| self.secret_block(secret)));
                }
                methods.blocks.into_iter().for_each(|method| block.block(method));
            }
            Err(why) => self.unmanaged(&mut block, why),
        }
        written::ignore(&mut block, &ignored);
        [vec![block.arranged()], blocks].concat()
    }

    fn text(&self, attr: &str) -> &str {
        self.attrs.get(attr).and_then(Value::as_str).unwrap_or_default()
    }

    /// Adds the lists of hosts; those that cannot be declared are left alone.
    fn hosts(&self, block: &mut Block) -> Vec<&'static str> {
        let Err(told) = written::hosts(block, self.attrs) else { return Vec::new() };
        block.remark(format!("the hosts that it may log in from cannot be declared: {told}"));
        hosts::ATTRS.iter().map(|(attr, _)| *attr).collect()
    }

    /// Adds a set of roles or users; what no declaration says holds by convention, so that it is kept.
    fn names(&self, block: &mut Block, attr: &str, kinds: &[&str], usual: &str) {
        match self.attrs.get(attr) {
            Some(Value::String(word)) if word == usual => {}
            // What everyone has who was made without a word about it is kept when the user is adopted,
            // and told by a check.
            Some(Value::String(word)) if (attr, word.as_str()) == ("grantees", "any") && self.is_new() => {}
            Some(Value::String(word)) if ["all", "none", "any"].contains(&word.as_str()) => {
                block.attr(attr, word.as_str());
            }
            Some(Value::String(words)) => {
                block.remark(format!("{attr} stays: {words}, which cannot be declared"))
            }
            Some(Value::List(names)) => {
                let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
                let granted = |name: &&str| attr != DEFAULT_ROLES || self.granted.roles.contains_key(*name);
                if names.iter().all(|name| granted(name)) {
                    block.attr(attr, self.cx.refer_all(kinds, names));
                } else {
                    block.remark(format!("{attr} stays: {}, of which not all are granted", names.join(", ")));
                }
            }
            _ => {}
        }
    }

    /// Returns whether nobody recorded it yet.
    fn is_new(&self) -> bool {
        self.cx.world.registry.mine(NAME, self.name).is_none()
    }

    fn secret_block(&self, secret: &Kept) -> Block {
        let identity = format!("{}/{}", secret.namespace, secret.name);
        let mut block = self.cx.block(secret::KIND, &identity);
        block.named("name", &secret.name);
        block.attr("credentials", self.cx.refer(&[NAME], self.name));
        if !secret.others.is_empty() {
            block.remark(format!("its other keys are left alone: {}", secret.others.join(", ")));
        }
        block
    }

    /// Returns the methods as they can be declared.
    ///
    /// # Errors
    /// Why they cannot be without a change.
    fn methods(&self) -> Result<Methods, &'static str> {
        let all = self.attrs.get(AUTHENTICATION).map_or(&[][..], Value::items);
        let (passwords, others): (Vec<&Value>, Vec<&Value>) =
            all.iter().partition(|method| compare::is_password(method));
        let told = others.iter().all(|method| TOLD.contains(&word(method)));
        let alone = all.len() == 1 || !others.iter().any(|method| word(method) == "no_password");
        let kept = passwords.is_empty() || self.secret.is_some();
        let expired = all
            .iter()
            .filter_map(expires)
            .any(|time| expiry::seconds(time).is_none_or(|second| second <= self.cx.world.caps().now));
        if all.is_empty() {
            return Err("this server does not tell how");
        }
        if expired {
            return Err("that has expired, and nobody declares what has");
        }
        if !told || !kept {
            return Err("nothing tells a password, a hash or a key back");
        }
        let valid_until = expires(passwords.first().copied().unwrap_or(&all[0])).map(str::to_owned);
        let same = |method: &&Value| expires(method).map(str::to_owned) == valid_until;
        // The user's own expiry holds for each method that has none.
        let mixed = valid_until.is_some() && others.iter().any(|other| expires(other).is_none());
        if !alone || mixed || !passwords.iter().all(&same) {
            return Err("its methods end at several times, which no declaration says");
        }
        let blocks = others.iter().map(|method| method_block(method, same(method))).collect();
        Ok(Methods { credentials: !passwords.is_empty(), blocks, valid_until })
    }

    fn unmanaged(&self, block: &mut Block, why: &str) {
        let all = self.attrs.get(AUTHENTICATION).map_or(&[][..], Value::items);
        let mut method = Block::new(AUTHENTICATION);
        match compare::shown(all) {
            words if words.is_empty() => method.remark(format!("{why}: it is left alone")),
            words => method.remark(format!("it logs in with {}\n{why}: it is left alone", words.join("; "))),
        }
        if let [_, _, ..] = self.secrets {
            let names: Vec<&str> = self.secrets.iter().map(|secret| secret.name.as_str()).collect();
            method.remark(format!("several Secrets keep a password of it: {}", names.join(", ")));
        }
        method.attr("method", UNMANAGED);
        block.block(method);
    }
}

fn word(method: &Value) -> &str {
    method.get("method").and_then(Value::as_str).unwrap_or_default()
}

fn expires(method: &Value) -> Option<&str> {
    method.get("valid_until").and_then(Value::as_str)
}

fn method_block(method: &Value, with_user: bool) -> Block {
    let mut block = Block::new(AUTHENTICATION);
    block.attr("method", word(method));
    let empty = BTreeMap::new();
    for (name, value) in method.as_map().unwrap_or(&empty) {
        match value {
            Value::String(text)
                if !["method", "valid_until"].contains(&name.as_str()) && !text.is_empty() =>
            {
                block.attr(name, text.as_str());
            }
            Value::List(items) if !items.is_empty() => {
                block.attr(name, Expr::texts(items.iter().filter_map(Value::as_str)));
            }
            _ => {}
        }
    }
    if let Some(time) = expires(method).filter(|_| !with_user) {
        block.attr("valid_until", time);
    }
    block
}
