//! Where a change widens access: what a reviewer must not overlook.
//!
//! Judged is what comes to be and was not declared before. A new role's or user's own grants are creation; they are
//! only told where they are of a kind that is never ordinary: everything, other tenants, other servers, granting on.

use std::collections::{BTreeMap, BTreeSet};

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
        let mut found: BTreeMap<Widens, Vec<Portion>> = BTreeMap::new();
        for portion in gained {
            for (way, leaves) in self.ways(portion) {
                found.entry(way).or_default().push(self.narrowed(portion, way, &leaves));
            }
        }
        let mut widenings: Vec<Widening> =
            found.iter().map(|(way, portions)| self.widening(*way, portions)).collect();
        if !admin.is_empty() {
            let roles: Vec<String> = admin.iter().map(|joined| joined.role.clone()).collect();
            let what = format!("grant role {} to others", listed(&roles, TOLD));
            widenings.push(Widening { way: Widens::GrantsOn, what, tenants: Vec::new() });
        }
        widenings
    }

    /// Returns the ways in which a portion widens access, with the privileges that do.
    fn ways(&self, portion: &Portion) -> Vec<(Widens, LeafSet)> {
        let leaves = &portion.leaves;
        if portion.option == GrantOption::Only {
            return vec![(Widens::GrantsOn, leaves.clone())];
        }
        let none = || LeafSet::empty(self.catalog.len());
        let of = |doing: Doing| self.only(leaves, |leaf| self.doings.leaf(leaf) == doing);
        let crosses = if self.others(portion).is_empty() { none() } else { leaves.clone() };
        let named = matches!(portion.scope, Scope::Database { .. } | Scope::Table { .. });
        let news = self.settled && named && crosses.is_empty() && !portion.everything;
        let new = |doing: Doing| if news && !portion.before.contains(&doing) { of(doing) } else { none() };
        // A tenant's own database is what it is for; there it widens that it did no more than read before.
        let home = self.tenant.is_some_and(|tenant| self.tenants.is_home(tenant, &portion.scope));
        let reads = if home { none() } else { new(Doing::Read) };
        let mut writes = none();
        if !home || portion.before.contains(&Doing::Read) {
            let changes = [Doing::Write, Doing::ChangeSchema, Doing::Drop];
            changes.into_iter().for_each(|doing| writes.extend(&new(doing)));
        }
        // A new database is told once, with all that comes.
        let (reads, writes) = if reads.is_empty() { (reads, writes) } else { (leaves.clone(), none()) };
        let some = |is: bool, leaves: LeafSet| if is { leaves } else { none() };
        let options = portion.option != GrantOption::No;
        let ways = [
            (Widens::Reads, reads),
            (Widens::Writes, writes),
            (Widens::GrantsOn, some(options, leaves.clone())),
            (Widens::Everything, self.everything(portion)),
            (Widens::ManagesAccess, some(!portion.everything, leaves.and(&self.doings.manages))),
            (Widens::CrossesTenants, crosses),
            (Widens::LeavesServer, some(!portion.everything, of(Doing::ReachOutside))),
            (Widens::ActsAsOthers, some(!portion.everything, leaves.and(&self.doings.others))),
        ];
        ways.into_iter().filter(|(_, leaves)| !leaves.is_empty()).collect()
    }

    /// Returns what is `ALL`, on every database, or a right over the server.
    fn everything(&self, portion: &Portion) -> LeafSet {
        if portion.everything {
            return portion.leaves.clone();
        }
        let counts = |leaf: usize| match self.doings.leaf(leaf) {
            Doing::ReachOutside | Doing::Use => false,
            Doing::Administer => !self.doings.manages.contains(leaf) && !self.doings.others.contains(leaf),
            // Temporary tables and functions have no narrower scope.
            _ => self.catalog.at_depth(1).contains(leaf),
        };
        match portion.scope {
            Scope::Global => self.only(&portion.leaves, counts),
            _ => LeafSet::empty(self.catalog.len()),
        }
    }

    fn only(&self, leaves: &LeafSet, keep: impl Fn(usize) -> bool) -> LeafSet {
        let mut kept = LeafSet::empty(self.catalog.len());
        leaves.iter().filter(|leaf| keep(*leaf)).for_each(|leaf| kept.insert(leaf));
        kept
    }

    /// Returns a portion with no more than what widens access.
    fn narrowed(&self, portion: &Portion, way: Widens, leaves: &LeafSet) -> Portion {
        if way == Widens::Everything && portion.everything {
            return Portion { privileges: vec!["ALL".into()], ..portion.clone() };
        }
        let counts = |word: &&String| {
            let name = word.split('(').next().unwrap_or_default();
            let id = self.catalog.find(name.strip_suffix(" itself").unwrap_or(name));
            id.is_none_or(|id| !self.catalog.leaves(id).and(leaves).is_empty())
        };
        let privileges = portion.privileges.iter().filter(counts).cloned().collect();
        Portion { privileges, leaves: leaves.clone(), ..portion.clone() }
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

    fn widening(&self, way: Widens, portions: &[Portion]) -> Widening {
        let rights = super::access::rights(self.doings, portions);
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
