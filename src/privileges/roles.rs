//! Memberships in roles: simple sets, with an admin option for each.

use std::collections::BTreeMap;

use super::diff::Mode;
use super::show::{ShowGrant, roles_sql};
use super::statement::Verb;

/// Membership in one role.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoleGrant {
    /// The role.
    pub role: String,
    /// Whether the member may grant it on.
    pub admin_option: bool,
}

/// Difference of a grantee's live memberships from the declared ones; each list is sorted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RoleDiff {
    /// Roles to be granted, and those that lack the admin option.
    pub missing: Vec<RoleGrant>,
    /// Roles to be revoked.
    pub extra: Vec<String>,
    /// Roles that stay, without the admin option.
    pub extra_options: Vec<String>,
}

impl RoleDiff {
    /// Tells whether nothing is to be done.
    pub fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.extra.is_empty() && self.extra_options.is_empty()
    }

    /// Returns the statements as SQL for one user or role: grants first.
    pub fn statements(&self, grantee: &str) -> Vec<String> {
        let granted = |admin| {
            let roles = self.missing.iter().filter(move |grant| grant.admin_option == admin);
            roles.map(|grant| grant.role.clone()).collect()
        };
        let lists: [(Verb, Vec<String>, bool); 4] = [
            (Verb::Grant, granted(false), false),
            (Verb::Grant, granted(true), true),
            (Verb::RevokeOption, self.extra_options.clone(), false),
            (Verb::Revoke, self.extra.clone(), false),
        ];
        let filled = lists.iter().filter(|(_, roles, _)| !roles.is_empty());
        filled.map(|(verb, roles, admin)| roles_sql(*verb, roles, *admin, grantee)).collect()
    }
}

/// Compares declared memberships of one grantee with its lines of `SHOW GRANTS`, of which those about privileges are
/// skipped. `exempt` are memberships that others have registered; see [`Mode`] for what happens to the rest.
pub fn diff_roles(desired: &[RoleGrant], live: &[ShowGrant], exempt: &[RoleGrant], mode: Mode) -> RoleDiff {
    compare_roles(desired, &[], live, exempt, mode)
}

/// Compares as [`diff_roles`] does, and knows what was declared before: in [`Mode::Additive`] what is `recorded` and no
/// longer declared is too much.
pub fn compare_roles(
    desired: &[RoleGrant],
    recorded: &[RoleGrant],
    live: &[ShowGrant],
    exempt: &[RoleGrant],
    mode: Mode,
) -> RoleDiff {
    let (wanted, live, exempt) = (set(desired), memberships(live), set(exempt));
    let mut diff = RoleDiff::default();
    if mode == Mode::Remove {
        diff.extra = wanted
            .keys()
            .filter(|role| live.contains_key(*role) && !exempt.contains_key(*role))
            .cloned()
            .collect();
        return diff;
    }
    let lacks = |(role, admin): &(&String, &bool)| live.get(*role).is_none_or(|has| **admin && !has);
    let missing = wanted.iter().filter(lacks);
    diff.missing =
        missing.map(|(role, admin)| RoleGrant { role: role.clone(), admin_option: *admin }).collect();
    if mode == Mode::Whole {
        let mut allowed = wanted;
        exempt.into_iter().for_each(|(role, admin)| *allowed.entry(role).or_default() |= admin);
        diff.extra = live.keys().filter(|role| !allowed.contains_key(*role)).cloned().collect();
        let idle = live.iter().filter(|(role, has)| **has && allowed.get(*role) == Some(&false));
        diff.extra_options = idle.map(|(role, _)| role.clone()).collect();
    } else {
        let mut allowed = wanted;
        exempt.into_iter().for_each(|(role, admin)| *allowed.entry(role).or_default() |= admin);
        for (role, admin) in set(recorded) {
            match (live.get(&role), allowed.get(&role)) {
                (Some(_), None) => diff.extra.push(role),
                (Some(true), Some(false)) if admin => diff.extra_options.push(role),
                _ => {}
            }
        }
    }
    diff
}

fn set(grants: &[RoleGrant]) -> BTreeMap<String, bool> {
    let mut set = BTreeMap::new();
    for grant in grants {
        *set.entry(grant.role.clone()).or_default() |= grant.admin_option;
    }
    set
}

/// Returns the roles that lines of one grantee come to, and whether each has the admin option.
pub fn memberships<'a>(lines: impl IntoIterator<Item = &'a ShowGrant>) -> BTreeMap<String, bool> {
    let mut set = BTreeMap::new();
    for show in lines {
        let ShowGrant::Roles { verb, roles, admin_option, .. } = show else { continue };
        for role in roles {
            match verb {
                Verb::Grant => *set.entry(role.clone()).or_insert(false) |= *admin_option,
                Verb::RevokeOption => {
                    set.entry(role.clone()).and_modify(|admin| *admin = false);
                }
                Verb::Revoke => {
                    set.remove(role);
                }
            }
        }
    }
    set
}

#[cfg(test)]
mod tests {
    use super::super::parse_show_grants;
    use super::*;

    fn grants(roles: &[&str]) -> Vec<RoleGrant> {
        let grant = |role: &&str| RoleGrant {
            role: role.trim_end_matches('!').into(),
            admin_option: role.ends_with('!'),
        };
        roles.iter().map(grant).collect()
    }

    fn run(desired: &[&str], live: &[&str], exempt: &[&str], mode: Mode) -> String {
        let live: Vec<_> = live.iter().filter_map(|line| parse_show_grants(line).ok()).collect();
        diff_roles(&grants(desired), &live, &grants(exempt), mode).statements("u").join("\n")
    }

    const LIVE: [&str; 4] = [
        "GRANT SELECT ON d.* TO u",
        "GRANT a, `b c` TO u",
        "GRANT x, y TO u WITH ADMIN OPTION",
        "GRANT z TO u",
    ];

    #[test]
    fn grants_what_is_missing_and_revokes_the_rest() {
        insta::assert_snapshot!(run(&["a", "new", "x!", "y", "z!", "new2!"], &LIVE, &[], Mode::Whole), @"
        GRANT new TO u
        GRANT new2, z TO u WITH ADMIN OPTION
        REVOKE ADMIN OPTION FOR y FROM u
        REVOKE `b c` FROM u
        ");
    }

    #[test]
    fn is_empty_when_nothing_differs() {
        assert_eq!(run(&["z", "a", "b c", "x!", "y!"], &LIVE, &[], Mode::Whole), "");
        assert_eq!(run(&["a", "x!"], &LIVE, &["b c", "y!", "z", "gone"], Mode::Whole), "");
    }

    #[test]
    fn additive_takes_away_what_was_recorded() {
        let live: Vec<_> = LIVE.iter().filter_map(|line| parse_show_grants(line).ok()).collect();
        let recorded = grants(&["a", "x!", "y!", "gone", "z"]);
        let diff = compare_roles(&grants(&["x"]), &recorded, &live, &grants(&["z"]), Mode::Additive);
        assert_eq!(diff.statements("u"), ["REVOKE ADMIN OPTION FOR x FROM u", "REVOKE a, y FROM u"]);
    }

    #[test]
    fn additive_only_adds_and_remove_only_removes() {
        assert_eq!(run(&["a", "new"], &LIVE, &[], Mode::Additive), "GRANT new TO u");
        assert_eq!(run(&["a", "b c", "gone"], &LIVE, &["a"], Mode::Remove), "REVOKE `b c` FROM u");
    }
}
