//! What a statement of a migration costs on a table that exists: how much is at stake, what kind of
//! work it is, and whether it can be undone. Data only; [`crate::migrate::cost`] classifies.

use serde::{Deserialize, Serialize};

/// What a statement does to the rows of a table; later ones are worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Only the definition changes.
    Metadata,
    /// Rows are added.
    Adds,
    /// Files of each part are renamed or removed; no row is rewritten.
    Touches,
    /// Rows are marked as deleted or patched; later merges rewrite them.
    Marks,
    /// Rows are rewritten.
    Rewrites,
    /// The values of a column are removed.
    RemovesColumn,
    /// Some rows are removed.
    RemovesSome,
    /// All rows are removed.
    RemovesAll,
}

/// Whether a statement can be undone; later ones are worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Undo {
    /// Nothing is lost, so there is nothing to undo.
    Needless,
    /// Another statement undoes it.
    Possible,
    /// `UNDROP TABLE` undoes it within eight minutes
    /// (`database_atomic_delay_before_drop_table_sec`, 480).
    Briefly,
    /// What is gone is in backups only.
    Never,
}

/// What one statement costs on one table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Which statement of the file, from 1.
    pub statement: usize,
    /// The statement in few words: `ALTER … DELETE`.
    pub what: String,
    /// The table's database.
    pub database: String,
    /// The table; empty for all of the database.
    pub table: String,
    /// The table's rows; none where the server does not count them.
    pub rows: Option<u64>,
    /// Its size on disk, in bytes; none where the server does not tell.
    pub bytes: Option<u64>,
    /// What is done to them.
    pub work: Work,
    /// Whether that can be undone.
    pub undo: Undo,
}

impl Cost {
    /// Returns whether rows or values are lost.
    pub fn destroys(&self) -> bool {
        self.work >= Work::RemovesColumn && self.undo >= Undo::Briefly
    }

    /// Returns whether rows or values are lost that there are, or may be.
    pub fn is_lossy(&self) -> bool {
        self.destroys() && self.rows != Some(0)
    }

    /// Returns what is at stake: `1.2 M rows (340 MB)`.
    pub fn stake(&self) -> String {
        match (self.rows, self.bytes) {
            (Some(rows), Some(bytes)) => format!("{} ({})", row_count(rows), size(bytes)),
            (Some(rows), None) => row_count(rows),
            (None, Some(bytes)) => size(bytes),
            (None, None) => "rows that the server does not count".to_owned(),
        }
    }

    /// Returns the table as people write it.
    pub fn name(&self) -> String {
        match self.table.as_str() {
            "" => format!("database {}", self.database),
            table => format!("{}.{table}", self.database),
        }
    }

    /// Returns the cost as a line for people.
    pub fn text(&self) -> String {
        let stake = self.stake();
        let work = match self.work {
            Work::Metadata => "changes the definition only".to_owned(),
            Work::Adds => format!("adds to {stake}"),
            Work::Touches => format!("touches every part of {stake}, rewrites no rows"),
            Work::Marks => format!("marks rows among {stake}, which later merges rewrite"),
            Work::Rewrites => format!("rewrites up to {stake}"),
            Work::RemovesColumn => format!("removes the values of a column of {stake}"),
            Work::RemovesSome => format!("removes some of {stake}"),
            Work::RemovesAll => format!("removes {stake}"),
        };
        let undo = match self.undo {
            Undo::Needless => "",
            Undo::Possible => "; can be undone",
            Undo::Briefly => "; can be undone for 8 minutes (UNDROP TABLE)",
            Undo::Never => "; cannot be undone",
        };
        format!("{} on {}: {work}{undo}", self.what, self.name())
    }
}

pub(super) fn row_count(rows: u64) -> String {
    match rows {
        1 => "1 row".to_owned(),
        rows if rows < 10_000 => format!("{rows} rows"),
        rows => format!("{} rows", scaled(rows, &["", " k", " M", " G", " T", " P"])),
    }
}

/// Returns a size in units of 1,000, as disks are sold: `340 MB`.
pub(super) fn size(bytes: u64) -> String {
    scaled(bytes, &[" B", " kB", " MB", " GB", " TB", " PB"])
}

/// Returns a number with a unit: three figures at most.
fn scaled(number: u64, units: &[&str]) -> String {
    let (mut whole, mut rest, mut unit) = (number, 0, 0);
    while whole >= 1_000 && unit + 1 < units.len() {
        (whole, rest, unit) = (whole / 1_000, whole % 1_000, unit + 1);
    }
    let unit_text = units.get(unit).unwrap_or(&"");
    match rest / 100 {
        tenth if whole < 10 && unit > 0 && tenth > 0 => format!("{whole}.{tenth}{unit_text}"),
        _ => format!("{whole}{unit_text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(work: Work, undo: Undo, rows: Option<u64>, bytes: Option<u64>) -> Cost {
        let what = "ALTER … DELETE".to_owned();
        Cost { statement: 1, what, database: "d".into(), table: "t".into(), rows, bytes, work, undo }
    }

    #[test]
    fn a_cost_is_told_in_one_line() {
        let told = cost(Work::Rewrites, Undo::Never, Some(1_234_567), Some(340_100_000)).text();
        assert_eq!(told, "ALTER … DELETE on d.t: rewrites up to 1.2 M rows (340 MB); cannot be undone");
        let told = cost(Work::RemovesAll, Undo::Briefly, None, None).text();
        assert!(told.ends_with(
            "removes rows that the server does not count; can be undone for 8 minutes (UNDROP TABLE)"
        ));
    }

    #[test]
    fn numbers_have_few_figures() {
        assert_eq!([0, 1, 9_999, 10_000].map(row_count), ["0 rows", "1 row", "9999 rows", "10 k rows"]);
        assert_eq!(
            [0, 999, 1_000, 9_960, 123_456_789].map(size),
            ["0 B", "999 B", "1 kB", "9.9 kB", "123 MB"]
        );
        assert_eq!(size(u64::MAX), "18446 PB");
    }

    #[test]
    fn only_what_cannot_be_brought_back_is_destroyed() {
        assert!(cost(Work::RemovesColumn, Undo::Never, None, None).destroys());
        assert!(!cost(Work::RemovesSome, Undo::Possible, None, None).destroys(), "a detached partition");
        assert!(!cost(Work::Rewrites, Undo::Never, None, None).destroys());
    }
}
