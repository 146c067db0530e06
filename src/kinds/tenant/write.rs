//! Tenants as the language writes them: what today's runner makes by convention, with the attributes
//! in which it differs. What does not fit is left to the kinds of its parts, and told.

use std::collections::BTreeMap;

use super::NAME;
use crate::kinds::World;
use crate::kinds::common::import_ledger::Tool;
use crate::kinds::common::kept::{self, Kept};
use crate::kinds::common::settings::{Holder, Live, PROFILE};
use crate::kinds::common::written_grants::{self, LiveGrants};
use crate::kinds::common::{
    convention, foreign_ledgers, hosts, kube, migration, reads, secret, storage, superset, user, written,
};
use crate::kinds::found::{FindCx, Group, Inventory, WriteCx};
use crate::model::block::{Block, Expr};
use crate::model::snapshot::{Row, number, text, texts};
use crate::model::{Attrs, Value, names};
use crate::privileges::{Grant, Scope};

/// The privileges of a tenant's role in its database, where they are not the conventional ones; and what
/// its role and its user are granted besides.
type Rights = (Option<Expr>, Vec<(&'static str, Grant)>);

/// What is there of all tenants.
struct Estate<'a> {
    world: World<'a>,
    users: BTreeMap<&'a str, &'a Row>,
    roles: BTreeMap<&'a str, &'a Row>,
    grants: LiveGrants,
    kept: BTreeMap<String, Vec<Kept>>,
    superset: BTreeMap<&'a str, &'a Value>,
    ledgers: BTreeMap<String, Tool>,
}

/// A tenant as it is found.
struct Tenant<'a> {
    slug: String,
    organization: String,
    secret: Kept,
    /// The privileges in its database; none for those by convention.
    privileges: Option<Expr>,
    /// What its role and its user are granted besides.
    besides: Vec<(&'static str, Grant)>,
    user: &'a Row,
    superset: Option<&'a Value>,
    ledger: Option<Tool>,
}

/// Finds databases by convention with their role, user and Secret.
pub fn find(cx: &FindCx) -> Inventory {
    let mut found = Inventory::default();
    let estate = Estate::of(&cx.world);
    for row in cx.world.snapshot.rows(reads::DATABASES) {
        let database = text(row, "name");
        let Some(slug) = database.strip_prefix("tenant_").filter(|slug| names::slug(slug).is_ok()) else {
            continue;
        };
        let (role, user) = (convention::role(slug), convention::user(slug));
        let parts = [("database", database), ("role", &role), (user::KIND, &user)];
        if parts.iter().any(|(kind, name)| cx.is_taken(kind, name)) {
            continue;
        }
        match estate.tenant(slug) {
            Ok(tenant) if cx.is_taken(secret::KIND, &tenant.secret_identity()) => {
                found.leave(NAME, slug, "its Secret is declared already; its parts are written apart");
            }
            Ok(tenant) => found.groups.push(tenant.group()),
            Err(Some(why)) => found.leave(NAME, slug, format!("{why}; its parts are written apart")),
            Err(None) => {}
        }
    }
    found
}

/// Writes tenants.
pub fn write(groups: &[&Group], cx: &WriteCx) -> Vec<Vec<Block>> {
    let estate = Estate::of(&cx.world);
    let one = |group: &&Group| {
        let tenant = estate.tenant(&group.name).ok()?;
        Some(tenant.blocks(cx))
    };
    groups.iter().map(|group| one(group).unwrap_or_default()).collect()
}

impl<'a> Estate<'a> {
    fn of(world: &World<'a>) -> Self {
        let by_name = |read: &str| -> BTreeMap<&'a str, &'a Row> {
            world.snapshot.rows(read).iter().map(|row| (text(row, "name"), row)).collect()
        };
        let world = World { ..*world };
        Self {
            users: by_name(reads::USERS),
            roles: by_name(reads::ROLES),
            grants: LiveGrants::of(world.snapshot),
            kept: kept::by_user(&world),
            superset: superset::listed(&world).map(|(_, object)| (kube::name_of(object), object)).collect(),
            ledgers: foreign_ledgers::found(world.snapshot),
            world,
        }
    }

    /// Returns a tenant, or why it is none: nothing is said where it lacks its role or its user.
    fn tenant(&self, slug: &str) -> Result<Tenant<'a>, Option<String>> {
        let (database, role, user_name) =
            (convention::database(slug), convention::role(slug), convention::user(slug));
        let (Some(role_row), Some(user)) =
            (self.roles.get(role.as_str()), self.users.get(user_name.as_str()))
        else {
            return Err(None);
        };
        let read_only = [*role_row, *user].iter().any(|row| text(row, storage::STORAGE) == "users_xml");
        if read_only || self.grants.ambiguous.contains(&role) || self.grants.ambiguous.contains(&user_name) {
            return Err(None);
        }
        let no = |why: &str| Err(Some(why.to_owned()));
        let Some((organization, secret)) = self.secret(&user_name, &database) else {
            return no("no Secret superset-tenant-<organization>-clickhouse-credentials keeps its password");
        };
        let mut attrs = Attrs::new();
        Live::of(self.world.snapshot, Holder::Role).add_to(&mut attrs, &role, PROFILE);
        if !attrs.is_empty() {
            return no("its role has settings of its own");
        }
        if !is_password_only(user) {
            return no("its user logs in with more than a password");
        }
        if written::hosts(&mut Block::new("user"), &hosts::of_row(user)).is_err() {
            return no("the hosts of its user cannot be declared");
        }
        let Some((privileges, besides)) = self.privileges(&database, &role, &user_name) else {
            return no("its role or user is granted what a tenant cannot say");
        };
        let superset = self.superset.get(organization.as_str()).copied();
        Ok(Tenant {
            slug: slug.to_owned(),
            organization,
            secret,
            privileges,
            besides,
            user,
            superset: superset.filter(|object| superset::written(object).is_some()),
            ledger: self.ledgers.get(&database).copied(),
        })
    }

    /// Returns the Secret that keeps the password, and the organization that its name tells; the
    /// conventional one first.
    fn secret(&self, user: &str, database: &str) -> Option<(String, Kept)> {
        let named = self.kept.get(user)?.iter().filter(|kept| kept.database == database);
        let mut fitting = named.filter_map(|kept| Some((organization_of(&kept.name)?, kept.clone())));
        fitting.next().filter(|_| fitting.next().is_none())
    }

    /// Returns the privileges in the database, where they are not the conventional ones, and what is
    /// granted besides; none where a tenant cannot say it.
    fn privileges(&self, database: &str, role: &str, user: &str) -> Option<Rights> {
        let (of_role, of_user) = (self.grants.granted(role), self.grants.granted(user));
        let member = BTreeMap::from([(role.to_owned(), false)]);
        if !of_role.roles.is_empty() || of_user.roles != member {
            return None;
        }
        let own = Scope::Database { name: database.to_owned(), wildcard: false };
        let is_own = |grant: &Grant| {
            grant.on == own
                && !grant.grant_option
                && grant.except.is_empty()
                && grant.privileges.iter().all(|spec| spec.columns.is_empty())
        };
        let (inside, besides): (Vec<Grant>, Vec<Grant>) = of_role.grants?.into_iter().partition(is_own);
        // A part that is left out would be granted by what is declared of the whole.
        if besides.iter().any(|grant| own.covers(&grant.on) && !grant.except.is_empty()) {
            return None;
        }
        let mut words: Vec<String> = Vec::new();
        for word in inside.iter().flat_map(|grant| &grant.privileges).map(ToString::to_string) {
            if !words.contains(&word) {
                words.push(word);
            }
        }
        let says = |words: &[&str]| {
            let all = Grant::parse(words, &own.to_string(), false).ok();
            let all: Option<Vec<Grant>> = all.map(|all| [vec![all], besides.clone()].concat());
            all.is_some_and(|all| self.grants.are_all_of(&all, role))
        };
        let privileges = if says(&convention::PRIVILEGES) {
            None
        } else if says(&convention::CONFINED) {
            Some(Expr::Ref("charter.presets.confined".to_owned()))
        } else {
            Some(Expr::texts(words))
        };
        let besides = besides.into_iter().map(|grant| ("role", grant));
        let more = of_user.grants?.into_iter().map(|grant| (user::KIND, grant));
        Some((privileges, besides.chain(more).collect()))
    }
}

/// Returns the organization that the name of a Secret tells.
fn organization_of(secret: &str) -> Option<String> {
    let rest = secret.strip_prefix("superset-tenant-")?.strip_suffix("-clickhouse-credentials")?;
    names::dns1123(rest).is_ok().then(|| rest.to_owned())
}

/// Returns whether all methods of a user are passwords without an end, as the server tells them.
fn is_password_only(user: &Row) -> bool {
    let methods = match user.get("auth_type") {
        Some(serde_json::Value::Array(_)) => texts(user, "auth_type"),
        Some(one) => one.as_str().map(str::to_owned).into_iter().collect(),
        // Not told.
        None => return true,
    };
    let ends = user.get("valid_until").and_then(|list| list.as_array()).into_iter().flatten();
    let endless = ends.into_iter().all(|end| end.as_i64() == Some(0) || end.as_str() == Some("0"));
    endless
        && !methods.is_empty()
        && methods.iter().all(|word| word.ends_with("_password") && word != "no_password")
}

impl Tenant<'_> {
    fn secret_identity(&self) -> String {
        format!("{}/{}", self.secret.namespace, self.secret.name)
    }

    fn group(&self) -> Group {
        let (slug, namespace) = (self.slug.as_str(), self.secret.namespace.as_str());
        let group = Group::of(NAME, slug, slug)
            .with("database", &convention::database(slug), slug, Some("database"))
            .with("role", &convention::role(slug), slug, Some("role"))
            .with(user::KIND, &convention::user(slug), slug, Some("user"))
            .with(secret::KIND, &self.secret_identity(), slug, Some("secret"))
            .with(migration::KIND, &convention::database(slug), slug, Some("migration"));
        match self.superset {
            Some(_) => {
                let identity = format!("{namespace}/{}", self.organization);
                group.with(superset::KIND, &identity, slug, Some("superset"))
            }
            None => group,
        }
    }

    fn blocks(&self, cx: &WriteCx) -> Vec<Block> {
        let mut block = cx.block(NAME, &self.slug);
        block.named("slug", &self.slug);
        if self.organization != convention::organization(&self.slug) {
            block.attr("organization", self.organization.as_str());
        }
        if let Some(privileges) = &self.privileges {
            block.attr("privileges", privileges.clone());
        }
        self.user_into(&mut block, cx);
        if let Some(items) = self.superset.and_then(superset::written) {
            let mut superset = Block::new("superset");
            superset.items = items;
            block.block(superset);
        }
        if let Some(tool) = self.ledger {
            let folder = format!(
                "{}/schema",
                convention::tenant_folder_in(&cx.world.settings.environment, &self.slug)
            );
            if !foreign_ledgers::has_files(cx.files, &folder) {
                block.comment(foreign_ledgers::wanted_files(tool, &folder));
            }
            block.block(foreign_ledgers::block(tool));
        }
        let label = block.label.clone().unwrap_or_default();
        let mut blocks = vec![block.arranged()];
        for (index, (part, grant)) in self.besides.iter().enumerate() {
            let mut extra = Block::labelled("grant", &format!("{label}_{part}_{}", index + 1));
            extra.attr("to", Expr::Ref(format!("{NAME}.{label}.{part}")));
            written_grants::grant_into(&mut extra, grant, cx);
            blocks.push(extra);
        }
        blocks
    }

    /// Adds what differs of the user: hosts and settings. What only a convention asks for is kept.
    fn user_into(&self, block: &mut Block, cx: &WriteCx) {
        let mut nested = Block::new("user");
        // Those that cannot be declared make it no tenant.
        let _ = written::hosts(&mut nested, &hosts::of_row(self.user));
        let mut attrs = Attrs::new();
        Live::of(cx.world.snapshot, Holder::User).add_to(&mut attrs, text(self.user, "name"), PROFILE);
        written::settings(&mut nested, &attrs, PROFILE, cx);
        let database = text(self.user, "default_database");
        if !database.is_empty() && database != convention::database(&self.slug) {
            nested.attr("default_database", database);
        }
        if number(self.user, "default_roles_all") == 0 {
            nested.remark("its default roles stay as they are");
        }
        if !nested.items.is_empty() {
            block.block(nested.arranged());
        }
    }
}
