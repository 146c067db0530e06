//! No input makes the compiler panic.

use proptest::prelude::*;

use super::toys::{Memory, kinds, problems};
use crate::config::{Input, compile};

fn survives(bytes: Vec<u8>) {
    let files = Memory([("main.hcl".to_owned(), bytes)].into());
    let compiled = compile(&files, &Input::default(), &kinds());
    // Drawing has to survive as well.
    problems(&compiled);
}

#[test]
fn a_text_may_end_inside_of_a_wide_character() {
    survives("default = null[ä".into());
    survives("role \"a\" {\n  x = \"${ä".into());
}

/// Pieces that make a configuration likely.
const PIECES: [&str; 40] = [
    "role ",
    "\"a\" ",
    "{\n",
    "}\n",
    "}",
    "for_each = ",
    "each.key",
    "local.x",
    "locals {\n",
    "x = ",
    "[",
    "]",
    "(",
    ")",
    "\"",
    "${",
    "%{ if ",
    "%{ endif }",
    "var.y",
    "variable \"y\" {\n",
    "role.a",
    ".name",
    "[\"a\"]",
    "[*]",
    "for k, v in ",
    " : ",
    " => ",
    "...",
    "format(",
    "1",
    "-",
    " + ",
    "null",
    "toset([\"a\"])",
    "<<E\n",
    "\nE\n",
    "default = ",
    "\u{feff}",
    "ä",
    ",",
];

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 500,
        // A case that fails becomes a test of its own.
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn random_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        survives(bytes);
    }

    #[test]
    fn random_pieces(pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..40)) {
        survives(pieces.concat().into_bytes());
    }
}
