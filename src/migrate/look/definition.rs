//! Takes `create_table_query` and a migration's own `CREATE` apart into columns, elements, clauses
//! and settings. Total: what it does not know stays in the clause before, the same on both sides.

use std::collections::BTreeMap;

use super::normal::{closing, split, tokens, within};
use crate::migrate::lexer::{Token, TokenKind};
use crate::migrate::quote::unquote;

/// The clauses after the name, as far as comparing needs them; longer ones before their prefixes.
const CLAUSES: [&str; 22] = [
    "UUID",
    "ON CLUSTER",
    "TO INNER UUID",
    "TO",
    "REFRESH",
    "DEFINER",
    "SQL SECURITY DEFINER",
    "SQL SECURITY INVOKER",
    "SQL SECURITY NONE",
    "ENGINE",
    "PARTITION BY",
    "PRIMARY KEY",
    "ORDER BY",
    "SAMPLE BY",
    "TTL",
    "SETTINGS",
    "COMMENT",
    "SOURCE",
    "LAYOUT",
    "LIFETIME",
    "RANGE",
    "AS",
];

/// The parts of a column's definition that come after its type.
const OF_COLUMNS: [&str; 12] = [
    "DEFAULT",
    "MATERIALIZED",
    "EPHEMERAL",
    "ALIAS",
    "COMMENT",
    "CODEC",
    "STATISTICS",
    "TTL",
    "COLLATE",
    "PRIMARY KEY",
    "SETTINGS",
    "NOT NULL",
];

/// The parts of a definition that no system table has on every version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Definition {
    /// Indices, projections and constraints by what and name (`INDEX i`).
    pub elements: BTreeMap<String, String>,
    /// What columns have besides what `system.columns` tells, by column: `TTL`, `STATISTICS`, `SETTINGS`.
    pub of_columns: BTreeMap<String, BTreeMap<&'static str, String>>,
    /// The clauses by their words; `SETTINGS` is apart.
    pub clauses: BTreeMap<&'static str, String>,
    /// The settings by name.
    pub settings: BTreeMap<String, String>,
}

impl Definition {
    /// Parses a statement that creates a table, a view or a dictionary.
    pub fn parse(text: &str) -> Self {
        let Some(tokens) = tokens(text) else { return Self::default() };
        let (elements, clauses) = parts(&tokens);
        let mut definition = Self::default();
        for element in elements {
            definition.element(element, text);
        }
        for (clause, tokens) in clauses {
            if clause == "SETTINGS" {
                definition.settings.extend(settings(tokens, text));
            } else {
                // Some clauses are words alone.
                let said = Some(source(tokens, text)).filter(|said| !said.is_empty());
                definition.clauses.insert(clause, said.unwrap_or_else(|| clause.to_owned()));
            }
        }
        definition
    }

    fn element(&mut self, tokens: &[Token<'_>], text: &str) {
        let Some((first, rest)) = tokens.split_first() else { return };
        let what = ["INDEX", "PROJECTION", "CONSTRAINT"].into_iter().find(|word| first.is_word(word));
        if let (Some(what), Some((name, rest))) = (what, rest.split_first()) {
            self.elements.insert(format!("{what} {}", unquote(name)), source(rest, text));
            return;
        }
        let kept = cut(rest, &OF_COLUMNS).into_iter().filter_map(|piece| {
            matches!(piece.word, "TTL" | "STATISTICS" | "SETTINGS")
                .then(|| (piece.word, source(piece.tokens, text)))
        });
        let kept: BTreeMap<&'static str, String> = kept.collect();
        if !kept.is_empty() {
            self.of_columns.insert(unquote(first), kept);
        }
    }

    /// Returns a clause; empty where there is none.
    pub fn clause(&self, name: &str) -> &str {
        self.clauses.get(name).map_or("", String::as_str)
    }
}

/// A clause: its words, where they begin, and what follows them.
struct Piece<'t, 'a> {
    word: &'static str,
    at: usize,
    tokens: &'t [Token<'a>],
}

type Parts<'t, 'a> = (Vec<&'t [Token<'a>]>, Vec<(&'static str, &'t [Token<'a>])>);

/// The clauses after which the list of columns may stand: `CREATE MATERIALIZED VIEW v TO t (…)`.
const EARLY: [&str; 9] = [
    "UUID",
    "ON CLUSTER",
    "TO INNER UUID",
    "TO",
    "REFRESH",
    "DEFINER",
    "SQL SECURITY DEFINER",
    "SQL SECURITY INVOKER",
    "SQL SECURITY NONE",
];

/// Returns the elements of the list in parentheses, and the clauses.
fn parts<'t, 'a>(tokens: &'t [Token<'a>]) -> Parts<'t, 'a> {
    let pieces = cut(tokens, &CLAUSES);
    let head = tokens.get(..pieces.first().map_or(tokens.len(), |first| first.at)).unwrap_or_default();
    let early = pieces.iter().filter(|piece| EARLY.contains(&piece.word));
    let mut places = [head].into_iter().chain(early.map(|piece| piece.tokens));
    let elements = places.find_map(|place| {
        let open = place.iter().position(|token| token.is_punct("("))?;
        place.get(open + 1..closing(place, open)?)
    });
    let clauses = pieces.iter().map(|piece| {
        let list = piece.tokens.iter().position(|token| token.is_punct("("));
        match list.filter(|_| EARLY.contains(&piece.word)) {
            Some(open) => (piece.word, piece.tokens.get(..open).unwrap_or_default()),
            None => (piece.word, piece.tokens),
        }
    });
    (split(elements.unwrap_or_default(), ","), clauses.collect())
}

/// Cuts tokens at the keywords outside brackets; what precedes the first is left out. A query, after
/// `AS`, goes to the end; `TO` is a clause only before the engine (`TTL … TO DISK`).
fn cut<'t, 'a>(tokens: &'t [Token<'a>], words: &[&'static str]) -> Vec<Piece<'t, 'a>> {
    let mut pieces: Vec<Piece> = Vec::new();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(token) = tokens.get(at) {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        let late = pieces.iter().any(|piece| matches!(piece.word, "ENGINE" | "TTL"));
        let mut possible = words.iter().copied().filter(|word| !(late && *word == "TO"));
        let Some(word) = possible.find(|words| depth == 0 && sees(tokens, at, words)) else {
            at += 1;
            continue;
        };
        let start = at + word.split(' ').count();
        pieces.push(Piece { word, at, tokens: tokens.get(start..).unwrap_or_default() });
        at = if word == "AS" { tokens.len() } else { start };
    }
    let ends: Vec<usize> = pieces.iter().skip(1).map(|piece| piece.at).chain([tokens.len()]).collect();
    for (piece, end) in pieces.iter_mut().zip(ends) {
        let start = tokens.len() - piece.tokens.len();
        piece.tokens = tokens.get(start..end).unwrap_or_default();
    }
    pieces
}

fn sees(tokens: &[Token<'_>], at: usize, words: &str) -> bool {
    words
        .split(' ')
        .enumerate()
        .all(|(offset, word)| tokens.get(at + offset).is_some_and(|token| token.is_word(word)))
}

/// Returns the source of tokens, less an `=` before it.
fn source(tokens: &[Token<'_>], text: &str) -> String {
    let tokens = match tokens {
        [equals, rest @ ..] if equals.is_punct("=") => rest,
        all => all,
    };
    let span = tokens.first().zip(tokens.last()).and_then(|(first, last)| text.get(first.start..last.end()));
    span.unwrap_or_default().to_owned()
}

fn settings(tokens: &[Token<'_>], text: &str) -> BTreeMap<String, String> {
    let pairs = split(within(tokens).unwrap_or(tokens), ",").into_iter();
    let pairs = pairs.filter_map(|pair| {
        let (name, value) = pair.split_first()?;
        Some((unquote(name), source(value, text)))
    });
    pairs.collect()
}

/// A column as a statement writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthoredColumn {
    /// The name.
    pub name: String,
    /// The type; none where the server is to infer it.
    pub ty: Option<String>,
}

/// What a `CREATE` asks for, as far as its text tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authored {
    /// The columns that it lists; none where it lists none (`AS SELECT`, `AS other`).
    pub columns: Option<Vec<AuthoredColumn>>,
    /// The engine's name; empty where it names none.
    pub engine: String,
}

/// Reads what a migration's `CREATE` asks for.
pub fn authored(sql: &str) -> Authored {
    let Some(tokens) = tokens(sql) else { return Authored::default() };
    let (elements, clauses) = parts(&tokens);
    let columns: Vec<AuthoredColumn> =
        elements.into_iter().filter_map(|element| authored_column(element, sql)).collect();
    let engine = clauses.iter().find(|(name, _)| *name == "ENGINE");
    let engine = engine.and_then(|(_, tokens)| tokens.iter().find(|token| !token.is_punct("=")));
    Authored {
        columns: Some(columns).filter(|columns| !columns.is_empty()),
        engine: engine.map(unquote).unwrap_or_default(),
    }
}

fn authored_column(tokens: &[Token<'_>], text: &str) -> Option<AuthoredColumn> {
    let (first, rest) = tokens.split_first()?;
    let apart = ["INDEX", "PROJECTION", "CONSTRAINT", "PRIMARY", "FOREIGN"];
    if first.kind == TokenKind::Word && apart.iter().any(|word| first.is_word(word)) {
        return None;
    }
    let after = cut(rest, &OF_COLUMNS).first().map_or(rest.len(), |piece| piece.at);
    let ty = source(rest.get(..after).unwrap_or_default(), text);
    Some(AuthoredColumn { name: unquote(first), ty: Some(ty).filter(|ty| !ty.is_empty()) })
}
