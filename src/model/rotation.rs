//! Which passwords a person asks to rotate, and how.

use std::collections::BTreeSet;

use super::addr::Addr;

/// What is asked of passwords besides what is declared of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// The users whose passwords are meant.
    pub users: BTreeSet<Addr>,
    /// For how many seconds an old password is accepted besides, instead of what is declared.
    pub grace: Option<u64>,
    /// Whether old passwords are retired at once, instead of new ones made.
    pub finish: bool,
}

impl Rotation {
    /// Returns whether a user is to get a new password.
    pub fn asks(&self, user: &Addr) -> bool {
        !self.finish && self.users.contains(user)
    }

    /// Returns whether a user's old password is to be retired at once.
    pub fn finishes(&self, user: &Addr) -> bool {
        self.finish && self.users.contains(user)
    }
}
