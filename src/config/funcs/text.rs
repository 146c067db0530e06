//! Functions on texts.

use regex::Regex;

use super::{Fail, Function, Outcome, deep, shallow, string, strings, texts, wrong};
use crate::config::eval::Evaluator;
use crate::config::val::{Data, Val};

/// The functions of this file.
pub const TABLE: &[Function] = &[
    deep("format", 1, None, |args, _| super::format::format(args)),
    deep("join", 2, None, join),
    deep("split", 2, Some(2), split),
    deep("lower", 1, Some(1), |args, _| Ok(string(args, 0)?.to_lowercase().into())),
    deep("upper", 1, Some(1), |args, _| Ok(string(args, 0)?.to_uppercase().into())),
    deep("replace", 3, Some(3), replace),
    deep("regex", 2, Some(2), regex),
    deep("trim", 2, Some(2), trim),
    deep("trimspace", 1, Some(1), |args, _| Ok(string(args, 0)?.trim().into())),
    deep("startswith", 2, Some(2), |args, _| Ok(string(args, 0)?.starts_with(&string(args, 1)?).into())),
    deep("endswith", 2, Some(2), |args, _| Ok(string(args, 0)?.ends_with(&string(args, 1)?).into())),
    deep("lines", 1, Some(1), lines),
    shallow("tostring", 1, Some(1), |args, _| match &args[0].data {
        Data::Null => Ok(Val::null()),
        Data::Text(_) => Ok(args[0].clone()),
        _ => Ok(string(args, 0)?.into()),
    }),
    shallow("tonumber", 1, Some(1), |args, _| match &args[0].data {
        Data::Null => Ok(Val::null()),
        _ => Ok(super::number(args, 0)?.into()),
    }),
    shallow("tobool", 1, Some(1), |args, _| {
        if args[0].is_null() {
            return Ok(Val::null());
        }
        let value = args[0].to_bool();
        value.map(Val::from).ok_or_else(|| wrong(args, 0, "true or false"))
    }),
];

fn join(args: &[Val], _: &Evaluator<'_>) -> Outcome {
    let between = string(args, 0)?;
    let mut all = Vec::new();
    for index in 1..args.len() {
        all.extend(strings(args, index)?);
    }
    Ok(all.join(&between).into())
}

fn split(args: &[Val], _: &Evaluator<'_>) -> Outcome {
    let (between, text) = (string(args, 0)?, string(args, 1)?);
    if text.is_empty() {
        return Ok(texts([String::new()]));
    }
    if between.is_empty() {
        return Ok(texts(text.chars().map(String::from)));
    }
    Ok(texts(text.split(&between).map(str::to_owned)))
}

/// `replace(text, what, with)`: `what` between slashes is a regular expression.
fn replace(args: &[Val], _: &Evaluator<'_>) -> Outcome {
    let (text, what, with) = (string(args, 0)?, string(args, 1)?, string(args, 2)?);
    let pattern = what.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
    match pattern {
        Some(pattern) => {
            let pattern = compile(pattern, 1)?;
            Ok(pattern.replace_all(&text, with.as_str()).into_owned().into())
        }
        None => Ok(text.replace(&what, &with).into()),
    }
}

/// `regex(pattern, text)`: the match; a list where there are groups, a map where they are named.
fn regex(args: &[Val], _: &Evaluator<'_>) -> Outcome {
    let (pattern, text) = (compile(&string(args, 0)?, 0)?, string(args, 1)?);
    let Some(found) = pattern.captures(&text) else {
        return Err(Fail::arg(1, "the pattern does not match this text"));
    };
    let group = |index: usize| found.get(index).map_or_else(Val::null, |group| group.as_str().into());
    let named: Vec<&str> = pattern.capture_names().flatten().collect();
    if pattern.captures_len() == 1 {
        return Ok(group(0));
    }
    if named.is_empty() {
        return Ok(Val::list((1..pattern.captures_len()).map(group).collect()));
    }
    if named.len() + 1 != pattern.captures_len() {
        return Err(Fail::arg(0, "name all groups of the pattern, or none"));
    }
    let entries = pattern.capture_names().enumerate();
    let entries = entries.filter_map(|(index, name)| Some((name?.to_owned(), group(index))));
    Ok(Val::map(entries.collect()))
}

fn compile(pattern: &str, index: usize) -> Result<Regex, Fail> {
    Regex::new(pattern).map_err(|error| {
        let text = error.to_string();
        let reason = text.lines().last().unwrap_or_default();
        let reason = reason.strip_prefix("error: ").unwrap_or(reason);
        Fail::arg(index, format!("no regular expression: {reason}")).showing()
    })
}

/// `trim(text, chars)`: without the given characters at both ends.
fn trim(args: &[Val], _: &Evaluator<'_>) -> Outcome {
    let chars: Vec<char> = string(args, 1)?.chars().collect();
    Ok(string(args, 0)?.trim_matches(chars.as_slice()).into())
}

/// `lines(text)`: trimmed, without blank lines and comments.
fn lines(args: &[Val], _: &Evaluator<'_>) -> Outcome {
    let text = string(args, 0)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let lines = text.lines().map(str::trim);
    let kept = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(texts(kept.map(str::to_owned)))
}
