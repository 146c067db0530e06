//! Classifies the commands of `ALTER TABLE`, by what repeating them does on 26.9.
//!
//! The server validates all commands of one `ALTER` before it runs any, so one that would fail
//! makes the whole statement fail; but what ran of it stays unknown where one of them is silent.

use std::collections::BTreeSet;

use super::super::lexer::{Token, TokenKind};
use super::cursor::{Cursor, by_commas};
use super::reads;
use super::{Analysis, ObjectKind, Replay, Role};

/// One command of an `ALTER TABLE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterCommand {
    /// Its keywords, such as `ADD COLUMN`; the first word of an unknown one.
    pub action: String,
    /// The column, index, projection or the like that it names first.
    pub target: Option<String>,
    /// The new name of a renamed column.
    pub renamed_to: Option<String>,
    /// What repeating it does.
    pub replay: Replay,
    /// Whether it may leave an entry in `system.mutations`.
    pub mutation: bool,
    /// Whether it names a type or a TTL for a column that exists: where that differs, all of its
    /// values are rewritten.
    pub retypes: bool,
}

/// How a command behaves: its keywords, what repeating does, whether it makes a mutation.
type Rule = (&'static str, Repeat, bool);

/// What repeating a command does, before `IF [NOT] EXISTS` is looked at.
#[derive(Clone, Copy, PartialEq)]
enum Repeat {
    /// It fails, unless guarded by `IF NOT EXISTS` or `IF EXISTS`.
    Fails,
    /// It sets the same state once more.
    Sets,
    /// It succeeds and may do harm.
    Harms,
}

use Repeat::{Fails, Harms, Sets};

/// Longer keyword sequences come before their beginnings.
const RULES: [Rule; 57] = [
    ("ADD COLUMN", Fails, false),
    ("ADD INDEX", Fails, false),
    ("ADD CONSTRAINT", Fails, false),
    ("ADD PROJECTION", Fails, false),
    ("ADD STATISTICS", Fails, false),
    ("DROP COLUMN", Fails, true),
    ("DROP INDEX", Fails, true),
    ("DROP CONSTRAINT", Fails, false),
    ("DROP PROJECTION", Fails, true),
    ("DROP STATISTICS", Fails, true),
    ("DROP DETACHED PARTITION", Harms, false),
    ("DROP DETACHED PART", Harms, false),
    ("DROP PARTITION", Harms, false),
    ("DROP PART", Harms, false),
    ("FORGET PARTITION", Harms, false),
    ("RENAME COLUMN", Fails, true),
    ("COMMENT COLUMN", Sets, false),
    ("MODIFY COMMENT", Sets, false),
    ("MODIFY SETTING", Sets, false),
    ("RESET SETTING", Sets, false),
    ("MODIFY SQL SECURITY", Sets, false),
    ("MODIFY DEFINER", Sets, false),
    ("MODIFY REFRESH", Sets, false),
    ("MODIFY QUERY", Sets, false),
    ("MODIFY STATISTICS", Sets, false),
    ("MODIFY COLUMN", Harms, true),
    ("ALTER COLUMN", Harms, true),
    ("MODIFY ORDER BY", Harms, false),
    ("MODIFY SAMPLE BY", Harms, false),
    ("MODIFY TTL", Harms, true),
    ("REMOVE TTL", Fails, false),
    ("REMOVE SAMPLE BY", Fails, false),
    ("CLEAR COLUMN", Harms, true),
    ("CLEAR INDEX", Harms, true),
    ("CLEAR PROJECTION", Harms, true),
    ("CLEAR STATISTICS", Harms, true),
    ("MATERIALIZE COLUMN", Harms, true),
    ("MATERIALIZE INDEX", Harms, true),
    ("MATERIALIZE PROJECTION", Harms, true),
    ("MATERIALIZE STATISTICS", Harms, true),
    ("MATERIALIZE TTL", Harms, true),
    ("REWRITE PARTS", Harms, true),
    ("APPLY DELETED MASK", Harms, true),
    ("APPLY PATCHES", Harms, true),
    ("UPDATE", Harms, true),
    ("DELETE", Harms, true),
    ("ATTACH PARTITION", Harms, false),
    ("ATTACH PART", Harms, false),
    ("DETACH PARTITION", Harms, false),
    ("DETACH PART", Harms, false),
    ("FETCH PARTITION", Harms, false),
    ("FETCH PART", Harms, false),
    ("FREEZE", Harms, false),
    ("UNFREEZE", Harms, false),
    ("MOVE PARTITION", Harms, false),
    ("MOVE PART", Harms, false),
    ("REPLACE PARTITION", Harms, false),
];

/// Reads what follows the table's name into the analysis.
pub(super) fn commands(cursor: &Cursor<'_, '_>, analysis: &mut Analysis) {
    let mut end = *cursor;
    // A trailing `SETTINGS …` belongs to the query; the commands hold none outside brackets.
    end.seek(&["SETTINGS", "FORMAT"]);
    let length = cursor.rest().len() - end.rest().len();
    for tokens in parts(cursor.rest().get(..length).unwrap_or_default()) {
        let command = command(tokens);
        related(&command, tokens, analysis);
        analysis.flags.mutation |= command.mutation;
        analysis.alters.push(command);
    }
    let targets: BTreeSet<_> = analysis.alters.iter().map(|one| &one.target).collect();
    let swaps =
        analysis.alters.iter().any(|one| one.renamed_to.is_some() && targets.contains(&one.renamed_to));
    let replays: Vec<Replay> = analysis.alters.iter().map(|command| command.replay).collect();
    analysis.replay = if swaps { Replay::Silent } else { combine(&replays) };
}

/// A statement is as loud as its loudest part, unless a part is silent.
pub(super) fn combine(parts: &[Replay]) -> Replay {
    if parts.is_empty() || parts.contains(&Replay::Silent) {
        Replay::Silent
    } else if parts.contains(&Replay::Loud) {
        Replay::Loud
    } else {
        Replay::Idempotent
    }
}

/// Cuts a list of commands at its commas, but for those that belong to a command.
fn parts<'t, 'a>(tokens: &'t [Token<'a>]) -> Vec<&'t [Token<'a>]> {
    // `UPDATE a = 1, b = 2`, `MODIFY SETTING a = 1, b = 2`, `MODIFY QUERY SELECT a, b`.
    const LISTS: [&str; 5] = ["MODIFY SETTING", "RESET SETTING", "UPDATE", "MODIFY TTL", "MODIFY QUERY"];
    let mut parts: Vec<&[Token<'_>]> = Vec::new();
    let (mut start, mut end, mut list) = (0, 0, false);
    for part in by_commas(tokens) {
        let rule = rule(strip_brackets(part)).map(|(action, _, _)| action);
        if end > 0 && !(list && rule.is_none()) {
            parts.push(strip_brackets(tokens.get(start..end).unwrap_or_default()));
            start = end + 1;
        }
        if let Some(action) = rule {
            list = LISTS.contains(&action) || action.ends_with("STATISTICS");
        }
        end += part.len() + usize::from(end > 0);
    }
    parts.push(strip_brackets(tokens.get(start..).unwrap_or_default()));
    parts.retain(|part| !part.is_empty());
    parts
}

fn strip_brackets<'t, 'a>(tokens: &'t [Token<'a>]) -> &'t [Token<'a>] {
    match tokens {
        [open, inner @ .., close] if open.is_punct("(") && close.is_punct(")") => inner,
        _ => tokens,
    }
}

/// Finds the rule whose keywords come first; `delete = 1` sets a column.
fn rule(tokens: &[Token<'_>]) -> Option<Rule> {
    let found = RULES.iter().find(|(words, _, _)| Cursor::new(tokens).sees(words));
    let assigns = tokens.get(1).is_some_and(|token| token.is_punct("="));
    found.filter(|_| !assigns).copied()
}

fn command(tokens: &[Token<'_>]) -> AlterCommand {
    let Some((action, repeat, mutation)) = rule(tokens) else {
        return unknown(tokens);
    };
    let mut cursor = Cursor::new(tokens);
    cursor.eat(action);
    let guarded = cursor.eat("IF NOT EXISTS") || cursor.eat("IF EXISTS");
    let named = action.contains("COLUMN")
        || ["INDEX", "CONSTRAINT", "PROJECTION", "STATISTICS"].iter().any(|kind| action.ends_with(kind));
    // A column of a Nested is `n.x`, of which the dot is part of the name.
    let name = named.then(|| cursor.name()).flatten().map(dotted);
    let removes = action == "MODIFY COLUMN" && cursor.sees("REMOVE");
    let retypes = matches!(action, "MODIFY COLUMN" | "ALTER COLUMN") && retypes(cursor);
    let renamed_to =
        (action == "RENAME COLUMN" && cursor.eat("TO")).then(|| cursor.name()).flatten().map(dotted);
    let in_partition = action.starts_with("CLEAR") || tokens.iter().any(|token| token.is_word("PARTITION"));
    let replay = match repeat {
        _ if in_partition => Replay::Silent,
        Fails if guarded => Replay::Idempotent,
        Fails => Replay::Loud,
        Sets => Replay::Idempotent,
        Harms if removes => Replay::Loud,
        Harms => Replay::Silent,
    };
    AlterCommand { action: action.to_owned(), target: name, renamed_to, replay, mutation, retypes }
}

fn dotted((first, rest): (Option<String>, String)) -> String {
    first.map_or(rest.clone(), |first| format!("{first}.{rest}"))
}

fn unknown(tokens: &[Token<'_>]) -> AlterCommand {
    let word = tokens.first().filter(|token| token.kind == TokenKind::Word);
    AlterCommand {
        action: word.map_or(String::new(), |token| token.text.to_ascii_uppercase()),
        target: None,
        renamed_to: None,
        replay: Replay::Silent,
        mutation: true,
        retypes: false,
    }
}

/// The cursor stands after a column's name: whether a type or a TTL follows, rather than a default,
/// a comment, a codec or a place (`ParserAlterQuery.cpp`, `ParserColumnDeclaration`).
fn retypes(mut cursor: Cursor<'_, '_>) -> bool {
    const OTHERS: [&str; 14] = [
        "REMOVE",
        "MODIFY SETTING",
        "RESET SETTING",
        "DEFAULT",
        "MATERIALIZED",
        "ALIAS",
        "EPHEMERAL",
        "COMMENT",
        "CODEC",
        "STATISTICS",
        "FIRST",
        "AFTER",
        "SETTINGS",
        "PRIMARY KEY",
    ];
    let has_type = cursor.peek(0).is_some() && !OTHERS.iter().any(|words| cursor.sees(words));
    has_type || !cursor.sees("REMOVE") && cursor.seek(&["TTL"]).is_some()
}

/// Records the other tables that a command names.
fn related(command: &AlterCommand, tokens: &[Token<'_>], analysis: &mut Analysis) {
    let after = |words| {
        let mut cursor = Cursor::new(tokens);
        cursor.seek(&[words]);
        cursor.eat(words).then(|| cursor.name()).flatten()
    };
    match command.action.as_str() {
        "MOVE PARTITION" | "MOVE PART" => {
            analysis.push(after("TO TABLE"), Role::Writes, ObjectKind::Table);
        }
        "REPLACE PARTITION" | "ATTACH PARTITION" => {
            analysis.push(after("FROM"), Role::Reads, ObjectKind::Table);
        }
        "MODIFY QUERY" | "UPDATE" | "DELETE" => {
            for name in reads::tables(tokens) {
                analysis.push(Some(name), Role::Reads, ObjectKind::Table);
            }
        }
        _ => {}
    }
}
