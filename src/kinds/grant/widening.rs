//! Where a change widens access: what a reviewer must not overlook.
//!
//! Judged is what comes to be and was not declared before. A new role's or user's own grants are creation; they are
//! only told where they are of a kind that is never ordinary: everything, other tenants, other servers, granting on.

use std::collections::BTreeSet;

use super::tenants::Tenants;
use crate::model::access::{Doing, GrantOption, Membership, Right, Widening, Widens, listed};
use crate::privileges::{Catalog, Doings, LeafSet, Place, Portion, Scope};

/// How many parts of a widening are told.
const TOLD: usize = 4;

/// What a change is judged by.
pub struct Judge<'a> {
    /// What is done with privileges.
    pub doings: &'a Doings,
    /// The server's privileges.
    pub catalog: &'a Catalog,
    /// Whose databases are whose.
    pub tenants: &'a Tenants,
    /// The tenant that the principal belongs to.
    pub tenant: Option<&'a str>,
    /// Whether the principal was there before and had been declared: that it has rights at all is no creation.
    pub settled: bool,
}

impl Judge<'_> {
    /// Returns the ways in which what is gained widens access, each once.
    pub fn widenings(&self, gained: &[&Portion], admin: &[&Membership]) -> Vec<Widening> {
        let mut found: Vec<(Widens, &Portion)> = Vec::new();
        for portion in gained {
            found.extend(self.ways(portion).into_iter().map(|way| (way, *portion)));
        }
        let ways: BTreeSet<Widens> = found.iter().map(|(way, _)| *way).collect();
        let mut widenings: Vec<Widening> = ways
            .into_iter()
            .map(|way| {
                let portions: Vec<&Portion> =
                    found.iter().filter(|(other, _)| *other == way).map(|(_, portion)| *portion).collect();
                self.widening(way, &portions)
            })
            .collect();
        if !admin.is_empty() {
            let roles: Vec<String> = admin.iter().map(|joined| joined.role.clone()).collect();
            let what = format!("grant role {} to others", listed(&roles, TOLD));
            widenings.push(Widening { way: Widens::GrantsOn, what, tenants: Vec::new() });
        }
        widenings
    }

    fn ways(&self, portion: &Portion) -> Vec<Widens> {
        let everything = self.is_everything(portion);
        let all = portion.privileges == ["ALL"];
        let has = |leaves: &LeafSet| !all && !portion.leaves.and(leaves).is_empty();
        let right = portion.option != GrantOption::Only;
        let crosses = right && !self.others(portion).is_empty();
        let doings = self.doings.all(&portion.leaves);
        let named = matches!(portion.scope, Scope::Database { .. } | Scope::Table { .. });
        let news = self.settled && right && named && !crosses && !all;
        let new = |doing: Doing| news && doings.contains(&doing) && !portion.before.contains(&doing);
        let reads = new(Doing::Read);
        let writes = [Doing::Write, Doing::ChangeSchema, Doing::Drop].into_iter().any(new);
        let ways = [
            (Widens::Reads, reads),
            (Widens::Writes, writes && !reads),
            (Widens::GrantsOn, portion.option != GrantOption::No),
            (Widens::Everything, right && everything),
            (Widens::ManagesAccess, right && has(&self.doings.manages)),
            (Widens::CrossesTenants, crosses),
            (Widens::LeavesServer, right && !all && doings.contains(&Doing::ReachOutside)),
            (Widens::ActsAsOthers, right && has(&self.doings.others)),
        ];
        ways.into_iter().filter(|(_, is)| *is).map(|(way, _)| way).collect()
    }

    /// Returns whether it is `ALL`, something on every database, or a right over the server.
    fn is_everything(&self, portion: &Portion) -> bool {
        let data = matches!(portion.scope, Scope::Global | Scope::Database { .. } | Scope::Table { .. });
        if data && portion.privileges == ["ALL"] {
            return true;
        }
        let counts = |leaf: usize| match self.doings.leaf(leaf) {
            Doing::ReachOutside | Doing::Use => false,
            Doing::Administer => !self.doings.manages.contains(leaf) && !self.doings.others.contains(leaf),
            // Temporary tables and functions have no narrower scope.
            _ => self.catalog.at_depth(1).contains(leaf),
        };
        portion.scope == Scope::Global && portion.leaves.iter().any(counts)
    }

    /// Returns the other tenants whose databases a portion reaches.
    fn others(&self, portion: &Portion) -> Vec<String> {
        let spared = |database: &str| {
            let is_it = |(scope, _): &Place| match scope {
                Scope::Database { name, wildcard: true } => database.starts_with(name.as_str()),
                Scope::Database { name, wildcard: false } => name == database,
                Scope::Global | Scope::Table { .. } | Scope::Object { .. } => false,
            };
            portion.except.iter().chain(&portion.unchanged).any(is_it)
        };
        let reached = self.tenants.reached(&portion.scope).into_iter();
        let others = reached.filter(|(tenant, database)| Some(*tenant) != self.tenant && !spared(database));
        others.map(|(tenant, _)| tenant.to_owned()).collect()
    }

    fn widening(&self, way: Widens, portions: &[&Portion]) -> Widening {
        let rights = super::access::rights(self.doings, portions.iter().copied());
        let words: Vec<String> = rights.iter().map(|right| right.words(false)).collect();
        let tenants: BTreeSet<String> = match way {
            Widens::CrossesTenants => portions.iter().flat_map(|portion| self.others(portion)).collect(),
            _ => BTreeSet::new(),
        };
        let mut what = words.iter().take(TOLD).cloned().collect::<Vec<_>>().join("; ");
        if words.len() > TOLD {
            what.push_str(&format!("; and {} more", words.len() - TOLD));
        }
        Widening { way, what, tenants: tenants.into_iter().collect() }
    }
}

/// Returns a portion as it is told.
pub fn right(doings: &Doings, portion: &Portion) -> Right {
    let places = |places: &[Place]| places.iter().map(place).collect();
    Right {
        does: doings.all(&portion.leaves),
        privileges: portion.privileges.clone(),
        on: vec![portion.scope.to_string()],
        except: places(&portion.except),
        unchanged: places(&portion.unchanged),
        grant_option: portion.option,
        through: portion.through.clone(),
    }
}

fn place((scope, column): &Place) -> String {
    match column {
        Some(column) => format!("{scope}({})", crate::privileges::quote_if_needed(column)),
        None => scope.to_string(),
    }
}
