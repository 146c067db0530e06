//! Templates: texts with interpolations and directives, in quotes or heredocs.
//!
//! `~` strips blanks up to and including one line break, as terraform does line by line.

use hcl_edit::template::{Directive, Element, ForDirective, IfDirective, Template};

use super::eval::Cx;
use super::val::{Data, Marks, Val};
use crate::diag::{Diagnostic, Span};

/// Returns the value of a template. One that is a single interpolation is that value itself.
pub fn eval(cx: &Cx<'_>, template: &Template) -> Val {
    if let Some(Element::Interpolation(only)) = template.as_single_element() {
        return cx.eval(&only.expr);
    }
    let mut text = Text::default();
    text.template(cx, template, (false, false));
    if text.failed {
        return Val::poison();
    }
    Val::from(text.text).marked(&text.marks)
}

/// A text in the making.
#[derive(Default)]
struct Text {
    text: String,
    marks: Marks,
    failed: bool,
}

impl Text {
    /// Adds a template. `strip` says whether the blanks at its beginning and end go.
    fn template(&mut self, cx: &Cx<'_>, template: &Template, strip: (bool, bool)) {
        let elements: Vec<&Element> = template.iter().collect();
        for (index, element) in elements.iter().enumerate() {
            match element {
                Element::Literal(literal) => {
                    let before = index.checked_sub(1).and_then(|before| elements.get(before));
                    let start = before.map_or(strip.0, |element| strips_after(element));
                    let after = elements.get(index + 1);
                    let end = after.map_or(strip.1, |element| strips_before(element));
                    self.text.push_str(stripped(literal, start, end));
                }
                Element::Interpolation(part) => {
                    let value = cx.eval(&part.expr);
                    self.value(cx, &value, cx.at.span(&part.expr));
                }
                Element::Directive(directive) => match &**directive {
                    Directive::If(directive) => self.choose(cx, directive),
                    Directive::For(directive) => self.repeat(cx, directive),
                },
            }
        }
    }

    fn value(&mut self, cx: &Cx<'_>, value: &Val, span: Span) {
        self.marks.join(&value.marks);
        match value.to_text() {
            Some(text) => self.text.push_str(&text),
            None => {
                self.failed = true;
                if !value.is_poison() {
                    cx.ev.fail(no_text(value, span));
                }
            }
        }
    }

    fn choose(&mut self, cx: &Cx<'_>, directive: &IfDirective) {
        let first = &directive.if_expr;
        let condition = cx.eval(&first.cond_expr);
        self.marks.join(&condition.marks);
        let other = directive.else_expr.as_ref();
        let end = directive.endif_expr.strip.strip_start();
        match cx.truth(&condition, &first.cond_expr) {
            Some(true) => {
                let end = other.map_or(end, |other| other.strip.strip_start());
                self.template(cx, &first.template, (first.strip.strip_end(), end));
            }
            Some(false) => {
                if let Some(other) = other {
                    self.template(cx, &other.template, (other.strip.strip_end(), end));
                }
            }
            None => self.failed = true,
        }
    }

    fn repeat(&mut self, cx: &Cx<'_>, directive: &ForDirective) {
        let head = &directive.for_expr;
        let collection = cx.eval(&head.collection_expr);
        self.marks.join(&collection.marks);
        let Some(pairs) = cx.pairs(&collection, &head.collection_expr) else {
            return self.failed = true;
        };
        let strip = (head.strip.strip_end(), directive.endfor_expr.strip.strip_start());
        let key = head.key_var.as_ref().map(|name| name.value().as_str());
        cx.each_pair((key, head.value_var.value().as_str()), pairs, |cx| {
            self.template(cx, &head.template, strip);
        });
    }
}

fn no_text(value: &Val, span: Span) -> Diagnostic {
    let item =
        Diagnostic::error("value cannot be part of a text").at(span, format!("this is {}", value.describe()));
    match &value.data {
        Data::Block(block) if block.names.contains(&"name") => {
            item.help(format!("its name is `{}.name`", block.addr))
        }
        Data::Block(block) => item.help(format!(
            "it has {}",
            super::check::listed(block.names.iter().map(|name| format!("`.{name}`")))
        )),
        Data::List(_) | Data::Set(_) => {
            item.help("`join(\", \", …)` makes a text of it, `jsonencode(…)` its JSON")
        }
        Data::Map(_) => item.help("`jsonencode(…)` makes a text of it"),
        _ => item,
    }
}

fn strips_before(element: &Element) -> bool {
    match element {
        Element::Literal(_) => false,
        Element::Interpolation(part) => part.strip.strip_start(),
        Element::Directive(directive) => match &**directive {
            Directive::If(directive) => directive.if_expr.strip.strip_start(),
            Directive::For(directive) => directive.for_expr.strip.strip_start(),
        },
    }
}

fn strips_after(element: &Element) -> bool {
    match element {
        Element::Literal(_) => false,
        Element::Interpolation(part) => part.strip.strip_end(),
        Element::Directive(directive) => match &**directive {
            Directive::If(directive) => directive.endif_expr.strip.strip_end(),
            Directive::For(directive) => directive.endfor_expr.strip.strip_end(),
        },
    }
}

fn stripped(mut text: &str, start: bool, end: bool) -> &str {
    let blank = |c: char| c.is_whitespace() && c != '\r' && c != '\n';
    if start {
        let rest = text.trim_start_matches(blank);
        let line = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n'));
        text = line.unwrap_or(rest);
    }
    if end {
        let rest = text.trim_end_matches(blank);
        let line = rest.strip_suffix("\r\n").or_else(|| rest.strip_suffix('\n'));
        text = line.unwrap_or(rest);
    }
    text
}
