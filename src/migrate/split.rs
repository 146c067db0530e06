//! Cuts a migration file into statements, each to be sent as a request of its own.
//!
//! `;` ends a statement, unless the file has `-- charter:statement` lines: then only these do.
//! Pieces without code are dropped. The text of a statement is exact, less the white space,
//! comments and `;` around it. [`pieces`] only cuts; [`split`] also refuses what cannot work.

use std::ops::Range;

use super::allow::Allow;
use super::checksum::{raw_sha256, statement_sha256};
use super::directive::{self, Directive};
use super::lexer::{LexError, Token, TokenKind, lex_partial, line_of};
use super::refuse;

/// One statement of a migration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its place in the file, from 0.
    pub index: usize,
    /// Its exact text, placeholders included.
    pub text: String,
    /// Where the text stands in the file, in bytes.
    pub span: Range<usize>,
    /// The line on which the text begins, from 1.
    pub line: usize,
    /// The column in which it begins, in characters, from 1.
    pub column: usize,
    /// The settings of its `-- charter:settings` lines, in the order written.
    pub settings: Vec<(String, String)>,
    /// What its `-- charter:allow` comments allow; no part of the hashes.
    pub allows: Vec<Allow>,
    /// The hash of its settings and tokens, by [`super::ALGORITHM`].
    pub token_sha256: String,
    /// The SHA-256 of its text.
    pub raw_sha256: String,
}

/// Which rule a file breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SplitErrorKind {
    /// It is no sequence of tokens.
    Lexical,
    /// A `-- charter:…` line is wrong or misplaced.
    Directive,
    /// A statement cannot work in a migration.
    Refused,
}

/// Something in a file that keeps it from being run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitError {
    /// Which rule it breaks.
    pub kind: SplitErrorKind,
    /// Where, in bytes.
    pub span: Range<usize>,
    /// What is wrong, as a lower-case fragment.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl std::fmt::Display for SplitError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SplitError {}

impl From<LexError> for SplitError {
    fn from(error: LexError) -> Self {
        Self {
            kind: SplitErrorKind::Lexical,
            span: error.start..error.end,
            message: error.message,
            help: error.help.map(str::to_owned),
        }
    }
}

/// Cuts a file into statements and refuses those that cannot work in a migration.
///
/// # Errors
/// All that is wrong with the file, in its order.
pub fn split(sql: &str) -> Result<Vec<Statement>, Vec<SplitError>> {
    Splitter::run(sql, true)
}

/// Cuts a file into statements, whether or not charter would run them.
///
/// For files that another runner has applied, whose hashes are wanted all the same.
///
/// # Errors
/// Lexical errors and wrong directives.
pub fn pieces(sql: &str) -> Result<Vec<Statement>, Vec<SplitError>> {
    Splitter::run(sql, false)
}

/// A directive's settings and where they were written.
type Settings = Vec<(Range<usize>, (String, String))>;

struct Splitter<'a> {
    sql: &'a str,
    refuse: bool,
    explicit: bool,
    /// The tokens since the last delimiter.
    piece: Vec<Token<'a>>,
    has_code: bool,
    /// Settings of the current piece, and those that were written after its code.
    settings: Settings,
    later: Settings,
    /// What is allowed of the current piece.
    allows: Vec<Allow>,
    line: (usize, usize),
    statements: Vec<Statement>,
    errors: Vec<SplitError>,
}

impl<'a> Splitter<'a> {
    fn run(sql: &'a str, refuse: bool) -> Result<Vec<Statement>, Vec<SplitError>> {
        let (tokens, lex_error) = lex_partial(sql);
        let directive = |token: &Token<'_>| match token.kind {
            TokenKind::Comment => directive::parse(sql, token),
            _ => None,
        };
        let explicit = tokens.iter().any(|token| matches!(directive(token), Some(Ok(Directive::Statement))));
        let mut splitter = Self {
            sql,
            refuse,
            explicit,
            piece: Vec::new(),
            has_code: false,
            settings: Vec::new(),
            later: Vec::new(),
            allows: Vec::new(),
            line: (0, 1),
            statements: Vec::new(),
            errors: Vec::new(),
        };
        for token in tokens {
            match directive(&token) {
                Some(Ok(directive)) => splitter.directive(directive, &token),
                Some(Err(error)) => splitter.errors.push(error),
                None => splitter.token(token),
            }
        }
        splitter.finish(lex_error)
    }

    fn directive(&mut self, directive: Directive, token: &Token<'_>) {
        match directive {
            Directive::Statement => self.end_piece(),
            Directive::Settings(pairs) => {
                let target = if self.has_code { &mut self.later } else { &mut self.settings };
                target.extend(pairs.into_iter().map(|pair| (token.start..token.end(), pair)));
            }
            Directive::Allow(allow) => self.allow(allow, token),
        }
    }

    /// Takes a comment for the statement that it stands in, behind or above.
    fn allow(&mut self, allow: Allow, token: &Token<'_>) {
        let behind = !self.has_code && directive::is_behind_code(self.sql, token);
        match self.statements.last_mut().filter(|_| behind) {
            Some(last) => last.allows.push(allow),
            None => self.allows.push(allow),
        }
    }

    fn token(&mut self, token: Token<'a>) {
        if token.kind == TokenKind::Semicolon && !self.explicit {
            return self.end_piece();
        }
        if !token.kind.is_trivia() && token.kind != TokenKind::Semicolon {
            if let Some((span, _)) = self.later.first().cloned() {
                self.later.clear();
                self.fail(span, "a settings directive stands before its statement, not inside it", None);
            }
            self.has_code = true;
        }
        self.piece.push(token);
    }

    fn end_piece(&mut self) {
        let piece = std::mem::take(&mut self.piece);
        let is_code = |token: &Token<'_>| !token.kind.is_trivia() && token.kind != TokenKind::Semicolon;
        let first = piece.iter().position(is_code);
        let last = piece.iter().rposition(is_code);
        if let (Some(first), Some(last)) = (first, last)
            && let Some(tokens) = piece.get(first..=last)
        {
            self.statement(tokens);
            self.settings.clear();
        }
        self.settings.append(&mut self.later);
        self.has_code = false;
    }

    fn statement(&mut self, tokens: &[Token<'a>]) {
        let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else {
            return;
        };
        let span = first.start..last.end();
        let text = &self.sql[span.clone()];
        let Some(tokens) = self.alone(text, span.start) else { return };
        if let Some(inner) = tokens.iter().find(|token| token.kind == TokenKind::Semicolon) {
            let help = "put `-- charter:statement` between the two statements";
            self.fail(
                inner.start..inner.end(),
                "`;` inside a statement that `-- charter:statement` delimits",
                Some(help),
            );
        }
        if self.refuse {
            self.errors.extend(refuse::refuse(&tokens));
        }
        let settings = self.unique_settings();
        let line = self.line_at(span.start);
        let line_start = self.sql[..span.start].rfind('\n').map_or(0, |newline| newline + 1);
        let before = self.sql[line_start..span.start].trim_start_matches('\u{feff}');
        let column = before.chars().count() + 1;
        self.statements.push(Statement {
            index: self.statements.len(),
            text: text.to_owned(),
            line,
            column,
            span,
            token_sha256: statement_sha256(&tokens, &settings),
            raw_sha256: raw_sha256(text.as_bytes()),
            settings,
            allows: std::mem::take(&mut self.allows),
        });
    }

    /// Cuts a piece as the server will, which gets it alone: what a number at the very end is, and a
    /// dot at the very start, depends on what is beside it. Offsets are those of the file.
    fn alone(&mut self, text: &'a str, offset: usize) -> Option<Vec<Token<'a>>> {
        let (mut tokens, error) = lex_partial(text);
        if let Some(error) = error {
            let error = LexError { start: error.start + offset, end: error.end + offset, ..error };
            self.errors.push(error.into());
            return None;
        }
        for token in &mut tokens {
            token.start += offset;
        }
        Some(tokens)
    }

    fn unique_settings(&mut self) -> Vec<(String, String)> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (span, pair) in std::mem::take(&mut self.settings) {
            if pairs.iter().any(|(name, _)| *name == pair.0) {
                let message = format!("setting `{}` is given twice for one statement", pair.0);
                self.fail(span, &message, None);
            } else {
                pairs.push(pair);
            }
        }
        pairs
    }

    /// Counts lines from the statement before, so that a file is walked once.
    fn line_at(&mut self, offset: usize) -> usize {
        let (from, line) = self.line;
        let line = line + line_of(&self.sql[from..], offset - from) - 1;
        self.line = (offset, line);
        line
    }

    fn finish(mut self, lex_error: Option<LexError>) -> Result<Vec<Statement>, Vec<SplitError>> {
        if let Some(error) = lex_error {
            // Inline data is seldom SQL: name the cause, not the odd quote in the data.
            let code: Vec<Token<'_>> =
                self.piece.iter().filter(|token| !token.kind.is_trivia()).copied().collect();
            self.errors.push(refuse::inline_format(&code).unwrap_or_else(|| error.into()));
        } else {
            self.end_piece();
            if let Some((span, _)) = self.settings.first().cloned() {
                self.fail(span, "no statement follows this settings directive", None);
            }
            if let Some(allow) = self.allows.first() {
                self.fail(allow.span.clone(), "no statement follows this allow comment", None);
            }
        }
        if self.errors.is_empty() {
            return Ok(self.statements);
        }
        self.errors.sort_by_key(|error| error.span.start);
        Err(self.errors)
    }

    fn fail(&mut self, span: Range<usize>, message: &str, help: Option<&str>) {
        self.errors.push(SplitError {
            kind: SplitErrorKind::Directive,
            span,
            message: message.to_owned(),
            help: help.map(str::to_owned),
        });
    }
}

#[cfg(test)]
mod tests;
