//! Arbitrary bytes as a migration file: tokens, pieces, hashes and analysis keep their promises.

#![no_main]

use charter_fuzz::migrate::{
    Statement, TokenKind, analyze_sql, decode_utf8, file_token_sha256, lex, pieces, raw_sha256, split,
};
use charter_fuzz::{code, is_code};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = raw_sha256(data);
    let Ok(text) = decode_utf8(data) else { return };
    tokens_cover(&text);
    let refused = split(&text);
    let _ = analyze_sql(&text);
    match pieces(&text) {
        Ok(statements) => {
            if let Ok(kept) = refused {
                assert_eq!(kept, statements, "refusing changes what is cut");
            }
            in_order(&text, &statements);
            statements.iter().for_each(alone);
            if !text.to_ascii_lowercase().contains("charter:") {
                noise(&text, &statements, data);
            }
        }
        Err(errors) => {
            assert!(refused.is_err());
            for error in errors {
                assert!(error.span.start <= error.span.end && error.span.end <= text.len());
                assert!(text.is_char_boundary(error.span.start) && text.is_char_boundary(error.span.end));
            }
        }
    }
});

/// The tokens are the text, without gaps.
fn tokens_cover(text: &str) {
    let Ok(tokens) = lex(text) else { return };
    let mut at = 0;
    for token in &tokens {
        assert_eq!(token.start, at);
        assert!(!token.text.is_empty());
        at = token.end();
    }
    assert_eq!(at, text.len());
}

/// The pieces come in the file's order, and hold all of its code.
fn in_order(text: &str, statements: &[Statement]) {
    let mut at = 0;
    for (index, statement) in statements.iter().enumerate() {
        assert_eq!(statement.index, index);
        assert!(statement.span.start >= at && statement.span.end > statement.span.start);
        assert_eq!(statement.text, text[statement.span.clone()]);
        assert_eq!(statement.line, 1 + text[..statement.span.start].matches('\n').count());
        assert!(code(&text[at..statement.span.start]).is_empty(), "code between two pieces");
        at = statement.span.end;
    }
    assert!(code(&text[at..]).is_empty(), "code after the last piece");
}

/// A piece is sent alone: it must be one statement then too, with the same hash.
fn alone(statement: &Statement) {
    let again = pieces(&statement.text).expect("a piece can be cut again");
    let [same] = again.as_slice() else { panic!("one piece becomes {}: {:?}", again.len(), statement.text) };
    assert_eq!(same.text, statement.text);
    if statement.settings.is_empty() {
        assert_eq!(same.token_sha256, statement.token_sha256);
    }
}

/// Other comments and spacing change neither hash nor analysis.
fn noise(text: &str, statements: &[Statement], data: &[u8]) {
    const NOISE: [&str; 8] = [
        " ",
        "\r\n",
        " /* ; ' /* \" */ */ ",
        " -- it's; $$\n",
        " // x `\r\n",
        " # $a$ /* \n",
        "\t\u{a0}\u{2003}",
        " #! \"\n\n",
    ];
    let mut choice = data.iter().cycle();
    let mut next = || NOISE[usize::from(*choice.next().unwrap_or(&0)) % NOISE.len()];
    let mut noisy = String::from("\u{feff}");
    for statement in statements {
        for token in lex(&statement.text).expect("a piece lexes").iter().filter(|token| is_code(token)) {
            noisy += next();
            noisy += token.text;
        }
        noisy += next();
        noisy += ";";
    }
    noisy += next();
    let again = pieces(&noisy).unwrap_or_else(|errors| panic!("{noisy:?}: {errors:?}"));
    assert_eq!(file_token_sha256(&again), file_token_sha256(statements), "{text:?} {noisy:?}");
    for (one, two) in statements.iter().zip(&again) {
        assert_eq!(code(&one.text), code(&two.text));
        assert_eq!(analyze_sql(&one.text), analyze_sql(&two.text));
        assert!(lex(&two.text).expect("it lexed").iter().all(|token| token.kind != TokenKind::Semicolon));
    }
}
