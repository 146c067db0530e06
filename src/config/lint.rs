//! The block `lint`: what is denied and allowed of findings; and the `charter:allow` comments of the
//! configuration, each for the block or attribute that it stands beside or above.

use std::collections::BTreeMap;

use hcl_edit::structure::Body;

use super::decode::Seal;
use super::parse::{At, Parsed};
use super::settings::Reader;
use crate::diag::{Diagnostic, Diagnostics, FileId, SourceMap, Span};
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
        for comment in scan(text) {
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

fn one(
    text: &str,
    file: FileId,
    comment: std::ops::Range<usize>,
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
    let line_start = text[..comment.start].rfind('\n').map_or(0, |newline| newline + 1);
    let is_above = text[line_start..comment.start].trim().is_empty();
    let line_of = |at: usize| text.get(..at).map_or(0, |before| before.matches('\n').count());
    // Behind code it is about what begins on its line, else about what comes next.
    let here = line_of(comment.start);
    let covers = if is_above {
        nodes
            .iter()
            .filter(|node| node.start >= comment.end)
            .min_by_key(|node| (node.start, usize::MAX - node.end))
    } else {
        nodes
            .iter()
            .filter(|node| node.start < comment.start && line_of(node.start) == here)
            .min_by_key(|node| (node.start, usize::MAX - node.end))
    };
    let Some(covers) = covers else {
        diags.push(
            Diagnostic::warning("an allow comment allows nothing")
                .at(span, "no block or attribute stands here or below")
                .help("put it above the block or attribute that it is about, or behind it (CH148)"),
        );
        return None;
    };
    Some(Inline {
        codes: allow.codes,
        reason: allow.reason,
        place: Place::new(span, None, String::new()),
        covers: *covers,
        statement: 0,
        lines: (0, 0),
    })
}

/// Returns where comments stand in a text: not in strings and heredocs.
fn scan(text: &str) -> Vec<std::ops::Range<usize>> {
    let bytes = text.as_bytes();
    let line_end = |from: usize| text[from..].find('\n').map_or(text.len(), |length| from + length);
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at = string_end(bytes, at),
            b'#' => {
                found.push(at..line_end(at));
                at = line_end(at);
            }
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                found.push(at..line_end(at));
                at = line_end(at);
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                let end = text[at + 2..].find("*/").map_or(text.len(), |length| at + 2 + length + 2);
                found.push(at..end);
                at = end;
            }
            b'<' if bytes.get(at + 1) == Some(&b'<') => at = heredoc_end(text, at).unwrap_or(at + 2),
            _ => at += 1,
        }
    }
    found
}

/// Returns the byte behind a string; what `${…}` interpolates may hold strings of its own.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let (mut at, mut depth) = (start + 1, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'$' if bytes.get(at + 1) == Some(&b'{') => {
                depth += 1;
                at += 1;
            }
            b'}' => depth = depth.saturating_sub(1),
            b'"' if depth > 0 => at = string_end(bytes, at) - 1,
            b'"' => return at + 1,
            b'\n' if depth == 0 => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// Returns the byte behind a heredoc that opens with `<<EOT` or `<<-EOT`.
fn heredoc_end(text: &str, start: usize) -> Option<usize> {
    let rest = text.get(start + 2..)?;
    let rest = rest.strip_prefix('-').unwrap_or(rest);
    let name =
        rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().filter(|name| !name.is_empty())?;
    let mut at = start + text.get(start..)?.find('\n')? + 1;
    for line in text.get(at..)?.split_inclusive('\n') {
        at += line.len();
        if line.trim() == name {
            return Some(at);
        }
    }
    Some(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_not_looked_for_in_texts() {
        let text = "a = \"# no ${\"# no\"} \\\" # no\" # yes\nb = <<EOT\n# no\nEOT\n// yes\n/* yes */ c = 1 << 2 # yes\n";
        let comments: Vec<&str> = scan(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(comments, ["# yes", "// yes", "/* yes */", "# yes"]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_scanned(text in "([\"#/*$\\{\\}<\\\\\\n-]|EOT|charter:allow|CH101|\\PC){0,60}") {
            for comment in scan(&text) {
                proptest::prop_assert!(text.get(comment).is_some());
            }
        }
    }
}
