//! Effective access: what somebody may do through all that it is granted, before and after; and the difference, said
//! exactly in privileges and scopes.
//!
//! A side is a list of sources: what the principal is granted itself, and what each role that it holds is granted.
//! Their rights add up; a partial revoke takes away only from the source that it is in (ClickHouse,
//! `ContextAccess::calculateAccessRights`: `access->makeUnion(*roles_info->access)`). Rights that the server implies and
//! `SHOW GRANTS` does not print are no part of it.

use std::collections::{BTreeSet, HashMap};

use super::access::AccessSet;
use super::catalog::{Catalog, Level, PrivilegeId};
use super::diff::scopes;
use super::doing::Doings;
use super::grant::{PrivilegeSpec, Scope};
use super::leaf_set::LeafSet;
use super::points::Universe;
use super::points::cover::{Part, Place, State, Tree};
use super::resolve::Reading;
use super::show::ShowGrant;
use super::statement::Statement;
use crate::model::access::{Doing, GrantOption};

/// What grants rights: the principal itself, or a role that it holds.
#[derive(Debug, Clone)]
pub struct Source<'a> {
    /// The role; none for the principal itself.
    pub role: Option<&'a str>,
    /// Its lines, in order. Those about roles are skipped.
    pub lines: Vec<&'a ShowGrant>,
}

/// Rights on one scope, exactly: `leaves` on all of it, but for the exceptions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portion {
    /// The privileges.
    pub leaves: LeafSet,
    /// The privileges in the fewest words that mean the same on this scope, with their columns.
    pub privileges: Vec<String>,
    /// The scope.
    pub scope: Scope,
    /// The columns; none for all.
    pub columns: Vec<String>,
    /// What is left out.
    pub except: Vec<Place>,
    /// What is as it was.
    pub unchanged: Vec<Place>,
    /// Whether the grant option is part of it.
    pub option: GrantOption,
    /// The roles that it comes through; none where it is granted itself.
    pub through: Vec<String>,
    /// What the principal did, or was recorded to do, on this scope before; for a table, in its database.
    pub before: Vec<Doing>,
    /// Whether, with what was there, it comes to all that can be granted on this scope.
    pub everything: bool,
}

/// How effective access changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Effect {
    /// What comes to be.
    pub gains: Vec<Portion>,
    /// What goes away.
    pub loses: Vec<Portion>,
    /// What comes to be and was not recorded as declared before.
    pub fresh: Vec<Portion>,
}

/// Compares the access of many principals of one server.
pub struct Compare<'c> {
    catalog: &'c Catalog,
    /// What is done with the leaves.
    pub doings: Doings,
    names: HashMap<(LeafSet, usize, bool, bool), Vec<String>>,
}

impl<'c> Compare<'c> {
    /// Starts comparing.
    pub fn new(catalog: &'c Catalog) -> Self {
        Self { catalog, doings: Doings::of(catalog), names: HashMap::new() }
    }

    /// Returns the catalog.
    pub fn catalog(&self) -> &'c Catalog {
        self.catalog
    }

    /// Compares two sides. `recorded` is what was declared when it was last applied: what comes back of it is no news.
    pub fn effect(&mut self, before: &[Source], after: &[Source], recorded: &[Source]) -> Effect {
        let statements = |side: &'_ [Source<'_>]| -> Vec<Statement> {
            side.iter()
                .flat_map(|source| &source.lines)
                .filter_map(|line| privileges(line))
                .cloned()
                .collect()
        };
        let live = statements(before);
        let all: Vec<Statement> = [&live[..], &statements(after), &statements(recorded)].concat();
        let reading = Reading::new(self.catalog, &live, &all);
        let universe = Universe::new(all.iter().flat_map(scopes));
        let place = Ground { reading: &reading, universe: &universe, tree: universe.tree() };
        let (from, to) = (Sums::of(&place, before), Sums::of(&place, after));
        let gains = self.portions(&place, &from, &to, None, &from.all);
        let loses = self.portions(&place, &to, &from, None, &from.all);
        let fresh = if recorded.is_empty() {
            gains.clone()
        } else {
            let recorded = Sums::of(&place, recorded).all;
            self.portions(&place, &from, &to, Some(&recorded), &from.all.union(&recorded))
        };
        Effect { gains, loses, fresh }
    }

    /// Says what `more` has and `less` has not.
    fn portions(
        &mut self,
        place: &Ground,
        less: &Sums,
        more: &Sums,
        without: Option<&AccessSet>,
        before: &AccessSet,
    ) -> Vec<Portion> {
        let mut portions = Vec::new();
        for options in [false, true] {
            if !place.differs(&less.all, &more.all, options) {
                continue;
            }
            let mut found = Merged::default();
            for class in place.classes(&less.all, &more.all, without, options) {
                for part in place.tree.cover(|point| class.states[point]) {
                    let through = more.through(place, &class.leaves, &part.points, options);
                    found.add(&class.leaves, part, through);
                }
            }
            for merged in found.finish() {
                let everything = self.is_everything(place, &merged, &more.all);
                let portion = Portion { everything, ..self.portion(place, merged, options, before) };
                add(&mut portions, portion);
            }
        }
        portions
    }

    fn portion(&mut self, place: &Ground, merged: Shape, options: bool, before: &AccessSet) -> Portion {
        let Shape { leaves, scope, columns, except, same, through, point: _ } = merged;
        let names = self.names(place.reading, &leaves, &scope, !columns.is_empty());
        let spec = |name: String| PrivilegeSpec { name, columns: columns.clone() }.to_string();
        let area = match &scope {
            Scope::Table { database, .. } => Scope::Database { name: database.clone(), wildcard: false },
            other => other.clone(),
        };
        let mut held = LeafSet::empty(self.catalog.len());
        for point in place.universe.select(&area, None).into_iter().flatten() {
            held.extend_words(before.row(point, false));
        }
        Portion {
            privileges: names.into_iter().map(spec).collect(),
            before: self.doings.all(&held),
            option: if options { GrantOption::Only } else { GrantOption::No },
            leaves,
            scope,
            columns,
            except,
            unchanged: same,
            through,
            everything: false,
        }
    }

    fn is_everything(&self, place: &Ground, shape: &Shape, held: &AccessSet) -> bool {
        if !shape.columns.is_empty() || matches!(shape.scope, Scope::Object { .. }) {
            return false;
        }
        let Some(all) = self.catalog.find("ALL") else { return false };
        let here = place.reading.grantable(all, &shape.scope, false).minus(self.catalog.objects());
        let mut row = LeafSet::empty(self.catalog.len());
        row.extend_words(held.row(shape.point, false));
        here.is_subset(&row)
    }

    /// Names leaves by the groups that this scope takes whole.
    fn names(&mut self, reading: &Reading, leaves: &LeafSet, scope: &Scope, columns: bool) -> Vec<String> {
        let kind = match scope {
            Scope::Global => 0,
            Scope::Database { .. } => 1,
            Scope::Table { .. } => 2,
            Scope::Object { .. } => 3,
        };
        let key = (leaves.clone(), kind, columns, reading.is_coarse());
        if let Some(names) = self.names.get(&key) {
            return names.clone();
        }
        let mut names = Vec::new();
        self.catalog.roots().for_each(|root| fold(reading, leaves, scope, columns, root, &mut names));
        self.names.insert(key, names.clone());
        names
    }
}

fn fold(
    reading: &Reading,
    leaves: &LeafSet,
    scope: &Scope,
    columns: bool,
    id: PrivilegeId,
    names: &mut Vec<String>,
) {
    let catalog = reading.catalog();
    let here = reading.grantable(id, scope, columns);
    if here.and(leaves).is_empty() {
        return;
    }
    if here.is_subset(leaves) {
        names.push(catalog.name(id).to_owned());
        return;
    }
    // A leaf that is a group, too, cannot be granted without what is below it, but can come or go so.
    if *catalog.level(id) != Level::Group && leaves.contains(id.0) {
        names.push(format!("{} itself", catalog.name(id)));
    }
    catalog.children(id).for_each(|child| fold(reading, leaves, scope, columns, child, names));
}

/// Adds a portion; the grant option joins the right that it belongs to.
fn add(portions: &mut Vec<Portion>, portion: Portion) {
    let same = |other: &&mut Portion| {
        portion.option == GrantOption::Only
            && (&other.leaves, &other.scope, &other.columns, &other.except)
                == (&portion.leaves, &portion.scope, &portion.columns, &portion.except)
            && (&other.unchanged, &other.through) == (&portion.unchanged, &portion.through)
    };
    match portions.iter_mut().find(same) {
        Some(right) => right.option = GrantOption::With,
        None => portions.push(portion),
    }
}

fn privileges(line: &ShowGrant) -> Option<&Statement> {
    match line {
        ShowGrant::Privileges { statement, .. } => Some(statement),
        ShowGrant::Roles { .. } => None,
    }
}

/// The rights of a side: of each source, and their sum.
struct Sums {
    all: AccessSet,
    sources: Vec<(Option<String>, AccessSet)>,
}

impl Sums {
    fn of(place: &Ground, side: &[Source]) -> Self {
        let sources: Vec<(Option<String>, AccessSet)> = side
            .iter()
            .map(|source| {
                let statements = source.lines.iter().filter_map(|line| privileges(line));
                (source.role.map(str::to_owned), AccessSet::of(place.reading, place.universe, statements))
            })
            .collect();
        let empty = AccessSet::empty(place.reading, place.universe);
        let all = sources.iter().fold(empty, |sum, (_, set)| sum.union(set));
        Self { all, sources }
    }

    /// Returns the roles that give leaves at points; none where the principal has them all itself.
    fn through(&self, place: &Ground, leaves: &LeafSet, points: &[usize], options: bool) -> Vec<String> {
        let at = |set: &AccessSet, point: usize| {
            let mut row = LeafSet::empty(place.reading.catalog().len());
            row.extend_words(set.row(point, options));
            row
        };
        let mut roles = BTreeSet::new();
        for (role, set) in &self.sources {
            match role {
                None if points.iter().all(|point| leaves.is_subset(&at(set, *point))) => return Vec::new(),
                None => {}
                Some(role) if points.iter().any(|point| !leaves.and(&at(set, *point)).is_empty()) => {
                    roles.insert(role.clone());
                }
                Some(_) => {}
            }
        }
        roles.into_iter().collect()
    }
}

/// Where two sides are compared.
struct Ground<'a> {
    reading: &'a Reading<'a>,
    universe: &'a Universe<'a>,
    tree: Tree,
}

/// Leaves that are treated alike at every point.
struct Class {
    leaves: LeafSet,
    states: Vec<State>,
}

impl Ground<'_> {
    /// Returns whether `more` has anything that `less` has not.
    fn differs(&self, less: &AccessSet, more: &AccessSet, options: bool) -> bool {
        (0..self.universe.len()).any(|point| {
            let words = more.row(point, options).iter().zip(less.row(point, options));
            words.into_iter().any(|(more, less)| more & !less != 0)
        })
    }

    /// Sorts the leaves that are in `more` and not in `less` by the points where they are.
    fn classes(
        &self,
        less: &AccessSet,
        more: &AccessSet,
        without: Option<&AccessSet>,
        options: bool,
    ) -> Vec<Class> {
        let size = self.reading.catalog().len();
        let row = |set: &AccessSet, point: usize| {
            let mut row = LeafSet::empty(size);
            row.extend_words(set.row(point, options));
            row
        };
        let mut any = LeafSet::empty(size);
        let rows: Vec<(LeafSet, LeafSet)> = (0..self.universe.len())
            .map(|point| {
                let (less, more) = (row(less, point), row(more, point));
                let same = more.and(&less);
                let mut new = more.minus(&less);
                if let Some(without) = without {
                    new = new.minus(&row(without, point));
                }
                any.extend(&new);
                (new, same)
            })
            .collect();
        let mut index: HashMap<Vec<State>, usize> = HashMap::new();
        let mut classes: Vec<Class> = Vec::new();
        for leaf in any.iter() {
            let state = |(new, same): &(LeafSet, LeafSet)| match (new.contains(leaf), same.contains(leaf)) {
                (true, _) => State::In,
                (false, true) => State::Same,
                (false, false) => State::Out,
            };
            let states: Vec<State> = rows.iter().map(state).collect();
            let at = *index.entry(states.clone()).or_insert(classes.len());
            if at == classes.len() {
                classes.push(Class { leaves: LeafSet::empty(size), states });
            }
            classes[at].leaves.insert(leaf);
        }
        classes
    }
}

/// A portion before its words are found.
struct Shape {
    leaves: LeafSet,
    /// The point of the scope itself.
    point: usize,
    scope: Scope,
    columns: Vec<String>,
    except: Vec<Place>,
    same: Vec<Place>,
    through: Vec<String>,
}

/// Shapes on the same scope with the same exceptions come together; and then columns of the same table.
#[derive(Default)]
struct Merged {
    list: Vec<Shape>,
    index: HashMap<Key, usize>,
}

/// Place, exceptions of both sorts, and roles that it comes through.
type Key = (Place, Vec<Place>, Vec<Place>, Vec<String>);

impl Merged {
    fn add(&mut self, leaves: &LeafSet, part: Part, through: Vec<String>) {
        let Part { place: (mut scope, column), except, same, points } = part;
        let point = points.first().copied().unwrap_or_default();
        // What is on all data and on all access objects is on everything.
        if scope == (Scope::Object { name: String::new(), wildcard: true, filter: None })
            && except.is_empty()
            && same.is_empty()
            && self.index.contains_key(&((Scope::Global, None), vec![], vec![], through.clone()))
        {
            scope = Scope::Global;
        }
        let key = ((scope, column), except, same, through);
        let at = *self.index.entry(key.clone()).or_insert(self.list.len());
        match self.list.get_mut(at) {
            Some(shape) => shape.leaves.extend(leaves),
            None => {
                let ((scope, column), except, same, through) = key;
                let columns = column.into_iter().collect();
                self.list.push(Shape {
                    leaves: leaves.clone(),
                    point,
                    scope,
                    columns,
                    except,
                    same,
                    through,
                });
            }
        }
    }

    fn finish(self) -> Vec<Shape> {
        let mut shapes: Vec<Shape> = Vec::new();
        for shape in self.list {
            if shape.columns.is_empty() {
                shapes.push(shape);
                continue;
            }
            let alike = |other: &&mut Shape| {
                !other.columns.is_empty()
                    && (&other.leaves, &other.scope, &other.through)
                        == (&shape.leaves, &shape.scope, &shape.through)
            };
            match shapes.iter_mut().rev().find(alike) {
                Some(other) => other.columns.extend(shape.columns),
                None => shapes.push(shape),
            }
        }
        shapes
    }
}
