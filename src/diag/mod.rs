//! Diagnostics as values: severity, summary, why and what to do, with labelled places in the
//! source. Problems are collected, so that one run reports as many as it can; only
//! [`text`] and [`json`] turn them into output.

pub mod escape;
pub mod json;
mod nearest;
pub mod source;
pub mod text;

pub use nearest::nearest;
pub use source::{FileId, SourceMap, Span};

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Nothing can go on.
    Error,
    /// Worth a look; the run goes on.
    Warning,
}

/// A place in the source with what there is to say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is there; may be empty for the primary place.
    pub text: String,
}

/// One problem, told for the person who gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub level: Level,
    /// What is wrong: short and fixed, without a full stop.
    pub summary: String,
    /// Why it matters, in sentences; may be empty.
    pub detail: String,
    /// The places, the primary one first; none where there is no source (a server's answer).
    pub labels: Vec<Label>,
    /// What to do, a line each.
    pub help: Vec<String>,
}

impl Diagnostic {
    /// Starts an error.
    pub fn error(summary: impl Into<String>) -> Self {
        Self::new(Level::Error, summary)
    }

    /// Starts a warning.
    pub fn warning(summary: impl Into<String>) -> Self {
        Self::new(Level::Warning, summary)
    }

    fn new(level: Level, summary: impl Into<String>) -> Self {
        Self { level, summary: summary.into(), detail: String::new(), labels: Vec::new(), help: Vec::new() }
    }

    /// Adds a place; the first one is the primary one.
    #[must_use]
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Says why it matters.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }
}

/// The problems found so far.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    items: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Adds a problem, unless the very same one is there already.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if !self.items.contains(&diagnostic) {
            self.items.push(diagnostic);
        }
    }

    /// Adds all of another collection.
    pub fn extend(&mut self, other: Self) {
        for item in other.items {
            self.push(item);
        }
    }

    /// Returns whether one of them is an error.
    pub fn has_errors(&self) -> bool {
        self.items.iter().any(|item| item.level == Level::Error)
    }

    /// Returns the problems in the order of the source: by file, then by place, those without a
    /// place last.
    pub fn sorted(&self) -> Vec<&Diagnostic> {
        let mut sorted: Vec<_> = self.items.iter().collect();
        sorted.sort_by_key(|item| item.labels.first().map_or((1, None), |label| (0, Some(label.span))));
        sorted
    }

    /// Returns the problems in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.items.iter()
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(items: I) -> Self {
        let mut all = Self::default();
        for item in items {
            all.push(item);
        }
        all
    }
}
