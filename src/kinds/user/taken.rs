//! The operations that take over a user that was nobody's and is not as declared (an `import` block):
//! adopted like one that is, and what differs made so in the same step.
//!
//! Its password is kept where its Secret has it, else a new one comes beside it. Only where the
//! methods themselves differ is their list set as a whole: no statement takes one of them away.

use super::lower::{adopt, alter, granted_first, set_list};
use super::password::secret_first;
use super::{auth, clauses, compare};
use crate::kinds::common::credential::CREDENTIAL;
use crate::kinds::common::expiry;
use crate::kinds::common::user::DEFAULT_ROLES;
use crate::kinds::{Change, Lowered, Renewal, World};
use crate::model::Resource;

/// Lowers the change of a user that nothing records.
pub fn lower(change: &Change, wanted: &Resource, world: &World) -> Lowered {
    let differs = |attr: &str| change.diff.iter().any(|diff| diff.attr == attr);
    let list = compare::names_the_list(change);
    let mut lowered = if list { secret_first(wanted, world) } else { adopt(change, wanted, world) };
    if !lowered.findings.is_empty() {
        return lowered;
    }
    lowered.ops.extend(granted_first(wanted).filter(|_| differs(DEFAULT_ROLES)));
    let differing: Vec<&str> = change.diff.iter().map(|diff| diff.attr.as_str()).collect();
    let mut clauses = clauses::clauses(&wanted.attrs, Some(&differing));
    if differs(auth::VALID_UNTIL) && !list {
        clauses = format!("{} {clauses}", expiry::clause(auth::user_expiry(&wanted.attrs)));
    }
    if list {
        if wanted.attrs.contains_key(CREDENTIAL) {
            lowered.renewal = Renewal::Alone;
        }
        set_list(&mut lowered, change, wanted, clauses.trim_end(), world);
    } else if !clauses.is_empty() {
        lowered.ops.push(alter(wanted, clauses.trim_end()));
    }
    lowered
}
