//! Diagnostics as JSON, after terraform's `diagnostic` objects.

use serde_json::{Value, json};

use super::{Diagnostic, SourceMap};

/// Returns one diagnostic as a JSON object: `severity`, `summary`, `detail`, `help`, and `range`
/// (file, start, end with line, column and byte) and `snippet` where there is a place.
pub fn diagnostic(item: &Diagnostic, sources: &SourceMap) -> Value {
    let labels: Vec<Value> = item
        .labels
        .iter()
        .filter_map(|label| {
            let file = sources.file(label.span.file)?;
            let end = super::Span { start: label.span.end, ..label.span };
            Some(json!({
                "filename": file.path,
                "start": point(sources, label.span),
                "end": point(sources, end),
                "text": label.text,
                "code": sources.text(label.span),
            }))
        })
        .collect();
    json!({
        "severity": item.level,
        "summary": item.summary,
        "detail": item.detail,
        "help": item.help,
        "range": labels.first(),
        "labels": labels,
    })
}

fn point(sources: &SourceMap, span: super::Span) -> Value {
    let position = sources.position(span);
    json!({ "line": position.line, "column": position.column, "byte": span.start })
}
