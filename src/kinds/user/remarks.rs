//! What there is to say of a user's password besides what changes: what is not done and why, what
//! is done though it may hurt, and what is yet to come.

use super::due::{What, due, managers, overdue};
use crate::kinds::World;
use crate::kinds::common::credential::Credential;
use crate::kinds::common::duration::instant;
use crate::model::finding::{Category, Finding, Severity};
use crate::model::registry::Entry;
use crate::model::snapshot::LoginVerdict;
use crate::model::{Attrs, Resource};

/// Returns the findings about a user's password.
pub fn remarks(wanted: &Resource, live: Option<&Attrs>, world: &World) -> Vec<Finding> {
    let Some(credential) = Credential::of(&wanted.attrs) else { return Vec::new() };
    let entry = live.and_then(|_| world.registry.mine(super::NAME, &wanted.identity));
    let what = entry.and_then(|_| due(wanted, world)).map(|due| due.what);
    let about = About { wanted, world, credential, entry, what };
    let all = [
        about.not_asked(),
        about.taken(),
        about.cut_over(),
        about.cut_short(),
        about.to_come(),
        about.finish(),
    ];
    all.into_iter().flatten().map(|finding| finding.at(&wanted.addr)).collect()
}

struct About<'a> {
    wanted: &'a Resource,
    world: &'a World<'a>,
    credential: Credential,
    entry: Option<&'a Entry>,
    what: Option<What>,
}

impl About<'_> {
    fn asked(&self) -> bool {
        self.world.rotation.asks(&self.wanted.addr)
    }

    fn several(&self) -> bool {
        self.world.caps().has_several_auth_methods()
    }

    /// A rotation was asked for and is not done.
    fn not_asked(&self) -> Option<Finding> {
        let new = |why: &str, help: &str| {
            let summary = format!("the password of {} is not rotated: {why}", self.wanted.identity);
            Some(warning("CH322", summary).help(help))
        };
        match (self.asked(), self.entry, self.what) {
            (false, ..) => None,
            (true, None, _) => {
                new("the user is not charter's yet", "apply first, which makes or adopts it; then rotate")
            }
            (true, _, Some(What::Accept)) => new(
                "its Secret holds another one than ClickHouse was told, which is accepted first",
                "apply, and then rotate",
            ),
            _ => None,
        }
    }

    /// Keys that someone else writes.
    fn taken(&self) -> Option<Finding> {
        let managers = managers(&self.credential, self.world.snapshot);
        if managers.is_empty() {
            return None;
        }
        let place = self.credential.place();
        let found = format!("field manager {} wrote keys of it", managers.join(", "));
        let expected = format!("{place}: keys of field manager charter-credentials");
        let finding = |summary: String| warning("CH314", summary).compare(&*expected, &*found);
        if self.what == Some(What::Rotate) || self.what == Some(What::Lost) {
            return Some(
                finding(format!("the password in {place} is taken from another field manager"))
                    .help("a controller that writes it will write its own again: rotate it there instead"),
            );
        }
        let why = overdue(&self.credential, self.entry?, self.world)?;
        Some(
            finding(format!("a password is due for rotation, and someone else keeps it: {why}"))
                .help(
                    "rotate it where it is kept: charter makes ClickHouse accept what the Secret then holds",
                )
                .help(format!("or let charter keep it from now on: charter rotate {}", self.wanted.addr)),
        )
    }

    /// A server on which a rotation cuts off whoever has the old password.
    fn cut_over(&self) -> Option<Finding> {
        let entry = self.entry.filter(|_| !self.several())?;
        let version = &self.world.caps().version;
        if self.what == Some(What::Rotate) {
            let summary = format!("the old password of {} stops working at once", self.wanted.identity);
            return Some(
                warning("CH318", summary)
                    .compare("the old and the new password for a while", format!("ClickHouse {version}: one password a user"))
                    .help("have the clients read the Secret again right after, or upgrade to ClickHouse 24.9 or later first"),
            );
        }
        let why = overdue(&self.credential, entry, self.world)?;
        let summary = format!("a password is due for rotation: {why}");
        Some(
            Finding::new("CH317", Severity::Note, Category::Secrets, summary)
                .compare(
                    "",
                    format!("ClickHouse {version} knows one password a user: a rotation cuts clients off"),
                )
                .help(format!("at a time that suits them: charter rotate {}", self.wanted.addr)),
        )
    }

    /// A rotation in the grace of another.
    fn cut_short(&self) -> Option<Finding> {
        let until = self.entry?.old_until()?;
        let cut = self.what == Some(What::Rotate) && self.several() && self.world.caps().now < until;
        cut.then(|| {
            warning(
                "CH319",
                format!("the password before the last of {} stops working now", self.wanted.identity),
            )
            .compare(format!("it works until {}", instant(until)), "another rotation before that")
            .help("wait until then, if clients may not have read the Secret since the last rotation")
        })
    }

    /// An old password that still works.
    fn to_come(&self) -> Option<Finding> {
        let until = self.entry?.old_until()?;
        let waits = self.what.is_none() && self.world.caps().now < until;
        waits.then(|| {
            let summary =
                format!("an old password of {} works until {}", self.wanted.identity, instant(until));
            Finding::new("CH316", Severity::Note, Category::Secrets, summary)
                .help("the first apply after that retires it")
                .help(format!("to retire it now: charter rotate --finish {}", self.wanted.addr))
        })
    }

    /// An old password that is not to be retired before the new one works.
    fn finish(&self) -> Option<Finding> {
        if !self.world.rotation.finishes(&self.wanted.addr) {
            return None;
        }
        if self.what != Some(What::Retire) && self.what != Some(What::Accept) {
            let summary = format!("there is no old password of {} to retire", self.wanted.identity);
            return Some(warning("CH323", summary).help("charter rotate makes a new one; without --finish"));
        }
        let found = match self.world.snapshot.logins.get(&self.wanted.addr) {
            None | Some(LoginVerdict::Works) if self.what == Some(What::Retire) => return None,
            Some(LoginVerdict::Unproved(why)) => format!("it cannot be told whether it does: {why}"),
            _ => "ClickHouse refuses the user or its password".to_owned(),
        };
        let place = self.credential.place();
        Some(
            Finding::new(
                "CH315",
                Severity::Error,
                Category::Secrets,
                "the old password is not retired: what the Secret holds does not log in",
            )
            .compare(format!("{place} logs in as {}", self.wanted.identity), found)
            .help("charter apply --probe makes ClickHouse accept what the Secret holds; then finish")
            .help("where the user may not log in from here, wait for the grace to end: the next apply retires it"),
        )
    }
}

fn warning(code: &'static str, summary: String) -> Finding {
    Finding::new(code, Severity::Warning, Category::Secrets, summary)
}
