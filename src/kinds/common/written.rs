//! Live attributes as the language writes them: settings, and whom something is for.

use std::collections::BTreeSet;

use super::hosts;
use super::principals::{TO, TO_ALL_EXCEPT};
use super::settings::{self, Element};
use super::storage;
use crate::kinds::found::{FindCx, Inventory, WriteCx};
use crate::model::block::{Block, Expr};
use crate::model::snapshot::text;
use crate::model::{Addr, Attrs, Value, names};

/// Why what lives in users.xml is left alone.
pub const READ_ONLY: &str = "it lives in users.xml, which no statement changes";

/// Why a role and a user of one name are left alone.
pub const SHARED_NAME: &str = "a role and a user share this name, and SHOW GRANTS does not tell them apart";

/// Finds the objects of a kind that nothing declares, by the column `name` of what was read; one
/// may have several rows. Those in users.xml are left alone.
pub fn found(cx: &FindCx, kind: &'static str, read: &'static str) -> Inventory {
    let mut found = Inventory::default();
    let mut seen = BTreeSet::new();
    for row in cx.world.snapshot.rows(read).iter().filter(|row| seen.insert(text(row, "name"))) {
        match text(row, "name") {
            name if cx.is_taken(kind, name) => {}
            name if text(row, storage::STORAGE) == "users_xml" => found.leave(kind, name, READ_ONLY),
            name => found.add(kind, name, name, names::clickhouse),
        }
    }
    found
}

/// Returns the name of a database that is referred to: a block's attribute, or a part of a composite.
pub fn name_of(reference: &str) -> String {
    let is_block = Addr::parse(reference).is_ok_and(|addr| addr.segments().len() == 2);
    if is_block { format!("{reference}.name") } else { reference.to_owned() }
}

/// Returns seconds (`3600s`) in the greatest unit that holds them whole.
pub fn duration(seconds: &str) -> String {
    let number: u64 = seconds.trim_end_matches('s').parse().unwrap_or_default();
    let units = [(86_400, "d"), (3_600, "h"), (60, "m")];
    let unit = units.into_iter().find(|(length, _)| number > 0 && number.is_multiple_of(*length));
    unit.map_or_else(|| format!("{number}s"), |(length, word)| format!("{}{word}", number / length))
}

/// Adds what is set, and the profiles. `attr` is [`settings::PROFILE`] or [`settings::INHERIT`];
/// returns attributes that `ignore_changes` has to name, because no declaration says them.
pub fn settings(block: &mut Block, attrs: &Attrs, attr: &str, cx: &WriteCx) -> Vec<&'static str> {
    const KINDS: [&str; 1] = [super::limits::PROFILE_KIND];
    let mut ignored = Vec::new();
    let profiles = settings::profiles(attrs, attr);
    match (&profiles[..], attr) {
        ([], _) => {}
        (all, settings::INHERIT) => block.attr(attr, cx.refer_all(&KINDS, all.iter().map(String::as_str))),
        ([only], _) => block.attr(attr, cx.refer(&KINDS, only)),
        (all, _) => {
            block.remark(format!("it has several profiles, and one can be declared: {}", all.join(", ")));
            ignored.push(settings::PROFILE);
        }
    }
    let elements = settings::elements(attrs);
    let (plain, bounded): (Vec<_>, Vec<_>) = elements.into_iter().partition(|(_, element)| is_plain(element));
    let plain: Vec<(String, Expr)> =
        plain.into_iter().map(|(name, element)| (name, value(element.value.as_ref()))).collect();
    if !plain.is_empty() {
        block.attr(settings::SETTINGS, Expr::Map(plain));
    }
    for (name, element) in bounded {
        let mut setting = Block::new("setting");
        setting.attr("name", name);
        for (part, found) in [("value", &element.value), ("min", &element.min), ("max", &element.max)] {
            if found.is_some() {
                setting.attr(part, value(found.as_ref()));
            }
        }
        if let Some(word) = &element.writability {
            setting.attr("writability", word.to_ascii_lowercase());
        }
        block.block(setting);
    }
    ignored
}

fn is_plain(element: &Element) -> bool {
    element.value.is_some() && element.min.is_none() && element.max.is_none() && element.writability.is_none()
}

fn value(value: Option<&Value>) -> Expr {
    Expr::plain(&value.map(settings::text).unwrap_or_default())
}

/// Adds the lists of hosts that a user may log in from, where not every host may.
///
/// # Errors
/// The hosts, where they cannot be declared.
pub fn hosts(block: &mut Block, attrs: &Attrs) -> Result<(), String> {
    let list = |attr: &str| -> Vec<&str> {
        let items = attrs.get(attr).map_or(&[][..], Value::items);
        items.iter().filter_map(Value::as_str).collect()
    };
    let all: Vec<(&str, Vec<&str>)> = hosts::ATTRS.iter().map(|(attr, _)| (*attr, list(attr))).collect();
    if list("hosts").contains(&hosts::ANY_HOST) {
        return Ok(());
    }
    let odd = all.iter().any(|(attr, list)| list.iter().any(|host| !hosts::is_stored(attr, host)));
    if odd || all.iter().all(|(_, list)| list.is_empty()) {
        let told: Vec<&str> = all.iter().flat_map(|(_, list)| list.iter().copied()).collect();
        return Err(if told.is_empty() { "none".to_owned() } else { told.join(", ") });
    }
    for (attr, list) in all.into_iter().filter(|(_, list)| !list.is_empty()) {
        block.attr(attr, Expr::texts(list));
    }
    Ok(())
}

/// Adds whom something is for.
pub fn principals(block: &mut Block, attrs: &Attrs, cx: &WriteCx) {
    let names = |attr: &str| attrs.get(attr).map(|list| list.items().iter().filter_map(Value::as_str));
    let who = |names: &mut dyn Iterator<Item = &str>| cx.refer_all(&["role", "user"], names);
    match (names(TO_ALL_EXCEPT), names(TO)) {
        (Some(mut except), _) => block.attr(TO_ALL_EXCEPT, who(&mut except)),
        (None, Some(mut to)) if to.clone().next().is_some() => block.attr(TO, who(&mut to)),
        _ => {}
    }
}

/// Adds the attributes whose differences are left alone.
pub fn ignore(block: &mut Block, names: &[&str]) {
    if names.is_empty() {
        return;
    }
    let mut lifecycle = Block::new("lifecycle");
    lifecycle
        .attr("ignore_changes", Expr::List(names.iter().map(|name| Expr::Ref((*name).to_owned())).collect()));
    block.block(lifecycle);
}
