//! The resources by which a tenant is limited: a settings profile and a quota, which stand-alone
//! blocks declare, too; and the `limits` block.
//!
//! A limit is the value of its setting, and the most that may be chosen instead. Zero means "no
//! limit" for these settings, so that it is kept from being chosen, too.

use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Span};
use crate::kinds::DecodeCx;
use crate::kinds::common::interval::{self, INTERVAL};
use crate::kinds::common::settings::canonical::as_number;
use crate::kinds::common::settings::{Element, SETTINGS};
use crate::model::schema::{Arity, BlockSchema, Type};
use crate::model::{Addr, Body, Resource, Value};

/// The name of the kind of settings profiles.
pub const PROFILE_KIND: &str = "settings_profile";

/// The name of the kind of quotas.
pub const QUOTA_KIND: &str = "quota";

/// The attribute of a quota for what has an amount of its own.
pub const KEYED_BY: &str = "keyed_by";

/// The block in a `limits` block that becomes an interval of the quota.
const QUOTA: &str = "quota";

/// The settings that a `limits` block takes. Zero means for each that there is no limit.
const LIMITED: [(&str, &str); 8] = [
    ("max_memory_usage", "The most memory of a query, in bytes: `\"10G\"`."),
    ("max_memory_usage_for_user", "The most memory of all its queries together, in bytes."),
    ("max_execution_time", "The longest that a query may take, in seconds."),
    ("max_threads", "The most threads of a query."),
    ("max_concurrent_queries_for_user", "The most queries at a time."),
    ("max_rows_to_read", "The most rows that a query may read."),
    ("max_bytes_to_read", "The most bytes that a query may read."),
    ("max_result_rows", "The most rows of a result."),
];

/// Returns the schema of a `limits` block.
pub fn schema() -> BlockSchema {
    let schema = LIMITED
        .iter()
        .fold(BlockSchema::default(), |schema, (name, doc)| schema.optional(name, Type::String, doc));
    schema.block(QUOTA, Arity::Many, interval::schema())
}

/// Returns the resource of a quota, less whom it is for.
pub fn quota(addr: Addr, name: &str, key: &str, intervals: Value, span: Span) -> Resource {
    Resource::new(addr, QUOTA_KIND, name, span).with(KEYED_BY, key).with(INTERVAL, intervals)
}

/// Decodes a `limits` block: the settings of the profile, and the intervals of the quota, each where
/// there are any. Problems are reported.
pub fn decode(body: &Body, cx: &mut DecodeCx) -> (Option<Value>, Option<Value>) {
    let mut settings = BTreeMap::new();
    for (name, _) in LIMITED {
        let Some(declared) = body.get(name) else { continue };
        let limit = declared.value.as_str().and_then(as_number).filter(|limit| *limit >= 1.0);
        match limit {
            Some(limit) => check_own(name, limit, declared.span, cx),
            None => cx.diags.push(
                Diagnostic::error("this is not a limit")
                    .at(declared.span, "not a number of 1 or more")
                    .detail("For ClickHouse, 0 means that there is no limit.")
                    .help("write a number, or one with a suffix: \"10G\"; leave the line out for no limit"),
            ),
        }
        let value = plain(&declared.value);
        let element = Element {
            value: Some(value.clone()),
            min: Some(Value::Number(1.0)),
            max: Some(value),
            writability: None,
        };
        settings.insert(name.to_owned(), element.into_value());
    }
    let quotas = body.blocks(QUOTA);
    let intervals = (!quotas.is_empty()).then(|| interval::decode(quotas, cx));
    if settings.is_empty() && intervals.is_none() {
        cx.diags.push(
            Diagnostic::error("limits without a limit")
                .at(body.span, "nothing is limited")
                .help("add one, such as `max_memory_usage = \"10G\"`, or a `quota` block"),
        );
    }
    ((!settings.is_empty()).then_some(Value::Map(settings)), intervals)
}

/// Returns a number that was written without a suffix as such.
fn plain(value: &Value) -> Value {
    let number = value.as_str().and_then(|text| text.parse().ok());
    number.map_or_else(|| value.clone(), Value::Number)
}

/// Reports a setting that charter itself is told to send with every query, also those that it runs
/// as the tenant, and that the limit would refuse (code 452).
fn check_own(name: &str, limit: f64, span: Span, cx: &mut DecodeCx) {
    let sent = cx.settings.clickhouse.settings.get(name).and_then(|text| as_number(text));
    let Some(sent) = sent.filter(|sent| !(1.0..=limit).contains(sent)) else { return };
    cx.diags.push(
        Diagnostic::error("the migrations of this tenant would be refused")
            .at(span, format!("{name} may be from 1 to {limit}"))
            .detail(format!(
                "The clickhouse block sends {name} = {sent} with every query, and migrations run as the tenant's user."
            ))
            .help(format!("take {name} out of `settings` in the clickhouse block, or raise the limit")),
    );
}

/// Returns the resource of a settings profile, less whom it is for.
pub fn profile(addr: Addr, name: &str, settings: Value, span: Span) -> Resource {
    Resource::new(addr, PROFILE_KIND, name, span).with(SETTINGS, settings)
}
