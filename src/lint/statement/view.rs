//! A statement as rules look at it: its significant tokens, how deep each stands in brackets, and
//! what the analysis says of it.

use std::ops::Range;

use super::Source;
use crate::migrate::analyze::{ObjectKind, Role};
use crate::migrate::{Analysis, Token, TokenKind, analyze};

/// A statement, or a part of one that `PARALLEL WITH` joins.
pub struct View<'t, 'a> {
    /// The tokens without white space, comments and `;`.
    pub tokens: Vec<Token<'a>>,
    /// How many brackets are open before each.
    depths: Vec<usize>,
    /// What it does.
    pub analysis: Analysis,
    source: &'t Source<'a>,
}

/// Cuts tokens at `PARALLEL WITH` outside of brackets.
pub fn parts<'a>(tokens: &[Token<'a>]) -> Vec<Vec<Token<'a>>> {
    let (mut parts, mut part, mut depth): (Vec<Vec<Token<'a>>>, Vec<Token<'a>>, usize) = Default::default();
    for token in tokens.iter().filter(|token| !token.kind.is_trivia() && token.text != ";") {
        depth = nest(depth, token);
        let joined = part.last().is_some_and(|last| last.is_word("PARALLEL")) && token.is_word("WITH");
        if depth == 0 && joined {
            part.pop();
            parts.push(std::mem::take(&mut part));
        } else {
            part.push(*token);
        }
    }
    parts.push(part);
    parts
}

fn nest(depth: usize, token: &Token<'_>) -> usize {
    match token.text {
        "(" | "[" | "{" => depth + 1,
        ")" | "]" | "}" => depth.saturating_sub(1),
        _ => depth,
    }
}

impl<'t, 'a> View<'t, 'a> {
    /// Looks at significant tokens of a statement.
    pub fn new(source: &'t Source<'a>, tokens: Vec<Token<'a>>) -> Self {
        let mut depth = 0;
        let depths = tokens.iter().map(|token| {
            let before = depth;
            depth = nest(depth, token);
            // A closing bracket stands where its opening one does.
            before.min(depth)
        });
        Self { depths: depths.collect(), analysis: analyze(&tokens), tokens, source }
    }

    /// Tells whether the words, separated by spaces, stand at a token.
    pub fn sees(&self, at: usize, words: &str) -> bool {
        words
            .split(' ')
            .enumerate()
            .all(|(offset, word)| self.tokens.get(at + offset).is_some_and(|token| token.is_word(word)))
    }

    /// Returns where the words first stand, from a token on, at any depth.
    pub fn find(&self, from: usize, words: &str) -> Option<usize> {
        (from..self.tokens.len()).find(|at| self.sees(*at, words))
    }

    /// Returns where the words first stand outside of brackets.
    pub fn top(&self, from: usize, words: &str) -> Option<usize> {
        (from..self.tokens.len()).find(|at| self.depths.get(*at) == Some(&0) && self.sees(*at, words))
    }

    /// Returns the token behind the one that closes the bracket that opens at a token; the next one
    /// where none opens.
    pub fn behind(&self, at: usize) -> usize {
        let depth = self.depths.get(at).copied().unwrap_or_default();
        let opens = self.tokens.get(at).is_some_and(|token| matches!(token.text, "(" | "[" | "{"));
        if !opens {
            return at + 1;
        }
        let closes = |token: &Token<'_>| matches!(token.text, ")" | "]" | "}");
        let close = (at + 1..self.tokens.len())
            .find(|next| self.depths.get(*next) == Some(&depth) && closes(&self.tokens[*next]));
        close.map_or(self.tokens.len(), |close| close + 1)
    }

    /// Returns the name before the innermost bracket that a token stands in: the function that is called.
    pub fn call(&self, at: usize) -> Option<usize> {
        let depth = self.depths.get(at)?.checked_sub(1)?;
        let opens = |before: &usize| self.depths[*before] == depth && self.text(*before) == "(";
        (0..at).rev().find(opens)?.checked_sub(1)
    }

    /// Returns the text of a token; empty behind the end.
    pub fn text(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |token| token.text)
    }

    /// Returns a name without its quotes.
    pub fn name(&self, at: usize) -> &'a str {
        self.text(at).trim_matches(['`', '"'])
    }

    /// Returns where tokens stand in the text of the statement, the last one excluded.
    pub fn range(&self, tokens: Range<usize>) -> Range<usize> {
        let start = self.tokens.get(tokens.start).map_or(0, |token| token.start);
        let last = tokens.end.checked_sub(1).and_then(|last| self.tokens.get(last));
        start..last.map_or(start, Token::end).max(start)
    }

    /// Returns the first word of the statement with some that follow.
    pub fn head(&self, count: usize) -> Range<usize> {
        self.range(0..count.min(self.tokens.len()))
    }

    /// Returns the whole statement.
    pub fn whole(&self) -> Range<usize> {
        self.range(0..self.tokens.len())
    }

    /// Returns where each command of an `ALTER TABLE` begins, in their order, with its number.
    pub fn commands(&self) -> Vec<(usize, usize)> {
        let mut from = 0;
        let mut found = Vec::new();
        for (index, command) in self.analysis.alters.iter().enumerate() {
            if let Some(at) = self.find(from, &command.action).filter(|_| !command.action.is_empty()) {
                found.push((index, at));
                from = at + 1;
            }
        }
        found
    }

    /// Returns the tokens of a command of [`Self::commands`]: up to the next comma outside of brackets.
    pub fn command(&self, at: usize) -> Range<usize> {
        let depth = self.depths.get(at).copied().unwrap_or_default();
        let ends = |next: &usize| {
            let here = self.depths.get(*next).copied().unwrap_or_default();
            here < depth
                || here == depth && self.text(*next) == ","
                || self.sees(*next, "SETTINGS") && here == 0
        };
        at..(at..self.tokens.len()).find(ends).unwrap_or(self.tokens.len())
    }

    /// Returns the first object that plays a role.
    pub fn object(&self, role: Role) -> Option<(&str, ObjectKind)> {
        let object = self.analysis.objects.iter().find(|object| object.role == role)?;
        Some((object.name.as_str(), object.kind))
    }

    /// Returns the value of a setting, of a directive or of the statement itself.
    pub fn setting(&self, name: &str) -> Option<&str> {
        let inline = (0..self.tokens.len()).find(|at| self.text(*at) == name && self.text(at + 1) == "=");
        let inline = inline.map(|at| self.text(at + 2));
        let directive =
            || self.source.settings.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        inline.or_else(directive).map(|value| value.trim_matches('\''))
    }

    /// Returns the settings of directives.
    pub fn directives(&self) -> &[(&'a str, &'a str)] {
        &self.source.settings
    }

    /// Returns where a call of a function stands: its name with the bracket behind it.
    pub fn calls(&self, tokens: Range<usize>, is: impl Fn(&str) -> bool) -> Option<usize> {
        tokens.into_iter().find(|at| {
            let word = self.tokens.get(*at).filter(|token| token.kind == TokenKind::Word);
            word.is_some_and(|token| is(token.text)) && self.text(at + 1) == "("
        })
    }
}
