//! Evaluates expressions of the syntax tree to values.
//!
//! Problems are collected at the exact place, and the value is poison then, so that the rest of
//! the expression is still checked. Only `try` and `can` look at problems and drop them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use hcl_edit::Number;
use hcl_edit::expr::{Conditional, Expression, ForExpr, FuncCall, Object, ObjectKey};

use super::funcs::{self, Fail};
use super::parse::At;
use super::val::{Data, Val};
use super::{ops, template, traverse};
use crate::diag::{Diagnostic, Level, Span};
use crate::model::files::Files;

/// The integers above this are not exact as doubles.
const MAX_EXACT: u64 = 1 << 53;

/// What names mean. What is missing is poison: it was reported, or is not evaluated.
#[derive(Default)]
pub struct Names {
    /// The variables.
    pub vars: BTreeMap<String, Val>,
    /// The locals.
    pub locals: BTreeMap<String, Val>,
    /// Where a name was reported: what stands there is poison.
    pub reported: BTreeSet<Span>,
    /// What `charter` holds: `presets`.
    pub presets: Option<Val>,
    /// Whether all that blocks declare can be referred to, not only what they export.
    pub whole: bool,
    /// The blocks by kind and label: an instance, or a map of instances by key.
    pub blocks: BTreeMap<(String, String), Val>,
}

/// Evaluates, and collects problems.
pub struct Evaluator<'a> {
    /// What names mean.
    pub names: &'a Names,
    /// The folder of the configuration.
    pub files: &'a dyn Files,
    /// The environment.
    pub env: &'a BTreeMap<String, String>,
    diags: RefCell<Vec<Diagnostic>>,
}

/// Variables that a `for` or `for_each` binds.
pub enum Scope<'s> {
    /// None.
    Top,
    /// One, and those around.
    Bind(&'s str, Val, &'s Scope<'s>),
}

impl Scope<'_> {
    fn get(&self, name: &str) -> Option<&Val> {
        match self {
            Self::Top => None,
            Self::Bind(bound, value, _) if *bound == name => Some(value),
            Self::Bind(_, _, around) => around.get(name),
        }
    }
}

/// Where an expression is evaluated.
#[derive(Clone, Copy)]
pub struct Cx<'a> {
    /// The evaluator.
    pub ev: &'a Evaluator<'a>,
    /// The text that the expression stands in.
    pub at: At,
    /// The bound variables.
    pub scope: &'a Scope<'a>,
}

impl<'a> Evaluator<'a> {
    /// Returns an evaluator.
    pub fn new(names: &'a Names, files: &'a dyn Files, env: &'a BTreeMap<String, String>) -> Self {
        Self { names, files, env, diags: RefCell::default() }
    }

    /// Returns the problems that were found, and forgets them.
    pub fn take(&self) -> Vec<Diagnostic> {
        self.diags.take()
    }

    /// Adds a problem and returns the value that stands for it.
    pub fn fail(&self, problem: Diagnostic) -> Val {
        self.diags.borrow_mut().push(problem);
        Val::poison()
    }
}

impl Cx<'_> {
    /// Reports a problem at a node.
    pub fn fail(
        &self,
        summary: &str,
        node: &(impl hcl_edit::Span + ?Sized),
        label: impl Into<String>,
    ) -> Val {
        self.fail_at(summary, self.at.span(node), label)
    }

    /// Reports a problem at a place.
    pub fn fail_at(&self, summary: &str, span: Span, label: impl Into<String>) -> Val {
        self.ev.fail(Diagnostic::error(summary).at(span, label))
    }

    /// Returns the value of an expression.
    pub fn eval(&self, expr: &Expression) -> Val {
        match expr {
            Expression::Null(_) => Val::null(),
            Expression::Bool(value) => Val::from(*value.value()),
            Expression::Number(number) => self.number(number.value(), expr),
            Expression::String(text) => Val::from(text.value().as_str()),
            Expression::Array(array) => Val::list(array.iter().map(|e| self.eval(e)).collect()),
            Expression::Object(object) => self.object(object),
            Expression::StringTemplate(string) => template::quoted(self, string),
            Expression::HeredocTemplate(heredoc) => template::heredoc(self, heredoc),
            Expression::Parenthesis(inner) => self.eval(inner.inner()),
            Expression::Variable(name) => {
                let bound = self.scope.get(name.value()).cloned();
                bound.unwrap_or_else(Val::poison)
            }
            Expression::Conditional(conditional) => self.conditional(conditional),
            Expression::FuncCall(call) => self.call(call),
            Expression::Traversal(traversal) => traverse::eval(self, traversal),
            Expression::UnaryOp(op) => ops::unary(self, op),
            Expression::BinaryOp(op) => ops::binary(self, op),
            Expression::ForExpr(for_expr) => self.for_expr(for_expr),
        }
    }

    /// Returns the value of a bound variable.
    pub fn bound(&self, name: &str) -> Option<&Val> {
        self.scope.get(name)
    }

    fn number(&self, number: &Number, expr: &Expression) -> Val {
        if number.as_u64().is_some_and(|n| n > MAX_EXACT) {
            return self.ev.fail(
                Diagnostic::error("number is too large")
                    .at(self.at.span(expr), "not exact as a number")
                    .help("write it as a text, in double quotes"),
            );
        }
        number.as_f64().map_or_else(Val::null, Val::from)
    }

    fn object(&self, object: &Object) -> Val {
        let mut entries = BTreeMap::new();
        let mut failed = false;
        let mut marks = super::val::Marks::default();
        for (key, value) in object {
            let evaluated = self.eval(value.expr());
            let key = match key {
                ObjectKey::Ident(name) => Some(name.value().to_string()),
                ObjectKey::Expression(expr) => {
                    let key = self.eval(expr);
                    marks.join(&key.marks);
                    self.key(&key, self.at.span(expr))
                }
            };
            match key {
                Some(key) => _ = entries.insert(key, evaluated),
                None => failed = true,
            }
        }
        if failed {
            return Val::poison();
        }
        Val::map(entries).marked(&marks)
    }

    /// Returns the text of a map's key.
    fn key(&self, key: &Val, span: Span) -> Option<String> {
        let text = key.to_text();
        if text.is_none() && !key.is_poison() {
            let label = format!("{} cannot be a key", key.describe());
            self.fail_at("key is not a string", span, label);
        }
        text
    }

    fn conditional(&self, conditional: &Conditional) -> Val {
        let condition = self.eval(&conditional.cond_expr);
        match self.truth(&condition, &conditional.cond_expr) {
            Some(true) => self.eval(&conditional.true_expr).marked(&condition.marks),
            Some(false) => self.eval(&conditional.false_expr).marked(&condition.marks),
            None => Val::poison(),
        }
    }

    /// Returns the truth of a condition; reports one that has none.
    pub fn truth(&self, value: &Val, expr: &Expression) -> Option<bool> {
        let truth = value.to_bool();
        if truth.is_none() && !value.is_poison() {
            let label = format!("this is {}, not true or false", value.describe());
            self.fail("condition is not a bool", expr, label);
        }
        truth
    }

    /// Returns keys and values of what a `for` goes through; reports what it cannot.
    pub fn pairs(&self, collection: &Val, expr: &Expression) -> Option<Vec<(Val, Val)>> {
        let number = |(index, item): (u32, &Val)| (Val::from(f64::from(index)), item.clone());
        match &collection.data {
            Data::List(items) => Some((0u32..).zip(items.iter()).map(number).collect()),
            Data::Set(items) => {
                let twice = |item: &Val| (item.clone(), item.clone());
                Some(items.iter().map(twice).collect())
            }
            Data::Map(entries) => {
                let pair = |(key, item): (&String, &Val)| (Val::from(key.as_str()), item.clone());
                Some(entries.iter().map(pair).collect())
            }
            Data::Poison => None,
            _ => {
                let label = format!("this is {}", collection.describe());
                self.fail("cannot go through a single value", expr, label);
                None
            }
        }
    }

    /// Calls `each` with the variables of a `for` bound to each pair in turn.
    pub fn each_pair(
        &self,
        names: (Option<&str>, &str),
        pairs: Vec<(Val, Val)>,
        mut each: impl FnMut(&Cx<'_>),
    ) {
        for (key, value) in pairs {
            let outer = match names.0 {
                Some(name) => &Scope::Bind(name, key, self.scope),
                None => self.scope,
            };
            let scope = Scope::Bind(names.1, value, outer);
            each(&Cx { ev: self.ev, at: self.at, scope: &scope });
        }
    }

    fn for_expr(&self, node: &ForExpr) -> Val {
        let collection = self.eval(&node.intro.collection_expr);
        let Some(pairs) = self.pairs(&collection, &node.intro.collection_expr) else {
            return Val::poison();
        };
        let mut built = Built::default();
        built.marks.join(&collection.marks);
        let intro = &node.intro;
        let key_var = intro.key_var.as_ref().map(|name| name.value().as_str());
        let names = (key_var, intro.value_var.value().as_str());
        self.each_pair(names, pairs, |cx| built.add(cx, node));
        built.finish(node)
    }

    fn call(&self, call: &FuncCall) -> Val {
        let name = call.name.name.value().as_str();
        let reported = &self.ev.names.reported;
        let span = self.at.span(&call.name.name);
        if !call.name.namespace.is_empty() || reported.contains(&span) {
            // The arguments may have problems of their own.
            call.args.iter().for_each(|expr| _ = self.eval(expr));
            return Val::poison();
        }
        match name {
            "try" => return self.attempt(call),
            "can" => return self.can(call),
            _ => {}
        }
        let Some(function) = funcs::get(name) else {
            call.args.iter().for_each(|expr| _ = self.eval(expr));
            return Val::poison();
        };
        let Some(args) = self.args(call) else {
            return Val::poison();
        };
        match function.call(&args, self.ev) {
            Ok(value) => value,
            Err(fail) => self.bad_call(call, &args, fail),
        }
    }

    /// Evaluates the arguments, the last one spread where `...` says so; none where one failed.
    fn args(&self, call: &FuncCall) -> Option<Vec<Val>> {
        let mut args: Vec<Val> = call.args.iter().map(|expr| self.eval(expr)).collect();
        if call.args.expand_final()
            && let Some(last) = args.pop()
        {
            match last.items() {
                Some(items) => {
                    args.extend(items.iter().map(|item| item.clone().marked(&last.marks)));
                }
                None if last.is_poison() => args.push(last),
                None => {
                    let expr = call.args.get(call.args.len().saturating_sub(1));
                    let span = expr.map_or(self.at.span(call), |expr| self.at.span(expr));
                    let label = format!("this is {}; `...` spreads a list", last.describe());
                    args.push(self.fail_at("cannot spread a single value", span, label));
                }
            }
        }
        (!args.iter().any(Val::is_poison)).then_some(args)
    }

    fn bad_call(&self, call: &FuncCall, args: &[Val], fail: Fail) -> Val {
        // An argument that came from `...` is shown at the list.
        let last = call.args.len().saturating_sub(1);
        let expr = fail.arg.and_then(|index| call.args.get(index.min(last)));
        let span = expr.map_or(self.at.span(call), |expr| self.at.span(expr));
        let hidden = fail.shows_args && args.iter().any(|arg| arg.deep_marks().sensitive);
        let label = if hidden { "fails with a sensitive value".to_owned() } else { fail.message };
        let name = self.at.span(&call.name.name);
        let mut item = Diagnostic::error("function call fails").at(span, label);
        if expr.is_some() {
            item = item.at(name, "in this call");
        }
        if let Some(help) = fail.help {
            item = item.help(help);
        }
        self.ev.fail(item)
    }

    /// Evaluates an expression and tells whether that reported errors, which are dropped then.
    fn quietly(&self, expr: &Expression) -> Option<Val> {
        let before = self.ev.diags.borrow().len();
        let value = self.eval(expr);
        let mut diags = self.ev.diags.borrow_mut();
        let failed = diags[before..].iter().any(|item| item.level == Level::Error);
        if failed {
            diags.truncate(before);
        }
        (!failed).then_some(value)
    }

    fn attempt(&self, call: &FuncCall) -> Val {
        let found = call.args.iter().find_map(|expr| self.quietly(expr));
        found.unwrap_or_else(|| {
            let label = "none of the arguments has a value";
            self.fail("function call fails", call, label)
        })
    }

    fn can(&self, call: &FuncCall) -> Val {
        match call.args.get(0) {
            Some(expr) if call.args.len() == 1 => match self.quietly(expr) {
                Some(value) if value.is_poison() => value,
                Some(_) => Val::from(true),
                None => Val::from(false),
            },
            _ => self.fail("function call fails", call, "`can` takes one argument"),
        }
    }
}

/// What a `for` expression makes.
#[derive(Default)]
struct Built {
    items: Vec<Val>,
    entries: BTreeMap<String, Vec<Val>>,
    marks: super::val::Marks,
    failed: bool,
}

impl Built {
    fn add(&mut self, cx: &Cx<'_>, node: &ForExpr) {
        if let Some(cond) = &node.cond {
            let condition = cx.eval(&cond.expr);
            self.marks.join(&condition.marks);
            match cx.truth(&condition, &cond.expr) {
                Some(true) => {}
                Some(false) => return,
                None => return self.failed = true,
            }
        }
        let value = cx.eval(&node.value_expr);
        let Some(key_expr) = &node.key_expr else {
            return self.items.push(value);
        };
        let key = cx.eval(key_expr);
        self.marks.join(&key.marks);
        let Some(text) = cx.key(&key, cx.at.span(key_expr)) else {
            return self.failed = true;
        };
        let values = self.entries.entry(text).or_default();
        values.push(value);
        if values.len() == 2 && !node.grouping {
            self.failed = true;
            let label = format!("two elements have the key {}", key.show());
            cx.ev.fail(
                Diagnostic::error("duplicate key in a for expression")
                    .at(cx.at.span(key_expr), label)
                    .help("`=> value...` collects the values of equal keys in lists"),
            );
        }
    }

    fn finish(self, node: &ForExpr) -> Val {
        if self.failed {
            return Val::poison();
        }
        let value = if node.key_expr.is_none() {
            Val::list(self.items)
        } else if node.grouping {
            let groups = self.entries.into_iter();
            Val::map(groups.map(|(key, values)| (key, Val::list(values))).collect())
        } else {
            let firsts = self.entries.into_iter();
            let first = |(key, values): (String, Vec<Val>)| Some((key, values.into_iter().next()?));
            Val::map(firsts.filter_map(first).collect())
        };
        value.marked(&self.marks)
    }
}

/// Returns a map that a block sees as `each`.
pub fn each_value(key: Val, value: Val) -> Val {
    let entries = [("key".to_owned(), key), ("value".to_owned(), value)];
    Val::new(Data::Map(Rc::new(entries.into())))
}
