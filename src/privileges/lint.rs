//! What is odd about declared grants although the server takes them: words that say nothing, words that say less than
//! they seem to, and a combination that some servers do not keep.

use super::catalog::{Catalog, PrivilegeId};
use super::grant::{Grant, PrivilegeSpec, Scope};
use super::leaf_set::LeafSet;
use super::resolve::grantable;

/// A privilege of a declared grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// Index of the grant.
    pub grant: usize,
    /// Index of the privilege in it.
    pub privilege: usize,
}

/// A word that another one of the same declaration makes superfluous.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redundant {
    /// The word.
    pub word: Word,
    /// The one that covers it.
    pub by: Word,
}

/// A group of which only a part can be granted on the scope: the server drops the rest without a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Halved {
    /// The group.
    pub word: Word,
    /// The canonical names of what is dropped.
    pub dropped: Vec<String>,
}

/// One word with what it means.
struct Meaning<'a> {
    word: Word,
    grant: &'a Grant,
    spec: &'a PrivilegeSpec,
    id: PrivilegeId,
    leaves: LeafSet,
}

fn meanings<'a>(catalog: &Catalog, grants: &'a [Grant]) -> Vec<Meaning<'a>> {
    let words = grants.iter().enumerate().flat_map(|(index, grant)| {
        let specs = grant.privileges.iter().enumerate();
        specs.map(move |(privilege, spec)| (Word { grant: index, privilege }, grant, spec))
    });
    let meant = words.filter_map(|(word, grant, spec)| {
        let id = catalog.find(&spec.name)?;
        let (mut leaves, objects) = grantable(catalog, id, &grant.on, !spec.columns.is_empty());
        leaves.extend(&objects);
        Some(Meaning { word, grant, spec, id, leaves })
    });
    meant.filter(|meaning| !meaning.leaves.is_empty()).collect()
}

/// Returns the words that a single other word covers: a narrower scope, a member of a group, a repetition.
pub fn redundant(catalog: &Catalog, grants: &[Grant]) -> Vec<Redundant> {
    let all = meanings(catalog, grants);
    let covering = |narrow: &Meaning<'_>| {
        let wide = all.iter().find(|wide| wide.word != narrow.word && covers(wide, narrow))?;
        Some(Redundant { word: narrow.word, by: wide.word })
    };
    all.iter().filter_map(covering).collect()
}

fn covers(wide: &Meaning<'_>, narrow: &Meaning<'_>) -> bool {
    let columns = wide.spec.columns.is_empty()
        || (!narrow.spec.columns.is_empty()
            && narrow.spec.columns.iter().all(|column| wide.spec.columns.contains(column)));
    let covered = wide.grant.except.is_empty()
        && wide.grant.on.covers(&narrow.grant.on)
        && columns
        && (wide.grant.grant_option || !narrow.grant.grant_option)
        && narrow.leaves.is_subset(&wide.leaves);
    if !covered {
        return false;
    }
    // Of two that say the same, the first one stays.
    let same = wide.grant.on == narrow.grant.on
        && wide.leaves == narrow.leaves
        && wide.grant.grant_option == narrow.grant.grant_option
        && wide.spec.columns.len() == narrow.spec.columns.len()
        && narrow.grant.except.is_empty();
    let before = |word: Word| (word.grant, word.privilege);
    !same || before(wide.word) < before(narrow.word)
}

/// Returns the groups that lose members on their scope.
pub fn halved(catalog: &Catalog, grants: &[Grant]) -> Vec<Halved> {
    let all = meanings(catalog, grants);
    let lose = all.iter().filter_map(|meaning| {
        let dropped = catalog.leaves(meaning.id).minus(&meaning.leaves);
        let names = (0..catalog.len()).filter(|leaf| dropped.contains(*leaf));
        let dropped: Vec<_> = names.map(|leaf| catalog.name(PrivilegeId(leaf)).to_owned()).collect();
        (!dropped.is_empty()).then_some(Halved { word: meaning.word, dropped })
    });
    lose.collect()
}

/// Returns the words whose grant option servers were seen to lose: the same right is granted everywhere without it, and
/// something is granted on another database whose name begins alike.
///
/// Seen on 25.5, 25.8 and 26.9: `GRANT SELECT ON *.*`, `GRANT SELECT ON tenant_a.* WITH GRANT OPTION` and any grant on
/// `tenant_b.*`; the option is missing from `SHOW GRANTS` and `system.grants` afterwards.
pub fn lost_options(catalog: &Catalog, grants: &[Grant]) -> Vec<Word> {
    let all = meanings(catalog, grants);
    let lost = all.iter().filter(|meaning| {
        let Some(database) = database(&meaning.grant.on).filter(|_| meaning.grant.grant_option) else {
            return false;
        };
        let everywhere = |wide: &Meaning<'_>| {
            let shared = wide.leaves.and(&meaning.leaves);
            wide.grant.on == Scope::Global && !wide.grant.grant_option && !shared.is_empty()
        };
        let alike = |other: &Meaning<'_>| {
            self::database(&other.grant.on).is_some_and(|name| {
                let first = |name: &str| name.chars().next();
                name != database && first(name).is_some() && first(name) == first(database)
            })
        };
        all.iter().any(everywhere) && all.iter().any(alike)
    });
    lost.map(|meaning| meaning.word).collect()
}

fn database(scope: &Scope) -> Option<&str> {
    match scope {
        Scope::Database { name, .. } | Scope::Table { database: name, .. } => Some(name),
        Scope::Global | Scope::Object { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{grants, real, toy};
    use super::*;

    fn text(word: Word, grants: &[Grant]) -> String {
        let grant = &grants[word.grant];
        format!("{} ON {}", grant.privileges[word.privilege], grant.on)
    }

    fn redundancies(texts: &[&str]) -> Vec<String> {
        let grants = grants(texts);
        let found = redundant(&toy(), &grants);
        found.iter().map(|r| format!("{} by {}", text(r.word, &grants), text(r.by, &grants))).collect()
    }

    #[test]
    fn narrower_words_are_redundant() {
        assert_eq!(
            redundancies(&["SELECT ON *.*", "SELECT, INSERT ON d.*", "UPDATE ON d.t", "ALTER ON d.*"]),
            ["SELECT ON d.* by SELECT ON *.*", "UPDATE ON d.t by ALTER ON d.*"]
        );
        assert_eq!(redundancies(&["SELECT(a), SELECT ON d.t"]), ["SELECT(a) ON d.t by SELECT ON d.t"]);
        assert_eq!(redundancies(&["INSERT ON d.*", "INSERT ON d.*"]), ["INSERT ON d.* by INSERT ON d.*"]);
        assert_eq!(redundancies(&["ALTER UPDATE, UPDATE ON d.*"]).len(), 1);
    }

    #[test]
    fn what_adds_something_is_not() {
        for texts in [
            &["SELECT ON d.*", "SELECT ON e.*"][..],
            &["SELECT ON *.*", "SELECT ON d.* WITH GRANT OPTION"],
            &["SELECT(a) ON d.t", "SELECT(a, b) ON d.u"],
            &["CREATE ON d.*", "CREATE FUNCTION ON *.*"],
        ] {
            assert_eq!(redundancies(texts), Vec::<String>::new(), "{texts:?}");
        }
    }

    #[test]
    fn groups_lose_what_their_scope_cannot_hold() {
        let grants = grants(&["CREATE, ALTER, SELECT ON d.*", "CREATE ON d.t", "CREATE ON *.*"]);
        let found: Vec<_> =
            halved(&toy(), &grants).into_iter().map(|h| (text(h.word, &grants), h.dropped)).collect();
        let expected = [
            ("CREATE ON d.*", vec!["CREATE FUNCTION"]),
            ("CREATE ON d.t", vec!["CREATE DATABASE", "CREATE FUNCTION"]),
        ];
        let expected = expected
            .map(|(word, names)| (word.to_owned(), names.into_iter().map(str::to_owned).collect::<Vec<_>>()));
        assert_eq!(found, expected);
    }

    #[test]
    fn an_option_below_a_wide_grant_may_get_lost() {
        let lost = |texts: &[&str]| lost_options(&real(), &grants(texts)).len();
        let option = "SELECT ON tenant_a.* WITH GRANT OPTION";
        assert_eq!(lost(&["SELECT ON *.*", option, "INSERT ON tenant_b.*"]), 1);
        assert_eq!(lost(&["SELECT ON *.*", option, "INSERT ON other.*"]), 0);
        assert_eq!(lost(&["INSERT ON *.*", option, "INSERT ON tenant_b.*"]), 0);
        assert_eq!(lost(&[option, "INSERT ON tenant_b.*"]), 0);
    }
}
