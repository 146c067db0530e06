//! The functions of the language: terraform's names and meaning
//! (<https://developer.hashicorp.com/terraform/language/functions>), and `lines` and `env`.
//!
//! `try` and `can` are part of the evaluator, because they look at problems of their arguments.

mod collections;
mod conditions;
mod encoding;
mod files;
mod format;
mod glob;
mod numbers;
mod text;

use super::eval::Evaluator;
use super::val::{Marks, Val};

/// The most elements that a function makes out of few.
const MAX_ELEMENTS: usize = 100_000;

/// A function.
pub struct Function {
    /// The name.
    pub name: &'static str,
    /// The fewest and the most arguments; none where there may be any number.
    arity: (usize, Option<usize>),
    /// Whether the result is made of what is inside of the arguments. Where it is not, their
    /// elements go on with their own marks.
    deep: bool,
    call: fn(&[Val], &Evaluator<'_>) -> Outcome,
}

/// What a call gives.
pub type Outcome = Result<Val, Fail>;

/// Why a call fails.
#[derive(Debug)]
pub struct Fail {
    /// The argument at fault, from zero; none for the call as a whole.
    pub arg: Option<usize>,
    /// What is wrong, as a fragment.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Whether the message may hold what the arguments hold.
    pub shows_args: bool,
}

impl Fail {
    /// Returns a failure of an argument.
    fn arg(index: usize, message: impl Into<String>) -> Self {
        Self { arg: Some(index), message: message.into(), help: None, shows_args: false }
    }

    /// Returns a failure of the whole call.
    fn whole(message: impl Into<String>) -> Self {
        Self { arg: None, ..Self::arg(0, message) }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says that the message holds what the arguments hold.
    fn showing(mut self) -> Self {
        self.shows_args = true;
        self
    }
}

impl Function {
    /// Calls the function.
    ///
    /// # Errors
    /// Why it fails.
    pub fn call(&self, args: &[Val], ev: &Evaluator<'_>) -> Outcome {
        let (min, max) = self.arity;
        if args.len() < min || max.is_some_and(|max| args.len() > max) {
            return Err(Fail::whole(format!(
                "`{}` takes {}, not {}",
                self.name,
                takes(min, max),
                args.len()
            )));
        }
        let mut marks = Marks::default();
        for arg in args {
            marks.join(&if self.deep { arg.deep_marks() } else { arg.marks.clone() });
        }
        Ok((self.call)(args, ev)?.marked(&marks))
    }
}

fn takes(min: usize, max: Option<usize>) -> String {
    let noun = |count| if count == 1 { "argument" } else { "arguments" };
    match max {
        Some(max) if max == min => format!("{min} {}", noun(min)),
        Some(max) => format!("{min} to {max} arguments"),
        None => format!("at least {min} {}", noun(min)),
    }
}

/// Returns a function by name.
pub fn get(name: &str) -> Option<&'static Function> {
    TABLES.iter().flat_map(|table| table.iter()).find(|function| function.name == name)
}

/// Returns the names of all functions.
pub fn names() -> impl Iterator<Item = &'static str> {
    TABLES.iter().flat_map(|table| table.iter().map(|function| function.name)).chain(["try", "can"])
}

static TABLES: [&[Function]; 6] =
    [text::TABLE, collections::TABLE, conditions::TABLE, numbers::TABLE, encoding::TABLE, files::TABLE];

/// Returns a function whose result is made of what is inside of its arguments.
const fn deep(
    name: &'static str,
    min: usize,
    max: Option<usize>,
    call: fn(&[Val], &Evaluator<'_>) -> Outcome,
) -> Function {
    Function { name, arity: (min, max), deep: true, call }
}

/// Returns a function that passes the elements of its arguments on.
const fn shallow(
    name: &'static str,
    min: usize,
    max: Option<usize>,
    call: fn(&[Val], &Evaluator<'_>) -> Outcome,
) -> Function {
    Function { deep: false, ..deep(name, min, max, call) }
}

/// Returns an argument; null where it is missing.
fn arg(args: &[Val], index: usize) -> Val {
    args.get(index).cloned().unwrap_or_else(Val::null)
}

fn wrong(args: &[Val], index: usize, wanted: &str) -> Fail {
    Fail::arg(index, format!("this is {}; {wanted} is needed", arg(args, index).describe()))
}

/// Returns an argument as a text.
fn string(args: &[Val], index: usize) -> Result<String, Fail> {
    let value = arg(args, index);
    value.to_text().ok_or_else(|| {
        let fail = wrong(args, index, "a string");
        match &value.data {
            super::val::Data::Block(block) if block.names.contains(&"name") => {
                fail.help(format!("its name is `{}.name`", block.addr))
            }
            _ => fail,
        }
    })
}

/// Returns an argument as a number.
fn number(args: &[Val], index: usize) -> Result<f64, Fail> {
    let value = arg(args, index);
    value.to_number().ok_or_else(|| wrong(args, index, "a number"))
}

/// Returns the elements of a list or set argument.
fn list(args: &[Val], index: usize) -> Result<Vec<Val>, Fail> {
    let value = arg(args, index);
    value.items().map(<[Val]>::to_vec).ok_or_else(|| wrong(args, index, "a list or set"))
}

/// Returns the texts of a list or set argument.
fn strings(args: &[Val], index: usize) -> Result<Vec<String>, Fail> {
    let items = list(args, index)?;
    let text = |item: &Val| {
        item.to_text().ok_or_else(|| {
            let message = format!("an element is {}; strings are needed", item.describe());
            Fail::arg(index, message)
        })
    };
    items.iter().map(text).collect()
}

/// Returns the entries of a map argument.
fn map(args: &[Val], index: usize) -> Result<std::collections::BTreeMap<String, Val>, Fail> {
    let value = arg(args, index);
    value.entries().cloned().ok_or_else(|| wrong(args, index, "a map"))
}

/// Returns a list of texts.
fn texts(items: impl IntoIterator<Item = String>) -> Val {
    Val::list(items.into_iter().map(Val::from).collect())
}

#[cfg(test)]
mod tests;
