//! Collects what expressions refer to and call, with exact places, before anything is evaluated:
//! in templates, heredocs, index expressions and comprehensions too. Variables that a `for` binds
//! are no references.

use hcl_edit::Ident;
use hcl_edit::expr::{Expression, ForExpr, FuncCall, Traversal, TraversalOperator};
use hcl_edit::template::ForTemplateExpr;
use hcl_edit::visit::{self, Visit};

use super::parse::At;
use crate::diag::Span;

/// One step of a reference after its first word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// `.name`
    Attr(String),
    /// `["key"]`
    Key(String),
    /// An index that has to be evaluated, or `[*]`.
    Other,
}

/// A reference: its first word, and what follows.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The first word (`var`, `local`, `each` or a kind).
    pub root: String,
    /// Its place.
    pub root_span: Span,
    /// The steps with their places.
    pub steps: Vec<(Step, Span)>,
}

impl Reference {
    /// Returns the place from the first word to a step, the whole where there are fewer.
    pub fn span_to(&self, steps: usize) -> Span {
        let last = self.steps.iter().take(steps).next_back();
        Span { end: last.map_or(self.root_span.end, |(_, span)| span.end), ..self.root_span }
    }

    /// Returns the place of the whole.
    pub fn span(&self) -> Span {
        self.span_to(self.steps.len())
    }

    /// Returns the name at a step, if it is one.
    pub fn attr(&self, index: usize) -> Option<&str> {
        match self.steps.get(index) {
            Some((Step::Attr(name), _)) => Some(name),
            _ => None,
        }
    }
}

/// What an expression refers to and calls.
#[derive(Debug)]
pub struct Found {
    /// The references in the order of the source.
    pub refs: Vec<Reference>,
    /// The names of the called functions.
    pub calls: Vec<(String, Span)>,
    at: At,
    bound: Vec<String>,
}

/// Collects the references and calls of an expression.
pub fn collect(expr: &Expression, at: At) -> Found {
    let mut found = Found { refs: Vec::new(), calls: Vec::new(), at, bound: Vec::new() };
    found.visit_expr(expr);
    found
}

/// Returns the reference that an expression is, if it is nothing else.
pub fn bare(expr: &Expression, at: At) -> Option<Reference> {
    match expr {
        Expression::Variable(name) => {
            Some(Reference { root: name.value().to_string(), root_span: at.span(name), steps: Vec::new() })
        }
        Expression::Traversal(traversal) => match &traversal.expr {
            Expression::Variable(name) => Some(Reference {
                root: name.value().to_string(),
                root_span: at.span(name),
                steps: steps(traversal, at),
            }),
            _ => None,
        },
        Expression::Parenthesis(inner) => bare(inner.inner(), at),
        _ => None,
    }
}

fn steps(traversal: &Traversal, at: At) -> Vec<(Step, Span)> {
    let step = |operator: &hcl_edit::Decorated<TraversalOperator>| match operator.value() {
        TraversalOperator::GetAttr(name) => (Step::Attr(name.value().to_string()), at.span(name)),
        TraversalOperator::Index(Expression::String(key)) => {
            let span = at.span(key);
            // The closing bracket belongs to the step.
            let end = span.end + 1;
            (Step::Key(key.value().clone()), Span { end, ..span })
        }
        TraversalOperator::Index(index) => (Step::Other, at.span(index)),
        TraversalOperator::AttrSplat(splat) | TraversalOperator::FullSplat(splat) => {
            (Step::Other, at.span(splat))
        }
        TraversalOperator::LegacyIndex(index) => (Step::Other, at.span(index)),
    };
    traversal.operators.iter().map(step).collect()
}

impl Found {
    fn is_bound(&self, name: &Ident) -> bool {
        self.bound.iter().any(|bound| bound == name.as_str())
    }

    /// Runs `visit` with the variables of a `for` bound.
    fn binding(
        &mut self,
        key: Option<&hcl_edit::Decorated<Ident>>,
        value: &hcl_edit::Decorated<Ident>,
        visit: impl FnOnce(&mut Self),
    ) {
        let depth = self.bound.len();
        let names = key.into_iter().chain([value]);
        self.bound.extend(names.map(|name| name.value().to_string()));
        visit(self);
        self.bound.truncate(depth);
    }
}

impl Visit for Found {
    fn visit_expr(&mut self, node: &Expression) {
        match node {
            Expression::Variable(name) if !self.is_bound(name.value()) => {
                self.refs.extend(bare(node, self.at));
            }
            Expression::Variable(_) => {}
            _ => visit::visit_expr(self, node),
        }
    }

    fn visit_traversal(&mut self, node: &Traversal) {
        match &node.expr {
            Expression::Variable(name) if !self.is_bound(name.value()) => {
                self.refs.push(Reference {
                    root: name.value().to_string(),
                    root_span: self.at.span(name),
                    steps: steps(node, self.at),
                });
            }
            root => self.visit_expr(root),
        }
        for operator in &node.operators {
            if let TraversalOperator::Index(index) = operator.value() {
                self.visit_expr(index);
            }
        }
    }

    fn visit_func_call(&mut self, node: &FuncCall) {
        let namespace = node.name.namespace.iter();
        let name: String = namespace.map(|part| format!("{}::", part.value())).collect();
        let span = Span {
            end: self.at.span(&node.name.name).end,
            ..self.at.span(node.name.namespace.first().unwrap_or(&node.name.name))
        };
        self.calls.push((name + node.name.name.value().as_str(), span));
        visit::visit_func_args(self, &node.args);
    }

    fn visit_for_expr(&mut self, node: &ForExpr) {
        self.visit_expr(&node.intro.collection_expr);
        let intro = &node.intro;
        self.binding(intro.key_var.as_ref(), &intro.value_var, |found| {
            for expr in node.key_expr.iter().chain([&node.value_expr]) {
                found.visit_expr(expr);
            }
            if let Some(cond) = &node.cond {
                found.visit_expr(&cond.expr);
            }
        });
    }

    fn visit_for_template_expr(&mut self, node: &ForTemplateExpr) {
        self.visit_expr(&node.collection_expr);
        self.binding(node.key_var.as_ref(), &node.value_var, |found| {
            found.visit_template(&node.template);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;
    use crate::diag::SourceMap;

    fn texts(source: &str) -> Vec<String> {
        let mut sources = SourceMap::default();
        let file = sources.add("x", source);
        let expr = parse::expression(file, &sources).unwrap();
        let found = collect(&expr, At::start(file));
        let refs = found.refs.iter().map(Reference::span);
        let calls = found.calls.iter().map(|(_, span)| *span);
        refs.chain(calls).map(|span| sources.text(span).to_owned()).collect()
    }

    #[test]
    fn references_are_found_wherever_they_stand() {
        let cases: &[(&str, &[&str])] = &[
            ("var.a", &["var.a"]),
            ("\"x${local.b}y%{ if var.c }${role.d.name}%{ endif }\"", &["local.b", "var.c", "role.d.name"]),
            ("<<-E\n  a ${local.z.q}\n  E", &["local.z.q"]),
            ("x[var.i].y", &["x[var.i].y", "var.i"]),
            ("[for a, b in var.c : upper(a) if b != local.d]", &["var.c", "local.d", "upper"]),
            ("{for k in keys(var.m) : k => k.x}", &["var.m", "keys"]),
            ("\"%{ for x in var.l }${x}${y}%{ endfor }\"", &["var.l", "y"]),
            ("{ role = 1, (role.a) = 2 }", &["role.a"]),
            ("tenant.t[\"k\"].database", &["tenant.t[\"k\"].database"]),
            ("a[*].b", &["a[*].b"]),
            ("f(a, g(b)...)", &["a", "b", "f", "g"]),
        ];
        for (source, wanted) in cases {
            assert_eq!(texts(source), *wanted, "{source}");
        }
    }

    #[test]
    fn a_variable_of_for_ends_with_it() {
        assert_eq!(texts("[[for a in b : a], a]"), ["b", "a"]);
    }
}
