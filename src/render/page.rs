//! A page of text: lines with indents, tones and hanging wraps. Colour is written here only.
//!
//! Widths are counted in characters. What is added must be safe to print: see [`super::escape`].

use anstyle::{AnsiColor, Style};

use super::escape::elide;

/// How text is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether ANSI styles are written.
    pub color: bool,
    /// The width of the terminal in columns.
    pub width: usize,
    /// Whether every operation is shown under its step.
    pub sql: bool,
    /// Whether each tenant is shown by itself, though the same happens to many.
    pub expand: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { color: false, width: 80, sql: false, expand: false }
    }
}

/// What a piece of text means, for its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing in particular.
    Plain,
    /// A heading.
    Strong,
    /// Less important.
    Faint,
    /// Comes to be, or is well.
    Good,
    /// Changes, or is to be looked at.
    Change,
    /// Goes away, or is wrong.
    Bad,
    /// Is told or run.
    Info,
}

impl Tone {
    fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Strong => Style::new().bold(),
            Self::Faint => Style::new().dimmed(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Change => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default(),
            Self::Info => AnsiColor::Cyan.on_default(),
        }
    }
}

/// Text in the making.
pub struct Page {
    out: String,
    options: Options,
}

impl Page {
    /// Starts an empty page.
    pub fn new(options: &Options) -> Self {
        Self { out: String::new(), options: *options }
    }

    /// Returns how the page is drawn.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Returns how many columns are left after an indent; never too few to be of use.
    pub fn room(&self, indent: usize) -> usize {
        self.options.width.saturating_sub(indent).max(20)
    }

    /// Adds an empty line, unless the page is empty or ends with one.
    pub fn gap(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// Adds a heading with empty lines around it.
    pub fn heading(&mut self, text: &str) {
        self.gap();
        self.line(0, &[(Tone::Strong, &*elide(text, self.room(0)))]);
        self.gap();
    }

    /// Adds a line as it is.
    pub fn line(&mut self, indent: usize, spans: &[(Tone, &str)]) {
        self.start(indent);
        self.spans(spans);
        self.end();
    }

    /// Adds text that is wrapped; further lines hang below where the text began after its lead.
    pub fn wrapped(&mut self, indent: usize, lead: &[(Tone, &str)], tone: Tone, text: &str) {
        let hang = indent + lead.iter().map(|(_, text)| text.chars().count()).sum::<usize>();
        let mut lines = wrap(text, self.room(hang)).into_iter();
        self.start(indent);
        self.spans(lead);
        self.spans(&[(tone, lines.next().unwrap_or_default())]);
        self.end();
        for line in lines {
            self.line(hang, &[(tone, line)]);
        }
    }

    /// Returns the page.
    pub fn finish(self) -> String {
        self.out
    }

    fn start(&mut self, indent: usize) {
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    fn spans(&mut self, spans: &[(Tone, &str)]) {
        for (tone, text) in spans {
            let style = tone.style();
            if self.options.color && style != Style::new() {
                self.out.push_str(&format!("{style}{text}{style:#}"));
            } else {
                self.out.push_str(text);
            }
        }
    }

    fn end(&mut self) {
        self.out.truncate(self.out.trim_end_matches(' ').len());
        self.out.push('\n');
    }
}

/// Breaks text at spaces into lines of at most `width` characters; what has no spaces is broken
/// where the line is full.
fn wrap(text: &str, width: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some((full, _)) = rest.char_indices().nth(width) {
        // A word goes to the next line unless it is too long for any, and much room would be left.
        let fits =
            |at: usize| rest[at + 1..].split(' ').next().is_none_or(|word| word.chars().count() <= width);
        let space = rest[..full].rfind(' ').filter(|at| *at > 0 && (*at > width / 3 || fits(*at)));
        let cut = if rest[full..].starts_with(' ') { full } else { space.unwrap_or(full) };
        lines.push(&rest[..cut]);
        rest = rest[cut..].strip_prefix(' ').unwrap_or(&rest[cut..]);
    }
    lines.push(rest);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_wrapped_at_spaces_or_where_it_must() {
        assert_eq!(wrap("one two three", 9), ["one two", "three"]);
        assert_eq!(wrap("one two", 7), ["one two"]);
        assert_eq!(wrap("a migrations/x.sql", 16), ["a", "migrations/x.sql"]);
        assert_eq!(wrap("a migrations/x.sql", 12), ["a migrations", "/x.sql"]);
        assert_eq!(wrap("éééééééééé", 4), ["éééé", "éééé", "éé"]);
        assert_eq!(wrap("", 4), [""]);
    }

    #[test]
    fn further_lines_hang_and_colour_is_optional() {
        let draw = |color| {
            let mut page = Page::new(&Options { color, width: 30, ..Options::default() });
            page.wrapped(2, &[(Tone::Info, "note: ")], Tone::Plain, "a b c d e f g h i j k l m n o");
            page.finish()
        };
        assert_eq!(draw(false), "  note: a b c d e f g h i j k\n        l m n o\n");
        assert_eq!(draw(true), "  \u{1b}[36mnote: \u{1b}[0ma b c d e f g h i j k\n        l m n o\n");
    }
}
