//! Users, and the passwords in their Secrets: one step spans both systems.
//!
//! On creation the Secret comes first, then the user; a Secret that is lost gets a new password,
//! which ClickHouse accepts *beside* the old one, so that running pods live on; a Secret that was
//! changed is the truth, and ClickHouse is made to accept it. Whatever happens in between, the next
//! run finds a Secret, makes ClickHouse accept what it holds, and is done.

mod clauses;
mod lower;
mod observe;
mod password;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::Diagnostic;
use crate::kinds::common::credential::{self, Credential, State};
use crate::kinds::common::user::{KIND as NAME, resource};
use crate::kinds::common::{decode, grants, reads};
use crate::kinds::{Change, DecodeCx, Instance, Kind, LoginProbe, Lowered, World};
use crate::model::plan::AttrDiff;
use crate::model::registry::Entry;
use crate::model::resource::{Declared, Desired};
use crate::model::schema::{Arity, BlockSchema, Type};
use crate::model::snapshot::{Api, Caps, Read};
use crate::model::{Attrs, Finding, Resource, Settings, Value, names};

/// The kind.
pub struct User;

impl Kind for User {
    fn name(&self) -> &'static str {
        NAME
    }

    fn schema(&self) -> Option<BlockSchema> {
        let schema = BlockSchema::default()
            .optional("name", Type::String, "The user's name; the label where it is absent.")
            .optional("roles", Type::Ref(&["role"]).list(), "Roles that are granted to it.")
            .optional(
                "hosts",
                Type::String.list(),
                "Addresses and networks that it may log in from; all where absent.",
            )
            .optional("default_database", Type::String, "The database that it begins in.")
            .block("grant", Arity::Many, grants::nested_schema())
            .block("credentials", Arity::Optional, credential::block_schema())
            .ignorable(&["hosts", "default_database"])
            .exports(&["name"]);
        Some(schema)
    }

    fn decode(&self, block: &Instance, cx: &mut DecodeCx) -> Declared {
        let (name, span) = decode::name_of(block, "name");
        if !decode::check_name(cx, "user name", &name, names::clickhouse, span) {
            return Declared::default();
        }
        if block.body.block("credentials").is_none() {
            cx.diags.push(
                Diagnostic::error("a user needs a way to log in")
                    .at(block.body.span, "no credentials")
                    .help("add `credentials {}` and a `secret` block with `credentials = user.<label>`, which keeps its password"),
            );
        }
        let database = block.body.string("default_database").unwrap_or_default();
        let hosts = observe::hosts(block.body.get("hosts"), cx);
        let mut user = resource(block.addr.clone(), &name, database, hosts, block.body.span);
        if let Some(length) = block.body.block("credentials").map(|body| credential::length(body, cx)) {
            user = user.with(PENDING_LENGTH, Value::Number(f64::from(length)));
        }
        let grantee = grants::Grantee::of_block(&name, grants::GranteeType::User, &block.body, cx);
        let grants = grants::whole(block.addr.part("grants"), &name, vec![grantee], block.body.span);
        Declared {
            resources: vec![user, grants.after(block.addr.clone())],
            exports: [("name".to_owned(), Value::from(name))].into(),
        }
    }

    /// Finds the one Secret that keeps each user's password.
    fn link(&self, desired: &mut Desired, cx: &mut DecodeCx) {
        let pending: Vec<_> = desired
            .resources
            .values()
            .filter(|user| user.attrs.contains_key(PENDING_LENGTH))
            .cloned()
            .collect();
        for mut user in pending {
            let keepers: Vec<&Resource> = desired
                .resources
                .values()
                .filter(|other| other.text(credential::CREDENTIALS_OF) == user.addr.to_string())
                .collect();
            if let [keeper] = keepers[..] {
                let length =
                    user.attrs.remove(PENDING_LENGTH).and_then(|length| length.as_f64()).unwrap_or_default();
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "checked when decoding"
                )]
                let length = length as u32;
                let (namespace, name) = (keeper.text("namespace"), keeper.text("name"));
                let database = user.text("default_database").to_owned();
                let credential = Credential::new(namespace, name, &user.identity, &database, length);
                user.attrs.insert(credential::CREDENTIAL.into(), credential.to_value());
                desired.resources.insert(user.addr.clone(), user);
            } else {
                cx.diags.push(without_one_keeper(&user, &keepers));
            }
        }
    }

    fn reads(&self, wanted: &[&Resource], _: &[&Entry], _: &Settings, _: &Caps) -> Vec<Read> {
        let namespaces: BTreeSet<String> = wanted
            .iter()
            .filter_map(|user| Credential::of(&user.attrs))
            .map(|credential| credential.namespace)
            .collect();
        let secrets =
            namespaces.into_iter().map(|namespace| Read::Objects { api: Api::secrets(), namespace });
        std::iter::once(reads::users()).chain(secrets).collect()
    }

    fn observe(&self, identities: &BTreeSet<&str>, world: &World) -> BTreeMap<String, Attrs> {
        observe::observe(identities, world)
    }

    fn diff(&self, wanted: &Resource, live: &Attrs, world: &World) -> Vec<AttrDiff> {
        observe::diff(wanted, live, world)
    }

    fn show(&self, attrs: &Attrs) -> Attrs {
        let mut shown = attrs.clone();
        // What is the same for every user says nothing.
        let usual =
            [("default_roles", "all".into()), ("grantees", "none".into()), ("default_database", "".into())];
        shown.retain(|name, value| !usual.contains(&(name.as_str(), value.clone())));
        if let (Some(credential), Some(_)) = (Credential::of(attrs), shown.remove(credential::CREDENTIAL)) {
            shown.insert("secret".into(), format!("{}/{}", credential.namespace, credential.name).into());
        }
        shown
    }

    fn lower(&self, change: &Change, world: &World) -> Lowered {
        lower::lower(change, world)
    }

    fn findings(&self, wanted: &Resource, live: Option<&Attrs>, _: &World) -> Vec<Finding> {
        let in_a_file = live.is_some_and(lower::is_read_only);
        in_a_file.then(|| lower::read_only(&wanted.identity).at(&wanted.addr)).into_iter().collect()
    }

    fn keeps_rights(&self, wanted: &Resource) -> Option<String> {
        (wanted.text("grantees") == "none").then(|| wanted.identity.clone())
    }

    fn probes(&self, wanted: &Resource, world: &World) -> Vec<LoginProbe> {
        let Some(credential) = Credential::of(&wanted.attrs) else { return Vec::new() };
        let State::Password { password, .. } = credential.state(world.snapshot) else { return Vec::new() };
        let probe = LoginProbe {
            addr: wanted.addr.clone(),
            user: wanted.identity.clone(),
            password,
            kept_in: credential.place(),
        };
        vec![probe]
    }
}

/// The attribute by which a decoded user waits for its Secret.
const PENDING_LENGTH: &str = "pending_length";

fn without_one_keeper(user: &Resource, keepers: &[&Resource]) -> Diagnostic {
    let start = Diagnostic::error("a user's password needs exactly one Secret").at(
        user.span,
        if keepers.is_empty() { "no secret keeps its password" } else { "several secrets keep its password" },
    );
    let all = keepers.iter().fold(start, |diagnostic, keeper| diagnostic.at(keeper.span, "one of them"));
    all.detail(
        "A password is stored in its Secret and nowhere else, so that there is one place to read it from.",
    )
    .help(format!("declare one `secret` block with `credentials = {}`", user.addr))
}
