//! For random declarations and random live grants the statements lead to the declared rights, by the naive model too.

use proptest::prelude::*;
use proptest::sample::select;

use super::model::{COLUMNS, DATABASES, Model, OBJECTS, TABLES};
use super::*;

#[derive(Debug, Clone)]
struct Case {
    desired: Vec<Grant>,
    recorded: Vec<Grant>,
    live: Vec<Statement>,
    exempt: Vec<Grant>,
}

fn scope() -> impl Strategy<Value = Scope> {
    let name = |names: &'static [&'static str]| select(names).prop_map(str::to_owned);
    prop_oneof![
        1 => Just(Scope::Global),
        4 => (name(&DATABASES[..4]), any::<bool>()).prop_map(|(name, wildcard)| Scope::Database { name, wildcard }),
        4 => (name(&DATABASES[..4]), name(&TABLES[..3]), prop::bool::weighted(0.3))
            .prop_map(|(database, table, wildcard)| Scope::Table { database, table, wildcard }),
        1 => (name(&OBJECTS[..2]), any::<bool>())
            .prop_map(|(name, wildcard)| Scope::Object { name, wildcard, filter: None }),
        1 => Just(Scope::Object { name: String::new(), wildcard: true, filter: None }),
    ]
}

fn columns(scope: &Scope) -> BoxedStrategy<Vec<String>> {
    if !matches!(scope, Scope::Table { wildcard: false, .. }) {
        return Just(Vec::new()).boxed();
    }
    let some = proptest::sample::subsequence(COLUMNS[..2].to_vec(), 0..=2);
    some.prop_map(|columns| columns.into_iter().map(str::to_owned).collect()).boxed()
}

/// Grants that the server would take: what it would refuse is left out.
pub(super) fn valid(
    catalog: &'static Catalog,
    words: Vec<String>,
    option: f64,
) -> impl Strategy<Value = Option<Grant>> {
    let spec = (select(words), scope()).prop_flat_map(|(name, on)| {
        (Just(name), columns(&on), Just(on))
            .prop_map(|(name, columns, on)| (PrivilegeSpec { name, columns }, on))
    });
    (spec, prop::bool::weighted(option)).prop_map(move |((spec, on), grant_option)| {
        let grant = Grant { privileges: vec![spec], on, grant_option, except: vec![] };
        validate(catalog, &grant).is_empty().then_some(grant)
    })
}

/// Grants, some of which leave out a part.
fn declarable(
    catalog: &'static Catalog,
    words: Vec<String>,
    option: f64,
) -> impl Strategy<Value = Option<Grant>> {
    let part = scope().prop_flat_map(|on| (Just(on.clone()), columns(&on)));
    let except = part.prop_map(|(on, columns)| Except { on, columns });
    (valid(catalog, words, option), prop::collection::vec(except, 0..4)).prop_map(move |(grant, except)| {
        let grant = grant?;
        let inside = |except: &Except| {
            let with = grant.clone().excepting(vec![except.clone()]);
            grant.on.covers(&except.on) && grant.on != except.on && validate(catalog, &with).is_empty()
        };
        let except = except.into_iter().filter(inside).collect();
        Some(grant.excepting(except))
    })
}

fn case(catalog: &'static Catalog, words: &[String]) -> impl Strategy<Value = Case> {
    let grants = |most, option| {
        let grants = prop::collection::vec(declarable(catalog, words.to_vec(), option), 0..most);
        grants.prop_map(|grants| grants.into_iter().flatten().collect::<Vec<_>>())
    };
    let verb = select(vec![Verb::Grant, Verb::Grant, Verb::Grant, Verb::Revoke, Verb::RevokeOption]);
    let live = prop::collection::vec((valid(catalog, words.to_vec(), 0.3), verb), 0..8).prop_map(|pairs| {
        let statements = pairs.into_iter().filter_map(|(grant, verb)| Some((grant?, verb)));
        statements.map(|(grant, verb)| statement(&grant, verb)).collect()
    });
    (grants(7, 0.2), live, grants(3, 0.1), grants(3, 0.2))
        .prop_map(|(desired, live, exempt, recorded)| Case { desired, recorded, live, exempt })
}

pub(super) fn statement(grant: &Grant, verb: Verb) -> Statement {
    let granting = Statement::granting(grant);
    let grant_option = granting.grant_option && verb == Verb::Grant;
    Statement { verb, grant_option, ..granting }
}

fn lines(statements: &[Statement]) -> Vec<ShowGrant> {
    let lines = statements
        .iter()
        .map(|statement| ShowGrant::Privileges { statement: statement.clone(), grantee: "r".into() });
    lines.collect()
}

/// Rights that stay without being declared may be such as only grants and revokes in layers can say.
fn may_be_unreachable(case: &Case, mode: Mode) -> bool {
    let layered = case.live.iter().any(|statement| statement.verb != Verb::Grant);
    let excepting = case.desired.iter().chain(&case.exempt).any(|grant| !grant.except.is_empty());
    let differs = !case.recorded.is_empty() || excepting;
    match mode {
        // Exceptions of one grant that cut across those of another are refused with what is left over.
        Mode::Whole if case.desired.iter().filter(|grant| !grant.except.is_empty()).count() > 1 => true,
        Mode::Whole => (layered || excepting) && !case.exempt.is_empty(),
        Mode::Additive => (layered || excepting || !case.exempt.is_empty()) && differs,
        Mode::Remove => layered || excepting || !case.exempt.is_empty(),
    }
}

/// Runs one case in one mode and checks the end with the naive model.
fn check(model: &Model, catalog: &Catalog, case: &Case, mode: Mode) -> Result<(), TestCaseError> {
    let declaration = Declaration { desired: &case.desired, recorded: &case.recorded, exempt: &case.exempt };
    let diff = match compare(catalog, &declaration, &lines(&case.live), mode) {
        Ok(diff) => diff,
        Err(DiffError::Unreachable { .. }) if may_be_unreachable(case, mode) => return Ok(()),
        Err(error) => return Err(TestCaseError::fail(format!("{error}: {case:?}"))),
    };
    let mut end = case.live.clone();
    end.extend(diff.steps().iter().cloned());
    let statements = |grants: &[Grant]| grants.iter().map(Statement::declaring).collect::<Vec<_>>();
    let declared = [&case.desired, &case.recorded, &case.exempt].map(|grants| statements(grants));
    for probe in model.probes() {
        let [wants, recorded, exempt] = declared.each_ref().map(|grants| {
            let held = grants.iter().map(|grant| model.holds(grant, &probe));
            held.fold((false, false), |all, one| (all.0 || one.0, all.1 || one.1))
        });
        let has = model.holds(&case.live, &probe);
        let expected = |wants: bool, recorded: bool, has: bool, exempt: bool| match mode {
            Mode::Whole => wants || has && exempt,
            Mode::Additive => wants || has && (!recorded || exempt),
            Mode::Remove => has && (exempt || !wants),
        };
        let right = expected(wants.0, recorded.0, has.0, exempt.0);
        let option = expected(wants.1, recorded.1, has.1, exempt.1) && right;
        prop_assert_eq!(
            model.holds(&end, &probe),
            (right, option),
            "{:?} after {:?}",
            probe,
            diff.statements("r")
        );
    }
    let again = compare(catalog, &declaration, &lines(&end), mode);
    prop_assert_eq!(again.map(|diff| diff.is_empty()), Ok(true));
    for sql in diff.statements("r") {
        prop_assert_eq!(parse_show_grants(&sql).map(|show| show.sql()), Ok(sql));
    }
    Ok(())
}

/// Leaks a catalog, for strategies have to be `'static`.
pub(super) fn fixed(rows: &[PrivilegeRow]) -> (Model, &'static Catalog) {
    (Model::new(rows.to_vec()), Box::leak(Box::new(Catalog::new(rows.to_vec()))))
}

fn run(rows: &[PrivilegeRow], cases: u32, without: &[&str]) {
    let (model, catalog) = fixed(rows);
    let words: Vec<_> = model.words().into_iter().filter(|word| !without.contains(&word.as_str())).collect();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let modes = select(vec![Mode::Whole, Mode::Whole, Mode::Additive, Mode::Remove]);
    let outcome =
        runner.run(&(case(catalog, &words), modes), |(case, mode)| check(&model, catalog, &case, mode));
    assert!(outcome.is_ok(), "{}", outcome.err().map(|e| e.to_string()).unwrap_or_default());
}

#[test]
fn statements_lead_to_the_declaration_with_a_small_catalog() {
    run(&toy_rows(), 400, &[]);
}

#[test]
fn statements_lead_to_the_declaration_with_the_catalog_of_26_9() {
    // Sources have two spellings, which the naive model does not know: examples.rs has them.
    run(&real_rows(), 40, &["READ", "WRITE", "SOURCES"]);
}
