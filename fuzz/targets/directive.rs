//! Arbitrary text after `-- charter:`: what is read is read the same when it is written out.

#![no_main]

use charter_fuzz::migrate::pieces;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &str| {
    let Some(line) = data.lines().next() else { return };
    let _ = pieces(&format!("-- charter:{line}\nSELECT 1"));
    let Ok(statements) = pieces(&format!("-- charter:settings {line}\nSELECT 1")) else { return };
    let [statement] = statements.as_slice() else { panic!("one statement follows") };
    assert!(!statement.settings.is_empty());
    let mut written = Vec::new();
    for (name, value) in &statement.settings {
        assert!(
            !["user", "password", "query", "database", "role"].contains(&name.to_ascii_lowercase().as_str())
        );
        assert!(!value.contains("${"));
        if value.contains(['\n', '\r', '\0']) {
            return;
        }
        written.push(format!("{name} = '{}'", value.replace('\\', "\\\\").replace('\'', "\\'")));
    }
    let again = pieces(&format!("  --  charter:settings  {} \nSELECT 1", written.join(" , ")));
    let again = again.unwrap_or_else(|errors| panic!("{written:?}: {errors:?}"));
    assert_eq!(again[0].settings, statement.settings);
    assert_eq!(again[0].token_sha256, statement.token_sha256);
});
