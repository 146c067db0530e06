//! Tells what a statement does: its verb, the objects it touches, and what repeating it would do.
//!
//! Works on tokens, without a grammar: what it does not know is [`Verb::Unknown`] and
//! [`Replay::Silent`], never a guess. Error codes are those of ClickHouse 26.9.

mod alter;
mod create;
mod cursor;
mod reads;
#[cfg(test)]
mod tests;
mod verbs;

use super::lexer::{LexError, Token, lex};
pub use alter::AlterCommand;
use cursor::{Cursor, Name, nest};

/// The kind of statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verb {
    /// `CREATE`, `REPLACE TABLE`.
    Create,
    /// `ATTACH TABLE` and the like.
    Attach,
    /// `ALTER` of anything, access included.
    Alter,
    /// `DROP`.
    Drop,
    /// `DETACH`.
    Detach,
    /// `UNDROP TABLE`.
    Undrop,
    /// `RENAME`.
    Rename,
    /// `EXCHANGE`.
    Exchange,
    /// `TRUNCATE`.
    Truncate,
    /// `INSERT`.
    Insert,
    /// `DELETE FROM`.
    Delete,
    /// `UPDATE`.
    Update,
    /// `OPTIMIZE`.
    Optimize,
    /// `GRANT`.
    Grant,
    /// `REVOKE`.
    Revoke,
    /// `SET`, `SET DEFAULT ROLE`.
    Set,
    /// `USE`.
    Use,
    /// `SYSTEM`.
    System,
    /// `KILL`.
    Kill,
    /// `SELECT`, `SHOW`, `DESCRIBE`, `EXPLAIN`, `EXISTS`, `CHECK`: reads only.
    Read,
    /// `BACKUP`.
    Backup,
    /// `RESTORE`, which makes what the backup has.
    Restore,
    /// `MOVE` of an access entity to another storage.
    Move,
    /// Several statements joined by `PARALLEL WITH`.
    Parallel,
    /// Anything else.
    #[default]
    Unknown,
}

/// What a statement does to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Makes it.
    Creates,
    /// Changes its definition, or its rows by a mutation or a partition command.
    Alters,
    /// Drops or detaches it.
    Drops,
    /// Takes this name away.
    RenamesFrom,
    /// Gives it this name.
    RenamesTo,
    /// Adds, changes or removes rows.
    Writes,
    /// Names it as a source.
    Reads,
}

/// What an object is, as far as the statement says; a view can be read as a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObjectKind {
    /// A table, or what `TABLE` may name besides.
    Table,
    /// A plain, live or window view.
    View,
    /// A materialized view.
    MaterializedView,
    /// A dictionary.
    Dictionary,
    /// A database.
    Database,
    /// A user-defined function.
    Function,
    /// Users, roles, policies, quotas, profiles, named collections, workloads, resources.
    Other,
}

/// An object that a statement names, its quotes decoded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectRef {
    /// Its database, if the name is qualified.
    pub database: Option<String>,
    /// Its own name.
    pub name: String,
    /// What the statement does to it.
    pub role: Role,
    /// What it is.
    pub kind: ObjectKind,
}

/// What repeating a statement that has been done would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Replay {
    /// It fails and changes nothing: the failure proves that it was done.
    Loud,
    /// It succeeds and changes nothing.
    Idempotent,
    /// It succeeds and may change something: never to be repeated unasked.
    #[default]
    Silent,
}

/// Clauses that matter to checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags {
    /// `IF NOT EXISTS` after `CREATE` or `ATTACH`.
    pub if_not_exists: bool,
    /// `IF EXISTS` on the object itself.
    pub if_exists: bool,
    /// `OR REPLACE`, `REPLACE TABLE`.
    pub or_replace: bool,
    /// `SYNC`, `NO DELAY`.
    pub sync: bool,
    /// `ON CLUSTER`.
    pub on_cluster: bool,
    /// It may leave an entry in `system.mutations`.
    pub mutation: bool,
    /// `TEMPORARY`: of no effect beyond the request.
    pub temporary: bool,
    /// It is about users, roles, grants, policies, quotas or profiles.
    pub access: bool,
    /// A window view, which writes to the table after its `TO`.
    pub window: bool,
    /// `EXECUTE AS` another user.
    pub impersonates: bool,
    /// It is `CREATE INDEX` or `DROP INDEX`, which alter their table.
    pub index: bool,
}

/// What a statement does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Analysis {
    /// Its kind.
    pub verb: Verb,
    /// The objects that it names, in order.
    pub objects: Vec<ObjectRef>,
    /// What repeating it would do.
    pub replay: Replay,
    /// Its clauses.
    pub flags: Flags,
    /// The commands of an `ALTER TABLE`.
    pub alters: Vec<AlterCommand>,
    /// Whether it also fills what it creates: `AS SELECT`, `POPULATE`, `CLONE AS`.
    pub fills: bool,
}

impl Analysis {
    fn push(&mut self, name: Option<Name>, role: Role, kind: ObjectKind) {
        if let Some((database, name)) = name {
            self.objects.push(ObjectRef { database, name, role, kind });
        }
    }
}

/// Analyses the text of one statement.
///
/// # Errors
/// The text is no sequence of tokens.
pub fn analyze_sql(sql: &str) -> Result<Analysis, LexError> {
    Ok(analyze(&lex(sql)?))
}

/// Analyses the tokens of one statement, with or without white space and comments.
#[must_use]
pub fn analyze(tokens: &[Token<'_>]) -> Analysis {
    let tokens = significant(tokens);
    let parts = parallel_parts(&tokens);
    if let [only] = parts.as_slice() {
        return verbs::one(Cursor::new(only));
    }
    let mut whole = Analysis { verb: Verb::Parallel, ..Analysis::default() };
    let mut replays = Vec::new();
    for part in parts {
        let mut one = verbs::one(Cursor::new(part));
        replays.push(one.replay);
        whole.objects.append(&mut one.objects);
        whole.alters.append(&mut one.alters);
        whole.flags.mutation |= one.flags.mutation;
        whole.flags.on_cluster |= one.flags.on_cluster;
        whole.flags.access |= one.flags.access;
        whole.flags.impersonates |= one.flags.impersonates;
        whole.fills |= one.fills;
    }
    // The parts run side by side: a failure of one says nothing about the others.
    let idempotent = replays.iter().all(|replay| *replay == Replay::Idempotent);
    whole.replay = if idempotent { Replay::Idempotent } else { Replay::Silent };
    whole
}

/// Analyses the parts that `PARALLEL WITH` joins each by itself, with their tokens without white
/// space and comments; one for every other statement.
pub(super) fn each<T>(tokens: &[Token<'_>], mut read: impl FnMut(&Analysis, &[Token<'_>]) -> T) -> Vec<T> {
    let tokens = significant(tokens);
    parallel_parts(&tokens).into_iter().map(|part| read(&verbs::one(Cursor::new(part)), part)).collect()
}

/// Drops white space, comments and `;`.
fn significant<'a>(tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    tokens.iter().filter(|token| !token.kind.is_trivia() && token.text != ";").copied().collect()
}

fn parallel_parts<'t, 'a>(tokens: &'t [Token<'a>]) -> Vec<&'t [Token<'a>]> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0);
    for (at, token) in tokens.iter().enumerate() {
        depth = nest(depth, token);
        let joins = token.is_word("PARALLEL") && tokens.get(at + 1).is_some_and(|next| next.is_word("WITH"));
        if depth == 0 && joins {
            parts.push(tokens.get(start..at).unwrap_or_default());
            start = at + 2;
        }
    }
    parts.push(tokens.get(start..).unwrap_or_default());
    parts
}

/// Reads the kind of an access entity; `SETTINGS PROFILE`, `ROW POLICY` and the like are two words.
fn access_kind(cursor: &mut Cursor<'_, '_>) -> bool {
    const KINDS: [&str; 8] =
        ["USER", "ROLE", "ROW POLICY", "POLICY", "MASKING POLICY", "QUOTA", "SETTINGS PROFILE", "PROFILE"];
    cursor.eat_any(&KINDS).is_some()
}
