//! Access in a plan: what its steps do to what roles and users may do, asked of the kinds; and what
//! of that widens, as findings.

use std::collections::BTreeMap;

use super::lint::{self, Code};
use crate::kinds::{Effects, Kinds, World};
use crate::model::access::{AccessChange, Principal, Widening, Widens, listed};
use crate::model::addr::Addr;
use crate::model::{Category, Finding, Step};

/// More principals of one block than this are told in one finding.
const EACH: usize = 3;
/// How many of them it names.
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

/// Returns the findings of what widens: one a principal and way. Many tenants, or many instances of
/// one block, that widen in the same way are one.
fn widening(changes: &[AccessChange]) -> Vec<Finding> {
    type Key = (Widens, Principal, Option<Addr>);
    let mut groups: BTreeMap<Key, Vec<(&AccessChange, &Widening)>> = BTreeMap::new();
    for change in changes {
        let block = change.tenant.is_none().then(|| change.addr.block().without_keys());
        for widening in &change.widens {
            let key = (widening.way, change.of, block.clone());
            groups.entry(key).or_default().push((change, widening));
        }
    }
    let mut findings = Vec::new();
    for group in groups.into_values() {
        match group.as_slice() {
            [first, ..] if group.len() > EACH => findings.push(many(first, &group)),
            few => findings.extend(few.iter().map(|(change, widening)| one(change, widening))),
        }
    }
    findings
}

/// Tells of many at once: how many they are, some of their names, and one of them in full.
fn many((first, widening): &(&AccessChange, &Widening), group: &[(&AccessChange, &Widening)]) -> Finding {
    let names: Vec<String> = group.iter().map(|(change, _)| change.principal.clone()).collect();
    let who = format!("each of {} {}s ({})", group.len(), first.of.word(), listed(&names, NAMED));
    let text = format!("{who} {}; {}: {}", does(widening, true), first.principal, widening.what);
    let finding = code(widening.way).finding(Category::Access, text);
    let block = first.addr.block().without_keys();
    let all = group.iter().all(|(change, _)| change.addr.block().without_keys() == block);
    if all { finding.at(&block) } else { finding }
}

fn one(change: &AccessChange, widening: &Widening) -> Finding {
    let name = format!("{} {}", change.of.word(), change.principal);
    let mut text = format!("{name} {}: {}", does(widening, false), widening.what);
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

/// Returns what somebody does by a widening, or many do alike.
fn does(widening: &Widening, many: bool) -> String {
    match widening.way {
        Widens::Reads => "may read what it could not read".to_owned(),
        Widens::Writes => "may change what it could not change".to_owned(),
        Widens::GrantsOn => "may grant on what it has".to_owned(),
        Widens::Everything => "has a right to everything".to_owned(),
        Widens::ManagesAccess => "may change who may do what".to_owned(),
        Widens::CrossesTenants => match widening.tenants.as_slice() {
            _ if many => "reaches the data of other tenants".to_owned(),
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
    use crate::model::access::{Fate, Holders};

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
    fn many_tenants_are_one_finding() {
        let listed = |n: usize| {
            let addr = Addr::new("tenant", "listed").instance(&n.to_string()).part("grants");
            change(addr, &format!("r{n}"), Some("t"), Widens::CrossesTenants)
        };
        let mut changes: Vec<AccessChange> = (0..4000).map(listed).collect();
        assert_eq!(widening(&changes[..3]).len(), 3);
        insta::assert_snapshot!(told(&changes), @"CH247 tenant.listed each of 4000 roles (r0, r1, r2 and 3997 more) reaches the data of other tenants; r0: read r0.* (SELECT)");
        changes.push(change(
            Addr::new("tenant", "own").part("grants"),
            "own",
            Some("own"),
            Widens::CrossesTenants,
        ));
        assert!(widening(&changes)[0].addr.is_none(), "they are of several blocks");
    }
}
