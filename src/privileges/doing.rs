//! What somebody does with a privilege, for words and for judging what widens.
//!
//! Told by the groups of the live server's tree and by the words that names begin with, so that privileges of later
//! releases fall in where they belong; what nothing tells is taken for the most that it could be.

use super::catalog::{Catalog, Level, PrivilegeId};
use super::leaf_set::LeafSet;
use crate::model::access::Doing;

/// Words of sources that are not below `SOURCES` since 26.x, where the tree only has `READ` and `WRITE` at that level.
const SOURCES: [&str; 23] = [
    "FILE",
    "URL",
    "REMOTE",
    "MONGO",
    "REDIS",
    "MEILISEARCH",
    "MYSQL",
    "POSTGRES",
    "SQLITE",
    "ODBC",
    "JDBC",
    "HDFS",
    "S3",
    "HIVE",
    "AZURE",
    "KAFKA",
    "NATS",
    "RABBITMQ",
    "YTSAURUS",
    "ARROW FLIGHT",
    "BIGQUERY",
    "DISK",
    "SOURCES",
];

/// Leaves of one catalog by what is done with them.
#[derive(Debug)]
pub struct Doings {
    leaves: Vec<Doing>,
    /// Leaves that change who may do what.
    pub manages: LeafSet,
    /// Leaves that let somebody act with the rights of others.
    pub others: LeafSet,
}

impl Doings {
    /// Sorts the leaves of a catalog.
    pub fn of(catalog: &Catalog) -> Self {
        let group = |name: &str| match catalog.find(name) {
            Some(id) => catalog.leaves(id),
            None => LeafSet::empty(catalog.len()),
        };
        let mut others = group("SET DEFINER");
        ["ALLOW SQL SECURITY NONE", "IMPERSONATE"].iter().for_each(|name| others.extend(&group(name)));
        let manages = group("ACCESS MANAGEMENT").minus(&group("SHOW ACCESS")).minus(&others);
        let mut outside = group("SOURCES");
        SOURCES.iter().for_each(|name| outside.extend(&group(name)));
        let administer = [group("ACCESS MANAGEMENT"), group("SYSTEM"), group("NAMED COLLECTION ADMIN")];
        let leaves = (0..catalog.len()).map(|leaf| {
            let id = PrivilegeId(leaf);
            match catalog.level(id) {
                Level::Object(kind) if kind == "SOURCE" => Doing::ReachOutside,
                _ if outside.contains(leaf) => Doing::ReachOutside,
                _ if administer.iter().any(|set| set.contains(leaf)) => Doing::Administer,
                level => by_name(catalog.name(id), level),
            }
        });
        Self { leaves: leaves.collect(), manages, others }
    }

    /// Returns what is done with a leaf.
    pub fn leaf(&self, leaf: usize) -> Doing {
        self.leaves.get(leaf).copied().unwrap_or(Doing::Administer)
    }

    /// Returns what is done with some leaves, in order and each once.
    pub fn all(&self, leaves: &LeafSet) -> Vec<Doing> {
        let mut doings: Vec<Doing> = leaves.iter().map(|leaf| self.leaf(leaf)).collect();
        doings.sort_unstable();
        doings.dedup();
        doings
    }
}

fn by_name(name: &str, level: &Level) -> Doing {
    let first = name.split(' ').next().unwrap_or_default();
    match (name, first, level) {
        ("SELECT" | "dictGet" | "BACKUP", _, _) => Doing::Read,
        ("CHECK", _, _) | (_, "SHOW", _) => Doing::See,
        ("INSERT" | "TRUNCATE" | "OPTIMIZE" | "ALTER UPDATE" | "ALTER DELETE", _, _) => Doing::Write,
        ("ALTER MOVE PARTITION" | "ALTER FETCH PARTITION", _, _) => Doing::Write,
        (_, "DROP", _) => Doing::Drop,
        (_, "ALTER" | "CREATE" | "UNDROP", _) => Doing::ChangeSchema,
        ("TABLE ENGINE", _, _) => Doing::Use,
        // Functions for introspection, and the like.
        (_, _, Level::Depth(1..)) => Doing::Use,
        (_, _, _) if name.starts_with(|c: char| c.is_lowercase()) && name != SECRETS => Doing::Use,
        _ => Doing::Administer,
    }
}

/// Shows the hashes of passwords, among other secrets.
const SECRETS: &str = "displaySecretsInShowAndSelect";

#[cfg(test)]
mod tests {
    use super::super::tests::real;
    use super::*;

    #[test]
    fn leaves_are_told_by_their_groups_and_names() {
        let catalog = real();
        let doings = Doings::of(&catalog);
        let told = |name: &str| {
            let id = catalog.find(name).unwrap();
            doings
                .all(&catalog.leaves(id))
                .iter()
                .map(|doing| format!("{doing:?}"))
                .collect::<Vec<_>>()
                .join(" ")
        };
        let names = [
            "SELECT",
            "INSERT",
            "ALTER UPDATE",
            "ALTER TABLE",
            "CREATE TABLE",
            "DROP",
            "SHOW",
            "SYSTEM",
            "S3",
            "READ",
            "CREATE USER",
            "SET DEFINER",
            "TABLE ENGINE",
            "NAMED COLLECTION",
            "demangle",
            "KILL QUERY",
            SECRETS,
        ];
        let lines: Vec<String> = names.iter().map(|name| format!("{name}: {}", told(name))).collect();
        insta::assert_snapshot!(lines.join("\n"), @"
        SELECT: Read
        INSERT: Write
        ALTER UPDATE: Write
        ALTER TABLE: Write ChangeSchema
        CREATE TABLE: ChangeSchema
        DROP: Drop
        SHOW: See
        SYSTEM: Administer
        S3: ReachOutside
        READ: ReachOutside
        CREATE USER: Administer
        SET DEFINER: Administer
        TABLE ENGINE: Use
        NAMED COLLECTION: Administer
        demangle: Use
        KILL QUERY: Administer
        displaySecretsInShowAndSelect: Administer
        ");
        let manages = catalog.find("ROLE ADMIN").map(|id| catalog.leaves(id).is_subset(&doings.manages));
        assert_eq!(manages, Some(true));
        let shows = catalog.find("SHOW ACCESS").map(|id| catalog.leaves(id).and(&doings.manages).is_empty());
        assert_eq!(shows, Some(true));
    }
}
