//! What a plan does to who may log in: from more hosts, by weaker means, for longer. What was declared
//! and applied before and was only changed by hand is no news.

use super::auth::VALID_UNTIL;
use super::methods::{self, AUTHENTICATION};
use super::{NAME, compare, record};
use crate::kinds::common::hosts;
use crate::kinds::{Effects, World};
use crate::model::access::listed;
use crate::model::finding::{Category, Finding, Severity};
use crate::model::registry::Status;
use crate::model::{Action, Attrs, Resource, Step, Value};

/// How many hosts are named.
const NAMED: usize = 4;

/// What nobody has to know or hold.
const NOTHING: &str = "no_password";

/// What cannot be guessed or overheard; all else is a password somewhere.
const STRONG: [&str; 3] = ["ssl_certificate", "ssh_key", "kerberos"];

/// Returns what the steps do.
pub fn effects(steps: &[Step], world: &World) -> Effects {
    let findings = steps.iter().filter(|step| step.kind == NAME).flat_map(|step| of(step, world));
    Effects { findings: findings.collect(), ..Effects::default() }
}

fn of(step: &Step, world: &World) -> Vec<Finding> {
    let Some(wanted) = world.desired.resources.get(&step.addr) else { return Vec::new() };
    let entry = world.registry.mine(NAME, &step.identity).filter(|entry| entry.status == Status::Applied);
    let recorded = entry.map(record::recorded_attrs).unwrap_or_default();
    let found = match step.action {
        Action::Create => [open(wanted, &recorded), None, None],
        Action::Update => [
            from_elsewhere(step, wanted, &recorded),
            weaker(step, wanted, &recorded),
            longer(step, &recorded),
        ],
        _ => [None, None, None],
    };
    let told = |(code, what): (&'static str, String)| {
        let summary = format!("user {} {what}", step.identity);
        Finding::new(code, Severity::Warning, Category::Access, summary).at(&step.addr)
    };
    found.into_iter().flatten().map(told).collect()
}

type Found = Option<(&'static str, String)>;

/// A new user that anybody is.
fn open(wanted: &Resource, recorded: &Attrs) -> Found {
    let is = strength(&wanted.attrs) == Some(0) && strength(recorded) != Some(0);
    is.then(|| ("CH163", "is new and logs in without a password".to_owned()))
}

fn from_elsewhere(step: &Step, wanted: &Resource, recorded: &Attrs) -> Found {
    let side = |of: fn(&crate::model::plan::AttrDiff) -> &Value| -> Attrs {
        let value = |attr: &str| {
            let diff = step.diff.iter().find(|diff| diff.attr == attr);
            diff.map(of).or(wanted.attrs.get(attr)).cloned().unwrap_or(Value::Null)
        };
        hosts::ATTRS.iter().map(|(attr, _)| ((*attr).to_owned(), value(attr))).collect()
    };
    let (before, after) = (side(|diff| &diff.before), side(|diff| &diff.after));
    let mut news = hosts::beyond(&after, &before);
    news.retain(|host| hosts::beyond(&after, recorded).contains(host));
    (!news.is_empty())
        .then(|| ("CH162", format!("may log in from where it could not: {}", listed(&news, NAMED))))
}

fn weaker(step: &Step, wanted: &Resource, recorded: &Attrs) -> Found {
    let diff = step.diff.iter().find(|diff| diff.attr == AUTHENTICATION)?;
    let words = |value: &Value| -> Vec<String> {
        value.items().iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let before: Vec<String> =
        words(&diff.before).into_iter().filter(|word| !word.starts_with("with ")).collect();
    let first = |text: &String| rank(text.split(' ').next().unwrap_or_default());
    let (was, is) = (before.iter().map(first).min()?, strength(&wanted.attrs)?);
    let known = strength(recorded).is_some_and(|known| known <= is);
    (is < was && !known).then(|| {
        let after = compare::in_words_of(wanted);
        (
            "CH163",
            format!("logs in by weaker means: {}, before {}", listed(&after, NAMED), listed(&before, NAMED)),
        )
    })
}

/// Returns how much the weakest declared way to log in asks for.
fn strength(attrs: &Attrs) -> Option<u8> {
    let declared = methods::declared(attrs).iter().map(|method| rank(method.kind.word)).min();
    let password = attrs.contains_key(crate::kinds::common::credential::CREDENTIAL).then_some(1);
    declared.into_iter().chain(password).min()
}

fn rank(word: &str) -> u8 {
    match word {
        NOTHING => 0,
        word if STRONG.contains(&word) => 2,
        _ => 1,
    }
}

fn longer(step: &Step, recorded: &Attrs) -> Found {
    let diff = step.diff.iter().find(|diff| diff.attr == VALID_UNTIL)?;
    let (before, after) = (last(diff.before.as_str()?)?, last(diff.after.as_str()?));
    let later = after.is_none_or(|after| after > before);
    let known = recorded.get(VALID_UNTIL).and_then(Value::as_str) == after && !recorded.is_empty();
    let until = after.map_or("without end".to_owned(), |after| format!("until {after}"));
    (later && !known).then(|| ("CH164", format!("may log in for longer: {until}, before until {before}")))
}

/// Returns the last of some times; none where one is without end.
fn last(times: &str) -> Option<&str> {
    let is_time = |text: &&str| text.starts_with(|c: char| c.is_ascii_digit());
    let all: Option<Vec<&str>> = times.split(", ").map(|time| Some(time).filter(is_time)).collect();
    all?.into_iter().max()
}
