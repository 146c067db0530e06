//! The documentation says what the code does: the tables of `docs/language.md` are made from the
//! kinds' schemas, and its lists of blocks, settings and functions and the pages of `docs/codes/`
//! are compared with the code. `CHARTER_TEST_UPDATE=1 cargo test --test docs` rewrites the tables and the facts of the pages.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot read the pages is to fail")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use charter::config::{self, Input};
use charter::kinds::Kinds;
use charter::lint::{registry, select, statement};
use charter::model::files::Files;
use charter::model::schema::{Arity, BlockSchema};
use charter::plan::lint;
use charter::render;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page(name: &str) -> (PathBuf, String) {
    let path = root().join("docs").join(name);
    let text = fs::read_to_string(&path).unwrap();
    (path, text)
}

/// Returns what stands between `<!-- begin NAME -->` and `<!-- end -->`, by name.
fn sections(text: &str) -> BTreeMap<String, String> {
    let parts = text.split("<!-- begin ").skip(1);
    let sections = parts.map(|part| {
        let (name, rest) = part.split_once(" -->\n").expect("an end of the marker");
        let (body, _) = rest.split_once("<!-- end -->").expect("an end of the section");
        (name.to_owned(), body.to_owned())
    });
    sections.collect()
}

/// Returns the words in backquotes that a text holds first in each of its lines.
fn first_words(text: &str) -> BTreeSet<String> {
    text.lines().filter_map(|line| line.split('`').nth(1)).map(str::to_owned).collect()
}

/// Returns the words in backquotes of a text.
fn words(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Renders the attributes of a block, its nested blocks and what it exports.
fn tables(name: &str, schema: &BlockSchema) -> String {
    let mut text = String::new();
    if !schema.attrs.is_empty() {
        text += "| Attribute | Type | | What |\n|---|---|---|---|\n";
        for attr in &schema.attrs {
            let required = if attr.required { "required" } else { "" };
            let ty = attr.ty.describe().replace('|', "\\|");
            let sensitive = if attr.sensitive { " Sensitive values are allowed." } else { "" };
            let _ = writeln!(text, "| `{}` | {ty} | {required} | {}{sensitive} |", attr.name, attr.doc);
        }
    }
    if !schema.exports.is_empty() {
        let exports: Vec<String> =
            schema.exports.iter().map(|export| format!("`{name}.<label>.{export}`")).collect();
        let _ = writeln!(text, "\nOther blocks refer to {}.", exports.join(", "));
    }
    for (nested, arity, inner) in &schema.blocks {
        let times = match arity {
            Arity::Optional => "at most once",
            Arity::Many => "any number of times",
        };
        let _ = writeln!(text, "\nNested block `{nested}`, {times}:\n");
        text += &tables(nested, inner);
    }
    text
}

#[test]
fn every_kind_is_documented_as_it_is() {
    let (path, text) = page("language.md");
    let mut updated = text.clone();
    let found = sections(&text);
    for kind in Kinds::all().iter() {
        let Some(schema) = kind.schema() else { continue };
        let name = kind.name();
        let section = found.get(&format!("kind {name}")).unwrap_or_else(|| panic!("no section of {name}"));
        let begin = format!("<!-- begin kind {name} -->\n");
        let old = format!("{begin}{section}<!-- end -->");
        updated = updated.replace(&old, &format!("{begin}{}<!-- end -->", tables(name, &schema)));
    }
    if std::env::var_os("CHARTER_TEST_UPDATE").is_some() {
        fs::write(path, updated).unwrap();
    } else {
        assert!(
            updated == text,
            "docs/language.md is out of date: CHARTER_TEST_UPDATE=1 cargo test --test docs"
        );
    }
}

/// A folder with one file.
struct OneFile(String);

impl Files for OneFile {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        if path == "main.hcl" { Ok(self.0.clone().into_bytes()) } else { Err("no such file".into()) }
    }

    fn list(&self, path: &str) -> Result<Option<Vec<String>>, String> {
        Ok(path.is_empty().then(|| vec!["main.hcl".to_owned()]))
    }
}

/// Returns the names that the problem of a configuration suggests.
fn suggested(text: &str, summary: &str) -> BTreeSet<String> {
    let compiled = config::compile(&OneFile(text.to_owned()), &Input::default(), &Kinds::all());
    let problem = compiled.diags.iter().find(|item| item.summary == summary);
    let problem = problem.unwrap_or_else(|| panic!("no {summary:?} in {text:?}"));
    words(&problem.help.concat())
}

#[test]
fn every_block_and_setting_is_documented() {
    let (_, text) = page("language.md");
    let found = sections(&text);
    assert_eq!(first_words(&found["blocks"]), suggested("q9 {}\n", "unknown block"));
    for block in ["charter", "clickhouse", "kubernetes", "isolation", "rollout", "lint", "variable \"v\""] {
        let name = block.split(' ').next().unwrap();
        let known = suggested(&format!("{block} {{\n  q9 = 1\n}}\n"), "unknown attribute");
        assert_eq!(first_words(&found[name]), known, "{name}");
    }
}

#[test]
fn every_function_is_documented() {
    let (_, text) = page("language.md");
    let documented: BTreeSet<String> = words(&sections(&text)["functions"])
        .into_iter()
        .filter_map(|call| Some(call.split_once('(')?.0.to_owned()))
        .collect();
    let known: BTreeSet<String> = config::function_names().map(str::to_owned).collect();
    assert_eq!(documented, known);
}

/// Returns the Rust files below a folder, but for those that are tests.
fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with("test") || name.ends_with("_tests.rs") {
            continue;
        }
        if path.is_dir() {
            sources(&path, into);
        } else if name.ends_with(".rs") {
            into.push(path);
        }
    }
}

/// Returns the codes of findings in the sources, tests and comments aside.
fn codes() -> BTreeSet<String> {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    let mut codes = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            codes.extend(
                line.split('"')
                    .filter(|word| {
                        word.len() == 5
                            && word.starts_with("CH")
                            && word[2..].bytes().all(|byte| byte.is_ascii_digit())
                    })
                    .map(str::to_owned),
            );
        }
    }
    codes
}

/// Returns the pages of `docs/codes/` by code: title and text.
fn code_pages() -> BTreeMap<String, (String, String)> {
    let entries = fs::read_dir(root().join("docs/codes")).unwrap();
    let pages = entries.map(|entry| {
        let path = entry.unwrap().path();
        let code = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        let title = text.lines().next().and_then(|line| line.strip_prefix(&format!("# {code}: ")));
        let title =
            title.unwrap_or_else(|| panic!("{}: the first line is `# {code}: <title>`", path.display()));
        (code, (title.to_owned(), text))
    });
    pages.collect()
}

#[test]
fn every_code_has_a_page() {
    let pages = code_pages();
    let documented: Vec<&String> = pages.keys().collect();
    let used = codes();
    assert!(used.len() > 20, "{used:?}");
    assert_eq!(documented, used.iter().collect::<Vec<_>>(), "the pages in docs/codes/");
    for code in lint::CODES {
        assert_eq!(pages[code.code].0, code.title.trim_end_matches('.'), "{}", code.code);
    }
}

/// Each page ends with what the code says of it, and its title and severity are read as they stand.
#[test]
fn each_page_says_what_can_be_done_about_its_code() {
    let mut wrong = Vec::new();
    for code in registry::all() {
        let path = root().join(format!("docs/codes/{}.md", code.code));
        let text = fs::read_to_string(&path).unwrap();
        let facts = render::codes::facts(code);
        let body = text.split("\n<!-- begin facts -->").next().unwrap().trim_end();
        let updated = format!("{body}\n\n<!-- begin facts -->\n{facts}\n<!-- end -->\n");
        if std::env::var_os("CHARTER_TEST_UPDATE").is_some() {
            fs::write(path, updated).unwrap();
        } else if updated != text {
            wrong.push(code.code);
        }
    }
    assert!(wrong.is_empty(), "out of date: {wrong:?}: CHARTER_TEST_UPDATE=1 cargo test --test docs");
    assert_eq!(registry::all().len(), code_pages().len(), "each page has a title and a severity");
}

#[test]
fn the_groups_of_codes_are_listed() {
    let mut table = String::from("| Group | Codes | |\n|---|---|---|\n");
    for group in select::GROUPS {
        let codes: Vec<String> =
            group.codes.iter().map(|code| format!("[{code}](codes/{code}.md)")).collect();
        let _ = writeln!(table, "| `{}` | {} | {} |", group.name, codes.join(" "), group.what);
    }
    let (path, text) = page("lint.md");
    let updated = text.replace(&sections(&text)["groups"], &table);
    if std::env::var_os("CHARTER_TEST_UPDATE").is_some() {
        fs::write(path, updated).unwrap();
    } else {
        assert!(updated == text, "docs/lint.md is out of date: CHARTER_TEST_UPDATE=1 cargo test --test docs");
    }
}

/// The rules of lint say why, by an example, and what to do.
#[test]
fn each_page_of_lint_has_its_sections() {
    for rule in statement::rules() {
        let code = registry::find(rule.code).unwrap();
        assert!(code.severities.contains(&rule.severity), "{}: its severity", rule.code);
        for section in ["\n## Why it matters\n", "\n## Example\n", "\n## What to do\n"] {
            assert!(code.page.contains(section), "{}: {section}", rule.code);
        }
        let example = code.page.split("```sql\n").nth(1).and_then(|rest| rest.split("\n```").next()).unwrap();
        let statements = charter::migrate::split(example).unwrap();
        let sources: Vec<_> = statements
            .iter()
            .map(|one| statement::Source {
                text: &one.text,
                settings: one.settings.iter().map(|(name, value)| (&**name, &**value)).collect(),
            })
            .collect();
        let hits = statement::lint(&sources, "", 0);
        assert!(hits.iter().any(|hit| hit.rule.code == rule.code), "{}: the example is not told", rule.code);
    }
}

#[test]
fn the_list_of_codes_is_what_the_pages_say() {
    let mut table = String::from("| Code | | Severity |\n|---|---|---|\n");
    for (code, (title, text)) in code_pages() {
        let severity =
            text.lines().nth(2).and_then(|line| line.strip_prefix('*')?.split_once(['*', '.', ',', ' ']));
        let (severity, _) =
            severity.unwrap_or_else(|| panic!("{code}: the text begins with its severity, `*Error.*`"));
        let _ = writeln!(table, "| [{code}](codes/{code}.md) | {title} | {} |", severity.to_lowercase());
    }
    let (path, text) = page("codes.md");
    let updated = text.replace(&sections(&text)["codes"], &table);
    if std::env::var_os("CHARTER_TEST_UPDATE").is_some() {
        fs::write(path, updated).unwrap();
    } else {
        assert!(
            updated == text,
            "docs/codes.md is out of date: CHARTER_TEST_UPDATE=1 cargo test --test docs"
        );
    }
}

#[test]
fn links_lead_to_files() {
    let mut pages: Vec<String> =
        ["README.md", "CONTRIBUTING.md", "examples/sandbox/README.md"].map(str::to_owned).into();
    for folder in ["docs", "docs/codes"] {
        let files = fs::read_dir(root().join(folder)).unwrap();
        let names = files.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        pages.extend(names.filter(|name| name.ends_with(".md")).map(|name| format!("{folder}/{name}")));
    }
    for page in &pages {
        let path = root().join(page);
        let text = fs::read_to_string(&path).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap();
            let there = file.is_empty() || file.contains("://") || path.parent().unwrap().join(file).exists();
            assert!(there, "{page}: {link}");
        }
    }
}
