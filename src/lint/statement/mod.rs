//! Rules for the statements of a migration file: what can be told by reading them, without a server.
//!
//! A rule looks at the tokens and the analysis of one statement, with its file around it, and returns
//! places in the text. Rules would rather miss than cry wolf: what a rule cannot be sure of is silent.
//! Values of secrets are never part of what is returned.

mod access;
mod data;
mod keys;
mod readers;
mod removal;
mod secrets;
mod tables;
#[cfg(test)]
mod tests;
mod view;

use std::ops::Range;

use crate::migrate::analyze::{ObjectRef, Role};
use crate::migrate::names::{Names, is_table};
use crate::migrate::{Analysis, analyze_sql};
use crate::model::Severity;
pub use secrets::masked;
use view::View;

/// A statement as it is written, its placeholders not replaced.
#[derive(Clone, Debug)]
pub struct Source<'a> {
    /// Its text.
    pub text: &'a str,
    /// The settings of its directives.
    pub settings: Vec<(&'a str, &'a str)>,
}

/// A rule that a statement breaks, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The rule.
    pub rule: &'static Rule,
    /// Which statement of the file, from 0.
    pub statement: usize,
    /// Which part of its text, in bytes.
    pub range: Range<usize>,
    /// What is there, in a few words.
    pub label: String,
}

/// A rule with its code.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// The code, whose page says more.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is the matter, in one line.
    pub summary: &'static str,
    /// What to do, a line each.
    pub help: &'static [&'static str],
}

/// What a rule found: a part of the text, and what is there.
type Found = (Range<usize>, String);

/// Looks at one statement of a file.
type Check = fn(&View<'_, '_>, &Sheet<'_>) -> Vec<Found>;

/// The file around a statement.
struct Sheet<'a> {
    /// The statements, with what each does.
    statements: &'a [(Source<'a>, Analysis)],
    /// Which of them is looked at.
    at: usize,
    /// What names stand for before it.
    names: &'a Names,
}

impl<'a> Sheet<'a> {
    /// Returns the statements behind.
    fn after(&self) -> impl Iterator<Item = &'a (Source<'a>, Analysis)> {
        self.statements.iter().skip(self.at + 1)
    }

    /// Returns whether earlier statements of the file make an object, so that nothing of before is in it.
    fn makes(&self, object: &ObjectRef) -> bool {
        self.names.makes(object)
    }

    /// Returns whether earlier statements make the first object that plays a role in one.
    fn makes_first(&self, analysis: &Analysis, role: Role) -> bool {
        analysis.objects.iter().find(|object| object.role == role).is_some_and(|object| self.makes(object))
    }

    /// Returns whether a later statement makes a table, view or dictionary of the same name.
    fn makes_again(&self, object: &ObjectRef) -> bool {
        let later = self.after().filter(|(_, later)| !later.flags.temporary);
        let mut made = later.flat_map(|(_, later)| &later.objects);
        let name = self.names.name(object);
        made.any(|one| one.role == Role::Creates && is_table(one.kind) && self.names.name(one) == name)
    }
}

/// Every rule with its check.
const RULES: [&[(Rule, Check)]; 7] = [
    &removal::RULES,
    &readers::RULES,
    &keys::RULES,
    &tables::RULES,
    &data::RULES,
    &access::RULES,
    &secrets::RULES,
];

/// Returns whether a code is decided by reading statements alone.
pub fn decides(code: &str) -> bool {
    rules().any(|rule| rule.code == code)
}

/// Returns every rule.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    RULES.into_iter().flatten().map(|(rule, _)| rule)
}

/// Returns where the statements of a file, from one on, break rules, in their order. They run in a current
/// database.
pub fn lint(sources: &[Source<'_>], current: &str, first: usize) -> Vec<Hit> {
    let statements: Vec<(Source<'_>, Analysis)> =
        sources.iter().map(|source| (source.clone(), analyze_sql(source.text).unwrap_or_default())).collect();
    let mut hits = Vec::new();
    let mut names = Names::new(current);
    for (at, (source, _)) in statements.iter().enumerate() {
        let Ok(tokens) = crate::migrate::lex(source.text) else { continue };
        let sheet = Sheet { statements: &statements, at, names: &names };
        for part in view::parts(&tokens).into_iter().filter(|_| at >= first) {
            let view = View::new(source, part);
            for (rule, check) in RULES.into_iter().flatten() {
                let found = check(&view, &sheet).into_iter();
                hits.extend(found.map(|(range, label)| Hit { rule, statement: at, range, label }));
            }
        }
        names.run(&tokens);
    }
    hits.sort_by(|a, b| {
        (a.statement, a.range.start, a.rule.code).cmp(&(b.statement, b.range.start, b.rule.code))
    });
    hits.dedup();
    hits
}
