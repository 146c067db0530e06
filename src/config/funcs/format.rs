//! `format(spec, values…)`: the verbs of terraform's function
//! (<https://developer.hashicorp.com/terraform/language/functions/format>).

use super::{Fail, Outcome, string};
use crate::config::val::{Data, Val};

/// The widest field, so that a typing error does not fill the memory.
const MAX_WIDTH: usize = 1000;

/// A verb with its flags.
#[derive(Default)]
struct Verb {
    minus: bool,
    plus: bool,
    zero: bool,
    space: bool,
    sharp: bool,
    width: usize,
    precision: Option<usize>,
    index: Option<usize>,
    letter: char,
}

/// Returns the formatted text.
pub fn format(args: &[Val]) -> Outcome {
    let spec = string(args, 0)?;
    let mut result = String::with_capacity(spec.len());
    let mut rest = spec.as_str();
    let mut next = 1;
    let mut used = 1;
    while let Some(at) = rest.find('%') {
        result.push_str(&rest[..at]);
        let (verb, after) = parse(&rest[at + 1..])?;
        rest = after;
        if verb.letter == '%' {
            result.push('%');
            continue;
        }
        let index = verb.index.unwrap_or(next);
        let Some(value) = args.get(index) else {
            return Err(Fail::arg(0, format!("`%{}` has no value", verb.letter)));
        };
        result.push_str(&pad(&verb, one(&verb, value, index)?));
        next = index + 1;
        used = used.max(next);
    }
    if used < args.len() {
        return Err(Fail::arg(used, "no verb of the format uses this value"));
    }
    result.push_str(rest);
    Ok(result.into())
}

/// Parses what follows a `%` and returns it with the rest.
fn parse(text: &str) -> Result<(Verb, &str), Fail> {
    let mut verb = Verb::default();
    let mut rest = text;
    loop {
        let Some(c) = rest.chars().next() else {
            return Err(Fail::arg(0, "it ends inside of a verb"));
        };
        match c {
            '-' => verb.minus = true,
            '+' => verb.plus = true,
            '0' => verb.zero = true,
            ' ' => verb.space = true,
            '#' => verb.sharp = true,
            _ => break,
        }
        rest = &rest[c.len_utf8()..];
    }
    (verb.width, rest) = digits(rest)?;
    if let Some(after) = rest.strip_prefix('.') {
        let (precision, after) = digits(after)?;
        verb.precision = Some(precision);
        rest = after;
    }
    if let Some(after) = rest.strip_prefix('[') {
        let (index, after) = digits(after)?;
        verb.index = Some(index).filter(|index| *index > 0);
        rest = after
            .strip_prefix(']')
            .filter(|_| index > 0)
            .ok_or_else(|| Fail::arg(0, "an index is written %[1]s"))?;
    }
    let letter = rest.chars().next();
    verb.letter = letter.ok_or_else(|| Fail::arg(0, "it ends inside of a verb"))?;
    let after = &rest[verb.letter.len_utf8()..];
    Ok((verb, after))
}

fn digits(text: &str) -> Result<(usize, &str), Fail> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let number = if number.is_empty() { Some(0) } else { number.parse().ok().filter(|n| *n <= MAX_WIDTH) };
    number.map(|number| (number, rest)).ok_or_else(|| Fail::arg(0, format!("a width is {MAX_WIDTH} at most")))
}

fn one(verb: &Verb, value: &Val, index: usize) -> Result<String, Fail> {
    let args = std::slice::from_ref(value);
    let moved = |fail: Fail| Fail { arg: Some(index), ..fail };
    let number = || super::number(args, 0).map_err(moved);
    let text = || super::string(args, 0).map_err(moved);
    match verb.letter {
        'v' if verb.sharp => Ok(json(value)),
        'v' => Ok(match &value.data {
            Data::Text(_) | Data::Number(_) | Data::Bool(_) => value.to_text().unwrap_or_default(),
            _ => json(value),
        }),
        's' => {
            let text = text()?;
            Ok(match verb.precision {
                Some(most) => text.chars().take(most).collect(),
                None => text,
            })
        }
        'q' => Ok(json(&Val::from(text()?))),
        't' => {
            let truth = value.to_bool();
            truth
                .map(|truth| truth.to_string())
                .ok_or_else(|| Fail::arg(index, "this is not a bool, which `%t` needs"))
        }
        'd' | 'b' | 'o' | 'x' | 'X' => integer(verb, number()?, index),
        'f' => Ok(signed(verb, format!("{:.*}", verb.precision.unwrap_or(6), number()?))),
        'e' | 'E' => {
            let text = scientific(number()?, verb.precision.unwrap_or(6));
            let text = if verb.letter == 'E' { text.to_uppercase() } else { text };
            Ok(signed(verb, text))
        }
        'g' | 'G' => Ok(signed(verb, crate::model::value::number_text(number()?))),
        other => Err(Fail::arg(0, format!("`%{other}` is no verb"))
            .help("verbs are %s %d %f %q %v %t %b %o %x %X %e %g and %%")),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the number is whole and within the exact doubles")]
fn integer(verb: &Verb, number: f64, index: usize) -> Result<String, Fail> {
    if number.fract() != 0.0 || number.abs() > 9e15 {
        let message = format!("`%{}` needs a whole number", verb.letter);
        return Err(Fail::arg(index, message));
    }
    let whole = number as i64;
    let digits = whole.unsigned_abs();
    let text = match verb.letter {
        'b' => format!("{digits:b}"),
        'o' => format!("{digits:o}"),
        'x' => format!("{digits:x}"),
        'X' => format!("{digits:X}"),
        _ => digits.to_string(),
    };
    Ok(signed(verb, if whole < 0 { format!("-{text}") } else { text }))
}

fn signed(verb: &Verb, text: String) -> String {
    match (text.starts_with('-'), verb.plus, verb.space) {
        (false, true, _) => format!("+{text}"),
        (false, false, true) => format!(" {text}"),
        _ => text,
    }
}

/// Returns a number as Go's `%e` writes it: two digits of the exponent at least.
fn scientific(number: f64, precision: usize) -> String {
    let text = format!("{number:.precision$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', exponent),
    };
    format!("{mantissa}e{sign}{digits:0>2}")
}

fn json(value: &Val) -> String {
    use serde_json::Value as Json;
    match &value.data {
        Data::Poison | Data::Null => "null".to_owned(),
        Data::Bool(_) | Data::Number(_) => value.to_text().unwrap_or_default(),
        Data::Text(text) => Json::String(text.clone()).to_string(),
        Data::List(items) | Data::Set(items) => {
            let items: Vec<String> = items.iter().map(json).collect();
            format!("[{}]", items.join(","))
        }
        Data::Map(entries) => {
            let pair =
                |(key, value): (&String, &Val)| format!("{}:{}", Json::String(key.clone()), json(value));
            let entries: Vec<String> = entries.iter().map(pair).collect();
            format!("{{{}}}", entries.join(","))
        }
        Data::Block(block) => block.addr.to_string(),
    }
}

fn pad(verb: &Verb, text: String) -> String {
    let missing = verb.width.saturating_sub(text.chars().count());
    if missing == 0 {
        return text;
    }
    let numeric = !matches!(verb.letter, 's' | 'q' | 'v' | 't');
    if verb.minus {
        return text + &" ".repeat(missing);
    }
    if verb.zero && numeric {
        let sign = text.len() - text.trim_start_matches(['-', '+', ' ']).len();
        let (sign, digits) = text.split_at(sign);
        return format!("{sign}{}{digits}", "0".repeat(missing));
    }
    " ".repeat(missing) + &text
}
