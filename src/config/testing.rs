//! The language of `*.test.hcl` files: `run` blocks with variables, what is observed, what is expected
//! and what is asserted of the plan. Modelled on terraform's test files
//! (<https://developer.hashicorp.com/terraform/language/tests>).

use hcl_edit::expr::Expression;
use hcl_edit::structure::Attribute;

use super::check;
use super::condition::{self, Verdict};
use super::decls::{self, Decls, Placed};
use super::decode;
use super::eval::{Cx, Evaluator, Names, Scope};
use super::parse::Parsed;
use super::refs::{self, Step};
use crate::diag::{Diagnostic, Diagnostics, SourceMap, Span, nearest};
use crate::model::files::Files;
use crate::model::schema::{Arity, BlockSchema, Type};
use crate::model::{Addr, Value};

/// The blocks of a file.
const BLOCKS: [&str; 3] = ["run", "variables", "test"];
/// Separates a file's path from the variables that are meant.
pub(super) const PART: &str = "\0";

/// A file that was read.
#[derive(Debug)]
pub struct TestFile {
    /// Its path, relative to the configuration.
    pub path: String,
    /// Its text.
    pub text: String,
    /// Its runs, in order.
    pub runs: Vec<Run>,
    /// What is wrong with it.
    pub diags: Diagnostics,
    /// It alone, for its problems.
    pub sources: SourceMap,
    /// The bodies of its `variables` blocks.
    variables: Vec<Span>,
}

/// A `run` block.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// Its label.
    pub name: String,
    /// The document of what is observed; an empty server where there is none.
    pub observed: Option<(String, Span)>,
    /// The text that the plan is expected to be.
    pub expected: Option<(String, Span)>,
    /// The targets.
    pub targets: Vec<Addr>,
    /// The users whose passwords are to be rotated.
    pub rotate: Vec<Addr>,
    /// What is expected to fail.
    pub failures: Vec<(Expected, Span)>,
    /// Whether the expected text has the statements.
    pub sql: bool,
    /// How wide the expected text is.
    pub width: usize,
    /// How many asserts there are.
    pub asserts: usize,
    /// The files of variables that are to be given last; [`TestFile::files`] has them.
    pub variables: Vec<String>,
}

/// What is expected to fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// `check.name`, `var.name`, or a block with preconditions.
    Addr(Addr),
    /// A finding that refuses the plan, by its code.
    Code(String),
}

/// What a configuration means, once it was compiled: for what is evaluated after it.
pub struct Known<'k> {
    pub(super) decls: &'k Decls<'k>,
    pub(super) names: Names,
    pub(super) files: &'k dyn Files,
    pub(super) env: &'k std::collections::BTreeMap<String, String>,
}

fn run_schema() -> BlockSchema {
    BlockSchema::default()
        .optional("command", Type::Any, "`plan`, which is all that can be done offline.")
        .optional("observed", Type::String, "The file of what the servers are supposed to hold.")
        .optional("expected", Type::String, "The file of the text that the plan is to be.")
        .optional("targets", Type::Any, "The targets.")
        .optional("rotate", Type::Any, "The users whose passwords are to be rotated.")
        .optional("expect_failures", Type::Any, "What is to fail.")
        .optional("sql", Type::Bool, "Whether the expected text has the statements.")
        .optional("width", Type::Number, "How wide the expected text is.")
        .block("assert", Arity::Many, condition::schema())
}

/// Reads a file. What is wrong with it is in the result.
pub fn read(path: &str, text: &str) -> TestFile {
    let mut sources = SourceMap::default();
    let (mut diags, mut parsed) = (Diagnostics::default(), Parsed::default());
    let id = sources.add(path, text);
    parsed.add(id, &sources, &mut diags);
    let mut file = TestFile {
        path: path.to_owned(),
        text: text.to_owned(),
        runs: Vec::new(),
        diags,
        sources,
        variables: Vec::new(),
    };
    let mut common = Run { sql: true, width: 100, ..Run::default() };
    for placed in blocks(&parsed) {
        match placed.block.ident.value().as_str() {
            "variables" => {
                decls::no_labels(&placed, &mut file.diags);
                common.variables.push(file.variables_of(&placed));
            }
            "test" => {
                decls::no_labels(&placed, &mut file.diags);
                let schema =
                    BlockSchema::default().optional("observed", Type::String, "The file for each run.");
                decode::check(&placed, &schema, (&[], &[]), &mut file.diags);
                common.observed = placed.attr("observed").and_then(|attr| file.path_at(attr, &placed));
            }
            _ => {}
        }
    }
    for placed in blocks(&parsed) {
        match placed.block.ident.value().as_str() {
            "run" => file.run(&placed, &common),
            name if !BLOCKS.contains(&name) => {
                let item = Diagnostic::error("unknown block")
                    .at(placed.at.span(&placed.block.ident), "a test file has no block of this type");
                file.diags.push(match nearest(name, BLOCKS) {
                    Some(near) => item.help(format!("did you mean `{near}`?")),
                    None => item.help("it has `run`, `variables` and `test`"),
                });
            }
            _ => {}
        }
    }
    for unit in &parsed.units {
        for attr in unit.body.attributes() {
            file.diags.push(
                Diagnostic::error("attribute outside of a block")
                    .at(unit.at.span(&attr.key), "this belongs into a block")
                    .help("what holds for each run stands in `test { … }`, values in `variables { … }`"),
            );
        }
    }
    file
}

fn blocks(parsed: &Parsed) -> impl Iterator<Item = Placed<'_>> {
    let units = parsed.units.iter();
    units.flat_map(|unit| unit.body.blocks().map(|block| Placed { block, at: unit.at }))
}

fn plain(attr: &Attribute, placed: &Placed<'_>, wanted: &str) -> Diagnostic {
    Diagnostic::error("argument is not a plain value")
        .at(placed.at.span(&attr.value), format!("{wanted} is needed"))
}

impl TestFile {
    fn run(&mut self, placed: &Placed<'_>, common: &Run) {
        let Some(name) = decls::label(placed, &mut self.diags) else { return };
        decode::check(placed, &run_schema(), (&[], &["variables"]), &mut self.diags);
        if self.runs.iter().any(|run| run.name == name) {
            self.diags.push(
                Diagnostic::error("duplicate run")
                    .at(placed.head(), "a second run of this name")
                    .help("rename one of them"),
            );
            return;
        }
        let mut run = Run { name, ..common.clone() };
        run.variables.extend(placed.nested("variables").map(|nested| self.variables_of(&nested)));
        run.asserts = placed.nested("assert").count();
        for attr in placed.block.body.attributes() {
            self.argument(&mut run, attr, placed);
        }
        self.runs.push(run);
    }

    fn argument(&mut self, run: &mut Run, attr: &Attribute, placed: &Placed<'_>) {
        match attr.key.value().as_str() {
            "observed" => run.observed = self.path_at(attr, placed),
            "expected" => {
                run.expected = self.path_at(attr, placed);
                if run.expected.as_ref().is_some_and(|(path, _)| leads_out(&self.path, path)) {
                    self.diags.push(
                        Diagnostic::error("path leads out of the configuration")
                            .at(placed.at.span(&attr.value), "charter test --update would write there")
                            .help("write a path relative to the test file, below the configuration's folder"),
                    );
                }
            }
            "targets" => run.targets = self.addrs(attr, placed),
            "rotate" => run.rotate = self.addrs(attr, placed),
            "expect_failures" => run.failures = self.failures(attr, placed),
            "sql" => match attr.value.as_bool() {
                Some(sql) => run.sql = sql,
                None => self.diags.push(plain(attr, placed, "true or false")),
            },
            "width" => match attr.value.as_number().and_then(hcl_edit::Number::as_u64) {
                Some(width @ 40..=1000) => run.width = usize::try_from(width).unwrap_or(100),
                _ => self.diags.push(plain(attr, placed, "a number of columns from 40 to 1000")),
            },
            "command" if refs::bare(&attr.value, placed.at).is_none_or(|word| word.root != "plan") => {
                self.diags.push(
                    Diagnostic::error("tests only plan")
                        .at(placed.at.span(&attr.value), "this needs a server")
                        .detail("Nothing is applied offline: what a server makes of statements only a server knows.")
                        .help("leave `command` out, or write command = plan"),
                );
            }
            _ => {}
        }
    }

    fn path_at(&mut self, attr: &Attribute, placed: &Placed<'_>) -> Option<(String, Span)> {
        let path = attr.value.as_str().map(|path| (path.to_owned(), placed.at.span(&attr.value)));
        if path.is_none() {
            self.diags.push(plain(attr, placed, "the path of a file, a text,"));
        }
        path
    }

    fn elements<'e>(&mut self, attr: &'e Attribute, placed: &Placed<'_>) -> Vec<&'e Expression> {
        match &attr.value {
            Expression::Array(array) => array.iter().collect(),
            _ => {
                self.diags.push(plain(attr, placed, "a list in brackets"));
                Vec::new()
            }
        }
    }

    fn addrs(&mut self, attr: &Attribute, placed: &Placed<'_>) -> Vec<Addr> {
        let mut found = Vec::new();
        for expr in self.elements(attr, placed) {
            match address(expr, placed) {
                Some(addr) => found.push(addr),
                None => self.diags.push(
                    Diagnostic::error("this is not an address")
                        .at(placed.at.span(expr), "not an address")
                        .help("write it without quotes: tenant.acme, role.reader[\"a\"]"),
                ),
            }
        }
        found
    }

    fn failures(&mut self, attr: &Attribute, placed: &Placed<'_>) -> Vec<(Expected, Span)> {
        let mut found = Vec::new();
        for expr in self.elements(attr, placed) {
            let span = placed.at.span(expr);
            match (expr.as_str(), address(expr, placed)) {
                (Some(code), _) => found.push((Expected::Code(code.to_owned()), span)),
                (None, Some(addr)) => found.push((Expected::Addr(addr), span)),
                (None, None) => self.diags.push(
                    Diagnostic::error("this cannot fail")
                        .at(span, "a check, a variable, a resource or the code of a finding is needed")
                        .help("write check.size, var.environment, role.analyst or \"CH201\""),
                ),
            }
        }
        found
    }

    /// Returns the name under which [`TestFile::files`] has the variables of a block.
    fn variables_of(&mut self, placed: &Placed<'_>) -> String {
        for block in placed.block.body.blocks() {
            self.diags.push(
                Diagnostic::error("unknown nested block")
                    .at(placed.at.span(&block.ident), "only `name = value` stands here"),
            );
        }
        let mut bounds = placed.block.body.attributes().map(|attr| {
            let (key, value) = (placed.at.span(&attr.key), placed.at.span(&attr.value));
            Span { end: value.end, ..key }
        });
        let first = bounds.next().unwrap_or_else(|| Span { end: placed.head().start, ..placed.head() });
        let end = bounds.last().map_or(first.end, |last| last.end);
        self.variables.push(Span { end, ..first });
        format!("{}{PART}{}", self.path, self.variables.len() - 1)
    }

    /// Returns files with the variables of this one beside them.
    pub fn files<'f>(&'f self, under: &'f dyn Files) -> impl Files + 'f {
        Overlay { file: self, under }
    }

    /// Evaluates the asserts of a run with `plan` at hand and returns those that are false, as problems;
    /// what cannot be evaluated is one, too. The file becomes a part of `sources`.
    pub fn asserts(
        &self,
        run: &str,
        known: &mut Known<'_>,
        plan: &Value,
        sources: &mut SourceMap,
    ) -> Diagnostics {
        let mut diags = Diagnostics::default();
        let id = sources.add(&self.path, &self.text);
        let mut parsed = Parsed::default();
        parsed.add(id, sources, &mut diags);
        let is_it = |placed: &Placed<'_>| {
            placed.block.ident.value().as_str() == "run"
                && placed.block.labels.first().is_some_and(|label| label.as_str() == run)
        };
        let asserts: Vec<Placed<'_>> =
            blocks(&parsed).filter(is_it).flat_map(|run| run.nested("assert").collect::<Vec<_>>()).collect();
        let reported = check::asserts(known.decls, &asserts, &mut diags);
        known.names.reported.extend(reported);
        known.names.whole = true;
        let scope = Scope::Bind("plan", super::blocks::from_model(plan), &Scope::Top);
        for assert in &asserts {
            let ev = Evaluator::new(&known.names, known.files, known.env);
            let cx = Cx { ev: &ev, at: assert.at, scope: &scope };
            let verdict = condition::evaluate(&cx, assert, "the condition is false", sources);
            if let Verdict::Fails(failure) = verdict {
                let values = failure.values.join(", ");
                let colon = if values.is_empty() { "" } else { ": " };
                diags.push(
                    Diagnostic::error("assertion failed")
                        .at(failure.span, format!("this is false{colon}{values}"))
                        .detail(failure.message),
                );
            }
            ev.take().into_iter().for_each(|item| diags.push(item));
        }
        diags
    }
}

/// Returns whether a path that stands in a file leads out of the folder to which the file's is relative.
fn leads_out(file: &str, path: &str) -> bool {
    let mut depth = file.matches('/').count();
    let stays = path.split('/').all(|part| {
        match part {
            "" | "." => {}
            ".." if depth == 0 => return false,
            ".." => depth -= 1,
            _ => depth += 1,
        }
        true
    });
    path.starts_with('/') || !stays
}

/// Returns the address that an expression is.
fn address(expr: &Expression, placed: &Placed<'_>) -> Option<Addr> {
    let reference = refs::bare(expr, placed.at)?;
    let mut addr = Addr::new(&reference.root, reference.attr(0)?);
    for (step, _) in reference.steps.get(1..)? {
        addr = match step {
            Step::Attr(name) => addr.part(name),
            Step::Key(key) => addr.instance(key),
            Step::Other => return None,
        };
    }
    Some(addr)
}

impl Known<'_> {
    /// Returns what a problem of the configuration says has failed: a variable's validation, or a
    /// precondition of a block; none for every other problem.
    pub fn failed(&self, problem: &Diagnostic) -> Option<Addr> {
        let place = |index: usize| problem.labels.get(index).map(|label| label.span);
        match problem.summary.as_str() {
            super::vars::INVALID => {
                let mut variables = self.decls.variables.iter();
                let found = variables.find(|(_, placed)| Some(placed.head()) == place(0));
                found.map(|(name, _)| Addr::new("var", name))
            }
            super::checks::NOT_MET => {
                let mut resources = self.decls.resources.iter();
                let found = resources.find(|(_, resource)| Some(resource.placed.head()) == place(1));
                found.map(|(addr, _)| addr.clone())
            }
            _ => None,
        }
    }

    /// Returns whether an address is that of something that may fail: a variable, a check, a resource.
    pub fn may_fail(&self, addr: &Addr) -> bool {
        let segments = addr.segments();
        let name = segments.get(1).map_or("", |segment| &segment.word);
        match segments.first().map(|segment| segment.word.as_str()) {
            Some("var") => self.decls.variables.contains_key(name),
            Some("check") => self.decls.checks.contains_key(name),
            _ => self.decls.resources.contains_key(addr),
        }
    }
}

/// Files, and beside them the variables of a test file. Their text has blanks for the rest of the file,
/// so that problems are told at their places.
struct Overlay<'f> {
    file: &'f TestFile,
    under: &'f dyn Files,
}

impl Files for Overlay<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let part = path.strip_prefix(&*self.file.path).and_then(|rest| rest.strip_prefix(PART));
        let span = part.and_then(|index| self.file.variables.get(index.parse::<usize>().ok()?));
        let Some(span) = span else { return self.under.read(path) };
        let blank = |(at, byte): (usize, u8)| match (span.start..span.end).contains(&at) || byte == b'\n' {
            true => byte,
            false => b' ',
        };
        Ok(self.file.text.bytes().enumerate().map(blank).collect())
    }

    fn list(&self, path: &str) -> Result<Option<Vec<String>>, String> {
        self.under.list(path)
    }
}
