//! What the help says: of the program, and of each command.

use insta::assert_snapshot;

use crate::harness::{Output, Project};

fn run(args: &[&str]) -> Output {
    Project::empty().run(args)
}

/// Returns the help of a command up to the options that all commands have.
fn own_help(command: &str) -> String {
    let output = run(&[command, "--help"]);
    assert_eq!((output.code, output.stderr.as_str()), (0, ""));
    let (own, common) = output.stdout.split_once("Common options:\n").expect("the common options come last");
    assert!(common.contains("--chdir"), "{common}");
    // What the program's help shows already is said to be there.
    own.trim_end().to_owned()
}

#[test]
#[expect(clippy::too_many_lines, reason = "the whole help")]
fn of_the_program() {
    assert_snapshot!(run(&["--help"]), @r#"
    charter is terraform for ClickHouse tenants: tenants, databases, roles, users, grants, SQL
    migrations and Kubernetes Secrets are declared in HCL; `plan` shows exactly what would change in
    ClickHouse and in Kubernetes, `apply` does that in dependency order, `check` proves that nothing
    drifted. There is no state file: the servers are the truth.

    The smallest configuration is a file tenants.hcl with

      clickhouse {
        url      = "http://127.0.0.1:8123"
        password = env("CLICKHOUSE_PASSWORD", "")
      }
      kubernetes {
        manifests = "out/manifests"   # or: context = "production"
      }
      tenant "acme" {}

    Then run `charter validate`, which needs no server, `charter plan`, which changes nothing, and
    `charter apply`, which asks before it does.

    Usage: charter [OPTIONS] <COMMAND>

    Commands:
      init         Writes a configuration to begin with; needs no server, and never overwrites a file
      validate     Parses, resolves and type-checks the configuration; needs no server
      fmt          Rewrites configurations in the canonical format; needs no server
      test         Runs the *.test.hcl files: variables in, the expected plan out; needs no server
      plan         Shows what an apply would change; changes nothing
      show         Shows a saved plan; needs neither a server nor the configuration
      apply        Plans, asks, and executes exactly what was shown
      check        Tells what drifted; changes nothing, exits with 2 where something did
      import       Writes declarations of what lives on the servers and is not declared
      migrate      Shows and mends the ledger of migrations, and begins new files
      credentials  Issues, lists and revokes short-lived users
      unlock       Takes the lock of the scope away from the run that holds it
      rotate       Makes new passwords; the old ones work until their grace ends
      lint         Tells what is a mistake in migrations though a server would take it; needs no server
      explain      Tells what a finding's code means, why it matters and what to do
      graph        Draws what depends on what in the configuration; needs no server
      history      Tells who applied what, when, for how long, and with which queries; changes nothing
      completion   Writes a completion script for a shell to standard output
      version      Prints the version
      help         Print this message or the help of the given subcommand(s)

    Options:
      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Common options:
      -C, --chdir <DIR>
              The folder of the configuration: its *.hcl files, and below it migrations/
              
              [default: .]

          --var <NAME=VALUE>
              The value of a variable; wins over --var-file, which wins over CHARTER_VAR_<name>

          --var-file <FILE>
              A file of variables (*.vars.hcl): name = value, a line each

          --no-color
              No colours; also NO_COLOR in the environment

          --json
              Events and diagnostics as JSON, one object a line

          --json-into <FILE>
              The same events into this file, while the terminal has what people read; see
              docs/events.md

      -q, --quiet
              Results, warnings and errors only

      -v, --verbose...
              More of what happens: -v, -vv, -vvv; never a password

    Environment:
      CHARTER_VAR_<name>    the value of a variable, unless --var or --var-file give one
      CHARTER_ACTOR         who applies, for the audit, unless --actor says it
      CHARTER_LOCK_TIMEOUT  how long an apply waits for the lock of its scope, unless --lock-timeout
      says it
      CHARTER_PLAN_KEY      proves that a saved plan is genuine, and that sensitive values are the same
      CHARTER_LOG           what is logged to standard error, as -v does: debug, or
      charter::observe=trace
      TRACEPARENT           the W3C trace that queries belong to; ClickHouse records it
      NO_COLOR, COLUMNS     no colours; how wide texts are

    Exit codes:
        0  done, or nothing to do
        1  error, nothing was changed
        2  changes or drift (plan with --detailed-exitcode; check always)
        3  apply stopped half-way; the report says what is done
        4  the approved or saved plan no longer fits the servers, or was applied already
        5  someone else holds the lock
        6  a person must decide; the evidence is printed
        7  denied by lint, or by a flag that is missing
        8  approval declined
       64  wrong usage
      130  interrupted
    --- exit 0
    "#);
}

#[test]
fn of_the_program_in_short() {
    let help = run(&["-h"]);
    let (commands, rest) = help.stdout.split_once("Common options:").unwrap();
    assert_snapshot!(commands, @r"
    Declare ClickHouse tenants in HCL; plan, apply and check them.

    Usage: charter [OPTIONS] <COMMAND>

    Commands:
      init         Writes a configuration to begin with; needs no server, and never overwrites a file
      validate     Parses, resolves and type-checks the configuration; needs no server
      fmt          Rewrites configurations in the canonical format; needs no server
      test         Runs the *.test.hcl files: variables in, the expected plan out; needs no server
      plan         Shows what an apply would change; changes nothing
      show         Shows a saved plan; needs neither a server nor the configuration
      apply        Plans, asks, and executes exactly what was shown
      check        Tells what drifted; changes nothing, exits with 2 where something did
      import       Writes declarations of what lives on the servers and is not declared
      migrate      Shows and mends the ledger of migrations, and begins new files
      credentials  Issues, lists and revokes short-lived users
      unlock       Takes the lock of the scope away from the run that holds it
      rotate       Makes new passwords; the old ones work until their grace ends
      lint         Tells what is a mistake in migrations though a server would take it; needs no server
      explain      Tells what a finding's code means, why it matters and what to do
      graph        Draws what depends on what in the configuration; needs no server
      history      Tells who applied what, when, for how long, and with which queries; changes nothing
      completion   Writes a completion script for a shell to standard output
      version      Prints the version
      help         Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help (see more with '--help')
      -V, --version  Print version
    ");
    assert!(rest.contains("Exit codes:"), "{rest}");
}

#[test]
fn is_the_same_asked_in_three_ways() {
    let help = run(&["plan", "--help"]).stdout;
    assert_eq!(run(&["help", "plan"]).stdout, help);
    assert_ne!(run(&["plan", "-h"]).stdout, help, "-h is the short form");
}

#[test]
fn of_validate() {
    assert_snapshot!(own_help("validate"), @r"
    Parses, resolves and type-checks the configuration; needs no server

    Reads every *.hcl file of the folder (but *.vars.hcl and *.test.hcl), resolves references, evaluates
    expressions, checks types and names, and cuts the migrations into statements: everything that can be
    told without a server, and evaluates `check` blocks and preconditions. As many problems as one run
    can find are told, each with its place and what to do. Warnings, and checks that fail, do not fail
    it.

    Usage: charter validate [OPTIONS]

    Options:
      -h, --help
              Print help (see a summary with '-h')
    ");
}

#[test]
fn of_plan() {
    assert_snapshot!(own_help("plan"), @r"
    Shows what an apply would change; changes nothing

    Reads ClickHouse and Kubernetes, compares them with the configuration, and prints each step that an
    apply would take. Nothing is changed: plan again whenever you like. With -o FILE the plan is kept
    for `charter show` and `charter apply`, which refuses it where the servers have moved.

    Below a change of grants stands what it comes to: what each role and user gains and loses in effect;
    where that widens, it is told at the end.

    Tenants to which the same happens are shown once; --expand shows each. What is destroyed is always
    named.

    What was changed on the servers since the last apply is told apart from what is newly declared, with
    when and by whom where the servers keep that (docs/drift.md).

    --record writes what was read, with placeholders for what Secrets hold, so that `charter test` plans
    from it without servers.

    The symbols are terraform's: + create, ~ change, - destroy. Findings come after the steps, each with
    a code and with what to do; one that is an error keeps the plan from being applied.

    Usage: charter plan [OPTIONS]

    Options:
          --target <ADDRESS>
              Only this, and what it depends on: an address or a group, such as tenant.acme or
              tenant.acme.access

          --rotate <ADDRESS>
              A new password for this user, or for those of a tenant or a group; the old one works until
              the grace of its `credentials` block ends

          --probe
              Log in with what each Secret holds; where ClickHouse refuses it, the plan makes it accept
              it

          --format <FORMAT>
              How the plan is printed

              Possible values:
              - text:     For people
              - markdown: For a comment on a pull request
              - json:     For programs
              - sarif:    Its findings as SARIF 2.1.0, for code scanning
              
              [default: text]

          --sql
              Every statement and manifest, exactly as it would be sent; Markdown and JSON always have
              them

          --expand
              Each tenant by itself, also where the same happens to many; JSON always has each

          --detailed-exitcode
              Exit with 2 where there are changes or findings

          --record <FILE>
              Write what was read of the servers, without any secret, for `charter test`

          --no-secrets
              Do not list Secrets: what was applied to them is taken as still there (for pull-request
              jobs); an apply of the saved plan does read them, and refuses where that makes it another
              plan

      -o, --out <FILE>
              Save the plan to FILE, for `charter apply FILE`; no password is in it

          --expires <DURATION>
              How long the saved plan can be applied, such as 24h (the default), 30m or 7d

      -h, --help
              Print help (see a summary with '-h')
    ");
}

#[test]
fn of_apply() {
    assert_snapshot!(own_help("apply"), @r"
    Plans, asks, and executes exactly what was shown

    Steps run in dependency order, independent ones at once. A step that fails stops what depends on it
    and nothing else. Run it again after a failure: what is done stays done, and the rest is completed.
    Ctrl-C and SIGTERM finish what runs, then stop and report (exit code 130); twice stops at once.

    With FILE, a plan that `charter plan -o FILE` saved is applied: without a question, once, and only
    where the configuration, the servers and the sensitive values are what they were. Otherwise nothing
    is changed, and what differs is told (exit code 4).

    Usage: charter apply [OPTIONS] [FILE]

    Arguments:
      [FILE]
              A saved plan, instead of planning now

    Options:
          --target <ADDRESS>
              Only this, and what it depends on: an address or a group, such as tenant.acme or
              tenant.acme.access

          --rotate <ADDRESS>
              A new password for this user, or for those of a tenant or a group; the old one works until
              the grace of its `credentials` block ends

          --probe
              Log in with what each Secret holds; where ClickHouse refuses it, the plan makes it accept
              it

          --allow-data-loss
              Destroy the databases that the plan removes, with their data; `removed` blocks ask for
              that

          --allow-mass-removal
              Remove objects from more than a tenth of the blocks that the scope manages, and more than
              three

          --auto-approve
              Do not ask; needed where nobody can be asked, as in CI

          --approve <DIGEST>
              Do not ask, where the plan's digest begins with DIGEST (at least 8 digits, as the plan and
              its comment show it); refuse any other plan

          --parallelism <N>
              How many steps may run at once
              
              [default: 10]

          --sql
              Every statement and manifest, exactly as it would be sent; Markdown and JSON always have
              them

          --expand
              Each tenant by itself, also where the same happens to many; JSON always has each

          --lock-timeout <DURATION>
              How long to wait for the lock while another run of the scope holds it (10s, 5m); not at
              all where absent. Also CHARTER_LOCK_TIMEOUT

          --actor <NAME>
              Who applies, for the audit; else from the CI's variables or the operating system

      -h, --help
              Print help (see a summary with '-h')
    ");
}

#[test]
fn of_check() {
    assert_snapshot!(own_help("check"), @r#"
    Tells what drifted; changes nothing, exits with 2 where something did

    Asks the live servers: were the expected migrations applied (tracking), do databases, users, roles
    and grants exist as declared (access), are the managed tables there with their columns (tables), do
    the Secrets hold what they must, and does it log in (secrets), does the operator say that its
    tenants are ready (readiness). Of what was changed on the servers since the last apply it says when
    and by whom, where they keep that (docs/drift.md).

    Usage: charter check [OPTIONS]

    Options:
          --format <FORMAT>
              How the findings are printed

              Possible values:
              - text:     For people
              - markdown: For a comment on a pull request
              - json:     For programs
              
              [default: text]

          --target <ADDRESS>
              Only this, and what it depends on: an address or a group, such as tenant.acme

          --isolation
              Prove that tenants are apart: name whoever reaches a tenant's data and is not declared to
              
              Computes from the live grants, roles, grant options, views, dictionaries and accounts of
              all users and roles, charter's or not, who can read or change each tenant's database, and
              tells everyone who is not declared to, with the way: a grant of its own, a chain of roles,
              a wildcard, a grant on everything, a grant or admin option, open GRANTEES, rights to
              manage users, a view or dictionary that reads for others, CREATE DICTIONARY beside an
              account without a password. The whole estate is looked at, whatever --target says. Trust
              administrators by `isolation { administrators = ["NAME"] }`. It tries the empty password
              on users with a plain-text one, unless --no-probe. docs/isolation.md says what it cannot
              see.

          --replay
              Compare tables with what their migration files make, not with what was recorded of them
              
              Rebuilds each tenant's schema from its applied files in a scratch database of the same
              server and compares. It creates databases and users called charter_replay_<run>_<n>, as
              whom the files run confined to their scratch database, and drops them at the end, also
              after Ctrl-C. Tenants with equal files are rebuilt once. INSERT and the like are left out;
              tables of engines that connect elsewhere and dictionaries are not made and not compared; a
              file that names its database instead of ${charter.database} makes the tenant's verdict
              unknown. Needs what apply needs: rights to create databases and users.

          --no-probe
              Do not log in with what the Secrets hold; without it, each user's password is proved

          --no-secrets
              Do not list Secrets: what was applied to them is taken as still there; no login is proved

      -h, --help
              Print help (see a summary with '-h')
    "#);
}

#[test]
fn of_completion() {
    assert_snapshot!(own_help("completion"), @r"
    Writes a completion script for a shell to standard output

    Usage: charter completion [OPTIONS] <SHELL>

    Arguments:
      <SHELL>  The shell [possible values: bash, elvish, fish, powershell, zsh]

    Options:
      -h, --help  Print help
    ");
}

#[test]
fn of_version() {
    assert_snapshot!(own_help("version"), @r"
    Prints the version

    Usage: charter version [OPTIONS]

    Options:
      -h, --help  Print help
    ");
}

#[test]
fn the_version_is_printed_in_two_ways() {
    assert_snapshot!(run(&["version"]), @r"
    charter <version>
    --- exit 0
    ");
    assert_eq!(run(&["--version"]).to_string(), run(&["version"]).to_string());
}

#[test]
fn of_rotate() {
    let help = own_help("rotate");
    let (about, options) = help.split_once("\n\nUsage: charter rotate [OPTIONS] <ADDRESS>...\n").unwrap();
    assert_snapshot!(about, @r"
    Makes new passwords; the old ones work until their grace ends

    For each user: ClickHouse accepts a new password beside the old one, the new one is proved by login,
    and then the Secret is written. Clients that have read the old Secret go on working until the grace
    ends; the first apply after that retires the old password, and so does --finish, at once. Nothing of
    this drops a connection, and no password is printed.

    What would happen is shown first and has to be approved, as with apply; `charter plan --rotate` only
    shows it. A password that is due (`rotate_after` in its `credentials` block) is rotated by apply,
    without this command.

    Before ClickHouse 24.9 a user has one password: the old one stops working at once, and the plan says
    so. A run that is interrupted is completed by the next apply.
    ");
    for option in ["--grace <DURATION>", "--finish", "--auto-approve", "--sql"] {
        assert!(options.contains(option), "{options}");
    }
}

#[test]
fn of_migrate_says_what_each_command_does_and_shows_it() {
    let help = run(&["migrate", "--help"]).stdout;
    for command in ["status", "new", "repair", "baseline"] {
        assert!(help.contains(&format!("\n  {command}")), "{help}");
        let own = run(&["migrate", command, "--help"]);
        assert_eq!((own.code, own.stderr.as_str()), (0, ""));
        assert!(own.stdout.contains(&format!("Examples:\n  charter migrate {command}")), "{}", own.stdout);
    }
}

#[test]
fn of_migrate_repair_asks_for_one_decision() {
    let file = "tenant.acme.migration[\"schema/V1__t.sql\"]";
    for args in
        [&[][..], &["--retry", "--skip"], &["--applied", "--force"], &["--accept-edit", "--statement", "1"]]
    {
        let output = run(&[&["migrate", "repair", file], args].concat());
        assert_eq!(output.code, 64, "{args:?}: {output}");
    }
}
