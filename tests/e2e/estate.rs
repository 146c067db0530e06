//! An estate of the size that users of the official Terraform provider wrote in about: 4 roles, 60
//! databases and 563 grants of one privilege each.

use std::fmt::Write as _;

use crate::clickhouse;
use crate::project::Project;

/// The roles, with what each may do in every database.
const ROLES: [(&str, &[&str]); 4] = [
    ("reader", &["SELECT"]),
    ("writer", &["SELECT", "INSERT"]),
    ("engineer", &["SELECT", "INSERT", "ALTER UPDATE", "ALTER DELETE"]),
    ("analyst", &["SELECT", "CREATE TEMPORARY TABLE"]),
];
const DATABASES: usize = 60;

/// Returns the roles, their grants, and how many privileges on scopes that is.
fn blocks(prefix: &str) -> (String, usize) {
    let (mut text, mut grants) = (String::new(), 0);
    for (role, privileges) in ROLES {
        let _ = writeln!(text, "role \"{role}\" {{\n  name = \"{prefix}{role}\"");
        for database in 0..DATABASES {
            let here: Vec<&str> =
                privileges.iter().copied().filter(|word| *word != "CREATE TEMPORARY TABLE").collect();
            grants += here.len();
            let on = format!("{prefix}d{database}.*");
            let _ = writeln!(text, "  grant {{\n    privileges = {here:?}\n    on = \"{on}\"\n  }}");
        }
        // The rest of the 563: some tables, and what is granted everywhere.
        for table in 0..20 {
            let on = format!("{prefix}shared.t{table}");
            grants += 1;
            let _ = writeln!(text, "  grant {{\n    privileges = [\"SELECT\"]\n    on = \"{on}\"\n  }}");
        }
        if privileges.contains(&"CREATE TEMPORARY TABLE") {
            let words = ["CREATE TEMPORARY TABLE", "SHOW ACCESS", "KILL QUERY"];
            grants += words.len();
            let _ = writeln!(text, "  grant {{\n    privileges = {words:?}\n    on = \"*.*\"\n  }}");
        }
        text.push_str("}\n");
    }
    (text, grants)
}

/// Returns the declaration; every name begins with the prefix.
pub fn declaration(prefix: &str) -> String {
    let (text, grants) = blocks(prefix);
    assert_eq!(grants, 563);
    text
}

/// Returns how many queries a plan sends, as the server counts them.
pub fn queries_of_a_plan(project: &mut Project) -> usize {
    let user = project.name("counter");
    let server = project.clickhouse.clone();
    server.admin(&format!("CREATE USER {user} IDENTIFIED WITH sha256_password BY 'counter-password-1'"));
    server.admin(&format!("GRANT ALL ON *.* TO {user} WITH GRANT OPTION"));
    let administrator = project.env.clone();
    project.env = vec![
        ("CLICKHOUSE_URL".into(), server.url.clone()),
        ("CLICKHOUSE_USER".into(), user.clone()),
        ("CLICKHOUSE_PASSWORD".into(), "counter-password-1".into()),
    ];
    let sent = || match &server.log {
        Some(log) => {
            std::fs::read_to_string(log).unwrap().lines().filter(|line| line.contains(&user)).count()
        }
        None => {
            server.admin("SYSTEM FLUSH LOGS");
            let sent =
                format!("SELECT count() FROM system.query_log WHERE type = 'QueryStart' AND user = '{user}'");
            server.admin(&sent).parse().unwrap()
        }
    };
    let before = sent();
    project.unchanged();
    let queries = sent() - before;
    project.env = administrator;
    let answer = clickhouse::run(&server, &server.user, &server.password, &format!("DROP USER {user}"));
    assert_eq!(answer.status, 200, "{}", answer.body);
    queries
}
