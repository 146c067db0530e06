//! Walks over the significant tokens of a statement, with keywords in any case.

use super::super::lexer::{Token, TokenKind};
use super::super::quote::unquote;

/// A position in significant tokens; every method is total.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'t, 'a> {
    tokens: &'t [Token<'a>],
    pos: usize,
}

/// A name with its database, if it is qualified.
pub(super) type Name = (Option<String>, String);

impl<'t, 'a> Cursor<'t, 'a> {
    /// Starts at the first of tokens without trivia.
    pub(super) fn new(tokens: &'t [Token<'a>]) -> Self {
        Self { tokens, pos: 0 }
    }

    /// Returns the token at an offset from the current one.
    pub(super) fn peek(&self, offset: usize) -> Option<&'t Token<'a>> {
        self.tokens.get(self.pos + offset)
    }

    /// Returns the token before the current one.
    pub(super) fn previous(&self, back: usize) -> Option<&'t Token<'a>> {
        self.tokens.get(self.pos.checked_sub(back)?)
    }

    /// Returns what has not been read.
    pub(super) fn rest(&self) -> &'t [Token<'a>] {
        self.tokens.get(self.pos..).unwrap_or_default()
    }

    /// Moves to the next token and returns the current one.
    pub(super) fn advance(&mut self) -> Option<&'t Token<'a>> {
        let token = self.peek(0)?;
        self.pos += 1;
        Some(token)
    }

    /// Tells whether the given words, separated by spaces, come next.
    pub(super) fn sees(&self, words: &str) -> bool {
        words
            .split(' ')
            .enumerate()
            .all(|(offset, word)| self.peek(offset).is_some_and(|token| token.is_word(word)))
    }

    /// Reads the given words if all of them come next.
    pub(super) fn eat(&mut self, words: &str) -> bool {
        let found = self.sees(words);
        if found {
            self.pos += words.split(' ').count();
        }
        found
    }

    /// Reads the first of several keyword sequences that comes next.
    pub(super) fn eat_any(&mut self, choices: &[&'static str]) -> Option<&'static str> {
        choices.iter().find(|words| self.eat(words)).copied()
    }

    /// Reads the given punctuation if it comes next.
    pub(super) fn eat_punct(&mut self, text: &str) -> bool {
        let found = self.peek(0).is_some_and(|token| token.is_punct(text));
        self.pos += usize::from(found);
        found
    }

    /// Reads an identifier and decodes its quotes; strings pass where names may be strings.
    pub(super) fn ident(&mut self) -> Option<String> {
        let token = self.peek(0)?;
        matches!(token.kind, TokenKind::Word | TokenKind::QuotedIdent | TokenKind::String).then(|| {
            self.pos += 1;
            unquote(token)
        })
    }

    /// Reads a value that may be written as a name, a string or a heredoc, and decodes it.
    pub(super) fn text(&mut self) -> Option<String> {
        match self.peek(0) {
            Some(token) if token.kind == TokenKind::HereDoc => {
                self.pos += 1;
                Some(unquote(token))
            }
            _ => self.ident(),
        }
    }

    /// Reads `name` or `database.name`; further parts, of a data lake's table, belong to the name.
    pub(super) fn name(&mut self) -> Option<Name> {
        let mut parts = vec![self.ident()?];
        while self.peek(0).is_some_and(|token| token.is_punct(".")) {
            let before = *self;
            self.pos += 1;
            match self.ident() {
                Some(part) => parts.push(part),
                None => {
                    *self = before;
                    break;
                }
            }
        }
        let first = parts.remove(0);
        if parts.is_empty() { Some((None, first)) } else { Some((Some(first), parts.join("."))) }
    }

    /// Moves to the first place outside brackets where one of the keyword sequences begins.
    pub(super) fn seek(&mut self, choices: &[&'static str]) -> Option<&'static str> {
        let mut depth = 0_usize;
        while let Some(token) = self.peek(0) {
            if depth == 0
                && let Some(found) = choices.iter().find(|words| self.sees(words))
            {
                return Some(found);
            }
            depth = nest(depth, token);
            self.pos += 1;
        }
        None
    }
}

/// Returns the bracket depth after a token.
pub(super) fn nest(depth: usize, token: &Token<'_>) -> usize {
    match token.text {
        "(" | "[" | "{" => depth + 1,
        ")" | "]" | "}" => depth.saturating_sub(1),
        _ => depth,
    }
}

/// Cuts tokens at the commas outside brackets.
pub(super) fn by_commas<'t, 'a>(tokens: &'t [Token<'a>]) -> Vec<&'t [Token<'a>]> {
    let mut depth = 0;
    let parts = tokens.split(|token| {
        depth = nest(depth, token);
        depth == 0 && token.is_punct(",")
    });
    parts.filter(|part| !part.is_empty()).collect()
}
