use super::*;
use crate::diag::{Diagnostics, SourceMap};
use crate::kinds::testing::{settings, span};
use crate::model::Spanned;
use crate::model::files::Files;

struct Folder(BTreeMap<&'static str, &'static str>);

impl Files for Folder {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        self.0.get(path).map(|text| text.as_bytes().to_vec()).ok_or_else(|| "no such file".into())
    }

    fn list(&self, path: &str) -> Result<Option<Vec<String>>, String> {
        let prefix = format!("{path}/");
        let names: BTreeSet<String> = self
            .0
            .keys()
            .filter_map(|file| file.strip_prefix(&prefix))
            .map(|rest| {
                rest.split_once('/').map_or_else(|| rest.to_owned(), |(folder, _)| format!("{folder}/"))
            })
            .collect();
        Ok((!names.is_empty()).then(|| names.into_iter().collect()))
    }
}

fn body(attrs: &[(&str, Value)]) -> Body {
    let attrs = attrs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Spanned { value: value.clone(), span: span() }));
    Body { span: span(), attrs: attrs.collect(), blocks: BTreeMap::new(), refs: BTreeMap::new() }
}

fn decode(files: &[(&'static str, &'static str)], label: &str, body: Body) -> (Declared, Vec<String>) {
    let (settings, mut sources, mut diags) = (settings(), SourceMap::default(), Diagnostics::default());
    let files = Folder(files.iter().copied().collect());
    let mut cx = DecodeCx { settings: &settings, files: &files, sources: &mut sources, diags: &mut diags };
    let block = Instance { addr: Addr::new("tenant", label), label: label.to_owned(), body };
    let declared = Tenant.decode(&block, &mut cx);
    let mut desired = Desired::default();
    desired
        .resources
        .extend(declared.resources.iter().map(|resource| (resource.addr.clone(), resource.clone())));
    Tenant.link(&mut desired, &mut cx);
    let problems = diags.sorted().into_iter().map(|diag| diag.summary.clone()).collect();
    (declared, problems)
}

#[test]
fn an_empty_block_declares_everything_by_convention() {
    let files = [
        (
            "migrations/development/tenants/acme_1/bootstrap/V1000__create_tenant_database.sql",
            "CREATE DATABASE x;",
        ),
        ("migrations/development/tenants/acme_1/schema/V2__b.sql", "SELECT 2"),
        ("migrations/development/tenants/acme_1/schema/V10__a.sql", "SELECT 10"),
    ];
    let (declared, problems) = decode(&files, "acme_1", body(&[]));
    assert_eq!(problems, Vec::<String>::new());
    let all: Vec<String> = declared
        .resources
        .iter()
        .map(|resource| format!("{}  {}", resource.addr, resource.identity))
        .collect();
    insta::assert_snapshot!(all.join("\n"), @r#"
    tenant.acme_1.database  tenant_acme_1
    tenant.acme_1.role  role_tenant_acme_1
    tenant.acme_1.user  user_tenant_acme_1
    tenant.acme_1.grants  role_tenant_acme_1
    tenant.acme_1.secret  operations/superset-tenant-acme-1-clickhouse-credentials
    tenant.acme_1.migration["bootstrap/V1000__create_tenant_database.sql"]  acme_1|bootstrap|1000
    tenant.acme_1.migration["schema/V2__b.sql"]  acme_1|schema|2
    tenant.acme_1.migration["schema/V10__a.sql"]  acme_1|schema|10
    "#);
    assert!(declared.resources.iter().all(|resource| resource.retained));
}

#[test]
fn bad_slugs_and_missing_paths_are_told() {
    assert_eq!(decode(&[], "Acme", body(&[])).1, ["this is not a valid slug"]);
    assert_eq!(decode(&[], "acme_", body(&[])).1, ["this is not a valid organization"]);
    let written = body(&[("migrations", Value::strings(["nowhere"]))]);
    assert_eq!(decode(&[], "acme", written).1, ["this migrations folder does not exist"]);
}

#[test]
fn lists_and_folders_that_disagree_are_warned_of() {
    let files = [
        ("migrations/development/tenants.txt", "other # x\n"),
        ("migrations/development/tenants/ghost/schema/V1__a.sql", "SELECT 1"),
    ];
    let problems = decode(&files, "acme", body(&[])).1;
    assert_eq!(
        problems,
        ["this tenant is not in the list of active tenants", "a tenant's folder without a tenant"]
    );
}
