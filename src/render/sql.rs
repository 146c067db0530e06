//! Operations as they will be run: statements with their parameters, manifests, rows of charter's
//! own tables. A password is never there; where one will stand, it says where it comes from.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::escape;
use super::page::{Page, Tone};
use crate::lint::statement::masked;
use crate::model::op::{
    KubeApply, KubeDelete, KubeWrite, LedgerRow, Login, Mutation, Op, Part, Probe, Slot, SlotSource, Sql,
    Text,
};
use crate::model::secret::HIDDEN;
use crate::model::{Plan, Step};

type Slots = BTreeMap<Slot, SlotSource>;

/// Where an operation stands.
pub struct Place<'a> {
    /// The indent of its number.
    pub indent: usize,
    /// Its number in the step.
    pub number: usize,
    /// The step.
    pub step: &'a Step,
    /// The plan.
    pub plan: &'a Plan,
}

/// Adds an operation with its number in the step.
pub fn operation(page: &mut Page, place: &Place, op: &Op) {
    let (lead, slots) = (format!("{}. ", place.number), &place.plan.slots);
    let head = |page: &mut Page, text: &str| {
        page.wrapped(place.indent, &[(Tone::Faint, &lead)], Tone::Info, &escape::line(text));
    };
    let inner = place.indent + lead.len();
    match op {
        Op::Sql(sql) => {
            head(page, &sql_head(sql));
            statement(page, inner, sql, slots);
        }
        Op::KubeApply(apply) => {
            head(page, &apply_head(apply));
            lines(page, inner, &manifest(apply, slots));
        }
        Op::KubeDelete(delete) => head(page, &delete_head(delete)),
        Op::Await(probe) => head(page, &format!("wait until {}", said(probe))),
        Op::AwaitMutations(mutations) => head(page, &format!("wait until {}", done(mutations))),
        Op::Ledger(row) => head(page, &format!("record in ops.{}: {}", row.table, columns(row, place))),
    }
}

fn sql_head(sql: &Sql) -> String {
    let Sql { statement: _, params: _, login, database, settings, journal, unless, waits_for: _, watch: _ } =
        sql;
    let mut text = "ClickHouse".to_owned();
    match login {
        Login::Charter => {}
        Login::User { name, slot: _ } => text.push_str(&format!(", as {name}")),
    }
    if let Some(database) = database {
        text.push_str(&format!(" in {database}"));
    }
    if !settings.is_empty() {
        let settings: Vec<String> =
            settings.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        text.push_str(&format!(", with {}", settings.join(", ")));
    }
    if let Some(row) = journal {
        text.push_str(&format!(", recorded in ops.{}", row.table));
    }
    if let Some(probe) = unless {
        text.push_str(&format!(", unless {}", said(probe)));
    }
    text + ":"
}

fn statement(page: &mut Page, indent: usize, sql: &Sql, slots: &Slots) {
    lines(page, indent, &told(sql));
    for (name, value) in &sql.params {
        let text = format!("{name} = {}", shown(value, slots));
        page.wrapped(indent + 2, &[], Tone::Faint, &escape::line(&text));
    }
}

/// Returns a statement for people: a secret that somebody wrote into a migration is masked.
pub fn told(sql: &Sql) -> Cow<'_, str> {
    match &sql.journal {
        Some(_) => masked(&sql.statement).into(),
        None => Cow::Borrowed(&sql.statement),
    }
}

/// Adds lines as they are, unwrapped, so that they can be copied.
fn lines(page: &mut Page, indent: usize, text: &str) {
    for line in escape::block(text).lines() {
        page.line(indent, &[(Tone::Plain, line)]);
    }
}

/// Returns a text, or where it comes from.
fn shown(text: &Text, slots: &Slots) -> String {
    match text {
        Text::Plain(text) => escape::quoted(text),
        Text::Sensitive(_) => HIDDEN.to_owned(),
        Text::Slot(_, Part::Salt) => "(salt, made when applying)".to_owned(),
        Text::Slot(slot, part) => {
            let what = if *part == Part::Hash { "hash of the password, " } else { "" };
            match slots.get(slot) {
                Some(SlotSource::Secret { namespace, name, key }) => {
                    format!("({what}read from key {key} of Secret {namespace}/{name} when applying)")
                }
                Some(SlotSource::Given(_)) => format!("({what}handed out)"),
                Some(SlotSource::Generate { .. }) | None => format!("({what}made when applying)"),
            }
        }
    }
}

fn done(mutations: &[Mutation]) -> String {
    let named: Vec<String> = mutations.iter().map(|one| format!("{} of {}", one.id, one.of)).collect();
    format!("mutation {} is done", named.join(", "))
}

fn said(probe: &Probe) -> String {
    match probe {
        Probe::Login { user, slot: _ } => format!("{user} can log in"),
    }
}

fn apply_head(apply: &KubeApply) -> String {
    let KubeApply { api, namespace, name, manager, object: _, data: _, mode, prune } = apply;
    let mut text = match mode {
        KubeWrite::Create => "create".to_owned(),
        KubeWrite::Apply { force: false, .. } => "apply".to_owned(),
        KubeWrite::Apply { force: true, .. } => "apply, taking fields from other managers,".to_owned(),
    };
    text.push_str(&format!(" {} {namespace}/{name}, field manager {manager}", api.kind));
    if let KubeWrite::Apply { resource_version: Some(version), .. } = mode {
        text.push_str(&format!(", only at resourceVersion {version}"));
    }
    if !prune.is_empty() {
        text.push_str(&format!(", removing {}", prune.join(", ")));
    }
    text + ":"
}

fn delete_head(delete: &KubeDelete) -> String {
    let KubeDelete { api, namespace, name, uid } = delete;
    let only = uid.as_ref().map(|uid| format!(", only with UID {uid}")).unwrap_or_default();
    format!("delete {} {namespace}/{name}{only}", api.kind)
}

/// Returns a manifest as YAML; the data of a Secret stands in plain words under `stringData`.
fn manifest(apply: &KubeApply, slots: &Slots) -> String {
    let mut object = apply.object.clone();
    if !apply.data.is_empty()
        && let Some(fields) = object.as_object_mut()
    {
        let entries = apply.data.iter().map(|(key, text)| {
            let value = match text {
                Text::Plain(text) => text.clone(),
                Text::Sensitive(_) | Text::Slot(..) => shown(text, slots),
            };
            (key.clone(), Json::String(value))
        });
        fields.insert("stringData".to_owned(), Json::Object(entries.collect::<Map<_, _>>()));
    }
    serde_saphyr::to_string(&object).unwrap_or_else(|_| object.to_string())
}

/// Returns the columns of a row on about one line: empty ones, and those that say again what the
/// plan and the step say, are left out; digests and long ones are shortened. The JSON has all of them.
/// A column that is shown in part is told as it is shown.
fn columns(row: &LedgerRow, place: &Place) -> String {
    let LedgerRow { table: _, row, secret, fill, times } = row;
    let (plan, step) = (place.plan, place.step);
    let addr = step.addr.to_string();
    let known = ["", &plan.scope, &plan.environment, &addr, &step.kind, &step.identity];
    let values = row.iter().filter_map(|(name, value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let is_digest = text.len() == 64 && text.chars().all(|c| c.is_ascii_hexdigit());
        let shown = escape::elide(&text, if is_digest { 13 } else { 40 });
        (!known.contains(&text.as_str())).then(|| format!("{name}={shown}"))
    });
    let hidden = secret.keys().filter(|name| !row.contains_key(*name));
    let hidden = hidden.map(|name| format!("{name}={HIDDEN}"));
    let filled = fill.iter().map(|(name, _, _)| format!("{name}=(made when applying)"));
    let timed = times.iter().map(|name| format!("{name}=(when it is applied)"));
    values.chain(hidden).chain(filled).chain(timed).collect::<Vec<_>>().join(" ")
}
