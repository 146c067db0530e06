//! What a parser of GitHub's Markdown makes of escaped text: the same text and nothing else.

use comrak::nodes::{AstNode, NodeValue};
use comrak::{Arena, Options, parse_document};
use proptest::prelude::*;

use super::*;

/// Returns the extensions of GitHub, and those that others add.
pub fn github() -> Options<'static> {
    let mut options = Options::default();
    let extension = &mut options.extension;
    extension.table = true;
    extension.autolink = true;
    extension.strikethrough = true;
    extension.tasklist = true;
    extension.footnotes = true;
    extension.math_dollars = true;
    extension.math_code = true;
    extension.alerts = true;
    options
}

/// Returns the text of a document, and what is in it besides paragraphs, text and code. What a forge
/// would turn into a link in text outside of code counts as such.
fn read(markdown: &str) -> (String, Vec<String>) {
    let arena = Arena::new();
    let (mut text, mut else_) = (String::new(), Vec::new());
    for node in parse_document(&arena, markdown, &github()).descendants() {
        match &node.data.borrow().value {
            NodeValue::Text(part) => {
                text.push_str(part);
                else_.extend(references(part));
            }
            NodeValue::Code(code) => text.push_str(&code.literal),
            NodeValue::Document
            | NodeValue::Paragraph
            | NodeValue::Table(_)
            | NodeValue::TableRow(_)
            | NodeValue::TableCell => {}
            other => else_.push(format!("{other:?}")),
        }
    }
    (text, else_)
}

/// Returns the words that a forge links: mentions, numbers of issues, hashes of commits, emoji.
pub fn references(text: &str) -> Vec<String> {
    let pattern = r"@[A-Za-z0-9]|#\d|[A-Za-z]+-\d|\b[0-9a-f]{7,40}\b|:[a-z0-9_+-]+:|https?:|www\.";
    let pattern = regex::Regex::new(pattern).expect("a pattern");
    pattern.find_iter(text).map(|found| found.as_str().to_owned()).collect()
}

fn squeezed(text: &str) -> String {
    escape::line(text).split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn same(markdown: &str, expected: &str) {
    assert_eq!(read(markdown), (expected.to_owned(), Vec::new()), "{markdown}");
}

const NASTY: [&str; 24] = [
    "@org/team fixes #12, GH-34 and org/repo#5 at 1234567 or 01234567",
    "<script>alert(1)</script></details><!-- x",
    "a | b \\| c ||",
    "``` ```` ` `` x`",
    "`",
    " ` ",
    "[a](http://x.y) ![b](c) <http://x.y> http://x.y www.x.y me@x.y",
    "**a** __b__ ~~c~~ *d* _e_ $f$ $`g`$ :smile: [^1]",
    "# heading",
    "    code",
    "- item",
    "1. item",
    "2) item",
    "> quote",
    "---",
    "===",
    "| a | b |",
    "[ ] task",
    "a\n\n# b\r\n```",
    "\u{202e}\u{200b}\u{feff}x\u{2028}",
    "&lt; &#64;me &amp;",
    "\\@me \\#1 \\",
    "   ",
    "x\ty\u{1b}[2J\0",
];

#[test]
fn hostile_texts_mean_nothing() {
    for text in NASTY {
        same(&prose(text), &squeezed(text));
        same(&code(text), &escape::line(text));
        let row = format!("| a |\n|---|\n| {} |\n", cell(text));
        same(&row, &format!("a{}", escape::line(text)));
    }
    assert_eq!(code(""), "(empty)");
}

#[test]
fn sentences_stay_readable() {
    assert_eq!(
        prose("role role_tenant_acme isn't as declared (see tenants.hcl): 2 rights, not three."),
        "role `role_tenant_acme` isn't as declared (see `tenants.hcl`): 2 rights, not three."
    );
}

proptest! {
    #[test]
    fn any_text_means_itself_alone(text in "(?s:.{0,60})|[`|\\\\<>@#*_~ a1.:/\\[\\]()!$&-]{0,40}|([a-f0-9]{6,8}[ .-]){1,4}") {
        same(&prose(&text), &squeezed(&text));
        if !escape::line(&text).is_empty() {
            same(&code(&text), &escape::line(&text));
            let row = format!("| a |\n|---|\n| {} |\n", cell(&text));
            same(&row, &format!("a{}", escape::line(&text)));
        }
    }

    #[test]
    fn any_block_stays_in_its_fence(text in "(?s:.{0,80})|[`~\n a<>/]{0,60}") {
        let markdown = format!("<details><summary>{}</summary>\n\n{}\n</details>\n", html(&text), fenced("sql", &text));
        let arena = Arena::new();
        let root: &AstNode = parse_document(&arena, &markdown, &github());
        let values: Vec<NodeValue> = root.children().map(|node| node.data.borrow().value.clone()).collect();
        match values.as_slice() {
            [NodeValue::HtmlBlock(open), NodeValue::CodeBlock(block), NodeValue::HtmlBlock(close)] => {
                let ended = |text: &str| text.strip_suffix('\n').unwrap_or(text).to_owned();
                prop_assert_eq!(ended(&block.literal), ended(&escape::block(&text)));
                prop_assert_eq!(open.literal.matches('<').count(), 5, "{}", &open.literal);
                prop_assert_eq!(&*close.literal, "</details>\n");
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn any_marker_is_one_comment(text in "(?s:.{0,40})|[->!<]{0,20}") {
        let comment = format!("<!-- charter:plan scope={} -->\n", marker(&text));
        let arena = Arena::new();
        let root = parse_document(&arena, &comment, &github());
        prop_assert_eq!(root.children().count(), 1);
        prop_assert_eq!(comment.matches("--").count(), 2);
    }

    #[test]
    fn any_label_stays_in_its_quotes(text in "(?s:.{0,40})|[\"\\[\\];#&<>%{}]{0,20}") {
        let label = label(&text);
        let inner = &label[1..label.len() - 1];
        prop_assert!(inner.chars().all(|c| c.is_alphanumeric() || " ._/+=~#;".contains(c)), "{}", inner);
    }
}
