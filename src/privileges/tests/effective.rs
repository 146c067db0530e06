//! Effective access: the words for what `SHOW GRANTS` says, and that what is said is what changes, by the naive model.

use proptest::prelude::*;
use proptest::sample::select;

use super::super::points::cover::Place;
use super::model::Model;
use super::properties::{fixed, statement, valid};
use super::*;
use crate::model::access::GrantOption;

fn own(lines: &[ShowGrant]) -> Source<'_> {
    Source { role: None, lines: lines.iter().collect() }
}

fn place((scope, column): &Place) -> String {
    column.as_ref().map_or_else(|| scope.to_string(), |column| format!("{scope}({column})"))
}

fn said(sign: char, portions: &[Portion]) -> Vec<String> {
    let places = |lead: &str, places: &[Place]| match places {
        [] => String::new(),
        all => format!(" {lead} {}", all.iter().map(place).collect::<Vec<_>>().join(", ")),
    };
    let line = |portion: &Portion| {
        let option = match portion.option {
            GrantOption::No => "",
            GrantOption::With => " and grant it on",
            GrantOption::Only => " grant option only",
        };
        let through = match portion.through.as_slice() {
            [] => String::new(),
            roles => format!(" through {}", roles.join(", ")),
        };
        format!(
            "{sign} {} ON {}{option}{}{}{through}",
            portion.privileges.join(", "),
            portion.scope,
            places("except", &portion.except),
            places("unchanged", &portion.unchanged)
        )
    };
    portions.iter().map(line).collect()
}

fn told(before: &[&str], after: &[&str]) -> String {
    let catalog = real();
    let (before, after) = (show(before), show(after));
    let effect = Compare::new(&catalog).effect(&[own(&before)], &[own(&after)], &[]);
    [said('+', &effect.gains), said('-', &effect.loses)].concat().join("\n")
}

#[test]
fn the_same_meaning_in_other_words_changes_nothing() {
    for (before, after) in [
        (&["GRANT ALTER ON d.t TO r"][..], &["GRANT ALTER TABLE, ALTER VIEW ON d.t TO r"][..]),
        (&["GRANT SELECT ON *.* TO r", "GRANT SELECT ON d.* TO r"], &["GRANT SELECT ON *.* TO r"]),
        (&["GRANT UPDATE ON d.* TO r"], &["GRANT ALTER UPDATE ON d.* TO r"]),
        (&["GRANT SELECT ON d.* TO r", "REVOKE SELECT ON d.* FROM r"], &[]),
    ] {
        assert_eq!(told(before, after), "");
    }
}

#[test]
fn what_is_granted_in_layers_is_said_as_it_is() {
    let cases = [
        told(
            &["GRANT SELECT ON a.* TO r"],
            &["GRANT SELECT ON *.* TO r", "REVOKE SELECT ON secret.* FROM r"],
        ),
        told(&["GRANT ALL ON *.* TO r WITH GRANT OPTION"], &[]),
        told(&[], &["GRANT ALL ON d.* TO r", "GRANT CREATE, DROP ON e.* TO r"]),
        told(&["GRANT SELECT ON tenant_a*.* TO r"], &["GRANT SELECT ON tenant_a.* TO r"]),
        told(&["GRANT SELECT(a, b) ON d.t TO r"], &["GRANT SELECT(b, c), INSERT(c) ON d.t TO r"]),
        told(&["GRANT SELECT ON d.* TO r"], &["GRANT SELECT ON d.* TO r WITH GRANT OPTION"]),
        told(&[], &["GRANT SELECT, INSERT ON d.* TO r", "GRANT SELECT ON d.t TO r WITH GRANT OPTION"]),
        told(&["GRANT S3 ON *.* TO r"], &["GRANT URL ON *.* TO r", "GRANT CREATE USER ON ten* TO r"]),
        told(
            &["GRANT SELECT ON d.* TO r"],
            &["GRANT SELECT ON d.* TO r", "REVOKE SELECT(secret) ON d.t FROM r"],
        ),
    ];
    insta::assert_snapshot!(cases.join("\n\n"), @"
    + SELECT ON *.* except secret.* unchanged a.*

    - ALL ON *.* and grant it on

    + ALL ON d.*
    + CREATE, DROP ON e.*

    - SELECT ON tenant_a*.* unchanged tenant_a.*

    + SELECT(c), INSERT(c) ON d.t
    - SELECT(a) ON d.t

    + SELECT ON d.* grant option only

    + SELECT, INSERT ON d.*
    + SELECT ON d.t grant option only

    + CREATE USER ON ten*
    + URL ON *.*
    - S3 ON *.*

    - SELECT(secret) ON d.t
    ");
}

#[test]
fn roles_add_up_and_their_revokes_stay_theirs() {
    let catalog = real();
    let lines =
        show(&["GRANT SELECT ON *.* TO a", "REVOKE SELECT ON d.* FROM a", "GRANT SELECT ON d.t TO b"]);
    let (a, b) = (&lines[..2], &lines[2..]);
    let role = |name, lines: &'static [ShowGrant]| Source { role: Some(name), lines: lines.iter().collect() };
    let [a, b]: [&'static [ShowGrant]; 2] = [a.to_vec().leak(), b.to_vec().leak()];
    let mut compare = Compare::new(&catalog);
    let effect = compare.effect(&[role("a", a)], &[role("a", a), role("b", b)], &[]);
    assert_eq!(said('+', &effect.gains), ["+ SELECT ON d.t through b"]);
    let effect = compare.effect(&[role("a", a), role("b", b)], &[role("b", b)], &[]);
    assert_eq!(said('-', &effect.loses), ["- SELECT ON *.* except d.* through a"]);
    let effect = compare.effect(&[], &[role("b", b)], &[role("b", b)]);
    assert_eq!((effect.gains.len(), effect.fresh.len()), (1, 0), "what was recorded is no news");
}

/// Replays portions: each is a grant, with revokes for its exceptions.
fn replayed(portions: &[Portion], options: bool) -> Vec<Vec<Statement>> {
    let said = portions.iter().filter(|portion| match portion.option {
        GrantOption::No => !options,
        GrantOption::With => true,
        GrantOption::Only => options,
    });
    let statements = said.map(|portion| {
        let specs: Vec<PrivilegeSpec> =
            portion.privileges.iter().map(|text| PrivilegeSpec::parse(text).unwrap()).collect();
        let on = |privileges: Vec<PrivilegeSpec>, on: Scope| Grant {
            privileges,
            on,
            grant_option: false,
            except: Vec::new(),
        };
        let mut statements = vec![statement(&on(specs.clone(), portion.scope.clone()), Verb::Grant)];
        for (scope, column) in portion.except.iter().chain(&portion.unchanged) {
            let columns: Vec<String> = column.iter().cloned().collect();
            let specs = specs.iter().map(|spec| PrivilegeSpec { columns: columns.clone(), ..spec.clone() });
            statements.push(statement(&on(specs.collect(), scope.clone()), Verb::Revoke));
        }
        statements
    });
    statements.collect()
}

fn side(catalog: &'static Catalog, words: &[String]) -> impl Strategy<Value = Vec<ShowGrant>> + use<> {
    let verb = select(vec![Verb::Grant, Verb::Grant, Verb::Grant, Verb::Revoke, Verb::RevokeOption]);
    prop::collection::vec((valid(catalog, words.to_vec(), 0.3), verb), 0..7).prop_map(|pairs| {
        let statements = pairs.into_iter().filter_map(|(grant, verb)| Some(statement(&grant?, verb)));
        statements.map(|statement| ShowGrant::Privileges { statement, grantee: "r".into() }).collect()
    })
}

fn statements(lines: &[ShowGrant]) -> Vec<Statement> {
    let privileges = |line: &ShowGrant| match line {
        ShowGrant::Privileges { statement, .. } => Some(statement.clone()),
        ShowGrant::Roles { .. } => None,
    };
    lines.iter().filter_map(privileges).collect()
}

/// What is said to be gained and lost is exactly what the naive model sees come and go.
fn check(
    model: &Model,
    catalog: &Catalog,
    before: &[ShowGrant],
    after: &[ShowGrant],
) -> Result<(), TestCaseError> {
    let effect = Compare::new(catalog).effect(&[own(before)], &[own(after)], &[]);
    let (from, to) = (statements(before), statements(after));
    let said = [&effect.gains, &effect.loses]
        .map(|portions| [false, true].map(|options| replayed(portions, options)));
    // A leaf that is a group, too, has no word of its own.
    let itself = |name: &str| {
        let portions = effect.gains.iter().chain(&effect.loses).flat_map(|portion| &portion.privileges);
        portions.into_iter().any(|text| text.strip_suffix(" itself") == Some(name))
    };
    for probe in model.probes() {
        if itself(&model.words()[probe.leaf]) {
            continue;
        }
        let (was, is) = (model.holds(&from, &probe), model.holds(&to, &probe));
        for (side, expected) in [(0, (!was.0 && is.0, !was.1 && is.1)), (1, (was.0 && !is.0, was.1 && !is.1))]
        {
            let holds = |options: usize| said[side][options].iter().any(|all| model.holds(all, &probe).0);
            let found = (holds(0), holds(1));
            prop_assert_eq!(found, expected, "{:?} {:?} {:?}", probe, effect, (before, after));
        }
    }
    Ok(())
}

fn run(rows: &[PrivilegeRow], cases: u32, without: &[&str]) {
    let (model, catalog) = fixed(rows);
    let words: Vec<_> = model.words().into_iter().filter(|word| !without.contains(&word.as_str())).collect();
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let sides = (side(catalog, &words), side(catalog, &words));
    let outcome = runner.run(&sides, |(before, after)| check(&model, catalog, &before, &after));
    assert!(outcome.is_ok(), "{}", outcome.err().map(|error| error.to_string()).unwrap_or_default());
}

#[test]
fn what_is_said_is_what_changes_with_a_small_catalog() {
    run(&toy_rows(), 600, &[]);
}

#[test]
fn what_is_said_is_what_changes_with_the_catalog_of_26_9() {
    run(&real_rows(), 30, &["READ", "WRITE", "SOURCES"]);
}
