use super::{TokenKind, lex, lex_partial};

/// Renders the significant tokens: `kind:text`, with short kinds.
fn tokens(sql: &str) -> String {
    let tokens = lex(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let significant = tokens.iter().filter(|token| !token.kind.is_trivia());
    let rendered: Vec<String> = significant
        .map(|token| {
            let kind = match token.kind {
                TokenKind::Word => "w",
                TokenKind::QuotedIdent => "q",
                TokenKind::String => "s",
                TokenKind::HereDoc => "h",
                TokenKind::Number => "n",
                _ => return token.text.to_owned(),
            };
            format!("{kind}:{}", token.text)
        })
        .collect();
    rendered.join(" ")
}

/// Each line was compared with the engine's reading of it (26.9).
#[test]
fn texts_are_cut_as_the_server_cuts_them() {
    for (sql, expected) in [
        ("", ""),
        ("\u{feff}SELECT 1", "w:SELECT n:1"),
        ("a\u{a0}b\u{3000}c\u{200b}d\u{180e}e", "w:a w:b w:c w:d w:e"),
        (r"'a\'b' 'a''b' '\\'", r"s:'a\'b' s:'a''b' s:'\\'"),
        (r#"`a\`b` `a``b` "x;y" "a\"b" "a""b""#, r#"q:`a\`b` q:`a``b` q:"x;y" q:"a\"b" q:"a""b""#),
        ("‘a;“b’ “a’;b” ‘a\\’", "s:‘a;“b’ q:“a’;b” s:‘a\\’"),
        ("$$a;b$$ $t$a $$ b$t$ $1$x$1$", "h:$$a;b$$ h:$t$a $$ b$t$ h:$1$x$1$"),
        ("$a$$a$ $a$ $A$ $a$", "h:$a$$a$ h:$a$ $A$ $a$"),
        ("a$b$ x$$y$$ $x $", "w:a$b$ w:x$$y$$ w:$x $"),
        ("a -- b;\nc // d;\n# e;\nf #! g\nh --", "w:a w:c w:f w:h"),
        ("a --b\rc\nd", "w:a w:d"),
        ("a /* b /* c */ ; */ d /***/ e /**//**/ f /*/ */ g", "w:a w:d w:e w:f w:g"),
        ("/* ' */ '/*' -- '\n a", "s:'/*' w:a"),
        ("x'41' X'4' b'01' B'' ax'1'", "s:x'41' s:X'4' s:b'01' s:B'' w:ax s:'1'"),
        ("1 1.5 1. 1e5 1.5e-3 0x1F 0x1.8p3 0b101", "n:1 n:1.5 n:1. n:1e5 n:1.5e-3 n:0x1F n:0x1.8p3 n:0b101"),
        ("1_000 1__0 1_ 0xg 1abc 1e 0o17", "n:1_000 w:1__0 w:1_ w:0xg w:1abc n:1e w:0o17"),
        ("1e+ x 1.e--1 1e", "n:1e+ w:x n:1.e- - n:1 w:1e"),
        ("t.1.2 1.5.5 (.5) a.1e5 f().1", "w:t . n:1 . n:2 n:1.5 . n:5 ( n:.5 ) w:a . w:1e5 w:f ( ) . n:1"),
        ("a::b x->y ?:", "w:a :: w:b w:x -> w:y ? :"),
        ("a<=>b !~* !~ ~* != <> <= >= == || @@", "w:a <=> w:b !~* !~ ~* != <> <= >= == || @@"),
        ("{name:Array(UInt8)}", "{ w:name : w:Array ( w:UInt8 ) }"),
        ("'a\0b' `é` 'é\\é'", "s:'a\0b' q:`é` s:'é\\é'"),
        ("a_${charter.tenant}_b.${charter.database}", "w:a_${charter.tenant}_b . w:${charter.database}"),
        ("$$${charter.tenant}$$", "h:$$${charter.tenant}$$"),
        ("${x} ${charter.a b}", "$ { w:x } $ { w:charter . w:a w:b }"),
    ] {
        assert_eq!(tokens(sql), expected, "{sql}");
    }
}

/// The engine refuses each, except `$tag$` without an end and, on 26.9, the minus `−`.
#[test]
fn what_the_server_refuses_is_an_error() {
    for (sql, at, message) in [
        ("a\n'b", 2, "string opened by ' on line 2 is not closed"),
        (r"'b\'", 0, "string opened by ' on line 1 is not closed"),
        ("'b''", 0, "string opened by '"),
        ("'b\\", 0, "string opened by '"),
        ("`a``", 0, "quoted identifier opened by `"),
        ("\"a\\\"", 0, "quoted identifier opened by \""),
        ("“a“", 0, "quoted identifier opened by “"),
        ("‘a", 0, "string opened by ‘"),
        ("a /* b /* c */", 2, "block comment opened on line 1 is not closed"),
        ("/*\n/*", 0, "is not closed (2 are open, the last from line 2)"),
        ("/*/", 0, "block comment"),
        ("$$a", 0, "heredoc `$$` opened on line 1 is not closed"),
        ("a $tag$ b; c", 2, "heredoc `$tag$` opened on line 1 is not closed"),
        ("x'4g'", 0, "may hold only digits"),
        ("b'012'", 0, "may hold only digits"),
        ("x'41", 0, "may hold only digits"),
        ("a #c", 2, "unrecognized character `#`"),
        ("a #\n", 2, "unrecognized character `#`"),
        ("1.abc", 0, "wrong number `1.abc`"),
        ("é", 0, "unrecognized character `é`"),
        ("aé", 1, "unrecognized character `é`"),
        ("’a’", 0, "unrecognized character `’`"),
        ("a\0", 1, "unrecognized character `\\0`"),
        ("1 ! 2", 2, "unrecognized character `!`"),
        ("5 − 3", 2, "unrecognized character `−`"),
        ("1 & 2", 2, "unrecognized character `&`"),
        ("1 \\G", 2, "unrecognized character `\\\\`"),
        ("1\u{1680}", 1, "unrecognized character"),
    ] {
        let error = lex(sql).unwrap_err();
        assert!(error.message.contains(message), "{sql}: {error}");
        assert_eq!(error.start, at, "{sql}");
        assert!(error.end > error.start && sql.get(error.start..error.end).is_some(), "{sql}");
    }
}

#[test]
fn tokens_before_an_error_are_kept() {
    let (tokens, error) = lex_partial("SELECT 1; 'open");
    assert_eq!(tokens.len(), 5);
    assert_eq!(error.map(|error| error.start), Some(10));
}

/// Linear scanning takes under a second for each, quadratic scanning minutes.
#[test]
fn hostile_texts_take_linear_time() {
    let n = 50_000;
    for (unit, last) in [
        ("/*", ""),
        ("/**/", ""),
        ("$a", ""),
        ("$ ", ""),
        ("$a$ $a$", ""),
        ("${charter.", ""),
        ("x${charter.a}", ""),
        ("‘’", ""),
        ("1_", ""),
        ("1.", ""),
        (". ", ""),
        ("''", ""),
        ("-- charter:x\n", ""),
        ("#!", "\n"),
        ("/*charter:*/", ""),
        ("\\", ""),
        ("'\\", "'"),
    ] {
        let text = unit.repeat(n) + last;
        let start = std::time::Instant::now();
        let _ = crate::migrate::split(&text);
        let _ = crate::migrate::substitute(&text, &std::collections::BTreeMap::new());
        let _ = crate::migrate::analyze_sql(&text);
        assert!(start.elapsed().as_secs() < 20, "{unit}");
    }
}

#[test]
fn a_dot_after_a_dot_begins_no_number() {
    for text in ["..0", "t..1", "..0x"] {
        let (tokens, _) = lex_partial(text);
        assert!(tokens.iter().all(|token| !token.text.is_empty()), "{text}");
        assert_eq!(tokens.iter().filter(|token| token.text == ".").count(), 2, "{text}");
    }
}
