//! A set of points said in scopes: exactly, and as briefly as exactness allows.
//!
//! Each scope that can be named has one point of its own: the names in it that nothing narrower mentions. If that point
//! is in the set, the set reaches names that are not known yet, and only the scope itself can say so; what is not in the
//! set below it is an exception. If it is not, the narrower scopes are named one by one. So there is one way to say it.

use std::collections::BTreeMap;

use super::{Branch, Name, Universe};
use crate::privileges::grant::Scope;

/// A scope, or one column of it.
pub type Place = (Scope, Option<String>);

/// How a point is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// It is in the set.
    In,
    /// It is not, for it was so before and stays so.
    Same,
    /// It is not in the set.
    Out,
}

/// A scope that is in the set, with what in it is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The scope.
    pub place: Place,
    /// Exceptions that are [`State::Out`].
    pub except: Vec<Place>,
    /// Exceptions that are [`State::Same`].
    pub same: Vec<Place>,
    /// The points in the set that this part stands for.
    pub points: Vec<usize>,
}

/// A scope with its own point and the scopes within it.
#[derive(Debug)]
struct Node {
    place: Place,
    own: usize,
    below: Vec<Node>,
}

/// All scopes of a universe.
#[derive(Debug)]
pub struct Tree(Vec<Node>);

impl Universe<'_> {
    /// Returns the scopes that its points can be told in.
    pub fn tree(&self) -> Tree {
        let data = Node {
            place: (Scope::Global, None),
            own: self.databases.last().map_or(0, own),
            below: nested(&self.databases, database),
        };
        let any = Scope::Object { name: String::new(), wildcard: true, filter: None };
        let objects = Node {
            place: (any, None),
            own: self.objects.last().map_or(0, own),
            below: nested(&self.objects, object),
        };
        Tree(vec![data, objects])
    }
}

impl Tree {
    /// Says a set of points in scopes: the union of the parts, each less its exceptions.
    pub fn cover(&self, state: impl Fn(usize) -> State) -> Vec<Part> {
        let mut parts = Vec::new();
        self.0.iter().for_each(|node| outside(node, &state, &mut parts));
        parts
    }
}

/// Goes on where nothing around is in the set.
fn outside(node: &Node, state: &impl Fn(usize) -> State, parts: &mut Vec<Part>) {
    if state(node.own) != State::In {
        node.below.iter().for_each(|below| outside(below, state, parts));
        return;
    }
    let index = parts.len();
    let part =
        Part { place: node.place.clone(), except: Vec::new(), same: Vec::new(), points: vec![node.own] };
    parts.push(part);
    inside(node, State::In, index, state, parts);
}

/// Goes on within a part; `around` is what was said of the scope around.
fn inside(node: &Node, around: State, index: usize, state: &impl Fn(usize) -> State, parts: &mut Vec<Part>) {
    for below in &node.below {
        let own = state(below.own);
        match own {
            State::In if around == State::In => parts[index].points.push(below.own),
            // What comes back within an exception is a part of its own.
            State::In => {
                outside(below, state, parts);
                continue;
            }
            State::Same if around == State::In => parts[index].same.push(below.place.clone()),
            State::Out if around != State::Out => parts[index].except.push(below.place.clone()),
            State::Same | State::Out => {}
        }
        inside(below, own, index, state, parts);
    }
}

/// Returns the point of the names that nothing below a branch mentions.
fn own(branch: &Branch<'_>) -> usize {
    // The nameless branch is the last: see the order of `Name`.
    branch.below.last().map_or(branch.points.start, own)
}

fn database(branch: &Branch<'_>) -> Option<Node> {
    let (name, wildcard) = text(branch.name)?;
    let scope = Scope::Database { name: name.clone(), wildcard };
    let table = |table: &Branch<'_>| {
        let (own_name, wildcard) = text(table.name)?;
        let scope = Scope::Table { database: name.clone(), table: own_name, wildcard };
        let column = |column: &Branch<'_>| {
            let (name, _) = text(column.name)?;
            Some(Node { place: (scope.clone(), Some(name)), own: own(column), below: Vec::new() })
        };
        let below = nested(&table.below, column);
        Some(Node { place: (scope.clone(), None), own: own(table), below })
    };
    Some(Node { place: (scope, None), own: own(branch), below: nested(&branch.below, table) })
}

fn object(branch: &Branch<'_>) -> Option<Node> {
    let (name, wildcard) = text(branch.name)?;
    let place = |filter| (Scope::Object { name: name.clone(), wildcard, filter }, None);
    let filtered = |filter: &Branch<'_>| {
        let (text, _) = text(filter.name)?;
        Some(Node { place: place(Some(text)), own: own(filter), below: Vec::new() })
    };
    let below = nested(&branch.below, filtered);
    Some(Node { place: place(None), own: own(branch), below })
}

/// Returns the name and whether it is a prefix; none for names that nothing mentions.
fn text(name: Name<'_>) -> Option<(String, bool)> {
    match name {
        Name::Exact(name) => Some((name.to_owned(), false)),
        Name::Under(prefix) => Some((prefix.to_owned(), true)),
        Name::Other => None,
    }
}

/// Makes nodes of branches, each below the longest wildcard that takes it.
fn nested<'a>(branches: &[Branch<'a>], node: impl Fn(&Branch<'a>) -> Option<Node>) -> Vec<Node> {
    let wildcards = branches.iter().enumerate().filter_map(|(index, branch)| match branch.name {
        Name::Under(prefix) => Some((index, prefix)),
        Name::Exact(_) | Name::Other => None,
    });
    let wildcards: Vec<(usize, &str)> = wildcards.collect();
    let mut below: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
    for (index, branch) in branches.iter().enumerate() {
        let around = wildcards
            .iter()
            .filter(|(other, prefix)| *other != index && branch.name.matches(prefix, true))
            .max_by_key(|(_, prefix)| prefix.len());
        below.entry(around.map(|(other, _)| *other)).or_default().push(index);
    }
    let mut nodes: Vec<Option<Node>> = branches.iter().map(node).collect();
    take(None, &below, &mut nodes)
}

fn take(
    around: Option<usize>,
    below: &BTreeMap<Option<usize>, Vec<usize>>,
    nodes: &mut [Option<Node>],
) -> Vec<Node> {
    let mut taken = Vec::new();
    for index in below.get(&around).into_iter().flatten() {
        let Some(mut node) = nodes[*index].take() else { continue };
        node.below.extend(take(Some(*index), below, nodes));
        taken.push(node);
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name((scope, column): &Place) -> String {
        column.as_ref().map_or_else(|| scope.to_string(), |column| format!("{scope}({column})"))
    }

    /// Says a set that is given by scopes: those in it, those that it leaves out, and those that stay.
    fn said(granted: &[&str], out: &[&str], same: &[&str]) -> Vec<String> {
        let parse =
            |texts: &[&str]| -> Vec<Scope> { texts.iter().map(|text| Scope::parse(text).unwrap()).collect() };
        let lists = [parse(granted), parse(out), parse(same)];
        let universe = Universe::new(lists.iter().flatten().map(|scope| (scope, &[][..])));
        let mut states = vec![State::Out; universe.len()];
        for (list, state) in lists.iter().zip([State::In, State::Out, State::Same]) {
            let points = list.iter().flat_map(|scope| universe.select(scope, None)).flatten();
            points.for_each(|point| states[point] = state);
        }
        let parts = universe.tree().cover(|point| states[point]);
        let names = |places: &[Place]| places.iter().map(name).collect::<Vec<_>>().join(", ");
        let told = parts.iter().map(|part| {
            let counted: usize = part.points.len();
            format!(
                "{} except [{}] same [{}] {counted}",
                name(&part.place),
                names(&part.except),
                names(&part.same)
            )
        });
        told.collect()
    }

    #[test]
    fn a_scope_is_said_with_its_exceptions() {
        assert_eq!(
            said(&["a.*", "b.t"], &["c.*"], &[]),
            ["a.* except [] same [] 1", "b.t except [] same [] 1"]
        );
        assert_eq!(
            said(&["a*.*"], &["ab.*", "ac.t"], &["abc*.*"]),
            ["`a`*.* except [ab.*, ac.t] same [abc*.*] 2"].map(|text| text.replace('`', ""))
        );
        assert_eq!(said(&["d.*"], &["d.t*"], &["d.x"]), ["d.* except [d.t*] same [d.x] 1"]);
    }

    #[test]
    fn what_comes_back_in_an_exception_is_a_part_of_its_own() {
        let universe_of = ["ab.*", "a*.*", "abc.t"].map(|text| Scope::parse(text).unwrap());
        let universe = Universe::new(universe_of.iter().map(|scope| (scope, &[][..])));
        let mut states = vec![State::Out; universe.len()];
        let mut set = |text: &str, state: State| {
            let points = universe.select(&Scope::parse(text).unwrap(), None);
            points.into_iter().flatten().for_each(|point| states[point] = state);
        };
        set("a*.*", State::In);
        set("abc.*", State::Out);
        set("abc.t", State::In);
        let parts = universe.tree().cover(|point| states[point]);
        let names: Vec<String> = parts.iter().map(|part| name(&part.place)).collect();
        assert_eq!(names, ["a*.*", "abc.t"]);
        assert_eq!(parts[0].except.iter().map(name).collect::<Vec<_>>(), ["abc.*"]);
    }

    #[test]
    fn everything_is_data_and_objects() {
        assert_eq!(
            said(&["*.*"], &["secret.*"], &[]),
            ["*.* except [secret.*] same [] 1", "* except [] same [] 1"]
        );
    }
}
