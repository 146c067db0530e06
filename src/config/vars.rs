//! Values of variables: default, then CHARTER_VAR_<name>, then --var-file in order, then --var in
//! order; converted to their types and validated. A sensitive value is never underlined.

use std::collections::{BTreeMap, BTreeSet};

use hcl_edit::expr::Expression;
use hcl_edit::structure::Attribute;

use super::Input;
use super::condition::{self, Verdict};
use super::decls::{Decls, Placed};
use super::decode;
use super::eval::{Cx, Evaluator, Names, Scope};
use super::parse::{self, At};
use super::types::Ty;
use super::val::Val;
use super::varfiles::{self, FileValues};
use crate::diag::{Diagnostic, Diagnostics, SourceMap, Span, nearest};
use crate::model::files::Files;
use crate::model::schema::{Arity, BlockSchema, Type};

/// The prefix of environment variables that set variables.
pub const PREFIX: &str = "CHARTER_VAR_";

/// The summary of the error of a validation.
pub const INVALID: &str = "invalid value for a variable";

/// Where a value was given.
#[derive(Clone)]
enum Given<'a> {
    /// As a text, on the command line or in the environment.
    Text { from: String, text: &'a str },
    /// In a file.
    Expr(&'a Expression, At),
}

/// What gives values.
struct Sources<'a, 'm> {
    input: &'a Input,
    files: &'a dyn Files,
    map: &'m mut SourceMap,
}

/// What a `variable` block says.
struct Variable<'a> {
    name: &'a str,
    placed: Placed<'a>,
    ty: Ty,
    /// Whether a type is written down.
    typed: bool,
    sensitive: bool,
    nullable: bool,
}

/// Returns the values by name, poison where there was a problem; and the files in which a value of a
/// sensitive variable is written.
pub fn evaluate(
    decls: &Decls<'_>,
    input: &Input,
    files: &dyn Files,
    map: &mut SourceMap,
    diags: &mut Diagnostics,
) -> (BTreeMap<String, Val>, BTreeSet<String>) {
    let values = varfiles::read(&input.var_files, files, map, diags);
    let overrides = varfiles::read(&input.overrides, files, map, diags);
    let given = given(decls, input, (&values, &overrides), diags);
    let mut sources = Sources { input, files, map };
    let (mut result, mut secret) = (BTreeMap::new(), BTreeSet::new());
    let written: Vec<_> = values.attributes().chain(overrides.attributes()).collect();
    for (name, placed) in &decls.variables {
        let value = Variable::read(name, *placed, diags).and_then(|variable| {
            secret.extend(variable.written_in(&written).into_iter().map(|at| sources.path(at)));
            let value = sources.value(&variable, given.get(name.as_str()), diags)?;
            sources.validate(&variable, &value, diags).then_some(value)
        });
        result.insert(name.clone(), value.unwrap_or_else(Val::poison));
    }
    (result, secret)
}

/// Returns what was given for declared variables; the last one counts.
fn given<'a>(
    decls: &Decls<'_>,
    input: &'a Input,
    (values, overrides): (&'a FileValues, &'a FileValues),
    diags: &mut Diagnostics,
) -> BTreeMap<&'a str, Given<'a>> {
    let mut given = BTreeMap::new();
    for (key, text) in &input.env {
        if let Some(name) = key.strip_prefix(PREFIX) {
            let from = key.clone();
            given.insert(name, Given::Text { from, text });
        }
    }
    let names = || decls.variables.keys().map(String::as_str);
    let known = |name: &str| decls.variables.contains_key(name) || decls.is_broken("variable", name);
    of_files(decls, values, &mut given, diags);
    for (name, text) in &input.vars {
        if !known(name) {
            let item = Diagnostic::error("value for an unknown variable")
                .detail(format!("--var {name}=… names no variable of this configuration."));
            diags.push(suggest(item, name, names()));
        }
        let from = format!("--var {name}");
        given.insert(name, Given::Text { from, text });
    }
    of_files(decls, overrides, &mut given, diags);
    given
}

/// Adds what files give.
fn of_files<'a>(
    decls: &Decls<'_>,
    values: &'a FileValues,
    given: &mut BTreeMap<&'a str, Given<'a>>,
    diags: &mut Diagnostics,
) {
    for (at, attr) in values.attributes() {
        let name = attr.key.value().as_str();
        if !decls.variables.contains_key(name) && !decls.is_broken("variable", name) {
            let item = Diagnostic::warning("value for an unknown variable")
                .at(at.span(&attr.key), "no variable has this name");
            diags.push(suggest(item, name, decls.variables.keys().map(String::as_str)));
        }
        given.insert(name, Given::Expr(&attr.value, at));
    }
}

fn suggest<'n>(item: Diagnostic, name: &str, names: impl Iterator<Item = &'n str>) -> Diagnostic {
    match nearest(name, names) {
        Some(near) => item.help(format!("did you mean `{near}`?")),
        None => item.help(format!("declare it: variable \"{name}\" {{}}")),
    }
}

fn schema() -> BlockSchema {
    BlockSchema::default()
        .optional("type", Type::Any, "The type.")
        .optional("default", Type::Any, "The value where none is given.")
        .optional("description", Type::String, "What it is for.")
        .optional("sensitive", Type::Bool, "Whether it is hidden.")
        .optional("nullable", Type::Bool, "Whether it may be null.")
        .block("validation", Arity::Many, condition::schema())
}

impl<'a> Variable<'a> {
    fn read(name: &'a str, placed: Placed<'a>, diags: &mut Diagnostics) -> Option<Self> {
        decode::check(&placed, &schema(), (&[], &[]), diags);
        if let Some(attr) = placed.attr("description")
            && attr.value.as_str().is_none()
        {
            diags.push(plain(&placed, &attr.value, "a text"));
        }
        let flag = |name: &str, default: bool, diags: &mut Diagnostics| match placed.attr(name) {
            None => Some(default),
            Some(attr) => {
                let flag = attr.value.as_bool();
                if flag.is_none() {
                    diags.push(plain(&placed, &attr.value, "true or false"));
                }
                flag
            }
        };
        let sensitive = flag("sensitive", false, diags);
        let nullable = flag("nullable", true, diags);
        let ty = match placed.attr("type") {
            None => Some(Ty::Any),
            Some(attr) => Ty::parse(&attr.value, placed.at).map_err(|problem| diags.push(*problem)).ok(),
        };
        Some(Self {
            name,
            placed,
            ty: ty?,
            typed: placed.attr("type").is_some(),
            sensitive: sensitive?,
            nullable: nullable?,
        })
    }

    /// Returns where a sensitive value of it is written: its default, and what files give.
    fn written_in(&self, given: &[(At, &Attribute)]) -> Vec<At> {
        let default = self.placed.attr("default").map(|attr| (self.placed.at, attr));
        let given = given.iter().copied().filter(|(_, attr)| attr.key.value().as_str() == self.name);
        let says = |(_, attr): &(At, &Attribute)| !matches!(attr.value, Expression::Null(_));
        let all = default.into_iter().chain(given).filter(|_| self.sensitive);
        all.filter(says).map(|(at, _)| at).collect()
    }

    /// Returns the problem of a value that does not fit.
    fn misfit(&self, item: Diagnostic, from: &str) -> Diagnostic {
        let label =
            if self.typed { format!("of type {}", self.ty.describe()) } else { "declared here".to_owned() };
        let item = item.at(self.placed.head(), label);
        if self.sensitive {
            let detail = format!("The value of {from} is not shown, because it is sensitive.");
            return item.detail(detail);
        }
        item
    }
}

fn plain(placed: &Placed<'_>, expr: &Expression, wanted: &str) -> Diagnostic {
    Diagnostic::error("argument is not a plain value")
        .at(placed.at.span(expr), format!("{wanted} is needed"))
        .detail("It must be known before anything is evaluated.")
}

impl Sources<'_, '_> {
    fn value(
        &mut self,
        variable: &Variable<'_>,
        given: Option<&Given<'_>>,
        diags: &mut Diagnostics,
    ) -> Option<Val> {
        let value = match given {
            Some(Given::Text { from, text }) => self.text(variable, from, text, diags)?,
            Some(Given::Expr(expr, at)) => self.given(variable, expr, *at, diags)?,
            None => Val::null(),
        };
        let default = variable.placed.attr("default");
        let value = match default {
            Some(default) if given.is_none() || (value.is_null() && !variable.nullable) => {
                self.expr(variable, &default.value, variable.placed.at, diags)?
            }
            None if given.is_none() => {
                diags.push(missing(variable));
                return None;
            }
            _ => value,
        };
        if value.is_null() && !variable.nullable {
            diags.push(
                Diagnostic::error("variable must not be null")
                    .at(variable.placed.head(), "its value is null")
                    .help("give it a value, or remove `nullable = false`"),
            );
            return None;
        }
        Some(if variable.sensitive { value.sensitive() } else { value })
    }

    /// Converts a text: as it stands for simple types, as an expression for others.
    fn text(
        &mut self,
        variable: &Variable<'_>,
        from: &str,
        text: &str,
        diags: &mut Diagnostics,
    ) -> Option<Val> {
        if variable.sensitive {
            // The text must not become part of the source map, where it could be drawn.
            let value = if literal(variable) {
                variable.ty.convert(&Val::from(text)).ok()
            } else {
                let mut apart = SourceMap::default();
                let file = apart.add("", text);
                let expr = parse::expression(file, &apart).ok();
                let mut dropped = Diagnostics::default();
                expr.and_then(|expr| self.given(variable, &expr, At::start(file), &mut dropped))
            };
            if value.is_none() {
                let item = Diagnostic::error("value has the wrong type");
                diags.push(variable.misfit(item, from));
            }
            return value;
        }
        let file = self.map.add(format!("<{from}>"), text);
        let at = At::start(file);
        let whole = Span::new(file, 0..text.len());
        if literal(variable) {
            return match variable.ty.convert(&Val::from(text)) {
                Ok(value) => Some(value),
                Err(mismatch) => {
                    let item = mismatch.label("value has the wrong type", Some(whole), &[]);
                    diags.push(variable.misfit(item, from));
                    None
                }
            };
        }
        match parse::expression(file, self.map) {
            Ok(expr) => self.given(variable, &expr, at, diags),
            Err(problem) => {
                let help = "texts inside of lists and maps are quoted: '[\"a\", \"b\"]'";
                diags.push(variable.misfit(problem.help(help), from));
                None
            }
        }
    }

    /// Converts an expression that was given, which must be constant.
    fn given(
        &self,
        variable: &Variable<'_>,
        expr: &Expression,
        at: At,
        diags: &mut Diagnostics,
    ) -> Option<Val> {
        let problems = varfiles::not_constant(expr, at);
        if problems.is_empty() {
            return self.expr(variable, expr, at, diags);
        }
        if variable.sensitive {
            let item = Diagnostic::error("value is not constant");
            diags.push(variable.misfit(item, &self.path(at)));
        }
        let shown = problems.into_iter().filter(|_| !variable.sensitive);
        shown.for_each(|item| diags.push(item));
        None
    }

    fn path(&self, at: At) -> String {
        let file = self.map.file(at.file);
        file.map_or_else(String::new, |file| file.path.clone())
    }

    fn expr(
        &self,
        variable: &Variable<'_>,
        expr: &Expression,
        at: At,
        diags: &mut Diagnostics,
    ) -> Option<Val> {
        let names = Names::default();
        let ev = Evaluator::new(&names, self.files, &self.input.env);
        let cx = Cx { ev: &ev, at, scope: &Scope::Top };
        let value = cx.eval(expr);
        ev.take().into_iter().for_each(|item| diags.push(item));
        if value.is_poison() {
            return None;
        }
        match variable.ty.convert(&value) {
            Ok(value) => Some(value),
            Err(mismatch) => {
                let summary = "value has the wrong type";
                let own = at.file == variable.placed.at.file;
                let item = if variable.sensitive && !own {
                    Diagnostic::error(summary)
                } else {
                    mismatch.diagnostic(summary, expr, at)
                };
                diags.push(variable.misfit(item, &self.path(at)));
                None
            }
        }
    }

    fn validate(&self, variable: &Variable<'_>, value: &Val, diags: &mut Diagnostics) -> bool {
        let mut names = Names::default();
        names.vars.insert(variable.name.to_owned(), value.clone());
        let ev = Evaluator::new(&names, self.files, &self.input.env);
        let mut valid = true;
        for validation in variable.placed.nested("validation") {
            let cx = Cx { ev: &ev, at: validation.at, scope: &Scope::Top };
            let verdict = condition::evaluate(&cx, &validation, "The value is not valid.", self.map);
            valid &= matches!(verdict, Verdict::Holds);
            if let Verdict::Fails(failure) = verdict {
                let mut item = Diagnostic::error(INVALID)
                    .at(variable.placed.head(), "its value is not valid")
                    .at(failure.span, "this is false")
                    .detail(failure.message);
                if !value.deep_marks().sensitive && value.to_text().is_some() {
                    item.labels[0].text = format!("its value is {}", value.show());
                }
                diags.push(item);
            }
            ev.take().into_iter().for_each(|item| diags.push(item));
        }
        valid
    }
}

/// Returns whether a text is the value as it stands.
fn literal(variable: &Variable<'_>) -> bool {
    variable.ty.is_primitive() || !variable.typed
}

fn missing(variable: &Variable<'_>) -> Diagnostic {
    let name = variable.name;
    Diagnostic::error("variable has no value")
        .at(variable.placed.head(), "no default, and no value is given")
        .help(format!("give it with --var {name}=…, in a --var-file, or as {PREFIX}{name}"))
}
