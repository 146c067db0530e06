//! The operations that change a user's password, in an order in which there is no moment at which
//! neither the old nor the new Secret logs in, and in which a crash is mended by the next run.
//!
//! Where a user may have several methods (since ClickHouse 24.9): it is recorded that a change
//! begins, ClickHouse accepts the new password beside the old one, the new one is proved by login,
//! the Secret is written, and the old one is retired when its grace is over. Each statement but
//! that of a Secret that is lost names the whole list of methods, never a place in it: whatever an
//! interrupted run left behind goes with it. Before 24.9 the Secret is written first and the
//! password replaced: whoever has read the old Secret is cut off at once.

use super::due::{Due, What, doubt};
use super::password::{accept, alter, keys_first, proof, secret_first, write, write_mode};
use crate::kinds::common::credential::{self, Credential, State};
use crate::kinds::common::duration::{instant, text};
use crate::kinds::{Lowered, Renewal, World};
use crate::model::Resource;
use crate::model::op::{KubeWrite, Slot, SlotSource};
use crate::model::registry::Status;

/// Lowers what is due of a password.
pub fn lower(wanted: &Resource, world: &World, due: &Due) -> Lowered {
    let Some(credential) = Credential::of(&wanted.attrs) else { return Lowered::default() };
    let change = Rotation { wanted, world, credential, kept: credential::slot(&wanted.addr) };
    let several = world.caps().has_several_auth_methods();
    match due.what {
        What::Lost | What::Rotate if !several => change.replaced(),
        What::Lost => change.lost(),
        What::Rotate => change.rotated(),
        What::Accept => change.accepted(several),
        What::Retire => change.retired(),
        What::Unreadable => secret_first(wanted, world),
    }
}

/// Returns for how many seconds an old password is kept.
pub fn grace(credential: &Credential, world: &World) -> u64 {
    world.rotation.grace.unwrap_or(credential.policy.grace)
}

/// Returns what is recorded of the password of a user that is adopted: `kept` where its Secret holds
/// one, else it gets a new one beside the one that it has.
pub fn adopted(wanted: &Resource, world: &World, kept: bool) -> Renewal {
    match Credential::of(&wanted.attrs) {
        Some(credential) if !kept && world.caps().has_several_auth_methods() => {
            Renewal::Beside { grace: grace(&credential, world) }
        }
        _ => Renewal::Alone,
    }
}

/// A change of one user's password.
struct Rotation<'a> {
    wanted: &'a Resource,
    world: &'a World<'a>,
    credential: Credential,
    kept: Slot,
}

impl Rotation<'_> {
    /// A new password beside the one that the Secret holds.
    fn rotated(&self) -> Lowered {
        let old = Slot::old(self.wanted.addr.clone());
        let mut lowered = self.made();
        lowered.slots.insert(old.clone(), self.credential.source());
        lowered.ops.push(alter(self.wanted, "IDENTIFIED", &[(&old, "old_"), (&self.kept, "")]).into());
        self.keep(&mut lowered);
        lowered.notes.push(self.kept_until());
        lowered
    }

    /// A new password beside one that nobody keeps any more.
    fn lost(&self) -> Lowered {
        let mut lowered = self.made();
        lowered.ops.push(alter(self.wanted, "ADD IDENTIFIED", &[(&self.kept, "")]).into());
        self.keep(&mut lowered);
        lowered
            .notes
            .push(format!("nobody keeps the old one, and it is unknown here; {}", self.kept_until()));
        lowered
    }

    /// A new password in the place of the old one.
    fn replaced(&self) -> Lowered {
        let mut lowered = Lowered { begins: false, renewal: Renewal::Alone, ..self.made() };
        lowered.ops.push(write(&self.credential, &self.kept, self.mode()));
        lowered.ops.push(alter(self.wanted, "IDENTIFIED", &[(&self.kept, "")]).into());
        self.prove(&mut lowered);
        lowered.notes.push(format!(
            "ClickHouse {} knows one password a user: the old one stops working at once",
            self.world.caps().version
        ));
        lowered
    }

    /// The password that the Secret holds, beside the one that ClickHouse knows.
    fn accepted(&self, several: bool) -> Lowered {
        let mut lowered = keys_first(self.wanted, self.world);
        let (op, note) = accept(self.wanted, self.world, true);
        lowered.ops.push(op);
        lowered.notes.extend(note);
        self.prove(&mut lowered);
        let entry = self.world.registry.mine(super::NAME, &self.wanted.identity);
        // What an interrupted run created has the one password that its Secret holds.
        let only = entry.is_some_and(|entry| entry.status == Status::Claimed);
        lowered.renewal = if several && !only {
            lowered.notes.push(self.kept_until());
            Renewal::Beside { grace: grace(&self.credential, self.world) }
        } else {
            Renewal::Alone
        };
        lowered
    }

    /// The password that the Secret holds and no other.
    fn retired(&self) -> Lowered {
        let mut lowered = keys_first(self.wanted, self.world);
        self.prove(&mut lowered);
        lowered.ops.push(alter(self.wanted, "IDENTIFIED", &[(&self.kept, "")]).into());
        self.prove(&mut lowered);
        lowered.notes.push("every other password of the user stops working".to_owned());
        Lowered { renewal: Renewal::Retired, ..lowered }
    }

    /// Starts a change to a password that is made when applying.
    fn made(&self) -> Lowered {
        let length = self.credential.policy.length as usize;
        Lowered {
            notes: vec![format!(
                "password: a new one is made when applying and kept in {}",
                self.credential.place()
            )],
            fingerprint: Some(self.kept.clone()),
            slots: [(self.kept.clone(), SlotSource::Generate { length })].into(),
            renewal: Renewal::Beside { grace: grace(&self.credential, self.world) },
            begins: true,
            ..Lowered::default()
        }
    }

    /// Proves the new password, writes the Secret, and proves what it now holds: two runs at once
    /// would show here, before either says that it is done.
    fn keep(&self, lowered: &mut Lowered) {
        self.prove(lowered);
        lowered.ops.push(write(&self.credential, &self.kept, self.mode()));
        lowered.ops.extend(proof(self.wanted, self.world));
    }

    fn prove(&self, lowered: &mut Lowered) {
        lowered.ops.extend(proof(self.wanted, self.world));
        let why = doubt(self.wanted, self.world).map(|why| format!("the login is not proved: {why}"));
        lowered.notes.extend(why.filter(|why| !lowered.notes.contains(why)));
    }

    fn mode(&self) -> KubeWrite {
        match self.credential.state(self.world.snapshot) {
            State::NoSecret => KubeWrite::Create,
            _ => write_mode(&self.credential, self.world),
        }
    }

    fn kept_until(&self) -> String {
        let (grace, now) = (grace(&self.credential, self.world), self.world.caps().now);
        if now == 0 {
            return format!(
                "the old one works for {} more; the first apply after that retires it",
                text(grace)
            );
        }
        format!(
            "the old one works for {} more, until about {}; the first apply after that retires it",
            text(grace),
            instant(now.saturating_add(grace))
        )
    }
}
