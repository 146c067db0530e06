//! Plans, offline: each folder is a configuration (`main.hcl`, `migrations/`), what the servers are
//! supposed to hold (`observed.json`) and the plan that must come of it (`expected.txt`: the text
//! with every statement, 100 columns wide; `expected.md`, where there is one, the comment for a pull
//! request; `expected.json`, where there is one, is the JSON plan without its `steps`: see `three`).
//!
//! Folders are discovered; one that lacks a file fails. Write the expected texts anew with
//!
//! ```text
//! CHARTER_TEST_UPDATE=1 cargo test --test cases
//! ```
//!
//! and read the difference before you commit it, and run the tests again without. `observed.json` is read by [`observed`].

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod coverage;
mod imported;
mod observed;
mod programs;
mod recorded;
mod schema;
mod three;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use charter::config::load::Disk;
use charter::config::{self, Compiled, Input};
use charter::kinds::Kinds;
use charter::model::{Action, Plan, Settings};
use charter::plan::{self, Request};
use charter::render;
use serde_json::Value as Json;

/// The longest expected text, in lines: what is longer is approved unread.
const LONGEST: usize = 110;

/// The reads that look ahead of removals.
const AHEAD: [&str; 2] = ["database_dependents", "user_definers"];

/// Returns the folder of the cases.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

/// Returns the folders of the cases by name.
fn cases() -> BTreeMap<String, PathBuf> {
    let paths = std::fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path());
    let named = paths.map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), path));
    named.filter(|(name, path)| path.is_dir() && name != "worlds").collect()
}

fn compile(folder: &Path, kinds: &Kinds) -> (Compiled, Settings) {
    let compiled = config::compile(&Disk::new(folder), &Input::default(), kinds);
    let problems: Vec<_> =
        compiled.diags.iter().map(|item| format!("{}: {}", item.summary, item.detail)).collect();
    assert!(problems.is_empty(), "{}: {problems:#?}", folder.display());
    let settings = compiled.settings.clone().unwrap();
    (compiled, settings)
}

/// Plans a case.
fn plan_of(folder: &Path) -> Plan {
    let kinds = Kinds::all();
    let (compiled, settings) = compile(folder, &kinds);
    let (snapshot, registry) = observed::read(folder, &settings, &compiled.desired);
    let ask = observed::ask(folder);
    let request = Request {
        kinds: &kinds,
        settings: &settings,
        desired: &compiled.desired,
        snapshot: &snapshot,
        registry: &registry,
        targets: &ask.targets,
        rotation: &ask.rotation,
    };
    let mut plan = plan::build(&request);
    // What a case has the answers for, it is about.
    if request.snapshot.rows.keys().any(|name| AHEAD.contains(name)) {
        plan.findings.extend(plan::foresees(&request, &plan));
        plan.findings.sort_by(|a, b| (a.severity, &a.addr, a.code).cmp(&(b.severity, &b.addr, b.code)));
    }
    plan.locate(&compiled.sources);
    plan
}

fn text(folder: &Path, plan: &Plan) -> String {
    let observed::Ask { sql, width, .. } = observed::ask(folder);
    render::text::plan(plan, &render::text::Options { color: false, width, sql, expand: false })
}

#[test]
fn each_plan_can_be_kept_and_read_back() {
    for (name, folder) in cases() {
        let plan = plan_of(&folder);
        let kept = serde_json::to_string(&plan).unwrap();
        let read: Plan = serde_json::from_str(&kept).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(read.digest(), plan.digest(), "{name}");
        assert_eq!(render::json::plan(&read, "test"), render::json::plan(&plan, "test"), "{name}");
        assert_eq!(serde_json::to_string(&read).unwrap(), kept, "{name}");
    }
}

#[test]
fn no_plan_holds_what_a_password_can_be_guessed_from() {
    let mut compared = 0;
    for (name, folder) in cases() {
        let kinds = Kinds::all();
        let (compiled, settings) = compile(&folder, &kinds);
        let (_, registry) = observed::read(&folder, &settings, &compiled.desired);
        let plan = plan_of(&folder);
        let texts = [serde_json::to_string(&plan).unwrap(), render::json::plan(&plan, "test").to_string()];
        for entry in registry.entries() {
            let hidden = entry.spec["kept"]["hidden"].as_array().into_iter().flatten();
            let hidden = hidden.filter_map(|one| one.as_str()?.split(':').nth(1));
            for digest in hidden.chain([entry.fingerprint.as_str()]).filter(|digest| !digest.is_empty()) {
                compared += 1;
                assert!(texts.iter().all(|text| !text.contains(digest)), "{name}: {digest}");
            }
        }
    }
    assert!(compared > 0, "there is something to find");
}

#[test]
fn each_plan_is_as_expected() {
    let mut wrong = Vec::new();
    for (name, folder) in cases() {
        let plan = plan_of(&folder);
        let text = text(&folder, &plan);
        let path = folder.join("expected.txt");
        if std::env::var_os("CHARTER_TEST_UPDATE").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        match std::fs::read_to_string(&path) {
            Err(_) => wrong.push(format!("{name}: no expected.txt; the plan is\n{text}")),
            Ok(expected) if expected != text => {
                wrong.push(format!("{name}: expected\n{expected}\n… but the plan is\n{text}"));
            }
            Ok(_) => {}
        }
        wrong.extend(comment_is_as_expected(&name, &folder, &plan));
        wrong.extend(three::document_is_as_expected(&name, &folder, &plan));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Compares the comment for a pull request, where one is expected.
fn comment_is_as_expected(name: &str, folder: &Path, plan: &Plan) -> Option<String> {
    let path = folder.join("expected.md");
    three::make(&path);
    let expected = std::fs::read_to_string(&path).ok()?;
    let comment = render::markdown::plan(plan, false);
    if std::env::var_os("CHARTER_TEST_UPDATE").is_some() {
        std::fs::write(&path, &comment).unwrap();
        return None;
    }
    (expected != comment).then(|| format!("{name}: expected\n{expected}\n… but the comment is\n{comment}"))
}

#[test]
fn each_plan_makes_a_comment_without_links_and_open_folds() {
    let mut options = comrak::Options::default();
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.strikethrough = true;
    for (name, folder) in cases() {
        let plan = plan_of(&folder);
        let comment = render::markdown::plan(&plan, false);
        assert!(comment.len() <= render::markdown::LIMIT, "{name}");
        assert!(comment.chars().all(|c| matches!(c, '\n' | '\t') || !c.is_control()), "{name}");
        let html = comrak::markdown_to_html(&comment, &options);
        for wrong in ["<a ", "<img", "<em>", "<del>", "<blockquote", "<script"] {
            assert!(!html.contains(wrong), "{name}: {wrong} in\n{comment}");
        }
        // Unlike a renderer that passes HTML through, this one leaves it out: only ours is there.
        let (opened, closed) = (comment.matches("\n<details><summary>"), comment.matches("\n</details>\n"));
        assert_eq!(opened.count(), closed.count(), "{name}");
        for step in plan.steps.iter().filter(|step| step.action == Action::Delete) {
            let first = comment.split("<details>").next().unwrap();
            assert!(first.contains(&*render::escape::line(&step.identity)), "{name}: {comment}");
        }
    }
}

#[test]
fn each_json_plan_is_as_its_schema_says() {
    let schema = schema::read("plan.schema.json");
    let mut found = Vec::new();
    for (name, folder) in cases() {
        let document = render::json::plan(&plan_of(&folder), "test");
        found.extend(schema::wrong(&schema, &schema, &document, &name));
        found.extend(
            schema::unnamed(&schema, &schema, &document, &name)
                .iter()
                .map(|at| format!("{at}: not in the schema")),
        );
        let mut spoiled = document.clone();
        spoiled["servers"]["clickhouse"] = Json::Null;
        assert!(!schema::wrong(&schema, &schema, &spoiled, &name).is_empty(), "the judge is awake");
    }
    found.truncate(20);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn each_case_can_be_read() {
    assert!(cases().len() >= 15);
    for (name, folder) in cases() {
        let main = std::fs::read_to_string(folder.join("main.hcl")).unwrap_or_default();
        assert!(main.starts_with("# "), "{name}: main.hcl begins with a comment that says what the case is");
        let expected = std::fs::read_to_string(folder.join("expected.txt")).unwrap_or_default();
        let lines = expected.lines().count();
        assert!((1..=LONGEST).contains(&lines), "{name}: {lines} lines");
        let comment = std::fs::read_to_string(folder.join("expected.md")).unwrap_or_default();
        assert!(comment.lines().count() <= 2 * LONGEST, "{name}: the comment is too long to read");
        let document = std::fs::read_to_string(folder.join("expected.json")).unwrap_or_default();
        assert!(document.lines().count() <= LONGEST * 3, "{name}: the document is too long to read");
        for file in std::fs::read_dir(&folder).unwrap() {
            let file = file.unwrap().file_name().into_string().unwrap();
            let known = [
                "main.hcl",
                "migrations",
                "observed.json",
                "expected.txt",
                "expected.md",
                "expected.json",
                "imported.txt",
            ];
            assert!(known.contains(&file.as_str()), "{name}: nothing reads {file}");
        }
    }
}

#[test]
fn each_plan_as_events_is_as_the_schema_says() {
    let mut found = Vec::new();
    for (name, folder) in cases() {
        let mut text = String::new();
        for mut event in render::lines::plan(&plan_of(&folder)) {
            event["@timestamp"] = "1970-01-01T00:00:00Z".into();
            event["@module"] = "charter.ui".into();
            text += &format!("{event}\n");
        }
        found.extend(schema::wrong_events(&text).into_iter().map(|wrong| format!("{name}: {wrong}")));
    }
    found.truncate(20);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_same_input_gives_the_same_plan() {
    for (name, folder) in cases() {
        let (first, again) = (plan_of(&folder), plan_of(&folder));
        assert_eq!(first.digest(), again.digest(), "{name}");
        assert_eq!(text(&folder, &first), text(&folder, &again), "{name}");
    }
}

#[test]
fn no_password_is_shown() {
    for (name, folder) in cases() {
        let plan = plan_of(&folder);
        let comment = render::markdown::plan(&plan, false);
        let all = format!("{}{comment}{}", text(&folder, &plan), render::json::plan(&plan, "test"));
        for password in observed::PASSWORDS {
            assert!(!all.contains(password), "{name} shows {password}");
        }
    }
}
