//! Views, dictionaries and the like that show the rows of one database to the readers of another.
//!
//! What an object reads is taken from its definition: every `database.table` in it counts, in
//! names as in texts, so that more may be found than is read, and not less where the definition
//! says it. A view reads with the rights of whoever asks, of its definer, or with none checked; a
//! materialized view copies (statements/create/view, "SQL security").

use std::collections::{BTreeMap, BTreeSet};

use super::graph::Principal;
use super::reach::Prover;
use super::tenants::TenantSet;
use crate::migrate::lexer::{Token, TokenKind, lex};
use crate::model::snapshot::{Row, text, texts};

/// With whose rights an object reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rights {
    /// Those of whoever asks.
    Asker,
    /// Those of a user.
    Definer(String),
    /// Nobody's are checked.
    Unchecked,
    /// It cannot be told.
    Unknown,
}

/// A table, a view or a dictionary by its database and name.
pub type Place = (String, String);

/// A view, a dictionary or the like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Where it is.
    pub place: Place,
    /// Its engine.
    pub engine: String,
    /// Where else what it reads is kept.
    pub target: Option<Place>,
    /// With whose rights it reads.
    pub rights: Rights,
    /// What it names.
    pub names: BTreeSet<Place>,
}

impl Object {
    /// Reads a row: database, name, engine, query, and what the server says that it depends on.
    pub fn new(row: &Row) -> Self {
        let (engine, query) = (text(row, "engine").to_owned(), text(row, "query"));
        let tokens: Vec<Token<'_>> =
            lex(query).unwrap_or_default().into_iter().filter(|token| !token.kind.is_trivia()).collect();
        let mut names = BTreeSet::new();
        qualified(&tokens, &mut names);
        names.extend(texts(row, "source_databases").into_iter().zip(texts(row, "source_tables")));
        if engine == "Dictionary" {
            names.extend(argument(&tokens, "DB").zip(argument(&tokens, "TABLE")));
        }
        if engine == "Distributed" {
            names.extend(distributed(&tokens));
        }
        let place = (text(row, "database").to_owned(), text(row, "name").to_owned());
        let target = after(&tokens, "TO").filter(|_| engine == "MaterializedView");
        names.remove(&place);
        if let Some(target) = &target {
            names.remove(target);
        }
        Self { place, target, rights: rights(&engine, &tokens), names, engine }
    }
}

impl Object {
    /// Returns every word, name and text of a definition, without quotes: whoever is named by one of
    /// them may be meant.
    pub fn words(query: &str) -> BTreeSet<String> {
        lex(query).unwrap_or_default().iter().filter(|token| !token.kind.is_trivia()).map(unquoted).collect()
    }
}

fn rights(engine: &str, tokens: &[Token<'_>]) -> Rights {
    let security = words_after(tokens, &["SQL", "SECURITY"]);
    let definer = tokens.iter().position(|token| token.is_word("DEFINER"));
    let definer = definer.filter(|at| tokens.get(at + 1).is_some_and(|token| token.is_punct("=")));
    let definer = definer.and_then(|at| tokens.get(at + 2)).map(unquoted);
    match (engine, security.as_deref(), definer) {
        ("Distributed", ..) => Rights::Unknown,
        (_, Some("NONE"), _) => Rights::Unchecked,
        (_, Some("INVOKER"), _) => Rights::Asker,
        (_, _, Some(definer)) => Rights::Definer(definer),
        // What has neither was made before there was such a thing; its reads are not checked.
        ("View", None, None) => Rights::Asker,
        ("Dictionary", ..) => {
            Rights::Definer(argument(tokens, "USER").next().unwrap_or_else(|| "default".into()))
        }
        _ => Rights::Unchecked,
    }
}

/// Returns the word after some words.
fn words_after(tokens: &[Token<'_>], words: &[&str]) -> Option<String> {
    let at = tokens
        .windows(words.len() + 1)
        .find(|window| window.iter().zip(words).all(|(token, word)| token.is_word(word)))?;
    at.last().map(|token| token.text.to_ascii_uppercase())
}

/// Collects every `a.b`, as names and within texts.
fn qualified(tokens: &[Token<'_>], names: &mut BTreeSet<Place>) {
    let is_name = |token: &Token<'_>| matches!(token.kind, TokenKind::Word | TokenKind::QuotedIdent);
    for window in tokens.windows(3) {
        if is_name(&window[0]) && window[1].is_punct(".") && is_name(&window[2]) {
            names.insert((unquoted(&window[0]), unquoted(&window[2])));
        }
    }
    for token in tokens.iter().filter(|token| token.kind == TokenKind::String) {
        let inner = unquoted(token);
        // `joinGet('db.t')`, `dictGet('db.d')`, and a dictionary's QUERY.
        if inner.contains('.') && inner.len() < token.text.len() {
            let tokens = lex(&inner).unwrap_or_default();
            let tokens: Vec<_> = tokens.into_iter().filter(|token| !token.kind.is_trivia()).collect();
            qualified(&tokens, names);
        }
    }
}

/// Returns the texts after a word, as in `DB 'tenant_a'`.
fn argument<'t>(tokens: &'t [Token<'_>], word: &'t str) -> impl Iterator<Item = String> + 't {
    tokens.windows(2).filter_map(move |pair| {
        let value = matches!(pair[1].kind, TokenKind::String | TokenKind::Word | TokenKind::QuotedIdent);
        (pair[0].is_word(word) && value).then(|| unquoted(&pair[1]))
    })
}

/// Returns the table of `Distributed(cluster, database, table, …)`.
fn distributed(tokens: &[Token<'_>]) -> Option<Place> {
    let at = tokens.iter().position(|token| token.is_word("Distributed"))?;
    let list: Vec<&Token<'_>> = tokens[at + 1..].iter().filter(|token| !token.is_punct(",")).collect();
    Some((unquoted(list.get(2)?), unquoted(list.get(3)?)))
}

fn after(tokens: &[Token<'_>], word: &str) -> Option<Place> {
    let at = tokens.windows(4).find(|window| window[0].is_word(word) && window[2].is_punct("."))?;
    Some((unquoted(&at[1]), unquoted(&at[3])))
}

/// Returns a name or text without its quotes and escapes.
fn unquoted(token: &Token<'_>) -> String {
    let text = token.text;
    let mut chars = text.chars();
    let Some(quote) = chars.next().filter(|quote| matches!(quote, '`' | '"' | '\'')) else {
        return text.to_owned();
    };
    let inner = text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote)).unwrap_or(text);
    let mut plain = String::with_capacity(inner.len());
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        let doubled = c == quote && chars.peek() == Some(&quote);
        if c == '\\' || doubled {
            plain.extend(chars.next());
        } else {
            plain.push(c);
        }
    }
    plain
}

/// What a table, view or dictionary shows of tenants that it does not belong to, and the objects
/// that make it so.
pub type Shown = BTreeMap<Place, BTreeMap<usize, usize>>;

impl Prover<'_> {
    /// Follows the objects until nothing new is shown: a view may read a view.
    pub fn shown(&self) -> Shown {
        let mut shown = Shown::new();
        let reach: Vec<Option<TenantSet>> =
            self.observed.objects.iter().map(|object| self.of_rights(object)).collect();
        loop {
            let mut grown = false;
            for (at, object) in self.observed.objects.iter().enumerate() {
                let Some(reach) = &reach[at] else { continue };
                let mut found: BTreeSet<usize> = BTreeSet::new();
                for name in &object.names {
                    found.extend(self.tenants().find(&name.0));
                    found.extend(shown.get(name).into_iter().flat_map(BTreeMap::keys));
                }
                let places = std::iter::once(&object.place).chain(&object.target);
                for place in places {
                    for tenant in found.iter().filter(|tenant| reach.has(**tenant)) {
                        if self.tenants().find(&place.0) != Some(*tenant) {
                            let known = shown.entry(place.clone()).or_default();
                            grown |= !known.contains_key(tenant);
                            known.entry(*tenant).or_insert(at);
                        }
                    }
                }
            }
            if !grown {
                return shown;
            }
        }
    }

    /// Returns the tenants that an object may read with the rights that it has; none where it reads
    /// with those of whoever asks.
    fn of_rights(&self, object: &Object) -> Option<TenantSet> {
        match &object.rights {
            Rights::Asker => None,
            Rights::Unchecked | Rights::Unknown => Some(TenantSet::all()),
            // A user that is gone cannot be read for.
            Rights::Definer(name) => {
                let id = self.observed.graph.find(&Principal::user(name))?;
                Some(self.touched(&self.live(id)))
            }
        }
    }
}
