//! A configuration folder of a scenario, and what it may touch.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::clickhouse::{self, Answer};
use crate::cluster::Cluster;
use crate::command::{self, Output};
use crate::servers::{self, ClickHouse, Engine};

/// A configuration folder with servers.
pub struct Project {
    folder: tempfile::TempDir,
    /// The engine.
    pub engine: Engine,
    /// The ClickHouse.
    pub clickhouse: ClickHouse,
    cluster: Option<Cluster>,
    /// What every name of this scenario begins with.
    pub prefix: String,
    /// The environment of the commands.
    pub env: Vec<(String, String)>,
}

impl Project {
    /// Makes the commands that follow log in as a user.
    pub fn log_in(&mut self, user: &str, password: &str) {
        self.env.retain(|(name, _)| name != "CLICKHOUSE_USER" && name != "CLICKHOUSE_PASSWORD");
        self.env.push(("CLICKHOUSE_USER".into(), user.into()));
        self.env.push(("CLICKHOUSE_PASSWORD".into(), password.into()));
    }

    /// Makes a folder with a configuration that declares nothing yet.
    pub fn new(engine: Engine, cluster: bool) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let prefix = format!("t{}x{count}", std::process::id());
        let clickhouse = servers::clickhouse(engine);
        let kubeconfig = cluster.then(|| servers::kubeconfig().unwrap());
        let env = [
            ("CLICKHOUSE_URL", clickhouse.url.clone()),
            ("CLICKHOUSE_USER", clickhouse.user.clone()),
            ("CLICKHOUSE_PASSWORD", clickhouse.password.clone()),
            // After a run that was killed, the lock lapses before the next may begin.
            ("CHARTER_LOCK_TIMEOUT", "90s".to_owned()),
        ];
        let project = Self {
            folder: tempfile::tempdir().unwrap(),
            engine,
            cluster: kubeconfig.map(|path| Cluster::new(path, &prefix)),
            prefix,
            env: env.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            clickhouse,
        };
        let target = match kubeconfig {
            Some(path) => {
                format!("kubeconfig = {:?}\n  namespace = \"{}\"", path.display().to_string(), project.prefix)
            }
            None => "manifests = \"out/manifests\"".to_owned(),
        };
        project.write(
            "charter.hcl",
            &format!(
                r#"charter {{
  scope = "{}"
}}
clickhouse {{
  url      = env("CLICKHOUSE_URL")
  user     = env("CLICKHOUSE_USER")
  password = env("CLICKHOUSE_PASSWORD")
}}
kubernetes {{
  {target}
}}
"#,
                project.prefix
            ),
        );
        project
    }

    /// Returns the folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Moves the scenario to a ClickHouse of its own.
    pub fn use_clickhouse(&mut self, clickhouse: ClickHouse) {
        self.env.retain(|(name, _)| name != "CLICKHOUSE_URL");
        self.env.push(("CLICKHOUSE_URL".into(), clickhouse.url.clone()));
        self.clickhouse = clickhouse;
    }

    /// Returns the cluster of a scenario that asked for one.
    pub fn cluster(&self) -> &Cluster {
        self.cluster.as_ref().expect("a scenario with a cluster")
    }

    /// Returns a name of this scenario.
    pub fn name(&self, name: &str) -> String {
        format!("{}_{name}", self.prefix)
    }

    /// Writes a file below the folder. `@` stands for the scenario's prefix.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.file(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text.replace('@', &self.prefix)).unwrap();
    }

    /// Removes a file.
    pub fn remove(&self, path: &str) {
        fs::remove_file(self.file(path)).unwrap();
    }

    /// Returns a path below the folder.
    pub fn file(&self, path: &str) -> PathBuf {
        self.folder.path().join(path.replace('@', &self.prefix))
    }

    /// Writes a migration of a tenant's schema.
    pub fn schema(&self, tenant: &str, file: &str, sql: &str) {
        self.write(&format!("migrations/development/tenants/@_{tenant}/schema/{file}"), sql);
    }

    /// Runs charter.
    pub fn charter(&self, args: &[&str]) -> Output {
        command::charter(self.folder.path(), &self.env, args)
    }

    /// Applies, and asserts that planning again finds nothing and that a check is clean.
    #[track_caller]
    pub fn apply(&self) -> Output {
        let output = self.charter(&["apply", "--auto-approve"]).exits(0);
        self.unchanged();
        output
    }

    /// Asserts that a plan finds nothing to do.
    #[track_caller]
    pub fn unchanged(&self) {
        let _ = self.charter(&["plan", "--detailed-exitcode"]).exits(0).says("No changes.");
    }

    /// Runs a statement as a tenant, with the password of its Secret.
    pub fn as_tenant(&self, tenant: &str, statement: &str) -> Answer {
        let slug = self.name(tenant);
        let password = self.password(&slug);
        clickhouse::run(&self.clickhouse, &format!("user_tenant_{slug}"), &password, statement)
    }

    /// Runs a statement as a tenant whose organization is not its slug's.
    pub fn as_tenant_of(&self, tenant: &str, organization: &str, statement: &str) -> Answer {
        let password = self.password(&organization.replace('@', &self.prefix));
        clickhouse::run(&self.clickhouse, &format!("user_tenant_{}", self.name(tenant)), &password, statement)
    }

    /// Returns the password that a tenant's Secret holds.
    pub fn password(&self, slug: &str) -> String {
        let secret = secret_name(slug);
        match &self.cluster {
            Some(cluster) => cluster.secret_key(&secret, "password"),
            None => self.manifest_key(&secret, "password"),
        }
    }

    /// Returns what a key of a Secret in the manifests folder holds.
    pub fn manifest_key(&self, secret: &str, key: &str) -> String {
        use base64::Engine as _;
        let path = self.file(&format!("out/manifests/operations/secret-{secret}.yaml"));
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let line =
            text.lines().find_map(|line| line.trim().strip_prefix(&format!("{key}:"))).expect("the key");
        let encoded = line.trim().trim_matches('"');
        String::from_utf8(base64::engine::general_purpose::STANDARD.decode(encoded).unwrap()).unwrap()
    }
}

/// Returns the name of a tenant's Secret.
pub fn secret_name(slug: &str) -> String {
    format!("superset-tenant-{}-clickhouse-credentials", slug.replace('_', "-"))
}
