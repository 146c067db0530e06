//! Tells which rights a statement takes on ClickHouse, as far as its tokens show.
//!
//! The rights are those that the interpreters check before anything happens (`getRequiredAccess` and the
//! `checkAccess` calls of `src/Interpreters`). What a right is called by one version only is given with its
//! alternatives. A statement that is not known here takes no right that is known here.

use super::analyze::{Analysis, ObjectKind, ObjectRef, Role, Verb};
use super::lexer::{Token, TokenKind};
use super::quote::unquote;

/// What a right is on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Everything: `*.*`.
    Everything,
    /// A database.
    Database(String),
    /// A table, view or dictionary: its database and name.
    Table(String, String),
    /// A user, a named collection or a source, by its name.
    Object(String),
}

/// A right that a statement takes: one of several privileges on a place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// The privileges, of which one is enough; `ALTER …` ones may be unknown to a server.
    pub any_of: Vec<String>,
    /// What it is on.
    pub on: Place,
    /// Whether it must be held with the grant option.
    pub grant_option: bool,
}

impl Right {
    fn new(any_of: &[&str], on: Place) -> Self {
        let any_of = any_of.iter().map(|name| (*name).to_owned()).collect();
        Self { any_of, on, grant_option: false }
    }
}

/// Table functions and engines that reach out of the server, with the source that a grant names.
const SOURCES: [(&str, &str); 40] = [
    ("arrowflight", "ARROW_FLIGHT"),
    ("azureblobstorage", "AZURE"),
    ("azureblobstoragecluster", "AZURE"),
    ("azurequeue", "AZURE"),
    ("cluster", "REMOTE"),
    ("clusterallreplicas", "REMOTE"),
    ("deltalake", "S3"),
    ("deltalakecluster", "S3"),
    ("distributed", "REMOTE"),
    ("file", "FILE"),
    ("filecluster", "FILE"),
    ("filelog", "FILE"),
    ("gcs", "S3"),
    ("hdfs", "HDFS"),
    ("hdfscluster", "HDFS"),
    ("hive", "HIVE"),
    ("hudi", "S3"),
    ("iceberg", "S3"),
    ("icebergazure", "AZURE"),
    ("icebergcluster", "S3"),
    ("icebergs3", "S3"),
    ("jdbc", "JDBC"),
    ("kafka", "KAFKA"),
    ("mongo", "MONGO"),
    ("mongodb", "MONGO"),
    ("mysql", "MYSQL"),
    ("nats", "NATS"),
    ("odbc", "ODBC"),
    ("postgresql", "POSTGRES"),
    ("rabbitmq", "RABBITMQ"),
    ("redis", "REDIS"),
    ("remote", "REMOTE"),
    ("remotesecure", "REMOTE"),
    ("s3", "S3"),
    ("s3cluster", "S3"),
    ("s3queue", "S3"),
    ("sqlite", "SQLITE"),
    ("url", "URL"),
    ("urlcluster", "URL"),
    ("ytsaurus", "YTSAURUS"),
];

/// Tables of `system` that nobody reads without a right of their own, whatever the server's settings.
const SYSTEM: [(&str, &str); 12] = [
    ("users", "SHOW USERS"),
    ("user_directories", "SHOW ACCESS"),
    ("roles", "SHOW ROLES"),
    ("grants", "SHOW USERS"),
    ("role_grants", "SHOW USERS"),
    ("quotas", "SHOW QUOTAS"),
    ("quota_limits", "SHOW QUOTAS"),
    ("quotas_usage", "SHOW QUOTAS"),
    ("settings_profiles", "SHOW SETTINGS PROFILES"),
    ("settings_profile_elements", "SHOW SETTINGS PROFILES"),
    ("row_policies", "SHOW ROW POLICIES"),
    ("masking_policies", "SHOW ACCESS"),
];

/// Databases of the server itself.
pub const OWN: [&str; 3] = ["system", "information_schema", "INFORMATION_SCHEMA"];

/// Returns the rights that a statement takes of `login`, with `current` as its current database.
#[must_use]
pub fn rights(tokens: &[Token<'_>], analysis: &Analysis, current: &str, login: &str) -> Vec<Right> {
    // The rights of another user count.
    if analysis.flags.impersonates {
        return Vec::new();
    }
    let code: Vec<Token<'_>> = tokens.iter().filter(|token| !token.kind.is_trivia()).copied().collect();
    let mut all: Vec<Right> =
        analysis.objects.iter().flat_map(|object| of_object(object, analysis, current)).collect();
    all.extend(of_verb(&code, analysis));
    all.extend(sources(&code));
    all.extend(security(&code, login));
    all.sort();
    all.dedup();
    all
}

/// Returns the rights that go with what a statement does to an object.
fn of_object(object: &ObjectRef, analysis: &Analysis, current: &str) -> Vec<Right> {
    let database = object.database.clone().unwrap_or_else(|| current.to_owned());
    let table = Place::Table(database.clone(), object.name.clone());
    if analysis.flags.temporary || database.is_empty() {
        return Vec::new();
    }
    if let (Some(database), Role::Reads) = (&object.database, object.role)
        && OWN.contains(&database.as_str())
    {
        let known = SYSTEM.iter().find(|(name, _)| *name == object.name && database == "system");
        return known.map(|(_, right)| Right::new(&[right], Place::Everything)).into_iter().collect();
    }
    let of = |names: &[&str]| vec![Right::new(names, table.clone())];
    match (object.kind, object.role) {
        (ObjectKind::Database, role) => of_database(role, analysis, &object.name),
        (ObjectKind::Function, Role::Creates) => {
            vec![Right::new(&["CREATE FUNCTION"], Place::Everything)]
        }
        (ObjectKind::Function, Role::Drops) => vec![Right::new(&["DROP FUNCTION"], Place::Everything)],
        (ObjectKind::Function | ObjectKind::Other, _) => Vec::new(),
        (_, Role::Reads) => of(&["SELECT"]),
        (_, Role::Alters) => alters(analysis, &table),
        (_, Role::Writes) => match analysis.verb {
            Verb::Truncate => of(&["TRUNCATE"]),
            Verb::Optimize => of(&["OPTIMIZE"]),
            Verb::Delete => of(&["ALTER DELETE"]),
            Verb::Update => of(&["ALTER UPDATE"]),
            _ => of(&["INSERT"]),
        },
        (kind, Role::Creates) => {
            let mut rights = of(creating(kind, analysis));
            if analysis.flags.or_replace && kind == ObjectKind::Table {
                rights.extend(of(&["DROP TABLE"]));
            }
            rights
        }
        (kind, Role::Drops | Role::RenamesFrom) => of(dropping(kind)),
        (kind, Role::RenamesTo) => of(creating(kind, analysis)),
    }
}

/// `CREATE TABLE` implies `CREATE VIEW`, and a view can be dropped as a table.
fn creating(kind: ObjectKind, analysis: &Analysis) -> &'static [&'static str] {
    match (kind, analysis.verb) {
        (_, Verb::Undrop) => &["UNDROP TABLE"],
        (ObjectKind::View | ObjectKind::MaterializedView, _) => &["CREATE VIEW", "CREATE TABLE"],
        (ObjectKind::Dictionary, _) => &["CREATE DICTIONARY"],
        (_, Verb::Create) => &["CREATE TABLE"],
        _ => &["CREATE TABLE", "CREATE VIEW", "CREATE DICTIONARY"],
    }
}

fn dropping(kind: ObjectKind) -> &'static [&'static str] {
    match kind {
        ObjectKind::Dictionary => &["DROP DICTIONARY"],
        _ => &["DROP TABLE", "DROP VIEW", "DROP DICTIONARY"],
    }
}

fn of_database(role: Role, analysis: &Analysis, name: &str) -> Vec<Right> {
    let names: &[&str] = match role {
        Role::Creates => &["CREATE DATABASE"],
        Role::Drops => &["DROP DATABASE"],
        Role::Alters => &["ALTER DATABASE", "ALTER MODIFY DATABASE COMMENT", "ALTER DATABASE SETTINGS"],
        Role::Writes if analysis.verb == Verb::Truncate => &["TRUNCATE"],
        Role::RenamesFrom => &["DROP DATABASE"],
        Role::RenamesTo => &["CREATE DATABASE"],
        Role::Writes | Role::Reads => return Vec::new(),
    };
    vec![Right::new(names, Place::Database(name.to_owned()))]
}

/// Returns the rights of the commands of an `ALTER TABLE`: named after the command, or any for a
/// view's, which are called differently.
fn alters(analysis: &Analysis, on: &Place) -> Vec<Right> {
    let name = |action: &str| match action {
        "ALTER COLUMN" => "ALTER MODIFY COLUMN".to_owned(),
        "MODIFY ORDER BY" => "ALTER ORDER BY".to_owned(),
        "MODIFY SAMPLE BY" | "REMOVE SAMPLE BY" => "ALTER SAMPLE BY".to_owned(),
        "MODIFY TTL" | "REMOVE TTL" => "ALTER TTL".to_owned(),
        "MODIFY SETTING" | "RESET SETTING" => "ALTER SETTINGS".to_owned(),
        "FREEZE" | "UNFREEZE" => "ALTER FREEZE PARTITION".to_owned(),
        "MOVE PARTITION" | "MOVE PART" => "ALTER MOVE PARTITION".to_owned(),
        "FETCH PARTITION" | "FETCH PART" => "ALTER FETCH PARTITION".to_owned(),
        other => format!("ALTER {other}"),
    };
    let mut rights: Vec<Right> =
        analysis.alters.iter().map(|command| Right::new(&[&name(&command.action)], on.clone())).collect();
    if rights.is_empty() {
        rights.push(Right::new(&["ALTER ADD INDEX", "ALTER DROP INDEX"], on.clone()));
    }
    rights
}

/// Returns the rights of statements about access and the server, by their first words.
fn of_verb(code: &[Token<'_>], analysis: &Analysis) -> Vec<Right> {
    let starts = |words: &str| {
        words.split(' ').enumerate().all(|(at, word)| code.get(at).is_some_and(|token| token.is_word(word)))
    };
    let everywhere = |name: &str| vec![Right::new(&[name], Place::Everything)];
    if matches!(analysis.verb, Verb::Create | Verb::Alter | Verb::Drop) {
        for kind in
            ["USER", "ROLE", "QUOTA", "SETTINGS PROFILE", "ROW POLICY", "FUNCTION", "WORKLOAD", "RESOURCE"]
        {
            for (verb, named) in [("CREATE", "CREATE"), ("CREATE OR REPLACE", "CREATE"), ("ALTER", "ALTER")] {
                if starts(&format!("{verb} {kind}")) {
                    return everywhere(&format!("{named} {kind}"));
                }
            }
            if starts(&format!("DROP {kind}")) {
                return everywhere(&format!("DROP {kind}"));
            }
        }
        for verb in ["CREATE", "ALTER", "DROP"] {
            if starts(&format!("{verb} NAMED COLLECTION")) {
                let name = format!("{verb} NAMED COLLECTION");
                let object = analysis.objects.first().map(|object| object.name.clone());
                return vec![Right::new(&[&name], Place::Object(object.unwrap_or_default()))];
            }
        }
    }
    match analysis.verb {
        Verb::System => everywhere("SYSTEM"),
        Verb::Backup | Verb::Restore => everywhere("BACKUP"),
        Verb::Unknown if starts("EXECUTE AS") => {
            let user = code.get(2).map(unquote).unwrap_or_default();
            vec![Right::new(&["IMPERSONATE"], Place::Object(user))]
        }
        _ => Vec::new(),
    }
}

/// Returns the rights to reach out of the server: table functions where a table stands, and engines.
fn sources(code: &[Token<'_>]) -> Vec<Right> {
    let mut rights = Vec::new();
    for (at, token) in code.iter().enumerate().filter(|(_, token)| token.kind == TokenKind::Word) {
        let before = at.checked_sub(1).and_then(|before| code.get(before));
        let after = |word: &str| before.is_some_and(|token| token.is_word(word));
        let engine = after("ENGINE")
            || before.is_some_and(|token| token.is_punct("="))
                && at.checked_sub(2).and_then(|at| code.get(at)).is_some_and(|token| token.is_word("ENGINE"));
        let called = code.get(at + 1).is_some_and(|next| next.is_punct("("));
        let function = called && ["FROM", "JOIN", "AS", "FUNCTION"].iter().any(|word| after(word));
        let name = token.text.to_ascii_lowercase();
        let source = SOURCES.iter().find(|(known, _)| *known == name);
        if let Some((_, source)) = source.filter(|_| engine || function) {
            rights.push(Right::new(&["READ", "WRITE", source], Place::Object((*source).to_owned())));
        }
        // `executable(…)` runs a script of the server; `Executable` needs the right to its engine.
        if function && name == "executable" {
            rights.push(Right::new(&["SOURCES", "CREATE FUNCTION"], Place::Everything));
        }
    }
    rights
}

/// Returns the rights to have a view run as somebody else.
fn security(code: &[Token<'_>], login: &str) -> Vec<Right> {
    let mut rights = Vec::new();
    for window in code.windows(3) {
        let [first, second, third] = window else { continue };
        if first.is_word("SQL") && second.is_word("SECURITY") && third.is_word("NONE") {
            rights.push(Right::new(&["ALLOW SQL SECURITY NONE"], Place::Everything));
        }
        let named = matches!(third.kind, TokenKind::Word | TokenKind::QuotedIdent | TokenKind::String);
        if first.is_word("DEFINER") && second.is_punct("=") && named {
            let name = unquote(third);
            if !third.is_word("CURRENT_USER") && name != login {
                rights.push(Right::new(&["SET DEFINER"], Place::Object(name)));
            }
        }
    }
    rights
}

/// Returns the kind of source of a dictionary that a `CREATE DICTIONARY` would have read with other
/// rights than those of whoever makes it: all but `NULL`, and a `CLICKHOUSE` source that names no host
/// and no user, whose table is checked like any other.
#[must_use]
pub fn dictionary_source(tokens: &[Token<'_>]) -> Option<String> {
    let code: Vec<&Token<'_>> = tokens.iter().filter(|token| !token.kind.is_trivia()).collect();
    let is = |at: usize, word: &str| code.get(at).is_some_and(|token| token.is_word(word));
    let makes = is(0, "CREATE") && (1..4).any(|at| is(at, "DICTIONARY"));
    let at = (0..code.len()).find(|at| makes && is(*at, "SOURCE"))?;
    let kind = code.get(at + 2)?;
    let names = |word: &str| code.iter().skip(at).any(|token| token.is_word(word));
    let own = kind.is_word("CLICKHOUSE") && !["HOST", "USER", "NAME"].iter().any(|word| names(word));
    (!own && !kind.is_word("NULL")).then(|| kind.text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::{analyze, lex};
    use super::{Place, rights};

    fn shown(sql: &str) -> String {
        let tokens = lex(sql).unwrap();
        let all = rights(&tokens, &analyze(&tokens), "d", "u");
        let all = all.iter().map(|right| {
            let on = match &right.on {
                Place::Everything => "*.*".to_owned(),
                Place::Database(name) => format!("{name}.*"),
                Place::Table(database, name) => format!("{database}.{name}"),
                Place::Object(name) => name.clone(),
            };
            format!("{} ON {on}", right.any_of.join("|"))
        });
        all.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn statements_take_these_rights() {
        for (sql, expected) in [
            ("CREATE TABLE t (a Int8) ENGINE = Log", "CREATE TABLE ON d.t"),
            ("CREATE OR REPLACE TABLE x.t (a Int8) ENGINE = Log", "CREATE TABLE ON x.t, DROP TABLE ON x.t"),
            ("INSERT INTO t SELECT * FROM o.s", "INSERT ON d.t, SELECT ON o.s"),
            ("SELECT * FROM o.s", "SELECT ON o.s"),
            ("TRUNCATE TABLE t", "TRUNCATE ON d.t"),
            ("DELETE FROM t WHERE 1", "ALTER DELETE ON d.t"),
            ("ALTER TABLE t ADD COLUMN a Int8, MODIFY TTL b", "ALTER ADD COLUMN ON d.t, ALTER TTL ON d.t"),
            (
                "CREATE VIEW v AS SELECT * FROM system.users",
                "CREATE VIEW|CREATE TABLE ON d.v, SHOW USERS ON *.*",
            ),
            ("INSERT INTO t SELECT * FROM system.one, system.numbers", "INSERT ON d.t"),
            ("SELECT * FROM url('http://x', CSV, 'a Int8')", "READ|WRITE|URL ON URL"),
            ("INSERT INTO FUNCTION file('x', CSV, 'a Int8') VALUES (1)", "READ|WRITE|FILE ON FILE"),
            ("SELECT file('x'), url FROM t", "SELECT ON d.t"),
            (
                "CREATE TABLE t (a Int8) ENGINE = URL('http://x', CSV)",
                "CREATE TABLE ON d.t, READ|WRITE|URL ON URL",
            ),
            (
                "CREATE DICTIONARY n (id UInt64) PRIMARY KEY id SOURCE(CLICKHOUSE(TABLE 't' DB 'o')) LAYOUT(FLAT())",
                "CREATE DICTIONARY ON d.n, SELECT ON o.t",
            ),
            ("CREATE FUNCTION f AS x -> x", "CREATE FUNCTION ON *.*"),
            ("CREATE USER x", "CREATE USER ON *.*"),
            ("ALTER USER x IDENTIFIED BY 'y'", "ALTER USER ON *.*"),
            ("DROP ROLE x", "DROP ROLE ON *.*"),
            (
                "CREATE VIEW v DEFINER = default SQL SECURITY DEFINER AS SELECT 1",
                "CREATE VIEW|CREATE TABLE ON d.v, SET DEFINER ON default",
            ),
            ("CREATE VIEW v DEFINER = u SQL SECURITY DEFINER AS SELECT 1", "CREATE VIEW|CREATE TABLE ON d.v"),
            (
                "CREATE VIEW v SQL SECURITY NONE AS SELECT 1",
                "ALLOW SQL SECURITY NONE ON *.*, CREATE VIEW|CREATE TABLE ON d.v",
            ),
            ("DROP DATABASE d", "DROP DATABASE ON d.*"),
            (
                "RENAME TABLE t TO o.t",
                "CREATE TABLE|CREATE VIEW|CREATE DICTIONARY ON o.t, DROP TABLE|DROP VIEW|DROP DICTIONARY ON d.t",
            ),
            ("SYSTEM RELOAD DICTIONARY n", "SYSTEM ON *.*"),
            ("CREATE TEMPORARY TABLE t (a Int8)", ""),
            ("FROBNICATE t", ""),
        ] {
            assert_eq!(shown(sql), expected, "{sql}");
        }
    }
}
