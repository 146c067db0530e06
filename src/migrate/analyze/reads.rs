//! Finds the tables that a query reads: what follows `FROM` and `JOIN`, less its own CTEs.
//!
//! A heuristic over tokens, for dependencies and hints, not a parser: table functions are left
//! out, and so are tables that only a function's argument names (`dictGet('db.d', …)`).

use std::collections::BTreeSet;

use super::super::lexer::{Token, TokenKind};
use super::cursor::{Cursor, Name, nest};

/// Words that end a table reference, so that they are no alias.
const CLAUSES: [&str; 29] = [
    "ANTI",
    "ANY",
    "ARRAY",
    "ASOF",
    "CROSS",
    "EXCEPT",
    "FINAL",
    "FORMAT",
    "FULL",
    "GLOBAL",
    "GROUP",
    "HAVING",
    "INNER",
    "INTERSECT",
    "JOIN",
    "LEFT",
    "LIMIT",
    "OFFSET",
    "ON",
    "ORDER",
    "PREWHERE",
    "QUALIFY",
    "RIGHT",
    "SAMPLE",
    "SELECT",
    "SEMI",
    "SETTINGS",
    "UNION",
    "WHERE",
];

/// Returns the tables that the tokens of a query name, each once, in order.
pub(super) fn tables(tokens: &[Token<'_>]) -> Vec<Name> {
    let ctes = common_tables(tokens);
    let mut cursor = Cursor::new(tokens);
    let mut found: Vec<Name> = Vec::new();
    // One entry a bracket level: whether the level is a query, where `FROM` takes a table.
    let mut query = vec![true];
    while let Some(token) = cursor.advance() {
        match token.text {
            "(" => query.push(cursor.sees("SELECT") || cursor.sees("WITH") || cursor.sees("FROM")),
            ")" if query.len() > 1 => drop(query.pop()),
            _ if token.is_word("FROM") && is_distinct_from(&cursor) => {}
            _ if token.is_word("JOIN") && follows(&cursor, "ARRAY") => {}
            _ if query.last() == Some(&true) && (token.is_word("FROM") || token.is_word("JOIN")) => {
                references(&mut cursor, &mut found);
            }
            _ => {}
        }
    }
    let mut seen = BTreeSet::new();
    found.retain(|name| !(name.0.is_none() && ctes.contains(&name.1)) && seen.insert(name.clone()));
    found
}

/// Reads `a AS x, b y, …` after `FROM`; stops before anything that is no plain table.
fn references(cursor: &mut Cursor<'_, '_>, found: &mut Vec<Name>) {
    loop {
        let before = *cursor;
        let starts = cursor
            .peek(0)
            .is_some_and(|token| matches!(token.kind, TokenKind::Word | TokenKind::QuotedIdent));
        let Some(name) = cursor.name().filter(|_| starts) else {
            *cursor = before;
            return;
        };
        if cursor.peek(0).is_some_and(|token| token.is_punct("(")) {
            return; // A table function; its arguments are walked like any others.
        }
        found.push(name);
        cursor.eat("FINAL");
        let alias = cursor.peek(0).is_some_and(|token| !CLAUSES.iter().any(|clause| token.is_word(clause)));
        if cursor.eat("AS") || alias {
            cursor.ident();
        }
        cursor.eat("FINAL");
        if !cursor.eat_punct(",") {
            return;
        }
    }
}

/// The cursor stands after `FROM`: `a IS [NOT] DISTINCT FROM b` compares.
fn is_distinct_from(cursor: &Cursor<'_, '_>) -> bool {
    let word = |back, word| cursor.previous(back).is_some_and(|token: &Token<'_>| token.is_word(word));
    word(2, "DISTINCT") && (word(3, "IS") || word(3, "NOT") && word(4, "IS"))
}

fn follows(cursor: &Cursor<'_, '_>, word: &str) -> bool {
    cursor.previous(2).is_some_and(|token| token.is_word(word))
}

/// Returns the names that `WITH name AS (SELECT …)` gives to subqueries.
fn common_tables(tokens: &[Token<'_>]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut with_depths = BTreeSet::new();
    let mut depth = 0;
    for at in 0..tokens.len() {
        let mut cursor = Cursor::new(tokens.get(at..).unwrap_or_default());
        let Some(token) = cursor.advance() else { break };
        if token.is_word("WITH") {
            with_depths.insert(depth);
            cursor.eat("RECURSIVE");
        } else if !(token.is_punct(",") && with_depths.contains(&depth)) {
            depth = nest(depth, token);
            continue;
        }
        if let Some(name) = cursor.ident()
            && cursor.eat("AS")
            && cursor.eat_punct("(")
        {
            names.insert(name);
        }
    }
    names
}
