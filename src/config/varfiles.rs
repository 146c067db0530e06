//! Files of `--var-file`: attributes with plain values.

use hcl_edit::expr::Expression;
use hcl_edit::structure::Attribute;

use super::parse::{At, Parsed};
use super::refs;
use crate::diag::{Diagnostic, Diagnostics, SourceMap};
use crate::model::files::Files;

/// What the files hold, in their order.
#[derive(Default)]
pub struct FileValues {
    parsed: Parsed,
}

impl FileValues {
    /// Returns the values in the order of the files.
    pub fn attributes(&self) -> impl Iterator<Item = (At, &Attribute)> {
        let units = self.parsed.units.iter();
        units.flat_map(|unit| unit.body.attributes().map(|attr| (unit.at, attr)))
    }
}

/// Reads the files; problems go to `diags`.
pub fn read(paths: &[String], files: &dyn Files, map: &mut SourceMap, diags: &mut Diagnostics) -> FileValues {
    let mut values = FileValues::default();
    for path in paths {
        let text = files
            .read(path)
            .and_then(|bytes| String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned()));
        match text {
            Ok(text) => {
                let shown = path.split(super::testing::PART).next().unwrap_or(path);
                let file = map.add(shown, text);
                values.parsed.add(file, map, diags);
            }
            Err(reason) => diags.push(
                Diagnostic::error("cannot read a variable file")
                    .detail(format!("{path}: {reason}"))
                    .help("paths of --var-file are relative to the folder of the configuration"),
            ),
        }
    }
    for unit in &values.parsed.units {
        for block in unit.body.blocks() {
            diags.push(
                Diagnostic::error("block in a variable file")
                    .at(unit.at.span(&block.ident), "only `name = value` stands here"),
            );
        }
    }
    values
}

/// Returns the problems of an expression that holds references or calls.
pub fn not_constant(expr: &Expression, at: At) -> Vec<Diagnostic> {
    let found = refs::collect(expr, at);
    let refs = found.refs.iter().map(|reference| {
        let span = reference.span();
        match reference.steps.as_slice() {
            [] => (span, format!("a text stands in double quotes: \"{}\"", reference.root)),
            _ => (span, "write the value itself".to_owned()),
        }
    });
    let calls = found.calls.iter();
    let calls = calls.map(|(_, span)| (*span, "write the value itself".to_owned()));
    refs.chain(calls)
        .map(|(span, help)| {
            Diagnostic::error("value is not constant")
                .at(span, "a given value is known without evaluation")
                .help(help)
        })
        .collect()
}
