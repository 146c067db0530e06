//! Refuses statements that lex well but cannot do what they say in a migration.
//!
//! Each statement is an HTTP request of its own: session statements (`SET`, `USE`, transactions)
//! have no effect on the next one. Inline data of `INSERT … FORMAT` has no lexical end, and the
//! parser of `VALUES` data, unlike SQL's, does not know comments between rows (code 27 on 26.9,
//! when rows before the comment may be inserted already).

use super::lexer::{Token, TokenKind};
use super::split::{SplitError, SplitErrorKind};

/// Returns what is wrong with a statement, given its tokens with white space and comments.
pub(super) fn refuse(tokens: &[Token<'_>]) -> Vec<SplitError> {
    let code: Vec<Token<'_>> = tokens.iter().filter(|token| !token.kind.is_trivia()).copied().collect();
    let mut errors: Vec<SplitError> = session_statement(&code).into_iter().collect();
    errors.extend(inline_format(&code));
    errors.extend(comment_between_rows(tokens, &code));
    errors
}

/// Finds the `FORMAT x` of an `INSERT` that is followed by data rather than made by a query.
pub(super) fn inline_format(code: &[Token<'_>]) -> Option<SplitError> {
    let (at, source) = insert_source(code)?;
    let token = code.get(at)?;
    let format = code.get(at + 1).filter(|format| !format.is_word("Values"))?;
    let span = token.start..format.end();
    match source {
        Source::Format => Some(refusal(
            span,
            format!("inline data in the format {} has no end that SQL can see", format.text),
            "write `INSERT … VALUES (…)`, or load the data from a table function",
        )),
        Source::Infile => Some(refusal(
            span,
            "`FROM INFILE` reads a file of the client, which a migration has not".into(),
            "write `INSERT … SELECT … FROM file(…)`, `s3(…)` or `url(…)`",
        )),
        Source::Values | Source::Query => None,
    }
}

fn session_statement(code: &[Token<'_>]) -> Option<SplitError> {
    let (first, second) = (code.first()?, code.get(1));
    let next = |word: &str| second.is_some_and(|token| token.is_word(word));
    let span = first.start..code.last()?.end();
    if first.is_word("SET") && !next("DEFAULT") {
        let help = if next("ROLE") || next("TRANSACTION") {
            "remove it; the user that runs a migration has its default roles"
        } else {
            "write `-- charter:settings name=value` on the line before the statement that needs it"
        };
        let what = "`SET` has no effect: each statement is a request of its own";
        return Some(refusal(span, what.into(), help));
    }
    if first.is_word("USE") && second.is_some() {
        return Some(refusal(
            span,
            "`USE` has no effect: each statement is a request of its own".into(),
            "qualify the names, with `${charter.database}` where the database differs",
        ));
    }
    let transaction = (first.is_word("BEGIN") || first.is_word("START")) && next("TRANSACTION")
        || code.len() == 1 && ["BEGIN", "COMMIT", "ROLLBACK"].iter().any(|word| first.is_word(word));
    transaction.then(|| {
        let what = format!("`{}` has no effect: ClickHouse has no transactions over DDL", first.text);
        refusal(span, what, "remove it; charter records each statement and resumes after a failure")
    })
}

#[derive(Clone, Copy, PartialEq)]
enum Source {
    Values,
    Query,
    Format,
    Infile,
}

/// Finds where the rows of an `INSERT` come from: the index of that keyword and which it is.
fn insert_source(code: &[Token<'_>]) -> Option<(usize, Source)> {
    let mut at = usize::from(code.first()?.is_word("INSERT"));
    if at == 0 {
        return None;
    }
    let skip = |at: &mut usize, word: &str| {
        let found = code.get(*at).is_some_and(|token| token.is_word(word));
        *at += usize::from(found);
        found
    };
    skip(&mut at, "INTO");
    let named = |at: usize, word: &str| {
        // `table` and `function` may be the table's own name.
        code.get(at).is_some_and(|token| token.is_word(word))
            && code
                .get(at + 1)
                .is_some_and(|next| matches!(next.kind, TokenKind::Word | TokenKind::QuotedIdent))
    };
    at += usize::from(named(at, "TABLE"));
    at += usize::from(named(at, "FUNCTION"));
    // The name may look like a keyword: `INSERT INTO values VALUES (1)`.
    at += 1;
    let mut depth = 0_usize;
    for (index, token) in code.iter().enumerate().skip(at) {
        let next = code.get(index + 1);
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ if depth > 0 || code.get(index - 1).is_some_and(|before| before.is_punct(".")) => {}
            _ if token.is_word("VALUES") => return Some((index, Source::Values)),
            _ if token.is_word("SELECT") || token.is_word("WITH") => {
                return Some((index, Source::Query));
            }
            _ if token.is_word("FORMAT") && next.is_some_and(|next| next.is_word("Values")) => {
                return Some((index + 1, Source::Values));
            }
            _ if token.is_word("FORMAT") && next.is_some_and(|next| next.kind == TokenKind::Word) => {
                return Some((index, Source::Format));
            }
            _ if token.is_word("FROM") && next.is_some_and(|next| next.is_word("INFILE")) => {
                return Some((index, Source::Infile));
            }
            _ => {}
        }
    }
    None
}

/// Finds a comment between two rows of `VALUES`; one inside a row or before a row is understood.
fn comment_between_rows(tokens: &[Token<'_>], code: &[Token<'_>]) -> Option<SplitError> {
    let (values, Source::Values) = insert_source(code)? else {
        return None;
    };
    let start = code.get(values)?.end();
    let (mut depth, mut row_ended, mut comment) = (0_usize, false, None);
    for token in tokens.iter().filter(|token| token.start >= start) {
        match (token.kind, token.text) {
            (TokenKind::Whitespace, _) => {}
            (TokenKind::Comment, _) => comment = comment.or(row_ended.then_some(token)),
            _ if comment.is_some() => break,
            (TokenKind::Punct, "(" | "[" | "{") => depth += 1,
            (TokenKind::Punct, ")" | "]" | "}") => {
                depth = depth.saturating_sub(1);
                row_ended = depth == 0;
            }
            _ => row_ended &= depth > 0,
        }
    }
    let comment = comment?;
    let more = code.last().is_some_and(|last| last.start > comment.start);
    more.then(|| {
        refusal(
            comment.start..comment.end(),
            "ClickHouse does not understand a comment between two rows of `VALUES`".into(),
            "move it after the comma, or before the statement",
        )
    })
}

fn refusal(span: std::ops::Range<usize>, message: String, help: &str) -> SplitError {
    SplitError { kind: SplitErrorKind::Refused, span, message, help: Some(help.to_owned()) }
}
