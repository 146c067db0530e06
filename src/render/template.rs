//! What tenants have in common: texts with the tenant's name taken out, so that equal work is found
//! and shown once.
//!
//! A name is taken out where it stands alone or after `_` (`role_tenant_acme`); next to a `-`, as in
//! names of Kubernetes, its `_` are `-`. Taking out is exact: putting the name back gives the same
//! text. So two texts with the same remainder differ in nothing but the name.

use serde_json::Value as Json;

use super::access::Access;
use crate::model::cost::Cost;
use crate::model::op::{KubeWrite, Login, Op, Probe, Slot, SlotSource, Sql, TableName, Text};
use crate::model::{Addr, Attrs, Cause, Finding, Step, Value};

/// What is shown in place of a tenant's name.
pub const TENANT: &str = "<tenant>";

/// Characters of the private use area that stand for the name in a remainder: as it is; with `-`,
/// next to one; and the two that are unusual.
const HOLES: [char; 4] = ['\u{f0f01}', '\u{f0f02}', '\u{f0f03}', '\u{f0f04}'];

/// A name to be taken out.
#[derive(Clone, Debug)]
pub struct Template {
    name: String,
    dashed: String,
    shown: &'static str,
}

impl Template {
    /// Starts with a tenant's name.
    pub fn new(name: &str) -> Self {
        Self::called(name, TENANT)
    }

    /// Starts with a name and what is shown in its place.
    pub fn called(name: &str, shown: &'static str) -> Self {
        Self { name: name.to_owned(), dashed: name.replace('_', "-"), shown }
    }

    /// Returns a text with the name shown as a placeholder.
    pub fn shown(&self, text: &str) -> String {
        self.replaced(text, |_| self.shown.to_owned())
    }

    /// Returns what is left of a text; none where it holds a character that stands for the name.
    pub fn remainder(&self, text: &str) -> Option<String> {
        let usable = !text.contains(HOLES);
        usable.then(|| self.replaced(text, |hole| HOLES[hole].to_string()))
    }

    fn replaced(&self, text: &str, with: impl Fn(usize) -> String) -> String {
        if self.name.is_empty() {
            return text.to_owned();
        }
        let (mut out, mut rest, mut before) = (String::with_capacity(text.len()), text, None);
        while let Some(c) = rest.chars().next() {
            match self.found(before, rest) {
                Some((hole, length)) => {
                    out.push_str(&with(hole));
                    before = rest[..length].chars().last();
                    rest = &rest[length..];
                }
                None => {
                    out.push(c);
                    before = Some(c);
                    rest = &rest[c.len_utf8()..];
                }
            }
        }
        out
    }

    /// Returns which form of the name a text begins with, and how long it is.
    fn found(&self, before: Option<char>, rest: &str) -> Option<(usize, usize)> {
        if before.is_some_and(char::is_alphanumeric) {
            return None;
        }
        let dashed = !rest.starts_with(&self.name) && rest.starts_with(&self.dashed);
        let length = self.name.len();
        if !dashed && !rest.starts_with(&self.name) {
            return None;
        }
        let after = rest[length..].chars().next();
        if after.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            return None;
        }
        let kube = before == Some('-') || after == Some('-');
        let same = self.name == self.dashed;
        let hole = match (kube, dashed) {
            (false, false) => 0,
            (true, true) => 1,
            (true, false) => {
                if same {
                    1
                } else {
                    2
                }
            }
            (false, true) => 3,
        };
        Some((hole, length))
    }

    /// Returns a JSON value with every text in it, names of fields too, replaced.
    fn json(&self, value: &Json, with: &dyn Fn(&str) -> String) -> Json {
        match value {
            Json::String(text) => Json::String(with(text)),
            Json::Array(items) => items.iter().map(|item| self.json(item, with)).collect(),
            Json::Object(fields) => Json::Object(
                fields.iter().map(|(name, value)| (with(name), self.json(value, with))).collect(),
            ),
            Json::Null | Json::Bool(_) | Json::Number(_) => value.clone(),
        }
    }

    /// Returns what is left of a step and of what is told of it: equal where two tenants' steps do
    /// the same. None where it cannot be told.
    pub fn remainder_of(
        &self,
        step: &Step,
        access: &[Access],
        slots: &[(&Slot, &SlotSource)],
    ) -> Option<String> {
        let Step { addr, kind, identity, action, desired, diff, ops, notes, costs, cause, .. } = step;
        let cause = super::cause::comparable(cause);
        let access: Vec<Json> = access
            .iter()
            .flat_map(|access| access.lines.iter().map(move |line| (access, line)))
            .map(|(access, line)| serde_json::json!([access.whose, line.lead, line.text]))
            .collect();
        let desired = desired.as_ref().map(crate::model::value::attrs_json);
        let ops: Vec<Op> = ops.iter().map(comparable).collect();
        // What is at stake is added up.
        let costs: Vec<Cost> =
            costs.iter().map(|cost| Cost { rows: None, bytes: None, ..cost.clone() }).collect();
        let whole = serde_json::json!([
            addr, kind, identity, action, desired, diff, ops, notes, costs, access, slots, cause
        ]);
        let mut usable = true;
        visit(&whole, &mut |text| usable &= !text.contains(HOLES));
        let left = self.json(&whole, &|text| self.replaced(text, |hole| HOLES[hole].to_string()));
        usable.then(|| left.to_string())
    }

    /// Returns a step as it stands for all tenants.
    pub fn step(&self, step: &Step) -> Step {
        let mut step = step.clone();
        step.addr = self.addr(&step.addr);
        step.identity = self.shown(&step.identity);
        step.desired = step.desired.as_ref().map(|attrs| self.attrs(attrs));
        for diff in &mut step.diff {
            diff.attr = self.shown(&diff.attr);
            diff.before = self.value(&diff.before);
            diff.after = self.value(&diff.after);
        }
        step.notes = step.notes.iter().map(|note| self.shown(note)).collect();
        step.cause = self.cause(&step.cause);
        for cost in &mut step.costs {
            cost.what = self.shown(&cost.what);
            cost.database = self.shown(&cost.database);
            cost.table = self.shown(&cost.table);
        }
        step.ops.iter_mut().for_each(|op| self.op(op));
        step
    }

    fn cause(&self, cause: &Cause) -> Cause {
        let mut cause = cause.clone();
        let show = |text: &str| self.shown(text);
        cause.reason = show(&cause.reason);
        for item in cause.differences.iter_mut().flat_map(|difference| &mut difference.items) {
            item.value = self.json(&item.value, &show);
        }
        for drift in &mut cause.drift {
            drift.attribute = show(&drift.attribute);
            drift.applied = self.json(&drift.applied, &show);
            drift.live = self.json(&drift.live, &show);
        }
        cause.traces.iter_mut().for_each(|trace| trace.what = show(&trace.what));
        cause
    }

    /// Returns an address as it stands for all.
    pub fn addr(&self, addr: &Addr) -> Addr {
        addr.map(|text| self.shown(text))
    }

    /// Returns a finding as it stands for all.
    pub fn finding(&self, finding: &Finding) -> Finding {
        let mut finding = finding.clone();
        finding.addr = finding.addr.as_ref().map(|addr| self.addr(addr));
        finding.summary = self.shown(&finding.summary);
        finding.expected = self.shown(&finding.expected);
        finding.found = self.shown(&finding.found);
        finding.help = finding.help.iter().map(|help| self.shown(help)).collect();
        finding
    }

    /// Returns what is told of access as it stands for all.
    pub fn access(&self, access: &Access) -> Access {
        let mut access = access.clone();
        access.whose = self.shown(&access.whose);
        access.lines.iter_mut().for_each(|line| line.text = self.shown(&line.text));
        access
    }

    /// Returns where a password comes from as it stands for all.
    pub fn source(&self, source: &SlotSource) -> SlotSource {
        match source {
            SlotSource::Secret { namespace, name, key } => SlotSource::Secret {
                namespace: self.shown(namespace),
                name: self.shown(name),
                key: self.shown(key),
            },
            other => other.clone(),
        }
    }

    fn attrs(&self, attrs: &Attrs) -> Attrs {
        attrs.iter().map(|(name, value)| (self.shown(name), self.value(value))).collect()
    }

    fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.shown(text)),
            Value::Ref { addr, name } => Value::Ref { addr: self.addr(addr), name: self.shown(name) },
            Value::List(items) => Value::List(items.iter().map(|item| self.value(item)).collect()),
            Value::Map(map) => Value::Map(self.attrs(map)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Secret(_) => value.clone(),
        }
    }

    fn op(&self, op: &mut Op) {
        let show = |text: &str| self.shown(text);
        match op {
            Op::Sql(sql) => self.sql(sql),
            Op::KubeApply(apply) => {
                apply.name = self.shown(&apply.name);
                apply.namespace = self.shown(&apply.namespace);
                apply.object = self.json(&apply.object, &show);
                apply.data.values_mut().for_each(|text| self.text(text));
            }
            Op::KubeDelete(delete) => {
                delete.name = self.shown(&delete.name);
                delete.namespace = self.shown(&delete.namespace);
                delete.uid = None;
            }
            Op::Await(Probe::Login { user, slot }) => {
                *user = self.shown(user);
                slot.user = self.addr(&slot.user);
            }
            Op::AwaitMutations(mutations) => mutations.iter_mut().for_each(|one| self.table(&mut one.of)),
            Op::Ledger(row) => {
                row.row.values_mut().for_each(|value| *value = self.json(value, &show));
                row.row.retain(|_, value| !is_digest(value));
                // As it is shown: without its values.
                row.secret
                    .values_mut()
                    .for_each(|text| *text = Text::Sensitive(crate::model::Secret::new("")));
                row.fill.iter_mut().for_each(|(_, slot, _)| slot.user = self.addr(&slot.user));
            }
        }
    }

    fn sql(&self, sql: &mut Sql) {
        sql.statement = self.shown(&sql.statement);
        sql.database = sql.database.as_ref().map(|name| self.shown(name));
        sql.params.iter_mut().for_each(|(_, text)| self.text(text));
        sql.settings.values_mut().for_each(|value| *value = self.shown(value));
        if let Login::User { name, slot } = &mut sql.login {
            *name = self.shown(name);
            slot.user = self.addr(&slot.user);
        }
        sql.waits_for.iter_mut().for_each(|of| self.table(of));
        for one in &mut sql.watch {
            one.database = self.shown(&one.database);
            one.name = self.shown(&one.name);
        }
        if let Some(Probe::Login { user, slot }) = &mut sql.unless {
            *user = self.shown(user);
            slot.user = self.addr(&slot.user);
        }
    }

    fn table(&self, of: &mut TableName) {
        of.database = self.shown(&of.database);
        of.table = self.shown(&of.table);
    }

    fn text(&self, text: &mut Text) {
        match text {
            Text::Plain(plain) => *plain = self.shown(plain),
            Text::Slot(slot, _) => slot.user = self.addr(&slot.user),
            Text::Sensitive(_) => {}
        }
    }
}

/// Returns an operation without what follows from the rest and differs by tenant all the same:
/// digests in charter's own rows, and the versions of what was seen.
fn comparable(op: &Op) -> Op {
    let mut op = op.clone();
    match &mut op {
        Op::Sql(sql) => {
            let journal = sql.journal.iter_mut();
            journal.for_each(|row| row.row.retain(|_, value| !is_digest(value)));
        }
        Op::KubeApply(apply) => {
            if let KubeWrite::Apply { resource_version, .. } = &mut apply.mode {
                *resource_version = None;
            }
        }
        Op::KubeDelete(delete) => delete.uid = None,
        Op::Ledger(row) => row.row.retain(|_, value| !is_digest(value)),
        Op::Await(_) | Op::AwaitMutations(_) => {}
    }
    op
}

fn is_digest(value: &Json) -> bool {
    let is = |text: &str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    value.as_str().is_some_and(is)
}

fn visit(value: &Json, see: &mut dyn FnMut(&str)) {
    match value {
        Json::String(text) => see(text),
        Json::Array(items) => items.iter().for_each(|item| visit(item, see)),
        Json::Object(fields) => fields.iter().for_each(|(name, value)| {
            see(name);
            visit(value, see);
        }),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_taken_out_where_it_stands_alone() {
        let acme = Template::new("acme");
        for (text, expected) in [
            ("role_tenant_acme", "role_tenant_<tenant>"),
            ("GRANT SELECT ON tenant_acme.* TO `acme`", "GRANT SELECT ON tenant_<tenant>.* TO `<tenant>`"),
            ("superset-tenant-acme-credentials", "superset-tenant-<tenant>-credentials"),
            ("acmecorp macme acme_eu", "acmecorp macme acme_eu"),
        ] {
            assert_eq!(acme.shown(text), expected);
        }
        let two = Template::new("my_shop");
        assert_eq!(two.shown("x-my-shop-y tenant_my_shop"), "x-<tenant>-y tenant_<tenant>");
    }

    #[test]
    fn texts_with_one_remainder_differ_in_the_name_alone() {
        let left = |name: &str, text: &str| Template::new(name).remainder(text);
        assert_eq!(left("a_b", "x-a-b-y tenant_a_b"), left("acme", "x-acme-y tenant_acme"));
        assert_ne!(left("a_b", "use a-b"), left("c_d", "use c_d"));
        assert_ne!(left("acme", "DROP TABLE old"), left("globex", "DROP TABLE new"));
        assert_eq!(left("acme", "\u{f0f01}"), None);
    }
}
