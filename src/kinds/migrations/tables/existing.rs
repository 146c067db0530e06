//! `CREATE … IF NOT EXISTS` of a table that is there already: it does nothing, and says nothing.
//!
//! What is there is compared with what the statement asks for, as far as its text tells: the names
//! of columns for certain, types where both are written in full, the engine. A table that is not what
//! was asked for is told, before and after, and is never recorded as what the migration made.

use std::collections::{BTreeMap, BTreeSet};

use super::{Table, findings};
use crate::kinds::World;
use crate::kinds::common::migration::KIND;
use crate::kinds::migrations::import::IMPORTED;
use crate::kinds::migrations::ledger::is_done;
use crate::kinds::migrations::number;
use crate::migrate::analyze::{Analysis, ObjectKind, Role, Verb};
use crate::migrate::look::{Look, authored, same_type, type_text};
use crate::migrate::{analyze_sql, lex};
use crate::model::finding::{Category, Finding, Severity};
use crate::model::{Attrs, Resource, Value};

/// The attribute, beside what the ledger says of a file, that has what is in its way.
const EXISTING: &str = "existing";

/// How what is there compares with what is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    Same,
    Differs(String, String),
    Unknown(&'static str),
}

/// Returns the analyses of the statements of a file that may matter here, with their indices.
fn analyses(resource: &Resource) -> Vec<(usize, &str, Analysis)> {
    let statements = resource.attrs.get("statements").map_or(&[][..], Value::items).iter().enumerate();
    let texts = statements.filter_map(|(at, statement)| Some((at, statement.get("sql")?.as_str()?)));
    let relevant = texts.filter(|(_, text)| {
        ["exists", "drop", "rename", "exchange", "detach"].iter().any(|word| contains(text, word))
    });
    relevant.filter_map(|(at, text)| Some((at, text, analyze_sql(text).ok()?))).collect()
}

fn contains(text: &str, word: &str) -> bool {
    text.as_bytes().windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}

/// Returns the object that a statement makes where it is not there: its database, if named, and name.
fn made(analysis: &Analysis) -> Option<(Option<&str>, &str)> {
    let flags = &analysis.flags;
    if analysis.verb != Verb::Create || !flags.if_not_exists || flags.temporary {
        return None;
    }
    let object = analysis.objects.iter().find(|object| object.role == Role::Creates)?;
    let table = match object.kind {
        ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView | ObjectKind::Dictionary => true,
        ObjectKind::Database | ObjectKind::Function | ObjectKind::Other => false,
    };
    table.then_some((object.database.as_deref(), &*object.name))
}

/// Returns the names of the tables that declared files make where they are not there.
pub fn names(wanted: &[&Resource]) -> BTreeSet<String> {
    let analyses = wanted.iter().flat_map(|resource| analyses(resource));
    analyses.filter_map(|(_, _, analysis)| made(&analysis).map(|(_, name)| name.to_owned())).collect()
}

/// Adds to what the ledger says of each file what its `IF NOT EXISTS` find there already, and to what
/// must not be recorded (`drifted`) the tables that are not what was asked for.
pub fn attach(observed: &mut BTreeMap<String, Attrs>, world: &World) {
    let there: BTreeMap<(&str, &str), Table> = Table::all(world)
        .filter(|table| table.is_there() && !matches!(table.text("live_columns"), "" | "[]"))
        .map(|table| ((table.text("database"), table.text("table")), table))
        .collect();
    if there.is_empty() {
        return;
    }
    let all = world.desired.resources.values().filter(|resource| resource.kind == KIND);
    let mut files: Vec<&Resource> =
        all.filter(|resource| observed.contains_key(&resource.identity)).collect();
    files.sort_by_key(|file| (file.text("tenant"), file.text("folder"), number(&file.attrs, "version")));
    let mut touching: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for pair in files.iter().flat_map(|file| findings::touched(file).into_iter().collect::<BTreeSet<_>>()) {
        *touching.entry(pair).or_default() += 1;
    }
    let mut gone: BTreeSet<(String, String)> = BTreeSet::new();
    let mut foreign: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for file in files {
        let Some(live) = observed.get_mut(&file.identity) else { continue };
        let mut found = Vec::new();
        for (at, sql, analysis) in analyses(file) {
            let pending = !is_applied(live, at);
            let database = |named: Option<&str>| named.unwrap_or_else(|| current(file)).to_owned();
            if let Some((named, name)) = made(&analysis) {
                let key = (database(named), name.to_owned());
                let Some(table) = there.get(&(&*key.0, &*key.1)).filter(|_| !gone.contains(&key)) else {
                    continue;
                };
                let alone = pending || touching.get(&(&*key.0, &*key.1)).is_none_or(|files| *files < 2);
                if !pending && (table.is_recorded() || live_status(live) != "applied") {
                    continue;
                }
                let verdict = if alone { judge(sql, &table.live_columns()) } else { Verdict::Unknown(LATER) };
                if verdict != Verdict::Same && !table.is_recorded() {
                    foreign.entry(file.text("tenant")).or_default().insert(table.name());
                }
                if pending || verdict != Verdict::Same {
                    found.push(value(at, pending, table, &verdict));
                }
            } else if pending {
                let leaves = |role| matches!(role, Role::Drops | Role::RenamesFrom);
                let leaving = analysis.objects.iter().filter(|object| leaves(object.role));
                gone.extend(
                    leaving.map(|object| (database(object.database.as_deref()), object.name.clone())),
                );
            }
        }
        if !found.is_empty() {
            live.insert(EXISTING.to_owned(), Value::List(found));
        }
    }
    for (identity, live) in observed {
        let Some(tables) = identity.split('|').next().and_then(|tenant| foreign.get(tenant)) else {
            continue;
        };
        let known = live.get("drifted").map_or(&[][..], Value::items).iter().filter_map(Value::as_str);
        let all: BTreeSet<String> = known.map(str::to_owned).chain(tables.iter().cloned()).collect();
        live.insert("drifted".to_owned(), Value::strings(all));
    }
}

const LATER: &str = "other files alter it as well";

impl Table<'_> {
    fn live_columns(&self) -> (Look, String) {
        (Look::read(self.text("live_columns"), ""), self.text("live_engine").to_owned())
    }
}

fn current(file: &Resource) -> &str {
    Some(file.text("database")).filter(|database| !database.is_empty()).unwrap_or("default")
}

fn live_status(live: &Attrs) -> &str {
    live.get("status").and_then(Value::as_str).unwrap_or_default()
}

/// Returns whether a statement is applied: with its whole file, by its own event, or by another runner.
fn is_applied(live: &Attrs, at: usize) -> bool {
    let events = live.get("events").map_or(&[][..], Value::items);
    #[expect(clippy::cast_precision_loss, reason = "a count of statements")]
    let number = (at + 1) as f64;
    let event = events.iter().find(|event| event.get("statement").and_then(Value::as_f64) == Some(number));
    let status = event.and_then(|event| event.get("status")).and_then(Value::as_str).unwrap_or_default();
    let elsewhere = live.contains_key(IMPORTED);
    is_done(live) || elsewhere || matches!(status, "applied" | "skipped" | "baselined")
}

/// Compares what a statement asks for with the columns and the engine that are there.
fn judge(sql: &str, (look, engine): &(Look, String)) -> Verdict {
    let asked = authored(sql);
    let bare = |engine: &str| {
        let engine =
            engine.strip_prefix("Replicated").or_else(|| engine.strip_prefix("Shared")).unwrap_or(engine);
        engine.to_owned()
    };
    if !asked.engine.is_empty()
        && engine.ends_with("View") == asked.engine.ends_with("View")
        && bare(&asked.engine) != bare(engine)
    {
        return Verdict::Differs(format!("engine {}", asked.engine), format!("engine {engine}"));
    }
    let Some(columns) = asked.columns else { return Verdict::Unknown("the statement lists no columns") };
    let is_nested = |ty: Option<&str>| ty.is_some_and(|ty| type_text(ty).starts_with("Nested("));
    let group = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let nested: BTreeSet<&str> =
        columns.iter().filter(|column| is_nested(column.ty.as_deref())).map(|column| &*column.name).collect();
    let mut names: Vec<String> = look
        .columns
        .iter()
        .map(|column| {
            let group = group(&column.name);
            if nested.contains(&*group) { group } else { column.name.clone() }
        })
        .collect();
    names.dedup();
    let wanted: Vec<&str> = columns.iter().map(|column| &*column.name).collect();
    if names != wanted {
        return Verdict::Differs(
            format!("columns {}", wanted.join(", ")),
            format!("columns {}", names.join(", ")),
        );
    }
    let mut verdict = Verdict::Same;
    for column in columns.iter().filter(|column| !nested.contains(&*column.name)) {
        let there = look.columns.iter().find(|there| there.name == column.name);
        let (Some(ty), Some(there)) = (&column.ty, there) else {
            verdict = Verdict::Unknown("the server infers a type");
            continue;
        };
        if !same_type(ty, &there.ty) {
            if is_plain(ty) {
                let name = &column.name;
                return Verdict::Differs(format!("{name} {ty}"), format!("{name} {}", there.ty));
            }
            verdict = Verdict::Unknown("a type is written in another form than the server's");
        }
    }
    verdict
}

/// The words of types that are written as the server writes them.
const PLAIN: [&str; 16] = [
    "String",
    "FixedString",
    "Date",
    "Date32",
    "DateTime",
    "DateTime64",
    "Array",
    "Nullable",
    "LowCardinality",
    "Map",
    "UUID",
    "IPv4",
    "IPv6",
    "Bool",
    "Decimal",
    "Tuple",
];

/// Returns whether a type is written so that another text is another type.
fn is_plain(ty: &str) -> bool {
    let normal = type_text(ty);
    let is_number = |word: &str| {
        ["UInt", "Int", "Float"].iter().any(|kind| {
            word.strip_prefix(kind)
                .is_some_and(|bits| !bits.is_empty() && bits.bytes().all(|byte| byte.is_ascii_digit()))
        })
    };
    lex(&normal).is_ok_and(|tokens| {
        let mut words = tokens.iter().filter(|token| token.kind == crate::migrate::TokenKind::Word);
        words.all(|token| PLAIN.contains(&token.text) || is_number(token.text))
    })
}

fn value(at: usize, pending: bool, table: &Table, verdict: &Verdict) -> Value {
    let (kind, expected, found) = match verdict {
        Verdict::Same => ("same", "its columns".to_owned(), "the same columns".to_owned()),
        Verdict::Differs(expected, found) => ("differs", expected.clone(), found.clone()),
        Verdict::Unknown(why) => {
            ("unknown", "a table of its making".to_owned(), format!("one that cannot be compared: {why}"))
        }
    };
    #[expect(clippy::cast_precision_loss, reason = "a count of statements")]
    let statement = (at + 1) as f64;
    Value::Map(BTreeMap::from([
        ("statement".to_owned(), Value::Number(statement)),
        ("table".to_owned(), table.name().into()),
        ("pending".to_owned(), Value::Bool(pending)),
        ("verdict".to_owned(), kind.into()),
        ("expected".to_owned(), expected.into()),
        ("found".to_owned(), found.into()),
    ]))
}

/// Tells of the tables that a file's `IF NOT EXISTS` finds there already.
pub fn found(wanted: &Resource, live: &Attrs) -> Vec<Finding> {
    let items = live.get(EXISTING).map_or(&[][..], Value::items);
    items.iter().map(|item| finding(wanted, item)).collect()
}

fn finding(wanted: &Resource, item: &Value) -> Finding {
    let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
    let statement = item.get("statement").and_then(Value::as_f64).unwrap_or_default();
    let (table, verdict) = (text("table"), text("verdict"));
    let finding = if item.get("pending") == Some(&Value::Bool(true)) {
        let severity = if verdict == "same" { Severity::Note } else { Severity::Warning };
        let summary = format!("{table} exists already: statement {statement} will do nothing");
        Finding::new("CH508", severity, Category::Tables, summary)
    } else {
        let severity = if verdict == "differs" { Severity::Drift } else { Severity::Note };
        let summary = format!("{table} was there before its migration");
        Finding::new("CH509", severity, Category::Tables, summary)
    };
    let finding = finding.at(&wanted.addr).compare(text("expected"), text("found"));
    if verdict == "same" {
        return finding;
    }
    finding.help(format!(
        "is it the right table? bring it to what {} asks for by hand, or rename it and apply: charter does not record it as it is",
        wanted.text("path")
    ))
}
