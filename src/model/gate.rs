//! Gates: the flags that an apply of a plan needs besides an approval, each with what it is about.
//! They hold back removals alone; what a migration drops is told with its costs.

use serde::{Deserialize, Serialize};

use super::addr::Addr;
use super::cost::{row_count, size};

/// A flag of `charter apply`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Flag {
    /// Data is destroyed with what is removed.
    #[serde(rename = "--allow-data-loss")]
    DataLoss,
    /// Much of what the scope manages is removed at once.
    #[serde(rename = "--allow-mass-removal")]
    MassRemoval,
}

impl Flag {
    /// Returns the flag as it is written.
    pub fn text(self) -> &'static str {
        match self {
            Self::DataLoss => "--allow-data-loss",
            Self::MassRemoval => "--allow-mass-removal",
        }
    }
}

/// What keeps a plan from being applied without a flag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// The flag.
    pub flag: Flag,
    /// How many blocks lose an object.
    pub removed: usize,
    /// How many blocks of this scope and environment are recorded.
    pub managed: usize,
    /// The objects that go, in the order of their addresses.
    pub objects: Vec<Gated>,
}

/// An object that goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gated {
    /// Where it was declared.
    #[serde(rename = "address")]
    pub addr: Addr,
    /// Its kind.
    pub kind: String,
    /// The real object.
    pub identity: String,
    /// What is in it, as it was read for the plan; none for what holds no data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stake: Option<Stake>,
}

/// What is in an object that holds data. What the server does not tell is none, never zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stake {
    /// How many tables it has, views and dictionaries included.
    pub tables: Option<u64>,
    /// How many of them keep rows of which the server tells no number.
    pub uncounted: Option<u64>,
    /// The rows of the others, together.
    pub rows: Option<u64>,
    /// The bytes of the others, as they are stored.
    pub bytes: Option<u64>,
}

impl Stake {
    /// Returns it in words: `12 tables, 1.2 M rows (340 MB)`.
    pub fn text(&self) -> String {
        let Some(tables) = self.tables else {
            return "unknown tables, rows and bytes".to_owned();
        };
        let tables = if tables == 1 { "1 table".to_owned() } else { format!("{tables} tables") };
        let rows = self.rows.map_or_else(|| "unknown rows".to_owned(), row_count);
        let bytes = self.bytes.map_or_else(|| "unknown size".to_owned(), size);
        let more = match self.uncounted.unwrap_or_default() {
            0 => String::new(),
            1 => ", and 1 table whose rows the server does not count".to_owned(),
            more => format!(", and {more} tables whose rows the server does not count"),
        };
        format!("{tables}, {rows} ({bytes}){more}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_at_stake_is_told_and_never_zero_where_it_is_unknown() {
        let stake = Stake { tables: Some(2), uncounted: Some(0), rows: Some(1_200_000), bytes: Some(340) };
        assert_eq!(stake.text(), "2 tables, 1.2 M rows (340 B)");
        assert_eq!(Stake::default().text(), "unknown tables, rows and bytes");
        let stake = Stake { tables: Some(1), uncounted: Some(1), rows: None, bytes: None };
        assert_eq!(
            stake.text(),
            "1 table, unknown rows (unknown size), and 1 table whose rows the server does not count"
        );
        assert_eq!(
            Stake { tables: Some(0), uncounted: Some(0), rows: Some(0), bytes: Some(0) }.text(),
            "0 tables, 0 rows (0 B)"
        );
    }
}
