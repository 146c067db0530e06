//! The servers that the scenarios share: started when first needed, stopped at the end.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};

/// A ClickHouse to run scenarios on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Engine {
    /// `26.9`, or `server` for one that was given.
    pub name: &'static str,
}

/// The sandbox's engines.
pub const ENGINES: [Engine; 3] = [Engine { name: "26.9" }, Engine { name: "25.8" }, Engine { name: "24.8" }];

/// A running ClickHouse.
#[derive(Clone, Debug)]
pub struct ClickHouse {
    /// Its URL.
    pub url: String,
    /// An administrator.
    pub user: String,
    /// The administrator's password.
    pub password: String,
    /// The log of what it received, a JSON line each; none for a server that was given.
    pub log: Option<PathBuf>,
    /// What keeps a shared sandbox running; none for others.
    pub _shared: Option<Arc<Sandbox>>,
}

/// A sandbox that several scenarios share: it ends with the last of them.
#[derive(Debug)]
pub struct Sandbox {
    child: Mutex<Child>,
    _folder: tempfile::TempDir,
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap();
        drop(child.stdin.take());
        child.wait().unwrap();
    }
}

/// How many scenarios share a sandbox: with each user and role the engine takes longer to be opened
/// as somebody else.
const SHARED_BY: usize = 8;

/// Returns the engines to run on.
pub fn engines() -> Vec<Engine> {
    if std::env::var_os("CHARTER_TEST_CLICKHOUSE_URL").is_some() {
        return vec![Engine { name: "server" }];
    }
    match std::env::var("CHARTER_TEST_ENGINES") {
        Ok(names) => {
            ENGINES.into_iter().filter(|engine| names.split(',').any(|name| name == engine.name)).collect()
        }
        Err(_) => ENGINES.to_vec(),
    }
}

#[derive(Default)]
struct Started {
    clickhouse: BTreeMap<Engine, Arc<Mutex<Shared>>>,
    children: Vec<Child>,
}

/// The sandbox that the next scenario of an engine gets.
#[derive(Default)]
struct Shared {
    server: Option<ClickHouse>,
    used: usize,
}

fn started() -> &'static Mutex<Started> {
    static STARTED: OnceLock<Mutex<Started>> = OnceLock::new();
    STARTED.get_or_init(Mutex::default)
}

/// Returns the ClickHouse of an engine.
pub fn clickhouse(engine: Engine) -> ClickHouse {
    let shared = started().lock().unwrap().clickhouse.entry(engine).or_default().clone();
    let mut shared = shared.lock().unwrap();
    if shared.used.is_multiple_of(SHARED_BY) {
        shared.server = None;
    }
    shared.used += 1;
    shared.server.get_or_insert_with(|| start_clickhouse(engine)).clone()
}

fn start_clickhouse(engine: Engine) -> ClickHouse {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    if engine.name == "server" {
        let user = variable("CHARTER_TEST_CLICKHOUSE_USER");
        return ClickHouse {
            url: variable("CHARTER_TEST_CLICKHOUSE_URL"),
            user: if user.is_empty() { "default".into() } else { user },
            password: variable("CHARTER_TEST_CLICKHOUSE_PASSWORD"),
            log: None,
            _shared: None,
        };
    }
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("statements.jsonl");
    let mut command = Command::new(root().join("examples/sandbox/clickhouse"));
    command.args(["--engine", engine.name, "--exit-with-stdin", "--log"]).arg(&log);
    let (child, url) = spawn(command, "CLICKHOUSE_URL=");
    let url = url.unwrap_or_else(|| panic!("sandbox {} did not start", engine.name));
    let sandbox = Sandbox { child: Mutex::new(child), _folder: folder };
    let shared = Some(Arc::new(sandbox));
    ClickHouse { url, user: "default".into(), password: String::new(), log: Some(log), _shared: shared }
}

/// Starts a sandbox for one scenario, with options; its data and its CA are in `folder`.
pub fn own_sandbox(folder: &Path, options: &[&str]) -> ClickHouse {
    let mut command = Command::new(root().join("examples/sandbox/clickhouse"));
    command.args(["--exit-with-stdin", "--data"]).arg(folder).args(options);
    let url = start(command, "CLICKHOUSE_URL=").expect("the sandbox starts");
    ClickHouse { url, user: "default".into(), password: String::new(), log: None, _shared: None }
}

/// Starts a sandbox on a folder, which ends when the last clone of what is returned is dropped: so that
/// another engine can be started on the same folder.
pub fn ending_sandbox(folder: &Path, engine: &str) -> ClickHouse {
    let mut command = Command::new(root().join("examples/sandbox/clickhouse"));
    command.args(["--exit-with-stdin", "--engine", engine, "--data"]).arg(folder);
    let (child, url) = spawn(command, "CLICKHOUSE_URL=");
    let sandbox = Sandbox { child: Mutex::new(child), _folder: tempfile::tempdir().unwrap() };
    ClickHouse {
        url: url.expect("the sandbox starts"),
        user: "default".into(),
        password: String::new(),
        log: None,
        _shared: Some(Arc::new(sandbox)),
    }
}

/// Returns the kubeconfig of the API server, if there can be one.
pub fn kubeconfig() -> Option<&'static Path> {
    static KUBECONFIG: OnceLock<Option<PathBuf>> = OnceLock::new();
    KUBECONFIG
        .get_or_init(|| {
            if let Ok(given) = std::env::var("CHARTER_TEST_KUBECONFIG") {
                return Some(PathBuf::from(given));
            }
            let mut command = Command::new(root().join("examples/sandbox/kubernetes"));
            command.arg("--exit-with-stdin").arg("--apply");
            command.arg(root().join("examples/superset/supersettenant.crd.yaml"));
            start(command, "KUBECONFIG=").map(PathBuf::from)
        })
        .as_deref()
}

/// Returns whether there is an API server.
pub fn has_cluster() -> bool {
    kubeconfig().is_some()
}

/// Starts a server that lives as long as its standard input, and returns what it says after `key`.
fn start(command: Command, key: &str) -> Option<String> {
    let (child, value) = spawn(command, key);
    started().lock().unwrap().children.push(child);
    value
}

fn spawn(mut command: Command, key: &str) -> (Child, Option<String>) {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let stdout = child.stdout.take().unwrap();
    let mut lines = BufReader::new(stdout).lines();
    let value = lines.find_map(|line| line.ok()?.strip_prefix(key).map(str::to_owned));
    std::thread::spawn(move || lines.for_each(drop));
    (child, value)
}

/// Stops what was started.
pub fn stop() {
    let mut started = started().lock().unwrap();
    for child in &mut started.children {
        drop(child.stdin.take());
    }
    for child in &mut started.children {
        child.wait().unwrap();
    }
    started.clickhouse.clear();
}

/// Returns the root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
