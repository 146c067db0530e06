//! End-to-end tests against real engines: every scenario runs on each ClickHouse engine of the
//! sandbox (or on the server of `CHARTER_TEST_CLICKHOUSE_URL`) and against a real Kubernetes API
//! server, where one can be had; what cannot run is counted as ignored, never passed over.
//!
//! Scenarios share the servers: each has slugs, a scope and a namespace of its own.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "tests: what is not as expected is to fail, and the environment says which servers to use"
)]

mod clickhouse;
mod cluster;
mod command;
mod estate;
mod pods;
mod project;
mod scenarios;
#[path = "../cases/schema.rs"]
mod schema;
mod servers;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

use crate::servers::Engine;

/// A scenario: a name, whether it needs a cluster, and what it does.
pub struct Scenario {
    /// The name of the test.
    pub name: &'static str,
    /// Whether it needs a real API server; else it writes manifests.
    pub cluster: bool,
    /// The engines that it runs on; all where empty. Those after a `~` only with the full matrix
    /// (`CHARTER_TEST_MATRIX=full`).
    pub engines: &'static [&'static str],
    /// The test itself.
    pub run: fn(&mut project::Project),
}

impl Scenario {
    fn runs_on(&self, engine: &str) -> bool {
        let full = full_matrix();
        let is = |name: &&str| *name == engine || (full && name.strip_prefix('~') == Some(engine));
        self.engines.is_empty() || self.engines.iter().any(is)
    }
}

/// Returns whether every scenario runs on every engine that it can run on.
pub fn full_matrix() -> bool {
    std::env::var("CHARTER_TEST_MATRIX").is_ok_and(|matrix| matrix == "full")
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Two a processor: scenarios wait for each other's engines, locks and mutations.
    arguments
        .test_threads
        .get_or_insert_with(|| 2 * std::thread::available_parallelism().map_or(1, usize::from));
    let engines = servers::engines();
    let mut trials = Vec::new();
    for scenario in scenarios::all() {
        for engine in &engines {
            if scenario.runs_on(engine.name) {
                trials.push(trial(&scenario, *engine));
            }
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    servers::stop();
    conclusion.exit_code()
}

fn trial(scenario: &Scenario, engine: Engine) -> Trial {
    let (run, cluster) = (scenario.run, scenario.cluster);
    let missing = cluster && !servers::has_cluster();
    let name = format!("{}::{}", scenario.name, engine.name);
    Trial::test(name.clone(), move || {
        let begun = std::time::Instant::now();
        let mut project = project::Project::new(engine, cluster);
        run(&mut project);
        report(&name, begun.elapsed());
        Ok(())
    })
    .with_ignored_flag(missing)
}

/// Appends how long a scenario took to the file that CHARTER_TEST_TIMES names.
fn report(name: &str, took: std::time::Duration) {
    use std::io::Write as _;
    let Some(path) = std::env::var_os("CHARTER_TEST_TIMES") else { return };
    let mut file = std::fs::File::options().create(true).append(true).open(path).unwrap();
    writeln!(file, "{:7.1} {name}", took.as_secs_f64()).unwrap();
}
