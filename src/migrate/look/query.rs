//! The expressions that make a server tell what tables look like; the same on all versions since 23.8.

/// An aggregate over the rows of `system.columns` of one table: its columns in their order, each as
/// name, type, kind of default, default, comment and codec, as one JSON text.
pub const COLUMNS: &str = "toJSONString(arrayMap(c -> [c.2, c.3, c.4, c.5, c.6, c.7], arraySort(groupArray(\
    (position, name, type, default_kind, default_expression, comment, compression_codec)))))";

/// The columns of `system.tables` that are kept; `definition` is `create_table_query`.
const FIELDS: [&str; 7] =
    ["engine", "partition_key", "sorting_key", "primary_key", "sampling_key", "as_select", "comment"];

/// Returns an expression over a row of `system.tables`: its fields as one JSON text. The server
/// writes `[HIDDEN]` for passwords in definitions, unless it was told not to: see [`HIDE`].
pub fn fields() -> String {
    let pairs: Vec<String> = FIELDS.iter().map(|name| format!("'{name}', {name}")).collect();
    format!("toJSONString(map({}, 'definition', create_table_query))", pairs.join(", "))
}

/// The setting that keeps passwords out of what is read, whatever the profile says.
pub const HIDE: (&str, &str) = ("format_display_secrets_in_show_and_select", "0");
