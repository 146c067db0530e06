//! Diagnostics for people, drawn by annotate-snippets in the manner of rustc.

use annotate_snippets::{AnnotationKind, Group, Level as Drawn, Renderer, Snippet};

use super::{Diagnostic, Diagnostics, Level, SourceMap, escape};

/// Returns all problems as text, in the order of the source. `color` draws with ANSI styles;
/// `width` is that of the terminal in columns.
pub fn render(all: &Diagnostics, sources: &SourceMap, color: bool, width: usize) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() }.term_width(width.max(40));
    all.sorted().into_iter().map(|item| one(item, sources, &renderer) + "\n").collect()
}

fn one(item: &Diagnostic, sources: &SourceMap, renderer: &Renderer) -> String {
    let level = match item.level {
        Level::Error => Drawn::ERROR,
        Level::Warning => Drawn::WARNING,
    };
    let title = level.primary_title(item.summary.as_str());
    let mut group = if item.labels.is_empty() {
        Group::with_title(title)
    } else {
        title.elements(snippets(item, sources))
    };
    // Titles, labels and sources are made safe by the library; these it would let pass.
    if !item.detail.is_empty() {
        group = group.element(Drawn::NOTE.message(escape::block(&item.detail)));
    }
    for help in &item.help {
        group = group.element(Drawn::HELP.message(escape::block(help)));
    }
    renderer.render(&[group]) + "\n"
}

/// Returns a snippet for each file that the labels name, the primary label's file first.
fn snippets<'a>(
    item: &'a Diagnostic,
    sources: &'a SourceMap,
) -> Vec<Snippet<'a, annotate_snippets::Annotation<'a>>> {
    let mut files: Vec<super::FileId> = Vec::new();
    for label in &item.labels {
        if !files.contains(&label.span.file) {
            files.push(label.span.file);
        }
    }
    let drawn = files.into_iter().filter_map(|id| {
        let file = sources.file(id)?;
        let mut snippet = Snippet::source(file.text.as_str()).path(file.path.as_str());
        for (index, label) in item.labels.iter().enumerate().filter(|(_, label)| label.span.file == id) {
            let kind = if index == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
            // The renderer needs spans that do not cut characters.
            let end = file.text.ceil_char_boundary(label.span.end);
            let start = file.text.floor_char_boundary(label.span.start);
            let mut annotation = kind.span(start.min(end)..end);
            if !label.text.is_empty() {
                annotation = annotation.label(label.text.as_str());
            }
            snippet = snippet.annotation(annotation);
        }
        Some(snippet)
    });
    drawn.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Span;

    #[test]
    fn a_problem_is_underlined_with_why_and_what_to_do() {
        let mut sources = SourceMap::default();
        let file = sources.add("tenants.hcl", "role \"a\" {\n  nme = 1\n}\n");
        let all: Diagnostics = [Diagnostic::error("unknown attribute")
            .at(Span::new(file, 13..16), "not an attribute of role")
            .help("did you mean `name`?")]
        .into_iter()
        .collect();
        insta::assert_snapshot!(render(&all, &sources, false, 80), @r"
        error: unknown attribute
         --> tenants.hcl:2:3
          |
        2 |   nme = 1
          |   ^^^ not an attribute of role
          |
          = help: did you mean `name`?
        ");
    }

    #[test]
    fn what_servers_wrote_cannot_steer_the_terminal() {
        let hostile = "x\u{1b}[2J\u{202e}y";
        let item = Diagnostic::error(hostile).detail(hostile).help(hostile);
        let text = render(&[item].into_iter().collect(), &SourceMap::default(), false, 80);
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
    }
}
