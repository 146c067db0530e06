//! Arbitrary text as a configuration: nothing panics, and where it parses, its canonical format means the
//! same and is its own canonical format.

#![no_main]

use charter_fuzz::format::{comments, format};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(formatted) = format(text) else { return };
    assert_eq!(comments(&formatted), comments(text.strip_prefix('\u{feff}').unwrap_or(text)));
    assert_eq!(format(&formatted).as_ref(), Ok(&formatted), "formatting twice changes nothing more");
});
