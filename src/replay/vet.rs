//! What of a migration is run in a scratch database: only what defines objects there, and connects
//! to nothing. The server enforces the first as well, by the rights of the scratch user.

use std::collections::BTreeSet;

use crate::kinds::common::migration::SCRATCH;
use crate::migrate::analyze::{Analysis, ObjectKind, Role, Verb};
use crate::migrate::look::authored;
use crate::migrate::{Token, TokenKind, analyze_sql, lex};

/// What becomes of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is run, as this text.
    Run(String),
    /// It defines nothing, or something that is left out.
    Skip,
    /// It cannot be run here, and why.
    Refuse(String),
}

/// Engines that keep what they have within the server, and read nothing from elsewhere.
const ENGINES: [&str; 10] =
    ["", "Memory", "Log", "TinyLog", "StripeLog", "Null", "Set", "Join", "Buffer", "Merge"];

/// Judges a statement of a tenant with this database. Objects that are not made are added to
/// `left_out`, and what alters them is skipped.
pub fn vet(sql: &str, database: &str, left_out: &mut BTreeSet<String>) -> Verdict {
    let Ok(analysis) = analyze_sql(sql) else { return Verdict::Refuse("cannot be read".to_owned()) };
    match analysis.verb {
        Verb::Insert | Verb::Delete | Verb::Update | Verb::Truncate | Verb::Optimize | Verb::Read => {
            return Verdict::Skip;
        }
        Verb::Create | Verb::Alter | Verb::Drop | Verb::Rename | Verb::Exchange | Verb::Detach => {}
        verb => return Verdict::Refuse(format!("is no plain definition ({verb:?})")),
    }
    if let Some(why) = beyond(&analysis, sql, database) {
        return Verdict::Refuse(why);
    }
    let own = analysis.objects.iter().find(|object| !matches!(object.role, Role::Reads | Role::Writes));
    let name = own.map_or("", |object| &object.name);
    if analysis.verb == Verb::Alter && makes_a_disk(sql) {
        return Verdict::Skip;
    }
    if analysis.verb == Verb::Create && reaches_out(&analysis, sql) {
        left_out.insert(name.to_owned());
        return Verdict::Skip;
    }
    if left_out.contains(name) {
        if analysis.verb != Verb::Alter && analysis.verb != Verb::Drop {
            return Verdict::Refuse(format!("renames {name}, which is not made in a scratch database"));
        }
        return Verdict::Skip;
    }
    Verdict::Run(unreplicated(sql))
}

/// Returns why a statement reaches beyond the scratch database; none where it does not.
fn beyond(analysis: &Analysis, sql: &str, database: &str) -> Option<String> {
    if analysis.flags.access || analysis.flags.on_cluster {
        return Some("is about users, rights or a cluster".to_owned());
    }
    for object in &analysis.objects {
        if matches!(object.kind, ObjectKind::Database | ObjectKind::Function | ObjectKind::Other) {
            return Some(format!("is about {}, which is no table", object.name));
        }
        if let Some(named) = object.database.as_deref().filter(|named| *named != SCRATCH) {
            return Some(format!("names database {named}: write ${{charter.database}}, or leave it out"));
        }
    }
    let named = |token: &Token<'_>| {
        let text = token.text.trim_matches(['`', '"', '\'']);
        !database.is_empty() && text == database && !token.kind.is_trivia()
    };
    let names = lex(sql).is_ok_and(|tokens| tokens.iter().any(named));
    names.then(|| format!("names database {database}: write ${{charter.database}}, or leave it out"))
}

/// Returns whether what a statement makes would connect elsewhere.
fn reaches_out(analysis: &Analysis, sql: &str) -> bool {
    let dictionary = analysis
        .objects
        .iter()
        .any(|object| object.role == Role::Creates && object.kind == ObjectKind::Dictionary);
    let engine = authored(sql).engine;
    dictionary || !(engine.ends_with("MergeTree") || ENGINES.contains(&&*engine)) || makes_a_disk(sql)
}

/// Returns whether a statement describes a disk in its settings, which the server would connect to:
/// `SETTINGS disk = disk(type = s3, …)`.
fn makes_a_disk(sql: &str) -> bool {
    let Ok(tokens) = lex(sql) else { return true };
    let mut tokens = tokens.iter().filter(|token| !token.kind.is_trivia()).peekable();
    while let Some(token) = tokens.next() {
        let call = tokens.peek().is_some_and(|next| next.is_punct("("));
        if call && token.text.trim_matches(['`', '"']).eq_ignore_ascii_case("disk") {
            return true;
        }
    }
    false
}

/// Returns the engine clause of a definition as [`unreplicated`] would leave it.
pub fn unreplicated_engine(full: &str) -> String {
    let plain = unreplicated(&format!("ENGINE = {full}"));
    plain.trim_start_matches("ENGINE = ").to_owned()
}

/// Returns a statement whose tables are not replicated: without the engine's prefix, and without the
/// path and the replica's name.
fn unreplicated(sql: &str) -> String {
    let Ok(tokens) = lex(sql) else { return sql.to_owned() };
    let mut out = String::with_capacity(sql.len());
    let mut engine = false;
    let mut rest = tokens.iter().peekable();
    while let Some(token) = rest.next() {
        let plain = token.text.strip_prefix("Replicated").or_else(|| token.text.strip_prefix("Shared"));
        match plain.filter(|plain| engine && token.kind == TokenKind::Word && plain.ends_with("MergeTree")) {
            None => out.push_str(token.text),
            Some(plain) => {
                out.push_str(plain);
                if rest.next_if(|next| next.is_punct("(")).is_some() {
                    out.push('(');
                    for _ in 0..2 {
                        if rest.peek().is_some_and(|next| next.kind == TokenKind::String) {
                            rest.next();
                            while rest.next_if(|next| next.kind.is_trivia() || next.is_punct(",")).is_some() {
                            }
                        }
                    }
                }
            }
        }
        if !token.kind.is_trivia() && !token.is_punct("=") {
            engine = token.is_word("ENGINE");
        }
    }
    out
}
