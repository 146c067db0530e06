//! `ALTER TABLE` and lightweight `DELETE`: told by the definition, by new mutations, or by the parts.
//!
//! The server changes a definition in one step, before it starts the mutation that follows from it;
//! a mutation is written down before it does anything (`StorageMergeTree::alter`, `::mutate`).

use super::case::{Case, Is, Mutation, Object};
use super::verdict::{Verdict, same_rows, unseen};
use crate::migrate::analyze::{AlterCommand, ObjectKind, ObjectRef, Replay, Role};
use crate::migrate::{self, TokenKind};

use Verdict::{Ask, Done, NotDone, Runs};

/// What shows that a command did its work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Shows {
    /// The definition.
    Definition,
    /// A mutation.
    Mutation,
    /// The parts.
    Parts,
    /// Nothing that is looked at.
    Nothing,
}

fn shows(command: &AlterCommand) -> Shows {
    let action = command.action.as_str();
    let starts = |words: &[&str]| words.iter().any(|word| action.starts_with(word));
    if starts(&["UPDATE", "DELETE", "CLEAR", "MATERIALIZE", "APPLY DELETED MASK", "REWRITE PARTS"]) {
        Shows::Mutation
    } else if starts(&["FREEZE", "UNFREEZE", "FETCH", "FORGET", "DROP DETACHED", "APPLY PATCHES"]) {
        Shows::Nothing
    } else if action.ends_with("PARTITION") || action.ends_with("PART") {
        Shows::Parts
    } else if starts(&["ADD ", "DROP ", "RENAME ", "MODIFY ", "COMMENT ", "ALTER ", "REMOVE ", "RESET "]) {
        Shows::Definition
    } else {
        Shows::Nothing
    }
}

/// Decides for an `ALTER TABLE`.
pub fn decide(case: &Case) -> Verdict {
    let Some(object) = case.analysis.objects.iter().find(|object| object.role == Role::Alters) else {
        return unseen();
    };
    if object.kind != ObjectKind::Table {
        return unseen();
    }
    let (Some(before), Some(now)) = (case.before(object), case.now(object)) else { return unseen() };
    let (was, is) = match (&before.is, &now.is) {
        (_, None) => return Ask(format!("{} does not exist now", now.name)),
        (None, Some(_)) => return NotDone(format!("{} was not there when it was sent", now.name)),
        (Some(was), Some(is)) if was.uuid != is.uuid => {
            return Ask(format!("{} is not the one that was there before", now.name));
        }
        (Some(was), Some(is)) => (was, is),
    };
    let commands = &case.analysis.alters;
    let all = |wanted: Shows| !commands.is_empty() && commands.iter().all(|command| shows(command) == wanted);
    let some = |wanted: Shows| commands.iter().any(|command| shows(command) == wanted);
    if case.analysis.flags.index && commands.is_empty() {
        return by_definition_alone(case, was, is, &now.name);
    }
    if some(Shows::Nothing) || commands.is_empty() {
        return unseen();
    }
    if all(Shows::Parts) {
        return partitions(case, &before, &now);
    }
    if some(Shows::Parts) {
        return unseen();
    }
    let definition = some(Shows::Definition).then(|| by_definition(case, was, is, &now.name));
    let mutation = some(Shows::Mutation).then(|| by_mutation(case, object, was, is));
    match (definition, mutation) {
        (Some(one), None) => followed_up(case, was, &now, one),
        (None, Some(one)) => one,
        (Some(NotDone(one)), Some(NotDone(_))) => NotDone(one),
        (Some(Done(_)), Some(other @ (Done(_) | Runs(_)))) => other,
        (Some(Ask(why)), _) | (_, Some(Ask(why))) => Ask(why),
        _ => Ask(format!("of the changes of {} some are made and others are not", now.name)),
    }
}

/// Decides for a `DELETE FROM`: a mutation, or patch parts where the server is set to those.
pub fn delete(case: &Case) -> Verdict {
    let Some(object) = case.analysis.objects.iter().find(|object| object.role == Role::Writes) else {
        return unseen();
    };
    let (Some(before), Some(now)) = (case.before(object), case.now(object)) else { return unseen() };
    let (Some(was), Some(is)) = (&before.is, &now.is) else { return same_rows(&before, &now, false) };
    match by_mutation(case, object, was, is) {
        NotDone(_) => same_rows(&before, &now, false),
        other => other,
    }
}

/// `CREATE INDEX` and `DROP INDEX`: nothing names the index, so any change of the definition is asked.
fn by_definition_alone(_: &Case, was: &Is, is: &Is, name: &str) -> Verdict {
    if was.says("definition") == is.says("definition") {
        NotDone(format!("the definition of {name} is what it was"))
    } else {
        Ask(format!("the definition of {name} is not what it was"))
    }
}

/// Compares what each command is to change.
fn by_definition(case: &Case, was: &Is, is: &Is, name: &str) -> Verdict {
    if was.says("definition") == is.says("definition") {
        return NotDone(format!("the definition of {name} is what it was"));
    }
    let commands = case.analysis.alters.iter().filter(|command| shows(command) == Shows::Definition);
    // What was so before, and is allowed to be, says nothing.
    let made: Vec<Option<bool>> = commands
        .map(|command| (command, is_made(command, case, was, is)))
        .filter(|(command, made)| made.is_some() || command.replay != Replay::Idempotent)
        .map(|(_, made)| made)
        .collect();
    if made.is_empty() {
        Ask(format!("the definition of {name} was changed since; the statement's own work was there before"))
    } else if made.iter().all(|made| *made == Some(true)) {
        Done(format!("the definition of {name} was changed as the statement says"))
    } else if made.iter().all(|made| *made == Some(false)) {
        NotDone(format!("the definition of {name} was changed since, and not by this statement"))
    } else {
        Ask(format!("the definition of {name} was changed since; whether by this statement is not known"))
    }
}

/// Returns whether a command's own change is there; none where that cannot be told.
fn is_made(command: &AlterCommand, case: &Case, was: &Is, is: &Is) -> Option<bool> {
    let action = command.action.as_str();
    let target = command.target.as_deref();
    let differs = |what| Some(was.says(what) != is.says(what));
    match action {
        "MODIFY ORDER BY" => differs("order_by"),
        "MODIFY SAMPLE BY" | "REMOVE SAMPLE BY" => differs("sample_by"),
        "MODIFY TTL" | "REMOVE TTL" | "MODIFY SETTING" | "RESET SETTING" => differs("engine_full"),
        // The columns of a Nested have other names.
        "ADD COLUMN" if words(&case.sql).iter().any(|word| word == "NESTED") => None,
        "ADD COLUMN" => there(was.columns.contains_key(target?), is.columns.contains_key(target?), true),
        "DROP COLUMN" => there(was.columns.contains_key(target?), is.columns.contains_key(target?), false),
        "RENAME COLUMN" => {
            let new = command.renamed_to.as_deref()?;
            let gone = there(was.columns.contains_key(target?), is.columns.contains_key(target?), false)?;
            let come = there(was.columns.contains_key(new), is.columns.contains_key(new), true)?;
            (gone == come).then_some(gone)
        }
        "MODIFY COLUMN" | "ALTER COLUMN" | "COMMENT COLUMN" => {
            // Where it is what it was, its TTL may be what changed.
            (was.columns.get(target?)? != is.columns.get(target?)?).then_some(true)
        }
        "ADD INDEX" | "ADD CONSTRAINT" | "ADD PROJECTION" => {
            there(was.has_element(target?), is.has_element(target?), true)
        }
        "DROP INDEX" | "DROP CONSTRAINT" | "DROP PROJECTION" => {
            there(was.has_element(target?), is.has_element(target?), false)
        }
        _ => None,
    }
}

/// Returns whether something came (or went) that is to; none where it was so before.
fn there(before: bool, now: bool, wanted: bool) -> Option<bool> {
    (before != wanted).then_some(now == wanted)
}

/// A definition that is changed may have a mutation in its train, which is not over.
fn followed_up(case: &Case, was: &Is, now: &Object, verdict: Verdict) -> Verdict {
    let Done(why) = verdict else { return verdict };
    let newest = was.newest_mutation().unwrap_or(u64::MAX);
    let mut mine = case.mutations.iter().flatten().filter(|one| is_of(one, &now.name) && one.number > newest);
    match mine.rfind(|one| !one.done) {
        Some(mutation) if case.analysis.flags.mutation => under_way(mutation),
        _ => Done(why),
    }
}

fn is_of(mutation: &Mutation, name: &str) -> bool {
    format!("{}.{}", mutation.database, mutation.table) == name
}

fn under_way(mutation: &Mutation) -> Verdict {
    let name = format!("mutation {} of {}.{}", mutation.number, mutation.database, mutation.table);
    if mutation.failure.is_empty() {
        Runs(format!("{name} is not done yet"))
    } else {
        Runs(format!("{name} is not done, and its last attempt failed: {}", mutation.failure))
    }
}

/// Decides by whether there is a new mutation that does what the statement says.
fn by_mutation(case: &Case, object: &ObjectRef, was: &Is, is: &Is) -> Verdict {
    let Some(name) = case.now(object).map(|now| now.name) else { return unseen() };
    let (Some(newest), Some(mutations)) = (was.newest_mutation(), &case.mutations) else {
        return Ask("system.mutations could not be read".to_owned());
    };
    if !is.has_parts() {
        return Ask(format!("{name} is of engine {}, which lists no mutations", is.engine));
    }
    let new: Vec<&Mutation> =
        mutations.iter().filter(|one| is_of(one, &name) && one.number > newest).collect();
    if let Some(mutation) = new.iter().find(|one| does(&one.command, &case.sql)) {
        if !mutation.done {
            return under_way(mutation);
        }
        return Done(format!("{name} has a new mutation that does this: {}", mutation.command));
    }
    if let Some(other) = new.last() {
        return Ask(format!("{name} has a new mutation, which may be this one: {}", other.command));
    }
    if is.mutated() > newest {
        return Ask(format!(
            "parts of {name} went through mutation {}, which is no longer listed: was it killed?",
            is.mutated()
        ));
    }
    NotDone(format!("{name} has no mutation that is newer than those before it"))
}

/// Returns whether the command of a mutation, as the server writes it, is what a statement says:
/// compared word by word, without the brackets that the server adds.
pub fn does(command: &str, sql: &str) -> bool {
    let (command, mut statement) = (words(command), words(sql));
    if let Some(settings) = statement.iter().rposition(|word| word == "SETTINGS") {
        statement.truncate(settings);
    }
    let deletes = ["UPDATE", "_ROW_EXISTS", "=", "0"];
    if statement.starts_with(&["DELETE".to_owned(), "FROM".to_owned()]) {
        let after = |words: &[String]| {
            words.iter().position(|word| word == "WHERE").map(|at| words[at + 1..].to_vec())
        };
        return command.iter().zip(deletes).all(|(one, other)| one == other)
            && after(&command).is_some()
            && after(&command) == after(&statement);
    }
    // What precedes it are `ALTER TABLE` and the name, or commands that are no mutations.
    command.len() > 1 && statement.len() > command.len() && statement.ends_with(&command)
}

fn words(sql: &str) -> Vec<String> {
    let tokens = migrate::lex(sql).unwrap_or_default().into_iter();
    tokens
        .filter(|token| {
            !token.kind.is_trivia()
                && token.kind != TokenKind::Semicolon
                && !token.is_punct("(")
                && !token.is_punct(")")
        })
        .map(|token| match token.kind {
            TokenKind::QuotedIdent => token.text.trim_matches(['`', '"']).to_uppercase(),
            TokenKind::String => token.text.to_owned(),
            _ => token.text.to_uppercase(),
        })
        .collect()
}

/// Partition commands: all tables that they change have the very parts that they had, or it is asked.
fn partitions(case: &Case, before: &Object, now: &Object) -> Verdict {
    let others = case.analysis.objects.iter().filter(|object| object.role == Role::Writes);
    for object in others {
        let (Some(before), Some(now)) = (case.before(object), case.now(object)) else { return unseen() };
        if !before.has_same_rows(&now) {
            return same_rows(&before, &now, false);
        }
    }
    same_rows(before, now, false)
}
