//! What statements need of whoever runs them, and what of it is lacking.

use super::*;

fn needed(statement: &str) -> Vec<String> {
    let Needs { grants, roles } = needs(&real(), statement);
    grants
        .iter()
        .map(ToString::to_string)
        .chain(roles.into_iter().map(|role| format!("role {role}")))
        .collect()
}

#[test]
fn statements_need_what_the_server_asks_for() {
    for (statement, expected) in [
        ("CREATE DATABASE IF NOT EXISTS ops", "CREATE DATABASE ON ops.*"),
        ("CREATE DATABASE `te\\`nant` COMMENT 'x'", r"CREATE DATABASE ON `te\`nant`.*"),
        ("ALTER DATABASE d MODIFY COMMENT 'x'", "ALTER MODIFY DATABASE COMMENT ON d.*"),
        ("DROP DATABASE d SYNC", "DROP DATABASE ON d.*"),
        (
            "CREATE TABLE IF NOT EXISTS `ops`.`t` (\n    `a` String\n) ENGINE = MergeTree",
            "CREATE TABLE ON ops.t",
        ),
        ("ALTER TABLE `ops`.`t` ADD COLUMN IF NOT EXISTS `at` DateTime", "ALTER ADD COLUMN ON ops.t"),
        ("CREATE USER `u` IDENTIFIED WITH sha256_hash BY {hash:String} HOST ANY", "CREATE USER ON u"),
        ("ALTER USER u HOST LOCAL", "ALTER USER ON u"),
        ("DROP ROLE `r`", "DROP ROLE ON r"),
        ("CREATE QUOTA q FOR INTERVAL 1 hour MAX queries = 1 TO r", "CREATE QUOTA ON *.*"),
        ("ALTER SETTINGS PROFILE p SETTINGS max_threads = 1", "ALTER SETTINGS PROFILE ON *.*"),
        ("CREATE ROW POLICY p ON d.t USING 1 TO r", "CREATE ROW POLICY ON d.t"),
        ("GRANT SELECT, INSERT ON d.* TO r", "SELECT, INSERT ON d.* WITH GRANT OPTION"),
        ("REVOKE SELECT ON d.t FROM r", "SELECT ON d.t WITH GRANT OPTION"),
        ("GRANT `a b` TO u WITH ADMIN OPTION", "role a b"),
        ("SELECT 1", ""),
        ("SYSTEM RELOAD USERS", ""),
        ("CREATE USER", ""),
    ] {
        assert_eq!(needed(statement).join(", "), expected, "{statement}");
    }
}

fn lacks(wanted: &[&str], holders: &[&[&str]]) -> Option<Vec<String>> {
    let holders: Vec<_> = holders.iter().map(|lines| show(lines)).collect();
    let lacking = lacking(&real(), &grants(wanted), &holders)?;
    Some(lacking.iter().map(ToString::to_string).collect())
}

#[test]
fn only_what_is_lacking_is_told() {
    let wanted = ["SELECT, CREATE ON d.* WITH GRANT OPTION", "CREATE USER ON ten_a", "INSERT ON ops.t"];
    let all = ["GRANT ALL ON *.* TO u WITH GRANT OPTION"];
    assert_eq!(lacks(&wanted, &[&all]), Some(vec![]));
    let some = ["GRANT SELECT, CREATE TABLE ON *.* TO u WITH GRANT OPTION", "GRANT CREATE USER ON ten* TO u"];
    assert_eq!(
        lacks(&wanted, &[&some]).unwrap(),
        ["CREATE ON d.* WITH GRANT OPTION", "INSERT ON ops.t"],
        "a group is told whole"
    );
    let without_option = ["GRANT ALL ON *.* TO u"];
    assert_eq!(lacks(&wanted, &[&without_option]).unwrap(), ["SELECT, CREATE ON d.* WITH GRANT OPTION"]);
}

#[test]
fn roles_add_up_and_what_one_lost_another_may_have() {
    let wanted = ["SELECT ON d.*", "INSERT ON d.*"];
    let (one, other) =
        (["GRANT ALL ON *.* TO a", "REVOKE INSERT ON d.* FROM a"], ["GRANT INSERT ON d.* TO b"]);
    assert_eq!(lacks(&wanted, &[&one]).unwrap(), ["INSERT ON d.*"]);
    assert_eq!(lacks(&wanted, &[&other, &one]).unwrap(), Vec::<String>::new());
    assert_eq!(lacks(&wanted, &[&["GRANT FROBNICATE ON *.* TO a"]]), None, "nothing can be said");
}

#[test]
fn many_scopes_become_one() {
    let told = |grants_: &[Grant], wildcards: bool| -> Vec<String> {
        gathered(grants_, wildcards).iter().map(ToString::to_string).collect()
    };
    let four: Vec<String> = ["a", "b", "c", "d"]
        .iter()
        .flat_map(|t| {
            [format!("SELECT ON tenant_{t}.* WITH GRANT OPTION"), format!("CREATE USER ON user_tenant_{t}")]
        })
        .collect();
    let four = grants(&four.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(told(&four, true), ["SELECT ON tenant_*.* WITH GRANT OPTION", "CREATE USER ON user_tenant_*"]);
    assert_eq!(told(&four, false), ["SELECT ON *.* WITH GRANT OPTION", "CREATE USER ON *"]);
    let few = grants(&["SELECT ON a.*", "INSERT ON a.*", "SELECT ON b.*"]);
    assert_eq!(told(&few, true), ["SELECT, INSERT ON a.*", "SELECT ON b.*"]);
    let tables = grants(&["INSERT ON ops.a", "INSERT ON ops.b", "INSERT ON ops.c", "INSERT ON ops.d"]);
    assert_eq!(told(&tables, true), ["INSERT ON ops.*"]);
}
