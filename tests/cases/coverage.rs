//! Every code, kind and action has an example that can be read: a plan in `tests/cases`, a broken
//! configuration in `tests/invalid`, or a reason why it has none there. A code that gets one leaves the
//! list.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use charter::kinds::Kinds;

/// Codes that no plan of a case says, by the reason.
const ELSEWHERE: [(&str, &str); 6] = [
    (
        "check says it, where a plan has a step: unit tests of the kinds and of plan::check",
        "CH210 CH211 CH212 CH213 CH214 CH215 CH216 CH503 CH504 CH505 CH506 CH507 CH513 CH514",
    ),
    (
        "a note, which a plan leaves to check",
        "CH181 CH235 CH237 CH252 CH261 CH265 CH340 CH341 CH343 CH404 CH432 CH435 CH436 CH510 CH511 CH512",
    ),
    (
        "the proof of isolation: src/isolation/tests",
        "CH280 CH281 CH282 CH283 CH284 CH285 CH286 CH287 CH288 CH289 CH290 CH291 CH292 CH293 CH294 CH295 \
         CH296 CH297 CH298",
    ),
    ("check --replay: src/replay/tests.rs and the end-to-end tests", "CH515 CH516 CH517 CH518"),
    (
        "the server's answer to a statement, a login or a request: the end-to-end tests",
        "CH310 CH311 CH330 CH342 CH350 CH351 CH415 CH428 CH451 CH452 CH453 CH454 CH455 CH508 CH509",
    ),
    ("unit tests of the kind", "CH205 CH232 CH272 CH315 CH316 CH317 CH322 CH323 CH406"),
];

/// What a kind's steps never are in a case: a tenant is what its objects are, migrations are run, or
/// recorded by commands of their own, as short-lived users are.
const NEVER: [(&str, &[&str]); 4] = [
    ("issued_user", &["+", "~", "=", "-"]),
    ("ledger", &["=", "-"]),
    ("migrations", &["+", "~", "=", "-"]),
    ("tenant", &["+", "~", "=", "-"]),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the expected texts of the folders below one.
fn expected(folder: &str) -> Vec<String> {
    let folders = std::fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    folders.filter_map(|path| std::fs::read_to_string(path.join("expected.txt")).ok()).collect()
}

#[test]
fn every_code_has_an_example() {
    let texts = [expected("tests/cases"), expected("tests/invalid")].concat().concat();
    let pages = std::fs::read_dir(root().join("docs/codes")).unwrap();
    let stem = |path: PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let codes: BTreeSet<String> = pages.map(|entry| stem(entry.unwrap().path())).collect();
    let elsewhere: BTreeMap<&str, &str> = ELSEWHERE
        .iter()
        .flat_map(|(why, codes)| codes.split_whitespace().map(move |code| (code, *why)))
        .collect();
    let mut wrong = Vec::new();
    for code in &codes {
        match (texts.contains(code.as_str()), elsewhere.get(code.as_str())) {
            (true, None) | (false, Some(_)) => {}
            (true, Some(_)) => wrong.push(format!("{code} has an example now: take it out of the list")),
            (false, None) => wrong.push(format!("{code} has no example in tests/cases or tests/invalid")),
        }
    }
    wrong.extend(
        elsewhere.keys().filter(|code| !codes.contains(**code)).map(|code| format!("{code} is no code")),
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_kind_is_seen_with_every_action() {
    let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
    for line in expected("tests/cases").concat().lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let ([sign @ ("+" | "~" | "=" | "-"), _, kind, ..], true) = (&words[..], line.starts_with("  ")) {
            seen.insert(((*kind).to_owned(), (*sign).to_owned()));
        }
    }
    let never: BTreeMap<&str, &[&str]> = NEVER.into_iter().collect();
    let mut lacking = Vec::new();
    for kind in Kinds::all().iter() {
        let never = never.get(kind.name()).copied().unwrap_or_default();
        for sign in ["+", "~", "=", "-"].into_iter().filter(|sign| !never.contains(sign)) {
            if !seen.contains(&(kind.name().to_owned(), sign.to_owned())) {
                lacking.push(format!("{sign} {}", kind.name()));
            }
        }
    }
    assert!(lacking.is_empty(), "no case has a step of these: {lacking:?}");
}
