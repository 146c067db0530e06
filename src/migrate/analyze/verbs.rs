//! Classifies a statement by its first word; `CREATE` and `ALTER TABLE` have modules of their own.

use super::cursor::{Cursor, by_commas};
use super::{Analysis, ObjectKind, Replay, Role, Verb, access_kind, alter, create, reads};

const READS: [&str; 13] = [
    "SELECT", "WITH", "FROM", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "EXISTS", "CHECK", "VALUES", "TABLE",
    "HELP", "WATCH",
];

/// Analyses one statement without `PARALLEL WITH`.
pub(super) fn one(mut cursor: Cursor<'_, '_>) -> Analysis {
    let mut analysis = Analysis::default();
    // What follows is done with the rights of another user; done it is all the same.
    while cursor.eat("EXECUTE AS") {
        analysis.flags.impersonates = true;
        cursor.ident();
    }
    let simple = [
        ("BACKUP", Verb::Backup),
        ("RESTORE", Verb::Restore),
        ("MOVE", Verb::Move),
        ("GRANT", Verb::Grant),
        ("REVOKE", Verb::Revoke),
        ("SET", Verb::Set),
        ("USE", Verb::Use),
        ("SYSTEM", Verb::System),
        ("KILL", Verb::Kill),
    ];
    let reads = cursor.peek(0).is_some_and(|token| token.is_punct("("))
        || READS.iter().any(|word| cursor.sees(word)) && !cursor.sees("CHECK GRANT ON");
    if reads {
        read(cursor, &mut analysis);
    } else if cursor.sees("REPLACE") || cursor.eat("CREATE") {
        analysis.verb = Verb::Create;
        analysis.flags.window = cursor.sees("WINDOW") || cursor.sees("OR REPLACE WINDOW");
        create::create(cursor, &mut analysis);
    } else if cursor.eat("ATTACH") {
        analysis.verb = Verb::Attach;
        create::create(cursor, &mut analysis);
    } else if cursor.eat("ALTER") {
        analysis.verb = Verb::Alter;
        alter_any(cursor, &mut analysis);
    } else if let Some(word) = cursor.eat_any(&["DROP", "DETACH", "UNDROP", "TRUNCATE"]) {
        drop_any(word, cursor, &mut analysis);
    } else if let Some(word) = cursor.eat_any(&["RENAME", "EXCHANGE"]) {
        rename(word, cursor, &mut analysis);
    } else if let Some(word) = cursor.eat_any(&["INSERT", "DELETE FROM", "UPDATE", "OPTIMIZE"]) {
        write(word, cursor, &mut analysis);
    } else if let Some((_, verb)) = simple.into_iter().find(|(word, _)| cursor.eat(word)) {
        other(verb, cursor, &mut analysis);
    }
    analysis
}

/// A read changes nothing; what a query reads is named all the same, as it must be there.
fn read(cursor: Cursor<'_, '_>, analysis: &mut Analysis) {
    // `WITH x AS (…) INSERT INTO …` is accepted by newer servers.
    let mut main = cursor;
    if cursor.sees("WITH") && main.seek(&["INSERT INTO", "SELECT"]) == Some("INSERT INTO") {
        main.eat("INSERT");
        return write("INSERT", main, analysis);
    }
    analysis.verb = Verb::Read;
    analysis.replay = Replay::Idempotent;
    let query = cursor.peek(0).is_some_and(|token| token.is_punct("("))
        || ["SELECT", "WITH", "FROM"].iter().any(|word| cursor.sees(word));
    for name in if query { reads::tables(cursor.rest()) } else { Vec::new() } {
        analysis.push(Some(name), Role::Reads, ObjectKind::Table);
    }
}

fn other(verb: Verb, mut cursor: Cursor<'_, '_>, analysis: &mut Analysis) {
    analysis.verb = verb;
    analysis.flags.access = matches!(verb, Verb::Grant | Verb::Revoke | Verb::Move)
        || cursor.sees("DEFAULT ROLE")
        || verb == Verb::Set && cursor.sees("ROLE");
    // Granting what is granted changes nothing, with `WITH REPLACE OPTION` as well.
    if matches!(verb, Verb::Grant | Verb::Revoke) || cursor.sees("DEFAULT ROLE") {
        analysis.replay = Replay::Idempotent;
    }
    analysis.flags.on_cluster = cursor.seek(&["ON CLUSTER"]).is_some();
}

fn alter_any(mut cursor: Cursor<'_, '_>, analysis: &mut Analysis) {
    analysis.flags.temporary = cursor.eat("TEMPORARY");
    if cursor.eat("TABLE") {
        analysis.flags.if_exists = cursor.eat("IF EXISTS");
        analysis.push(cursor.name(), Role::Alters, ObjectKind::Table);
        cluster(&mut cursor, analysis);
        alter::commands(&cursor, analysis);
        if analysis.flags.temporary {
            analysis.replay = Replay::Silent;
        }
    } else if cursor.eat("DATABASE") {
        let name = cursor.ident().map(|name| (None, name));
        analysis.push(name, Role::Alters, ObjectKind::Database);
        cluster(&mut cursor, analysis);
        if cursor.sees("MODIFY SETTING") || cursor.sees("MODIFY COMMENT") {
            analysis.replay = Replay::Idempotent;
        }
    } else if cursor.eat("NAMED COLLECTION") {
        analysis.flags.if_exists = cursor.eat("IF EXISTS");
        let name = cursor.ident().map(|name| (None, name));
        analysis.push(name, Role::Alters, ObjectKind::Other);
    } else if access_kind(&mut cursor) {
        analysis.flags.access = true;
        analysis.flags.if_exists = cursor.eat("IF EXISTS");
        let name = cursor.ident().map(|name| (None, name));
        analysis.push(name, Role::Alters, ObjectKind::Other);
        analysis.flags.on_cluster = cursor.seek(&["ON CLUSTER"]).is_some();
    }
}

fn cluster(cursor: &mut Cursor<'_, '_>, analysis: &mut Analysis) {
    if cursor.eat("ON CLUSTER") {
        analysis.flags.on_cluster = true;
        cursor.ident();
    }
}

/// `DROP`, `DETACH`, `UNDROP` and `TRUNCATE` of one or more objects.
fn drop_any(word: &str, mut cursor: Cursor<'_, '_>, analysis: &mut Analysis) {
    let (verb, role) = match word {
        "DROP" => (Verb::Drop, Role::Drops),
        "DETACH" => (Verb::Detach, Role::Drops),
        "UNDROP" => (Verb::Undrop, Role::Creates),
        _ => (Verb::Truncate, Role::Writes),
    };
    analysis.verb = verb;
    analysis.flags.temporary = cursor.eat("TEMPORARY");
    let all_tables = verb == Verb::Truncate && (cursor.eat("ALL TABLES FROM") || cursor.eat("TABLES FROM"));
    let kind =
        if all_tables { Some(ObjectKind::Database) } else { dropped_kind(&mut cursor, verb, analysis) };
    let Some(kind) = kind else { return };
    analysis.flags.if_exists = cursor.eat("IF EXISTS") || cursor.eat("IF EMPTY") && cursor.eat("IF EXISTS");
    if analysis.flags.index {
        cursor.ident();
        let on = cursor.eat("ON");
        analysis.push(cursor.name().filter(|_| on), Role::Alters, ObjectKind::Table);
        analysis.flags.mutation = true;
    } else {
        dropped_names(&mut cursor, role, kind, analysis);
    }
    let mut tail = cursor;
    analysis.flags.on_cluster = tail.seek(&["ON CLUSTER"]).is_some();
    tail = cursor;
    analysis.flags.sync = tail.seek(&["SYNC", "NO DELAY"]).is_some();
    analysis.replay = match verb {
        _ if analysis.flags.temporary => Replay::Silent,
        Verb::Truncate => Replay::Silent,
        _ if analysis.flags.if_exists => Replay::Idempotent,
        _ => Replay::Loud,
    };
}

fn dropped_kind(cursor: &mut Cursor<'_, '_>, verb: Verb, analysis: &mut Analysis) -> Option<ObjectKind> {
    let kinds: [(&str, ObjectKind); 10] = [
        ("TABLE", ObjectKind::Table),
        ("VIEW", ObjectKind::View),
        ("DICTIONARY", ObjectKind::Dictionary),
        ("DATABASE", ObjectKind::Database),
        ("FUNCTION", ObjectKind::Function),
        ("NAMED COLLECTION", ObjectKind::Other),
        ("WORKLOAD", ObjectKind::Other),
        ("RESOURCE", ObjectKind::Other),
        ("INDEX", ObjectKind::Other),
        ("MATERIALIZED VIEW", ObjectKind::MaterializedView),
    ];
    if let Some((word, kind)) = kinds.into_iter().find(|(word, _)| cursor.eat(word)) {
        analysis.flags.index = word == "INDEX";
        return Some(kind);
    }
    analysis.flags.access = access_kind(cursor);
    // `TRUNCATE t` needs no keyword.
    if analysis.flags.access {
        Some(ObjectKind::Other)
    } else {
        (verb == Verb::Truncate).then_some(ObjectKind::Table)
    }
}

fn dropped_names(cursor: &mut Cursor<'_, '_>, role: Role, kind: ObjectKind, analysis: &mut Analysis) {
    loop {
        let name = match kind {
            ObjectKind::Database | ObjectKind::Function | ObjectKind::Other => {
                cursor.ident().map(|name| (None, name))
            }
            _ => cursor.name(),
        };
        analysis.push(name, role, kind);
        if !cursor.eat_punct(",") {
            return;
        }
    }
}

/// `RENAME a TO b, …` and `EXCHANGE TABLES a AND b, …`.
fn rename(word: &str, mut cursor: Cursor<'_, '_>, analysis: &mut Analysis) {
    let (verb, joiner) = if word == "RENAME" { (Verb::Rename, "TO") } else { (Verb::Exchange, "AND") };
    analysis.verb = verb;
    let kind = match cursor.eat_any(&["TABLES", "TABLE", "DICTIONARIES", "DICTIONARY", "DATABASE"]) {
        Some("DICTIONARIES" | "DICTIONARY") => ObjectKind::Dictionary,
        Some("DATABASE") => ObjectKind::Database,
        _ => ObjectKind::Table,
    };
    analysis.flags.if_exists = cursor.eat("IF EXISTS");
    let mut tail = cursor;
    analysis.flags.on_cluster = tail.seek(&["ON CLUSTER"]).is_some();
    let (mut from, mut to) = (Vec::new(), Vec::new());
    for pair in by_commas(cursor.rest()) {
        let mut pair = Cursor::new(pair);
        // A pair may have an `IF EXISTS` of its own.
        pair.eat("IF EXISTS");
        from.extend(pair.name());
        if pair.eat(joiner) {
            to.extend(pair.name());
        }
    }
    // A name that is taken and given in one statement is there again: a repeat would not fail.
    let swaps = from.iter().any(|name| to.contains(name));
    for (old, new) in from.into_iter().zip(to) {
        analysis.push(Some(old), Role::RenamesFrom, kind);
        analysis.push(Some(new), Role::RenamesTo, kind);
    }
    analysis.replay = match verb {
        Verb::Exchange => Replay::Silent,
        _ if swaps => Replay::Silent,
        _ if analysis.flags.if_exists => Replay::Idempotent,
        _ => Replay::Loud,
    };
}

/// `INSERT`, lightweight `DELETE` and `UPDATE`, `OPTIMIZE`.
fn write(word: &str, mut cursor: Cursor<'_, '_>, analysis: &mut Analysis) {
    analysis.verb = match word {
        "INSERT" => Verb::Insert,
        "DELETE FROM" => Verb::Delete,
        "UPDATE" => Verb::Update,
        _ => Verb::Optimize,
    };
    if word == "INSERT" {
        cursor.eat("INTO");
    }
    if word == "INSERT" || word == "OPTIMIZE" {
        cursor.eat("TABLE");
    }
    let function = word == "INSERT" && cursor.eat("FUNCTION");
    if !function {
        analysis.push(cursor.name(), Role::Writes, ObjectKind::Table);
    }
    cluster(&mut cursor, analysis);
    if word == "OPTIMIZE" {
        analysis.replay = Replay::Idempotent;
        return;
    }
    // A lightweight update writes patch parts; where they are not enabled it fails.
    analysis.flags.mutation = word == "DELETE FROM";
    if word != "INSERT" || cursor.seek(&["SELECT", "WITH", "FROM"]).is_some() {
        for name in reads::tables(cursor.rest()) {
            analysis.push(Some(name), Role::Reads, ObjectKind::Table);
        }
    }
}
