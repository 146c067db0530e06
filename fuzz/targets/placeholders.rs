//! An arbitrary statement and an arbitrary value: substitution keeps the shape, or refuses.

#![no_main]

use std::collections::BTreeMap;

use charter_fuzz::code;
use charter_fuzz::migrate::{TokenKind, lex, pieces, substitute};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str)| {
    let (value, text) = input;
    let names = ["database", "tenant", "var.x"];
    let values: BTreeMap<_, _> = names.map(|name| (name.to_owned(), value.to_owned())).into();
    match substitute(text, &values) {
        Ok(replaced) => {
            // A lone placeholder may become a number; all else keeps its kind.
            let kind = |kind| if kind == TokenKind::Number { TokenKind::Word } else { kind };
            let kinds = |sql: &str| {
                lex(sql).expect("it lexes").iter().map(|token| kind(token.kind)).collect::<Vec<_>>()
            };
            assert_eq!(kinds(text), kinds(&replaced), "{text:?} {replaced:?}");
            if !text.contains("${charter.") {
                assert_eq!(replaced, text);
            }
            let plain = |value: &str| value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
            if replaced != text {
                assert!(
                    plain(value) || !replaced.contains(value) || text.contains("$${charter."),
                    "{replaced:?}"
                );
            }
            if let (Ok(before), Ok(after)) = (pieces(text), pieces(&replaced)) {
                assert_eq!(before.len(), after.len());
            }
            assert_eq!(code(text).len(), code(&replaced).len());
        }
        Err(error) => {
            assert!(error.span.start <= error.span.end && error.span.end <= text.len());
            assert!(text.is_char_boundary(error.span.start) && text.is_char_boundary(error.span.end));
        }
    }
});
