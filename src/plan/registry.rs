//! The rows of `ops.charter_resources` that a plan writes: the claim before an object is created,
//! the record after it was changed, the tombstone after it was removed.
//!
//! `spec` is the JSON text of what is recorded of a declaration: `attrs` with sensitive values
//! hidden, `after` (what must be there before it and is recorded, too), `retained` and `tenant`,
//! `protected`, and `kept`, what its kind wants remembered besides; that of a tombstone has
//! `removal`, the `removed` block that asked for it. The fingerprint of a password, its salt, and
//! what is `hidden` of `kept` are in the rows and not shown: a plan is kept by CI.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::lint;
use crate::kinds::{Kinds, Renewal};
use crate::model::graph::Graph;
use crate::model::op::{LedgerRow, Op, Part, Slot};
use crate::model::registry::{self, Beside, Entry, TABLE};
use crate::model::resource::Desired;
use crate::model::value::attrs_json;
use crate::model::{Addr, AttrDiff, Attrs, Category, Digest, Finding, Resource, Settings, Step, Value};

/// Returns what is recorded of a resource.
pub fn spec(resource: &Resource, desired: &Desired, graph: &Graph, kinds: &Kinds) -> Json {
    let recorded = |addr: &&Addr| {
        let kind = desired.resources.get(*addr).map(|resource| resource.kind);
        kind.and_then(|kind| kinds.get(kind)).is_some_and(|kind| kind.registered())
    };
    let after: BTreeSet<String> =
        graph.before(&resource.addr).filter(recorded).map(ToString::to_string).collect();
    let declared = resource.attrs.iter().filter(|(_, value)| !value.is_null());
    let attrs: Attrs = declared.map(|(name, value)| (name.clone(), value.clone())).collect();
    let mut spec = json!({
        "attrs": attrs_json(&attrs),
        "after": after,
        "retained": resource.retained,
        "tenant": resource.tenant,
    });
    if resource.protected {
        spec[PROTECTED] = json!(true);
    }
    spec
}

/// What a record says of `lifecycle { prevent_destroy }`; nothing where that is false.
pub const PROTECTED: &str = "protected";
/// What a record or a tombstone says of the `removed` block that takes, or took, the object: its address.
pub const REMOVAL: &str = "removal";

/// Returns what the record says and would say otherwise now: where it is declared, whether it is
/// kept, whose it is. Attributes and edges are not compared: they are refreshed with the next
/// change, and alone are no reason for one.
pub fn misrecorded(entry: &Entry, resource: &Resource) -> Vec<AttrDiff> {
    let text = |text: Option<&str>| text.map_or(Value::Null, Value::from);
    let retained = entry.spec.get("retained").and_then(Json::as_bool);
    let fields = [
        ("address", Value::String(entry.addr.to_string()), Value::String(resource.addr.to_string())),
        (
            PROTECTED,
            Value::Bool(entry.spec.get(PROTECTED) == Some(&json!(true))),
            Value::Bool(resource.protected),
        ),
        ("retained", retained.map_or(Value::Null, Value::Bool), Value::Bool(resource.retained)),
        (REMOVAL, text(entry.spec.get(REMOVAL).and_then(Json::as_str)), Value::Null),
        ("tenant", text(tenant(entry)), text(resource.tenant.as_deref())),
    ];
    let differing = fields.into_iter().filter(|(_, is, should)| is != should);
    differing.map(|(attr, before, after)| AttrDiff { attr: attr.to_owned(), before, after }).collect()
}

/// Finds that a step ends the protection of what it changes: said once of each block.
pub fn unprotected(step: &Step) -> Option<Finding> {
    let ends = |diff: &&AttrDiff| diff.attr == PROTECTED && diff.before == Value::Bool(true);
    step.diff.iter().find(ends)?;
    let block = step.addr.block();
    let summary = format!("{block} is protected no longer: a later plan may destroy it");
    let finding = lint::UNPROTECTED.finding(Category::Charter, summary).at(&block);
    Some(finding.help("if that is not meant, put it back: lifecycle { prevent_destroy = true }"))
}

/// Returns whether an object is kept when nothing declares it. What cannot be read is kept.
pub fn is_retained(entry: &Entry) -> bool {
    let retained = entry.spec.get("retained").and_then(Json::as_bool);
    retained.unwrap_or(true)
}

/// Returns the tenant that a recorded object belongs to.
pub fn tenant(entry: &Entry) -> Option<&str> {
    entry.spec.get("tenant").and_then(Json::as_str)
}

/// Returns what a recorded object needed.
pub fn after(entry: &Entry) -> impl Iterator<Item = Addr> + '_ {
    let texts = entry.spec.get("after").and_then(Json::as_array);
    texts.into_iter().flatten().filter_map(Json::as_str).filter_map(|text| Addr::parse(text).ok())
}

/// Writes rows about one object.
pub struct Recorder<'a> {
    /// Who declares.
    pub settings: &'a Settings,
    /// Where it is declared.
    pub addr: &'a Addr,
    /// Its kind.
    pub kind: &'a str,
    /// The real object.
    pub identity: &'a str,
    /// What is recorded of it so far.
    pub entry: Option<&'a Entry>,
}

impl Recorder<'_> {
    /// Returns the row before an object is created: what is found after a crash is ours.
    pub fn claimed(&self, spec: &Json) -> Op {
        let beside = self.entry.map_or(Beside::Nothing, |entry| entry.beside);
        Op::Ledger(self.credential(self.row("claimed", spec), beside))
    }

    /// Returns the row before a password is changed: after a crash the server may accept one that
    /// nobody keeps.
    pub fn begun(&self, spec: &Json) -> Op {
        Op::Ledger(self.credential(self.row("applied", spec), Beside::Begun))
    }

    /// Returns the row after a change. The fingerprint of a credential is that of the slot, or
    /// else what it was; what is accepted beside it is as the renewal says.
    pub fn applied(&self, spec: &Json, credential: Option<&Slot>, renewal: Renewal) -> Op {
        let recorded = self.entry.map_or(Beside::Nothing, |entry| entry.beside);
        let (is_new, beside) = match renewal {
            Renewal::Carried => (false, recorded),
            Renewal::Retired => (false, Beside::Nothing),
            Renewal::Alone => (true, Beside::Nothing),
            Renewal::Beside { grace } => (true, Beside::Old { grace }),
        };
        let Some(slot) = credential else {
            return Op::Ledger(self.credential(self.row("applied", spec), beside));
        };
        let mut row = if is_new {
            // When it was applied is when the row is written; the server fills it in.
            with_beside(self.row("applied", spec), beside)
        } else {
            self.credential(self.row("applied", spec), beside)
        };
        for column in ["salt", "fingerprint"] {
            row.row.remove(column);
            row.secret.remove(column);
        }
        row.fill = vec![
            ("salt".to_owned(), slot.clone(), Part::Salt),
            ("fingerprint".to_owned(), slot.clone(), Part::Hash),
        ];
        Op::Ledger(row)
    }

    /// Returns the row after a removal. The fingerprint goes with the credential.
    pub fn removed(&self) -> Op {
        let spec = self.entry.map_or(Json::Null, |entry| entry.spec.clone());
        let row = self.row("removed", &spec);
        Op::Ledger(row.with("salt", "").with("fingerprint", ""))
    }

    fn row(&self, status: &str, spec: &Json) -> LedgerRow {
        let row = LedgerRow::new(TABLE)
            .with("scope", self.settings.scope.as_str())
            .with("environment", self.settings.environment.as_str())
            .with("address", self.addr.to_string())
            .with("kind", self.kind)
            .with("identity", self.identity)
            .with("status", status);
        let digest = Digest::of_json(spec);
        match registry::shown(spec) {
            None => row.with("digest", digest.as_str()).with("spec", spec.to_string()),
            // What is hidden could be guessed from the digest.
            Some(shown) => row
                .with("spec", shown.to_string())
                .hiding("digest", digest.as_str())
                .hiding("spec", spec.to_string()),
        }
    }

    /// Adds the credential as it is recorded, and what is accepted beside it. A password can be
    /// guessed from its fingerprint.
    fn credential(&self, row: LedgerRow, beside: Beside) -> LedgerRow {
        let Some(entry) = self.entry.filter(|entry| !entry.fingerprint.is_empty()) else {
            return with_beside(row.with("salt", "").with("fingerprint", ""), beside);
        };
        let row = row.hiding("salt", entry.salt.as_str()).hiding("fingerprint", entry.fingerprint.as_str());
        let row = match entry.credential_at {
            0 => row,
            at => row.with("credential_at", at),
        };
        with_beside(row, beside)
    }
}

fn with_beside(row: LedgerRow, beside: Beside) -> LedgerRow {
    match beside.columns() {
        ("", _) => row,
        (state, 0) => row.with("credential_state", state),
        (state, grace) => row.with("credential_state", state).with("credential_grace", grace),
    }
}
