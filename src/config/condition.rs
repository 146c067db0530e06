//! Conditions with a message: `validation` of variables, `assert` of checks, `precondition` of
//! resources. They are read, evaluated and explained in one way.

use hcl_edit::expr::Expression;
use hcl_edit::parser;

use super::decls::Placed;
use super::decode;
use super::eval::{Cx, Evaluator};
use super::refs::{self, Step};
use super::val::{Data, Val};
use crate::diag::{Diagnostic, Diagnostics, SourceMap, nearest};
use crate::model::checks::Failure;
use crate::model::schema::{BlockSchema, Type};

/// The longest value that is shown as it is, in characters; longer ones are described.
const LONGEST: usize = 80;

/// How a condition turned out.
pub enum Verdict {
    /// It is true.
    Holds,
    /// It is false.
    Fails(Failure),
    /// It could not be told; why was reported.
    Unknown,
}

/// Returns what a condition's block holds.
pub fn schema() -> BlockSchema {
    BlockSchema::default().required("condition", Type::Any, "What has to be true.").required(
        "error_message",
        Type::Any,
        "What to say where it is not.",
    )
}

/// Checks a block of a `lifecycle` block: a precondition is all that stands there.
pub fn precondition(placed: &Placed<'_>, diags: &mut Diagnostics) {
    let name = placed.block.ident.value().as_str();
    if name == "precondition" {
        super::decls::no_labels(placed, diags);
        return decode::check(placed, &schema(), (&[], &[]), diags);
    }
    let item = Diagnostic::error("unknown nested block")
        .at(placed.at.span(&placed.block.ident), "lifecycle has no such block");
    diags.push(match name {
        "postcondition" => item
            .detail("A plan holds what will be there; nothing is known only after an apply.")
            .help("write a `precondition`: it sees all that is declared"),
        _ => match nearest(name, ["precondition"]) {
            Some(near) => item.help(format!("did you mean `{near}`?")),
            None => item.help("it has `ignore_changes`, `prevent_destroy` and `precondition` blocks"),
        },
    });
}

/// Evaluates a block that was checked. `otherwise` is the message where there is none to show.
/// Problems stay with the evaluator.
pub fn evaluate(cx: &Cx<'_>, placed: &Placed<'_>, otherwise: &str, sources: &SourceMap) -> Verdict {
    let attrs = (placed.attr("condition"), placed.attr("error_message"));
    let (Some(condition), Some(message)) = attrs else {
        return Verdict::Unknown;
    };
    let condition = &condition.value;
    match cx.truth(&cx.eval(condition), condition) {
        None => Verdict::Unknown,
        Some(true) => Verdict::Holds,
        Some(false) => {
            let message = cx.eval(&message.value);
            let is_hidden = message.deep_marks().sensitive;
            let text = message.to_text().filter(|_| !is_hidden);
            let span = cx.at.span(condition);
            Verdict::Fails(Failure {
                message: text.unwrap_or_else(|| match is_hidden {
                    true => "the message is not shown, because it holds a sensitive value".to_owned(),
                    false => otherwise.to_owned(),
                }),
                condition: sources.text(span).to_owned(),
                values: values(cx, condition, sources),
                span,
            })
        }
    }
}

/// Says what the references of a condition are, each once: `var.environment is "production"`.
fn values(cx: &Cx<'_>, condition: &Expression, sources: &SourceMap) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    for reference in refs::collect(condition, cx.at).refs {
        // What is computed within an index may belong to a `for`.
        let steps = reference.steps.iter().take_while(|(step, _)| *step != Step::Other).count();
        let text = sources.text(reference.span_to(steps));
        let Ok(expr) = parser::parse_expr(text) else { continue };
        let ev = Evaluator::new(cx.ev.names, cx.ev.files, cx.ev.env);
        let value = Cx { ev: &ev, at: cx.at, scope: cx.scope }.eval(&expr);
        if value.is_poison() || !ev.take().is_empty() {
            continue;
        }
        let line = format!("{text} {}", told_as(&value));
        if !told.contains(&line) {
            told.push(line);
        }
    }
    told
}

/// Says what a value is; of a sensitive one only that it is.
fn told_as(value: &Val) -> String {
    if value.marks.sensitive {
        return "has a sensitive value".to_owned();
    }
    let plural = |count: usize, one: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {one}s"),
    };
    let count = match &value.data {
        Data::Null => return "is null".to_owned(),
        Data::Text(text) if text.chars().count() > LONGEST => {
            return format!("is a string of {} characters", text.chars().count());
        }
        Data::Block(block) => return format!("is the {} itself", block.kind),
        Data::Text(_) | Data::Number(_) | Data::Bool(_) | Data::Poison => return format!("is {value:?}"),
        Data::List(items) | Data::Set(items) => items.len(),
        Data::Map(entries) => entries.len(),
    };
    if count == 0 {
        return format!("is {}, and empty", value.describe());
    }
    let shown = if count <= LONGEST { format!("{value:?}") } else { String::new() };
    match (shown.is_empty() || shown.chars().count() > LONGEST, &value.data) {
        (false, _) => format!("is {shown}"),
        (true, Data::Map(_)) => format!("is a map of {}", plural(count, "element")),
        (true, _) => format!("is {} of {}", value.describe(), plural(count, "element")),
    }
}
