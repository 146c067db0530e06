//! Random privilege sets, declared and applied, give exactly the access that was declared: judged
//! by the engine, as the users who have them, with `CHECK GRANT` where the server knows it and with
//! real queries where it does not. What is expected is reckoned here from the drawn words alone.
//!
//! The seed is printed; `CHARTER_TEST_SEED` draws the same sets again.

use std::fmt::Write as _;

use crate::Scenario;
use crate::clickhouse;
use crate::project::Project;
use crate::scenarios::grants::{block, number};

const ROLES: usize = 12;
/// The second round changes what the first one left.
const ROUNDS: usize = 2;
const PASSWORD: &str = "a-password-of-a-test-1";

/// Words of declarations, and the leaves that they stand for among those that are probed.
const WORDS: [(&str, &[&str]); 7] = [
    ("SELECT", &["SELECT"]),
    ("INSERT", &["INSERT"]),
    ("TRUNCATE", &["TRUNCATE"]),
    ("optimize", &["OPTIMIZE"]),
    ("UPDATE", &["ALTER UPDATE"]),
    ("ALTER TABLE", &["ALTER UPDATE"]),
    ("ALL", &["SELECT", "INSERT", "TRUNCATE", "OPTIMIZE", "ALTER UPDATE"]),
];
const COLUMNS: [&str; 2] = ["id", "secret"];
const DATABASES: [&str; 2] = ["a", "b"];
const TABLES: [&str; 2] = ["t", "t_log"];

pub fn scenarios() -> Vec<Scenario> {
    vec![Scenario {
        name: "random_privileges_give_the_access_declared",
        cluster: false,
        engines: super::NEWEST,
        run: random,
    }]
}

/// A generator of numbers: xorshift64*.
struct Draw(u64);

impl Draw {
    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33).unwrap() % count
    }

    fn one<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }
}

/// What a grant is on, or leaves out.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Scope {
    Everything,
    /// All databases of the run.
    Ours,
    Database(&'static str),
    Table(&'static str, &'static str),
    Tables(&'static str),
}

impl Scope {
    fn text(self, prefix: &str) -> String {
        match self {
            Self::Everything => "*.*".into(),
            Self::Ours => format!("{prefix}_p*.*"),
            Self::Database(database) => format!("{prefix}_p{database}.*"),
            Self::Table(database, table) => format!("{prefix}_p{database}.{table}"),
            Self::Tables(database) => format!("{prefix}_p{database}.t*"),
        }
    }

    fn has(self, database: &str, table: &str) -> bool {
        match self {
            Self::Everything | Self::Ours => true,
            Self::Database(own) | Self::Tables(own) => own == database,
            Self::Table(own, name) => own == database && name == table,
        }
    }
}

#[derive(Clone, Debug)]
struct Grant {
    word: usize,
    scope: Scope,
    column: Option<&'static str>,
    except: Option<(Scope, Option<&'static str>)>,
}

impl Grant {
    fn draw(draw: &mut Draw, wildcards: bool) -> Self {
        let (database, table) = (draw.one(&DATABASES), draw.one(&TABLES));
        let scope = match draw.below(if wildcards { 10 } else { 7 }) {
            0 => Scope::Everything,
            1..4 => Scope::Database(database),
            4..7 => Scope::Table(database, table),
            7 | 8 => Scope::Ours,
            _ => Scope::Tables(database),
        };
        let is_table = matches!(scope, Scope::Table(..));
        let column = (is_table && draw.below(2) == 0).then(|| draw.one(&COLUMNS));
        // Only some words have columns.
        let word = if column.is_some() { draw.one(&[0, 1, 4]) } else { draw.below(WORDS.len()) };
        let part = match draw.below(3) {
            0 if matches!(scope, Scope::Everything | Scope::Ours) => (Scope::Database(database), None),
            1 if word < 2 => (Scope::Table(database, table), Some(draw.one(&COLUMNS))),
            _ => (Scope::Table(database, table), None),
        };
        let wide = matches!(scope, Scope::Everything | Scope::Ours | Scope::Database(_));
        let except = (wide && scope.has(database, table) && draw.below(3) == 0).then_some(part);
        Self { word, scope, column, except }
    }

    fn text(&self, prefix: &str) -> String {
        let columns = |column: Option<&str>| column.map_or_else(String::new, |column| format!("({column})"));
        let mut text =
            format!("{}{} ON {}", WORDS[self.word].0, columns(self.column), self.scope.text(prefix));
        if let Some((scope, column)) = self.except {
            let _ = write!(text, " EXCEPT {}{}", scope.text(prefix), columns(column));
        }
        text
    }

    /// Tells whether it gives a right on a column, or on all of a table.
    fn gives(&self, leaf: &str, database: &str, table: &str, column: Option<&str>) -> bool {
        let excepted = self.except.is_some_and(|(scope, own)| {
            // All of a table is not there where one of its columns is not.
            scope.has(database, table) && (own.is_none() || column.is_none() || own == column)
        });
        let (_, leaves) = WORDS[self.word];
        let columns = self.column.is_none() || self.column == column;
        leaves.contains(&leaf) && self.scope.has(database, table) && columns && !excepted
    }
}

/// Something that a user may do or not.
struct Probe {
    leaf: &'static str,
    database: &'static str,
    table: &'static str,
    column: Option<&'static str>,
}

impl Probe {
    fn all(real: bool) -> Vec<Self> {
        let mut probes = Vec::new();
        for (database, table) in DATABASES.into_iter().flat_map(|d| TABLES.map(|t| (d, t))) {
            let mut add = |leaf, column| probes.push(Self { leaf, database, table, column });
            add("TRUNCATE", None);
            add("OPTIMIZE", None);
            for column in COLUMNS {
                add("SELECT", Some(column));
                add("INSERT", Some(column));
                if !real {
                    add("ALTER UPDATE", Some(column));
                }
            }
        }
        probes
    }

    /// Returns what a server without `CHECK GRANT` is asked.
    fn query(&self, prefix: &str) -> String {
        let table = format!("{prefix}_p{}.{}", self.database, self.table);
        let column = self.column.unwrap_or_default();
        match self.leaf {
            "SELECT" => format!("SELECT {column} FROM {table} WHERE {column} = '7'"),
            "INSERT" => format!("INSERT INTO {table} ({column}) SELECT '7' WHERE 0"),
            "TRUNCATE" => format!("TRUNCATE TABLE {table}"),
            _ => format!("OPTIMIZE TABLE {table}"),
        }
    }

    fn check(&self, prefix: &str) -> String {
        let columns = self.column.map_or_else(String::new, |column| format!("({column})"));
        format!("CHECK GRANT {}{columns} ON {prefix}_p{}.{}", self.leaf, self.database, self.table)
    }
}

#[expect(clippy::print_stderr, reason = "a failure has to be drawn again")]
fn seed() -> u64 {
    let given = std::env::var("CHARTER_TEST_SEED").ok().and_then(|text| text.parse().ok());
    let now = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().subsec_nanos();
    let seed = given.unwrap_or_else(|| u64::from(now()));
    eprintln!("CHARTER_TEST_SEED={seed}");
    seed
}

fn random(project: &mut Project) {
    let seed = seed();
    let mut draw = Draw(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let server = project.clickhouse.clone();
    let wildcards = number(&server.admin("SELECT version()")) >= (24, 10);
    let real =
        clickhouse::run(&server, &server.user, &server.password, "CHECK GRANT SELECT ON *.*").status != 200;
    for database in DATABASES {
        let database = format!("{}_p{database}", project.prefix);
        server.admin(&format!("CREATE DATABASE {database}"));
        for table in TABLES {
            server.admin(&format!(
                "CREATE TABLE {database}.{table} (id String, secret String) ENGINE = MergeTree ORDER BY id"
            ));
        }
    }
    for round in 0..ROUNDS {
        let declared: Vec<Vec<Grant>> = (0..ROLES)
            .map(|_| (0..draw.below(5)).map(|_| Grant::draw(&mut draw, wildcards)).collect())
            .collect();
        let mut text = String::new();
        for (index, grants) in declared.iter().enumerate() {
            let blocks: String = grants.iter().map(|grant| block(&grant.text(&project.prefix))).collect();
            let _ = writeln!(text, "role \"r{index}\" {{\n  name = \"@_pr{index}\"\n{blocks}}}");
        }
        project.write("main.hcl", &text);
        let _ = project.apply();
        for (index, grants) in declared.iter().enumerate() {
            let user = project.name(&format!("pu{index}"));
            if round == 0 {
                server.admin(&format!("CREATE USER {user} IDENTIFIED WITH sha256_password BY '{PASSWORD}'"));
                server.admin(&format!("GRANT {} TO {user}", project.name(&format!("pr{index}"))));
            }
            let wrong = wrong(project, &user, grants, real);
            let words: Vec<String> = grants.iter().map(|grant| grant.text(&project.prefix)).collect();
            assert!(wrong.is_empty(), "seed {seed}, round {round}, {user} with {words:#?}: {wrong:#?}");
        }
    }
}

/// Returns the probes that the engine answers otherwise than the declaration says.
fn wrong(project: &Project, user: &str, grants: &[Grant], real: bool) -> Vec<String> {
    let expected = |probe: &Probe| {
        grants.iter().any(|grant| grant.gives(probe.leaf, probe.database, probe.table, probe.column))
    };
    let mut wrong = Vec::new();
    for probe in Probe::all(real) {
        let sql = if real { probe.query(&project.prefix) } else { probe.check(&project.prefix) };
        let answer = clickhouse::run(&project.clickhouse, user, PASSWORD, &sql);
        let may = match (real, answer.status, answer.code) {
            (true, 200, _) => true,
            (true, _, 497) => false,
            (false, 200, _) => answer.body.trim() == "1",
            _ => panic!("{sql}: {}", answer.body),
        };
        if may != expected(&probe) {
            wrong.push(format!("{sql}: the engine says {may}"));
        }
    }
    wrong
}
