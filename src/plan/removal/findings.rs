//! What there is to say of removals: one finding for each block, whatever it was made of.

use std::collections::{BTreeMap, BTreeSet};

use super::index::Covers;
use super::{Why, codes, is_protected};
use crate::diag::nearest;
use crate::model::plan::Retained;
use crate::model::resource::{Desired, Removal};
use crate::model::{Addr, Category, Finding};
use crate::plan::lint;
use crate::plan::survey::Leftover;

/// An object that is kept, and why.
#[derive(Clone, Debug)]
pub struct Kept<'a> {
    /// The object.
    pub object: Retained,
    /// Why.
    pub why: Why<'a>,
    /// Whether it holds data.
    pub data: bool,
    /// Whether it is protected.
    pub protected: bool,
}

impl<'a> Kept<'a> {
    /// Returns a leftover that is kept.
    pub fn new(leftover: &Leftover, why: Why<'a>) -> Self {
        let (data, protected) = (leftover.kind.holds_data(), is_protected(leftover.entry));
        Self { object: leftover.entry.into(), why, data, protected }
    }
}

/// What a block left.
#[derive(Default)]
struct Rest {
    names: Vec<String>,
    data: bool,
    protected: bool,
}

impl Rest {
    fn add(&mut self, kept: &Kept, name: String) {
        self.names.push(name);
        self.data |= kept.data;
        self.protected |= kept.protected;
    }

    /// Returns the block that removes it, in words.
    fn block(&self, place: &Addr) -> String {
        let data = self.data.then_some("data_loss = \"allow\" where its data is to go, too");
        let protected = self.protected.then_some("protected = \"override\", for it is protected");
        let more: Vec<&str> = data.into_iter().chain(protected).collect();
        let with = if more.is_empty() { String::new() } else { format!(", with {}", more.join(" and ")) };
        format!("removed {{ from = {place} }}{with}")
    }
}

/// Returns a finding for what is kept: one for each block that is gone, else one for each object.
pub fn kept(all: &[Kept], begun: &Covers<()>, desired: &Desired) -> Vec<Finding> {
    let mut undeclared: BTreeMap<Addr, Rest> = BTreeMap::new();
    let mut removed: BTreeMap<(&Addr, bool), (&Removal, Vec<String>)> = BTreeMap::new();
    for kept in all {
        let Kept { object, why, .. } = kept;
        let name = format!("{} {}", object.kind, object.identity);
        match why {
            Why::Undeclared => {
                let block = object.addr.block();
                let is_gone = !desired.declares(&block);
                let place = if is_gone { block } else { object.addr.clone() };
                undeclared.entry(place).or_default().add(kept, name);
            }
            Why::Data(removal) | Why::Protected(removal) => {
                let key = (&removal.from, matches!(why, Why::Protected(_)));
                removed.entry(key).or_insert_with(|| (*removal, Vec::new())).1.push(name);
            }
        }
    }
    let undeclared = undeclared.iter().map(|(place, rest)| {
        let is_begun = begun.over(place).next().is_some() || begun.has_below(place);
        if is_begun { unfinished(place, rest) } else { retained(place, rest, desired) }
    });
    let removed = removed.iter().map(|((_, protected), (removal, names))| match protected {
        true => refused(removal, names),
        false => data_kept(removal, names),
    });
    undeclared.chain(removed).collect()
}

fn retained(place: &Addr, rest: &Rest, desired: &Desired) -> Finding {
    if desired.resources.contains_key(place) {
        let summary =
            format!("{place} names another object now; {} is kept on the servers", rest.names.join(", "));
        return lint::RETAINED
            .finding(Category::Access, summary)
            .at(place)
            .help(format!("to go on with it, give {place} its old name again"));
    }
    lint::RETAINED
        .finding(Category::Access, format!("{place} is no longer declared and is kept on the servers"))
        .at(place)
        .compare("", rest.names.join("\n"))
        .help(format!("to bring it back, declare {place} again"))
        .help(format!("to remove it: {}", rest.block(place)))
}

fn unfinished(place: &Addr, rest: &Rest) -> Finding {
    codes::UNFINISHED
        .finding(Category::Access, format!("{place} was removed in part; the rest is kept on the servers"))
        .at(place)
        .compare("", rest.names.join("\n"))
        .help(format!("to remove the rest: {}", rest.block(place)))
        .help(format!("to bring it back, declare {place} again: what is missing is made anew"))
}

fn data_kept(removal: &Removal, names: &[String]) -> Finding {
    codes::DATA_KEPT
        .finding(Category::Access, format!("{} is removed, but its data is kept", removal.from))
        .at(&removal.from)
        .at_span(removal.span, "removed here")
        .compare("", names.join("\n"))
        .help("to remove that, too, say data_loss = \"allow\"; apply wants --allow-data-loss then")
}

fn refused(removal: &Removal, names: &[String]) -> Finding {
    codes::PROTECTED
        .finding(Category::Access, format!("{} is protected from removal", removal.from))
        .at(&removal.from)
        .at_span(removal.span, "removed here")
        .compare("", names.join("\n"))
        .help("it was declared with lifecycle { prevent_destroy = true }")
        .help(format!(
            "declare {} again with prevent_destroy = false and apply, then remove it; or say protected = \"override\"",
            removal.from
        ))
}

/// Returns a finding for a block that names nothing of what is, or was, recorded.
pub fn unknown(removal: &Removal, known: &BTreeSet<String>) -> Finding {
    let finding = codes::UNKNOWN
        .finding(Category::Charter, format!("nothing is recorded at {}", removal.from))
        .at(&removal.from)
        .at_span(removal.span, "removes nothing");
    match nearest(&removal.from.to_string(), known.iter().map(String::as_str)) {
        Some(near) => finding.help(format!("did you mean {near}?")),
        None => finding.help("an environment that never had it needs no such block, and is not hurt by it"),
    }
}
