//! How many queries and how long a plan takes for an estate of 4 roles, 60 databases and 563 grants,
//! all of them in place: `make bench` prints it for a release and a debug build, on the engines of
//! the sandbox or on the server of `CHARTER_TEST_CLICKHOUSE_URL`. It prints, and asserts nothing about time.

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
#[path = "../tests/e2e/estate.rs"]
mod estate;
#[path = "../tests/e2e/project.rs"]
mod project;
#[path = "../tests/e2e/servers.rs"]
mod servers;

use std::time::{Duration, Instant};

use crate::project::Project;

/// How often a plan is timed.
const PLANS: usize = 7;

fn main() {
    let build = if cfg!(debug_assertions) { "debug" } else { "release" };
    for engine in servers::engines() {
        let mut project = Project::new(engine, false);
        project.write("main.hcl", &estate::declaration("@_"));
        let _ = project.apply();
        let queries = estate::queries_of_a_plan(&mut project);
        let mut times: Vec<Duration> = (0..PLANS).map(|_| time(&project)).collect();
        times.sort();
        println!(
            "plan of 4 roles, 60 databases, 563 grants on {}: {queries} queries, {:?} (median of {PLANS}, {:?} to {:?}), {build} build",
            engine.name,
            times[PLANS / 2],
            times[0],
            times[PLANS - 1]
        );
    }
    servers::stop();
}

fn time(project: &Project) -> Duration {
    let start = Instant::now();
    project.unchanged();
    start.elapsed()
}
