//! Lines: how deep they stand, what is aligned in them, and the blank ones between them.
//!
//! Source: hclwrite/format.go, `formatIndent` and `formatCells`; blank lines are our own.

use super::lex::{Kind, Token};
use super::space;

/// A line of words, without its break.
struct Line<'t> {
    tokens: Vec<Token<'t>>,
    /// How many levels deep it stands.
    level: usize,
    /// Whether it stands in a body, not within a value.
    in_body: bool,
    /// Whether it begins a block that ends on a later line.
    begins: bool,
    /// Whether it ends such a block.
    ends: bool,
}

impl Line<'_> {
    fn is_blank(&self) -> bool {
        self.tokens.is_empty()
    }

    fn is_comment(&self) -> bool {
        !self.is_blank() && self.tokens.iter().all(Token::is_comment)
    }

    /// Returns whether it is a block, or begins or ends one.
    fn is_block(&self) -> bool {
        self.in_body
            && self.tokens.first().is_some_and(|first| first.kind == Kind::Word)
            && block(&self.tokens)
            || self.ends
    }
}

/// A bracket that is open.
struct Open {
    level: usize,
    is_block: bool,
}

/// Lays words out.
pub fn layout(tokens: &[Token<'_>]) -> String {
    let lines = spaced(indented(cut(tokens)));
    let cells: Vec<Cells> = lines.iter().map(Cells::of).collect();
    let assigns = aligned(&cells, |cells| cells.assign.is_some().then(|| width(&cells.lead)));
    let before_comment = |(cells, at): (&Cells, &Option<usize>)| joined(cells, *at);
    let bodies: Vec<String> = cells.iter().zip(&assigns).map(before_comment).collect();
    let pairs: Vec<(&Cells, &String)> = cells.iter().zip(&bodies).collect();
    let comments = aligned(&pairs, |(cells, body)| cells.comment.map(|_| width(body)));
    let mut text = String::new();
    for ((cells, body), at) in pairs.iter().zip(comments) {
        text.push_str(body);
        if let (Some(comment), Some(at)) = (cells.comment, at) {
            text.extend(std::iter::repeat_n(' ', at - width(body) + 1));
            text.push_str(comment);
        }
        text.push('\n');
    }
    text
}

/// Cuts words into lines.
fn cut<'t>(tokens: &[Token<'t>]) -> Vec<Vec<Token<'t>>> {
    let mut lines: Vec<Vec<Token<'t>>> =
        tokens.split(|token| token.kind == Kind::Break).map(<[Token<'t>]>::to_vec).collect();
    while lines.last().is_some_and(Vec::is_empty) {
        lines.pop();
    }
    lines
}

/// Says how deep each line stands: a level below the line that opened the innermost bracket; a line
/// that begins by closing brackets stands where the last of them was opened.
fn indented(lines: Vec<Vec<Token<'_>>>) -> Vec<Line<'_>> {
    let mut open: Vec<Open> = Vec::new();
    let mut found = Vec::new();
    for tokens in lines {
        let in_body = open.iter().all(|bracket| bracket.is_block);
        let depth = open.len();
        let closers = tokens.iter().take_while(|token| token.closes()).count();
        let level = match closers {
            0 => open.last().map_or(0, |bracket| bracket.level + 1),
            _ => open.get(depth.saturating_sub(closers)).map_or(0, |bracket| bracket.level),
        };
        let is_block = in_body && block(&tokens);
        let mut shallowest = depth;
        for (index, token) in tokens.iter().enumerate() {
            if token.opens() {
                let is_body = is_block && !tokens[..index].iter().any(Token::opens);
                open.push(Open { level, is_block: is_body });
            } else if token.closes() {
                open.pop();
                shallowest = shallowest.min(open.len());
            }
        }
        let begins = is_block && open.len() > depth;
        let ends = in_body && shallowest < depth;
        found.push(Line { tokens, level, in_body, begins, ends });
    }
    found
}

/// Returns whether words begin a block: a name, labels, a brace.
fn block(tokens: &[Token<'_>]) -> bool {
    let labels = tokens.iter().take_while(|token| matches!(token.kind, Kind::Word | Kind::Text));
    let count = labels.count();
    count > 0 && tokens.get(count).is_some_and(|token| token.is("{"))
}

/// Puts blank lines where they belong: one between blocks of several lines, never two, and none at the
/// beginning and the end of brackets.
fn spaced(lines: Vec<Line<'_>>) -> Vec<Line<'_>> {
    let mut kept: Vec<Line<'_>> = Vec::new();
    // Where the comments begin that stand right above the next line.
    let mut group = 0;
    for line in lines {
        let Some(last) = kept.last() else {
            if !line.is_blank() {
                kept.push(line);
            }
            continue;
        };
        if line.is_blank() {
            if !last.is_blank() && !opens(last) {
                kept.push(line);
            }
            group = kept.len();
            continue;
        }
        let closes = line.tokens.first().is_some_and(Token::closes);
        if closes && last.is_blank() {
            kept.pop();
        }
        if !last_is_comment(&kept) {
            group = kept.len();
        }
        let before = group.checked_sub(1).and_then(|at| kept.get(at));
        let apart = before.is_some_and(|before| {
            !closes && before.is_block() && line.is_block() && (before.ends || line.begins) && !opens(before)
        });
        if apart {
            kept.insert(group, blank());
        }
        kept.push(line);
    }
    kept
}

fn last_is_comment(lines: &[Line<'_>]) -> bool {
    lines.last().is_some_and(Line::is_comment)
}

fn opens(line: &Line<'_>) -> bool {
    line.tokens.iter().rfind(|token| !token.is_comment()).is_some_and(Token::opens)
}

fn blank<'t>() -> Line<'t> {
    Line { tokens: Vec::new(), level: 0, in_body: true, begins: false, ends: false }
}

/// A line in its parts: what stands before the `=`, from it on, and the comment behind.
struct Cells<'t> {
    lead: String,
    assign: Option<String>,
    comment: Option<&'t str>,
}

impl<'t> Cells<'t> {
    fn of(line: &Line<'t>) -> Self {
        let (mut tokens, mut comment) = (&line.tokens[..], None);
        if let [rest @ .., last] = tokens
            && last.kind == Kind::Comment
            && !rest.is_empty()
        {
            (tokens, comment) = (rest, Some(last.text.trim_end()));
        }
        let at =
            tokens.iter().position(|token| token.is("=")).filter(|at| *at > 0 && is_whole(&tokens[*at..]));
        let indent = if line.is_blank() { 0 } else { 2 * line.level };
        let (lead, assign) = match at {
            Some(at) => (written(&tokens[..at]), Some(written(&tokens[at..]))),
            None => (written(tokens), None),
        };
        Self { lead: " ".repeat(indent) + lead.trim_end(), assign, comment }
    }
}

/// Returns whether a value ends on its line, so that it is aligned with its neighbours.
fn is_whole(tokens: &[Token<'_>]) -> bool {
    let change = |token: &Token<'_>| i32::from(token.opens()) - i32::from(token.closes());
    tokens.iter().map(change).sum::<i32>() == 0
}

/// Writes words with the spaces between them.
fn written(tokens: &[Token<'_>]) -> String {
    let mut text = String::new();
    for (index, token) in tokens.iter().enumerate() {
        if space::between(&tokens[..index], token) {
            text.push(' ');
        }
        text.push_str(token.text);
    }
    text
}

fn joined(cells: &Cells<'_>, at: Option<usize>) -> String {
    match (&cells.assign, at) {
        (Some(assign), Some(at)) => {
            let spaces = " ".repeat(at - width(&cells.lead) + 1);
            format!("{}{spaces}{assign}", cells.lead)
        }
        _ => cells.lead.clone(),
    }
}

/// Returns for each line the widest of the run of lines that it belongs to; lines without a width end
/// a run.
fn aligned<T>(lines: &[T], width: impl Fn(&T) -> Option<usize>) -> Vec<Option<usize>> {
    let widths: Vec<Option<usize>> = lines.iter().map(width).collect();
    let mut found = Vec::with_capacity(widths.len());
    for run in widths.chunk_by(|a, b| a.is_some() == b.is_some()) {
        let widest = run.iter().flatten().max().copied();
        found.extend(run.iter().map(|width| width.and(widest)));
    }
    found
}

/// Returns how many columns the last line of a text takes.
fn width(text: &str) -> usize {
    text.rsplit('\n').next().unwrap_or_default().chars().count()
}
