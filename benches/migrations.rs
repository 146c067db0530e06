//! How many migration files and statements a second `charter apply` runs over many tenants that share
//! a folder of ten files, beside the same requests sent bare over HTTP: the ratio is the figure.
//!
//! The bare run replays what the server logged of the apply (statements, ledger rows as charter
//! grouped them, audit), on a second server with the same tenants: as many at once, with the same
//! logins, each tenant's statements in their order, over connections that are kept. What an apply
//! does besides (reading the files, planning, the lock, waiting until a row is there) is the rest.
//!
//! `make bench` runs it with 1,000 tenants; CHARTER_BENCH_TENANTS gives another number. It needs the
//! log of the sandbox. It prints, and asserts nothing about time.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    dead_code,
    reason = "a benchmark: it shares the end-to-end tests' helpers, which do more than it needs"
)]

#[path = "../tests/e2e/clickhouse.rs"]
mod clickhouse;
#[path = "../tests/e2e/cluster.rs"]
mod cluster;
#[path = "../tests/e2e/command.rs"]
mod command;
#[path = "../tests/e2e/project.rs"]
mod project;
#[path = "../tests/e2e/servers.rs"]
mod servers;

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::project::Project;

/// How many files the folder has.
const FILES: usize = 10;

/// How many statements they have together.
const STATEMENTS: usize = 15;

/// How many requests are under way at once: what `charter apply` does unless told.
const AT_ONCE: usize = 10;

fn main() {
    let tenants = std::env::var("CHARTER_BENCH_TENANTS").map_or(1_000, |text| text.parse().unwrap());
    let build = if cfg!(debug_assertions) { "debug" } else { "release" };
    let engine = servers::ENGINES[0];
    let folder = tempfile::tempdir().unwrap();
    let (mut project, log) = estate(engine, &folder.path().join("a"), tenants, None);
    folder_of_files(&project);
    let begun = Instant::now();
    let _ = project.charter(&["plan"]).exits(0);
    let plan = begun.elapsed();
    let (before, cpu, begun) = (lines(&log), cpu(), Instant::now());
    let _ = project.charter(&["apply", "--auto-approve"]).exits(0);
    let (took, cpu) = (begun.elapsed(), self::cpu() - cpu);
    let requests: Vec<Json> = lines(&log).split_off(before.len());
    let (files, statements) = (tenants * FILES, tenants * STATEMENTS);
    println!(
        "{tenants} tenants, {FILES} files with {STATEMENTS} statements, {AT_ONCE} at once, on {}, {build} build",
        engine.name
    );
    println!("  charter plan   {}", rate(plan, files, statements));
    println!(
        "  charter apply  {}; {:.1} s of it charter's own processor time",
        rate(took, files, statements),
        cpu.as_secs_f64()
    );
    tell_inserts(&requests);
    let sent: Vec<Request> = requests.iter().filter_map(Request::of).collect();
    let prefix = std::mem::take(&mut project.prefix);
    drop(project);
    let (other, _) = estate(engine, &folder.path().join("b"), tenants, Some(prefix));
    let bare = replay(&other, sent);
    println!("  bare HTTP      {}", rate(bare, files, statements));
    println!("  charter takes {:.2} times as long as bare HTTP", took.as_secs_f64() / bare.as_secs_f64());
    drop(other);
    servers::stop();
}

/// Returns a project with so many tenants on a server of its own, and the server's log.
fn estate(
    engine: servers::Engine,
    data: &Path,
    tenants: usize,
    prefix: Option<String>,
) -> (Project, std::path::PathBuf) {
    let mut project = Project::new(engine, false);
    if let Some(prefix) = prefix {
        project.prefix = prefix;
    }
    let log = data.with_extension("jsonl");
    let server = servers::own_sandbox(data, &["--log", log.to_str().unwrap()]);
    project.use_clickhouse(server);
    let main = format!(
        "tenant \"all\" {{\n  for_each = toset([for n in range({tenants}) : format(\"@_%04d\", n)])\n  \
         slug = each.key\n  migrations = [\"migrations/shared\"]\n}}\n"
    );
    project.write("migrations/shared/README", "");
    project.write("main.hcl", &main);
    let _ = project.charter(&["apply", "--auto-approve"]).exits(0);
    (project, log)
}

/// Writes ten files: a table and a column of it, then rows, five times.
fn folder_of_files(project: &Project) {
    for index in 0..FILES {
        let text = match index % 2 {
            0 => format!(
                "CREATE TABLE t{index} (at DateTime, page String) ENGINE = MergeTree ORDER BY at;\n\
                 ALTER TABLE t{index} ADD COLUMN n UInt32;\n"
            ),
            _ => format!("INSERT INTO t{} VALUES (now(), 'a', {index});\n", index - 1),
        };
        project.write(&format!("migrations/shared/V{}__s.sql", index + 1), &text);
    }
}

fn lines(log: &Path) -> Vec<Json> {
    let text = fs::read_to_string(log).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn rate(took: Duration, files: usize, statements: usize) -> String {
    #[expect(clippy::cast_precision_loss, reason = "thousands")]
    let per = |count: usize| count as f64 / took.as_secs_f64();
    format!("{:7.1} s, {:6.1} files/s, {:6.1} statements/s", took.as_secs_f64(), per(files), per(statements))
}

/// Returns the processor time of the commands that were run (`cutime`, `cstime` of proc(5), in hundredths
/// of a second); nothing where there is no such file.
fn cpu() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let field = |index: usize| fields.get(index).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    Duration::from_millis(10 * (field(13) + field(14)))
}

/// Says how many rows each insert into charter's tables had.
fn tell_inserts(requests: &[Json]) {
    let mut tables: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for request in requests {
        let text = request["statement"].as_str().unwrap();
        if let Some((head, rows)) = text.split_once(" FORMAT JSONEachRow\n") {
            let count = tables.entry(head.replace("INSERT INTO ", "")).or_default();
            *count = (count.0 + 1, count.1 + rows.lines().count());
        }
    }
    println!("  {} requests; of them", requests.len());
    for (table, (inserts, rows)) in tables {
        println!("    {rows} rows of {table} in {inserts} inserts");
    }
}

/// A request that is sent again.
struct Request {
    user: String,
    statement: String,
    database: String,
    params: Vec<(String, String)>,
    /// What it comes after: the requests of the same lane before it.
    lane: Option<String>,
}

impl Request {
    /// Returns what the server was sent, but for reads and for the lock.
    fn of(line: &Json) -> Option<Self> {
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let statement = text("statement");
        let written = ["INSERT", "CREATE", "ALTER"].iter().any(|word| statement.starts_with(word));
        if !written || line.to_string().contains("charter_lock_") {
            return None;
        }
        let params = line["params"].as_object().into_iter().flatten();
        let params = params.map(|(name, value)| {
            (name.trim_start_matches("param_").to_owned(), value.as_str().unwrap_or_default().to_owned())
        });
        let user = text("user");
        let lane = user.strip_prefix("user_tenant_").map(str::to_owned);
        let params: Vec<(String, String)> = params.collect();
        let lane = lane.or_else(|| Some(params.iter().find(|(name, _)| name == "tenant")?.1.clone()));
        Some(Self { user, statement, database: text("database"), params, lane })
    }
}

/// Sends the requests, so many at once, and returns how long it took.
fn replay(project: &Project, requests: Vec<Request>) -> Duration {
    let mut lanes: Vec<VecDeque<Request>> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for request in requests {
        match request.lane.clone().and_then(|lane| known.get(&lane).copied()) {
            Some(index) => lanes[index].push_back(request),
            None => {
                known.extend(request.lane.clone().map(|lane| (lane, lanes.len())));
                lanes.push([request].into());
            }
        }
    }
    let passwords: BTreeMap<&str, String> =
        known.keys().map(|slug| (slug.as_str(), project.password(slug))).collect();
    let lanes = Mutex::new(VecDeque::from(lanes));
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                let agent: ureq::Agent =
                    ureq::Agent::config_builder().http_status_as_error(false).build().into();
                loop {
                    let Some(lane) = lanes.lock().unwrap().pop_front() else { return };
                    let password = lane[0].lane.as_deref().and_then(|slug| passwords.get(slug));
                    lane.iter().for_each(|request| send(&agent, project, request, password));
                }
            });
        }
    });
    begun.elapsed()
}

fn send(agent: &ureq::Agent, project: &Project, request: &Request, password: Option<&String>) {
    let server = &project.clickhouse;
    let own = request.user == server.user;
    let password = if own { &server.password } else { password.expect("a tenant's password") };
    let mut post = agent
        .post(&server.url)
        .header("X-ClickHouse-User", &request.user)
        .header("X-ClickHouse-Key", password)
        .query("wait_end_of_query", "1")
        .query("date_time_input_format", "best_effort");
    if !request.database.is_empty() {
        post = post.query("database", &request.database);
    }
    for (name, value) in &request.params {
        post = post.query(format!("param_{name}"), value);
    }
    let mut response = post.send(&request.statement).unwrap();
    let body = response.body_mut().read_to_string().unwrap();
    assert_eq!(response.status().as_u16(), 200, "{}: {body}", request.statement);
}
