//! What formatting does, on small texts, on every configuration of the repository and on noise.

use std::path::{Path, PathBuf};

use hcl_edit::expr::{Array, FuncArgs, Object};
use hcl_edit::parser::parse_body;
use hcl_edit::structure::Body;
use hcl_edit::visit_mut::{self, VisitMut};
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
        ("x = a.0.b", "x = a.0.b"),
        ("x = \"a ${ b [ 0 ] } \\\" ${\"}\"}\"", "x = \"a ${ b [ 0 ] } \\\" ${\"}\"}\""),
        ("x = 1.5e-3", "x = 1.5e-3"),
        ("x = 1 /* one */", "x = 1 /* one */"),
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

/// Returns what a text says, without the white space that its tree remembers.
fn bare(text: &str) -> Body {
    struct Bare;
    impl VisitMut for Bare {
        fn visit_array_mut(&mut self, node: &mut Array) {
            node.set_trailing("");
            visit_mut::visit_array_mut(self, node);
        }

        fn visit_object_mut(&mut self, node: &mut Object) {
            node.set_trailing("");
            visit_mut::visit_object_mut(self, node);
        }

        fn visit_func_args_mut(&mut self, node: &mut FuncArgs) {
            node.set_trailing("");
            visit_mut::visit_func_args_mut(self, node);
        }
    }
    let mut body = parse_body(text).unwrap();
    Bare.visit_body_mut(&mut body);
    body
}

/// Formats a text and makes sure that nothing but white space changed.
fn checked(text: &str) -> String {
    let result = formatted(text);
    assert!(bare(text) == bare(&result), "{text}\n---\n{result}");
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
