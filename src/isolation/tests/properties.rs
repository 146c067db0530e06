//! For random estates the proof finds what a naive evaluation finds: each statement tried on each table of
//! each database, each role followed by recursion, nothing grouped.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::select;

use super::super::graph::{Principal, meet};
use super::super::reach::{Prover, Side};
use super::{Estate, principal};
use crate::privileges::{Scope, ShowGrant, Statement, Verb, parse_show_grants};

const SLUGS: [&str; 4] = ["a", "a_b", "ab", "b"];
const NAMES: [&str; 5] = ["u_1", "u_2", "role_1", "role_2", "role_3"];

/// The leaves that the words of the test stand for, with whether a table may have them.
fn leaves(word: &str) -> &'static [(&'static str, bool)] {
    match word {
        "SELECT" => &[("SELECT", true)],
        "INSERT" => &[("INSERT", true)],
        "CREATE DATABASE" => &[("CREATE DATABASE", false)],
        "SHOW TABLES" => &[("SHOW TABLES", true)],
        "SYSTEM MERGES" => &[("SYSTEM MERGES", true)],
        _ => unreachable!("{word}"),
    }
}

fn is_read(leaf: &str) -> bool {
    leaf == "SELECT"
}

fn is_change(leaf: &str) -> bool {
    matches!(leaf, "INSERT" | "CREATE DATABASE")
}

type Point = (&'static str, String, &'static str);

/// Every point: leaf, database, and table (`-` for the database itself and for any other table).
fn points() -> Vec<Point> {
    let words = ["SELECT", "INSERT", "CREATE DATABASE", "SHOW TABLES", "SYSTEM MERGES"];
    let databases = SLUGS.iter().map(|slug| format!("t_{slug}"));
    let tables = ["t", "-"];
    let pairs = databases.flat_map(|database| tables.map(|table| (database.clone(), table)));
    pairs
        .flat_map(|(database, table)| {
            let leaves =
                words.iter().flat_map(|word| leaves(word)).filter(move |(_, on)| *on || table == "-");
            leaves.map(move |(leaf, _)| (*leaf, database.clone(), table)).collect::<Vec<_>>()
        })
        .collect()
}

fn hits(statement: &Statement, point: &Point) -> bool {
    let element = &statement.elements[0];
    let word = element.privileges[0].name.as_str();
    let depth = leaves(word).iter().any(|(leaf, _)| *leaf == point.0);
    depth
        && match &element.on {
            Scope::Global => true,
            Scope::Database { name, wildcard: true } => point.1.starts_with(name.as_str()),
            Scope::Database { name, .. } => point.1 == *name,
            Scope::Table { database, table, .. } => point.1 == *database && point.2 == table,
            Scope::Object { .. } => false,
        }
}

#[derive(Debug, Default, Clone, PartialEq)]
struct Held {
    rights: BTreeSet<Point>,
    options: BTreeSet<Point>,
}

/// Follows statements and roles by the letter.
fn naive(lines: &[String], name: &str, seen: &mut BTreeSet<String>) -> Held {
    let mut held = Held::default();
    if !seen.insert(name.to_owned()) {
        return held;
    }
    let mut roles: BTreeSet<String> = BTreeSet::new();
    for show in
        lines.iter().map(|line| parse_show_grants(line).unwrap()).filter(|show| show.grantee() == name)
    {
        match show {
            ShowGrant::Roles { roles: granted, .. } => roles.extend(granted),
            ShowGrant::Privileges { statement, .. } => {
                for point in points().into_iter().filter(|point| hits(&statement, point)) {
                    if statement.verb == Verb::Grant {
                        held.rights.insert(point.clone());
                        if statement.grant_option {
                            held.options.insert(point);
                        }
                    } else {
                        held.rights.remove(&point);
                        held.options.remove(&point);
                    }
                }
            }
        }
    }
    for role in roles {
        let of_role = naive(lines, &role, seen);
        held.rights.extend(of_role.rights);
        held.options.extend(of_role.options);
    }
    held
}

/// What a principal may do with a database: read, change, pass on.
type Verdicts = BTreeMap<(String, String), (bool, bool, bool)>;

fn judged_naively(live: &[String], declared: &[String]) -> Verdicts {
    let mut verdicts = Verdicts::new();
    for name in NAMES {
        let (own, known) =
            (naive(live, name, &mut BTreeSet::new()), naive(declared, name, &mut BTreeSet::new()));
        for slug in SLUGS {
            let database = format!("t_{slug}");
            let beyond = |held: &BTreeSet<Point>, known: &BTreeSet<Point>, is: fn(&str) -> bool| {
                held.difference(known).any(|point| point.1 == database && is(point.0))
            };
            let read = beyond(&own.rights, &known.rights, is_read);
            let change = beyond(&own.rights, &known.rights, is_change);
            let pass = beyond(&own.options, &known.options, |leaf| is_read(leaf) || is_change(leaf));
            if read || change || pass {
                verdicts.insert((name.to_owned(), database.clone()), (read, change, pass));
            }
        }
    }
    verdicts
}

fn judged(estate: &Estate) -> Verdicts {
    let observed = estate.observed();
    let prover = Prover::new(&observed, &estate.declared);
    let mut verdicts = Verdicts::new();
    for (id, node) in observed.graph.nodes() {
        let side = Side::of(&estate.declared.graph, &node.principal);
        for excess in prover.excess(&prover.live(id), &side) {
            for place in excess.tenants.places(prover.tenants()) {
                let Principal { name, .. } = &node.principal;
                let key = (name.clone(), prover.tenants().get(place).database.clone());
                let verdict = verdicts.entry(key).or_default();
                verdict.0 |= meet(&excess.rights, &prover.words.read);
                verdict.1 |= meet(&excess.rights, &prover.words.change);
                verdict.2 |= !excess.options.is_empty();
                assert!(!excess.causes.is_empty(), "a way for each: {excess:?}");
            }
        }
    }
    verdicts
}

fn line() -> impl Strategy<Value = String> {
    let scope = prop_oneof![
        1 => Just("*.*".to_owned()),
        2 => select(vec!["t_a*.*", "t_*.*", "t_a_*.*", "t*.*", "x*.*"]).prop_map(str::to_owned),
        4 => select(SLUGS.to_vec()).prop_map(|slug| format!("t_{slug}.*")),
        3 => select(SLUGS.to_vec()).prop_map(|slug| format!("t_{slug}.t")),
    ];
    let words = vec!["SELECT", "SELECT", "INSERT", "CREATE DATABASE", "SHOW TABLES", "SYSTEM MERGES"];
    let grant =
        (select(words), scope, select(NAMES.to_vec()), prop::bool::weighted(0.2), prop::bool::weighted(0.2));
    let grant = grant.prop_map(|(word, on, to, option, revoke)| {
        let word = if word == "CREATE DATABASE" && on.ends_with(".t") { "INSERT" } else { word };
        match (revoke, option) {
            (true, _) => format!("REVOKE {word} ON {on} FROM {to}"),
            (false, true) => format!("GRANT {word} ON {on} TO {to} WITH GRANT OPTION"),
            (false, false) => format!("GRANT {word} ON {on} TO {to}"),
        }
    });
    let member = (select(NAMES[2..].to_vec()), select(NAMES.to_vec()))
        .prop_filter("nobody is a member of itself", |(role, to)| role != to)
        .prop_map(|(role, to)| format!("GRANT {role} TO {to}"));
    prop_oneof![4 => grant, 2 => member]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_proof_finds_what_a_naive_evaluation_finds(
        live in prop::collection::vec(line(), 0..12),
        declared in prop::collection::vec(line(), 0..6),
    ) {
        let mut estate = Estate::default();
        let tenants = SLUGS.iter().map(|slug| super::Tenant { database: format!("t_{slug}"), slug: (*slug).into() });
        estate.declared.tenants = super::Tenants::new(tenants);
        for line in &declared {
            super::enter(&mut estate.declared.graph, line);
        }
        for name in NAMES {
            estate.declared.graph.enter(principal(name));
            estate.live(&[&format!("GRANT USAGE ON *.* TO {name}")]);
        }
        estate.live(&live.iter().map(String::as_str).collect::<Vec<_>>());
        prop_assert_eq!(judged(&estate), judged_naively(&live, &declared));
    }
}
