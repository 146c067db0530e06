//! Pods that use a tenant's Secret: they read it again before each login.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::clickhouse;
use crate::cluster::Cluster;
use crate::project::{Project, secret_name};
use crate::servers::{self, ClickHouse};

/// How many pods there are, and how often each logs in.
const PODS: u32 = 4;
const PERIOD: Duration = Duration::from_millis(80);

/// What pods saw.
#[derive(Debug, Default)]
pub struct Seen {
    /// How many logins were tried.
    pub logins: usize,
    /// What went wrong: a login that was refused, a Secret that was not whole.
    pub failures: Vec<String>,
    /// How many different passwords the Secret held.
    pub passwords: usize,
    /// For how long.
    pub elapsed: Duration,
}

/// What one pod saw.
#[derive(Default)]
struct One {
    logins: usize,
    failures: Vec<String>,
    passwords: BTreeSet<String>,
}

/// Running pods.
pub struct Pods {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<One>>,
    begun: Instant,
}

impl Pods {
    /// Starts pods of a tenant: together they log in 50 times a second.
    pub fn start(project: &Project, tenant: &str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let slug = project.name(tenant);
        let threads = (0..PODS).map(|number| {
            let (stop, slug, server) = (Arc::clone(&stop), slug.clone(), project.clickhouse.clone());
            let cluster = Cluster::connect(servers::kubeconfig().unwrap(), &project.prefix);
            std::thread::spawn(move || {
                std::thread::sleep(PERIOD / PODS * number);
                let mut seen = One::default();
                let mut next = Instant::now();
                while !stop.load(Ordering::Relaxed) {
                    seen.logins += 1;
                    match login(&cluster, &server, &slug) {
                        Ok(password) => _ = seen.passwords.insert(password),
                        Err(problem) => seen.failures.push(problem),
                    }
                    next += PERIOD;
                    std::thread::sleep(next.saturating_duration_since(Instant::now()));
                }
                seen
            })
        });
        let threads = threads.collect();
        Self { stop, threads, begun: Instant::now() }
    }

    /// Stops them.
    pub fn stop(self) -> Seen {
        let elapsed = self.begun.elapsed();
        self.stop.store(true, Ordering::Relaxed);
        let mut seen = Seen { elapsed, ..Seen::default() };
        let mut passwords = BTreeSet::new();
        for thread in self.threads {
            let one = thread.join().unwrap();
            seen.logins += one.logins;
            seen.failures.extend(one.failures);
            passwords.extend(one.passwords);
        }
        seen.passwords = passwords.len();
        seen
    }
}

/// Reads the Secret and logs in with what it holds. Returns the password.
fn login(cluster: &Cluster, server: &ClickHouse, slug: &str) -> Result<String, String> {
    use base64::Engine as _;
    let secret = cluster.get("Secret", &secret_name(slug)).ok_or("there is no Secret")?;
    let key = |name: &str| {
        let encoded = secret["data"][name].as_str().ok_or(format!("the Secret has no {name}"))?;
        let bytes =
            base64::engine::general_purpose::STANDARD.decode(encoded).map_err(|error| error.to_string())?;
        String::from_utf8(bytes).map_err(|error| error.to_string())
    };
    let (user, password, database) = (key("username")?, key("password")?, key("database")?);
    if user != format!("user_tenant_{slug}") || database != format!("tenant_{slug}") {
        return Err(format!("the Secret is not whole: {user}, {database}"));
    }
    // It needs the login and nothing else, so that the pods keep their pace.
    let answer = clickhouse::run(server, &user, &password, "SET ROLE DEFAULT");
    match answer.status {
        200 => Ok(password),
        status => Err(format!("status {status}, code {}: {}", answer.code, answer.body)),
    }
}
