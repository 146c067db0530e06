//! From privilege words on scopes to leaves at points, and the checks that the server would make.
//!
//! A group keeps the leaves that its scope allows and drops the others; that none is left is error 509 on the server.
//!
//! Sources need care. Since 25.7 the right to `S3` is kept as `READ` and `WRITE` on the object `S3`, and still printed as
//! `S3 ON *.*` unless `access_control_improvements.enable_read_write_grants` is set; then even `READ` alone is printed so.
//! A live side that never says `READ` or `WRITE` is therefore read coarsely: both stand for the old leaf.

use std::borrow::Cow;
use std::ops::Range;

use super::catalog::{Catalog, Level, PrivilegeId};
use super::error::PrivilegeError;
use super::grant::{Except, Grant, PrivilegeSpec, Scope};
use super::leaf_set::LeafSet;
use super::points::Universe;
use super::statement::{Element, Statement};

/// How the words of one comparison are read.
#[derive(Debug, Clone)]
pub struct Reading<'c> {
    catalog: &'c Catalog,
    sources: Option<Sources>,
}

/// Leaves that stand for sources.
#[derive(Debug, Clone)]
struct Sources {
    read: usize,
    write: usize,
    /// `SOURCES`, the old word for all of them.
    every: Option<usize>,
    /// Whether the server hides `READ` and `WRITE` behind the old words.
    coarse: bool,
    /// Old words of the sources that are named as objects of `READ` or `WRITE`.
    named: Vec<(usize, Scope)>,
}

/// One privilege word on one scope, for all columns or for one.
#[derive(Debug)]
pub(super) struct Item<'a> {
    pub(super) spec: &'a PrivilegeSpec,
    pub(super) id: PrivilegeId,
    pub(super) column: Option<&'a str>,
    pub(super) scope: &'a Scope,
    /// Points with the leaves that the word means there.
    pub(super) parts: Vec<(Vec<Range<usize>>, LeafSet)>,
}

impl Item<'_> {
    /// Returns the leaves of all parts.
    pub(super) fn leaves(&self) -> LeafSet {
        let mut all = self.parts.first().map_or_else(LeafSet::default, |(_, leaves)| leaves.clone());
        self.parts.iter().for_each(|(_, leaves)| all.extend(leaves));
        all
    }
}

impl<'c> Reading<'c> {
    /// Decides how to read, from what the live side and all sides say.
    pub fn new<'a>(
        catalog: &'c Catalog,
        live: impl IntoIterator<Item = &'a Statement>,
        all: impl IntoIterator<Item = &'a Statement>,
    ) -> Self {
        let source = |name| {
            let id = catalog.find(name)?;
            (*catalog.level(id) == Level::Object("SOURCE".into())).then_some(id.0)
        };
        let sources = source("READ").zip(source("WRITE")).map(|(read, write)| {
            let mut sources =
                Sources { read, write, every: old_source(catalog, "SOURCES"), coarse: true, named: vec![] };
            sources.coarse = !live.into_iter().flat_map(elements).any(|on| sources.is_named(catalog, on));
            if !sources.coarse {
                sources.collect(catalog, all);
            }
            sources
        });
        Self { catalog, sources }
    }

    /// Returns the catalog.
    pub fn catalog(&self) -> &'c Catalog {
        self.catalog
    }

    /// Tells whether `READ` and `WRITE` of a source are read as its old word.
    pub(super) fn is_coarse(&self) -> bool {
        self.sources.as_ref().is_some_and(|sources| sources.coarse)
    }

    /// Returns the leaves of a privilege that a scope allows, as far as the server tells them apart.
    pub fn grantable(&self, id: PrivilegeId, scope: &Scope, columns: bool) -> LeafSet {
        let (mut data, objects) = grantable(self.catalog, id, scope, columns);
        data.extend(&objects);
        if let Some(sources) = self.sources.as_ref().filter(|sources| sources.coarse) {
            data.remove(sources.read);
            data.remove(sources.write);
        }
        data
    }

    /// Returns the scope to write for a word: `*` for access objects, as 24.8 does not take `*.*` for them.
    pub(super) fn written<'s>(&self, name: &str, scope: &'s Scope) -> Cow<'s, Scope> {
        let of_object =
            || self.catalog.find(name).is_some_and(|id| is_of_one_object(self.catalog, id, false));
        if *scope == Scope::Global && of_object() {
            return Cow::Owned(Scope::Object { name: String::new(), wildcard: true, filter: None });
        }
        Cow::Borrowed(scope)
    }

    /// Reads a statement. Words that the catalog does not know are left out; see [`Reading::unknown`].
    pub(super) fn items<'a>(&self, universe: &Universe<'_>, statement: &'a Statement) -> Vec<Item<'a>> {
        statement.elements.iter().flat_map(|element| self.element(universe, element)).collect()
    }

    /// Returns the first privilege of a statement that the catalog does not know.
    pub fn unknown<'a>(&self, statement: &'a Statement) -> Option<&'a str> {
        let specs = elements(statement).flat_map(|element| &element.privileges);
        specs.map(|spec| spec.name.as_str()).find(|name| self.catalog.find(name).is_none())
    }

    /// Tells whether a statement is about all sources.
    pub(super) fn takes_sources(&self, statement: &Statement) -> bool {
        let Some(sources) = &self.sources else { return false };
        let every = sources.every.map(PrivilegeId);
        elements(statement).filter(|element| is_everything(&element.on)).any(|element| {
            let mut ids = element.privileges.iter().filter_map(|spec| self.catalog.find(&spec.name));
            sources.is_named(self.catalog, element) || ids.any(|id| Some(id) == every)
        })
    }

    fn element<'a>(&self, universe: &Universe<'_>, element: &'a Element) -> Vec<Item<'a>> {
        let scope = &element.on;
        let mut items = Vec::new();
        for spec in &element.privileges {
            let Some(id) = self.catalog.find(&spec.name) else { continue };
            let mut add = |column| {
                let parts = self.parts(universe, id, scope, column);
                items.push(Item { spec, id, column, scope, parts });
            };
            if spec.columns.is_empty() {
                add(None);
            }
            spec.columns.iter().for_each(|column| add(Some(column)));
        }
        items
    }

    fn parts(
        &self,
        universe: &Universe<'_>,
        id: PrivilegeId,
        scope: &Scope,
        column: Option<&str>,
    ) -> Vec<(Vec<Range<usize>>, LeafSet)> {
        let (mut data, mut objects) = grantable(self.catalog, id, scope, column.is_some());
        let mut parts = Vec::new();
        match &self.sources {
            Some(sources) if sources.coarse => {
                let old = sources.coarsen(self.catalog, scope, &mut objects);
                parts.extend(
                    old.map(|leaf| (vec![universe.data()], LeafSet::single(self.catalog.len(), leaf))),
                );
            }
            Some(sources) if *scope == Scope::Global => {
                for object in sources.refine(&mut data, &mut objects) {
                    parts.push((universe.select(object, None), sources.both(self.catalog)));
                }
            }
            _ => {}
        }
        if *scope == Scope::Global {
            parts.push((vec![universe.data()], data));
            parts.push((vec![universe.objects()], objects));
        } else {
            data.extend(&objects);
            parts.push((universe.select(scope, column), data));
        }
        parts.retain(|(_, leaves)| !leaves.is_empty());
        parts
    }
}

impl Sources {
    fn both(&self, catalog: &Catalog) -> LeafSet {
        let mut both = LeafSet::single(catalog.len(), self.read);
        both.insert(self.write);
        both
    }

    fn is_named(&self, catalog: &Catalog, element: &Element) -> bool {
        let mut ids = element.privileges.iter().filter_map(|spec| catalog.find(&spec.name));
        ids.any(|id| id.0 == self.read || id.0 == self.write)
    }

    fn collect<'a>(&mut self, catalog: &Catalog, all: impl IntoIterator<Item = &'a Statement>) {
        for element in all.into_iter().flat_map(elements) {
            if self.is_named(catalog, element)
                && let Some(leaf) = object_name(&element.on).and_then(|name| old_source(catalog, name))
            {
                let scope = Scope::Object {
                    name: catalog.name(PrivilegeId(leaf)).to_owned(),
                    wildcard: false,
                    filter: None,
                };
                self.named.push((leaf, scope));
            }
        }
    }

    /// Takes `READ` and `WRITE` out, and returns the old leaf that they stand for.
    fn coarsen(&self, catalog: &Catalog, scope: &Scope, objects: &mut LeafSet) -> Option<usize> {
        if !objects.contains(self.read) && !objects.contains(self.write) {
            return None;
        }
        let old = if is_everything(scope) {
            self.every
        } else {
            object_name(scope).and_then(|name| old_source(catalog, name))
        }?;
        objects.remove(self.read);
        objects.remove(self.write);
        Some(old)
    }

    /// Turns old leaves into `READ` and `WRITE`: on all objects for `SOURCES`, on those that are returned for the others.
    fn refine(&self, data: &mut LeafSet, objects: &mut LeafSet) -> Vec<&Scope> {
        if let Some(every) = self.every.filter(|every| data.contains(*every)) {
            data.remove(every);
            objects.insert(self.read);
            objects.insert(self.write);
        }
        let named: Vec<_> = self.named.iter().filter(|(leaf, _)| data.contains(*leaf)).collect();
        named.iter().for_each(|(leaf, _)| data.remove(*leaf));
        named.into_iter().map(|(_, object)| object).collect()
    }
}

/// Checks all privileges of a declared grant against the server's catalog.
///
/// Returns the index of each privilege that is wrong, and what is wrong with it.
pub fn validate(catalog: &Catalog, grant: &Grant) -> Vec<(usize, PrivilegeError)> {
    let checked = grant.privileges.iter().map(|spec| check(catalog, spec, &grant.on)).enumerate();
    let mut errors: Vec<_> =
        checked.filter_map(|(index, result)| result.err().map(|error| (index, error))).collect();
    if errors.is_empty() {
        errors.extend(grant.except.iter().filter_map(|except| check_except(catalog, grant, except)));
    }
    errors
}

/// Returns the first privilege of a grant if none of them can be on a part that is left out.
fn check_except(catalog: &Catalog, grant: &Grant, except: &Except) -> Option<(usize, PrivilegeError)> {
    let found = |spec: &PrivilegeSpec| {
        let id = catalog.find(&spec.name)?;
        let (mut data, objects) = grantable(catalog, id, &except.on, !except.columns.is_empty());
        data.extend(&objects);
        (!data.is_empty()).then_some(())
    };
    if grant.privileges.iter().any(|spec| found(spec).is_some()) {
        return None;
    }
    let id = catalog.find(&grant.privileges.first()?.name)?;
    let name = catalog.name(id).to_owned();
    Some((0, PrivilegeError::NothingToExcept { name, except: except.to_string() }))
}

fn check(catalog: &Catalog, spec: &PrivilegeSpec, scope: &Scope) -> Result<(), PrivilegeError> {
    let Some(id) = catalog.find(&spec.name) else {
        let nearest = catalog.nearest(&spec.name).map(str::to_owned);
        return Err(PrivilegeError::Unknown { name: spec.name.clone(), nearest });
    };
    let name = catalog.name(id).to_owned();
    let columns = !spec.columns.is_empty();
    if columns && !matches!(scope, Scope::Table { wildcard: false, .. }) {
        return Err(PrivilegeError::ColumnsWithoutTable { name, scope: scope.to_string() });
    }
    let (mut granted, objects) = grantable(catalog, id, scope, columns);
    granted.extend(&objects);
    let fits = match scope {
        Scope::Object { filter, .. } => is_of_one_object(catalog, id, filter.is_some()),
        _ => !granted.is_empty(),
    };
    match (fits, columns) {
        (true, _) => Ok(()),
        (false, true) => Err(PrivilegeError::NoColumnLevel { name }),
        (false, false) => {
            Err(PrivilegeError::WrongLevel { name, scope: scope.to_string(), belongs: belongs(catalog, id) })
        }
    }
}

/// Tells whether all leaves of a privilege are on access objects of one kind, and of sources if there is a filter.
fn is_of_one_object(catalog: &Catalog, id: PrivilegeId, filter: bool) -> bool {
    let leaves = catalog.leaves(id);
    let mut levels =
        (0..catalog.len()).filter(|leaf| leaves.contains(*leaf)).map(|leaf| catalog.level(PrivilegeId(leaf)));
    let Some(Level::Object(kind)) = levels.next() else { return false };
    (!filter || kind == "SOURCE")
        && levels.all(|level| matches!(level, Level::Object(other) if other == kind))
}

fn belongs(catalog: &Catalog, id: PrivilegeId) -> &'static str {
    let leaves = catalog.leaves(id);
    let at = |depth| !leaves.and(catalog.at_depth(depth)).is_empty();
    match () {
        () if leaves.is_empty() => "nothing, as it grants nothing",
        () if at(2) => "*.*, a database or a table",
        () if at(1) => "*.* or a database",
        () if at(0) => "*.*",
        () => "an access object such as a name, prefix* or *",
    }
}

/// Returns the leaves on data and those on access objects that a scope allows.
pub(super) fn grantable(
    catalog: &Catalog,
    id: PrivilegeId,
    scope: &Scope,
    columns: bool,
) -> (LeafSet, LeafSet) {
    let leaves = catalog.leaves(id);
    let none = LeafSet::empty(catalog.len());
    match scope {
        Scope::Global => (leaves.and(catalog.at_depth(0)), leaves.and(catalog.objects())),
        Scope::Database { .. } => (leaves.and(catalog.at_depth(1)), none),
        Scope::Table { .. } => (leaves.and(catalog.at_depth(if columns { 3 } else { 2 })), none),
        Scope::Object { .. } => (none, leaves.and(catalog.objects())),
    }
}

fn elements(statement: &Statement) -> impl Iterator<Item = &Element> {
    statement.elements.iter()
}

fn is_everything(scope: &Scope) -> bool {
    match scope {
        Scope::Global => true,
        Scope::Object { name, wildcard, .. } => *wildcard && name.is_empty(),
        Scope::Database { .. } | Scope::Table { .. } => false,
    }
}

fn object_name(scope: &Scope) -> Option<&str> {
    match scope {
        Scope::Object { name, wildcard: false, .. } => Some(name),
        _ => None,
    }
}

/// Returns the leaf of a source's old word, which is granted `ON *.*`.
fn old_source(catalog: &Catalog, name: &str) -> Option<usize> {
    let id = catalog.find(name).filter(|id| *catalog.level(*id) == Level::Depth(0))?;
    (catalog.name(id) == name).then_some(id.0)
}
