//! Quotas: how much may be used in an interval, by all whom the quota is for together, or each apart
//! by a key.
//!
//! Changed in place: `ALTER QUOTA` replaces the limits of the intervals that it names and leaves the
//! others (`src/Interpreters/Access/InterpreterCreateQuotaQuery.cpp`), so those that go are named.

#[cfg(test)]
mod tests;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Diagnostic, nearest};
use crate::kinds::common::interval::{self, INTERVAL};
use crate::kinds::common::limits::{self, QUOTA_KIND as NAME};
use crate::kinds::common::{decode, principals, rename, storage};
use crate::kinds::found::{FindCx, Group, Inventory, WriteCx};
use crate::kinds::{Change, DecodeCx, Instance, Kind, Lowered, Renamed, World, diff_attrs};
use crate::model::block::Block;
use crate::model::finding::{Category, Finding, Severity};
use crate::model::op::Sql;
use crate::model::plan::AttrDiff;
use crate::model::registry::Entry;
use crate::model::resource::Declared;
use crate::model::schema::{Arity, BlockSchema, Type};
use crate::model::snapshot::{Caps, Read, Row, text, texts};
use crate::model::{Action, Attrs, Resource, Settings, Snapshot, Value, names, sql};

/// The kind.
pub struct Quota;

const READ: &str = principals::QUOTAS;

/// By what consumers are told apart, in ClickHouse's words.
const KEYS: [&str; 8] = [
    "none",
    "user_name",
    "ip_address",
    "forwarded_ip_address",
    "client_key",
    "client_key_or_user_name",
    "client_key_or_ip_address",
    "normalized_query_hash",
];

impl Kind for Quota {
    fn name(&self) -> &'static str {
        NAME
    }

    fn schema(&self) -> Option<BlockSchema> {
        let schema = BlockSchema::default()
            .optional("name", Type::String, "The quota's name; the label where it is absent.")
            .optional(
                limits::KEYED_BY,
                Type::String,
                "What has an amount of its own: `user_name`, `ip_address`, `forwarded_ip_address`, `client_key`, `client_key_or_user_name`, `client_key_or_ip_address`, `normalized_query_hash`; `none`, one amount for all, where absent.",
            )
            .block(INTERVAL, Arity::Many, interval::schema())
            .ignorable(&[limits::KEYED_BY]);
        Some(principals::schema(schema).exports(&["name"]))
    }

    fn decode(&self, block: &Instance, cx: &mut DecodeCx) -> Declared {
        let (name, span) = decode::name_of(block, "name");
        if !decode::check_name(cx, "name of a quota", &name, names::clickhouse, span) {
            return Declared::default();
        }
        let key = block.body.string(limits::KEYED_BY).unwrap_or("none");
        if !KEYS.contains(&key) {
            let help = match nearest(key, KEYS) {
                Some(near) => format!("did you mean {near:?}?"),
                None => format!("it is one of {}", KEYS.join(", ")),
            };
            let diagnostic = Diagnostic::error("a quota is not keyed by this");
            cx.diags.push(diagnostic.at(block.body.span_of(limits::KEYED_BY), "no such key").help(help));
        }
        let intervals = interval::decode(block.body.blocks(INTERVAL), cx);
        let quota = limits::quota(block.addr.clone(), &name, key, intervals, block.body.span);
        let quota = principals::decode(quota, &block.body, cx);
        Declared { resources: vec![quota], exports: [("name".to_owned(), Value::from(name))].into() }
    }

    fn is_taken_back(&self) -> bool {
        true
    }

    fn reads(&self, _: &[&Resource], _: &[&Entry], _: &Settings, caps: &Caps) -> Vec<Read> {
        let known = interval::LIMITS.iter().map(|(name, _)| format!("max_{name}"));
        let known: Vec<String> = known.filter(|column| has_limit(caps, column)).collect();
        let limits: String = known.iter().map(|column| format!(", l.{column} AS {column}")).collect();
        let statement = format!(
            "SELECT q.name AS name, toString(q.id) AS id, q.storage AS storage, q.keys AS keys, \
             q.apply_to_all AS apply_to_all, q.apply_to_list AS apply_to_list, q.apply_to_except AS apply_to_except, \
             l.duration AS duration, l.is_randomized_interval AS is_randomized_interval{limits} \
             FROM system.quotas AS q LEFT JOIN system.quota_limits AS l ON q.name = l.quota_name"
        );
        vec![Read::Sql { name: READ, statement }]
    }

    fn observe(&self, identities: &BTreeSet<&str>, world: &World) -> BTreeMap<String, Attrs> {
        let mut rows: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
        for row in world.snapshot.rows(READ).iter().filter(|row| identities.contains(text(row, "name"))) {
            rows.entry(text(row, "name")).or_default().push(row);
        }
        rows.into_iter().map(|(name, rows)| (name.to_owned(), attrs(&rows))).collect()
    }

    fn diff(&self, wanted: &Resource, live: &Attrs, _: &World) -> Vec<AttrDiff> {
        let mut others = principals::others(&wanted.attrs);
        others.remove(INTERVAL);
        let mut diff = diff_attrs(&others, live);
        let (declared, found) = (interval::intervals(&wanted.attrs), interval::intervals(live));
        let durations: BTreeSet<&String> = declared.keys().chain(found.keys()).collect();
        for duration in durations {
            let (after, before) = (declared.get(duration), found.get(duration));
            if before != after {
                let value = |interval: Option<&Value>| interval.cloned().unwrap_or(Value::Null);
                let attr = format!("{INTERVAL}.{duration}");
                diff.push(AttrDiff { attr, before: value(before), after: value(after) });
            }
        }
        diff.extend(principals::diff(&wanted.attrs, live));
        diff
    }

    fn rename(&self, from: &str, to: &str, snapshot: &mut Snapshot) -> Renamed {
        rename::grantee(snapshot, READ, "QUOTA", from, to)
    }

    fn find(&self, cx: &FindCx) -> Inventory {
        write::find(cx)
    }

    fn write(&self, groups: &[&Group], cx: &WriteCx) -> Vec<Vec<Block>> {
        write::write(groups, cx)
    }

    fn lower(&self, change: &Change, _: &World) -> Lowered {
        let what = format!("quota {}", change.identity);
        let read_only = change.live.and_then(|live| storage::read_only(&what, live, change.addr));
        if let Some(finding) = read_only.filter(|_| change.action != Action::Adopt) {
            return storage::refused(finding);
        }
        let name = sql::ident(change.identity);
        let statement = match (change.action, change.wanted) {
            (Action::Delete, _) => format!("DROP QUOTA {name}"),
            (Action::Create, Some(wanted)) => format!("CREATE QUOTA {name} {}", all_clauses(&wanted.attrs)),
            (Action::Update, Some(wanted)) if !change.diff.is_empty() => {
                format!("ALTER QUOTA {name} {}", clauses(&wanted.attrs, change.diff))
            }
            _ => return Lowered::default(),
        };
        Lowered { notes: notes(change), ..Lowered::ops([Sql::new(statement).into()]) }
    }

    fn findings(&self, wanted: &Resource, live: Option<&Attrs>, world: &World) -> Vec<Finding> {
        let what = format!("quota {}", wanted.identity);
        let read_only = live.and_then(|live| storage::read_only(&what, live, &wanted.addr));
        read_only.into_iter().chain(unknown_limits(wanted, world.caps())).collect()
    }
}

/// Returns whether the server counts something; so it does where it did not say what it has.
fn has_limit(caps: &Caps, column: &str) -> bool {
    const TABLE: &str = "system.quota_limits";
    !caps.has_table(TABLE) || caps.has_column(TABLE, column)
}

fn attrs(rows: &[&Row]) -> Attrs {
    let intervals: BTreeMap<String, Value> = rows.iter().filter_map(|row| interval::of_row(row)).collect();
    let mut attrs = Attrs::from([(INTERVAL.to_owned(), Value::Map(intervals))]);
    if let Some(row) = rows.first() {
        let keys = texts(row, "keys");
        let key = if keys.is_empty() { "none".to_owned() } else { keys.join("_or_") };
        attrs.insert(limits::KEYED_BY.to_owned(), key.into());
        for column in ["id", storage::STORAGE] {
            attrs.insert(column.to_owned(), text(row, column).into());
        }
        attrs.extend([principals::of_row(row)]);
    }
    attrs
}

fn keyed(attrs: &Attrs) -> String {
    match attrs.get(limits::KEYED_BY).and_then(Value::as_str).unwrap_or("none") {
        "none" => "NOT KEYED".to_owned(),
        key => format!("KEYED BY {}", key.replace("_or_", ", ")),
    }
}

fn all_clauses(attrs: &Attrs) -> String {
    let intervals = interval::intervals(attrs);
    let intervals: Vec<String> =
        intervals.iter().map(|(duration, interval)| interval::sql(duration, Some(interval))).collect();
    let clauses = [keyed(attrs), intervals.join(", "), principals::clause(attrs)];
    clauses.into_iter().filter(|clause| !clause.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Returns the clauses for what differs: intervals that are no longer wanted are named, too.
fn clauses(attrs: &Attrs, diff: &[AttrDiff]) -> String {
    let wanted = interval::intervals(attrs);
    let differs = |attr: &str| diff.iter().any(|diff| diff.attr == attr);
    let durations = diff.iter().filter_map(|diff| diff.attr.strip_prefix(INTERVAL)?.strip_prefix('.'));
    let intervals: Vec<String> =
        durations.map(|duration| interval::sql(duration, wanted.get(duration))).collect();
    let to = diff.iter().any(|diff| principals::is_of(&diff.attr));
    let clauses = [
        differs(limits::KEYED_BY).then(|| keyed(attrs)),
        (!intervals.is_empty()).then(|| intervals.join(", ")),
        to.then(|| principals::clause(attrs)),
    ];
    clauses.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Tells that a tenant's migrations use up its quota.
fn notes(change: &Change) -> Vec<String> {
    let tenant = change.wanted.and_then(|wanted| wanted.tenant.as_ref());
    let note = "the tenant's migrations count, too: they run as its user";
    tenant.filter(|_| change.action != Action::Delete).map(|_| note.to_owned()).into_iter().collect()
}

/// Returns a finding for each limit that this server does not count.
fn unknown_limits(wanted: &Resource, caps: &Caps) -> Vec<Finding> {
    let intervals = interval::intervals(&wanted.attrs);
    let limits: BTreeSet<&str> = intervals.values().flat_map(interval::limited).collect();
    let unknown = limits.into_iter().filter(|limit| !has_limit(caps, &format!("max_{limit}")));
    let finding = |limit: &str| {
        let summary = format!("this server has no quota of {limit}");
        Finding::new("CH272", Severity::Error, Category::Access, summary)
            .at(&wanted.addr)
            .compare(format!("a server that counts {limit}"), format!("ClickHouse {}", caps.version))
            .help("leave the limit out, or upgrade the server")
    };
    unknown.map(finding).collect()
}
