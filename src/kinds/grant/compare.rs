//! The comparison of declared grants with the live ones, for all grantees at once.

use std::collections::{BTreeMap, BTreeSet};

use crate::kinds::World;
use crate::kinds::common::grants::{self, Grantee};
use crate::kinds::common::reads;
use crate::model::plan::AttrDiff;
use crate::model::registry::Entry;
use crate::model::snapshot::{Row, text, texts};
use crate::model::{Attrs, Snapshot, Value};
use crate::privileges::{
    Catalog, Declaration, Extra, Grant, GrantDiff, Mode, PrivilegeRow, RoleDiff, RoleGrant, ShowGrant,
    compare, compare_roles, parse_show_grants,
};

/// What differs, and what would mend it. It travels as the live attributes of the resource.
#[derive(Debug, Default, PartialEq)]
pub struct Comparison {
    /// What is declared and not granted, by grantee.
    pub missing: BTreeMap<String, Vec<String>>,
    /// What is granted and not declared, by grantee.
    pub extra: BTreeMap<String, Vec<String>>,
    /// The statements in their order.
    pub statements: Vec<String>,
    /// What a reviewer should know besides.
    pub notes: Vec<String>,
    /// Why there are no statements: what the server would refuse.
    pub problem: Option<String>,
    /// What was recorded, where it is not what is declared and decides what may go later.
    pub outdated: Vec<String>,
}

impl Comparison {
    /// Returns it as attributes.
    pub fn into_attrs(self) -> Attrs {
        let by_grantee = |map: BTreeMap<String, Vec<String>>| {
            Value::Map(map.into_iter().map(|(name, items)| (name, Value::strings(items))).collect())
        };
        let mut attrs = Attrs::from([
            ("missing".to_owned(), by_grantee(self.missing)),
            ("extra".to_owned(), by_grantee(self.extra)),
            ("statements".to_owned(), Value::strings(self.statements)),
        ]);
        let lists = [("notes", self.notes), ("outdated", self.outdated)];
        let lists = lists.into_iter().filter(|(_, items)| !items.is_empty());
        attrs.extend(lists.map(|(name, items)| (name.to_owned(), Value::strings(items))));
        attrs.extend(self.problem.map(|problem| ("problem".to_owned(), problem.into())));
        attrs
    }

    /// Returns what [`Comparison::into_attrs`] made attributes of.
    pub fn from_attrs(attrs: &Attrs) -> Self {
        let strings = |value: &Value| -> Vec<String> {
            value.items().iter().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let by_grantee = |name: &str| -> BTreeMap<String, Vec<String>> {
            let map = attrs.get(name).and_then(Value::as_map);
            map.map(|map| map.iter().map(|(key, value)| (key.clone(), strings(value))).collect())
                .unwrap_or_default()
        };
        Self {
            missing: by_grantee("missing"),
            extra: by_grantee("extra"),
            statements: attrs.get("statements").map(strings).unwrap_or_default(),
            notes: attrs.get("notes").map(strings).unwrap_or_default(),
            outdated: attrs.get("outdated").map(strings).unwrap_or_default(),
            problem: attrs.get("problem").and_then(Value::as_str).map(str::to_owned),
        }
    }

    /// Returns the differences for people: a line of what is missing and one of what is too much
    /// for each grantee.
    pub fn diff(&self) -> Vec<AttrDiff> {
        let missing = self.missing.iter().map(|(grantee, grants)| AttrDiff {
            attr: grantee.clone(),
            before: Value::Null,
            after: Value::strings(grants.iter().cloned()),
        });
        let extra = self.extra.iter().map(|(grantee, grants)| AttrDiff {
            attr: grantee.clone(),
            before: Value::strings(grants.iter().cloned()),
            after: Value::Null,
        });
        let problem = self.problem.iter().map(|problem| AttrDiff {
            attr: "problem".into(),
            before: Value::Null,
            after: problem.as_str().into(),
        });
        let outdated = (!self.outdated.is_empty() && self.statements.is_empty()).then(|| AttrDiff {
            attr: "recorded".into(),
            before: Value::strings(self.outdated.iter().cloned()),
            after: Value::Null,
        });
        extra.chain(missing).chain(problem).chain(outdated).collect()
    }

    fn add(&mut self, grantee: &str, privileges: &GrantDiff, roles: &RoleDiff) {
        let without = |extra: &Extra| format!("without {extra}");
        let missing = privileges.missing.iter().map(ToString::to_string);
        let missing = missing.chain(privileges.except.iter().map(without));
        let role = |grant: &RoleGrant| {
            let option = if grant.admin_option { " WITH ADMIN OPTION" } else { "" };
            format!("{}{option}", grant.role)
        };
        self.missing.add(grantee, missing.chain(roles.missing.iter().map(role)));
        let extra = privileges.extra.iter().map(ToString::to_string).chain(roles.extra.iter().cloned());
        let options = roles.extra_options.iter().map(|role| format!("ADMIN OPTION FOR {role}"));
        self.extra.add(grantee, extra.chain(options));
        self.statements.extend(privileges.statements(grantee));
        self.statements.extend(roles.statements(grantee));
        if !privileges.except.is_empty() {
            self.notes.push(format!(
                "ClickHouse has no GRANT … EXCEPT: {grantee} has what is left out until the REVOKE that follows"
            ));
        }
    }
}

/// Texts by grantee; a grantee without any is not in it.
trait Texts {
    fn add(&mut self, grantee: &str, texts: impl Iterator<Item = String>);
}

impl Texts for BTreeMap<String, Vec<String>> {
    fn add(&mut self, grantee: &str, texts: impl Iterator<Item = String>) {
        let mut texts = texts.peekable();
        if texts.peek().is_some() {
            self.entry(grantee.to_owned()).or_default().extend(texts);
        }
    }
}

/// The live grants by grantee, and the server's privileges.
pub struct Live {
    catalog: Catalog,
    lines: BTreeMap<String, Vec<ShowGrant>>,
    unreadable: BTreeMap<String, String>,
    grantees: BTreeSet<String>,
    ambiguous: BTreeSet<String>,
}

impl Live {
    /// Reads the server's privileges, and no grants.
    fn nobody(snapshot: &Snapshot) -> Self {
        Self {
            catalog: catalog(snapshot),
            lines: BTreeMap::new(),
            unreadable: BTreeMap::new(),
            grantees: BTreeSet::new(),
            ambiguous: BTreeSet::new(),
        }
    }

    /// Reads what was observed.
    pub fn of(snapshot: &Snapshot) -> Self {
        let names = |read: &str| -> BTreeSet<String> {
            snapshot.rows(read).iter().map(|row| text(row, "name").to_owned()).collect()
        };
        let (users, roles) = (names(reads::USERS), names(reads::ROLES));
        let mut live = Self {
            ambiguous: users.intersection(&roles).cloned().collect(),
            grantees: users.into_iter().chain(roles).collect(),
            ..Self::nobody(snapshot)
        };
        for row in snapshot.rows(super::GRANTS) {
            let line = row.values().find_map(serde_json::Value::as_str).unwrap_or_default();
            match parse_show_grants(line) {
                Ok(grant) => live.lines.entry(grant.grantee().to_owned()).or_default().push(grant),
                Err(error) => {
                    let grantee = line
                        .rsplit_once(" TO ")
                        .map_or("", |(_, tail)| tail.split(' ').next().unwrap_or(tail));
                    live.unreadable.insert(grantee.trim_matches('`').to_owned(), format!("{line}: {error}"));
                }
            }
        }
        live
    }

    /// Returns the server's privileges.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Returns the roles and users that are granted anything.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.lines.keys().map(String::as_str)
    }

    /// Returns the lines of a role or user, in order.
    pub fn lines(&self, name: &str) -> &[ShowGrant] {
        self.lines.get(name).map_or(&[], Vec::as_slice)
    }

    /// Compares declared grants. None where no grantee is there yet, or where nothing of an
    /// additive grant is.
    pub fn compare(&self, attrs: &Attrs, entry: Option<&Entry>, exempt: &Exempt) -> Option<Comparison> {
        let grantees = grants::grantees(attrs);
        if !grantees.iter().any(|grantee| self.grantees.contains(&grantee.name)) {
            return None;
        }
        let additive = grants::is_additive(attrs);
        // What was recorded matters only where all else is left alone.
        let ignoring = additive || grantees.iter().any(|grantee| grantee.ignore_unmanaged);
        let recorded = entry.filter(|_| ignoring).map(super::recorded_attrs);
        let recorded = recorded.map(|attrs| grants::grantees(&attrs)).unwrap_or_default();
        if additive {
            let comparison = self.all(&grantees, &recorded, Mode::Additive, &Exempt::default());
            return (entry.is_some() || comparison.statements.is_empty()).then_some(comparison);
        }
        Some(self.all(&grantees, &recorded, Mode::Whole, exempt))
    }

    /// Tells how to take away what was declared. What was managed whole goes with its grantee.
    pub fn compare_removed(&self, attrs: &Attrs, exempt: &Exempt) -> Option<Comparison> {
        let grantees = grants::grantees(attrs);
        if !grantees.iter().any(|grantee| self.grantees.contains(&grantee.name)) {
            return None;
        }
        if !grants::is_additive(attrs) {
            return Some(Comparison::default());
        }
        Some(self.all(&grantees, &[], Mode::Remove, exempt))
    }

    fn all(&self, grantees: &[Grantee], recorded: &[Grantee], mode: Mode, exempt: &Exempt) -> Comparison {
        let mut comparison = Comparison::default();
        for grantee in grantees {
            let exempt = exempt.get(&grantee.name).map_or(&[][..], Vec::as_slice);
            let mode = if grantee.ignore_unmanaged && mode == Mode::Whole { Mode::Additive } else { mode };
            let before = recorded.iter().find(|before| before.name == grantee.name);
            let before = before.filter(|_| mode == Mode::Additive);
            match self.one(grantee, before, mode, exempt) {
                Ok((privileges, roles)) => comparison.add(&grantee.name, &privileges, &roles),
                Err(problem) => {
                    comparison.problem = Some(format!("{} {}: {problem}", grantee.of.word(), grantee.name));
                }
            }
            let words = before.map(grants::words).filter(|words| *words != grants::words(grantee));
            comparison.outdated.extend(words.into_iter().flatten());
        }
        comparison
    }

    fn one(
        &self,
        grantee: &Grantee,
        before: Option<&Grantee>,
        mode: Mode,
        exempt: &[Grant],
    ) -> Result<(GrantDiff, RoleDiff), String> {
        let name = grantee.name.as_str();
        if self.ambiguous.contains(name) {
            return Err("a role and a user share this name, and SHOW GRANTS does not tell them apart".into());
        }
        if let Some(line) = self.unreadable.get(name) {
            return Err(format!("the server says {line}"));
        }
        let live = self.lines.get(name).map_or(&[][..], Vec::as_slice);
        let desired = grantee.privileges.iter().map(|declared| declared.parse().map_err(|e| e.to_string()));
        let desired = desired.collect::<Result<Vec<_>, _>>()?;
        let recorded = before.map(Grantee::grants).unwrap_or_default();
        let declaration = Declaration { desired: &desired, recorded: &recorded, exempt };
        let privileges =
            compare(&self.catalog, &declaration, live, mode).map_err(|error| error.to_string())?;
        let recorded = before.map(roles).unwrap_or_default();
        Ok((privileges, compare_roles(&roles(grantee), &recorded, live, &[], mode)))
    }
}

fn roles(grantee: &Grantee) -> Vec<RoleGrant> {
    let grant = |role: &String| RoleGrant { role: role.clone(), admin_option: grantee.admin.contains(role) };
    grantee.roles.iter().map(grant).collect()
}

/// Grants that are not too much, by grantee: additive resources declare them, or other scopes
/// recorded them.
pub type Exempt = BTreeMap<String, Vec<Grant>>;

/// Returns the exempt grants.
pub fn exempt(world: &World) -> Exempt {
    let declared = world.desired.resources.values().filter(|resource| resource.kind == grants::KIND);
    let declared = declared.filter(|resource| grants::is_additive(&resource.attrs));
    let declared = declared.flat_map(|resource| grants::grantees(&resource.attrs));
    let recorded = world.registry.others(grants::KIND).map(super::recorded_attrs);
    let recorded = recorded.filter(grants::is_additive).flat_map(|attrs| grants::grantees(&attrs));
    let mut exempt = Exempt::new();
    for other in declared.chain(recorded) {
        let grants = other.grants();
        exempt.entry(other.name).or_default().extend(grants);
    }
    exempt
}

/// Compares declared grants with grantees that are yet to be made.
pub fn of_nobody(attrs: &Attrs, snapshot: &Snapshot) -> Comparison {
    let mode = if grants::is_additive(attrs) { Mode::Additive } else { Mode::Whole };
    Live::nobody(snapshot).all(&grants::grantees(attrs), &[], mode, &Exempt::default())
}

/// Returns the privileges of the server.
pub fn catalog(snapshot: &Snapshot) -> Catalog {
    Catalog::new(snapshot.rows(super::PRIVILEGES).iter().map(privilege_row))
}

fn privilege_row(row: &Row) -> PrivilegeRow {
    let optional = |column: &str| row.get(column).and_then(serde_json::Value::as_str).map(str::to_owned);
    PrivilegeRow {
        privilege: text(row, "privilege").to_owned(),
        aliases: texts(row, "aliases"),
        level: optional("level"),
        parent_group: optional("parent_group"),
    }
}
