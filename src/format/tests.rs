//! What formatting does, on small texts, on every configuration of the repository and on noise.

use std::path::{Path, PathBuf};

use hcl_edit::parser::parse_body;
use proptest::prelude::*;

use super::*;

fn formatted(text: &str) -> String {
    let result = format(text).unwrap();
    assert_eq!(format(&result).unwrap(), result, "formatting twice changes nothing more");
    result
}

#[test]
fn lines_are_indented_and_aligned() {
    let text = "role   \"a\"{\n\n\nname=\"x\" # one\n  comment_of_it = [ 1,2 ,3 ]   # two\n x={\n a=1\n  bcd =-2\n}\n\n\n\n  y = 1\n\n}\nrole b {}\nrole c {}\n\n\n# About d.\nrole \"d\" {\n}\n# About e.\nrole \"e\" {\nz = 1\n}";
    insta::assert_snapshot!(formatted(text), @r#"
    role "a" {
      name          = "x"       # one
      comment_of_it = [1, 2, 3] # two
      x = {
        a   = 1
        bcd = -2
      }

      y = 1
    }

    role b {}
    role c {}

    # About d.
    role "d" {
    }

    # About e.
    role "e" {
      z = 1
    }
    "#);
}

#[test]
fn words_are_apart_as_terraform_has_them() {
    let cases = [
        ("x=a ? b:c", "x = a ? b : c"),
        ("x = f( a,b... )", "x = f(a, b...)"),
        ("x = {for k,v in [1]:k=>v if(v>-1)}", "x = { for k, v in [1] : k => v if (v > -1) }"),
        ("x = ! a&&-b <=c -d", "x = !a && -b <= c - d"),
        ("x = a [ 0 ].b[*] . c[\"k\"]", "x = a[0].b[*].c[\"k\"]"),
        ("x = {a=1,b : 2}", "x = { a = 1, b : 2 }"),
        ("x = { }", "x = {}"),
        ("x = a-b", "x = a-b"),
        ("x = (a)-(b)*2", "x = (a) - (b) * 2"),
        ("x = 2 *-3 * [1][0]", "x = 2 * -3 * [1][0]"),
        ("x = 2*(3)", "x = 2 * (3)"),
        ("x = a.* [0]-1", "x = a.*[0] - 1"),
        ("x = a[*]-1", "x = a[*] - 1"),
        ("x = a.0.b", "x = a.0.b"),
        ("x = \"a ${ b [ 0 ] } \\\" ${\"}\"}\"", "x = \"a ${ b [ 0 ] } \\\" ${\"}\"}\""),
        ("x = 1.5e-3", "x = 1.5e-3"),
        ("x = 1 /* one */", "x = 1 /* one */"),
        ("x = 1   /*/ \"one   two */", "x = 1 /*/ \"one   two */"),
        ("tenant \"a\" { }", "tenant \"a\" {}"),
        ("a{b=1}", "a { b = 1 }"),
        ("x = [[1,2],[3]]", "x = [[1, 2], [3]]"),
    ];
    for (text, wanted) in cases {
        assert!(parse_body(text).is_ok(), "{text}");
        assert_eq!(formatted(text), format!("{wanted}\n"));
    }
}

#[test]
fn lists_heredocs_and_comments_stand_as_they_were_written() {
    let text = "x = [{\n a = 1\n}, {\n    b = 2\n  }]\n\ny = f(<<-EOT\n    kept   as\n  it is\n    EOT\n, 1)\n/* more\n   lines */\n\n\nz = [\n\n  1, # one\n      22, # two\n\n]\n";
    insta::assert_snapshot!(formatted(text), @r"
    x = [{
      a = 1
    }, {
      b = 2
    }]

    y = f(<<-EOT
        kept   as
      it is
        EOT
      , 1)
    /* more
       lines */

    z = [
      1,  # one
      22, # two
    ]
    ");
}

/// Texts of which the parser and a simpler lexer have different ideas.
#[test]
fn data_stands_as_it_was_written() {
    let kept = [
        "<<A·B\nkeep   this\n  if  x\nA·B",
        "<<E\u{301}\nkeep   this\n  if  x\nE\u{301}",
        "[<<EOT\nx\nEOT, <<B\ny\nEOT\nkeep   this\nB\n]",
        "<<EOT\nEOT-x   y\nEOTé   z\n\tEOT",
        "<<EOT\n${f(\n    <<B\nEOT\nkeep   this\nB\n)}\nEOT",
        "<<EOT\n%{ if true }\nEOT\nkeep   this\n%{ endif }\nEOT",
        "<<EOT\r\nkeep   this\r\nEOT",
        "<<EOT\nEOT",
        "\"%{ if true }x \"quoted   text\" y%{ endif }\"",
        "\"%{~ for x in [\"  }\"] ~}\\\"   %{ if x == \"a\" }  \"   %{ endif }%{ endfor }\"",
        "\"$${  %%{ if   %%{  $${\"",
    ];
    for value in kept {
        let text = format!("a  =  {value}\nb  =  \"%{{ if true }}  %{{ endif }}\"\n");
        assert!(parse_body(&text).is_ok(), "{text}");
        let result = format(&text).unwrap_or_else(|_| panic!("{text}"));
        assert_eq!(result.lines().count(), text.lines().count(), "{result}");
        assert!(meaning::is_same(&text, &result) && result.contains("\nb = \""), "{text}\n---\n{result}");
        assert_eq!(format(&result), Ok(result));
    }
}

#[test]
fn texts_that_mean_something_else_are_told_apart() {
    let same = |one, other| assert!(meaning::is_same(one, other), "{one} {other}");
    let other = |one, other| assert!(!meaning::is_same(one, other), "{one} {other}");
    same("a=[ 1,\n2 ]# b\n", "a = [1, 2]\n");
    other("a = \"x  y\"\n", "a = \"x y\"\n");
    other("a = <<E\nx  y\nE\n", "a = <<E\nx y\nE\n");
    other("a = \"%{ if true }x  y%{ endif }\"\n", "a = \"%{ if true }x y%{ endif }\"\n");
    other("a = 1\n", "a = -1\n");
    other("b \"c\" {}\n", "b \"d\" {}\n");
    other("a = 1\n", "a = \n");
}

fn configurations(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            configurations(&path, into);
        } else if path.extension().is_some_and(|ext| ext == "hcl") {
            into.push(path);
        }
    }
}

/// Returns every configuration of the repository that parses.
fn all() -> &'static [(PathBuf, String)] {
    static ALL: std::sync::LazyLock<Vec<(PathBuf, String)>> = std::sync::LazyLock::new(read);
    &ALL
}

fn read() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = vec![root.join("tenants.hcl")];
    for folder in ["examples", "tests"] {
        configurations(&root.join(folder), &mut paths);
    }
    let texts =
        paths.into_iter().filter_map(|path| Some((path.clone(), std::fs::read_to_string(path).ok()?)));
    texts.filter(|(_, text)| parse_body(text).is_ok()).collect()
}

/// Formats a text and makes sure that nothing but white space changed.
fn checked(text: &str) -> String {
    let result = formatted(text);
    assert!(meaning::is_same(text, &result), "{text}\n---\n{result}");
    assert_eq!(comments(text), comments(&result));
    result
}

#[test]
fn every_configuration_says_the_same_when_it_is_formatted() {
    let all = all();
    assert!(all.len() > 100);
    for (path, text) in all {
        let result = std::panic::catch_unwind(|| checked(text));
        assert!(result.is_ok(), "{}", path.display());
    }
}

/// Puts a text's words apart anew: spaces, breaks and comments where they may stand.
fn shaken(text: &str, dice: &[u8]) -> String {
    let mut shaken = String::new();
    let mut dice = dice.iter().cycle();
    let tokens = lex::tokens(text);
    for (index, token) in tokens.iter().enumerate() {
        if space::between(&tokens[..index], token) || dice.next().is_some_and(|die| die % 3 == 0) {
            let spaces = dice.next().map_or(1, |die| usize::from(die % 4) + 1);
            shaken.extend(std::iter::repeat_n(if spaces == 4 { '\t' } else { ' ' }, spaces));
        }
        let die = dice.next().copied().unwrap_or_default();
        if token.kind == lex::Kind::Break && die % 7 == 0 {
            shaken.push_str(
                ["\n\n\n", " # noise \n", "\n  // noise\n", "\r\n", " /* noise */ \n"][usize::from(die) % 5],
            );
        }
        shaken.push_str(token.text);
    }
    shaken
}

/// White space and comments between words, and within brackets.
fn blank() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![" ", " ", "  ", "\t", " /* c  \" c */ "])
}

fn broken() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", " ", "\n", "\n\n\n", "# \"k  k\n", " // <<EOT\n", "/* {\n  */", "\r\n"])
}

/// What stands in a text: what the lexer could take for something else.
fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "a   b", "  # x", "//  y", "/*  z", "{  ", "  }", "$${ a  ", "%%{  b", "$", "%", "<<EOT", "é  ü",
        "EOT  ", "É", "A·B  ",
    ])
}

fn pieces() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..4).prop_map(|pieces| pieces.concat())
}

/// Heredocs whose lines look like ends, words and comments.
fn heredoc(inner: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let line = prop_oneof![
        4 => piece().prop_map(str::to_owned),
        1 => Just("   EOTX  y".to_owned()),
        1 => Just("EOT-  y".to_owned()),
        1 => Just("\"  \\\"  ".to_owned()),
        1 => inner.prop_map(|inner| format!("${{ {inner} }}  x")),
        1 => pieces().prop_map(|text| format!("%{{ if true }}\nEOT\n{text} \"  \n%{{ endif }}")),
    ];
    let name = prop::sample::select(vec!["EOT", "É", "E\u{301}", "A·B", "X-1"]);
    (name, any::<bool>(), prop::collection::vec(line, 1..4), prop::sample::select(vec!["", "  ", "\t"]))
        .prop_map(|(name, is_indented, lines, indent)| {
            let dash = if is_indented { "-" } else { "" };
            let lines: String = lines.iter().map(|line| format!("  {line}\n")).collect();
            format!("<<{dash}{name}\n{lines}{indent}{name}")
        })
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        prop::sample::select(vec![
            "1",
            "-1",
            "1.5e-3",
            "null",
            "a.b",
            "c[0]",
            "d.*.e",
            "f[*].g",
            "h[\"k  k\"]",
            "i.0.j"
        ])
        .prop_map(str::to_owned),
        pieces().prop_map(|text| format!("\"{text} \\\" {text}\"")),
        pieces().prop_map(|text| format!("\"%{{ if  true }}\"{text}\"%{{ else }}\\%{{ endif }}{text}\"")),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let operator = prop::sample::select(vec!["+", "-", "*", "/", "%", "==", "<=", "&&", "||"]);
        prop_oneof![
            (inner.clone(), blank(), operator, inner.clone())
                .prop_map(|(a, s, o, b)| format!("{a}{s}{o} {b}")),
            (prop::sample::select(vec!["-", "!", "- "]), inner.clone())
                .prop_map(|(o, a)| format!("{o}({a})")),
            (broken(), prop::collection::vec(inner.clone(), 0..3), broken())
                .prop_map(|(s, all, t)| format!("[{s}{}{t}]", all.join(&format!("{t},{s}")))),
            (broken(), inner.clone(), inner.clone()).prop_map(|(s, a, b)| format!("f({s}{a},{b}{s})")),
            (blank(), inner.clone(), inner.clone())
                .prop_map(|(s, a, b)| format!("{{{s}\n  k{s}={s}{a}\n\"q  q\" : {b},{s}# c\n(a)={b}\n}}")),
            (blank(), inner.clone(), inner.clone())
                .prop_map(|(s, a, b)| format!("[for{s}k,v in{s}{a}:{b}{s}if{s}v]")),
            (inner.clone(), inner.clone(), blank())
                .prop_map(|(a, b, s)| format!("({a}{s}?{s}{b}{s}:{s}{a})")),
            inner.clone().prop_map(|a| format!("\"x  ${{ {a} }}  y\"")),
            heredoc(inner.clone()),
            (heredoc(inner.clone()), heredoc(inner)).prop_map(|(a, b)| format!("[{a}, {b}\n]")),
        ]
    })
}

fn attributes() -> impl Strategy<Value = String> {
    let attr = (blank(), prop::sample::select(vec!["a", "é", "foo-bar", "_x", "for"]), blank(), value());
    let after = prop::sample::select(vec!["", "  # t  t", "\n\n", " // \""]);
    prop::collection::vec((attr, after), 0..4).prop_map(|attrs| {
        let mut text = String::new();
        for (at, ((before, name, blank, value), after)) in attrs.iter().enumerate() {
            let after = if value.ends_with(']') || !value.contains("<<") { after } else { "" };
            text += &format!("{before}{name}{at}{blank}={blank}{value}{after}\n");
        }
        text
    })
}

fn body() -> impl Strategy<Value = String> {
    let labels = prop::sample::select(vec!["", " \"l  l\"", " lab", " \"é\" \"b\""]);
    let block = (labels, broken(), attributes())
        .prop_map(|(labels, blank, attrs)| format!("blk{labels}{{\n{blank}\n{attrs} }} # e\n"));
    (attributes(), prop::collection::vec(block, 0..3)).prop_map(|(attrs, blocks)| attrs + &blocks.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]
    #[test]
    fn whatever_parses_is_formatted_and_says_the_same(text in body()) {
        prop_assume!(parse_body(&text).is_ok());
        checked(&text);
    }
}

fn comments_of(text: &str) -> Vec<&str> {
    comments_at(text).into_iter().map(|range| &text[range]).collect()
}

#[test]
fn comments_are_not_looked_for_in_texts() {
    let text = "a = \"# no ${\"# no\"} \\\" # no\" # yes\nb = <<EOT\n# no\nEOT\n// yes\n/* yes */ c = 1 << 2 # yes\n";
    assert_eq!(comments_of(text), ["# yes", "// yes", "/* yes */", "# yes"]);
    assert_eq!(comments_of("a = \"$${\" # yes \"\n# yes"), ["# yes \"", "# yes"]);
    assert_eq!(comments_of("a = <<A-B\n# no\nA-B\n# yes\n"), ["# yes"]);
    assert_eq!(comments_of("/*/ yes */ a = 1"), ["/*/ yes */"]);
}

#[test]
fn however_deep_texts_stand_in_texts_they_are_read() {
    let deep = "\"${".repeat(200_000);
    assert_eq!(comments_of(&format!("x = \"$${{\"\n# {deep}\n")).len(), 1);
    assert_eq!(comments_of(&format!("# yes\nx = {deep}\n")), ["# yes"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn however_it_is_written_it_is_formatted_and_says_the_same(which in 0usize..10_000, dice in prop::collection::vec(any::<u8>(), 1..200)) {
        let all = all();
        let (_, text) = &all[which % all.len()];
        let text = shaken(text, &dice);
        if parse_body(&text).is_ok() {
            checked(&text);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "[ -~\n\"${}<#/*\\[\\]]{0,80}") {
        let _ = format(&text);
    }

    #[test]
    fn comments_stand_where_they_are_said_to(text in "([\"#/*$\\{\\}<\\\\\\n\\r -]|EOT|A-B|\"\\$\\{|\\PC){0,60}") {
        let tokens = lex::tokens(&text);
        let told = tokens.iter().filter(|token| token.is_comment()).map(|token| token.text);
        prop_assert_eq!(comments_of(&text), told.collect::<Vec<_>>());
    }
}
