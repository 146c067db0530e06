//! Access in a plan: what its steps do to what roles and users may do, asked of the kinds; and what
//! of that widens, as findings.

use super::lint::{self, Code};
use crate::kinds::{Effects, Kinds, World};
use crate::model::access::{AccessChange, Widening, Widens, listed};
use crate::model::{Category, Finding, Step};

/// How many tenants a finding names.
const NAMED: usize = 3;

/// Returns what the steps of a plan do to access, and what there is to say of it.
pub fn of(kinds: &Kinds, steps: &[Step], world: &World) -> Effects {
    let mut all = Effects::default();
    for kind in kinds.iter() {
        let Effects { changes, findings } = kind.access(steps, world);
        all.changes.extend(changes);
        all.findings.extend(findings);
    }
    all.changes.sort_by(|a, b| (&a.addr, a.of, &a.principal).cmp(&(&b.addr, b.of, &b.principal)));
    all.findings.extend(widening(&all.changes));
    all
}

/// Returns the findings of what widens: one a principal and way. What is the same for many is told once
/// where it is shown, by all their names.
pub(crate) fn widening(changes: &[AccessChange]) -> Vec<Finding> {
    let all =
        changes.iter().flat_map(|change| change.widens.iter().map(move |widening| one(change, widening)));
    all.collect()
}

fn one(change: &AccessChange, widening: &Widening) -> Finding {
    let name = format!("{} {}", change.of.word(), change.principal);
    let mut text = format!("{name} {}: {}", does(widening), widening.what);
    if change.held_by.count > 0 {
        text.push_str(&format!("; held by {}", change.held_by.words()));
    }
    let finding = code(widening.way).finding(Category::Access, text).at(&change.addr);
    match widening.way {
        Widens::Everything if widening.what.contains("(ALL)") => {
            finding.help("name the privileges that are meant: ALL grows with each release of ClickHouse")
        }
        _ => finding,
    }
}

/// Returns what somebody does by a widening.
fn does(widening: &Widening) -> String {
    match widening.way {
        Widens::Reads => "may read what it could not read".to_owned(),
        Widens::Writes => "may change what it could not change".to_owned(),
        Widens::GrantsOn => "may grant on what it has".to_owned(),
        Widens::Everything if widening.what.contains("(ALL)") => "has every right there is".to_owned(),
        Widens::Everything => "has a right as wide as the server".to_owned(),
        Widens::ManagesAccess => "may change who may do what".to_owned(),
        Widens::CrossesTenants => match widening.tenants.as_slice() {
            [one] => format!("reaches the data of tenant {one}"),
            all => format!("reaches the data of {} tenants ({})", all.len(), listed(all, NAMED)),
        },
        Widens::LeavesServer => "may reach outside of the server".to_owned(),
        Widens::ActsAsOthers => "may act with the rights of others".to_owned(),
    }
}

/// Returns the code of a way.
pub fn code(way: Widens) -> Code {
    match way {
        Widens::Reads => lint::READS_MORE,
        Widens::Writes => lint::WRITES_MORE,
        Widens::GrantsOn => lint::GRANTS_ON,
        Widens::Everything => lint::EVERYTHING,
        Widens::ManagesAccess => lint::MANAGES_ACCESS,
        Widens::CrossesTenants => lint::CROSSES_TENANTS,
        Widens::LeavesServer => lint::LEAVES_SERVER,
        Widens::ActsAsOthers => lint::ACTS_AS_OTHERS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Addr;
    use crate::model::access::{Fate, Holders, Principal};

    fn change(addr: Addr, principal: &str, tenant: Option<&str>, way: Widens) -> AccessChange {
        let what = format!("read {principal}.* (SELECT)");
        AccessChange {
            addr,
            principal: principal.to_owned(),
            of: Principal::Role,
            tenant: tenant.map(str::to_owned),
            fate: Fate::Changed,
            ordinary: false,
            gains: Vec::new(),
            loses: Vec::new(),
            joins: Vec::new(),
            leaves: Vec::new(),
            widens: vec![Widening { way, what, tenants: vec!["x".into(), "y".into()] }],
            held_by: Holders { users: vec!["a".into(), "b".into()], count: 480 },
            unread: Vec::new(),
        }
    }

    fn told(changes: &[AccessChange]) -> String {
        let lines = widening(changes).into_iter().map(|finding| {
            let addr = finding.addr.map(|addr| addr.to_string()).unwrap_or_default();
            format!("{} {addr} {}", finding.code, finding.summary)
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn each_way_is_told_with_who_holds_it() {
        let role = |way| change(Addr::new("role", "r").part("grants"), "r", None, way);
        insta::assert_snapshot!(told(&[role(Widens::Reads), role(Widens::CrossesTenants)]), @"
        CH242 role.r.grants role r may read what it could not read: read r.* (SELECT); held by users a, b and 478 more
        CH247 role.r.grants role r reaches the data of 2 tenants (x, y): read r.* (SELECT); held by users a, b and 478 more
        ");
    }

    #[test]
    fn each_is_a_finding_of_its_own() {
        let listed = |n: usize| {
            let addr = Addr::new("tenant", "listed").instance(&n.to_string()).part("grants");
            change(addr, &format!("r{n}"), Some("t"), Widens::CrossesTenants)
        };
        let changes: Vec<AccessChange> = (0..4000).map(listed).collect();
        let told = told(&changes);
        assert_eq!(told.lines().count(), 4000);
        assert!(
            told.lines()
                .last()
                .is_some_and(|last| last.contains("role r3999 reaches the data of 2 tenants (x, y)"))
        );
    }
}
