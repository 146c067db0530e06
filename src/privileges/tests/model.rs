//! A second, naive model of grants: replays statements for one concrete right on one concrete name at a time.

use std::collections::HashMap;

use super::*;

/// One right on concrete names.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    pub(super) leaf: usize,
    pub(super) database: &'static str,
    pub(super) table: &'static str,
    pub(super) column: &'static str,
    pub(super) object: &'static str,
}

pub(super) struct Model {
    rows: Vec<PrivilegeRow>,
    index: HashMap<String, usize>,
}

impl Model {
    pub(super) fn new(rows: Vec<PrivilegeRow>) -> Self {
        let index = rows.iter().enumerate().map(|(index, row)| (row.privilege.clone(), index)).collect();
        Self { rows, index }
    }

    pub(super) fn words(&self) -> Vec<String> {
        self.rows.iter().map(|row| row.privilege.clone()).collect()
    }

    /// Returns every leaf on every combination of names that its level has.
    pub(super) fn probes(&self) -> Vec<Probe> {
        let mut probes = Vec::new();
        for (leaf, row) in self.rows.iter().enumerate() {
            let lists: [&[&'static str]; 4] = match row.level.as_deref() {
                None | Some("SOURCE") => continue,
                Some("GLOBAL") => [&[""], &[""], &[""], &[""]],
                Some("DATABASE") => [&DATABASES, &[""], &[""], &[""]],
                Some("TABLE" | "VIEW" | "DICTIONARY") => [&DATABASES, &TABLES, &[""], &[""]],
                Some("COLUMN") => [&DATABASES, &TABLES, &COLUMNS, &[""]],
                Some(_) => [&[""], &[""], &[""], &OBJECTS],
            };
            for database in lists[0] {
                for table in lists[1] {
                    for column in lists[2] {
                        probes.extend(lists[3].iter().map(|object| Probe {
                            leaf,
                            database,
                            table,
                            column,
                            object,
                        }));
                    }
                }
            }
        }
        probes
    }

    /// Returns whether the statements give the right, and whether they give its grant option.
    pub(super) fn holds(&self, statements: &[Statement], probe: &Probe) -> (bool, bool) {
        let mut state = (false, false);
        for statement in statements {
            if statement.replace {
                state = (false, false);
            }
            let mut pairs =
                statement.elements.iter().flat_map(|e| e.privileges.iter().map(|spec| (&e.on, spec)));
            if pairs.any(|(on, spec)| self.covers(spec, on, probe)) {
                state = match statement.verb {
                    Verb::Grant => (true, state.1 || statement.grant_option),
                    Verb::Revoke => (false, false),
                    Verb::RevokeOption => (state.0, false),
                };
            }
        }
        state
    }

    fn covers(&self, spec: &PrivilegeSpec, on: &Scope, probe: &Probe) -> bool {
        let same = |known: &str| known == spec.name || self.rows[probe.leaf].aliases.contains(&spec.name);
        let mut at = Some(probe.leaf);
        let above = std::iter::from_fn(|| {
            let now = at?;
            at = self.rows[now].parent_group.as_ref().and_then(|name| self.index.get(name)).copied();
            Some(now)
        });
        above.map(|row| &self.rows[row].privilege).any(|name| same(name)) && self.reaches(spec, on, probe)
    }

    fn reaches(&self, spec: &PrivilegeSpec, on: &Scope, probe: &Probe) -> bool {
        let fits = |name: &str, wildcard: bool, own: &str| {
            if wildcard { own.starts_with(name) } else { own == name }
        };
        let depth = match self.rows[probe.leaf].level.as_deref() {
            Some("GLOBAL") => 0,
            Some("DATABASE") => 1,
            Some("TABLE" | "VIEW" | "DICTIONARY") => 2,
            Some("COLUMN") => 3,
            _ => -1,
        };
        match on {
            Scope::Global => true,
            Scope::Database { name, wildcard } => depth >= 1 && fits(name, *wildcard, probe.database),
            Scope::Table { database, table, wildcard } => {
                let column =
                    spec.columns.is_empty() || spec.columns.iter().any(|column| column == probe.column);
                let deep = depth >= if spec.columns.is_empty() { 2 } else { 3 };
                deep && column && database == probe.database && fits(table, *wildcard, probe.table)
            }
            Scope::Object { name, wildcard, .. } => depth == -1 && fits(name, *wildcard, probe.object),
        }
    }
}

/// Names that scopes may mention, and after them some that they do not.
pub(super) const DATABASES: [&str; 7] = ["a", "ab", "abc", "b", "az", "abz", "zz"];
pub(super) const TABLES: [&str; 5] = ["t", "ta", "u", "tz", "zz"];
pub(super) const COLUMNS: [&str; 3] = ["x", "y", "z"];
pub(super) const OBJECTS: [&str; 4] = ["o", "op", "oz", "zz"];
