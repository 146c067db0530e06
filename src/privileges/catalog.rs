//! The tree of privileges that the live server has: names, aliases, groups and levels from `system.privileges`.
//!
//! Every row with a level is a leaf of itself and of the groups above it (`CREATE ARBITRARY TEMPORARY TABLE` and
//! `NAMED COLLECTION ADMIN` are both a leaf and a group). The level says how narrow a scope may be.

use std::collections::HashMap;

use super::leaf_set::LeafSet;
use crate::diag;

/// One row of `SELECT toString(privilege), aliases, toString(level), toString(parent_group) FROM system.privileges`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivilegeRow {
    /// Name.
    pub privilege: String,
    /// Other names that the parser takes.
    pub aliases: Vec<String>,
    /// `GLOBAL`, `DATABASE`, `TABLE`, `VIEW`, `DICTIONARY`, `COLUMN`, or the kind of access object; none for a mere group.
    pub level: Option<String>,
    /// Name of the group above.
    pub parent_group: Option<String>,
}

/// Index of a privilege in its [`Catalog`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PrivilegeId(pub(super) usize);

/// How narrow the scope of a privilege may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Level {
    /// No right of its own: only what is below it.
    Group,
    /// 0 `*.*`, 1 a database, 2 a table, 3 a column.
    Depth(usize),
    /// An access object; the name is the kind, such as `USER_NAME`.
    Object(String),
}

/// All privileges of one server.
#[derive(Debug, Clone)]
pub struct Catalog {
    nodes: Vec<Node>,
    names: HashMap<String, usize>,
    /// Leaves that may be granted at a depth, by depth.
    at_depth: [LeafSet; 4],
    objects: LeafSet,
}

#[derive(Debug, Clone)]
struct Node {
    name: String,
    aliases: Vec<String>,
    level: Level,
    children: Vec<usize>,
    leaves: LeafSet,
    root: bool,
}

impl Catalog {
    /// Builds the tree. Of two rows with the same name the first counts; an unknown parent makes a root.
    pub fn new(rows: impl IntoIterator<Item = PrivilegeRow>) -> Self {
        let rows: Vec<_> = rows.into_iter().collect();
        let size = rows.len();
        let mut catalog = Self {
            nodes: Vec::with_capacity(size),
            names: HashMap::new(),
            at_depth: std::array::from_fn(|_| LeafSet::empty(size)),
            objects: LeafSet::empty(size),
        };
        let parents: Vec<_> = rows.iter().map(|row| row.parent_group.clone()).collect();
        rows.into_iter().for_each(|row| catalog.add(row, size));
        catalog.add_aliases();
        catalog.link(&parents);
        catalog
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Tells whether the server listed nothing.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Finds a privilege by name, or else by alias; case and the number of spaces do not matter.
    pub fn find(&self, name: &str) -> Option<PrivilegeId> {
        let known = self.names.get(name).or_else(|| self.names.get(&key(name)));
        known.copied().map(PrivilegeId)
    }

    /// Returns the canonical name.
    pub fn name(&self, id: PrivilegeId) -> &str {
        self.nodes.get(id.0).map_or("", |node| &node.name)
    }

    /// Returns the level.
    pub fn level(&self, id: PrivilegeId) -> &Level {
        self.nodes.get(id.0).map_or(&Level::Group, |node| &node.level)
    }

    /// Returns the word as the catalog spells it, be it a name or an alias: `add column` gives `ADD COLUMN`.
    pub fn spelling<'a>(&'a self, word: &'a str) -> &'a str {
        let key = key(word);
        let node = self.names.get(&key).and_then(|id| self.nodes.get(*id));
        let known = node.and_then(|node| {
            std::iter::once(&node.name).chain(&node.aliases).find(|name| name.to_ascii_uppercase() == key)
        });
        known.map_or(word, |name| name)
    }

    /// Returns all leaves below the privilege, itself included.
    pub fn leaves(&self, id: PrivilegeId) -> LeafSet {
        self.nodes.get(id.0).map_or_else(|| LeafSet::empty(self.len()), |node| node.leaves.clone())
    }

    /// Returns the privileges directly below.
    pub fn children(&self, id: PrivilegeId) -> impl Iterator<Item = PrivilegeId> {
        self.nodes.get(id.0).into_iter().flat_map(|node| &node.children).copied().map(PrivilegeId)
    }

    /// Returns the privileges that have no group above.
    pub fn roots(&self) -> impl Iterator<Item = PrivilegeId> {
        self.nodes.iter().enumerate().filter(|(_, node)| node.root).map(|(index, _)| PrivilegeId(index))
    }

    /// Tells whether a privilege has no group above, as `ALL`.
    pub fn is_root(&self, id: PrivilegeId) -> bool {
        self.nodes.get(id.0).is_some_and(|node| node.root)
    }

    /// Returns the leaves that may be granted at the depth: 0 `*.*`, 1 a database, 2 a table, 3 a column.
    pub fn at_depth(&self, depth: usize) -> &LeafSet {
        &self.at_depth[depth.min(3)]
    }

    /// Returns the leaves whose scope is an access object.
    pub fn objects(&self) -> &LeafSet {
        &self.objects
    }

    /// Returns the name or alias that is spelled most like `name`, if any is near.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        let wanted = key(name);
        let all = self.nodes.iter().flat_map(|node| std::iter::once(&node.name).chain(&node.aliases));
        diag::nearest(&wanted, all.map(String::as_str))
    }

    fn add(&mut self, row: PrivilegeRow, size: usize) {
        let index = self.nodes.len();
        let level = level(row.level.as_deref());
        match &level {
            Level::Group => {}
            Level::Depth(depth) => self.at_depth.iter_mut().take(depth + 1).for_each(|set| set.insert(index)),
            Level::Object(_) => self.objects.insert(index),
        }
        self.names.entry(key(&row.privilege)).or_insert(index);
        let leaves = LeafSet::empty(size);
        self.nodes.push(Node {
            name: row.privilege,
            aliases: row.aliases,
            level,
            children: Vec::new(),
            leaves,
            root: true,
        });
    }

    /// Names go before aliases: `ALTER TABLE MODIFY QUERY` is an alias of two privileges, others collide with names.
    fn add_aliases(&mut self) {
        for (index, node) in self.nodes.iter().enumerate() {
            for alias in &node.aliases {
                self.names.entry(key(alias)).or_insert(index);
            }
        }
    }

    fn link(&mut self, parents: &[Option<String>]) {
        let above: Vec<_> =
            parents.iter().map(|name| name.as_ref().and_then(|name| self.find(name))).collect();
        for index in 0..self.nodes.len() {
            if let Some(parent) = above[index] {
                self.nodes[parent.0].children.push(index);
                self.nodes[index].root = false;
            }
            if self.nodes[index].level == Level::Group {
                continue;
            }
            // Bounded by the number of rows, so that a cycle in what the server says ends.
            let chain =
                std::iter::successors(Some(index), |at| above.get(*at).copied().flatten().map(|id| id.0));
            for at in chain.take(parents.len()) {
                self.nodes[at].leaves.insert(index);
            }
        }
    }
}

/// Name in upper case with single spaces.
fn key(name: &str) -> String {
    let mut key = String::with_capacity(name.len());
    for word in name.split_whitespace() {
        if !key.is_empty() {
            key.push(' ');
        }
        key.push_str(word);
    }
    key.make_ascii_uppercase();
    key
}

fn level(name: Option<&str>) -> Level {
    match name {
        None => Level::Group,
        Some("GLOBAL") => Level::Depth(0),
        Some("DATABASE") => Level::Depth(1),
        Some("TABLE" | "VIEW" | "DICTIONARY") => Level::Depth(2),
        Some("COLUMN") => Level::Depth(3),
        Some(other) => Level::Object(other.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::toy;
    use super::*;

    fn names(catalog: &Catalog, set: &LeafSet) -> Vec<String> {
        (0..catalog.len())
            .filter(|i| set.contains(*i))
            .map(|i| catalog.name(PrivilegeId(i)).to_owned())
            .collect()
    }

    #[test]
    fn finds_names_before_aliases_in_any_case() {
        let catalog = toy();
        let found = |word| catalog.find(word).map(|id| catalog.name(id));
        assert_eq!(found(" alter   update"), Some("ALTER UPDATE"));
        assert_eq!(found("update"), Some("ALTER UPDATE"));
        assert_eq!(found("All Privileges"), Some("ALL"));
        assert_eq!(found("ALTER DELETE X"), None);
        assert_eq!(catalog.spelling("DICTGET"), "dictGet");
        assert_eq!(catalog.spelling("update"), "UPDATE");
    }

    #[test]
    fn suggests_the_nearest_name() {
        let catalog = toy();
        assert_eq!(catalog.nearest("SELCT"), Some("SELECT"));
        assert_eq!(catalog.nearest("alter updat"), Some("ALTER UPDATE"));
        assert_eq!(catalog.nearest("frobnicate"), None);
    }

    #[test]
    fn a_group_holds_the_leaves_below_it() {
        let catalog = toy();
        let leaves =
            |name| catalog.find(name).map(|id| names(&catalog, &catalog.leaves(id))).unwrap_or_default();
        assert_eq!(leaves("CREATE"), ["CREATE DATABASE", "CREATE TABLE", "CREATE FUNCTION"]);
        assert_eq!(leaves("NAMED COLLECTION ADMIN"), ["NAMED COLLECTION", "NAMED COLLECTION ADMIN"]);
        assert!(leaves("NONE").is_empty());
        assert!(!names(&catalog, catalog.at_depth(1)).contains(&"CREATE FUNCTION".to_owned()));
        assert!(names(&catalog, catalog.at_depth(3)).contains(&"SELECT".to_owned()));
    }

    #[test]
    fn a_cycle_of_parents_ends() {
        let row = |name: &str, parent: &str| PrivilegeRow {
            privilege: name.into(),
            aliases: Vec::new(),
            level: Some("TABLE".into()),
            parent_group: Some(parent.into()),
        };
        let catalog = Catalog::new([row("A", "B"), row("B", "A")]);
        assert_eq!(catalog.find("A").map(|id| catalog.leaves(id).len()), Some(2));
    }
}
