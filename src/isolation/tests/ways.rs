//! Each way in by itself, told with who, what and by which path; and what is no way in.

use serde_json::json;

use super::{Estate, enter, principal, row};

/// Returns the estate of the tenants `a`, `a_b` and `x`, with some more lines of SHOW GRANTS.
fn with(lines: &[&str]) -> Estate {
    let mut estate = Estate::of(&["a", "a_b", "x"]);
    estate.live(lines);
    estate
}

#[test]
fn a_clean_estate_is_proved() {
    let mut estate =
        with(&["GRANT ALL ON *.* TO uadmin WITH GRANT OPTION", "GRANT SELECT ON other.* TO ureader"]);
    estate.declared(&["GRANT SELECT ON t_x.events TO analyst", "GRANT analyst TO uanalyst"]);
    let report = estate.report();
    assert_eq!((report.principals, report.tenants, report.holes.len()), (10, 3, 0));
    assert_eq!(report.trusted, ["user uadmin"]);
    assert!(report.is_proved());
}

#[test]
fn a_grant_of_its_own() {
    let estate = with(&["GRANT SELECT, INSERT ON t_x.* TO u1", "GRANT DROP TABLE ON t_a.events TO other"]);
    insta::assert_snapshot!(estate.told(), @"
    CH280 drift: role other can change the data of t_a by a grant of its own
        GRANT DROP TABLE ON t_a.events TO other
    CH280 drift: user u1 can read and change the data of t_x by a grant of its own
        GRANT SELECT, INSERT ON t_x.* TO u1
    ");
}

#[test]
fn a_chain_of_roles() {
    let estate = with(&["GRANT SELECT ON t_x.* TO deep", "GRANT deep TO middle", "GRANT middle TO u1"]);
    insta::assert_snapshot!(estate.told(), @"
    CH280 drift: role deep can read the data of t_x by a grant of its own
        GRANT SELECT ON t_x.* TO deep
    CH281 drift: role middle and user u1 can read the data of t_x by a role
        role middle -> role deep
        user u1 -> role middle -> role deep
        GRANT SELECT ON t_x.* TO deep
    ");
}

#[test]
fn a_membership_in_a_declared_role() {
    insta::assert_snapshot!(with(&["GRANT r_x TO u1"]).told(), @"
    CH281 drift: user u1 can read and change the data of t_x by a role
        user u1 -> role r_x
        GRANT SELECT, INSERT, ALTER TABLE, CREATE TABLE, DROP TABLE ON t_x.* TO r_x
    ");
}

#[test]
fn a_prefix_takes_in_another_tenant() {
    insta::assert_snapshot!(with(&["GRANT SELECT ON t_a*.* TO r_a"]).told(), @"
    CH281 drift: user u_a can read the data of t_a_b by a role
        user u_a -> role r_a
        GRANT SELECT ON t_a*.* TO r_a
    CH282 drift: role r_a can read the data of t_a_b by a grant on a prefix
        GRANT SELECT ON t_a*.* TO r_a
    ");
}

#[test]
fn everything() {
    insta::assert_snapshot!(with(&["GRANT SELECT ON *.* TO all_of_it", "REVOKE SELECT ON t_a.* FROM all_of_it"]).told(), @"
    CH283 drift: role all_of_it can read the data of t_a_b, t_x by a grant on everything
        GRANT SELECT ON *.* TO all_of_it
    CH293 note: role all_of_it can read the data of all 3 tenants in the log of statements
        texts of statements may hold values of rows
    ");
}

#[test]
fn a_grant_option() {
    insta::assert_snapshot!(with(&["GRANT SELECT ON t_x.* TO r_x WITH GRANT OPTION"]).told(), @"
    CH284 drift: role r_x and user u_x can pass on the data of t_x as it has the grant option
        role r_x
        user u_x -> role r_x
        GRANT SELECT ON t_x.* TO r_x WITH GRANT OPTION
    ");
}

#[test]
fn an_admin_option() {
    let mut estate = with(&["GRANT r_x TO u_x WITH ADMIN OPTION"]);
    insta::assert_snapshot!(estate.told(), @"
    CH285 drift: user u_x can pass on the data of t_x as it has the admin option of a role
        GRANT r_x TO u_x WITH ADMIN OPTION
    ");
    estate.user("u_x", json!({"grantees_any": 1, "grantees_except": ["root"]}));
    assert!(estate.told().contains("GRANTEES ANY EXCEPT root"), "{}", estate.told());
}

#[test]
fn open_grantees() {
    let mut estate = with(&[]);
    estate.user("u_x", json!({"grantees_any": 1}));
    insta::assert_snapshot!(estate.told(), @"
    CH286 drift: user u_x can pass on the data of t_x to anyone: its GRANTEES are open
        GRANTEES ANY
        declared is GRANTEES NONE; as it is, one grant option is all that it takes
    ");
    // One that nobody declared to be closed, and that has nothing to pass on.
    let mut estate = with(&[]);
    estate.declared(&["GRANT SELECT ON t_x.* TO uguest"]);
    assert_eq!(estate.told(), "");
    // The option is declared, whom it is for is not.
    let mut estate = with(&[]);
    estate.declared(&["GRANT SELECT ON t_x.* TO uguest WITH GRANT OPTION"]);
    insta::assert_snapshot!(estate.told(), @"
    CH286 drift: user uguest can pass on the data of t_x to anyone: its GRANTEES are open
        GRANTEES ANY
        it has a grant or admin option, and nothing limits to whom
    ");
}

#[test]
fn management_of_access() {
    insta::assert_snapshot!(with(&["GRANT ROLE ADMIN ON *.* TO u1"]).told(), @"
    CH287 drift: user u1 can read and change the data of all 3 tenants by managing access
        ROLE ADMIN, of user u1: gives itself or others any role
    ");
    insta::assert_snapshot!(with(&["GRANT ALTER USER ON u_a* TO u1", "GRANT CREATE USER, CREATE ROLE ON * TO u2"]).told(), @"
    CH287 drift: user u1 can read and change the data of t_a, t_a_b by managing access
        ALTER USER, of user u1: sets the password of a user, and logs in as it
    ");
    // Who leads to no tenant may be altered, and who is in users.xml cannot be.
    assert_eq!(with(&["GRANT ALTER USER ON pod_* TO u1"]).told(), "");
    let mut fixed = with(&["GRANT ALTER USER ON u_x TO u1"]);
    fixed.user("u_x", json!({"storage": "users_xml", "grantees_any": 0}));
    assert_eq!(fixed.told(), "");
    // What is declared is not told.
    let mut declared = with(&[]);
    declared.declared(&["GRANT ALTER USER ON u_x TO uops"]);
    assert_eq!(declared.told(), "");
    insta::assert_snapshot!(with(&["GRANT IMPERSONATE ON u_x TO u1", "GRANT SET DEFINER ON u_x TO u2", "GRANT ALLOW SQL SECURITY NONE ON *.* TO u3"]).told(), @"
    CH287 drift: user u1 can read and change the data of t_x by managing access
        IMPERSONATE, of user u1: runs statements as another user (EXECUTE AS)
    CH287 drift: user u2 can read and change the data of t_x by managing access
        SET DEFINER, of user u2: makes views that read with another user's rights
    CH287 drift: user u3 can read and change the data of all 3 tenants by managing access
        ALLOW SQL SECURITY NONE, of user u3: makes views that no rights are checked for
    ");
}

#[test]
fn views_that_read_for_others() {
    let mut estate = with(&["GRANT SELECT ON rep.* TO u1"]);
    estate.object("rep", "mine", "View", "CREATE VIEW rep.mine SQL SECURITY INVOKER AS SELECT * FROM t_x.t");
    estate.object(
        "rep",
        "gone",
        "View",
        "CREATE VIEW rep.gone DEFINER = nobody SQL SECURITY DEFINER AS SELECT * FROM t_x.t",
    );
    estate.object(
        "rep",
        "own",
        "View",
        "CREATE VIEW rep.own DEFINER = u_a SQL SECURITY DEFINER AS SELECT * FROM t_x.t",
    );
    assert_eq!(estate.told(), "", "what reads with rights that nobody has shows nothing");
    estate.object("rep", "daily", "View", "CREATE VIEW rep.daily (`n` UInt64) DEFINER = u_x SQL SECURITY DEFINER AS SELECT count() AS n FROM t_x.events");
    estate.object(
        "rep",
        "open",
        "View",
        "CREATE VIEW rep.open SQL SECURITY NONE AS SELECT 1 WHERE 1 IN t_a.`t`",
    );
    insta::assert_snapshot!(estate.told(), @"
    CH288 drift: user u1 can read the data of t_x by a view that reads for it
        View rep.daily
        rep.daily reads with the rights of u_x
    CH288 drift: user u1 can read the data of t_a by a view that reads for it
        View rep.open
        rep.open reads without a check of rights
    ");
    estate.declared.shared.insert("rep.daily".into());
    assert!(!estate.told().contains("rep.daily"), "{}", estate.told());
}

#[test]
fn a_view_of_a_view_and_a_copy() {
    let mut estate = with(&["GRANT SELECT ON rep.top TO u1", "GRANT SELECT ON rep.kept TO u2"]);
    estate.live(&["GRANT SELECT ON *.* TO uadmin"]);
    estate.object(
        "rep",
        "top",
        "View",
        "CREATE VIEW rep.top DEFINER = uadmin SQL SECURITY DEFINER AS SELECT * FROM mid.v",
    );
    estate.object(
        "mid",
        "v",
        "View",
        "CREATE VIEW mid.v DEFINER = uadmin SQL SECURITY DEFINER AS SELECT * FROM t_x.t",
    );
    estate.object(
        "mid",
        "mv",
        "MaterializedView",
        "CREATE MATERIALIZED VIEW mid.mv TO rep.kept (`id` UInt64) AS SELECT id FROM t_a.t",
    );
    insta::assert_snapshot!(estate.told(), @"
    CH288 drift: user u2 can read the data of t_a by a view that reads for it
        MaterializedView rep.kept
        mid.mv reads without a check of rights, and copies what it reads
    CH288 drift: user u1 can read the data of t_x by a view that reads for it
        View rep.top
        rep.top reads with the rights of uadmin
    ");
}

#[test]
fn a_tenant_s_own_view_of_another() {
    let mut estate = with(&["GRANT ALL ON *.* TO uadmin"]);
    estate.object(
        "t_a",
        "v",
        "View",
        "CREATE VIEW t_a.v DEFINER = uadmin SQL SECURITY DEFINER AS SELECT * FROM t_x.t",
    );
    insta::assert_snapshot!(estate.told(), @"
    CH288 drift: role r_a and user u_a can read the data of t_x by a view that reads for it
        role r_a
        user u_a -> role r_a
        View t_a.v
        t_a.v reads with the rights of uadmin
    ");
}

#[test]
fn dictionaries_and_what_cannot_be_judged() {
    let mut estate = with(&["GRANT dictGet ON rep.d TO u1", "GRANT SELECT ON rep.* TO u2"]);
    estate.object("rep", "d", "Dictionary", "CREATE DICTIONARY rep.d (`id` UInt64) PRIMARY KEY id SOURCE(CLICKHOUSE(USER 'u_x' PASSWORD '[HIDDEN]' QUERY 'SELECT id FROM t_x.t')) LAYOUT(FLAT())");
    estate.object(
        "rep",
        "dist",
        "Distributed",
        "CREATE TABLE rep.dist (`id` UInt64) ENGINE = Distributed('other', 't_a', 't')",
    );
    insta::assert_snapshot!(estate.told(), @"
    CH289 drift: user u1 and user u2 can read the data of t_x by a dictionary that reads for it
        user u1
        user u2
        Dictionary rep.d
        its source logs in as u_x
    CH296 warning: who reaches the data of t_a cannot be judged
        Distributed rep.dist
        it depends on the cluster as whom the other node is asked
    ");
}

#[test]
fn a_source_that_needs_no_password() {
    let mut estate = with(&["GRANT CREATE DICTIONARY ON t_x.* TO r_x"]);
    assert_eq!(estate.told(), "", "there is nobody to log in as");
    estate.live(&["GRANT SELECT ON *.* TO uadmin"]);
    estate.user("uadmin", json!({"auth": "['no_password']", "host_ip": ["127.0.0.1"]}));
    insta::assert_snapshot!(estate.told(), @"
    CH290 drift: role r_x and user u_x can read the data of t_a, t_a_b by a source that logs in without a password
        role r_x
        user u_x -> role r_x
        CREATE DICTIONARY, and user uadmin without a password
        a source on this server logs in as uadmin and reads what it may read
    CH291 warning: user uadmin reaches the data of all 3 tenants, and needs no password
        it may log in from the server's own host only
    ");
    // Elsewhere than on the server: no source comes to it.
    estate.user("uadmin", json!({"auth": "['no_password']", "host_ip": ["10.0.0.7"]}));
    insta::assert_snapshot!(estate.told(), @"
    CH291 drift: user uadmin reaches the data of all 3 tenants, and needs no password
        it may log in from other hosts, too
    ");
    // A password that is empty, as a login proves.
    estate.user("uadmin", json!({"auth": "['plaintext_password']"}));
    assert_eq!(estate.told(), "");
    estate.open.insert("uadmin".into());
    assert!(estate.told().contains("CH290") && estate.told().contains("CH291"), "{}", estate.told());
}

#[test]
fn one_that_reads_nothing_may_do_without_a_password() {
    let mut estate = with(&["GRANT CREATE DICTIONARY ON t_x.* TO r_x", "GRANT SELECT ON public.* TO uplay"]);
    estate.user("uplay", json!({"auth": "no_password"}));
    assert_eq!(estate.told(), "");
}

#[test]
fn what_is_worth_a_note() {
    let mut estate =
        with(&["GRANT S3 ON *.* TO r_x", "GRANT SELECT ON system.* TO u1", "GRANT URL ON *.* TO u2"]);
    let policy = json!({"short_name": "p", "database": "t_a", "table": "t", "apply_to_all": 0, "apply_to_list": ["r_a"], "apply_to_except": []});
    estate.policies.push(row(policy));
    insta::assert_snapshot!(estate.told(), @"
    CH292 note: role r_x and user u_x can carry the data of t_x to external sources
        role r_x
        user u_x -> role r_x
        what it reads it may carry to where charter does not see
    CH293 note: user u1 can read the data of all 3 tenants in the log of statements
        texts of statements may hold values of rows
    CH294 note: row policies stand on the data of t_a
        ROW POLICY p ON t_a.t TO r_a
        whoever no policy is for reads every row, unless users_without_row_policies_can_read_rows is off
    ");
    assert!(estate.report().is_proved());
}

#[test]
fn what_another_scope_declares() {
    let mut estate = with(&["GRANT SELECT ON t_x.* TO theirs", "GRANT INSERT ON t_x.* TO theirs"]);
    enter(&mut estate.declared.with_others, "GRANT SELECT ON t_x.* TO theirs");
    estate.declared.scopes.insert(principal("theirs"), "analytics".into());
    insta::assert_snapshot!(estate.told(), @"
    CH280 drift: role theirs can change the data of t_x by a grant of its own
        GRANT INSERT ON t_x.* TO theirs
    CH295 note: role theirs can read the data of t_x as another scope declares it
        scope analytics
    ");
}

#[test]
fn administrators_are_trusted_by_name() {
    let mut estate = with(&["GRANT ALL ON *.* TO usecond", "GRANT SELECT ON *.* TO ops", "GRANT ops TO u1"]);
    estate.declared.administrators = ["usecond", "ops", "ugone"].map(str::to_owned).into();
    insta::assert_snapshot!(estate.told(), @"
    CH281 drift: user u1 can read the data of all 3 tenants by a role
        user u1 -> role ops
        GRANT SELECT ON *.* TO ops
    CH293 note: user u1 can read the data of all 3 tenants in the log of statements
        user u1 -> role ops
        texts of statements may hold values of rows
    CH297 note: administrator ugone is trusted, and is neither a user nor a role of this server
    ");
}

#[test]
fn what_cannot_be_read_is_not_proved() {
    let estate = with(&["GRANT SOMETHING NEW ( TO u1"]);
    insta::assert_snapshot!(estate.told(), @"
    CH296 drift: who reaches the data of all 3 tenants cannot be judged
        GRANT SOMETHING NEW ( TO u1
        charter cannot read these lines of SHOW GRANTS, so nothing is proved of them
    ");
    assert!(!estate.report().is_proved());
}

#[test]
fn one_who_may_do_everything_is_one_finding() {
    let slugs: Vec<String> = (0..1000).map(|at| format!("n{at}")).collect();
    let mut estate = Estate::of(&slugs.iter().map(String::as_str).collect::<Vec<_>>());
    estate.live(&["GRANT SELECT ON *.* TO shared"]);
    let members: Vec<String> = slugs.iter().map(|slug| format!("GRANT shared TO u_{slug}")).collect();
    estate.live(&members.iter().map(String::as_str).collect::<Vec<_>>());
    let report = estate.report();
    let counts: Vec<_> =
        report.holes.iter().map(|hole| (hole.way, hole.holders.len(), hole.tenants.count)).collect();
    assert_eq!(
        counts,
        [
            (super::Way::RoleChain, 1000, 1000),
            (super::Way::Everything, 1, 1000),
            (super::Way::QueryLog, 1001, 1000)
        ]
    );
    assert!(estate.told().contains("and 994 more who have it"), "{}", estate.told());
}

#[test]
fn a_name_of_a_user_and_of_a_role_is_both() {
    let mut estate = with(&["GRANT SELECT ON t_x.* TO twin"]);
    estate.user("twin", json!({}));
    insta::assert_snapshot!(estate.told(), @"
    CH280 drift: role twin can read the data of t_x by a grant of its own
        GRANT SELECT ON t_x.* TO twin
    CH280 drift: user twin can read the data of t_x by a grant of its own
        GRANT SELECT ON t_x.* TO twin
    ");
}
