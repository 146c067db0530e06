//! The corpus of statements on the real engines: they parse, our pieces are the engine's statements,
//! and what a lexer can get wrong reaches the server as it was written.
//!
//! The judge is the engine: it formats a statement alone, and the piece that we cut of a file in
//! which noise and other statements surround it; both texts must be one.

use crate::Scenario;
use crate::clickhouse;
use crate::project::Project;
use charter::migrate::{TokenKind, lex, pieces};

pub fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario { name: "the_corpus_parses", cluster: false, engines: &[], run: parses },
        Scenario {
            name: "our_pieces_are_the_engines_statements",
            cluster: false,
            engines: &[],
            run: property,
        },
        Scenario {
            name: "the_lexers_list_reaches_the_server_unchanged",
            cluster: false,
            engines: super::NEWEST,
            run: list,
        },
        Scenario {
            name: "explicit_delimiters_and_settings",
            cluster: false,
            engines: super::NEWEST,
            run: directives,
        },
        Scenario { name: "variables_in_migrations", cluster: false, engines: super::NEWEST, run: variables },
    ]
}

/// A statement of the corpus that this engine's version knows.
struct Sample {
    line: usize,
    sql: String,
}

fn version(text: &str) -> (u32, u32) {
    let mut numbers = text.trim().split('.').map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// Reads both files of the corpus, less what the engine is too old or too new for.
fn samples(project: &Project) -> Vec<Sample> {
    let engine = version(&project.clickhouse.admin("SELECT version()"));
    let mut samples = Vec::new();
    for file in ["statements.sql", "ddl.sql"] {
        let path = format!("{}/tests/data/{file}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let mut end = 0;
        for piece in pieces(&text).unwrap() {
            let before = &text[std::mem::replace(&mut end, piece.span.end)..piece.span.start];
            let bound = |word: &str| {
                let line = before.lines().find_map(|line| line.strip_prefix(&format!("-- {word}: ")));
                line.map(version)
            };
            let known = bound("since").is_none_or(|since| engine >= since)
                && bound("until").is_none_or(|until| engine <= until);
            if known {
                let sql = piece.text.replace("${charter.database}", "d").replace("${charter.tenant}", "acme");
                samples.push(Sample { line: piece.line, sql: sql.replace("${charter.role}", "r") });
            }
        }
    }
    assert!(samples.len() > 300, "{}", samples.len());
    samples
}

/// Returns what the engine makes of statements: each as it formats it, or null where it cannot parse it.
fn formatted(project: &Project, statements: &[String]) -> Vec<Option<String>> {
    let mut all = Vec::new();
    for chunk in statements.chunks(40) {
        let list: Vec<String> = chunk.iter().map(|sql| literal(sql)).collect();
        let query = format!(
            "SELECT toJSONString(arrayMap(q -> formatQuerySingleLineOrNull(q), [{}])) AS f FORMAT TSVRaw",
            list.join(", ")
        );
        let answer: Vec<Option<String>> = serde_json::from_str(&project.clickhouse.admin(&query)).unwrap();
        assert_eq!(answer.len(), chunk.len());
        all.extend(answer);
    }
    all
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

fn parses(project: &mut Project) {
    let samples = samples(project);
    let (user, password) = (project.clickhouse.user.clone(), project.clickhouse.password.clone());
    let texts: Vec<String> = samples.iter().map(|sample| sample.sql.clone()).collect();
    let mut wrong = Vec::new();
    for (sample, formatted) in samples.iter().zip(formatted(project, &texts)) {
        // What the function does not take (transactions, `PARALLEL WITH`) the server itself may parse.
        if formatted.is_none() {
            let explain = format!("EXPLAIN AST graph = 0\n{}", sample.sql);
            let answer = clickhouse::run(&project.clickhouse, &user, &password, &explain);
            if answer.code == 62 {
                wrong.push(format!("line {}: {}\n  {}", sample.line, sample.sql, answer.body.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), samples.len(), wrong.join("\n"));
}

/// Asserts that a command tells something, on either stream.
#[track_caller]
fn told(project: &Project, command: &str, text: &str) {
    let output = project.charter(&[command]);
    assert!(output.all().contains(text), "{text}: {}", output.all());
}

/// A small generator (splitmix64): the same files on each run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap()
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

const NOISE: [&str; 11] = [
    " ",
    "\n",
    "\r\n\t",
    " /* ; ' \" ` */ ",
    " /* a; /* nested; $$ */ 'b */ ",
    " -- it's; $x$ /* \n",
    " // like C; `\n",
    " # a; \"hash\n",
    " #! shebang; '\n",
    "\u{a0}\u{2003} ",
    " -- ‘quoted; \n",
];

const BETWEEN: [&str; 6] = [";", ";;", " ; -- end; here\n;", "\n;\n/* ; */\n", ";\u{feff}", "; # done;\n"];

fn property(project: &mut Project) {
    let samples = samples(project);
    let texts: Vec<String> = samples.iter().map(|sample| sample.sql.clone()).collect();
    let alone = formatted(project, &texts);
    // Those that the engine formats at all; what it formats shows whether a piece is the statement.
    let known: Vec<(&Sample, &String)> =
        samples.iter().zip(&alone).filter_map(|(sample, text)| Some((sample, text.as_ref()?))).collect();
    assert!(known.len() > 280, "{}", known.len());
    let mut random = Random(20_261_121);
    let (mut cut, mut expected) = (Vec::new(), Vec::new());
    for _ in 0..60 {
        let mut file = String::from(random.pick(&["", "\u{feff}", "-- head; of the file\n"]));
        let chosen: Vec<_> = (0..=random.below(12)).map(|_| known[random.below(known.len())]).collect();
        for (sample, _) in &chosen {
            file += &noisy(&sample.sql, &mut random);
            file += random.pick(&BETWEEN);
        }
        let found = pieces(&file).unwrap_or_else(|errors| panic!("{file}\n{errors:?}"));
        assert_eq!(found.len(), chosen.len(), "{file}");
        cut.extend(found.into_iter().map(|piece| piece.text));
        expected.extend(chosen);
    }
    for ((piece, (sample, formatted)), found) in cut.iter().zip(expected).zip(formatted(project, &cut)) {
        assert_eq!(found.as_ref(), Some(formatted), "line {}:\n{piece}", sample.line);
    }
}

/// Puts noise where a statement has white space or comments, and in half of the other gaps.
fn noisy(sql: &str, random: &mut Random) -> String {
    let mut out = String::new();
    let tokens = lex(sql).unwrap();
    for (at, token) in tokens.iter().enumerate() {
        let rows = matches!(sql.split_whitespace().next(), Some("INSERT"));
        if token.kind.is_trivia() {
            // Between rows of VALUES the engine knows no comments; nor do we.
            out += if rows { " " } else { random.pick(&NOISE) };
            continue;
        }
        out += token.text;
        let next = tokens.get(at + 1).map(|next| (next.kind, next.text));
        let glued = token.text == "." || matches!(next, Some((_, "." | "(")));
        if !rows && !glued && token.kind == TokenKind::Punct && random.below(2) == 0 {
            out += random.pick(&NOISE);
        }
    }
    out
}

/// Each line of the list of what lexers get wrong, with what must arrive.
fn list(project: &mut Project) {
    project.write("tenants.hcl", "tenant \"@_a\" {}\n");
    let file = "\u{feff}-- a file with everything; that a lexer can get wrong\r\n\
        CREATE TABLE t (n UInt8, v String COMMENT 'see # 5; -- not a comment // nor this') ENGINE = MergeTree ORDER BY n;\r\n\
        INSERT INTO t VALUES (1, 'two  spaces');\n\
        INSERT INTO t VALUES (2, 'a;b -- c');\n\
        INSERT INTO t VALUES (3, $$here; 'doc'$$);\n\
        INSERT INTO t SELECT 4, $x$ $$ ; $$ $x$;\n\
        INSERT INTO t VALUES (5, 'it\\'s; ''ours''');\n\
        ;; -- an empty statement, and a lone comment;\n\
        /* a; /* nested; */ ; */\n\
        INSERT INTO t SELECT 6, /* ; /* ; */ */ 'x' -- ; y\n;\n\
        INSERT INTO t SELECT 7, --no space; here\n 'x';\n\
        INSERT INTO t SELECT 8, // slashes; here\n 'x';\n\
        INSERT INTO t SELECT 9, # hash; here\n 'x';\n\
        INSERT INTO t SELECT 10, #! shebang; here\n 'x';\n\
        INSERT INTO t SELECT 11, ‘unicode; quotes’;\n\
        CREATE TABLE `odd;name\\`s` (\"x;y\" UInt8) ENGINE = MergeTree ORDER BY tuple();\n";
    project.schema("a", "V1__everything.sql", file);
    let _ = project.apply();
    let rows = project.as_tenant("a", "SELECT n, v FROM t ORDER BY n FORMAT TSVRaw").body;
    let expected = "1\ttwo  spaces\n2\ta;b -- c\n3\there; 'doc'\n4\t $$ ; $$ \n5\tit's; 'ours'\n6\tx\n7\tx\n8\tx\n9\tx\n10\tx\n11\tunicode; quotes\n";
    assert_eq!(rows, expected);
    let database = format!("tenant_{}", project.name("a"));
    let odd = format!(
        "SELECT table, name FROM system.columns WHERE database = '{database}' AND table != 't' FORMAT TSVRaw"
    );
    assert_eq!(project.clickhouse.admin(&odd), "odd;name`s\tx;y");
    let comment = format!(
        "SELECT comment FROM system.columns WHERE database = '{database}' AND name = 'v' FORMAT TSVRaw"
    );
    assert_eq!(project.clickhouse.admin(&comment), "see # 5; -- not a comment // nor this");
    // Comments, spacing, line ends and the byte order mark never block; one byte in a string does.
    let tidy =
        file.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace("--no space; here", "-- moved");
    project.schema("a", "V1__everything.sql", &tidy);
    project.unchanged();
    project.schema("a", "V1__everything.sql", &tidy.replace("two  spaces", "two spaces"));
    told(project, "plan", "CH410");
    project.schema("a", "V1__everything.sql", &tidy);
    for (bad, told) in [
        ("SELECT 1 /* a /* b */", "not closed"),
        ("SELECT 1 #c", "needs a space"),
        ("INSERT INTO t FORMAT CSV 1,2", "no end that SQL can see"),
    ] {
        project.schema("a", "V2__bad.sql", bad);
        let output = project.charter(&["plan"]).exits(1);
        assert!(output.all().contains(told), "{bad}: {}", output.all());
    }
    project.remove("migrations/development/tenants/@_a/schema/V2__bad.sql");
    project.unchanged();
}

/// `flatten_nested` changes the columns of the same text, so it shows whether a setting arrives.
fn directives(project: &mut Project) {
    project.write("tenants.hcl", "tenant \"@_a\" {}\n");
    let table = |name: &str| {
        format!("CREATE TABLE {name} (n Nested(x UInt8, y UInt8)) ENGINE = MergeTree ORDER BY tuple()")
    };
    let file = format!(
        "{};\n-- charter:statement\n-- charter:settings flatten_nested=0\n{}\n\n-- charter:statement\n{}\n",
        table("flat"),
        table("kept"),
        table("flat_again")
    );
    project.schema("a", "V1__nested.sql", &file);
    let _ = project
        .charter(&["plan", "--sql"])
        .exits(0)
        .says("1 migration (3 statements)")
        .says("flatten_nested");
    let _ = project.apply();
    let columns = format!(
        "SELECT table, groupArray(name) FROM (SELECT table, name FROM system.columns WHERE database = 'tenant_{}' \
         ORDER BY table, position) GROUP BY table ORDER BY table FORMAT TSVRaw",
        project.name("a")
    );
    let expected = "flat\t['n.x','n.y']\nflat_again\t['n.x','n.y']\nkept\t['n']";
    assert_eq!(project.clickhouse.admin(&columns), expected);
    // A directive is part of what was applied; a comment is not.
    project.schema("a", "V1__nested.sql", &file.replace("flatten_nested=0", "flatten_nested = '0' "));
    project.unchanged();
    project.schema("a", "V1__nested.sql", &file.replace("flatten_nested=0", "flatten_nested=1"));
    told(project, "plan", "CH410");
    project.schema("a", "V1__nested.sql", &file);
    project.unchanged();
    project.schema("a", "V2__typo.sql", "-- charter:settings flaten_nested=0\nCREATE TABLE x AS flat");
    told(project, "plan", "CH454");
    told(project, "plan", "did you mean flatten_nested?");
    let _ = project.charter(&["apply", "--auto-approve"]).exits(1);
    project.remove("migrations/development/tenants/@_a/schema/V2__typo.sql");
    project.unchanged();
}

fn variables(project: &mut Project) {
    let tenants = |days: &str| {
        format!(
            "tenant \"@_a\" {{\n  migrations = [\"shared\"]\n  variables  = {{ days = {days}, kind = \"web/1\" }}\n}}\n\
             tenant \"@_b\" {{\n  migrations = [\"shared\"]\n  variables  = {{ days = 7, kind = \"app/2\" }}\n}}\n"
        )
    };
    project.write("tenants.hcl", &tenants("30"));
    project.write(
        "shared/V1__t.sql",
        "CREATE TABLE t (at DateTime, kind String DEFAULT '${charter.var.kind} $${charter.var.kind}') \
         ENGINE = MergeTree ORDER BY at TTL at + INTERVAL ${charter.var.days} DAY;\n\
         INSERT INTO t (at) SELECT now()",
    );
    let _ = project.apply();
    let kind = project.as_tenant("a", "SELECT kind FROM t FORMAT TSVRaw").body;
    assert_eq!(kind.trim(), "web/1 ${charter.var.kind}");
    let made = project.as_tenant("b", "SHOW CREATE TABLE t FORMAT TSVRaw").body;
    assert!(made.contains("toIntervalDay(7)"), "{made}");
    // Checksums are taken before substitution: another value runs nothing again.
    project.write("tenants.hcl", &tenants("60"));
    project.unchanged();
    project.write("shared/V2__u.sql", "SELECT ${charter.var.dyas}");
    told(project, "validate", "did you mean `${charter.var.days}`?");
    project.write("shared/V2__u.sql", "SELECT '${charter.var.kind}'");
    project.write("tenants.hcl", &tenants("\"it's\""));
    told(project, "validate", "is not a plain text");
    project.write("tenants.hcl", &tenants("60"));
    let _ = project.apply();
}
