//! Equal work over many tenants, shown once. Tenants fold where all that happens to them is the same
//! but for their names; a tenant that differs in anything stands for itself. What a folded group
//! takes away is told by the real names of all tenants.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use super::cause;
use super::escape;
use super::template::Template;
use super::tree::{self, Group, Loss, Object};
use crate::model::access::{AccessChange, counted};
use crate::model::digest::Digest;
use crate::model::op::{Slot, SlotSource};
use crate::model::{Action, Addr, Finding, Plan, Severity, Step};
use crate::plan::lint;

/// The most tenants that are shown one by one though the same happens to them.
pub const FEW: usize = 3;

/// How many names of many are told.
const TOLD: usize = 8;

/// A finding, or one that stands for several that say the same of several.
#[derive(Clone, Debug)]
pub struct Told<'a> {
    /// The finding; the name of whom it is about is taken out where there are several.
    pub finding: Cow<'a, Finding>,
    /// Whom it is about; empty where it is one.
    pub names: Vec<String>,
    /// Whether it says that access widens.
    pub widens: bool,
    /// By what it is allowed.
    pub allowed: Option<String>,
}

/// A migration file that runs for many tenants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The file.
    pub name: String,
    /// For how many tenants.
    pub tenants: usize,
    /// How many of them have earlier files pending.
    pub behind: usize,
}

/// Returns the groups of a plan, those folded to which the same happens.
pub fn groups(plan: &Plan) -> Vec<Group<'_>> {
    let all = tree::groups(plan);
    if all.len() <= FEW {
        return all;
    }
    let slots = by_owner(plan);
    let mut places: HashMap<Digest, usize> = HashMap::new();
    let mut classes: Vec<Vec<Group>> = Vec::new();
    for group in all {
        match remainder(&group, &slots).map(|left| *places.entry(left).or_insert(classes.len())) {
            Some(at) if at < classes.len() => classes[at].push(group),
            _ => classes.push(vec![group]),
        }
    }
    let mut folded = Vec::new();
    for class in classes {
        if class.len() > FEW { folded.push(fold(&class, &slots)) } else { folded.extend(class) }
    }
    // Those that are shown one by one keep the order of their names.
    folded.sort_by(|a, b| (a.tenants.is_empty(), &a.tenants).cmp(&(b.tenants.is_empty(), &b.tenants)));
    folded
}

type Slots<'a> = BTreeMap<&'a Addr, Vec<(&'a Slot, &'a SlotSource)>>;

fn by_owner(plan: &Plan) -> Slots<'_> {
    let mut slots = Slots::new();
    plan.slots.iter().for_each(|(slot, source)| slots.entry(&slot.user).or_default().push((slot, source)));
    slots
}

fn slug(group: &Group) -> Option<String> {
    group.objects.first()?.step.tenant.clone()
}

/// Returns what is left of a tenant's steps without its name.
fn remainder(group: &Group, slots: &Slots) -> Option<Digest> {
    let template = Template::new(&slug(group)?);
    let mut all = String::new();
    for object in &group.objects {
        let own = slots.get(&object.step.addr).map(Vec::as_slice).unwrap_or_default();
        all.push_str(&template.remainder_of(&object.step, &object.access, own)?);
        all.push('\n');
    }
    Some(Digest::of_bytes(all.as_bytes()))
}

/// Makes one group of several.
fn fold<'a>(class: &[Group<'a>], slots: &Slots) -> Group<'a> {
    let first = &class[0];
    let template = Template::new(&slug(first).unwrap_or_default());
    let common = |object: &Object| slots.get(&object.step.addr).map(Vec::as_slice).unwrap_or_default();
    let shown = first.objects.iter().flat_map(common).map(|(slot, source)| {
        let slot = Slot { user: template.addr(&slot.user), which: slot.which };
        (slot, template.source(source))
    });
    let plan = Plan {
        scope: first.plan.scope.clone(),
        environment: first.plan.environment.clone(),
        slots: shown.collect(),
        ..Plan::default()
    };
    let objects = (0..first.objects.len()).map(|at| {
        let all = class.iter().filter_map(|group| group.objects.get(at));
        common_object(&template, &first.objects[at], all)
    });
    let mut tenants: Vec<String> = class.iter().flat_map(|group| group.tenants.clone()).collect();
    tenants.sort();
    Group { tenants, objects: objects.collect(), plan: Cow::Owned(plan) }
}

fn common_object<'a, 'b>(
    template: &Template,
    first: &Object<'a>,
    all: impl Iterator<Item = &'b Object<'a>>,
) -> Object<'a>
where
    'a: 'b,
{
    let all: Vec<&Object> = all.collect();
    let mut step: Step = template.step(&first.step);
    for (at, cost) in step.costs.iter_mut().enumerate() {
        let costs = || all.iter().filter_map(|object| object.step.costs.get(at));
        cost.rows = costs().map(|cost| cost.rows).sum();
        cost.bytes = costs().map(|cost| cost.bytes).sum();
    }
    step.cause = cause::common(step.cause, all.iter().map(|object| &object.step.cause));
    let access = first.access.iter().map(|access| template.access(access)).collect();
    let mut object = tree::object(Cow::Owned(step), access);
    let mut losses: Vec<Loss> = Vec::new();
    for loss in all.iter().flat_map(|object| &object.losses) {
        match losses.iter_mut().find(|known| known.verb == loss.verb) {
            Some(known) => known.objects.extend(loss.objects.iter().cloned()),
            None => losses.push(Loss {
                statement: loss.statement.as_deref().map(|statement| template.shown(statement)),
                ..loss.clone()
            }),
        }
    }
    object.losses = losses;
    object
}

/// Returns the files that run for more than a few tenants, in their order.
pub fn files(plan: &Plan) -> Vec<File> {
    let mut files: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut before: BTreeMap<&str, usize> = BTreeMap::new();
    for step in plan.steps.iter().filter(|step| matches!(step.action, Action::Execute { .. })) {
        let (Some(tenant), Some(name)) = (&step.tenant, step.addr.last_key()) else { continue };
        let pending = before.entry(tenant).or_default();
        let (tenants, behind) = files.entry(name).or_default();
        *tenants += 1;
        *behind += usize::from(*pending > 0);
        *pending += 1;
    }
    let many = files.into_iter().filter(|(_, (tenants, _))| *tenants > FEW);
    many.map(|(name, (tenants, behind))| File { name: escape::line(name).into_owned(), tenants, behind })
        .collect()
}

impl File {
    /// Returns for whom it runs, in words.
    pub fn words(&self) -> String {
        match self.behind {
            0 => format!("{} tenants", self.tenants),
            all if all == self.tenants => format!("{} tenants, after earlier files", self.tenants),
            behind => format!("{} tenants, {behind} of them behind", self.tenants),
        }
    }
}

/// Returns findings as they are, each for itself.
pub fn one_by_one<'a>(all: &[&'a Finding]) -> Vec<Told<'a>> {
    all.iter().map(|finding| Told::of(Cow::Borrowed(*finding), Vec::new())).collect()
}

/// Returns findings, those folded that say the same of several: each stands for one of each.
pub fn findings<'a>(all: &[&'a Finding], plan: &Plan) -> Vec<Told<'a>> {
    let tenants = plan.steps.iter().filter_map(|step| Some((step.addr.block(), step.tenant.as_deref()?)));
    let tenants: BTreeMap<Addr, &str> = tenants.collect();
    let mut access: BTreeMap<&Addr, Vec<&AccessChange>> = BTreeMap::new();
    plan.access.iter().for_each(|change| access.entry(&change.addr).or_default().push(change));
    let mut places: HashMap<(String, usize), usize> = HashMap::new();
    let mut said: HashMap<(String, String), usize> = HashMap::new();
    let mut classes: Vec<(Vec<&Finding>, Vec<Named>)> = Vec::new();
    for finding in all {
        let template = template_of(finding, &tenants);
        let left = template.as_ref().and_then(|(name, template)| {
            let left = left_of(finding, template, &access)?;
            // What is said of one twice is two things.
            let times = said.entry((name.clone(), left.clone())).or_default();
            *times += 1;
            Some((left, *times))
        });
        match left.map(|left| *places.entry(left).or_insert(classes.len())) {
            Some(at) if at < classes.len() => {
                classes[at].0.push(finding);
                classes[at].1.extend(template);
            }
            _ => classes.push((vec![finding], template.into_iter().collect())),
        }
    }
    let mut told = Vec::new();
    for (findings, templates) in classes {
        match templates.first() {
            Some((_, first)) if findings.len() > FEW => {
                let names = templates.iter().map(|(name, _)| escape::line(name).into_owned());
                told.push(Told::of(Cow::Owned(first.finding(findings[0])), names.collect()));
            }
            _ => told.extend(one_by_one(&findings)),
        }
    }
    told
}

/// A name and what is taken out where it stands.
type Named = (String, Template);

/// Returns whom a finding is about: its tenant, or the instance or label of its block.
fn template_of(finding: &Finding, tenants: &BTreeMap<Addr, &str>) -> Option<Named> {
    let block = finding.addr.as_ref()?.block();
    let name = block.segments().get(1).map(|segment| segment.key.as_ref().unwrap_or(&segment.word))?;
    Some(match tenants.get(&block) {
        Some(slug) => ((*slug).to_owned(), Template::new(slug)),
        None => (name.clone(), Template::called(name, "<name>")),
    })
}

/// Returns what is left of a finding; of one that access widens also of all that is gained, of which it
/// tells the beginning.
fn left_of(
    finding: &Finding,
    template: &Template,
    access: &BTreeMap<&Addr, Vec<&AccessChange>>,
) -> Option<String> {
    let Finding {
        code,
        severity,
        category,
        addr,
        summary,
        expected,
        found,
        help,
        places,
        denied,
        also: _,
        statement: _,
    } = finding;
    let labels = places.iter().map(|place| place.label.as_str());
    let place = addr.as_ref().map(ToString::to_string).unwrap_or_default();
    let texts = [place.as_str(), summary, expected, found].into_iter().chain(help.iter().map(String::as_str));
    let left: Option<Vec<String>> = texts.chain(labels).map(|text| template.remainder(text)).collect();
    let changes = addr.as_ref().filter(|_| lint::widens(finding)).and_then(|addr| access.get(addr));
    let gained = changes.into_iter().flatten().map(|change| {
        let tenants: Vec<&String> = change.widens.iter().flat_map(|one| &one.tenants).collect();
        template.remainder(&serde_json::json!([change.gains, change.joins, tenants]).to_string())
    });
    let gained: Option<Vec<String>> = gained.collect();
    Some(format!("{code} {severity:?} {category:?} {denied} {:?} {:?}", left?, gained?))
}

impl<'a> Told<'a> {
    fn of(finding: Cow<'a, Finding>, names: Vec<String>) -> Self {
        Self { widens: lint::widens(&finding), finding, names, allowed: None }
    }

    /// Returns whom it is about, in words of about so many bytes: all of them where somebody must act on
    /// it or access widens, else some of them.
    pub fn whom(&self, room: usize) -> Option<String> {
        let count = self.names.len();
        let shown = &self.names[..self.named(room)];
        match (count, shown.len()) {
            (0, _) => None,
            (count, 0) => Some(count.to_string()),
            (count, _) => Some(format!("{count}: {}", counted(shown, count))),
        }
    }

    /// Returns how many of those whom it is about are named in so many bytes.
    pub fn named(&self, room: usize) -> usize {
        let count = self.names.len();
        let all = self.finding.severity <= Severity::Decision || self.widens;
        let most = if all || count <= TOLD + 1 { count } else { TOLD };
        let lengths = self.names.iter().take(most).scan(0_usize, |length, name| {
            // A comma and a space, and the marks of code.
            *length = length.saturating_add(name.len() + 4);
            Some(*length)
        });
        lengths.take_while(|length| *length <= room).count()
    }
}

/// Returns the first of some names and how many more there are.
pub fn some(names: &[String], most: usize) -> String {
    let shown = if names.len() > most + 1 { &names[..most] } else { names };
    counted(shown, names.len())
}

/// Returns some of a group's tenants in words.
pub fn tenants(group: &Group) -> String {
    some(&group.tenants, TOLD)
}

#[cfg(test)]
#[path = "fold_tests.rs"]
mod tests;
