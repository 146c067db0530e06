//! The outcome of the proof as findings of a check.

use super::report::{Holder, Hole, Reached, Report, Way};
use crate::model::{Category, Finding, Severity};

/// How many of a list are told; a program gets more.
const TOLD: usize = 6;

impl Way {
    /// Returns the stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Direct => "CH280",
            Self::RoleChain => "CH281",
            Self::Wildcard => "CH282",
            Self::Everything => "CH283",
            Self::GrantOption => "CH284",
            Self::AdminOption => "CH285",
            Self::OpenGrantees => "CH286",
            Self::AccessManagement => "CH287",
            Self::DefinerView => "CH288",
            Self::DictionarySource => "CH289",
            Self::CreateDictionary => "CH290",
            Self::PasswordlessAccount => "CH291",
            Self::ExternalSource => "CH292",
            Self::QueryLog => "CH293",
            Self::RowPolicy => "CH294",
            Self::AnotherScope => "CH295",
            Self::Unknown => "CH296",
        }
    }

    /// Returns the words for it.
    fn words(self) -> &'static str {
        match self {
            Self::Direct => "by a grant of its own",
            Self::RoleChain => "by a role",
            Self::Wildcard => "by a grant on a prefix",
            Self::Everything => "by a grant on everything",
            Self::GrantOption => "as it has the grant option",
            Self::AdminOption => "as it has the admin option of a role",
            Self::OpenGrantees => "to anyone: its GRANTEES are open",
            Self::AccessManagement => "by managing access",
            Self::DefinerView => "by a view that reads for it",
            Self::DictionarySource => "by a dictionary that reads for it",
            Self::CreateDictionary => "by a source that logs in without a password",
            Self::PasswordlessAccount => "by an account without a password",
            Self::ExternalSource => "to external sources",
            Self::QueryLog => "in the log of statements",
            Self::RowPolicy => "as far as a row policy lets it",
            Self::AnotherScope => "as another scope declares it",
            Self::Unknown => "in a way that cannot be judged",
        }
    }

    fn help(self) -> &'static [&'static str] {
        match self {
            Self::Direct | Self::Wildcard | Self::Everything | Self::RoleChain => &[
                "revoke it (REVOKE … FROM …, or the membership), or declare it: a `grant` block, or a role's or user's own",
                "whoever is trusted with every tenant: isolation { administrators = [\"NAME\"] }",
            ],
            Self::GrantOption => &["take it away: REVOKE GRANT OPTION FOR … FROM …"],
            Self::AdminOption => &["take it away: REVOKE ADMIN OPTION FOR role FROM …"],
            Self::OpenGrantees => {
                &["ALTER USER … GRANTEES NONE; for users that are declared, charter apply does it"]
            }
            Self::AccessManagement => &[
                "revoke it, or limit it to names that lead to no tenant (from 25.1: ALTER USER ON prefix*)",
                "whoever is trusted with every tenant: isolation { administrators = [\"NAME\"] }",
            ],
            Self::DefinerView => &[
                "drop it, or make it SQL SECURITY INVOKER, or grant the reading of it to nobody else",
                "if its readers may see that: isolation { shared = [\"database.name\"] }",
            ],
            Self::DictionarySource => &[
                "drop it, or give its source a user that reads only what its readers may see",
                "if its readers may see that: isolation { shared = [\"database.name\"] }",
            ],
            Self::CreateDictionary => &[
                "give the account a password, or a HOST that does not admit the server itself",
                "and give tenants `privileges = charter.presets.confined`, which has no CREATE DICTIONARY",
            ],
            Self::PasswordlessAccount => {
                &["give it a password: ALTER USER … IDENTIFIED BY …, or in users.xml"]
            }
            Self::Unknown => &["look at it yourself; the rest of the proof does not depend on it"],
            Self::ExternalSource | Self::QueryLog | Self::RowPolicy | Self::AnotherScope => &[],
        }
    }
}

/// Returns the findings: one for each hole, and what is worth a word besides.
pub fn findings(report: &Report) -> Vec<Finding> {
    let absent = report.absent.iter().map(|name| {
        Finding::new(
            "CH297",
            Severity::Note,
            Category::Access,
            format!("administrator {name} is trusted, and is neither a user nor a role of this server"),
        )
        .help("take the name out of isolation { administrators }: who makes a user of this name is trusted")
    });
    let none = (report.tenants == 0).then(|| {
        let summary = "no tenant is declared, so there is nothing to prove";
        Finding::new("CH298", Severity::Note, Category::Access, summary)
    });
    report.holes.iter().map(finding).chain(absent).chain(none).collect()
}

fn finding(hole: &Hole) -> Finding {
    let help = hole.way.help().iter();
    let finding = Finding::new(hole.way.code(), hole.severity, Category::Access, summary(hole))
        .compare(expected(hole), found(hole));
    help.fold(finding, |finding, help| finding.help(*help))
}

fn expected(hole: &Hole) -> &'static str {
    match hole.severity {
        Severity::Note => "",
        _ => "nobody who is not declared to",
    }
}

fn summary(hole: &Hole) -> String {
    let tenants = reached(&hole.tenants);
    let words = hole.way.words();
    match hole.way {
        Way::Unknown => format!("who reaches the data of {tenants} cannot be judged"),
        Way::RowPolicy => format!("row policies stand on the data of {tenants}"),
        Way::PasswordlessAccount => {
            format!("{} reaches the data of {tenants}, and needs no password", whom(hole))
        }
        Way::ExternalSource => format!("{} can carry the data of {tenants} {words}", whom(hole)),
        Way::GrantOption | Way::AdminOption | Way::OpenGrantees => {
            format!("{} can pass on the data of {tenants} {words}", whom(hole))
        }
        _ => format!("{} can {} the data of {tenants} {words}", whom(hole), verbs(&hole.verbs)),
    }
}

/// Returns what can be done, reading first.
fn verbs(verbs: &[&str]) -> &'static str {
    match (verbs.contains(&"read"), verbs.contains(&"change")) {
        (true, true) => "read and change",
        (false, true) => "change",
        _ => "read",
    }
}

fn name(holder: &Holder) -> String {
    format!("{} {}", if holder.user { "user" } else { "role" }, holder.name)
}

fn whom(hole: &Hole) -> String {
    match hole.holders.as_slice() {
        [] => "somebody".to_owned(),
        [one] => name(one),
        [one, two] => format!("{} and {}", name(one), name(two)),
        [one, rest @ ..] => format!("{} and {} more", name(one), rest.len()),
    }
}

fn reached(tenants: &Reached) -> String {
    if tenants.all && tenants.count > 1 {
        return format!("all {} tenants", tenants.count);
    }
    let told: Vec<&str> = tenants.databases.iter().take(TOLD).map(String::as_str).collect();
    let more = tenants.count.saturating_sub(told.len());
    let list = told.join(", ");
    if more == 0 { list } else { format!("{list} and {more} more tenants") }
}

/// Returns who has it and by what, a line each.
fn found(hole: &Hole) -> String {
    let paths = hole.holders.iter().filter(|holder| holder.path.len() > 1 || hole.holders.len() > 1);
    let paths: Vec<String> = paths.map(|holder| holder.path.join(" -> ")).collect();
    let mut lines: Vec<String> = some(paths.iter().map(String::as_str), "more who have it").collect();
    lines.extend(some(hole.by.iter().map(String::as_str), "more"));
    lines.extend(Some(hole.note.clone()).filter(|note| !note.is_empty()));
    lines.join("\n")
}

fn some<'a>(items: impl Iterator<Item = &'a str>, more: &'a str) -> impl Iterator<Item = String> {
    let items: Vec<&str> = items.collect();
    let rest = items.len().saturating_sub(TOLD);
    let rest = (rest > 0).then(|| format!("and {rest} {more}"));
    let told: Vec<String> = items.into_iter().take(TOLD).map(str::to_owned).collect();
    told.into_iter().chain(rest)
}
