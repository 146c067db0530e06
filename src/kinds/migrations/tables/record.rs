//! The statements: what records the looks of tables, and what reads them beside what is there.

use std::collections::BTreeSet;

use super::existing;
use crate::kinds::common::buried;
use crate::migrate::look::query;
use crate::model::op::{Sql, Text};
use crate::model::snapshot::{Caps, Read};
use crate::model::{Resource, Settings, sql};

/// The name of the read.
pub const TABLES: &str = "migrations_tables";

/// Returns the read: recorded tables that are not as they were (the server leaves out those that
/// are), those of which something is hidden, tables that no migration made, and those that a
/// declared `CREATE … IF NOT EXISTS` names.
pub fn reads(wanted: &[&Resource], settings: &Settings, caps: &Caps) -> Vec<Read> {
    let named = existing::names(wanted);
    let has_record = caps.has_table("ops.charter_tables");
    if !has_record && named.is_empty() {
        return Vec::new();
    }
    let named: Vec<String> = named.iter().map(|name| sql::literal(name)).collect();
    let named = if named.is_empty() { "''".to_owned() } else { named.join(", ") };
    let scope = sql::literal(&settings.scope);
    let ours = if has_record {
        let lives = buried::stands("at", settings, caps);
        format!("database IN (SELECT database FROM ops.charter_tables WHERE scope = {scope} AND {lives})")
    } else {
        "0".to_owned()
    };
    let recorded = if has_record { recorded(&scope, settings, caps) } else { NOTHING.to_owned() };
    let times = caps.has_column("system.tables", "metadata_modification_time");
    let changed = if times { CHANGED } else { "''" };
    let (columns, fields, (hide, off)) = (query::COLUMNS, query::fields(), query::HIDE);
    let statement = format!(
        "SELECT database, table, max(r_tenant) AS tenant, max(r_columns) AS recorded_columns, max(r_look) AS recorded_look, \
         max(r_version) AS recorded_version, max(l_engine) AS live_engine, \
         if(recorded_columns IN ('', '[]') AND table NOT IN ({named}), '', max(l_columns)) AS live_columns, \
         if(recorded_columns IN ('', '[]'), '', max(l_look)) AS live_look, max(l_changed) AS live_changed \
         FROM ({recorded} \
         UNION ALL SELECT database, name, '', '', '', '', engine, '', {fields}, {changed} FROM system.tables \
         WHERE ({ours} OR name IN ({named})) AND NOT is_temporary AND NOT startsWith(name, '.inner') \
         UNION ALL SELECT database, table, '', '', '', '', '', {columns}, '', '' FROM system.columns \
         WHERE ({ours} OR table IN ({named})) AND NOT startsWith(table, '.inner') GROUP BY database, table) \
         GROUP BY database, table \
         HAVING if(recorded_columns IN ('', '[]'), live_engine != '', \
         recorded_columns != live_columns OR recorded_look != live_look OR position(live_look, '[HIDDEN]') > 0 OR table IN ({named})) \
         ORDER BY database, table SETTINGS {hide} = {off}"
    );
    vec![Read::Sql { name: TABLES, statement }]
}

/// When the definition of a table was last changed, in UTC.
const CHANGED: &str = "toString(toTimeZone(metadata_modification_time, 'UTC'))";

/// The columns that all parts of the union have, of no row.
const NOTHING: &str = "SELECT '' AS database, '' AS table, '' AS r_tenant, '' AS r_columns, '' AS r_look, '' AS r_version, \
    '' AS l_engine, '' AS l_columns, '' AS l_look, '' AS l_changed FROM system.one WHERE 0";

fn recorded(scope: &str, settings: &Settings, caps: &Caps) -> String {
    let lives = buried::stands("at", settings, caps);
    // A table of an older charter gets the column by the next apply.
    let look = if caps.has_column("ops.charter_tables", "look") { "look" } else { "''" };
    format!(
        "SELECT database, table, tenant AS r_tenant, columns AS r_columns, {look} AS r_look, toString(server_version) AS r_version, \
         '' AS l_engine, '' AS l_columns, '' AS l_look, '' AS l_changed FROM ops.charter_tables WHERE scope = {scope} AND {lives} \
         ORDER BY at DESC LIMIT 1 BY database, table"
    )
}

/// Returns the statement that records what tables look like now; those that are gone as such.
pub fn record(scope: &str, tenant: &str, database: &str, tables: &BTreeSet<String>) -> Sql {
    let (columns, fields, (hide, off)) = (query::COLUMNS, query::fields(), query::HIDE);
    let statement = format!(
        "INSERT INTO ops.charter_tables (scope, tenant, database, table, engine, columns, look, server_version) \
         SELECT {{scope:String}}, {{tenant:String}}, {{database:String}}, wanted.name, t.engine, \
         if(c.columns = '', '[]', c.columns), t.look, version() \
         FROM (SELECT arrayJoin(JSONExtract({{tables:String}}, 'Array(String)')) AS name) AS wanted \
         LEFT JOIN (SELECT name, engine, {fields} AS look FROM system.tables WHERE database = {{database:String}}) AS t \
         ON t.name = wanted.name \
         LEFT JOIN (SELECT table, {columns} AS columns FROM system.columns WHERE database = {{database:String}} \
         GROUP BY table) AS c ON c.table = wanted.name"
    );
    let mut sql = Sql::new(statement)
        .param("scope", Text::Plain(scope.to_owned()))
        .param("tenant", Text::Plain(tenant.to_owned()))
        .param("database", Text::Plain(database.to_owned()))
        .param("tables", Text::Plain(serde_json::json!(tables).to_string()));
    sql.settings = [("async_insert", "0"), (hide, off)].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
    sql
}
