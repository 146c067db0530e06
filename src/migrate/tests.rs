//! Properties of the whole module.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{analyze_sql, file_token_sha256, lex, pieces, split, substitute};

/// Pieces of SQL that lex on their own and do not melt into a neighbour across a space.
fn atom() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z_][a-zA-Z0-9_]{0,4}".prop_filter("an ordinary word", |word| !is_special(word)),
        "[0-9]{1,3}",
        r"'([a-z;\-/*#$` ]|''|\\'|\n|\r\n|é){0,6}'",
        "`([a-z;'-]|``){1,4}`",
        r"\$t\$[a-z;' \-/*]{0,5}\$t\$",
        Just("(".to_owned()),
        Just(")".to_owned()),
        Just("->".to_owned()),
        Just("${charter.tenant}".to_owned()),
    ]
}

/// Words that the splitter may refuse at a statement's start, and prefixes of coded strings.
fn is_special(word: &str) -> bool {
    ["set", "use", "begin", "start", "commit", "insert"].contains(&word.to_ascii_lowercase().as_str())
}

fn noise() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(" ".to_owned()),
        Just("\r\n".to_owned()),
        Just("\t\u{a0}".to_owned()),
        Just(" /* ; ' /* \" */ */ ".to_owned()),
        Just(" -- it's; \n".to_owned()),
        Just(" // x `\r\n".to_owned()),
        Just(" # $$ \n".to_owned()),
    ]
}

fn statement() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(atom(), 1..6)
}

/// Texts rich in the characters that the lexer cares about.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "'",
            "\"",
            "`",
            "\\",
            "/*",
            "*/",
            "--",
            "//",
            "# ",
            "#",
            "$",
            "$$",
            "$a$",
            "${charter.tenant}",
            "${",
            "}",
            ";",
            "\n",
            "‘",
            "’",
            "“",
            "”",
            "\u{feff}",
            "\0",
            "x'",
            "0x",
            "1.",
            "e5",
            ".",
            "-- charter:statement\n",
            "-- charter:settings a=1\n",
            "INSERT INTO t FORMAT CSV",
            " VALUES (",
            ")",
            ",",
            "é",
            "ALTER TABLE t",
            " CREATE ",
            " TABLE ",
            " DROP ",
            " FROM ",
            " AS ",
            " WITH ",
            " ON CLUSTER ",
            " TO ",
            " COLUMN ",
            " ADD ",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
        "[a-z ]{1,3}",
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn file_hash(sql: &str) -> String {
    file_token_sha256(&pieces(sql).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn nothing_panics(text in soup()) {
        let values = BTreeMap::from([("tenant".to_owned(), "acme".to_owned())]);
        let _ = (split(&text), pieces(&text), analyze_sql(&text), substitute(&text, &values));
    }

    #[test]
    fn tokens_cover_the_text(text in soup()) {
        let (tokens, error) = super::lexer::lex_partial(&text);
        let end = error.map_or(text.len(), |error| error.start);
        let joined: String = tokens.iter().map(|token| token.text).collect();
        prop_assert_eq!(&joined, &text[..end]);
        let mut at = 0;
        for token in tokens {
            prop_assert_eq!(token.start, at);
            prop_assert!(!token.text.is_empty());
            at = token.end();
        }
    }

    #[test]
    fn joined_pieces_lex_to_the_same_tokens(text in soup()) {
        let Ok(statements) = pieces(&text) else { return Ok(()) };
        let joined: String = statements.iter().map(|one| format!("{}\n;", one.text)).collect();
        let code = |sql: &str| -> Vec<String> {
            let tokens = lex(sql).unwrap();
            let code = tokens.iter().filter(|token| !token.kind.is_trivia() && token.text != ";");
            code.map(|token| token.text.to_owned()).collect()
        };
        prop_assert_eq!(code(&joined), code(&text));
    }

    #[test]
    fn statements_come_back_through_noise(
        statements in prop::collection::vec(statement(), 1..4),
        noises in prop::collection::vec(noise(), 32),
    ) {
        let mut noises = noises.iter().cycle();
        let mut noisy = String::from("\u{feff}");
        for atoms in &statements {
            for atom in atoms {
                noisy += noises.next().unwrap();
                noisy += atom;
            }
            noisy += noises.next().unwrap();
            noisy += ";";
        }
        let plain: Vec<String> = statements.iter().map(|atoms| atoms.join(" ")).collect();
        prop_assert_eq!(split(&noisy).map(|found| found.len()), Ok(statements.len()), "{}", noisy);
        prop_assert_eq!(file_hash(&noisy), file_hash(&plain.join(";\n")));
    }

    #[test]
    fn a_changed_string_changes_the_hash(before in "[a-z]{0,5}", old in "[ -~&&[^'\\\\]]", new in "[ -~&&[^'\\\\]]") {
        let hash = |c: &str| file_hash(&format!("ALTER TABLE t ADD COLUMN c String DEFAULT '{before}{c}'"));
        prop_assert_eq!(hash(&old) == hash(&new), old == new);
    }

    #[test]
    fn substitution_keeps_the_tokens(atoms in statement(), tenant in "[a-z][a-z0-9_]{0,5}") {
        let text = atoms.join(" ");
        let values = BTreeMap::from([("tenant".to_owned(), tenant)]);
        let replaced = substitute(&text, &values).unwrap();
        let kinds = |sql: &str| lex(sql).unwrap().iter().map(|token| token.kind).collect::<Vec<_>>();
        prop_assert_eq!(kinds(&replaced), kinds(&text));
        let left = replaced.contains("${charter.tenant}");
        prop_assert!(!left);
    }
}
