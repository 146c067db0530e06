//! A place of the configuration that a finding is about. Planning knows spans only; whoever holds
//! the texts turns them into lines and columns with [`Place::locate`], before anything is shown.

use serde::{Deserialize, Serialize};

use crate::diag::{SourceMap, Span};

/// A place in the source, and what there is to say about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The span of an expression or of a block's head.
    #[serde(skip, default = "Span::nowhere")]
    pub span: Span,
    /// A text that the expression is made of, where only that is meant.
    #[serde(skip)]
    pub item: Option<String>,
    /// What is there; may be empty.
    pub label: String,
    /// The line, once it is known.
    #[serde(flatten)]
    pub excerpt: Option<Excerpt>,
}

/// A line of a file, and the part of it that is meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excerpt {
    /// The file, relative to the configuration.
    pub file: String,
    /// The line, from one.
    pub line: usize,
    /// The column in characters, from one.
    pub column: usize,
    /// How many characters are meant: at least one, and none of the lines that follow.
    pub length: usize,
    /// The line itself.
    #[serde(skip)]
    pub text: String,
}

impl Place {
    /// Returns a place that is yet to be located.
    pub fn new(span: Span, item: Option<String>, label: String) -> Self {
        Self { span, item, label, excerpt: None }
    }

    /// Returns a place of which the line is known: in a file that is no part of the source map.
    pub fn located(excerpt: Excerpt, label: String) -> Self {
        Self { span: Span::nowhere(), item: None, label, excerpt: Some(excerpt) }
    }

    /// Looks the span up. An item is narrowed down to where its literal stands, if it stands in the
    /// expression exactly once; a value that comes from elsewhere is shown where it is used.
    pub fn locate(&mut self, sources: &SourceMap) {
        let span = narrowed(sources, self.span, self.item.as_deref());
        let Some(file) = sources.file(span.file) else { return };
        let (before, rest) = match (file.text.get(..span.start), file.text.get(span.start..)) {
            (Some(before), Some(rest)) => (before, rest),
            _ => return,
        };
        let position = sources.position(span);
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let end = span.start + rest.find('\n').unwrap_or(rest.len());
        let meant = sources.text(Span { end: span.end.min(end).max(span.start), ..span });
        self.excerpt = Some(Excerpt {
            file: file.path.clone(),
            line: position.line,
            column: position.column,
            length: meant.trim_end().chars().count().max(1),
            text: file.text.get(start..end).unwrap_or_default().trim_end().to_owned(),
        });
    }
}

/// Returns where the literal of an item stands in an expression: a list of texts, say. It is the
/// whole expression where the literal is not in it, or more than once.
pub fn narrowed(sources: &SourceMap, span: Span, item: Option<&str>) -> Span {
    let Some(item) = item else { return span };
    let (text, literal) = (sources.text(span), format!("{item:?}"));
    let mut found = text.match_indices(&literal);
    match (found.next(), found.next()) {
        (Some((at, _)), None) => {
            Span { start: span.start + at, end: span.start + at + literal.len(), ..span }
        }
        _ => span,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn located(text: &str, range: std::ops::Range<usize>, item: Option<&str>) -> Option<Excerpt> {
        let mut sources = SourceMap::default();
        let file = sources.add("main.hcl", text);
        let mut place = Place::new(Span::new(file, range), item.map(str::to_owned), String::new());
        place.locate(&sources);
        place.excerpt
    }

    #[test]
    fn an_item_of_a_list_is_narrowed_down() {
        let text = "role \"r\" {\n  privileges = [\"SELECT\", \"INSRT\"]\n}\n";
        let excerpt = located(text, 26..45, Some("INSRT")).unwrap();
        assert_eq!((excerpt.line, excerpt.column, excerpt.length), (2, 27, 7));
        assert_eq!(excerpt.text, "  privileges = [\"SELECT\", \"INSRT\"]");
    }

    #[test]
    fn what_stands_there_twice_or_not_at_all_is_the_whole_expression() {
        let text = "p = [\"A\", \"A\"]";
        for item in [Some("A"), Some("B"), None] {
            let excerpt = located(text, 4..14, item).unwrap();
            assert_eq!((excerpt.column, excerpt.length), (5, 10), "{item:?}");
        }
    }

    #[test]
    fn only_the_first_of_several_lines_is_meant() {
        let excerpt = located("p = [\n  1,\n]\n", 4..12, None).unwrap();
        assert_eq!((excerpt.line, excerpt.column, excerpt.length, &*excerpt.text), (1, 5, 1, "p = ["));
        assert_eq!(located("x", 5..9, None), None);
    }
}
