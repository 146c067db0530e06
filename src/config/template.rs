//! Templates: texts with interpolations and directives, in quotes or heredocs.
//!
//! `~` strips blanks up to and including one line break, as terraform does line by line. What stands
//! between directives in quotes comes from the parser as it was written, and is decoded here.

use std::borrow::Cow;

use hcl_edit::template::{Directive, Element, ForDirective, HeredocTemplate, IfDirective, Template};
use hcl_edit::{Ident, Spanned};

use super::eval::Cx;
use super::val::{Data, Marks, Val};
use crate::diag::{Diagnostic, Span};

/// Returns the value of a text in quotes.
pub fn quoted(cx: &Cx<'_>, template: &Template) -> Val {
    let mut literals = Vec::new();
    between(template, &mut literals);
    let wrong: Vec<Diagnostic> = literals
        .into_iter()
        .filter_map(|literal| Some(unreadable(&decoded(literal).err()?, cx.at.span(literal))))
        .collect();
    if wrong.is_empty() {
        return eval(cx, template, true);
    }
    wrong.into_iter().for_each(|problem| _ = cx.ev.fail(problem));
    Val::poison()
}

/// Returns the value of a heredoc, in which backslashes mean nothing.
pub fn heredoc(cx: &Cx<'_>, heredoc: &HeredocTemplate) -> Val {
    // The parser takes the end of a heredoc without lines for its first line where another one of the
    // same name follows.
    let name = heredoc.delimiter.as_str();
    let first = heredoc.template.iter().next().and_then(Element::as_literal);
    let after = first.and_then(|first| first.trim_start_matches([' ', '\t']).strip_prefix(name));
    let continues = |c: char| Ident::try_new(format!("_{c}")).is_ok();
    if after.is_some_and(|after| !after.starts_with(continues)) {
        return cx.ev.fail(
            Diagnostic::error("text cannot be read")
                .at(
                    cx.at.span(&heredoc.template),
                    "this heredoc has no lines, and another one of its name follows",
                )
                .help("write \"\" for a text that is empty"),
        );
    }
    eval(cx, &heredoc.template, false)
}

/// Returns the value of a template. One that is a single interpolation is that value itself.
fn eval(cx: &Cx<'_>, template: &Template, is_quoted: bool) -> Val {
    if let Some(Element::Interpolation(only)) = template.as_single_element() {
        return cx.eval(&only.expr);
    }
    let mut text = Text { is_quoted, ..Text::default() };
    text.template(cx, template, (false, false), false);
    if text.failed {
        return Val::poison();
    }
    Val::from(text.text).marked(&text.marks)
}

/// Adds what stands between the directives of a template.
fn between<'t>(template: &'t Template, literals: &mut Vec<&'t Spanned<String>>) {
    for element in template.iter() {
        let Element::Directive(directive) = element else { continue };
        let (first, second) = match &**directive {
            Directive::If(one) => {
                (&one.if_expr.template, one.else_expr.as_ref().map(|other| &other.template))
            }
            Directive::For(one) => (&one.for_expr.template, None),
        };
        for part in std::iter::once(first).chain(second) {
            literals.extend(part.iter().filter_map(Element::as_literal));
            between(part, literals);
        }
    }
}

/// Returns a text with the escape sequences of quotes decoded.
///
/// # Errors
/// What cannot stand in quotes.
fn decoded(text: &str) -> Result<Cow<'_, str>, String> {
    if !text.contains(['\\', '"']) {
        return Ok(Cow::Borrowed(text));
    }
    let (mut decoded, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(['\\', '"']) {
        decoded.push_str(&rest[..at]);
        rest = &rest[at..];
        let (c, length) = escape(rest).ok_or_else(|| rest.chars().take(2).collect::<String>())?;
        decoded.push(c);
        rest = &rest[length..];
    }
    decoded.push_str(rest);
    Ok(Cow::Owned(decoded))
}

/// Returns what an escape sequence stands for, and its length; none where a text begins with none.
fn escape(text: &str) -> Option<(char, usize)> {
    let code = |digits: usize| {
        let hex = text.get(2..2 + digits).filter(|hex| hex.chars().all(|c| c.is_ascii_hexdigit()))?;
        Some((char::from_u32(u32::from_str_radix(hex, 16).ok()?)?, 2 + digits))
    };
    match text.strip_prefix('\\')?.chars().next()? {
        'n' => Some(('\n', 2)),
        'r' => Some(('\r', 2)),
        't' => Some(('\t', 2)),
        c @ ('"' | '\\') => Some((c, 2)),
        'u' => code(4),
        'U' => code(8),
        _ => None,
    }
}

fn unreadable(wrong: &str, span: Span) -> Diagnostic {
    let wrong = if wrong.starts_with('"') { "\"" } else { wrong };
    Diagnostic::error("text cannot be read")
        .at(span, format!("`{wrong}` cannot stand between directives in quotes"))
        .help("write \\\" for a quote and \\\\ for a backslash; in a heredoc both stand for themselves")
}

/// A text in the making.
#[derive(Default)]
struct Text {
    text: String,
    marks: Marks,
    failed: bool,
    /// Whether it stands in quotes.
    is_quoted: bool,
}

impl Text {
    /// Adds a template. `strip` says whether the blanks at its beginning and end go, `is_within` whether
    /// it stands between directives.
    fn template(&mut self, cx: &Cx<'_>, template: &Template, strip: (bool, bool), is_within: bool) {
        let elements: Vec<&Element> = template.iter().collect();
        for (index, element) in elements.iter().enumerate() {
            match element {
                Element::Literal(written) => {
                    let before = index.checked_sub(1).and_then(|before| elements.get(before));
                    let start = before.map_or(strip.0, |element| strips_after(element));
                    let after = elements.get(index + 1);
                    let end = after.map_or(strip.1, |element| strips_before(element));
                    let raw = self.is_quoted && is_within;
                    let literal = raw.then(|| decoded(written).ok()).flatten();
                    let literal = literal.as_deref().unwrap_or(written);
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
                self.template(cx, &first.template, (first.strip.strip_end(), end), true);
            }
            Some(false) => {
                if let Some(other) = other {
                    self.template(cx, &other.template, (other.strip.strip_end(), end), true);
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
            self.template(cx, &head.template, strip, true);
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
