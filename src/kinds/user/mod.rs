//! Users, and the passwords in their Secrets: one step spans both systems.
//!
//! On creation the Secret comes first, then the user; a Secret that is lost gets a new password,
//! which ClickHouse accepts *beside* the old one, so that running pods live on; a Secret that was
//! changed is the truth, and ClickHouse is made to accept it. Whatever happens in between, the next
//! run finds a Secret, makes ClickHouse accept what it holds, and is done.

mod auth;
#[cfg(test)]
mod auth_tests;
mod clauses;
mod compare;
mod definer;
mod due;
mod findings;
mod lower;
mod methods;
mod observe;
mod password;
mod record;
mod remarks;
mod rotate;
mod settings;
mod taken;
#[cfg(test)]
mod tests;
mod widening;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::Diagnostic;
use crate::kinds::common::credential::{self, Credential, Policy, State};
use crate::kinds::common::user::{self, KIND as NAME};
use crate::kinds::common::{decode, grants, reads, rename, settings as common};
use crate::kinds::found::{FindCx, Group, Inventory, WriteCx};
use crate::kinds::{Change, DecodeCx, Effects, Instance, Kind, LoginProbe, Lowered, Renamed, World, Writer};
use crate::model::block::Block;
use crate::model::op::{Op, Sql};
use crate::model::plan::AttrDiff;
use crate::model::registry::Entry;
use crate::model::resource::{Declared, Desired};
use crate::model::schema::{Arity, BlockSchema, Type};
use crate::model::snapshot::{Api, Caps, Read};
use crate::model::{Addr, Attrs, Body, Finding, Resource, Settings, Snapshot, Step, Value, names, sql};
use crate::privileges::ShowGrant;

/// The kind.
pub struct User;

impl Kind for User {
    fn name(&self) -> &'static str {
        NAME
    }

    fn schema(&self) -> Option<BlockSchema> {
        let schema = BlockSchema::default().optional(
            "name",
            Type::String,
            "The user's name; the label where it is absent.",
        );
        let schema = grants::with_grants(schema).optional(
            user::DEFAULT_ROLES,
            Type::Refs { kinds: &["role"], words: &["all", "none"] },
            "Those of its roles that a login begins with; all where absent.",
        );
        let schema = user::attributes(schema)
            .block("credentials", Arity::Optional, credential::block_schema())
            .block(methods::AUTHENTICATION, Arity::Many, methods::schema())
            .ignorable(&user::IGNORABLE)
            .exports(&["name"]);
        Some(schema)
    }

    fn decode(&self, block: &Instance, cx: &mut DecodeCx) -> Declared {
        let (name, span) = decode::name_of(block, "name");
        if !decode::check_name(cx, "user name", &name, names::clickhouse, span) {
            return Declared::default();
        }
        let credentials = block.body.block("credentials");
        let blocks = block.body.blocks(methods::AUTHENTICATION);
        if credentials.is_none() && blocks.is_empty() {
            cx.diags.push(
                Diagnostic::error("a user needs a way to log in")
                    .at(block.body.span, "no credentials and no authentication")
                    .help("add `credentials {}` and a `secret` block with `credentials = user.<label>`, which keeps its password")
                    .help("or an `authentication` block: a hash, a certificate, a key, LDAP, Kerberos"),
            );
        }
        let mut user = user::resource(block.addr.clone(), &name, "", block.body.span);
        user = user::declared(user, &block.body, cx);
        check_default_roles(&user, &block.body, cx);
        let methods = methods::decode(blocks, credentials.is_some(), cx);
        if !methods.is_empty() {
            user.attrs.insert(methods::AUTHENTICATION.into(), Value::List(methods));
        }
        if let Some(policy) = credentials.map(|body| credential::policy(body, cx)) {
            user = user.with(PENDING, policy.to_value());
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
        let pending: Vec<_> =
            desired.resources.values().filter(|user| user.attrs.contains_key(PENDING)).cloned().collect();
        check_names_are_their_own(desired, cx);
        let keepers = keepers(desired);
        for mut user in pending {
            let keepers = keepers.get(&user.addr.to_string()).map_or(&[][..], Vec::as_slice);
            if let [keeper] = keepers {
                let policy = user.attrs.remove(PENDING).map(|value| Policy::of(&value)).unwrap_or_default();
                let (namespace, name) = (keeper.text("namespace"), keeper.text("name"));
                let database = user.text("default_database").to_owned();
                let credential = Credential::new(namespace, name, &user.identity, &database, policy);
                user.attrs.insert(credential::CREDENTIAL.into(), credential.to_value());
                desired.resources.insert(user.addr.clone(), user);
            } else {
                cx.diags.push(without_one_keeper(&user, keepers));
            }
        }
    }

    fn reads(&self, wanted: &[&Resource], _: &[&Entry], _: &Settings, caps: &Caps) -> Vec<Read> {
        let namespaces: BTreeSet<String> = wanted
            .iter()
            .filter_map(|user| Credential::of(&user.attrs))
            .map(|credential| credential.namespace)
            .collect();
        let secrets =
            namespaces.into_iter().map(|namespace| Read::Objects { api: Api::secrets(), namespace });
        [reads::users(caps), reads::roles(), common::read(caps)].into_iter().chain(secrets).collect()
    }

    fn observe(&self, identities: &BTreeSet<&str>, world: &World) -> BTreeMap<String, Attrs> {
        let mut users = observe::observe(identities, world);
        settings::add_to(&mut users, world);
        users
    }

    fn diff(&self, wanted: &Resource, live: &Attrs, world: &World) -> Vec<AttrDiff> {
        settings::diff(wanted, live, world)
    }

    /// Its grants come after its record, but for the default roles, which are set last; what its Secret
    /// says of its password may not have come to it.
    fn may_have_made(&self, resource: &Resource, live: &Attrs, world: &World) -> bool {
        let mut lines = grants::lines_of(&resource.identity, world.snapshot);
        let granted = lines.any(|line| matches!(line, ShowGrant::Privileges { .. }));
        let left = [due::PASSWORD, due::KEYS, user::DEFAULT_ROLES];
        let diff = self.diff(resource, live, world);
        !granted && diff.iter().all(|diff| left.contains(&diff.attr.as_str()))
    }

    fn show(&self, attrs: &Attrs) -> Attrs {
        let mut shown = attrs.clone();
        // What is the same for every user says nothing.
        let usual = [
            (user::DEFAULT_ROLES, "all".into()),
            ("grantees", "none".into()),
            ("default_database", "".into()),
        ];
        shown.retain(|name, value| !usual.contains(&(name.as_str(), value.clone())));
        shown.retain(|name, value| !name.starts_with("host_names") || !value.items().is_empty());
        shown.remove(user::CONVENTIONS);
        if let Some(methods) = shown.get_mut(methods::AUTHENTICATION) {
            *methods = Value::strings(compare::shown(methods.items()));
        }
        if let (Some(credential), Some(_)) = (Credential::of(attrs), shown.remove(credential::CREDENTIAL)) {
            shown.insert("secret".into(), format!("{}/{}", credential.namespace, credential.name).into());
        }
        shown
    }

    fn rename(&self, from: &str, to: &str, snapshot: &mut Snapshot) -> Renamed {
        rename::grantee(snapshot, reads::USERS, "USER", from, to)
    }

    fn find(&self, cx: &FindCx) -> Inventory {
        write::find(cx)
    }

    fn write(&self, groups: &[&Group], cx: &WriteCx) -> Vec<Vec<Block>> {
        write::write(groups, cx)
    }

    fn ends_first(&self) -> bool {
        true
    }

    fn locks_out(&self, identity: &str) -> Vec<Op> {
        vec![Sql::new(format!("ALTER USER {} HOST NONE", sql::ident(identity))).into()]
    }

    fn asks(&self, steps: &[Step], _: &World) -> Vec<Read> {
        definer::asks(steps)
    }

    fn foresees(&self, steps: &[Step], _: &BTreeSet<Addr>, world: &World) -> Vec<Finding> {
        definer::foresees(steps, world.snapshot)
    }

    fn lower(&self, change: &Change, world: &World) -> Lowered {
        lower::lower(change, world)
    }

    fn keeps(&self, change: &Change, world: &World) -> BTreeMap<String, serde_json::Value> {
        record::keeps(change, world)
    }

    fn findings(&self, wanted: &Resource, live: Option<&Attrs>, world: &World) -> Vec<Finding> {
        let mut findings = findings::of(wanted, live, world);
        if !live.is_some_and(lower::is_read_only) {
            findings.extend(remarks::remarks(wanted, live, world));
        }
        findings.extend(common::findings(wanted, common::Known::of(world.snapshot)));
        findings
    }

    fn rotates(&self, wanted: &Resource) -> bool {
        Credential::of(&wanted.attrs).is_some()
    }

    fn survey(&self, wanted: &[&Resource], world: &World) -> Vec<Finding> {
        findings::both(wanted, world)
    }

    fn access(&self, steps: &[Step], world: &World) -> Effects {
        widening::effects(steps, world)
    }

    fn is_due(&self, wanted: &Resource, attr: &str, world: &World) -> bool {
        let what = due::due(wanted, world).map(|due| due.what);
        attr == due::PASSWORD && matches!(what, Some(due::What::Rotate | due::What::Retire))
    }

    fn writers(&self, wanted: &Resource, attr: &str, world: &World) -> Option<Vec<Writer>> {
        due::writers(wanted, attr, world)
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
            doubt: due::doubt(wanted, world),
        };
        vec![probe]
    }
}

/// The attribute by which a decoded user waits for its Secret.
const PENDING: &str = "pending_credential";

/// Reports default roles that the user is not granted: ClickHouse takes no others.
fn check_default_roles(user: &Resource, body: &Body, cx: &mut DecodeCx) {
    let granted = body.strings("roles").unwrap_or_default();
    for role in
        clauses::listed_roles(&user.attrs).iter().filter(|role| !granted.iter().any(|one| one == *role))
    {
        cx.diags.push(
            Diagnostic::error("a default role is not granted")
                .at(
                    body.span_of(user::DEFAULT_ROLES),
                    format!("{role} is not among the roles of {}", user.identity),
                )
                .detail("A login can begin only with roles that the user has.")
                .help("add it to `roles`, or take it out of `default_roles`"),
        );
    }
}

/// Reports a role of the same name: whoever is granted something by that name is the user.
fn check_names_are_their_own(desired: &Desired, cx: &mut DecodeCx) {
    let of_kind = |kind: &'static str| desired.resources.values().filter(move |other| other.kind == kind);
    let roles: BTreeMap<&str, &Resource> =
        of_kind("role").map(|role| (role.identity.as_str(), role)).collect();
    for user in of_kind(NAME) {
        if let Some(role) = roles.get(user.identity.as_str()) {
            cx.diags.push(role_of_that_name(user, role));
        }
    }
}

fn role_of_that_name(user: &Resource, role: &Resource) -> Diagnostic {
    Diagnostic::error("a role and a user have one name")
        .at(user.span, format!("the user {}", user.identity))
        .at(role.span, "the role")
        .detail("`GRANT … TO` a name of both means the user, and `SHOW GRANTS` does not tell them apart.")
        .help("give one of them another name")
}

/// Returns what keeps passwords, by the address of whose they are.
fn keepers(desired: &Desired) -> BTreeMap<String, Vec<Resource>> {
    let mut keepers: BTreeMap<String, Vec<Resource>> = BTreeMap::new();
    for other in desired.resources.values() {
        let user = other.text(credential::CREDENTIALS_OF);
        if !user.is_empty() {
            keepers.entry(user.to_owned()).or_default().push(other.clone());
        }
    }
    keepers
}

fn without_one_keeper(user: &Resource, keepers: &[Resource]) -> Diagnostic {
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
