//! What a plan does to the access of roles and users: what each gains and loses in effect, through
//! all that it is granted, and where that widens. Data for reviewers; an apply runs none of it.

use serde::{Deserialize, Serialize};

use super::addr::Addr;

/// Whether a principal is a role or a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Principal {
    /// A role.
    Role,
    /// A user.
    User,
}

impl Principal {
    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::User => "user",
        }
    }
}

/// What becomes of a principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// It comes to be.
    New,
    /// It is there and stays.
    Changed,
    /// It goes away.
    Removed,
}

/// What one principal may do after the plan that it could not before, and the other way round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessChange {
    /// The resource whose step changes it.
    #[serde(rename = "address")]
    pub addr: Addr,
    /// Its name.
    pub principal: String,
    /// Whether it is a role or a user.
    #[serde(rename = "type")]
    pub of: Principal,
    /// The tenant that it belongs to.
    pub tenant: Option<String>,
    /// What becomes of it.
    pub fate: Fate,
    /// Whether it is a new tenant's, and gets nothing but its own database: not worth a line.
    pub ordinary: bool,
    /// What it may do after the plan, and could not before.
    pub gains: Vec<Right>,
    /// What it could do before, and may not after the plan.
    pub loses: Vec<Right>,
    /// The roles that it is granted.
    pub joins: Vec<Membership>,
    /// The roles that are taken from it.
    pub leaves: Vec<Membership>,
    /// Where that widens what it may do.
    pub widens: Vec<Widening>,
    /// For a role: the users that hold it after the plan, or until it goes, also through other roles.
    pub held_by: Holders,
    /// Statements whose effect is not in here, for they could not be read.
    pub unread: Vec<String>,
}

/// Membership in a role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Membership {
    /// The role.
    pub role: String,
    /// Whether it may be granted on.
    pub admin_option: bool,
}

/// The users that hold a role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holders {
    /// Some of them, in order.
    pub users: Vec<String>,
    /// How many there are.
    pub count: usize,
}

/// What somebody does with a privilege.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doing {
    /// Sees that objects exist, and their definitions.
    See,
    /// Reads data.
    Read,
    /// Writes, changes or deletes data.
    Write,
    /// Makes and alters objects.
    ChangeSchema,
    /// Drops objects.
    Drop,
    /// Uses something that is no data: a function, an engine, temporary tables.
    Use,
    /// Reads from or writes to other servers, files and buckets.
    ReachOutside,
    /// Changes users, roles, policies, and the server itself.
    Administer,
}

/// How far a right may be granted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GrantOption {
    /// Only the right.
    No,
    /// The right, with the grant option.
    With,
    /// Only the grant option: the right itself does not change.
    Only,
}

/// Privileges on places, exactly: all of `privileges` on all of `on`, but for the exceptions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Right {
    /// What it comes to.
    pub does: Vec<Doing>,
    /// The privileges, in the fewest words that mean exactly them in these places.
    pub privileges: Vec<String>,
    /// The places: `db.*`, `db.table`, `*.*`, `prefix*.*`, an access object.
    pub on: Vec<String>,
    /// What in them is left out.
    pub except: Vec<String>,
    /// What in them is as it was before.
    pub unchanged: Vec<String>,
    /// Whether the grant option is part of it.
    pub grant_option: GrantOption,
    /// The roles that it comes, or came, through; none where it is granted itself.
    pub through: Vec<String>,
}

/// In which way a change widens access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Widens {
    /// It reads a database that it did not read.
    Reads,
    /// It writes where it did not write.
    Writes,
    /// It may grant on what it has.
    GrantsOn,
    /// It has `ALL`, or something on every database, or a right over the server.
    Everything,
    /// It may change who may do what.
    ManagesAccess,
    /// It reaches a database of a tenant that it does not belong to.
    CrossesTenants,
    /// It reads from or writes to what is outside of the server.
    LeavesServer,
    /// It may run, or make others run, with somebody else's rights.
    ActsAsOthers,
}

/// One way in which a change widens access.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Widening {
    /// The way.
    pub way: Widens,
    /// What exactly, in words.
    pub what: String,
    /// The tenants that are concerned, where it crosses to others.
    pub tenants: Vec<String>,
}

/// How many items of a list are told.
const TOLD: usize = 6;

impl Right {
    /// Returns what is gained or lost in words: `read and write a.*, b.* (SELECT, INSERT), except a.t`. Long lists are
    /// cut; what they hold is in the JSON plan.
    pub fn words(&self, lost: bool) -> String {
        let privileges = listed(&self.privileges, TOLD);
        let (verbs, on) = (self.verbs(), listed(&self.on, TOLD));
        let mut text = match (self.grant_option, self.does.as_slice()) {
            (GrantOption::Only, _) => format!("grant on {privileges} on {on}"),
            (_, [Doing::ReachOutside]) => format!("{verbs} ({privileges} ON {on})"),
            _ => format!("{verbs} {on} ({privileges})"),
        };
        if self.grant_option == GrantOption::With {
            text.push_str(", and grant it on");
        }
        if !self.except.is_empty() {
            text.push_str(&format!(", except {}", listed(&self.except, TOLD)));
        }
        if !self.unchanged.is_empty() {
            let lead = if lost { "but keeps" } else { "as before on" };
            text.push_str(&format!(", {lead} {}", listed(&self.unchanged, TOLD)));
        }
        if !self.through.is_empty() {
            text.push_str(&format!(", through {}", listed(&self.through, TOLD)));
        }
        text
    }

    /// Returns what it comes to, so that a place can follow.
    fn verbs(&self) -> String {
        if self.privileges == ["ALL"] {
            return "do everything on".to_owned();
        }
        let verbs: Vec<&str> = self.does.iter().map(|doing| doing.verb()).collect();
        let plain = |doing: &Doing| matches!(doing, Doing::See | Doing::Read | Doing::Write | Doing::Use);
        let on = if self.does.iter().all(plain) || self.does == [Doing::ReachOutside] { "" } else { " in" };
        format!("{}{on}", joined(&verbs))
    }
}

impl Doing {
    fn verb(self) -> &'static str {
        match self {
            Self::See => "see",
            Self::Read => "read",
            Self::Write => "write",
            Self::ChangeSchema => "change schema",
            Self::Drop => "drop",
            Self::Use => "use",
            Self::ReachOutside => "reach outside of the server",
            Self::Administer => "administer",
        }
    }
}

impl Holders {
    /// Returns them in words: `users a, b and 480 more`.
    pub fn words(&self) -> String {
        let noun = if self.count == 1 { "user" } else { "users" };
        format!("{noun} {}", counted(&self.users, self.count))
    }
}

/// Returns a list in words: all of it, or its beginning and how many more there are.
pub fn listed(items: &[String], most: usize) -> String {
    let shown = if items.len() > most + 1 { &items[..most] } else { items };
    counted(shown, items.len())
}

/// Returns what is shown of a list, and how many more there are: `a, b and 480 more`.
pub fn counted(shown: &[String], count: usize) -> String {
    match count - shown.len().min(count) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn joined(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}
