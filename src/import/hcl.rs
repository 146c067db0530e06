//! Writes blocks as HCL, in the style of `terraform fmt`: two spaces a level, the equal signs of
//! consecutive attributes below each other, lists that do not fit on a line with an item a line.
//!
//! Every text may be hostile: quotes, backslashes, control characters, `${` and `%{` are escaped, so
//! that what is written parses back to the same values; remarks cannot leave their line.

use crate::diag::escape;
use crate::format::format;
use crate::model::block::{Block, Expr, Item};

/// The longest line of an attribute, in characters; what is longer is broken.
const WIDTH: usize = 100;

/// Returns the text of blocks, with an empty line between them.
pub fn write(blocks: &[Block]) -> String {
    let mut texts: Vec<String> = Vec::new();
    for block in blocks {
        let mut text = String::new();
        block_into(&mut text, block, 0);
        texts.push(text);
    }
    let text = texts.join("\n");
    // What parses is formatted; what would not is left to whoever parses it to say.
    format(&text).unwrap_or(text)
}

/// Returns remarks as lines of comments.
pub fn comment(text: &str, depth: usize) -> String {
    let indent = "  ".repeat(depth);
    // A line feed begins a line of comment; whatever else could end one is shown as an escape.
    let line = |line: &str| format!("{indent}# {}", escape::line(line)).trim_end().to_owned() + "\n";
    text.split('\n').map(line).collect()
}

fn block_into(out: &mut String, block: &Block, depth: usize) {
    let indent = "  ".repeat(depth);
    for text in &block.comments {
        out.push_str(&comment(text, depth));
    }
    out.push_str(&format!("{indent}{}", block.word));
    if let Some(label) = &block.label {
        out.push_str(&format!(" {}", quoted(label)));
    }
    if block.items.is_empty() {
        out.push_str(" {}\n");
        return;
    }
    out.push_str(" {\n");
    items_into(out, &block.items, depth + 1);
    out.push_str(&format!("{indent}}}\n"));
}

fn items_into(out: &mut String, items: &[Item], depth: usize) {
    let mut rest = items;
    while let [first, after @ ..] = rest {
        let run = attributes(rest, depth);
        if !run.is_empty() {
            rest = &rest[run.len()..];
            aligned(out, &run, depth);
            continue;
        }
        rest = after;
        match first {
            Item::Comment(text) => out.push_str(&comment(text, depth)),
            Item::Block(block) => block_into(out, block, depth),
            Item::Attr(name, value) => {
                let indent = "  ".repeat(depth);
                out.push_str(&format!("{indent}{name} = {}\n", broken(value, depth)));
            }
        }
    }
}

/// Returns the attributes at the beginning that take one line each.
fn attributes(items: &[Item], depth: usize) -> Vec<(&str, String)> {
    let one = |item: &'_ Item| match item {
        Item::Attr(name, value) => {
            let text = flat(value);
            let fits = 2 * depth + name.len() + 3 + text.chars().count() <= WIDTH || !is_breakable(value);
            fits.then_some(text)
        }
        Item::Block(_) | Item::Comment(_) => None,
    };
    let mut run = Vec::new();
    for item in items {
        let (Item::Attr(name, _), Some(text)) = (item, one(item)) else { break };
        run.push((name.as_str(), text));
    }
    run
}

fn aligned(out: &mut String, run: &[(&str, String)], depth: usize) {
    let indent = "  ".repeat(depth);
    let width = run.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    for (name, text) in run {
        out.push_str(&format!("{indent}{name:width$} = {text}\n"));
    }
}

fn is_breakable(value: &Expr) -> bool {
    match value {
        Expr::List(items) => !items.is_empty(),
        Expr::Map(entries) => !entries.is_empty(),
        Expr::Call(_, arguments) => matches!(&arguments[..], [only] if is_breakable(only)),
        _ => false,
    }
}

/// Returns a value on one line.
fn flat(value: &Expr) -> String {
    match value {
        Expr::Bool(value) => value.to_string(),
        Expr::Number(number) => number.to_string(),
        Expr::Text(text) => quoted(text),
        Expr::Ref(text) => text.clone(),
        Expr::Join(parts) => format!("\"{}\"", parts.iter().map(part).collect::<String>()),
        Expr::List(items) => format!("[{}]", items.iter().map(flat).collect::<Vec<_>>().join(", ")),
        Expr::Map(entries) if entries.is_empty() => "{}".to_owned(),
        Expr::Map(entries) => format!("{{ {} }}", entries.iter().map(entry).collect::<Vec<_>>().join(", ")),
        Expr::Call(name, arguments) => {
            format!("{name}({})", arguments.iter().map(flat).collect::<Vec<_>>().join(", "))
        }
    }
}

/// Returns a value with an item a line.
fn broken(value: &Expr, depth: usize) -> String {
    let (indent, inner) = ("  ".repeat(depth), "  ".repeat(depth + 1));
    match value {
        Expr::List(items) => {
            let items: String = items.iter().map(|item| format!("{inner}{},\n", flat(item))).collect();
            format!("[\n{items}{indent}]")
        }
        Expr::Map(entries) => {
            let width = entries.iter().map(|(name, _)| key(name).len()).max().unwrap_or_default();
            let line =
                |(name, value): &(String, Expr)| format!("{inner}{:width$} = {}\n", key(name), flat(value));
            format!("{{\n{}{indent}}}", entries.iter().map(line).collect::<String>())
        }
        Expr::Call(name, arguments) => {
            let arguments: Vec<String> = arguments.iter().map(|argument| broken(argument, depth)).collect();
            format!("{name}({})", arguments.join(", "))
        }
        other => flat(other),
    }
}

fn entry((name, value): &(String, Expr)) -> String {
    format!("{} = {}", key(name), flat(value))
}

/// Returns the key of a map: bare where it is a name.
fn key(name: &str) -> String {
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !["true", "false", "null", "for", "if", "in"].contains(&name);
    if is_name { name.to_owned() } else { quoted(name) }
}

fn part(value: &Expr) -> String {
    match value {
        Expr::Text(text) => escaped(text),
        other => format!("${{{}}}", flat(other)),
    }
}

/// Returns a text as a literal.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// Escapes a text for the inside of quotes. What would begin a template is doubled; behind another
/// such character, where doubling means something else, it is written as a code point.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut before = None;
    while let Some(c) = chars.next() {
        let last = before.replace(c);
        match c {
            '$' | '%' if chars.peek() == Some(&'{') && last != Some(c) => out.extend([c, c]),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' | '%' if chars.peek() == Some(&'{') => out.push_str(&code_point(c)),
            c if escape::line(c.encode_utf8(&mut [0; 4])) != c.to_string() => out.push_str(&code_point(c)),
            c => out.push(c),
        }
    }
    out
}

fn code_point(c: char) -> String {
    let code = u32::from(c);
    if code > 0xffff { format!("\\U{code:08x}") } else { format!("\\u{code:04x}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Evaluates what was written as a list of constants: the same texts and numbers, or nothing.
    fn parsed(text: &str) -> Option<Vec<(String, hcl_edit::expr::Expression)>> {
        let body: hcl_edit::structure::Body = text.parse().ok()?;
        let block = body.blocks().next()?;
        let attrs = block.body.attributes();
        Some(attrs.map(|attr| (attr.key.value().to_string(), attr.value.clone())).collect())
    }

    fn same(value: &Expr, parsed: &hcl_edit::expr::Expression) -> bool {
        use hcl_edit::expr::Expression as E;
        match (value, parsed) {
            (Expr::Bool(value), E::Bool(found)) => value == found.value(),
            (Expr::Number(value), E::Number(found)) => found.value().as_u64() == Some(*value),
            (Expr::Text(value), E::String(found)) => value == found.value(),
            (Expr::List(values), E::Array(found)) => {
                values.len() == found.len() && values.iter().zip(found.iter()).all(|(a, b)| same(a, b))
            }
            (Expr::Map(values), E::Object(found)) => {
                let text = |key: &hcl_edit::expr::ObjectKey| match key {
                    hcl_edit::expr::ObjectKey::Ident(name) => name.value().to_string(),
                    hcl_edit::expr::ObjectKey::Expression(E::String(text)) => text.value().clone(),
                    hcl_edit::expr::ObjectKey::Expression(_) => String::new(),
                };
                values.len() == found.len()
                    && values
                        .iter()
                        .zip(found.iter())
                        .all(|((name, value), (key, other))| *name == text(key) && same(value, other.expr()))
            }
            _ => false,
        }
    }

    fn value() -> impl Strategy<Value = Expr> {
        let text = prop_oneof![
            any::<String>(),
            "[ -~\\n\\t\"\\\\$%{}]{0,40}",
            "(\\$|%|\\$\\$|%%)\\{[a-z.]*\\}?",
            "[a-z0-9_]{1,12}",
        ];
        let leaf = prop_oneof![
            any::<bool>().prop_map(Expr::Bool),
            (0..1_u64 << 50).prop_map(Expr::Number),
            text.prop_map(Expr::Text)
        ];
        leaf.prop_recursive(2, 12, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Expr::List),
                proptest::collection::btree_map(any::<String>(), inner, 0..4)
                    .prop_map(|map| Expr::Map(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_parses_back(values in proptest::collection::vec(value(), 1..5), remark in any::<String>()) {
            let mut block = Block::labelled("role", "a");
            block.comment(remark.clone());
            for (index, value) in values.iter().enumerate() {
                block.remark(remark.clone());
                block.attr(&format!("a{index}"), value.clone());
            }
            let text = write(&[block]);
            let found = parsed(&text);
            prop_assert!(found.is_some(), "{text}");
            let found = found.unwrap_or_default();
            prop_assert_eq!(found.len(), values.len(), "{}", text);
            for (value, (_, found)) in values.iter().zip(&found) {
                prop_assert!(same(value, found), "{value:?} is {found:?} in\n{text}");
            }
        }
    }

    #[test]
    fn blocks_look_as_terraform_writes_them() {
        let mut grant = Block::new("grant");
        grant.attr("privileges", Expr::texts(["SELECT"]));
        grant.attr("on", Expr::Join(vec![Expr::Ref("database.d.name".into()), ".*".into()]));
        let mut role = Block::labelled("role", "analyst");
        role.comment("two\nlines");
        role.attr("roles", Expr::List(vec![Expr::Ref("role.reader".into())]));
        role.attr(
            "settings",
            Expr::Map(vec![("max_threads".into(), Expr::plain("4")), ("a b".into(), "${x}".into())]),
        );
        role.attr(
            "host_names",
            Expr::texts((1..4).map(|n| format!("web{n}.{}.example.com", "x".repeat(30)))),
        );
        role.block(grant);
        insta::assert_snapshot!(write(&[role, Block::labelled("role", "reader")]), @r#"
        # two
        # lines
        role "analyst" {
          roles    = [role.reader]
          settings = { max_threads = 4, "a b" = "$${x}" }
          host_names = [
            "web1.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.example.com",
            "web2.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.example.com",
            "web3.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.example.com",
          ]
          grant {
            privileges = ["SELECT"]
            on         = "${database.d.name}.*"
          }
        }

        role "reader" {}
        "#);
    }
}
