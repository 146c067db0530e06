//! What the grants of a plan come to: for each role and user that they change, its effective access before and after.
//!
//! Before is what the server says. After is the same with the statements of all steps replayed, exactly those that an
//! apply would run. Only principals that a step names are looked at; who holds a changed role is named with it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::compare::Live;
use super::holes;
use super::tenants::Tenants;
use super::widening::{self, Judge};
use crate::kinds::common::grants::{self, GranteeType, KIND};
use crate::kinds::common::reads;
use crate::kinds::{Effects, World};
use crate::model::access::{AccessChange, Fate, GrantOption, Holders, Membership, Principal, Right};
use crate::model::registry::Status;
use crate::model::snapshot::{Snapshot, text};
use crate::model::{Action, Op, Step};
use crate::privileges::{
    Compare, Doings, Effect, Portion, ShowGrant, Source, Statement, Verb, memberships, parse_show_grants,
};

/// How many holders of a role are named.
const NAMED: usize = 4;

/// Returns what the steps of a plan do to access.
pub fn effects(steps: &[Step], world: &World) -> Effects {
    let changed = Changed::of(steps, world);
    if changed.principals.is_empty() {
        return Effects::default();
    }
    let live = Live::of(world.snapshot);
    let book = Book { live: &live, changed: &changed };
    let mut report = Report {
        members: book.members(),
        compare: Compare::new(live.catalog()),
        users: names(world.snapshot, reads::USERS),
        roles: names(world.snapshot, reads::ROLES),
        holes: Vec::new(),
        book,
        tenants: Tenants::of(world),
    };
    let changes = changed.principals.iter().filter_map(|(name, touched)| report.change(name, touched));
    let changes = changes.collect();
    let findings = holes::in_a_plan(&report.holes);
    Effects { changes, findings }
}

fn names<'a>(snapshot: &'a Snapshot, read: &str) -> BTreeSet<&'a str> {
    snapshot.rows(read).iter().map(|row| text(row, "name")).collect()
}

/// What the steps do to one role or user.
#[derive(Default)]
struct Touched<'a> {
    /// The first step that does.
    step: Option<&'a Step>,
    of: Option<Principal>,
    lines: Vec<ShowGrant>,
    dropped: bool,
    unread: Vec<String>,
    /// What was declared when it was last applied: it is no news.
    recorded: Vec<ShowGrant>,
    /// Whether it is managed whole and was not applied yet.
    first: bool,
    /// The privileges that are declared for it on single scopes.
    declared: Vec<grants::Declared>,
}

/// The roles and users that the steps change, by name.
struct Changed<'a> {
    principals: BTreeMap<String, Touched<'a>>,
}

impl<'a> Changed<'a> {
    fn of(steps: &'a [Step], world: &World) -> Self {
        let mut changed = Self { principals: BTreeMap::new() };
        for step in steps {
            match step.kind.as_str() {
                KIND => changed.grants(step, world),
                kind if step.action == Action::Delete && principal(kind).is_some() => {
                    let touched = changed.touched(&step.identity, step);
                    (touched.dropped, touched.of, touched.step) = (true, principal(kind), Some(step));
                }
                _ => {}
            }
        }
        changed
    }

    fn touched(&mut self, name: &str, step: &'a Step) -> &mut Touched<'a> {
        let touched = self.principals.entry(name.to_owned()).or_default();
        touched.step = touched.step.or(Some(step));
        touched
    }

    /// Takes the statements of a step, and what is known of those that it is about.
    fn grants(&mut self, step: &'a Step, world: &World) {
        for op in &step.ops {
            let Op::Sql(sql) = op else { continue };
            match parse_show_grants(&sql.statement) {
                Ok(line) => {
                    let name = line.grantee().to_owned();
                    self.touched(&name, step).lines.push(line);
                }
                Err(_) => self.touched(&step.identity, step).unread.push(sql.statement.clone()),
            }
        }
        let entry = world.registry.mine(KIND, &step.identity).filter(|entry| entry.status == Status::Applied);
        let recorded = entry.map(super::recorded_attrs).unwrap_or_default();
        let wanted = world.desired.resources.get(&step.addr).map(|resource| &resource.attrs);
        let whole = wanted.is_some_and(|attrs| !grants::is_additive(attrs));
        for grantee in grants::grantees(&recorded) {
            let Some(touched) = self.principals.get_mut(&grantee.name) else { continue };
            touched.of = touched.of.or(Some(of_type(grantee.of)));
            touched.recorded.extend(lines_of(&grantee));
        }
        for grantee in wanted.map(grants::grantees).unwrap_or_default() {
            let Some(touched) = self.principals.get_mut(&grantee.name) else { continue };
            touched.of = touched.of.or(Some(of_type(grantee.of)));
            touched.first |= whole && entry.is_none();
            touched.declared.extend(grantee.privileges);
        }
    }
}

fn principal(kind: &str) -> Option<Principal> {
    [Principal::Role, Principal::User].into_iter().find(|of| of.word() == kind)
}

fn of_type(of: GranteeType) -> Principal {
    match of {
        GranteeType::Role => Principal::Role,
        GranteeType::User => Principal::User,
    }
}

/// Returns what was recorded for a grantee as lines.
fn lines_of(grantee: &grants::Grantee) -> Vec<ShowGrant> {
    let name = &grantee.name;
    let statements = grantee.grants().into_iter().flat_map(|grant| Statement::declaring(&grant));
    let granted = statements.map(|statement| ShowGrant::Privileges { statement, grantee: name.clone() });
    let roles = grantee.roles.iter().map(|role| ShowGrant::Roles {
        verb: Verb::Grant,
        roles: vec![role.clone()],
        admin_option: grantee.admin.contains(role),
        grantee: name.clone(),
    });
    granted.chain(roles).collect()
}

/// When something is asked of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    Before,
    After,
}

/// Who is granted what, before and after the steps.
struct Book<'a> {
    live: &'a Live,
    changed: &'a Changed<'a>,
}

impl<'a> Book<'a> {
    fn lines(&self, name: &str, when: When) -> impl Iterator<Item = &'a ShowGrant> + use<'a> {
        let touched = self.changed.principals.get(name).filter(|_| when == When::After);
        let gone = touched.is_some_and(|touched| touched.dropped);
        let live = if gone { &[] } else { self.live.lines(name) };
        live.iter().chain(touched.map_or(&[][..], |touched| &touched.lines))
    }

    /// Returns the roles that somebody is granted itself.
    fn roles(&self, name: &str, when: When) -> BTreeMap<String, bool> {
        let mut roles = memberships(self.lines(name, when));
        roles.retain(|role, _| when == When::Before || !self.is_dropped(role));
        roles
    }

    fn is_dropped(&self, name: &str) -> bool {
        self.changed.principals.get(name).is_some_and(|touched| touched.dropped)
    }

    /// Returns all roles that are reached from some.
    fn closure(&self, roles: impl IntoIterator<Item = String>, when: When) -> BTreeSet<String> {
        let mut open: Vec<String> = roles.into_iter().collect();
        let mut all = BTreeSet::new();
        while let Some(role) = open.pop() {
            if !all.contains(&role) {
                open.extend(self.roles(&role, when).into_keys());
                all.insert(role);
            }
        }
        all
    }

    /// Returns the members of each role after the steps; of one that goes, those that it had.
    fn members(&self) -> HashMap<String, Vec<&'a str>> {
        let mut members: HashMap<String, Vec<&'a str>> = HashMap::new();
        let names: BTreeSet<&'a str> =
            self.live.names().chain(self.changed.principals.keys().map(String::as_str)).collect();
        for name in names {
            let mut roles = self.roles(name, When::After);
            let before = self.roles(name, When::Before);
            roles.extend(before.into_iter().filter(|(role, _)| self.is_dropped(role)));
            for role in roles.into_keys() {
                members.entry(role).or_default().push(name);
            }
        }
        members
    }
}

/// The report in the making.
struct Report<'a> {
    book: Book<'a>,
    compare: Compare<'a>,
    tenants: Tenants,
    users: BTreeSet<&'a str>,
    roles: BTreeSet<&'a str>,
    members: HashMap<String, Vec<&'a str>>,
    holes: Vec<holes::Found>,
}

impl Report<'_> {
    fn change(&mut self, name: &str, touched: &Touched) -> Option<AccessChange> {
        let step = touched.step?;
        let of = touched.of.unwrap_or_else(|| self.kind_of(name));
        let effect = self.effect(name, touched);
        let (before, after) = (self.book.roles(name, When::Before), self.book.roles(name, When::After));
        let (joins, leaves) = (newly(&after, &before), newly(&before, &after));
        let exists =
            if of == Principal::User { self.users.contains(name) } else { self.roles.contains(name) };
        let fate = match (touched.dropped, exists) {
            (true, _) => Fate::Removed,
            (false, true) => Fate::Changed,
            (false, false) => Fate::New,
        };
        let tenant = self.tenants.of_principal(of, name).map(str::to_owned);
        let judge = Judge {
            doings: &self.compare.doings,
            catalog: self.compare.catalog(),
            tenants: &self.tenants,
            tenant: tenant.as_deref(),
            settled: fate == Fate::Changed && !touched.first,
        };
        // What comes through a role that changes itself is told with that role.
        let own = effect.fresh.iter().filter(|portion| !self.is_told(&portion.through, &joins));
        let own: Vec<&Portion> = own.collect();
        let recorded: BTreeMap<String, bool> = memberships(&touched.recorded);
        let admin: Vec<&Membership> = joins
            .iter()
            .filter(|joined| joined.admin_option && recorded.get(&joined.role) != Some(&true))
            .collect();
        let widens = judge.widenings(&own, &admin);
        if let Some(tenant) = &tenant {
            self.holes.extend(holes::found(
                self.compare.catalog(),
                tenant,
                &step.addr,
                &touched.declared,
                &own,
            ));
        }
        let ordinary = fate == Fate::New
            && widens.is_empty()
            && tenant.as_deref().is_some_and(|tenant| self.is_at_home(tenant, &effect.gains));
        Some(AccessChange {
            addr: step.addr.clone(),
            principal: name.to_owned(),
            of,
            tenant,
            fate,
            ordinary,
            gains: rights(&self.compare.doings, &effect.gains),
            loses: rights(&self.compare.doings, &effect.loses),
            joins,
            leaves,
            widens,
            held_by: if of == Principal::Role { self.holders(name) } else { Holders::default() },
            unread: touched.unread.clone(),
        })
    }

    fn kind_of(&self, name: &str) -> Principal {
        if self.users.contains(name) { Principal::User } else { Principal::Role }
    }

    fn effect(&mut self, name: &str, touched: &Touched) -> Effect {
        let book = &self.book;
        let side = |when: When| -> Vec<(Option<String>, Vec<&ShowGrant>)> {
            let roles = book.closure(book.roles(name, when).into_keys(), when);
            let own = (None, book.lines(name, when).collect());
            let through = roles.into_iter().map(|role| {
                let lines = book.lines(&role, when).collect();
                (Some(role), lines)
            });
            std::iter::once(own).chain(through).collect()
        };
        let recorded: Vec<(Option<String>, Vec<&ShowGrant>)> = if touched.recorded.is_empty() {
            Vec::new()
        } else {
            let roles = book.closure(memberships(&touched.recorded).into_keys(), When::After);
            let through = roles.iter().map(|role| (None, book.lines(role, When::After).collect()));
            std::iter::once((None, touched.recorded.iter().collect())).chain(through).collect()
        };
        let (before, after) = (side(When::Before), side(When::After));
        let [before, after, recorded] = [&before, &after, &recorded].map(|side| sources(side));
        self.compare.effect(&before, &after, &recorded)
    }

    /// Returns whether something comes through roles alone that the plan changes themselves: such that
    /// it makes, or such that are not new to the one that holds them.
    fn is_told(&self, through: &[String], joins: &[Membership]) -> bool {
        let told = |role: &String| {
            let touched = self.book.changed.principals.get(role);
            let changes = touched.is_some_and(|touched| !touched.lines.is_empty());
            changes && (joins.is_empty() || !self.roles.contains(role.as_str()))
        };
        !through.is_empty() && through.iter().all(told)
    }

    /// Returns whether rights are on the databases of a tenant, and on nothing else.
    fn is_at_home(&self, tenant: &str, gains: &[Portion]) -> bool {
        gains.iter().all(|portion| self.tenants.is_home(tenant, &portion.scope))
    }

    /// Returns the users that hold a role, also through other roles.
    fn holders(&self, role: &str) -> Holders {
        let (mut open, mut seen) = (vec![role], BTreeSet::new());
        while let Some(role) = open.pop() {
            for member in self.members.get(role).into_iter().flatten() {
                if seen.insert(*member) {
                    open.push(member);
                }
            }
        }
        let is_user = |name: &&str| {
            let of = self.book.changed.principals.get(*name).and_then(|touched| touched.of);
            of.unwrap_or_else(|| self.kind_of(name)) == Principal::User
        };
        let users: Vec<&str> = seen.into_iter().filter(is_user).collect();
        Holders { count: users.len(), users: users.into_iter().take(NAMED).map(str::to_owned).collect() }
    }
}

fn sources<'a>(side: &'a [(Option<String>, Vec<&'a ShowGrant>)]) -> Vec<Source<'a>> {
    side.iter().map(|(role, lines)| Source { role: role.as_deref(), lines: lines.clone() }).collect()
}

/// Returns the memberships that one side has and the other has not, or has without the admin option.
fn newly(has: &BTreeMap<String, bool>, lacks: &BTreeMap<String, bool>) -> Vec<Membership> {
    let new = has.iter().filter(|(role, admin)| lacks.get(*role).is_none_or(|other| **admin && !other));
    new.map(|(role, admin)| Membership { role: role.clone(), admin_option: *admin }).collect()
}

/// Returns portions as they are told: privileges on the same place together, then places with the
/// same privileges. What has exceptions stands alone.
pub(super) fn rights<'p>(doings: &Doings, portions: impl IntoIterator<Item = &'p Portion>) -> Vec<Right> {
    let all = portions.into_iter().map(|portion| widening::right(doings, portion)).collect();
    let by_place = merged(
        all,
        |right| right.on.clone(),
        |into, right| {
            into.privileges.extend(right.privileges);
            into.does.extend(right.does);
            into.does.sort_unstable();
            into.does.dedup();
        },
    );
    merged(by_place, |right| right.privileges.clone(), |into, right| into.on.extend(right.on))
}

/// Joins rights that are alike in some respect, in the grant option and in the way that they come.
fn merged(
    rights: Vec<Right>,
    respect: impl Fn(&Right) -> Vec<String>,
    join: impl Fn(&mut Right, Right),
) -> Vec<Right> {
    let mut index: HashMap<(Vec<String>, GrantOption, Vec<String>), usize> = HashMap::new();
    let mut all: Vec<Right> = Vec::new();
    for right in rights {
        if !right.except.is_empty() || !right.unchanged.is_empty() {
            all.push(right);
            continue;
        }
        let key = (respect(&right), right.grant_option, right.through.clone());
        match index.get(&key) {
            Some(at) => join(&mut all[*at], right),
            None => {
                index.insert(key, all.len());
                all.push(right);
            }
        }
    }
    all
}
