//! Classifies `CREATE` and `ATTACH`: tables, views, dictionaries, databases, functions, access.

use super::super::lexer::TokenKind;
use super::cursor::{Cursor, Name, nest};
use super::{Analysis, ObjectKind, Replay, Role, Verb, access_kind, reads};

/// Words that may stand between a view's name and its query and hold names of their own.
const TAIL: [&str; 3] = ["AS", "CLONE AS", "EMPTY AS"];

/// Reads what follows `CREATE` or `ATTACH`, or stands at `REPLACE`.
pub(super) fn create(mut cursor: Cursor<'_, '_>, analysis: &mut Analysis) {
    let replace = cursor.eat("OR REPLACE") || cursor.eat("REPLACE");
    analysis.flags.or_replace = replace;
    analysis.flags.temporary = cursor.eat("TEMPORARY");
    let Some(kind) = object_kind(&mut cursor, analysis) else {
        return;
    };
    analysis.flags.if_not_exists = cursor.eat("IF NOT EXISTS");
    if !replace {
        analysis.flags.or_replace = cursor.eat("OR REPLACE");
    }
    if analysis.flags.access {
        access(cursor, analysis);
    } else if analysis.flags.index {
        index(cursor, analysis);
    } else {
        let name = match kind {
            ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView | ObjectKind::Dictionary => {
                cursor.name()
            }
            _ => cursor.ident().map(|name| (None, name)),
        };
        analysis.push(name, Role::Creates, kind);
        tail(cursor, kind, analysis);
    }
    analysis.replay = replay(kind, analysis);
}

fn object_kind(cursor: &mut Cursor<'_, '_>, analysis: &mut Analysis) -> Option<ObjectKind> {
    let kinds: [(&str, ObjectKind); 14] = [
        ("TABLE", ObjectKind::Table),
        ("MATERIALIZED VIEW", ObjectKind::MaterializedView),
        ("WINDOW VIEW", ObjectKind::View),
        ("LIVE VIEW", ObjectKind::View),
        ("VIEW", ObjectKind::View),
        ("DICTIONARY", ObjectKind::Dictionary),
        ("DATABASE", ObjectKind::Database),
        ("FUNCTION", ObjectKind::Function),
        ("AGGREGATE FUNCTION", ObjectKind::Function),
        ("NAMED COLLECTION", ObjectKind::Other),
        ("WORKLOAD", ObjectKind::Other),
        ("RESOURCE", ObjectKind::Other),
        ("INDEX", ObjectKind::Other),
        ("UNIQUE INDEX", ObjectKind::Other),
    ];
    if let Some((words, kind)) = kinds.into_iter().find(|(words, _)| cursor.eat(words)) {
        analysis.flags.index = words.ends_with("INDEX");
        return Some(kind);
    }
    analysis.flags.access = access_kind(cursor);
    analysis.flags.access.then_some(ObjectKind::Other)
}

/// Reads the comma-separated names of users, roles and the like; `p ON db.t` keeps the policy's name.
fn access(mut cursor: Cursor<'_, '_>, analysis: &mut Analysis) {
    loop {
        let name = cursor.ident().map(|name| (None, name));
        analysis.push(name, Role::Creates, ObjectKind::Other);
        if !cursor.eat_punct(",") {
            break;
        }
    }
    analysis.flags.on_cluster = cursor.seek(&["ON CLUSTER"]).is_some();
}

/// `CREATE INDEX i ON t (…)` is an `ALTER TABLE t ADD INDEX`.
fn index(mut cursor: Cursor<'_, '_>, analysis: &mut Analysis) {
    cursor.ident();
    if cursor.eat("ON") {
        analysis.push(cursor.name(), Role::Alters, ObjectKind::Table);
    }
}

/// Reads what follows the name: `UUID`, `ON CLUSTER`, `TO`, `SOURCE`, `AS` a table or a query.
fn tail(mut cursor: Cursor<'_, '_>, kind: ObjectKind, analysis: &mut Analysis) {
    if cursor.eat("UUID") {
        cursor.ident();
    }
    if cursor.eat("ON CLUSTER") {
        analysis.flags.on_cluster = true;
        cursor.ident();
    }
    match kind {
        ObjectKind::Dictionary => source(cursor, analysis),
        ObjectKind::Table => table(cursor, analysis),
        ObjectKind::View | ObjectKind::MaterializedView => view(cursor, kind, analysis),
        _ => {}
    }
}

/// `CREATE TABLE t [(…)] [ENGINE …] AS other | AS SELECT … | CLONE AS other`.
fn table(mut cursor: Cursor<'_, '_>, analysis: &mut Analysis) {
    while cursor.seek(&TAIL).is_some() {
        let clone = cursor.eat("CLONE AS");
        let empty = !clone && cursor.eat("EMPTY AS");
        if !clone && !empty {
            cursor.eat("AS");
        }
        if analysis.verb == Verb::Attach && (cursor.sees("REPLICATED") || cursor.sees("NOT REPLICATED")) {
            return;
        }
        let before = cursor;
        let query = ["SELECT", "WITH", "FROM"].iter().any(|word| cursor.sees(word))
            || cursor.peek(0).is_some_and(|token| token.is_punct("("));
        if query {
            analysis.fills |= !empty;
            for name in reads::tables(cursor.rest()) {
                analysis.push(Some(name), Role::Reads, ObjectKind::Table);
            }
            return;
        }
        analysis.fills |= clone;
        if let Some(name) = cursor.name()
            && !cursor.peek(0).is_some_and(|token| token.is_punct("("))
        {
            analysis.push(Some(name), Role::Reads, ObjectKind::Table);
            return;
        }
        cursor = before;
        cursor.advance();
    }
}

fn view(mut cursor: Cursor<'_, '_>, kind: ObjectKind, analysis: &mut Analysis) {
    let mut to = cursor;
    if kind == ObjectKind::MaterializedView || analysis.flags.window {
        // `TO` precedes the query; in the refresh clause it does not occur.
        if to.seek(&["TO", "AS", "POPULATE", "ENGINE"]) == Some("TO") {
            to.eat("TO");
            let named = !to.sees("INNER UUID");
            analysis.push(to.name().filter(|_| named), Role::Writes, ObjectKind::Table);
        }
    }
    if cursor.seek(&["AS SELECT", "AS WITH", "AS FROM", "POPULATE", "AS"]) == Some("POPULATE") {
        analysis.fills = true;
    }
    for name in reads::tables(cursor.rest()) {
        analysis.push(Some(name), Role::Reads, ObjectKind::Table);
    }
}

/// `SOURCE(CLICKHOUSE(TABLE 't' DB 'd'))` reads a table, if it has no `HOST` of another server.
fn source(mut cursor: Cursor<'_, '_>, analysis: &mut Analysis) {
    if cursor.seek(&["SOURCE"]).is_none() {
        return;
    }
    cursor.eat("SOURCE");
    if !(cursor.eat_punct("(") && cursor.eat("CLICKHOUSE") && cursor.eat_punct("(")) {
        return;
    }
    let (mut table, mut database): (Option<String>, Option<String>) = (None, None);
    let mut depth = 1_usize;
    while let Some(token) = cursor.advance() {
        // A parameter may be a function: `PORT tcpPort()`.
        depth = nest(depth, token);
        if depth == 0 {
            break;
        } else if token.is_word("TABLE") {
            table = cursor.text();
        } else if token.is_word("DB") {
            database = cursor.text();
        } else if token.is_word("QUERY") {
            query_source(&mut cursor, analysis);
        }
    }
    let name: Option<Name> = table.map(|table| (database, table));
    analysis.push(name, Role::Reads, ObjectKind::Table);
}

fn query_source(cursor: &mut Cursor<'_, '_>, analysis: &mut Analysis) {
    let quoted = |kind| matches!(kind, TokenKind::String | TokenKind::HereDoc);
    let quoted = cursor.peek(0).is_some_and(|token| quoted(token.kind));
    let Some(query) = cursor.text().filter(|_| quoted) else {
        return;
    };
    let tokens = super::significant(&super::super::lexer::lex(&query).unwrap_or_default());
    for name in reads::tables(&tokens) {
        analysis.push(Some(name), Role::Reads, ObjectKind::Table);
    }
}

/// Filling a table or a view is a second step, which a repeat skips or doubles.
fn replay(kind: ObjectKind, analysis: &Analysis) -> Replay {
    let flags = &analysis.flags;
    let keeps_data = matches!(kind, ObjectKind::Table | ObjectKind::MaterializedView | ObjectKind::Database);
    if flags.temporary {
        Replay::Silent
    } else if flags.or_replace {
        // A replaced table loses its rows, a replaced user or role its memberships.
        if keeps_data || flags.access { Replay::Silent } else { Replay::Idempotent }
    } else if flags.if_not_exists {
        if analysis.fills { Replay::Silent } else { Replay::Idempotent }
    } else if analysis.verb == Verb::Attach && kind == ObjectKind::Other {
        Replay::Silent
    } else {
        Replay::Loud
    }
}
