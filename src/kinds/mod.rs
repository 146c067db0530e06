//! Kinds of resources: the trait, and the table of kinds. One folder a kind; the rest of charter
//! knows kinds only through [`Kind`], and kinds do not know each other.
//!
//! Everything in a kind is pure: it decodes evaluated blocks, says what to read, finds its objects
//! in what was read, compares, and lowers changes to operations.

mod attrs;
pub mod common;
pub mod database;
pub mod found;
pub mod grant;
pub mod issued_user;
pub mod ledger;
pub mod migrations;
pub mod quota;
pub mod role;
pub mod row_policy;
pub mod secret;
pub mod settings_profile;
pub mod superset_tenant;
mod table;
pub mod tenant;
#[cfg(test)]
pub mod testing;
pub mod user;

use std::collections::{BTreeMap, BTreeSet};

pub use attrs::{Writer, diff_attrs};
use found::{FindCx, Group, Inventory, WriteCx};
pub use table::Kinds;

use crate::diag::{Diagnostics, SourceMap};
use crate::model::access::AccessChange;
use crate::model::block::Block;
use crate::model::cost::Cost;
use crate::model::files::Files;
use crate::model::gate::Stake;
use crate::model::op::{Op, Slot, SlotSource};
use crate::model::plan::AttrDiff;
use crate::model::registry::{Entry, Registry};
use crate::model::resource::{Declared, Desired};
use crate::model::rotation::Rotation;
use crate::model::schema::BlockSchema;
use crate::model::snapshot::{Caps, Read};
use crate::model::{Action, Addr, Attrs, Body, Category, Cause, Finding, Resource, Settings, Snapshot, Step};
use crate::privileges::{Grant, RoleGrant};

/// An instance of a block: evaluated, checked against its schema, expanded by `for_each`.
#[derive(Clone, Debug)]
pub struct Instance {
    /// The address.
    pub addr: Addr,
    /// The block's label.
    pub label: String,
    /// Its content.
    pub body: Body,
}

/// What decoding may use besides the block.
pub struct DecodeCx<'a> {
    /// Who declares, and where.
    pub settings: &'a Settings,
    /// The folder of the configuration.
    pub files: &'a dyn Files,
    /// Where files that are read become part of the source, so that problems in them have places.
    pub sources: &'a mut SourceMap,
    /// Where problems go.
    pub diags: &'a mut Diagnostics,
}

/// What observing, comparing and lowering may use.
pub struct World<'a> {
    /// Who declares, and where.
    pub settings: &'a Settings,
    /// What was read.
    pub snapshot: &'a Snapshot,
    /// What is recorded.
    pub registry: &'a Registry,
    /// All that is declared.
    pub desired: &'a Desired,
    /// Which passwords are to be rotated.
    pub rotation: &'a Rotation,
    /// Whether what is declared is what was last applied, read from the records: sensitive values are
    /// hidden in it, and what is due or asked for is none of its differences.
    pub recorded: bool,
}

impl World<'_> {
    /// Returns what the ClickHouse server is and can do.
    pub fn caps(&self) -> &Caps {
        &self.snapshot.caps
    }
}

/// A change to lower.
pub struct Change<'a> {
    /// What happens.
    pub action: Action,
    /// Where it is, or was, declared.
    pub addr: &'a Addr,
    /// The real object.
    pub identity: &'a str,
    /// What is declared; none for a removal.
    pub wanted: Option<&'a Resource>,
    /// What is there.
    pub live: Option<&'a Attrs>,
    /// The differences.
    pub diff: &'a [AttrDiff],
    /// What is recorded of it.
    pub entry: Option<&'a Entry>,
}

/// What a change is lowered to.
#[derive(Debug, Default)]
pub struct Lowered {
    /// The operations in their order. The claim before and the record after are the planner's.
    pub ops: Vec<Op>,
    /// What a reviewer should know besides.
    pub notes: Vec<String>,
    /// What its statements cost on tables that exist.
    pub costs: Vec<Cost>,
    /// What there is to find; an error keeps the whole plan from being applied.
    pub findings: Vec<Finding>,
    /// The password that becomes the record's fingerprint.
    pub fingerprint: Option<Slot>,
    /// Where the passwords that the operations name come from.
    pub slots: BTreeMap<Slot, SlotSource>,
    /// What happens, where it is not what the planner thought: a migration is executed.
    pub action: Option<Action>,
    /// What becomes of the record of a credential.
    pub renewal: Renewal,
    /// Whether it is recorded before the operations that a password begins to change.
    pub begins: bool,
}

/// What becomes of the record of a credential.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Renewal {
    /// It stays what it was.
    #[default]
    Carried,
    /// A password is new, and the only one that is accepted.
    Alone,
    /// A password is new; the one before it is accepted for so many seconds more.
    Beside {
        /// How many seconds.
        grace: u64,
    },
    /// The password is the one that it was, and the only one that is accepted from now on.
    Retired,
}

impl Lowered {
    /// Returns operations, and nothing else to say.
    pub fn ops(ops: impl IntoIterator<Item = Op>) -> Self {
        Self { ops: ops.into_iter().collect(), ..Self::default() }
    }
}

/// What the steps of a plan do to access.
#[derive(Debug, Default)]
pub struct Effects {
    /// The roles and users that change.
    pub changes: Vec<AccessChange>,
    /// What there is to find, besides what widens.
    pub findings: Vec<Finding>,
}

/// What becomes of an object that is to get another name.
#[derive(Clone, Debug, PartialEq)]
pub enum Renamed {
    /// It is renamed by these operations.
    By(Vec<Op>),
    /// It has no name of its own, or has the new one already: only the record changes.
    Record,
    /// There is no such object, under either name.
    Gone,
    /// Both names are taken.
    Taken,
    /// It cannot be renamed, and why.
    Never(&'static str),
}

/// A login that `check` proves.
#[derive(Clone, Debug)]
pub struct LoginProbe {
    /// The resource that it proves.
    pub addr: Addr,
    /// The user's name.
    pub user: String,
    /// The password that its Secret holds.
    pub password: crate::model::Secret,
    /// Where the password is kept, for people.
    pub kept_in: String,
    /// Why a login that fails proves nothing; none where it proves that the password is wrong.
    pub doubt: Option<String>,
}

/// What becomes of an object that this scope recorded and that nothing declares.
#[derive(Clone, Debug)]
pub enum Undeclared {
    /// The next apply removes it (or keeps it, where its record says that it is retained).
    Leftover,
    /// The next apply removes it; this is what `check` says of it.
    Ended(Finding),
    /// It is left alone; this is what `check` says of it.
    Kept(Finding),
}

/// What a role or user is declared to be granted.
#[derive(Clone, Debug)]
pub struct DeclaredAccess {
    /// Its name.
    pub grantee: String,
    /// Whether it is a user.
    pub user: bool,
    /// The privileges.
    pub grants: Vec<Grant>,
    /// The memberships.
    pub roles: Vec<RoleGrant>,
}

/// A kind of resource.
pub trait Kind: Sync {
    /// Returns the name: the block type, and `type` in a plan.
    fn name(&self) -> &'static str;

    /// Returns what its block may hold; `None` for a kind that only composites make.
    fn schema(&self) -> Option<BlockSchema> {
        None
    }

    /// Returns lists of texts that the configuration can refer to as `charter.presets.<name>`.
    fn presets(&self) -> Vec<(&'static str, Vec<&'static str>)> {
        Vec::new()
    }

    /// Decodes a block of this kind to resources. Problems go to `cx.diags`.
    fn decode(&self, block: &Instance, cx: &mut DecodeCx) -> Declared {
        let _ = (block, cx);
        Declared::default()
    }

    /// Completes what needs to see all blocks (a user finds the Secret that keeps its password).
    fn link(&self, desired: &mut Desired, cx: &mut DecodeCx) {
        let _ = (desired, cx);
    }

    /// Returns the question of `check` that a difference of this kind answers.
    fn category(&self) -> Category {
        Category::Access
    }

    /// Returns whether ownership is recorded in the registry.
    fn registered(&self) -> bool {
        true
    }

    /// Returns whether a part of a composite goes where the composite stays and no longer declares it:
    /// a limit is taken back by its line. All else that a composite made is kept.
    fn is_taken_back(&self) -> bool {
        false
    }

    /// Returns the objects (kind and identity) whose ownership carries over to this one: what a
    /// role may do is ours where the role is. Empty where the registry alone decides.
    fn owned_with(&self, wanted: &Resource) -> Vec<(&'static str, String)> {
        let _ = wanted;
        Vec::new()
    }

    /// Returns tables, by database, of which it must be known whether they are there and which columns
    /// they have before it is decided what to read; [`Caps::columns`] has those that are.
    fn looks_up(&self, wanted: &[&Resource]) -> BTreeSet<(String, String)> {
        let _ = wanted;
        BTreeSet::new()
    }

    /// Returns what must be read to observe the wanted resources, and what this scope owns of the
    /// kind besides. Asked once, with the union of both; the number of reads must not depend on it.
    fn reads(&self, wanted: &[&Resource], owned: &[&Entry], settings: &Settings, caps: &Caps) -> Vec<Read>;

    /// Returns what must be read besides, now that the reads are answered: asked only of kinds that are
    /// in use, and nothing where all is well. It is read in this order, one after another; what may
    /// not be read, or is not there, is then no part of the snapshot.
    fn follow_up(&self, wanted: &[&Resource], settings: &Settings, snapshot: &Snapshot) -> Vec<Read> {
        let _ = (wanted, settings, snapshot);
        Vec::new()
    }

    /// Returns the live attributes by identity, at least of every wanted and owned object that exists.
    fn observe(&self, identities: &BTreeSet<&str>, world: &World) -> BTreeMap<String, Attrs>;

    /// Compares what is declared with what is there. Empty means that nothing has to be done.
    fn diff(&self, wanted: &Resource, live: &Attrs, world: &World) -> Vec<AttrDiff> {
        let _ = world;
        diff_attrs(&wanted.attrs, live)
    }

    /// Returns whether what is there may be what a run that did not end made of a resource, or a part of
    /// it. What it cannot be is somebody else's.
    fn may_have_made(&self, resource: &Resource, live: &Attrs, world: &World) -> bool {
        self.diff(resource, live, world).is_empty()
    }

    /// Returns attributes, declared or live, as people see them in a plan.
    fn show(&self, attrs: &Attrs) -> Attrs {
        attrs.clone()
    }

    /// Returns what becomes of a recorded object that nothing declares: one that was never to be
    /// declared (a login for an hour) has its own end.
    fn undeclared(&self, entry: &Entry, world: &World) -> Undeclared {
        let _ = (entry, world);
        Undeclared::Leftover
    }

    /// Returns whether an object of this kind holds data: it goes only where it is said that its data
    /// may be lost.
    fn holds_data(&self) -> bool {
        false
    }

    /// Returns what is in an object that holds data, as it was read.
    fn stake(&self, identity: &str, world: &World) -> Stake {
        let _ = (identity, world);
        Stake::default()
    }

    /// Returns whether an object of this kind is removed before what was made after it in its block, and
    /// not behind it: what somebody logs in with, and what they log in for.
    fn ends_first(&self) -> bool {
        false
    }

    /// Returns the operations after which nobody gets in any more with an object that is there: they
    /// run before what its block holds is removed.
    fn locks_out(&self, identity: &str) -> Vec<Op> {
        let _ = identity;
        Vec::new()
    }

    /// Returns what is recorded besides once an object of this kind is gone for good.
    fn buried(&self, entry: &Entry, world: &World) -> Vec<Op> {
        let _ = (entry, world);
        Vec::new()
    }

    /// Returns what is recorded where a `removed` block names an address of a kind that keeps its own
    /// books: nothing where there is nothing to end; none for a kind that keeps none.
    fn ended(&self, from: &Addr, world: &World) -> Option<Vec<Op>> {
        let _ = (from, world);
        None
    }

    /// Lowers a change to operations.
    fn lower(&self, change: &Change, world: &World) -> Lowered;

    /// Returns what the record keeps of a resource besides its declaration, under `kept`: what no
    /// server tells back. Asked for every row that is written, with the change that is recorded. What
    /// is derived of a secret, such as its digest, is its member `hidden`, and in no plan.
    fn keeps(&self, change: &Change, world: &World) -> BTreeMap<String, serde_json::Value> {
        let _ = (change, world);
        BTreeMap::new()
    }

    /// Tells how an object gets another name in place, and makes `snapshot` what it is then.
    fn rename(&self, from: &str, to: &str, snapshot: &mut Snapshot) -> Renamed {
        let _ = (from, to, snapshot);
        Renamed::Never("objects of this kind keep their names")
    }

    /// Returns what there is to say of a resource besides its differences.
    fn findings(&self, wanted: &Resource, live: Option<&Attrs>, world: &World) -> Vec<Finding> {
        let _ = (wanted, live, world);
        Vec::new()
    }

    /// Returns what can be told of a resource without any server: what `charter lint` tells.
    fn lint(&self, wanted: &Resource) -> Vec<Finding> {
        let _ = wanted;
        Vec::new()
    }

    /// Returns what there is to say of the kind as a whole: asked once, with all that is declared.
    fn survey(&self, wanted: &[&Resource], world: &World) -> Vec<Finding> {
        let _ = (wanted, world);
        Vec::new()
    }

    /// Returns what there is to say of the steps of a plan, all of them: asked once, when they are
    /// known.
    fn review(&self, steps: &[Step], world: &World) -> Vec<Finding> {
        let _ = (steps, world);
        Vec::new()
    }

    /// Returns what is to be read once the steps of a plan are known, before the first of them may run.
    fn asks(&self, steps: &[Step], world: &World) -> Vec<Read> {
        let _ = (steps, world);
        Vec::new()
    }

    /// Returns what would go wrong with the steps of a plan, by the answers to [`Kind::asks`], which are
    /// among the rows by then. What `stopped` names has an error already.
    fn foresees(&self, steps: &[Step], stopped: &BTreeSet<Addr>, world: &World) -> Vec<Finding> {
        let _ = (steps, stopped, world);
        Vec::new()
    }

    /// Returns the database in which a resource keeps data; a tenant's is what `check --isolation`
    /// proves that nobody else reaches.
    fn data(&self, wanted: &Resource) -> Option<String> {
        let _ = wanted;
        None
    }

    /// Returns what attributes, declared or recorded, grant to whom.
    fn declared_access(&self, attrs: &Attrs) -> Vec<DeclaredAccess> {
        let _ = attrs;
        Vec::new()
    }

    /// Returns the user that a resource declares to pass no rights on (`GRANTEES NONE`).
    fn keeps_rights(&self, wanted: &Resource) -> Option<String> {
        let _ = wanted;
        None
    }

    /// Returns what the steps of a plan do to what roles and users may do: asked once, with all of
    /// them in their order.
    fn access(&self, steps: &[Step], world: &World) -> Effects {
        let _ = (steps, world);
        Effects::default()
    }

    /// Returns whether an attribute differs because something is due or asked for: neither side moved.
    fn is_due(&self, wanted: &Resource, attr: &str, world: &World) -> bool {
        let _ = (wanted, attr, world);
        false
    }

    /// Splits an item of a set into the least parts that come and go alone.
    fn parts(&self, item: &str) -> Vec<String> {
        vec![item.to_owned()]
    }

    /// Returns the names by which statements of ClickHouse call an object that was changed there; none
    /// of what is no object of ClickHouse.
    fn statement_names(&self, identity: &str, cause: &Cause) -> Vec<String> {
        let _ = cause;
        vec![identity.to_owned()]
    }

    /// Returns who wrote an attribute of a live object last; none where nothing tells.
    fn writers(&self, wanted: &Resource, attr: &str, world: &World) -> Option<Vec<Writer>> {
        let _ = (wanted, attr, world);
        None
    }

    /// Returns what must be read to find all objects of the kind, for `charter import`: by default what
    /// [`Kind::reads`] asks for what is declared.
    fn find_reads(&self, wanted: &[&Resource], settings: &Settings, caps: &Caps) -> Vec<Read> {
        self.reads(wanted, &[], settings, caps)
    }

    /// Returns the objects that live on the servers and that nothing declares, and those that are left
    /// alone.
    fn find(&self, cx: &FindCx) -> Inventory {
        let _ = cx;
        Inventory::default()
    }

    /// Writes objects that [`Kind::find`] found, so that a plan of what is written changes none: the
    /// blocks of each group.
    fn write(&self, groups: &[&Group], cx: &WriteCx) -> Vec<Vec<Block>> {
        let _ = (groups, cx);
        Vec::new()
    }

    /// Returns whether a resource has a password that can be rotated.
    fn rotates(&self, wanted: &Resource) -> bool {
        let _ = wanted;
        false
    }

    /// Returns the logins by which `check` proves a resource.
    fn probes(&self, wanted: &Resource, world: &World) -> Vec<LoginProbe> {
        let _ = (wanted, world);
        Vec::new()
    }
}
