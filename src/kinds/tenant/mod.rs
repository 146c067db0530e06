//! Tenants: a composite. A block with nothing in it declares, by convention, a database, a role
//! with the base grants, a user with that role, the migrations of the environment and the Secret
//! that Superset's operator expects; with a `superset` block the SupersetTenant, too.

#[cfg(test)]
mod tests;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Diagnostic, Span};
use crate::kinds::common::credential::{self, Credential};
use crate::kinds::common::grants::{self, Grantee, GranteeType};
use crate::kinds::common::migration::{self, Folder, Runner};
use crate::kinds::common::{
    convention, decode, import_ledger, limits, principals, runner, secret, superset, user,
};
use crate::kinds::found::{FindCx, Group, Inventory, WriteCx};
use crate::kinds::{Change, DecodeCx, Instance, Kind, Lowered, World};
use crate::model::block::Block;
use crate::model::registry::Entry;
use crate::model::resource::{Declared, Desired};
use crate::model::schema::{Arity, BlockSchema, Type};
use crate::model::snapshot::{Caps, Read};
use crate::model::{Addr, Attrs, Body, Resource, Settings, Value, names};

/// The kind.
pub struct Tenant;

const NAME: &str = "tenant";

impl Kind for Tenant {
    fn name(&self) -> &'static str {
        NAME
    }

    fn schema(&self) -> Option<BlockSchema> {
        let schema = BlockSchema::default()
            .optional("slug", Type::String, "The tenant's slug; the label where it is absent.")
            .optional(
                "organization",
                Type::String,
                "The organization; the slug with _ turned to - where it is absent.",
            )
            .optional("privileges", Type::String.list(), "What its role may do in its database.")
            .optional(
                "migrations",
                Type::String.list(),
                "The folders of its schema, instead of the conventional one.",
            )
            .optional(migration::ALLOW_OUT_OF_ORDER, Type::Bool, migration::ALLOW_OUT_OF_ORDER_DOC)
            .block("credentials", Arity::Optional, credential::block_schema())
            .block(import_ledger::IMPORT, Arity::Optional, import_ledger::schema_of_tenant())
            .block("limits", Arity::Optional, limits::schema())
            .block("user", Arity::Optional, user::attributes(BlockSchema::default()))
            .block("superset", Arity::Optional, superset::schema())
            .exports(&["slug", "organization", "database", "role", "user", "secret"]);
        Some(runner::variable(runner::confinable(schema)))
    }

    fn presets(&self) -> Vec<(&'static str, Vec<&'static str>)> {
        vec![("confined", convention::CONFINED.to_vec())]
    }

    fn decode(&self, block: &Instance, cx: &mut DecodeCx) -> Declared {
        let Some(tenant) = Parts::of(block, cx) else { return Declared::default() };
        let mut resources = tenant.access(&block.body, cx);
        let limits = tenant.limits(&block.body, cx);
        let confined = limits.iter().map(|limit| limit.addr.clone()).collect();
        resources.extend(limits);
        resources.extend(tenant.migrations(&block.body, confined, cx));
        resources.extend(block.body.block("superset").map(|body| tenant.superset(body)));
        for resource in &mut resources {
            resource.tenant = Some(tenant.slug.clone());
            resource.retained = true;
        }
        Declared { resources, exports: tenant.exports() }
    }

    fn link(&self, desired: &mut Desired, cx: &mut DecodeCx) {
        for addr in desired.resources.keys().filter(|addr| addr.segments()[0].word == NAME) {
            if addr.segments().last().is_some_and(|last| ACCESS.contains(&last.word.as_str())) {
                desired.groups.entry(addr.block().part("access")).or_default().insert(addr.clone());
            }
        }
        warn_of_lists(desired, cx);
    }

    fn registered(&self) -> bool {
        false
    }

    fn reads(&self, _: &[&Resource], _: &[&Entry], _: &Settings, _: &Caps) -> Vec<Read> {
        Vec::new()
    }

    fn observe(&self, _: &BTreeSet<&str>, _: &World) -> BTreeMap<String, Attrs> {
        BTreeMap::new()
    }

    fn find(&self, cx: &FindCx) -> Inventory {
        write::find(cx)
    }

    fn write(&self, groups: &[&Group], cx: &WriteCx) -> Vec<Vec<Block>> {
        write::write(groups, cx)
    }

    fn lower(&self, _: &Change, _: &World) -> Lowered {
        Lowered::default()
    }
}

/// The parts of a tenant that `--target tenant.<label>.access` takes.
const ACCESS: [&str; 7] = ["database", "role", "grants", "user", "secret", "profile", "quota"];

/// A tenant's names and addresses.
struct Parts {
    addr: Addr,
    slug: String,
    organization: String,
    namespace: String,
    environment: String,
    span: Span,
}

impl Parts {
    fn of(block: &Instance, cx: &mut DecodeCx) -> Option<Self> {
        let (slug, span) = decode::name_of(block, "slug");
        let organization =
            block.body.string("organization").map_or_else(|| convention::organization(&slug), str::to_owned);
        let good = decode::check_name(cx, "slug", &slug, names::slug, span)
            && decode::check_name(
                cx,
                "organization",
                &organization,
                names::dns1123,
                block.body.span_of("organization"),
            )
            && decode::check_name(
                cx,
                "name of a Kubernetes object",
                &convention::secret(&organization),
                names::dns_subdomain,
                span,
            )
            && decode::need_kubernetes(cx, block.body.span);
        good.then(|| Self {
            addr: block.addr.clone(),
            slug,
            organization,
            namespace: cx.settings.namespace().to_owned(),
            environment: cx.settings.environment.clone(),
            span: block.body.span,
        })
    }

    fn database(&self) -> String {
        convention::database(&self.slug)
    }

    fn user(&self) -> String {
        convention::user(&self.slug)
    }

    fn exports(&self) -> BTreeMap<String, Value> {
        let exports = [
            ("slug", self.slug.clone()),
            ("organization", self.organization.clone()),
            ("database", self.database()),
            ("role", convention::role(&self.slug)),
            ("user", self.user()),
            ("secret", convention::secret(&self.organization)),
        ];
        exports.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect()
    }

    /// Returns the database, role, user, grants and Secret.
    fn access(&self, body: &Body, cx: &mut DecodeCx) -> Vec<Resource> {
        let part = |word: &str| self.addr.part(word);
        let (role, user_name) = (convention::role(&self.slug), self.user());
        let secret_name = convention::secret(&self.organization);
        let policy = body.block("credentials").map(|body| credential::policy(body, cx)).unwrap_or_default();
        let credential = Credential::new(&self.namespace, &secret_name, &user_name, &self.database(), policy);
        let privileges = self.privileges(body, cx);
        let user = user::resource(part("user"), &user_name, &self.database(), self.span);
        let user = body.block("user").into_iter().fold(user, |user, body| user::declared(user, body, cx));
        let grantees = vec![
            Grantee { privileges, ..Grantee::new(role.clone(), GranteeType::Role) },
            Grantee { roles: vec![role.clone()], ..Grantee::new(user_name.clone(), GranteeType::User) },
        ];
        vec![
            Resource::new(part("database"), "database", self.database(), self.span),
            Resource::new(part("role"), "role", &role, self.span),
            user.with(credential::CREDENTIAL, credential.to_value())
                .after(part("database"))
                .after(part("role")),
            grants::whole(part("grants"), &role, grantees, self.span)
                .after(part("database"))
                .after(part("role"))
                .after(part("user")),
            secret::resource(part("secret"), &self.namespace, &secret_name, self.span)
                .with(credential::CREDENTIALS_OF, part("user").to_string())
                .after(part("user")),
        ]
    }

    fn privileges(&self, body: &Body, cx: &mut DecodeCx) -> Vec<grants::Declared> {
        let convention = || convention::PRIVILEGES.iter().map(|word| (*word).to_owned()).collect();
        let privileges: Vec<String> = body.strings("privileges").unwrap_or_else(convention);
        if privileges.is_empty() {
            return Vec::new();
        }
        let on = format!("{}.*", self.database());
        let span = body.span_of("privileges");
        let places = Some(grants::Places { privileges: span, on: span, except: span });
        let declared = grants::Declared { privileges, on, places, ..grants::Declared::default() };
        if grants::check(&declared, cx) { vec![declared] } else { Vec::new() }
    }

    /// Returns the settings profile and the quota of a `limits` block, both for the tenant's role.
    fn limits(&self, body: &Body, cx: &mut DecodeCx) -> Vec<Resource> {
        let Some(block) = body.block("limits") else { return Vec::new() };
        let (part, role) = (|word: &str| self.addr.part(word), convention::role(&self.slug));
        let (settings, intervals) = limits::decode(block, cx);
        let profile = settings.map(|settings| {
            let name = convention::profile(&self.slug);
            limits::profile(part("profile"), &name, settings, block.span)
        });
        let quota = intervals.map(|intervals| {
            let name = convention::quota(&self.slug);
            limits::quota(part("quota"), &name, "none", intervals, block.span)
        });
        let all = profile.into_iter().chain(quota);
        all.map(|limit| limit.with(principals::TO, Value::strings([role.as_str()])).after(part("role")))
            .collect()
    }

    /// Returns the files of the bootstrap folder, then those of the schema: after access and limits.
    fn migrations(&self, body: &Body, confined: Vec<Addr>, cx: &mut DecodeCx) -> Vec<Resource> {
        let conventional = convention::tenant_folder_in(&self.environment, &self.slug);
        let ready = [vec![self.addr.part("grants")], confined].concat();
        let own = self.runner(body, cx);
        let bootstrap = self.folder(
            &format!("{conventional}/bootstrap"),
            (None, body.span, None),
            &Runner {
                login: None,
                unconfined: false,
                baselined: &convention::DECLARED_BOOTSTRAP,
                ..own.clone()
            },
            &ready,
            cx,
        );
        let mut all = bootstrap;
        let written = body.get("migrations").map(|attr| attr.span);
        let paths = body.strings("migrations").unwrap_or_else(|| vec![format!("{conventional}/schema")]);
        let import = self.import(body, &paths, cx);
        for path in &paths {
            let import = import.as_ref().filter(|(of, _)| of == path).map(|(_, import)| import.clone());
            let after: Vec<Addr> = all.last().map_or_else(|| ready.to_vec(), |last| vec![last.addr.clone()]);
            let place = (written, written.unwrap_or(body.span), import);
            all.extend(self.folder(path, place, &own, &after, cx));
        }
        all
    }

    /// Returns the folder that another runner recorded, and its ledger.
    fn import(&self, body: &Body, paths: &[String], cx: &mut DecodeCx) -> Option<(String, Value)> {
        let block = body.block(import_ledger::IMPORT)?;
        let folder = import_ledger::folder_of(block, paths, cx)?.to_owned();
        Some((folder, import_ledger::decode(block, &self.database(), cx)?))
    }

    fn folder(
        &self,
        path: &str,
        (written, span, import): (Option<Span>, Span, Option<Value>),
        runner: &Runner,
        after: &[Addr],
        cx: &mut DecodeCx,
    ) -> Vec<Resource> {
        let id = migration::folder_id(&self.environment, &self.slug, path);
        migration::read(&Folder { path, id, written, span, import }, runner, after, cx)
    }

    /// Returns how the schema's files run.
    fn runner(&self, body: &Body, cx: &mut DecodeCx) -> Runner {
        let unconfined = runner::confinement(body, cx) == runner::Confinement::None;
        let placeholders = [
            ("database", self.database()),
            ("role", convention::role(&self.slug)),
            ("tenant", self.slug.clone()),
        ];
        Runner {
            addr: self.addr.clone(),
            tenant: self.slug.clone(),
            database: self.database(),
            login: Some((self.user(), self.addr.part("user"))).filter(|_| !unconfined),
            unconfined,
            placeholders: placeholders
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .chain(runner::variables(body, cx))
                .collect(),
            baselined: &[],
            allow_out_of_order: body.bool(migration::ALLOW_OUT_OF_ORDER) == Some(true),
        }
    }

    fn superset(&self, body: &Body) -> Resource {
        superset::resource(self.addr.part("superset"), &self.namespace, &self.organization, body, body.span)
            .after(self.addr.part("secret"))
    }
}

/// Warns of folders of tenants that nothing declares, and of tenants that the list does not name.
fn warn_of_lists(desired: &Desired, cx: &mut DecodeCx) {
    let mut declared: BTreeMap<String, Span> = BTreeMap::new();
    for resource in desired.resources.values().filter(|resource| resource.addr.segments()[0].word == NAME) {
        declared.extend(resource.tenant.clone().map(|slug| (slug, resource.span)));
    }
    let folder = format!("migrations/{}/tenants", cx.settings.environment);
    let folders = cx.files.list(&folder).ok().flatten().unwrap_or_default();
    for name in folders.iter().filter_map(|name| name.strip_suffix('/')) {
        if !declared.contains_key(name) {
            cx.diags.push(
                Diagnostic::warning("a tenant's folder without a tenant")
                    .detail(format!("{folder}/{name} does nothing: no tenant block declares {name:?}."))
                    .help(format!("declare it: tenant \"{name}\" {{}}")),
            );
        }
    }
    let path = convention::tenants_list(cx.settings);
    let Ok(list) = cx.files.read(&path) else { return };
    let list = String::from_utf8_lossy(&list).into_owned();
    let listed: BTreeSet<&str> =
        list.lines().map(|line| line.split('#').next().unwrap_or_default().trim()).collect();
    for (slug, span) in declared.iter().filter(|(slug, _)| !listed.contains(slug.as_str())) {
        cx.diags.push(
            Diagnostic::warning("this tenant is not in the list of active tenants")
                .at(*span, format!("{slug:?} is missing from {path}"))
                .detail(
                    "The block is what counts here: the tenant is active. Other programs may read the list.",
                )
                .help(format!("add a line {slug} to {path}")),
        );
    }
}
