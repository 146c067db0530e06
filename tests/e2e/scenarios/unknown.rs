//! Runs that are killed around each statement of a file: what comes after knows whether it was done,
//! or asks; nothing is done twice, nothing is left out.
//!
//! With `CHARTER_TEST_SOAK=2000` so many files are killed at random (`make soak`).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::Scenario;
use crate::command;
use crate::project::Project;

pub fn scenarios() -> Vec<Scenario> {
    let mut all = vec![Scenario {
        name: "a_run_killed_anywhere_is_done_once_or_asked",
        cluster: false,
        engines: &["26.9", "~25.8", "~24.8"],
        run: everywhere,
    }];
    if soaked().is_some() {
        all.push(Scenario { name: "soak_killed_at_random", cluster: false, engines: &["26.9"], run: soak });
    }
    all
}

/// How many files the soak kills.
fn soaked() -> Option<usize> {
    std::env::var("CHARTER_TEST_SOAK").ok()?.parse().ok()
}

/// Five statements: two that double rows, one that counts how often it ran.
const STATEMENTS: usize = 5;

fn file(database: &str) -> String {
    let t = if database.is_empty() { "t".to_owned() } else { format!("{database}.t") };
    format!(
        "CREATE TABLE {t} (id UInt64, n UInt8) ENGINE = MergeTree ORDER BY id;\n\
         INSERT INTO {t} SELECT number, 0 FROM numbers(3);\n\
         ALTER TABLE {t} ADD COLUMN m UInt8 DEFAULT 7;\n\
         ALTER TABLE {t} UPDATE n = n + 1 WHERE id > 0;\n\
         INSERT INTO {t} (id, n) VALUES (10, 1), (11, 1);\n"
    )
}

/// What the table holds when each statement was run once.
const ONCE: &str = "5\t24\t4\t35";

/// Every point around every statement, and around the end of the file.
fn points() -> Vec<String> {
    let around = ["unrecorded", "started", "sent", "answered", "applied"];
    let statements = (1..=STATEMENTS).flat_map(|number| around.map(|point| format!("{point}:{number}")));
    let ends = ["operation:6", "operation:7", "done:1"].map(str::to_owned);
    statements.chain(ends).collect()
}

/// What a plan made of the files.
#[derive(Debug, Default)]
struct Decided {
    done: usize,
    not_done: usize,
    /// The labels, with the statement that is asked about.
    asked: BTreeMap<String, usize>,
}

/// Plans, and reads what is decided.
fn decide(project: &Project) -> Decided {
    let output = project.charter(&["plan"]);
    assert!([0, 6].contains(&output.code), "{}", output.all());
    let text: String = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut decided = Decided {
        done: text.matches("did its work, which is recorded now").count(),
        not_done: text.matches("did nothing, so it is run again").count(),
        asked: BTreeMap::new(),
    };
    for finding in text.split("decision CH414 migrations.").skip(1) {
        let label = finding.split('.').next().unwrap().to_owned();
        let number = finding.split("an end of statement ").nth(1).unwrap();
        assert!(finding.contains("evidence:") && finding.contains("migrate repair"), "{finding}");
        decided.asked.insert(label, number.split(' ').next().unwrap().parse().unwrap());
    }
    assert_eq!(output.code == 6, !decided.asked.is_empty(), "{}", output.all());
    decided
}

/// Decides as a person does who looks at the table: both INSERTs show in its rows.
fn answer(project: &Project, label: &str, database: &str, number: usize) {
    assert!([2, 5].contains(&number), "{label}: only an INSERT is asked about, not statement {number}");
    let condition = if number == 2 { "id < 10" } else { "id >= 10" };
    let there = project.clickhouse.admin(&format!("SELECT count() FROM {database}.t WHERE {condition}"));
    // Nobody else writes: where nothing was written, all parts are those from before, and that is known.
    assert_ne!(there, "0", "{label}: asked about statement {number}, which did nothing");
    let columns = "scope, tenant, folder, version, name, statement, statements, token_sha256, query_id";
    let _ = project.clickhouse.admin(&format!(
        "INSERT INTO ops.charter_migration_events ({columns}, status) SELECT {columns}, 'applied' \
         FROM ops.charter_migration_events WHERE scope = '{}' AND folder = '{label}' AND statement = {number} LIMIT 1",
        project.prefix
    ));
}

/// Goes on after a kill, and asserts that in the end each statement was done once.
fn complete(project: &Project, databases: &BTreeMap<String, String>) -> Decided {
    // Who is dead needs no lock; otherwise it would lapse by itself.
    let _ = project.charter(&["unlock", "--force"]).exits(0);
    let decided = decide(project);
    for (label, number) in &decided.asked {
        answer(project, label, &databases[label], *number);
    }
    let _ = project.charter(&["apply", "--auto-approve", "--parallelism", "40"]).exits(0);
    for (label, database) in databases {
        let rows =
            project.clickhouse.admin(&format!("SELECT count(), sum(id), sum(n), sum(m) FROM {database}.t"));
        assert_eq!(rows, ONCE, "{label}");
    }
    let twice = project.clickhouse.admin(&format!(
        "SELECT folder, statement, countIf(status = 'applied') AS times FROM ops.charter_migration_events \
         WHERE scope = '{}' GROUP BY folder, statement HAVING times != 1",
        project.prefix
    ));
    assert_eq!(twice, "", "each statement is recorded as applied once");
    decided
}

fn everywhere(project: &mut Project) {
    let mut main = String::new();
    let mut databases = BTreeMap::new();
    let mut failpoints = Vec::new();
    project.write("five/V1__five.sql", &file(""));
    for (index, point) in points().iter().enumerate() {
        let label = format!("p{index}");
        let database = project.name(&label);
        main += &format!(
            "database \"{database}\" {{}}\nmigrations \"{label}\" {{\n  path = \"five\"\n  database = database.{database}.name\n}}\n"
        );
        failpoints.push(format!("{point}@migrations.{label}.migration[\"V1__five.sql\"]"));
        databases.insert(label, database);
    }
    project.write("main.hcl", &main);
    let mut env = project.env.clone();
    env.push(("CHARTER_FAILPOINTS".into(), failpoints.join("\n")));
    let args = ["apply", "--auto-approve", "--parallelism", "40"];
    let killed = command::charter(project.path(), &env, &args);
    assert_eq!(killed.code, -1, "it ends by a signal\n{}", killed.all());
    let decided = complete(project, &databases);
    // Asked is only where an INSERT did its work and nothing but its rows shows that.
    let label = |point: &str| format!("p{}", points().iter().position(|one| one == point).unwrap());
    for point in ["answered:2", "answered:5"] {
        assert!(decided.asked.contains_key(&label(point)), "{point}: {decided:?}");
    }
    let may_ask = ["sent:2", "sent:5", "answered:2", "answered:5"].map(label);
    assert!(decided.asked.keys().all(|label| may_ask.contains(label)), "{decided:?}");
    assert_eq!(decided.done + decided.not_done + decided.asked.len(), 15, "{decided:?}");
    assert!(decided.done >= 3 && decided.not_done >= 5, "{decided:?}");
    project.unchanged();
}

/// A generator of numbers that need not be good (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap()
    }
}

/// How many files a round of the soak has.
const ROUND: usize = 20;

#[expect(clippy::print_stdout, reason = "a soak is read by who runs it")]
fn soak(project: &mut Project) {
    let wanted = soaked().unwrap();
    let seed = std::env::var("CHARTER_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| u64::from(std::process::id()) | 1 << 40);
    println!("soak: {wanted} files, CHARTER_TEST_SEED={seed}");
    let (mut dice, begun) = (Dice(seed), Instant::now());
    let (mut killed, mut round) = (0, 0);
    let mut total = Decided::default();
    let (mut asked, mut untouched) = (0, 0);
    project.write("main.hcl", "role \"r\" {\n  name = \"@_r\"\n}\n");
    let _ = project.apply();
    while killed < wanted {
        let databases = round_of(project, round);
        let args = ["apply", "--auto-approve", "--parallelism", "40"];
        // Every other round is killed from outside, at any time.
        if round % 2 == 0 {
            let points = points();
            let failpoints = databases.keys().map(|label| {
                format!("{}@migrations.{label}.migration[\"V1__five.sql\"]", points[dice.below(points.len())])
            });
            let mut env = project.env.clone();
            env.push(("CHARTER_FAILPOINTS".into(), failpoints.collect::<Vec<_>>().join("\n")));
            assert_eq!(command::charter(project.path(), &env, &args).code, -1);
        } else {
            let after = Duration::from_millis(300 + dice.below(2500) as u64);
            let _ = command::kill(project.path(), &project.env, &args, after);
        }
        let decided = complete(project, &databases);
        let known = decided.done + decided.not_done + decided.asked.len();
        untouched += ROUND - known;
        asked += decided.asked.len();
        total.done += decided.done;
        total.not_done += decided.not_done;
        killed += ROUND;
        round += 1;
        for database in databases.values() {
            let _ = project.clickhouse.admin(&format!("DROP DATABASE {database} SYNC"));
        }
        let took = begun.elapsed().as_secs();
        println!(
            "soak: {killed} files in {took} s: {} done, {} not done, {asked} asked, {untouched} between statements",
            total.done, total.not_done
        );
    }
    project.write("main.hcl", "role \"r\" {\n  name = \"@_r\"\n}\n");
    let _ = project.charter(&["apply", "--auto-approve"]).exits(0);
}

/// Declares the files of a round, each for a database of its own.
fn round_of(project: &Project, round: usize) -> BTreeMap<String, String> {
    let mut main = "role \"r\" {\n  name = \"@_r\"\n}\n".to_owned();
    let mut databases = BTreeMap::new();
    for index in 0..ROUND {
        let label = format!("r{round}n{index}");
        let database = project.name(&label);
        let _ = project.clickhouse.admin(&format!("CREATE DATABASE {database}"));
        project.write(&format!("files/{label}/V1__five.sql"), &file(&database));
        main += &format!("migrations \"{label}\" {{\n  path = \"files/{label}\"\n}}\n");
        databases.insert(label, database);
    }
    project.write("main.hcl", &main);
    databases
}
