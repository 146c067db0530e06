//! Toy kinds and a world to plan for: a map of live objects and the newest rows of the registry,
//! changed by the operations of a plan and by nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::{Request, build, check};
use crate::diag::{SourceMap, Span};
use crate::kinds::{Change, Kind, Kinds, Lowered, World};
use crate::model::op::{Op, Slot, SlotSource, Sql, Text};
use crate::model::registry::{Entry, Registry};
use crate::model::resource::Desired;
use crate::model::settings::ClickHouse;
use crate::model::snapshot::{Caps, Read, Row, text};
use crate::model::value::attrs_json;
use crate::model::{
    Action, Addr, Attrs, Category, Finding, Plan, Resource, Rotation, Secret, Settings, Severity, Snapshot,
    Value,
};

const PUT: &str = "PUT {identity:String} {attrs:String}";
const DELETE: &str = "DELETE {identity:String}";

/// A kind that is recorded (`registered`), or one that keeps its own books, as migrations do.
pub struct Toy {
    name: &'static str,
    registered: bool,
}

pub static THING: Toy = Toy { name: "thing", registered: true };
pub static SCRIPT: Toy = Toy { name: "script", registered: false };

fn statement(text: &str, identity: &str) -> Sql {
    Sql::new(text).param("identity", Text::Plain(identity.to_owned()))
}

impl Kind for Toy {
    fn name(&self) -> &'static str {
        self.name
    }

    fn registered(&self) -> bool {
        self.registered
    }

    fn category(&self) -> Category {
        match self.registered {
            true => Category::Access,
            false => Category::Tracking,
        }
    }

    fn reads(&self, _: &[&Resource], _: &[&Entry], _: &Settings, _: &Caps) -> Vec<Read> {
        Vec::new()
    }

    fn observe(&self, identities: &BTreeSet<&str>, world: &World) -> BTreeMap<String, Attrs> {
        let rows = world.snapshot.rows(self.name).iter();
        rows.filter(|row| identities.contains(text(row, "identity")))
            .map(|row| {
                let attrs = Value::from_json(&row["attrs"]);
                let attrs = attrs.as_map().cloned().unwrap_or_default();
                (text(row, "identity").to_owned(), attrs)
            })
            .collect()
    }

    fn lower(&self, change: &Change, _: &World) -> Lowered {
        let Some(wanted) = change.wanted else {
            return Lowered::ops([statement(DELETE, change.identity).into()]);
        };
        if wanted.text("broken") == "yes" {
            let finding = Finding::new("CH999", Severity::Error, self.category(), "it is broken");
            return Lowered { findings: vec![finding.at(change.addr)], ..Lowered::default() };
        }
        if change.action == Action::Adopt {
            return Lowered::default();
        }
        let attrs = attrs_json(&wanted.attrs).to_string();
        let put = statement(PUT, change.identity).param("attrs", Text::Plain(attrs));
        let mut lowered = Lowered::ops([Op::from(put)]);
        if !self.registered {
            lowered.action = Some(Action::Execute { statements: 1 });
        }
        if wanted.attrs.contains_key("password") && change.action == Action::Create {
            let slot = Slot::of(change.addr.clone());
            let source = SlotSource::Generate { length: 32 };
            lowered.slots.insert(slot.clone(), source);
            lowered.fingerprint = Some(slot);
        }
        lowered
    }

    fn owned_with(&self, wanted: &Resource) -> Vec<(&'static str, String)> {
        let of = wanted.text("of");
        if of.is_empty() { Vec::new() } else { vec![("thing", of.to_owned())] }
    }

    fn survey(&self, wanted: &[&Resource], _: &World) -> Vec<Finding> {
        let odd = wanted.iter().filter(|resource| resource.text("odd") == "yes");
        let finding = Finding::new("CH997", Severity::Drift, self.category(), "it is odd");
        odd.map(|resource| finding.clone().at(&resource.addr.block())).collect()
    }

    fn findings(&self, wanted: &Resource, _: Option<&Attrs>, _: &World) -> Vec<Finding> {
        let noted = wanted.text("remark");
        let finding = Finding::new("CH998", Severity::Note, self.category(), noted);
        let findings = (!noted.is_empty()).then(|| finding.at(&wanted.addr));
        findings.into_iter().collect()
    }
}

/// The servers and what is declared for them.
#[derive(Clone)]
pub struct Fake {
    pub settings: Settings,
    pub desired: Desired,
    pub live: BTreeMap<(String, String), Json>,
    pub rows: BTreeMap<(String, String, String), Row>,
}

impl Fake {
    pub fn new() -> Self {
        Self {
            settings: settings("platform"),
            desired: Desired::default(),
            live: BTreeMap::new(),
            rows: BTreeMap::new(),
        }
    }

    /// Declares these instead of what was declared.
    pub fn declare(&mut self, resources: impl IntoIterator<Item = Resource>) {
        let by_addr = resources.into_iter().map(|resource| (resource.addr.clone(), resource));
        self.desired.resources = by_addr.collect();
    }

    /// Makes an object outside of charter.
    pub fn put(&mut self, kind: &str, identity: &str, attrs: Json) {
        self.live.insert((kind.into(), identity.into()), attrs);
    }

    /// Plans for the targets.
    pub fn plan_for(&self, targets: &[Addr]) -> Plan {
        self.ask(targets, build)
    }

    pub fn plan(&self) -> Plan {
        self.plan_for(&[])
    }

    pub fn check(&self) -> Vec<Finding> {
        self.ask(&[], check)
    }

    fn ask<T>(&self, targets: &[Addr], question: fn(&Request) -> T) -> T {
        let kinds = Kinds::new(vec![&THING, &SCRIPT]);
        let rows: Vec<Row> = self.rows.values().cloned().collect();
        let registry = Registry::from_rows(&rows, &self.settings.scope);
        question(&Request {
            kinds: &kinds,
            settings: &self.settings,
            desired: &self.desired,
            snapshot: &self.snapshot(),
            registry: &registry,
            targets,
            rotation: &Rotation::default(),
        })
    }

    fn snapshot(&self) -> Snapshot {
        let mut snapshot = Snapshot::default();
        snapshot.caps.version = "25.8.2.29".into();
        snapshot.caps.server_uuid = "11111111".into();
        snapshot.caps.ops_uuid = "22222222".into();
        for kind in [THING.name, SCRIPT.name] {
            let objects = self.live.iter().filter(|((of, _), _)| of == kind);
            let rows = objects.map(|((_, identity), attrs)| {
                let row = json!({"identity": identity, "attrs": attrs});
                row.as_object().cloned().unwrap_or_default()
            });
            snapshot.rows.insert(kind, rows.collect());
        }
        snapshot
    }

    /// Runs the operations of a plan, at most so many.
    pub fn run(&mut self, plan: &Plan, limit: usize) {
        let ops = plan.steps.iter().flat_map(|step| step.ops.iter().map(move |op| (step, op)));
        for (step, op) in ops.take(limit) {
            let object = (step.kind.clone(), step.identity.clone());
            match op {
                Op::Sql(sql) if sql.statement == PUT => {
                    let attrs = match &sql.params[1].1 {
                        Text::Plain(text) => serde_json::from_str(text).unwrap(),
                        other => panic!("{other:?}"),
                    };
                    self.live.insert(object, attrs);
                }
                Op::Sql(_) => _ = self.live.remove(&object),
                Op::Ledger(ledger) => {
                    let mut row: Row = ledger.row.clone().into_iter().collect();
                    for (column, text) in &ledger.secret {
                        let Text::Sensitive(secret) = text else { panic!("{text:?}") };
                        row.insert(column.clone(), secret.expose().into());
                    }
                    for (column, slot, part) in &ledger.fill {
                        row.insert(column.clone(), format!("{part:?} of {slot}").into());
                    }
                    let key = |column| text(&row, column).to_owned();
                    let key = (key("scope"), key("kind"), key("identity"));
                    self.rows.insert(key, row);
                }
                other => panic!("toys have no {other:?}"),
            }
        }
    }

    pub fn apply(&mut self) -> Plan {
        let plan = self.plan();
        self.run(&plan, usize::MAX);
        plan
    }

    /// Returns a column of the newest row of an object.
    pub fn recorded(&self, kind: &str, identity: &str, column: &str) -> String {
        let key = (self.settings.scope.clone(), kind.to_owned(), identity.to_owned());
        self.rows.get(&key).map_or(String::new(), |row| text(row, column).to_owned())
    }
}

pub fn settings(scope: &str) -> Settings {
    Settings {
        scope: scope.into(),
        environment: "development".into(),
        clickhouse: ClickHouse {
            url: "http://127.0.0.1:8123".into(),
            user: "default".into(),
            password: Secret::new(""),
            cluster: None,
            ca_file: None,
            cert_file: None,
            key_file: None,
            timeout: Duration::from_secs(30),
            mutation_timeout: Duration::from_secs(30),
            settings: BTreeMap::new(),
        },
        kubernetes: None,
        isolation: Default::default(),
        rollout: None,
        lint: crate::model::lint::Policy::default(),
    }
}

pub fn addr(text: &str) -> Addr {
    Addr::parse(text).unwrap()
}

fn span() -> Span {
    Span::new(SourceMap::default().add("tenants.hcl", ""), 0..0)
}

/// A thing at an address, named by the address's last word.
pub fn thing(at: &str) -> Resource {
    let addr = addr(at);
    let name = addr.segments().last().unwrap().word.clone();
    Resource::new(addr, "thing", name, span())
}

/// A script at an address, named by its whole address.
pub fn script(at: &str) -> Resource {
    Resource::new(addr(at), "script", at, span())
}

/// A summary of a plan: action and address of each step, with the ids that it waits for.
pub fn outline(plan: &Plan) -> Vec<String> {
    let steps = plan.steps.iter();
    steps
        .map(|step| {
            let action = format!("{:?}", step.action).to_lowercase();
            let action = action.split(' ').next().unwrap();
            format!("{} {action} {} {:?}", step.id, step.addr, step.after)
        })
        .collect()
}

/// The codes of findings with their addresses.
pub fn codes(findings: &[Finding]) -> Vec<String> {
    let coded = findings.iter().map(|finding| match &finding.addr {
        Some(addr) => format!("{} {addr}", finding.code),
        None => finding.code.to_owned(),
    });
    coded.collect()
}
