//! Runs the cases of a test file: compiles the configuration with a run's variables, plans from what is
//! observed, and compares the plan with what is expected and asserted. Nothing is reached over a network.

use serde_json::Value as Json;
use similar::TextDiff;

use super::{observed, view};
use crate::config::testing::{Expected, Known, Run, TestFile};
use crate::config::{self, Compiled, Input};
use crate::diag::{Diagnostic, Diagnostics, Level, SourceMap, Span};
use crate::kinds::Kinds;
use crate::lint::judge::judge;
use crate::model::files::Files;
use crate::model::snapshot::Read;
use crate::model::{Addr, Finding, Plan, Rotation};
use crate::plan::{self, Request, lint};
use crate::render;

/// The most characters of a difference that are told.
const MOST: usize = 4_000;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Everything is as expected.
    Pass,
    /// Something is not.
    Fail,
    /// There is nothing to compare: the configuration or the case itself is wrong.
    Error,
}

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// How it ended.
    pub status: Status,
    /// What there is to say.
    pub problems: Diagnostics,
    /// The texts that the problems are about.
    pub sources: SourceMap,
    /// The plan's text, and the path at which it is expected, where that is to be written.
    pub update: Option<(String, String)>,
}

/// What runs are made from.
pub struct World<'w> {
    /// The folder of the configuration.
    pub files: &'w dyn Files,
    /// What was given on the command line, and the environment.
    pub input: &'w Input,
    /// The kinds.
    pub kinds: &'w Kinds,
    /// Whether expected texts are to be written, rather than compared.
    pub update: bool,
}

/// Runs one case.
pub fn run(file: &TestFile, run: &Run, world: &World<'_>) -> Outcome {
    let files = file.files(world.files);
    let input = Input { overrides: run.variables.clone(), is_test: true, ..world.input.clone() };
    config::compile_then(&files, &input, world.kinds, |compiled, known| {
        let case = Case { file, run, world, problems: Diagnostics::default(), update: None };
        case.judge(compiled, known)
    })
}

struct Case<'c> {
    file: &'c TestFile,
    run: &'c Run,
    world: &'c World<'c>,
    problems: Diagnostics,
    update: Option<(String, String)>,
}

impl Case<'_> {
    fn judge(mut self, mut compiled: Compiled, mut known: Known<'_>) -> Outcome {
        let failed: Vec<Addr> = compiled.diags.iter().filter_map(|problem| known.failed(problem)).collect();
        let is_expected = |addr: &Addr| {
            self.run.failures.iter().any(|(expected, _)| *expected == Expected::Addr(addr.clone()))
        };
        for problem in compiled.diags.iter() {
            if known.failed(problem).is_none_or(|addr| !is_expected(&addr)) {
                self.problems.push(problem.clone());
            }
        }
        if self.problems.has_errors() {
            let failed = self
                .problems
                .iter()
                .filter(|item| item.level == Level::Error)
                .all(|item| known.failed(item).is_some());
            return self.end(if failed { Status::Fail } else { Status::Error }, compiled.sources);
        }
        let shift = compiled.sources.add(&self.file.path, &self.file.text);
        let here = |span: Span| Span { file: shift, ..span };
        if !failed.is_empty() {
            self.unmet(&failed, &known, false, here);
            if let Some(look) = self.looks() {
                self.problems.push(
                    Diagnostic::error("there is no plan to look at")
                        .at(here(look), "this looks at the plan")
                        .detail("What is expected to fail keeps the configuration from being planned.")
                        .help("assert that in a run of its own"),
                );
            }
            return self.end_by_problems(compiled.sources);
        }
        let plan = match self.plan(&mut compiled) {
            Ok(plan) => plan,
            Err(problem) => {
                let mut problem = *problem;
                problem.labels.iter_mut().for_each(|label| label.span = here(label.span));
                self.problems.push(problem);
                return self.end(Status::Error, compiled.sources);
            }
        };
        let failing: Vec<Addr> = compiled
            .desired
            .checks
            .iter()
            .filter(|check| !check.failures.is_empty())
            .map(|check| check.addr.clone())
            .collect();
        self.unmet(&failing, &known, true, here);
        self.findings(&plan, here);
        if let Err(problem) = self.text(&plan, here) {
            self.problems.push(*problem);
            return self.end(Status::Error, compiled.sources);
        }
        let wrong = self.file.asserts(&self.run.name, &mut known, &view::plan(&plan), &mut compiled.sources);
        self.problems.extend(wrong);
        self.end_by_problems(compiled.sources)
    }

    fn end_by_problems(self, sources: SourceMap) -> Outcome {
        let status = if self.problems.has_errors() { Status::Fail } else { Status::Pass };
        self.end(status, sources)
    }

    fn end(self, status: Status, sources: SourceMap) -> Outcome {
        let update = self.update.filter(|_| status == Status::Pass);
        Outcome { status, problems: self.problems, sources, update }
    }

    /// Returns the place of something that looks at the plan.
    fn looks(&self) -> Option<Span> {
        let failures = || self.run.failures.iter();
        let planned = failures().find(|(expected, _)| is_planned(expected)).map(|(_, span)| *span);
        let first = failures().next().map(|(_, span)| *span).filter(|_| self.run.asserts > 0);
        self.run.expected.as_ref().map(|(_, span)| *span).or(planned).or(first)
    }

    /// Tells what was expected to fail and did not. Checks are not looked at where there is no plan.
    fn unmet(&mut self, failed: &[Addr], known: &Known<'_>, has_plan: bool, here: impl Fn(Span) -> Span) {
        for (expected, span) in &self.run.failures {
            let Expected::Addr(addr) = expected else { continue };
            if failed.contains(addr) || (!has_plan && is_planned(expected)) {
                continue;
            }
            let item = Diagnostic::error("expected to fail");
            self.problems.push(match known.may_fail(addr) {
                true => item.at(here(*span), format!("`{addr}` holds")),
                false => item
                    .at(here(*span), "the configuration has nothing of this address")
                    .help("name a check, a variable, or a resource with preconditions"),
            });
        }
    }

    /// Plans from what is observed.
    fn plan(&self, compiled: &mut Compiled) -> Result<Plan, Box<Diagnostic>> {
        let nothing = || Box::new(Diagnostic::error("the configuration has no settings"));
        let settings = compiled.settings.clone().ok_or_else(nothing)?;
        let document = match &self.run.observed {
            None => Ok(observed::empty()),
            Some((path, _)) => self.document(path),
        };
        let load = |name: &str| self.document(name);
        let read =
            document.and_then(|document| observed::read(&document, &load, &settings, &compiled.desired));
        let (snapshot, registry) = read.map_err(|reason| {
            let item = Diagnostic::error("what is observed cannot be read");
            let item = match &self.run.observed {
                Some((path, span)) => item.at(*span, format!("{path}: {reason}")),
                None => item.detail(reason),
            };
            Box::new(item.help("charter plan --record FILE writes one from the servers"))
        })?;
        let rotation = Rotation { users: self.users(compiled)?, ..Rotation::default() };
        let request = Request {
            kinds: self.world.kinds,
            settings: &settings,
            desired: &compiled.desired,
            snapshot: &snapshot,
            registry: &registry,
            targets: &self.run.targets,
            rotation: &rotation,
        };
        let mut plan = plan::build(&request);
        // What nobody asked the server is not known: recordings have the answers, other documents do not.
        let answered = |read: &Read| match read {
            Read::Sql { name, .. } => snapshot.rows.contains_key(name),
            Read::Objects { api, namespace } => {
                snapshot.objects.contains_key(&(api.clone(), namespace.clone()))
            }
        };
        if plan::asks(&request, &plan).iter().all(answered) {
            let foreseen = plan::foresees(&request, &plan);
            plan.findings.extend(foreseen);
            // Again, for what was foreseen.
            let allowed = judge(&mut plan.findings, &settings.lint, &compiled.desired);
            plan.allowed.extend(allowed);
        }
        plan.findings.iter_mut().for_each(crate::kinds::ledger::for_a_plan);
        plan.locate(&compiled.sources);
        plan.findings.sort_by(|a, b| (a.severity, &a.addr, a.code).cmp(&(b.severity, &b.addr, b.code)));
        Ok(plan)
    }

    fn users(&self, compiled: &Compiled) -> Result<std::collections::BTreeSet<Addr>, Box<Diagnostic>> {
        let users = plan::rotate::users(self.world.kinds, &compiled.desired, &self.run.rotate);
        users.map_err(|wrong| {
            let first = wrong.into_iter().next();
            Box::new(first.unwrap_or_else(|| Diagnostic::error("a user cannot be rotated")))
        })
    }

    /// Reads a document beside the test file.
    fn document(&self, path: &str) -> Result<Json, String> {
        let bytes = self.world.files.read(&beside(&self.file.path, path))?;
        serde_json::from_slice(&bytes).map_err(|error| format!("it is not JSON: {error}"))
    }

    /// Tells findings that refuse the plan and were not expected, and expected ones that are not there.
    fn findings(&mut self, plan: &Plan, here: impl Fn(Span) -> Span) {
        let codes: Vec<(&str, Span)> = self
            .run
            .failures
            .iter()
            .filter_map(|(expected, span)| match expected {
                Expected::Code(code) => Some((&**code, *span)),
                Expected::Addr(_) => None,
            })
            .collect();
        for finding in &plan.findings {
            let is_check = is_check(finding);
            let named = self.run.failures.iter().any(|(expected, _)| {
                matches!((expected, &finding.addr), (Expected::Addr(one), Some(addr)) if one == addr)
            });
            let is_expected = codes.iter().any(|(code, _)| *code == finding.code) || (is_check && named);
            if is_expected || (!finding.refuses() && !is_check) {
                continue;
            }
            self.problems.push(if is_check { check_fails(finding) } else { refused(finding) });
        }
        for (code, span) in codes {
            let found: Vec<&Finding> = plan.findings.iter().filter(|finding| finding.code == code).collect();
            if found.iter().any(|finding| finding.refuses() || is_check(finding)) {
                continue;
            }
            let item = Diagnostic::error("expected to fail");
            let item = match found.is_empty() {
                true => item.at(here(span), format!("nothing of the plan has the code {code}")),
                false => item.at(here(span), format!("{code} is told, and refuses nothing")).help(
                    "an assert on plan.findings looks for what is only told; `lint { deny = […] }` makes it refuse",
                ),
            };
            self.problems.push(item);
        }
    }

    /// Compares the plan's text with the expected one.
    fn text(&mut self, plan: &Plan, here: impl Fn(Span) -> Span) -> Result<(), Box<Diagnostic>> {
        let Some((path, span)) = &self.run.expected else { return Ok(()) };
        let text = match path.rsplit('.').next() {
            Some("md") => render::markdown::plan(plan, false),
            _ => {
                let Run { sql, width, .. } = *self.run;
                render::text::plan(plan, &render::text::Options { color: false, width, sql, expand: false })
            }
        };
        let text = format!("{}\n", text.trim_end());
        let place = beside(&self.file.path, path);
        let expected =
            self.world.files.read(&place).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        if expected.as_ref().is_ok_and(|expected| expected.trim_end() == text.trim_end()) {
            return Ok(());
        }
        if self.world.update {
            self.update = Some((place, text));
            return Ok(());
        }
        let item = match expected {
            Err(reason) => Diagnostic::error("the expected text cannot be read").at(here(*span), reason),
            Ok(expected) => Diagnostic::error("the plan is not as expected")
                .at(here(*span), "- is expected, + is planned")
                .detail(difference(&expected, &text)),
        };
        self.problems.push(item.help("charter test --update writes the text of the plan there"));
        Ok(())
    }
}

/// Returns whether something that is expected to fail is found by planning.
fn is_planned(expected: &Expected) -> bool {
    match expected {
        Expected::Code(_) => true,
        Expected::Addr(addr) => addr.segments().first().is_some_and(|segment| segment.word == "check"),
    }
}

/// Returns whether a finding is a check that fails.
fn is_check(finding: &Finding) -> bool {
    finding.code == lint::CHECK_FAILED.code
}

/// Returns the problem of a check that fails and was not expected to.
fn check_fails(finding: &Finding) -> Diagnostic {
    let values = finding.found.lines().collect::<Vec<_>>().join(", ");
    let colon = if values.is_empty() { "" } else { ": " };
    let item = Diagnostic::error("a check fails").detail(finding.summary.clone());
    let places = finding.places.iter();
    let item =
        places.fold(item, |item, place| item.at(place.span, format!("{}{colon}{values}", place.label)));
    let addr = finding.addr.as_ref().map(ToString::to_string).unwrap_or_default();
    item.help(format!("where that is right: expect_failures = [{addr}]"))
}

/// Returns the problem of a finding that refuses the plan and was not expected to.
fn refused(finding: &Finding) -> Diagnostic {
    let item = Diagnostic::error(format!("{} refuses the plan", finding.code));
    let places = finding.places.iter();
    let item = places.fold(item, |item, place| item.at(place.span, place.label.clone()));
    let addr = finding.addr.as_ref().map(|addr| format!("{addr}: ")).unwrap_or_default();
    let sides = [("expected ", &finding.expected), ("found ", &finding.found)];
    let sides = sides.iter().filter(|(_, text)| !text.is_empty());
    let sides: String = sides.map(|(side, text)| format!("\n{side}{text}")).collect();
    let denied = if finding.denied { "\nThe lint block denies it." } else { "" };
    item.detail(format!("{addr}{}{sides}{denied}", finding.summary))
        .help(format!("where that is right: expect_failures = [{:?}]", finding.code))
}

/// Returns the difference of two texts, cut where it is long.
fn difference(expected: &str, found: &str) -> String {
    let diff = TextDiff::from_lines(expected, found);
    let text = diff.unified_diff().context_radius(2).to_string();
    let cut = text.char_indices().nth(MOST).map_or(text.len(), |(at, _)| at);
    let more = if cut < text.len() { "\n…" } else { "" };
    format!("{}{more}", text[..cut].trim_end())
}

/// Returns a path beside that of a file.
pub fn beside(file: &str, path: &str) -> String {
    match file.rsplit_once('/') {
        Some((folder, _)) if !path.starts_with('/') => format!("{folder}/{path}"),
        _ => path.to_owned(),
    }
}
