//! Whether a statement did its work, judged by what was there before it and what is there now.
//!
//! Pure: a statement, what was recorded with its start, what the server knows of its query, and the
//! objects as they are. What is not proved either way is asked; an `INSERT` whose table has other
//! parts than before is not proved by counting, since somebody else may have written them.

use super::alter;
use super::case::{Case, Logged, Object, Running};
use crate::migrate::analyze::{Analysis, ObjectKind, ObjectRef, Role, Verb};

/// What is known of a statement whose end was never recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It did its work; why that is known.
    Done(String),
    /// It did nothing; why that is known.
    NotDone(String),
    /// It, or a mutation that it started, is still at work.
    Runs(String),
    /// Nobody knows, and why not.
    Ask(String),
}

use Verdict::{Ask, Done, NotDone, Runs};

/// Decides.
pub fn decide(case: &Case) -> Verdict {
    match &case.running {
        Running::Yes { elapsed } => {
            return Runs(format!("the server still runs it, for {elapsed} s now"));
        }
        Running::No | Running::Unread => {}
    }
    match &case.logged {
        Logged::Finished { rows } => {
            return Done(match rows {
                0 => "the server's log says that it finished".to_owned(),
                rows => format!("the server's log says that it finished, having written {rows} rows"),
            });
        }
        Logged::Refused { error } => {
            return NotDone(format!("the server refused it before it began: {error}"));
        }
        Logged::Failed { .. } | Logged::Begun | Logged::Nothing | Logged::Unread => {}
    }
    if case.edited {
        return Ask(
            "the statement was edited since it was started: what is there cannot be compared with it"
                .to_owned(),
        );
    }
    let verdict = by_objects(case);
    match (&verdict, &case.running) {
        // A query that has not ended may change things at any moment after they were looked at.
        (NotDone(_), Running::Unread) => {
            Ask("charter's user may not read system.processes: whether it still runs is not known".to_owned())
        }
        _ => verdict,
    }
}

/// Decides by what is there.
fn by_objects(case: &Case) -> Verdict {
    let analysis = &case.analysis;
    if analysis.flags.temporary {
        return NotDone("what it makes does not outlive its session".to_owned());
    }
    if case.before.is_none() || case.now.is_none() {
        let what = if case.before.is_none() {
            "what was there before it was not recorded"
        } else {
            "what is there cannot be read"
        };
        return Ask(what.to_owned());
    }
    match analysis.verb {
        Verb::Create | Verb::Attach | Verb::Undrop => create(case),
        Verb::Drop | Verb::Detach if analysis.flags.index => alter::decide(case),
        Verb::Drop | Verb::Detach => drop_any(case),
        Verb::Rename | Verb::Exchange => rename(case),
        Verb::Truncate => truncate(case),
        Verb::Insert | Verb::Update => write(case),
        Verb::Delete => alter::delete(case),
        Verb::Alter => alter::decide(case),
        Verb::Grant
        | Verb::Revoke
        | Verb::Set
        | Verb::Use
        | Verb::System
        | Verb::Kill
        | Verb::Read
        | Verb::Optimize
        | Verb::Backup
        | Verb::Restore
        | Verb::Move
        | Verb::Parallel
        | Verb::Unknown => Ask("nothing that it leaves behind can be looked at".to_owned()),
    }
}

/// Returns the objects in a role.
fn in_role(analysis: &Analysis, role: Role) -> Vec<&ObjectRef> {
    analysis.objects.iter().filter(|object| object.role == role).collect()
}

fn create(case: &Case) -> Verdict {
    let created = in_role(&case.analysis, Role::Creates);
    let [object] = created[..] else {
        return unseen();
    };
    let (Some(before), Some(now)) = (case.before(object), case.now(object)) else { return unseen() };
    let name = &now.name;
    let replaces = case.analysis.flags.or_replace;
    match (&before.is, &now.is) {
        (_, None) => NotDone(format!("{name} does not exist")),
        (None, Some(_)) if case.analysis.fills && !replaces => {
            Ask(format!("{name} exists now; whether all of its rows are there is not known"))
        }
        (None, Some(is)) => match case.columns_asked().filter(|_| !is.columns.is_empty()) {
            Some(asked) if !asked.iter().all(|column| is.columns.contains_key(column)) => {
                Ask(format!("{name} exists now, with other columns than the statement gives it"))
            }
            _ => Done(format!("{name} exists; it did not before")),
        },
        (Some(before), Some(now)) if before.is_same(now) => {
            NotDone(format!("{name} is the one that was there before"))
        }
        (Some(_), Some(_)) if replaces => Done(format!("{name} is not the one that was there before")),
        (Some(_), Some(_)) => Ask(format!("{name} is not the one that was there before")),
    }
}

fn drop_any(case: &Case) -> Verdict {
    let dropped = in_role(&case.analysis, Role::Drops);
    let mut gone = Vec::new();
    let mut there = Vec::new();
    for object in &dropped {
        let (Some(before), Some(now)) = (case.before(object), case.now(object)) else { return unseen() };
        match (&before.is, &now.is) {
            (Some(_), None) => gone.push(now.name),
            (Some(before), Some(now_is)) if !before.is_same(now_is) => {
                return Ask(format!("{} is not the one that was there before", now.name));
            }
            _ => there.push(now.name),
        }
    }
    match (&gone[..], &there[..]) {
        ([], []) => unseen(),
        (gone, []) => Done(format!("{} was there before, and is gone", gone.join(", "))),
        ([], there) => NotDone(format!("{} is what it was before", there.join(", "))),
        (gone, there) => Ask(format!("{} is gone, and {} is not", gone.join(", "), there.join(", "))),
    }
}

fn rename(case: &Case) -> Verdict {
    let from = in_role(&case.analysis, Role::RenamesFrom);
    let to = in_role(&case.analysis, Role::RenamesTo);
    if from.is_empty() || from.len() != to.len() {
        return unseen();
    }
    let (mut moved, mut stayed) = (true, true);
    for (from, to) in from.into_iter().zip(to) {
        let (Some(old), Some(new), Some(old_now), Some(new_now)) =
            (case.before(from), case.before(to), case.now(from), case.now(to))
        else {
            return unseen();
        };
        let same = |a: &Object, b: &Object| a.uuid().is_some() && a.uuid() == b.uuid();
        moved &= same(&old, &new_now);
        if case.analysis.verb == Verb::Exchange {
            moved &= same(&new, &old_now);
        }
        stayed &= same(&old, &old_now) && (new.is.is_none() == new_now.is.is_none());
    }
    match (moved, stayed) {
        (true, false) => Done("what had the old name has the new one".to_owned()),
        (false, true) => NotDone("what had the old name still has it".to_owned()),
        _ => Ask("the names are neither as before nor as the statement makes them".to_owned()),
    }
}

fn truncate(case: &Case) -> Verdict {
    let written = in_role(&case.analysis, Role::Writes);
    let [object] = written[..] else { return unseen() };
    if object.kind == ObjectKind::Database {
        return unseen();
    }
    match (case.before(object), case.now(object)) {
        (Some(before), Some(now)) if before.rows() == Some(0) && now.rows() == Some(0) => {
            NotDone(format!("{} had no rows, and has none", now.name))
        }
        (Some(before), Some(now)) if before.has_same_rows(&now) => {
            NotDone(format!("{} has the rows that it had", now.name))
        }
        (Some(_), Some(now)) if now.rows() == Some(0) => Done(format!("{} had rows, and has none", now.name)),
        (Some(before), Some(now)) => Ask(rows_differ(&before, &now)),
        _ => unseen(),
    }
}

/// `INSERT`, and a lightweight `UPDATE`: each makes parts.
fn write(case: &Case) -> Verdict {
    let written = in_role(&case.analysis, Role::Writes);
    let [object] = written[..] else { return unseen() };
    let (Some(before), Some(now)) = (case.before(object), case.now(object)) else { return unseen() };
    same_rows(&before, &now, false)
}

/// Decides by whether a table has the very parts that it had: whatever writes makes one.
pub fn same_rows(before: &Object, now: &Object, certain: bool) -> Verdict {
    match (&before.is, &now.is) {
        (None, None) => NotDone(format!("{} does not exist", now.name)),
        (Some(was), Some(is)) if was.uuid != is.uuid => {
            Ask(format!("{} is not the one that was there before", now.name))
        }
        (Some(_), Some(_)) if before.has_same_rows(now) => {
            NotDone(format!("{} has the very parts that it had ({})", now.name, now.size()))
        }
        (Some(_), Some(is)) if before.rows().is_none() || now.rows().is_none() => {
            Ask(format!("{} is a table of engine {}, whose rows are not counted", now.name, is.engine))
        }
        (Some(_), Some(_)) if certain => Done(rows_differ(before, now)),
        (Some(_), Some(_)) => Ask(rows_differ(before, now)),
        _ => Ask(format!("{} came or went", now.name)),
    }
}

fn rows_differ(before: &Object, now: &Object) -> String {
    format!(
        "{} had {} and has {}, which may be this statement's work or another writer's",
        now.name,
        before.size(),
        now.size()
    )
}

/// Returns that nothing can be looked at.
pub fn unseen() -> Verdict {
    Ask("charter does not know how to see what it does".to_owned())
}
