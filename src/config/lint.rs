//! The block `lint`: what is denied and allowed of findings; and the `charter:allow` comments of the
//! configuration, each for the block or attribute that it stands beside or above.

use std::collections::BTreeMap;
use std::ops::Range;

use hcl_edit::structure::Body;

use super::decode::Seal;
use super::parse::{At, Parsed};
use super::settings::Reader;
use crate::diag::{Diagnostic, Diagnostics, FileId, SourceMap, Span};
use crate::format;
use crate::lint::inline;
use crate::lint::registry;
use crate::lint::select::{self, GROUPS, Selector};
use crate::migrate::allow;
use crate::model::Body as Values;
use crate::model::lint::{Choice, Inline, Policy};
use crate::model::place::{Place, narrowed};
use crate::model::schema::{BlockSchema, Type};

impl Reader<'_, '_> {
    /// Returns what the block says; nothing is denied or allowed without one.
    pub(super) fn lint(&mut self, sources: &SourceMap) -> Policy {
        let schema = BlockSchema::default()
            .optional("deny", Type::String.list(), "Codes and groups that refuse.")
            .optional("allow", Type::String.list(), "Codes and groups that are not told.");
        let Some((_, body)) = self.body("lint", &schema, Seal::Keep) else { return Policy::default() };
        let deny = self.choices(&body, "deny", sources);
        let allow = self.choices(&body, "allow", sources);
        for (one, other) in deny.iter().flat_map(|one| allow.iter().map(move |other| (one, other))) {
            let both: Vec<&str> = one.codes.intersection(&other.codes).copied().collect();
            if one.rank == other.rank && !both.is_empty() {
                let place = |name: &str, item: &str| narrowed(sources, body.span_of(name), Some(item));
                self.fail(
                    Diagnostic::error("the same is denied and allowed")
                        .at(place("allow", &other.text), format!("allowed here: {}", both.join(", ")))
                        .at(place("deny", &one.text), "and denied here, by an item that is as exact")
                        .help("remove one of them; a code wins over a range such as CH24x, that over CH2xx and groups"),
                );
            }
        }
        Policy { deny, allow }
    }

    fn choices(&mut self, body: &Values, name: &str, sources: &SourceMap) -> Vec<Choice> {
        let mut choices = Vec::new();
        for text in body.strings(name).unwrap_or_default() {
            let span = narrowed(sources, body.span_of(name), Some(&text));
            match Selector::parse(&text) {
                Some(Selector::Code(code)) if name == "allow" && !can_be_allowed(code) => self.fail(
                    Diagnostic::error("this finding cannot be allowed")
                        .at(span, format!("{code} refuses, so that nothing is harmed"))
                        .help(format!("`charter explain {code}` says what to do")),
                ),
                Some(selector) => choices.push(Choice {
                    codes: selector.codes().map(|code| code.code).collect(),
                    rank: selector.rank(),
                    text,
                }),
                None => self.fail(unknown(&text, span)),
            }
        }
        choices
    }
}

fn can_be_allowed(code: &str) -> bool {
    registry::find(code).is_some_and(registry::Code::can_be_allowed)
}

fn unknown(text: &str, span: Span) -> Diagnostic {
    let item = Diagnostic::error("unknown code").at(span, format!("no code or group is called {text:?}"));
    match select::suggest(text) {
        Some(near) => item.help(format!("did you mean {near:?}?")),
        None => item.help("write a code (\"CH101\"), a range (\"CH24x\", \"CH2xx\") or a group").help(
            format!("groups are {}", GROUPS.iter().map(|group| group.name).collect::<Vec<_>>().join(", ")),
        ),
    }
}

/// Reads the `charter:allow` comments of all files; problems go to `diags`.
pub fn comments(parsed: &Parsed, sources: &SourceMap, diags: &mut Diagnostics) -> Vec<Inline> {
    let mut nodes: BTreeMap<FileId, Vec<Span>> = BTreeMap::new();
    for unit in &parsed.units {
        collect(&unit.body, unit.at, nodes.entry(unit.at.file).or_default());
    }
    let mut found = Vec::new();
    for (file, nodes) in nodes {
        let text = sources.file(file).map_or("", |file| file.text.as_str());
        if !text.contains("charter:allow") {
            continue;
        }
        for comment in format::comments_at(text) {
            found.extend(one(text, file, comment, &nodes, diags));
        }
    }
    found
}

/// Adds the spans of attributes and blocks, of nested ones too.
fn collect(body: &Body, at: At, into: &mut Vec<Span>) {
    for attr in body.attributes() {
        into.push(Span { end: at.span(&attr.value).end, ..at.span(&attr.key) });
    }
    for block in body.blocks() {
        let head = at.span(&block.ident);
        into.push(Span { end: at.span(block).end.max(head.end), ..head });
        collect(&block.body, at, into);
    }
}

/// Returns what a comment is about: behind code what begins on its line, else what comes next in the
/// block, or the value, that it stands in.
fn covered(text: &str, comment: &Range<usize>, nodes: &[Span]) -> Option<Span> {
    let line_start = text[..comment.start].rfind('\n').map_or(0, |newline| newline + 1);
    let before = text[line_start..comment.start].trim_start_matches('\u{feff}');
    let is_above = before.trim().is_empty();
    let holds = |node: &&Span| node.start < comment.start && comment.end <= node.end;
    let end = nodes.iter().filter(holds).map(|node| node.end).min().unwrap_or(text.len());
    let is_meant = |node: &&Span| match is_above {
        true => node.start >= comment.end && node.end <= end,
        false => (line_start..comment.start).contains(&node.start),
    };
    nodes.iter().filter(is_meant).min_by_key(|node| (node.start, usize::MAX - node.end)).copied()
}

fn one(
    text: &str,
    file: FileId,
    comment: Range<usize>,
    nodes: &[Span],
    diags: &mut Diagnostics,
) -> Option<Inline> {
    let body = text.get(comment.clone())?.trim_start_matches(['#', '/', '*']).trim();
    let rest = body.trim_end_matches("*/").strip_prefix("charter:allow")?;
    let span = Span::new(file, comment.clone());
    let mut fail = |label: String, help: String| {
        diags.push(Diagnostic::error("an allow comment allows nothing").at(span, label).help(help));
    };
    let allow = match allow::parse(rest, comment.clone()) {
        Ok(allow) => allow,
        Err(message) => {
            fail(message, allow::USAGE.into());
            return None;
        }
    };
    let wrong: Vec<_> = inline::wrong(&allow).collect();
    if !wrong.is_empty() {
        wrong.into_iter().for_each(|(label, help)| fail(label, help));
        return None;
    }
    let Some(covers) = covered(text, &comment, nodes) else {
        diags.push(
            Diagnostic::warning("an allow comment allows nothing")
                .at(span, "no block or attribute stands here or below, in the same block")
                .help("put it above the block or attribute that it is about, or behind it (CH148)"),
        );
        return None;
    };
    Some(Inline {
        codes: allow.codes,
        reason: allow.reason,
        place: Place::new(span, None, String::new()),
        covers,
        statement: 0,
        lines: (0, 0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns what the comment of a text is about, where blocks and attributes are those of the text.
    fn about(text: &str) -> String {
        let mut sources = SourceMap::default();
        let file = sources.add("main.hcl", text);
        let body = hcl_edit::parser::parse_body(text).unwrap();
        let mut nodes = Vec::new();
        collect(&body, At::start(file), &mut nodes);
        let comment = format::comments_at(text).into_iter().next().unwrap();
        let covers = covered(text, &comment, &nodes);
        covers.map_or(String::new(), |span| text[span.start..span.end].split_whitespace().collect())
    }

    #[test]
    fn a_comment_is_about_what_follows_in_its_block() {
        for (text, expected) in [
            ("# c\nrole \"a\" {\n  x = 1\n}\n", "role\"a\"{x=1}"),
            ("role \"a\" {\n  # c\n  x = 1\n}\n", "x=1"),
            ("role \"a\" {\n  # c\n  n {\n    x = 1\n  }\n}\n", "n{x=1}"),
            ("role \"a\" {\n  x = 1\n  # c\n}\nrole \"b\" {\n  y = 2\n}\n", ""),
            ("role \"a\" {\n  n {\n    x = 1\n    # c\n  }\n  y = 2\n}\n", ""),
            ("role \"a\" {\n  n {\n    x = 1\n  }\n  # c\n  y = 2\n}\n", "y=2"),
            ("x = [\n  1,\n  # c\n]\ny = 2\n", ""),
            ("x = 1 # c\ny = 2\n", "x=1"),
            ("role \"a\" { # c\n  x = 1\n}\n", "role\"a\"{#cx=1}"),
            ("x = 1\n# c\n", ""),
        ] {
            assert_eq!(about(text), expected, "{text}");
        }
    }
}
