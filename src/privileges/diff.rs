//! The statements that lead from live rights to declared ones, proved by replaying them.
//!
//! First choice: `GRANT` what is missing, then `REVOKE` what is too much, each where it was granted. Where a revoke would
//! take declared rights along (live `INSERT ON d.*`, declared `INSERT ON d.t`), everything declared is granted in one
//! statement `WITH REPLACE OPTION`, which the server does in one update of the grantee. That statement has one grant
//! option for all, so options that differ follow in a second statement: rights are never interrupted.

use std::fmt;

use super::access::AccessSet;
use super::catalog::Catalog;
use super::error::DiffError;
use super::grant::Grant;
use super::points::Universe;
use super::regroup::{clip, restored, superfluous, words};
use super::resolve::{Reading, validate};
use super::show::ShowGrant;
use super::statement::{Element, Statement, Verb};

/// How deep grants within exceptions within grants may be nested.
const NESTED: usize = 4;

/// What a declaration says about the rights that it does not mention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The grantee is managed whole: they are too much, unless exempt.
    Whole,
    /// The grantee belongs to somebody else, or was told to be left alone: they stay, but for what was recorded.
    Additive,
    /// The declared grants are to be taken away; all others stay, exempt ones among them.
    Remove,
}

/// Right, or only its grant option, that is too much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extra {
    /// Privileges on the scope that they were granted on.
    pub grant: Grant,
    /// Whether the right itself stays.
    pub option_only: bool,
}

/// Difference of a grantee's live rights from the declared ones.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GrantDiff {
    /// What is missing, in the words and on the scopes of the declaration.
    pub missing: Vec<Grant>,
    /// What is too much, on the scopes where it was granted.
    pub extra: Vec<Extra>,
    /// What a new grant would take along and is revoked right after it: parts that the declaration leaves out.
    pub except: Vec<Extra>,
    steps: Vec<Statement>,
}

impl GrantDiff {
    /// Tells whether nothing is to be done.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Returns the statements, in the order in which they must run.
    pub fn steps(&self) -> &[Statement] {
        &self.steps
    }

    /// Tells whether the grantee's privileges are replaced as a whole.
    pub fn replaces(&self) -> bool {
        self.steps.iter().any(|step| step.replace)
    }

    /// Returns the statements as SQL for one user or role, in the order in which they must run.
    pub fn statements(&self, grantee: &str) -> Vec<String> {
        self.steps.iter().map(|step| step.sql(grantee)).collect()
    }
}

impl fmt::Display for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.option_only { "GRANT OPTION FOR " } else { "" })?;
        write!(f, "{}", Grant { grant_option: false, ..self.grant.clone() })
    }
}

/// Both sides of a comparison besides the live one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Declaration<'a> {
    /// What is declared.
    pub desired: &'a [Grant],
    /// What was declared when it was last applied; it matters in [`Mode::Additive`] only, where all that is in it and not
    /// declared any more is too much. Words that the server no longer knows count for nothing.
    pub recorded: &'a [Grant],
    /// What others have registered for this grantee: where it is live, it is not too much.
    pub exempt: &'a [Grant],
}

/// Compares the declared grants of one grantee with its lines of `SHOW GRANTS`, of which those about roles are skipped.
///
/// `exempt` are grants that others have registered for this grantee: where they are live, they are not too much.
///
/// # Errors
/// Returns the first declared privilege that the server would refuse, a live privilege that the catalog does not know, or
/// what no statements could mend.
pub fn diff(
    catalog: &Catalog,
    desired: &[Grant],
    live: &[ShowGrant],
    exempt: &[Grant],
    mode: Mode,
) -> Result<GrantDiff, DiffError> {
    compare(catalog, &Declaration { desired, recorded: &[], exempt }, live, mode)
}

/// Compares as [`diff`] does, and knows what was declared before.
///
/// # Errors
/// As for [`diff`].
pub fn compare(
    catalog: &Catalog,
    declaration: &Declaration<'_>,
    live: &[ShowGrant],
    mode: Mode,
) -> Result<GrantDiff, DiffError> {
    if mode != Mode::Remove {
        check(catalog, declaration.desired)?;
    }
    let recorded = if mode == Mode::Additive { declaration.recorded } else { &[] };
    let declaration = &Declaration { recorded, ..*declaration };
    let stated = Stated::of(declaration);
    let live: Vec<_> = live.iter().filter_map(privileges).collect();
    let all = || stated.all().chain(live.iter().copied());
    let reading = Reading::new(catalog, live.iter().copied(), all());
    if let Some(name) = live.iter().find_map(|statement| reading.unknown(statement)) {
        return Err(DiffError::LiveUnknown { name: name.to_owned() });
    }
    let universe = Universe::new(all().flat_map(scopes));
    let sides = Sides::new(&reading, &universe, declaration, &stated, &live);
    match mode {
        Mode::Whole => sides.whole(),
        Mode::Additive => sides.additive(),
        Mode::Remove => sides.remove(),
    }
}

/// The declaration as statements.
struct Stated {
    desired: Vec<Statement>,
    excepted: Vec<Statement>,
    recorded: Vec<Statement>,
    exempt: Vec<Statement>,
    /// What recorded and exempt grants leave out: it is only looked at.
    others_except: Vec<Statement>,
}

impl Stated {
    fn of(declaration: &Declaration<'_>) -> Self {
        let Declaration { desired, recorded, exempt } = declaration;
        let granting = |grants: &[Grant]| grants.iter().map(Statement::granting).collect();
        Self {
            desired: granting(desired),
            excepted: desired.iter().flat_map(Statement::excepting).collect(),
            recorded: granting(recorded),
            exempt: granting(exempt),
            others_except: recorded.iter().chain(*exempt).flat_map(Statement::excepting).collect(),
        }
    }

    fn all(&self) -> impl Iterator<Item = &Statement> {
        let grants = self.desired.iter().chain(&self.recorded).chain(&self.exempt);
        grants.chain(&self.excepted).chain(&self.others_except)
    }
}

fn check(catalog: &Catalog, desired: &[Grant]) -> Result<(), DiffError> {
    for (grant, declared) in desired.iter().enumerate() {
        if let Some((privilege, error)) = validate(catalog, declared).into_iter().next() {
            return Err(DiffError::Declared { grant, privilege, error });
        }
    }
    Ok(())
}

fn privileges(show: &ShowGrant) -> Option<&Statement> {
    match show {
        ShowGrant::Privileges { statement, .. } => Some(statement),
        ShowGrant::Roles { .. } => None,
    }
}

/// Returns the scopes of a statement with the columns of each privilege.
pub(super) fn scopes(statement: &Statement) -> impl Iterator<Item = (&super::Scope, &[String])> {
    let specs = statement
        .elements
        .iter()
        .flat_map(|element| element.privileges.iter().map(|spec| (&element.on, spec)));
    specs.map(|(scope, spec)| (scope, spec.columns.as_slice()))
}

/// All that one comparison looks at.
struct Sides<'a> {
    reading: &'a Reading<'a>,
    universe: &'a Universe<'a>,
    stated: &'a Stated,
    grants: &'a [Grant],
    desired: &'a [Statement],
    live: &'a [&'a Statement],
    exempt: &'a [Statement],
    has: AccessSet,
    wants: AccessSet,
    recorded: AccessSet,
    exempted: AccessSet,
}

impl<'a> Sides<'a> {
    fn new(
        reading: &'a Reading<'a>,
        universe: &'a Universe<'a>,
        declaration: &Declaration<'a>,
        stated: &'a Stated,
        live: &'a [&'a Statement],
    ) -> Self {
        let set = |grants: &[Grant]| AccessSet::declared(reading, universe, grants);
        Self {
            reading,
            universe,
            stated,
            grants: declaration.desired,
            desired: &stated.desired,
            live,
            exempt: &stated.exempt,
            has: AccessSet::of(reading, universe, live.iter().copied()),
            wants: set(declaration.desired),
            recorded: set(declaration.recorded),
            exempted: set(declaration.exempt),
        }
    }

    fn whole(&self) -> Result<GrantDiff, DiffError> {
        let target = self.wants.union(&self.has.intersection(&self.exempted));
        if self.has == target {
            return Ok(GrantDiff::default());
        }
        let mut diff = self.mended(&target, &[]);
        if self.ends_at(&diff.steps, &target) && (target.is_empty() || !self.takes_sources(&diff.steps)) {
            return Ok(diff);
        }
        diff.steps = match self.again(&diff.steps, &target) {
            // Where nothing was granted before, nothing is interrupted.
            again if self.has.is_empty() && self.ends_at(&again, &target) => again,
            _ => self.replacement(&target),
        };
        self.proved(diff, &target)
    }

    /// Grants what is missing, then revokes what is too much, and what the grants took along.
    ///
    /// It is revoked on the scopes of `first`, if they have it, or else where it was granted.
    fn mended(&self, target: &AccessSet, first: &[Statement]) -> GrantDiff {
        let missing = self.missing(&self.has);
        let extra = self.superfluous(first, target, self.has.extra(target));
        let mut steps = grants(&missing);
        let closing = self.superfluous(first, target, self.after(&steps).extra(target));
        steps.extend(revokes(&closing));
        let except: Vec<_> = closing.into_iter().filter(|closing| !extra.contains(closing)).collect();
        if !except.is_empty()
            && let Some(narrow) = self.narrowly(target, first)
        {
            return narrow;
        }
        GrantDiff { missing, extra, except, steps }
    }

    /// Mends without opening what is left out, if all that is missing lies where something was revoked: it is granted
    /// there.
    fn narrowly(&self, target: &AccessSet, first: &[Statement]) -> Option<GrantDiff> {
        let revoked = self.live.iter().copied().filter(|statement| statement.verb != Verb::Grant);
        let lost = target.extra(&self.has);
        let missing = restored(self.reading, self.universe, revoked, &lost, target);
        let extra = self.superfluous(first, target, self.has.extra(target));
        let mut steps = grants(&missing);
        steps.extend(revokes(&extra));
        self.ends_at(&steps, target).then_some(GrantDiff { missing, extra, except: Vec::new(), steps })
    }

    /// Returns what `has` lacks of what is declared, in the words of the declaration.
    fn missing(&self, has: &AccessSet) -> Vec<Grant> {
        if self.stated.excepted.is_empty() {
            return words(self.reading, self.universe, self.desired, has);
        }
        // What a grant leaves out it does not lack, and does not give.
        let (mut has, mut missing) = (has.clone(), Vec::<Grant>::new());
        for (grant, statement) in self.grants.iter().zip(self.desired) {
            let own = AccessSet::declared(self.reading, self.universe, [grant]);
            let without = AccessSet::of(self.reading, self.universe, [statement]).extra(&own);
            let lacking = std::slice::from_ref(statement);
            missing.extend(words(self.reading, self.universe, lacking, &has.union(&without)));
            has = has.union(&own);
        }
        missing
    }

    fn superfluous(&self, first: &[Statement], target: &AccessSet, extra: AccessSet) -> Vec<Extra> {
        let scopes = first.iter().chain(self.granted()).chain(&self.stated.excepted).chain(self.desired);
        superfluous(self.reading, self.universe, (&self.stated.excepted, target), scopes, extra)
    }

    /// Adds the grants of what the steps took along, and the revokes of what those take along, as deep as exceptions and
    /// grants within them are nested.
    fn again(&self, steps: &[Statement], target: &AccessSet) -> Vec<Statement> {
        let mut again = steps.to_vec();
        for _ in 0..NESTED {
            let missing = self.missing(&self.after(&again));
            if missing.is_empty() {
                break;
            }
            again.extend(grants(&missing));
            let over = self.after(&again).extra(target);
            again.extend(revokes(&self.superfluous(&[], target, over)));
        }
        again
    }

    fn additive(&self) -> Result<GrantDiff, DiffError> {
        let gone = self.recorded.extra(&self.wants).extra(&self.exempted);
        let target = self.has.extra(&gone).without_idle_options().union(&self.wants);
        if self.has == target {
            return Ok(GrantDiff::default());
        }
        let mut diff = self.mended(&target, &self.stated.recorded);
        let as_granted = self.mended(&target, &[]).steps;
        let mut and_again = self.again(&diff.steps, &target);
        let lost = target.extra(&self.after(&and_again));
        // A grant option that others gave stays where the right is declared without it.
        let scopes = self.others().chain(self.desired);
        and_again.extend(grants(&restored(self.reading, self.universe, scopes, &lost, &target)));
        diff.steps = self.first_that_ends_at([diff.steps.clone(), as_granted, and_again], &target);
        self.proved(diff, &target)
    }

    fn remove(&self) -> Result<GrantDiff, DiffError> {
        let gone = self.wants.extra(&self.exempted);
        let target = self.has.extra(&gone).without_idle_options();
        let surplus = self.has.extra(&target);
        let extra = superfluous(self.reading, self.universe, (&[], &target), self.desired, surplus.clone());
        let as_declared: Vec<_> = revokes(&extra).collect();
        let as_granted = superfluous(self.reading, self.universe, (&[], &target), self.granted(), surplus);
        let as_granted: Vec<_> = revokes(&as_granted).collect();
        // A revoke on a wide scope takes what others have registered below it: that is granted again.
        let mut and_again = as_declared.clone();
        let lost = target.extra(&self.after(&as_declared));
        and_again.extend(grants(&restored(self.reading, self.universe, self.others(), &lost, &target)));
        let steps = self.first_that_ends_at([as_declared, as_granted, and_again], &target);
        self.proved(GrantDiff { extra, steps, ..GrantDiff::default() }, &target)
    }

    /// Grants everything anew in one statement, then the options and the partial revokes that it cannot hold.
    fn replacement(&self, target: &AccessSet) -> Vec<Statement> {
        let (reading, universe) = (self.reading, self.universe);
        let mut exact = self.desired.to_vec();
        exact.extend(grants(&restored(reading, universe, self.others(), &target.extra(&self.wants), target)));
        // Exempt rights may be live in a part that only a grant and a narrower revoke can say.
        let with = |more: Vec<Statement>| exact.iter().cloned().chain(more).collect::<Vec<_>>();
        let as_granted = with(clip(reading, universe, self.granted(), target));
        let as_exempt = with(clip(reading, universe, self.exempt, target));
        let tries = [exact.clone(), as_granted, as_exempt].map(|wanted| self.replacing(&wanted, target));
        self.first_that_ends_at(tries, target)
    }

    fn replacing(&self, wanted: &[Statement], target: &AccessSet) -> Vec<Statement> {
        let (reading, universe) = (self.reading, self.universe);
        let grant_option = !wanted.is_empty() && wanted.iter().all(|statement| statement.grant_option);
        let plain: Vec<_> =
            wanted.iter().map(|statement| Statement { grant_option, ..statement.clone() }).collect();
        let all = words(reading, universe, &plain, &AccessSet::empty(reading, universe));
        let elements =
            all.into_iter().map(|grant| Element { privileges: grant.privileges, on: grant.on }).collect();
        let mut steps = vec![Statement { verb: Verb::Grant, elements, grant_option, replace: true }];
        let with_option: Vec<_> = wanted.iter().filter(|statement| statement.grant_option).cloned().collect();
        steps.extend(grants(&words(reading, universe, &with_option, &self.after(&steps))));
        let revoked = self.live.iter().copied().filter(|statement| statement.verb != Verb::Grant);
        let excepted = &self.stated.excepted;
        let scopes = revoked.chain(excepted);
        let over =
            superfluous(reading, universe, (excepted, target), scopes, self.after(&steps).extra(target));
        steps.extend(revokes(&over));
        if self.stated.excepted.is_empty() { steps } else { self.again(&steps, target) }
    }

    /// Returns the first list that ends at the target, or else the first.
    fn first_that_ends_at<const N: usize>(
        &self,
        lists: [Vec<Statement>; N],
        target: &AccessSet,
    ) -> Vec<Statement> {
        let index = lists.iter().position(|steps| self.ends_at(steps, target)).unwrap_or(0);
        lists.into_iter().nth(index).unwrap_or_default()
    }

    fn granted(&self) -> impl Iterator<Item = &'a Statement> {
        self.live.iter().copied().filter(|statement| statement.verb == Verb::Grant)
    }

    /// Words and scopes that are not declared here: live and exempt grants, and what grants leave out.
    fn others(&self) -> impl Iterator<Item = &'a Statement> {
        let except = self.stated.excepted.iter().chain(&self.stated.others_except);
        self.granted().chain(self.exempt).chain(except)
    }

    /// Since 25.7 a revoke of all sources takes single ones along, which the server prints as leaves of their own.
    fn takes_sources(&self, steps: &[Statement]) -> bool {
        steps.iter().any(|step| step.verb == Verb::Revoke && self.reading.takes_sources(step))
    }

    fn after(&self, steps: &[Statement]) -> AccessSet {
        let mut state = self.has.clone();
        steps.iter().for_each(|step| state.apply(self.reading, self.universe, step));
        state
    }

    fn ends_at(&self, steps: &[Statement], target: &AccessSet) -> bool {
        self.after(steps) == *target
    }

    fn proved(&self, diff: GrantDiff, target: &AccessSet) -> Result<GrantDiff, DiffError> {
        let end = self.after(&diff.steps);
        if end == *target {
            return Ok(diff);
        }
        let mut missing = words(self.reading, self.universe, self.desired, &end);
        missing.extend(restored(self.reading, self.universe, self.others(), &target.extra(&end), target));
        let granted =
            self.live.iter().copied().chain(&diff.steps).filter(|statement| statement.verb == Verb::Grant);
        let extra = superfluous(self.reading, self.universe, (&[], target), granted, end.extra(target));
        let plus = missing.iter().map(|grant| format!("+{grant}"));
        Err(DiffError::Unreachable {
            left: plus.chain(extra.iter().map(|extra| format!("-{extra}"))).collect(),
        })
    }
}

fn grants(missing: &[Grant]) -> Vec<Statement> {
    missing.iter().map(Statement::granting).collect()
}

fn revokes(extra: &[Extra]) -> impl Iterator<Item = Statement> {
    extra.iter().map(|extra| {
        let verb = if extra.option_only { Verb::RevokeOption } else { Verb::Revoke };
        Statement::of(verb, &extra.grant)
    })
}
