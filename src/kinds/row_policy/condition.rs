//! Conditions of row policies: what may stand in one, and when two are the same.

use std::collections::BTreeSet;

use super::USING;
use crate::diag::{Diagnostic, Span};
use crate::kinds::DecodeCx;
use crate::migrate::lexer::{Token, TokenKind, lex};
use crate::model::finding::{Category, Finding, Severity};
use crate::model::snapshot::{Caps, Row, text};
use crate::model::{Resource, sql};

/// The most that goes into the statement of a read, in bytes: the server takes 256 KiB
/// (`max_query_size`). What is longer is compared token by token.
const LONGEST: usize = 200_000;

/// Reports what cannot be one condition: it is put into a statement in parentheses.
pub fn check(condition: &str, span: Span, cx: &mut DecodeCx) -> bool {
    let Some(problem) = problem_of(condition) else { return true };
    cx.diags.push(
        Diagnostic::error("this is not a condition on rows")
            .at(span, problem)
            .help("write one expression in SQL, such as \"tenant_id = 1\""),
    );
    false
}

/// Returns what keeps a text from being one condition.
pub fn problem_of(condition: &str) -> Option<String> {
    match lex(condition) {
        Err(error) => Some(error.message),
        Ok(tokens) => problem(&tokens),
    }
}

fn problem(tokens: &[Token]) -> Option<String> {
    if tokens.iter().all(|token| token.kind.is_trivia()) {
        return Some("it is empty".to_owned());
    }
    let mut open = Vec::new();
    for token in tokens {
        match (token.kind, token.text) {
            (TokenKind::Semicolon, _) => return Some("a `;` ends a statement".to_owned()),
            (TokenKind::Comment, _) => return Some("a comment does not belong to a condition".to_owned()),
            (TokenKind::Punct, "(") => open.push(")"),
            (TokenKind::Punct, "[") => open.push("]"),
            (TokenKind::Punct, "{") => open.push("}"),
            (TokenKind::Punct, close @ (")" | "]" | "}")) if open.pop() != Some(close) => {
                return Some(format!("a `{close}` that nothing opens"));
            }
            _ => {}
        }
    }
    open.pop().map(|close| format!("a `{close}` is missing"))
}

/// Returns the part of the read that has the server format conditions; empty where it cannot (before
/// 23.11, `formatQuerySingleLineOrNull`) or need not.
pub fn formatted(conditions: &BTreeSet<&str>, caps: &Caps) -> String {
    let list = sql::array(conditions);
    if conditions.is_empty() || list.len() > LONGEST || !caps.at_least(23, 11) {
        return String::new();
    }
    format!(
        " UNION ALL SELECT '', '', '', '', '', '', 0, 0, [], [], declared, \
         ifNull(formatQuerySingleLineOrNull(concat('SELECT (', declared, ')')), '') \
         FROM (SELECT arrayJoin({list}) AS declared)"
    )
}

/// Returns whether a declared condition is the live one, by what the server makes of it.
pub fn same(declared: &str, live: &str, rows: &[Row]) -> bool {
    let formatted = of_server(declared, rows).and_then(|formatted| formatted.strip_prefix("SELECT "));
    tokens(formatted.unwrap_or(declared)) == tokens(live)
}

/// Returns what the server makes of a condition: empty where it does not parse, none where it was not
/// asked.
fn of_server<'a>(declared: &str, rows: &'a [Row]) -> Option<&'a str> {
    let row =
        rows.iter().find(|row| text(row, "short_name").is_empty() && text(row, "declared") == declared)?;
    Some(text(row, "formatted"))
}

/// Returns the tokens of a condition, less parentheses around all of it: versions keep them or not.
fn tokens(condition: &str) -> Vec<&str> {
    let Ok(tokens) = lex(condition) else { return vec![condition] };
    let tokens: Vec<&str> =
        tokens.iter().filter(|token| !token.kind.is_trivia()).map(|token| token.text).collect();
    let mut inner = &tokens[..];
    while let ["(", between @ .., ")"] = inner
        && is_balanced(between)
    {
        inner = between;
    }
    inner.to_vec()
}

/// Returns whether the first and last parentheses around tokens belong together.
fn is_balanced(tokens: &[&str]) -> bool {
    let mut depth = 0_usize;
    for token in tokens {
        match *token {
            "(" => depth += 1,
            ")" if depth == 0 => return false,
            ")" => depth -= 1,
            _ => {}
        }
    }
    depth == 0
}

/// Returns the finding for a condition that the server cannot parse.
pub fn finding(wanted: &Resource, rows: &[Row]) -> Option<Finding> {
    let bad = of_server(wanted.text(USING), rows) == Some("");
    let finding = || {
        Finding::new("CH273", Severity::Error, Category::Access, "the server cannot parse this condition")
            .at(&wanted.addr)
            .compare("one expression in SQL", wanted.text(USING))
            .help("try it: SELECT … FROM the table WHERE the condition")
    };
    bad.then(finding)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bad(condition: &str) -> Option<String> {
        match lex(condition) {
            Err(error) => Some(error.message),
            Ok(tokens) => problem(&tokens),
        }
    }

    #[test]
    fn a_condition_is_one_expression() {
        for good in ["1", "tenant_id = 1", "a IN (1, 2) AND b[1] = ')'", "(a)", "name = 'x -- y'"] {
            assert_eq!(bad(good), None, "{good}");
        }
        for wrong in ["", " ", "1; DROP TABLE x", "1) TO ALL", "(1", "1 -- x", "1 /* x */", "'x", "a]", "(]"]
        {
            assert!(bad(wrong).is_some(), "{wrong}");
        }
    }

    #[test]
    fn parentheses_around_all_of_it_and_spaces_do_not_count() {
        for (declared, live) in
            [("a=1", "a = 1"), ("a=1", "(a = 1)"), ("((a))", "a"), ("(a) OR (b)", "(a)OR(b)")]
        {
            assert!(same(declared, live, &[]), "{declared}: {live}");
        }
        for (declared, live) in
            [("a = 1", "a = 2"), ("(a) OR (b)", "a) OR (b"), ("a", "A"), ("'a b'", "'ab'")]
        {
            assert!(!same(declared, live, &[]), "{declared}: {live}");
        }
    }

    #[test]
    fn what_the_server_makes_of_it_counts() {
        let row = |formatted: &str| -> Row {
            serde_json::from_value(serde_json::json!({"declared": "a and b or c", "formatted": formatted}))
                .expect("a row")
        };
        assert!(same("a and b or c", "(a AND b) OR c", &[row("SELECT (a AND b) OR c")]));
        assert!(same("a and b or c", "(a AND b) OR c", &[row("SELECT ((a AND b) OR c)")]));
        assert!(!same("a and b or c", "(a AND b) OR c", &[]));
    }
}
