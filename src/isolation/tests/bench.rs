//! What the proof costs at 10,000 tenants with a user and a role each:
//! `cargo test --release --lib isolation::tests::bench -- --ignored --nocapture`.

use std::time::Instant;

use super::Estate;

#[test]
#[ignore = "a measurement; run it in release mode"]
fn ten_thousand_tenants_and_users() {
    let slugs: Vec<String> = (0..10_000).map(|at| format!("n{at}")).collect();
    let mut estate = Estate::of(&slugs.iter().map(String::as_str).collect::<Vec<_>>());
    estate.live(&["GRANT ALL ON *.* TO support", "GRANT support TO u1", "GRANT SELECT ON t_n1*.* TO u2"]);
    let all: Vec<String> = slugs.iter().map(|slug| format!("GRANT r_{slug} TO u_everywhere")).collect();
    estate.live(&all.iter().map(String::as_str).collect::<Vec<_>>());
    let start = Instant::now();
    let observed = estate.observed();
    let read = start.elapsed();
    let start = Instant::now();
    let report = super::prove(&observed, &estate.declared);
    eprintln!(
        "{} principals, {} tenants: read in {read:?}, proved in {:?}, {} holes",
        report.principals,
        report.tenants,
        start.elapsed(),
        report.holes.len()
    );
    assert!(!report.is_proved());
}
