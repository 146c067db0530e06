//! Passwords that are rotated: under load, killed at every operation, due, lost, taken by hand.

use serde_json::json;

use super::{ENDS, NEWEST};
use crate::Scenario;
use crate::clickhouse;
use crate::command;
use crate::pods::Pods;
use crate::project::{Project, secret_name};

/// Where a user may have several passwords; `server` is one that was given, which should be new.
const SEVERAL: &[&str] = &["26.9", "server", "~25.8"];

pub fn scenarios() -> Vec<Scenario> {
    let scenario = |name, cluster, engines, run| Scenario { name, cluster, engines, run };
    vec![
        scenario("ten_rotations_under_load_refuse_no_login", true, SEVERAL, under_load),
        scenario("a_rotation_killed_at_any_operation_is_completed", true, SEVERAL, killed),
        scenario("a_password_that_is_due_is_rotated_and_the_old_one_retired", false, SEVERAL, due),
        scenario("where_a_user_has_one_password_a_rotation_cuts_over", true, &["24.8"], cut_over),
        scenario("a_login_that_fails_is_found_and_mended", true, ENDS, probed),
        scenario("a_lost_manifest_is_rotated_when_asked", false, ENDS, lost_manifest),
        scenario("keys_that_someone_else_writes_are_not_taken_silently", true, SEVERAL, taken),
        scenario("a_login_that_host_rules_refuse_proves_nothing", false, NEWEST, out_of_reach),
        scenario("what_has_no_password_cannot_be_rotated", false, &["26.9", "server"], wrong_addresses),
    ]
}

const TENANT: &str = "tenant \"@_a\" {\n  credentials {\n    grace = \"1h\"\n  }\n}\n";

/// Returns whether a password logs in as the tenant.
fn logs_in(project: &Project, password: &str) -> bool {
    let user = format!("user_tenant_{}", project.name("a"));
    clickhouse::run(&project.clickhouse, &user, password, "SELECT 1").status == 200
}

fn current(project: &Project) -> String {
    project.password(&project.name("a"))
}

/// Takes the lock from a run that was killed; it would lapse by itself.
fn unlock(project: &Project) {
    let _ = project.charter(&["unlock", "--force"]).exits(0);
}

fn methods(project: &Project) -> usize {
    let user = format!("user_tenant_{}", project.name("a"));
    let statement = format!("SELECT length(auth_type) FROM system.users WHERE name = '{user}'");
    project.clickhouse.admin(&statement).parse().unwrap()
}

fn rotate(project: &Project, args: &[&str]) -> command::Output {
    let addr = format!("tenant.{}", project.name("a"));
    let all: Vec<&str> = ["rotate", &addr, "--auto-approve"].iter().chain(args).copied().collect();
    project.charter(&all)
}

#[expect(clippy::print_stderr, reason = "how much load it was is part of the result")]
fn under_load(project: &mut Project) {
    project.write("tenants.hcl", TENANT);
    let _ = project.apply();
    let pods = Pods::start(project, "a");
    for round in 0..10 {
        let _ = rotate(project, &[]).exits(0);
        // Half of the rotations are in the grace of another; the others have one password before.
        if round % 2 == 1 {
            let _ = rotate(project, &["--finish"]).exits(0);
        }
    }
    let seen = pods.stop();
    assert!(
        seen.failures.is_empty(),
        "{} of {} logins: {:?}",
        seen.failures.len(),
        seen.logins,
        seen.failures
    );
    assert_eq!(seen.passwords, 11, "each password was used");
    let rate = seen.logins as f64 / seen.elapsed.as_secs_f64();
    eprintln!(
        "{}: {} logins in {:.1?}, {rate:.0} a second, none refused",
        project.engine.name, seen.logins, seen.elapsed
    );
    // What is asked for are 50; a machine that is busy with other things may come to fewer.
    assert!(rate > 10.0, "{rate:.0} logins a second are no load");
    assert_eq!(methods(project), 1);
    project.unchanged();
    let _ = project.charter(&["check"]).exits(0);
}

fn killed(project: &mut Project) {
    project.write("tenants.hcl", TENANT);
    let _ = project.apply();
    let addr = format!("tenant.{}", project.name("a"));
    let pods = Pods::start(project, "a");
    for (args, count) in [
        (vec!["rotate", &addr, "--auto-approve"], 6),
        (vec!["rotate", "--finish", &addr, "--auto-approve"], 4),
    ] {
        for operation in 1..=count {
            if args.contains(&"--finish") {
                let _ = rotate(project, &[]).exits(0);
            }
            let before = current(project);
            let text = format!("operation={operation} ");
            let reached = command::kill_at(project.path(), &project.env, &args, &["operation begins", &text]);
            assert!(reached, "{args:?} has an operation {operation}");
            assert!(logs_in(project, &before), "{args:?} killed at {operation}: the password from before");
            unlock(project);
            let _ = project.charter(&["apply", "--auto-approve"]).exits(0);
            project.unchanged();
            assert!(logs_in(project, &before) && logs_in(project, &current(project)));
            let _ = rotate(project, &["--finish"]).exits(0);
            project.unchanged();
            assert_eq!(methods(project), 1, "{args:?} killed at {operation}");
            assert!(logs_in(project, &current(project)));
            let _ = project.charter(&["check"]).exits(0);
        }
    }
    let seen = pods.stop();
    assert!(
        seen.failures.is_empty(),
        "{} of {} logins: {:?}",
        seen.failures.len(),
        seen.logins,
        seen.failures
    );
}

fn due(project: &mut Project) {
    project.write(
        "tenants.hcl",
        "tenant \"@_a\" {\n  credentials {\n    rotate_after = \"4s\"\n    grace = \"2s\"\n    length = 40\n  }\n}\n",
    );
    let _ = project.charter(&["apply", "--auto-approve"]).exits(0);
    let first = current(project);
    assert_eq!(first.len(), 40);
    std::thread::sleep(std::time::Duration::from_millis(4_500));
    let _ = project.charter(&["plan"]).exits(0).says("due after 4s").says("a new one, kept in");
    let _ = project.charter(&["apply", "--auto-approve"]).exits(0);
    let second = current(project);
    assert!(first != second && logs_in(project, &first) && logs_in(project, &second));
    assert_eq!(methods(project), 2);
    // Not due any more; the old one is retired when its grace is over.
    project.write("tenants.hcl", TENANT);
    std::thread::sleep(std::time::Duration::from_millis(2_500));
    let _ = project
        .charter(&["plan"])
        .exits(0)
        .says("its grace ended")
        .says("every other password of the user stops working");
    let _ = project.apply();
    assert!(!logs_in(project, &first) && logs_in(project, &second));
    assert_eq!(methods(project), 1);
}

fn cut_over(project: &mut Project) {
    project.write("tenants.hcl", TENANT);
    let _ = project.apply();
    let first = current(project);
    let addr = format!("tenant.{}", project.name("a"));
    let _ =
        project.charter(&["plan", "--rotate", &addr]).exits(0).says("CH318").says("stops working at once");
    assert!(logs_in(project, &first), "a plan changes nothing");
    for operation in 1..=3 {
        let args = ["rotate", &addr, "--auto-approve"];
        let text = format!("operation={operation} ");
        let before = current(project);
        assert!(command::kill_at(project.path(), &project.env, &args, &["operation begins", &text]));
        assert!(logs_in(project, &before) || logs_in(project, &current(project)), "killed at {operation}");
        unlock(project);
        let _ = project.charter(&["apply", "--auto-approve"]).exits(0);
        assert!(logs_in(project, &current(project)));
        project.unchanged();
    }
    let _ = rotate(project, &[]).exits(0);
    assert!(!logs_in(project, &first) && logs_in(project, &current(project)));
    project.unchanged();
    // What is due is only noted.
    project.write("tenants.hcl", &TENANT.replace("\"1h\"", "\"1s\"\n    rotate_after = \"2s\""));
    std::thread::sleep(std::time::Duration::from_millis(2_500));
    project.unchanged();
    let _ = project.charter(&["check"]).exits(0).says("CH317");
}

fn probed(project: &mut Project) {
    project.write("tenants.hcl", TENANT);
    let _ = project.apply();
    let user = format!("user_tenant_{}", project.name("a"));
    let other = charter::model::Secret::new("someone-elses").salted_sha256("salt");
    project
        .clickhouse
        .admin(&format!("ALTER USER `{user}` IDENTIFIED WITH sha256_hash BY '{other}' SALT 'salt'"));
    // A plan without logins cannot see it, and a check does.
    project.unchanged();
    let _ = project.charter(&["check"]).exits(2).says("CH311").says("charter apply --probe");
    let _ = project.charter(&["check", "--no-probe"]).exits(0);
    let _ = project.charter(&["plan", "--probe", "--detailed-exitcode"]).exits(2).says("does not log in");
    let addr = format!("tenant.{}", project.name("a"));
    let _ = rotate(project, &["--finish"]).exits(1).says("CH315");
    let _ = project.charter(&["apply", "--probe", "--target", &addr, "--auto-approve"]).exits(0);
    assert!(logs_in(project, &current(project)));
    let _ = project.charter(&["plan", "--probe", "--detailed-exitcode"]).exits(0).says("No changes.");
    let _ = project.charter(&["check"]).exits(0);
    if project.engine.name != "24.8" {
        assert!(logs_in(project, "someone-elses"), "kept for the grace");
        project
            .clickhouse
            .admin(&format!("ALTER USER `{user}` IDENTIFIED WITH sha256_hash BY '{other}' SALT 'salt'"));
        let _ = rotate(project, &["--finish"]).exits(1).says("CH315");
        assert!(logs_in(project, "someone-elses"), "nothing was retired");
        let _ = project.charter(&["apply", "--probe", "--auto-approve"]).exits(0);
        let _ = rotate(project, &["--finish"]).exits(0);
        assert!(!logs_in(project, "someone-elses") && logs_in(project, &current(project)));
    }
    let _ = rotate(project, &["--finish"]).exits(0).says("CH323");
    project.unchanged();
}

fn lost_manifest(project: &mut Project) {
    project.write("tenants.hcl", TENANT);
    let _ = project.apply();
    let first = current(project);
    project.remove(&format!("out/manifests/operations/secret-{}.yaml", secret_name(&project.name("a"))));
    let addr = format!("tenant.{}", project.name("a"));
    let _ = project.charter(&["apply", "--auto-approve"]).exits(1).says("CH312").says("charter rotate");
    let _ = rotate(project, &[]).exits(0);
    let _ = project.charter(&["apply", "--target", &addr, "--auto-approve"]).exits(0);
    project.unchanged();
    let second = current(project);
    assert!(first != second && logs_in(project, &second));
    assert_eq!(logs_in(project, &first), project.engine.name != "24.8", "kept where there may be several");
}

fn taken(project: &mut Project) {
    project.write("tenants.hcl", &TENANT.replace("\"1h\"", "\"1s\"\n    rotate_after = \"3s\""));
    let _ = project.apply();
    let secret = secret_name(&project.name("a"));
    use base64::Engine as _;
    let by_hand = "set-by-a-person-with-kubectl";
    let encoded = base64::engine::general_purpose::STANDARD.encode(by_hand);
    project.cluster().edit("Secret", &secret, &json!({"data": {"password": encoded}}));
    let _ = project.charter(&["plan"]).exits(0).says("another one than was last applied");
    let _ = project.charter(&["apply", "--auto-approve"]).exits(0);
    assert!(logs_in(project, by_hand));
    std::thread::sleep(std::time::Duration::from_millis(3_500));
    // The grace is over, and it is due; but it is kubectl-edit's.
    let _ = project
        .charter(&["plan"])
        .exits(0)
        .says("CH314")
        .says("kubectl-edit")
        .never_says("a new one, kept in");
    let _ = project.charter(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(current(project), by_hand);
    let _ = rotate(project, &[]).exits(0).says("CH314").says("kubectl-edit");
    assert_ne!(current(project), by_hand);
    project.write("tenants.hcl", TENANT);
    let _ = rotate(project, &["--finish"]).exits(0);
    assert!(!logs_in(project, by_hand) && logs_in(project, &current(project)));
    project.unchanged();
}

fn out_of_reach(project: &mut Project) {
    project.write(
        "tenants.hcl",
        "user \"@_bi\" {\n  hosts = [\"10.11.12.0/24\"]\n  credentials {}\n}\n\
         secret \"@-bi\" {\n  credentials = user.@_bi\n}\n",
    );
    let _ = project.apply();
    let addr = format!("user.{}", project.name("bi"));
    let _ = project.charter(&["check"]).exits(0).says("CH311").says("it may log in from 10.11.12.0/24 only");
    let _ = project.charter(&["plan", "--probe", "--detailed-exitcode"]).exits(0).says("No changes.");
    let _ = project.charter(&["rotate", &addr, "--auto-approve"]).exits(0).says("the login is not proved");
    project.unchanged();
    if project.engine.name != "24.8" {
        let _ = project.charter(&["rotate", &addr, "--finish", "--auto-approve"]).exits(1).says("CH315");
    }
    project.unchanged();
}

fn wrong_addresses(project: &mut Project) {
    project.write("tenants.hcl", &format!("{TENANT}role \"@_r\" {{}}\n"));
    let _ = project.apply();
    let name = project.name("a");
    let part = format!("tenant.{name}.database");
    let _ = project
        .charter(&["rotate", &part, "--auto-approve"])
        .exits(1)
        .warns(&format!("did you mean tenant.{name}.user?"));
    let typo = format!("tenant.{name}x");
    let _ =
        project.charter(&["plan", "--rotate", &typo]).exits(1).warns(&format!("did you mean tenant.{name}?"));
    let role = format!("role.{}", project.name("r"));
    let _ = project.charter(&["apply", "--rotate", &role]).exits(1).warns("has no password of its own");
    let user = format!("tenant.{name}.user");
    let _ = project
        .charter(&["plan", "--rotate", &user, "--target", &role])
        .exits(1)
        .warns("not among the targets");
    let _ = project.charter(&["rotate"]).exits(64);
    let _ = project.charter(&["rotate", &user, "--grace", "soon"]).exits(64).warns("a whole number");
    let _ = project.charter(&["rotate", &user]).exits(8).warns("--auto-approve");
    project.unchanged();
}
