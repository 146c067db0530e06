//! Verifying what another runner recorded: does its checksum fit the file, by any known algorithm?
//!
//! A runner uses one algorithm. Where one fits any row of a table, a row of that table with a
//! checksum of the same form that does not fit is of a file that was edited since.

use std::collections::BTreeMap;

use super::{Files, Row, State};
use crate::kinds::common::import_ledger::Tool;
use crate::migrate::legacy;
use crate::model::{Resource, Value};

/// What is known of a file that another runner recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The checksum fits, by this algorithm.
    Proved(&'static str),
    /// There is no checksum that charter can verify.
    Word,
    /// The checksum does not fit, by the algorithm that it was made with.
    Edited(&'static str),
    /// The runner did not finish it.
    Failed,
    /// The row can mean several files.
    Ambiguous,
}

const ALGORITHMS: [&str; 4] = [legacy::MD5, legacy::SHA1, legacy::SHA256, legacy::CRC32];

/// Which algorithm each table's checksums are made with.
pub(super) struct Verifier(BTreeMap<String, &'static str>);

impl Verifier {
    /// Finds the algorithms: the documented ones, and by the rows that fit.
    pub(super) fn new(rows: &[Row], files: &Files) -> Self {
        let mut algorithms = BTreeMap::new();
        for row in rows {
            if [Tool::Npm, Tool::Pypi].iter().any(|tool| row.runner == tool.name()) {
                algorithms.insert(row.table.clone(), legacy::MD5);
            } else if !algorithms.contains_key(&row.table)
                && let Some(algorithm) =
                    files.of_row(row).into_iter().find_map(|file| fits(&row.written.checksum, file))
            {
                algorithms.insert(row.table.clone(), algorithm);
            }
        }
        Self(algorithms)
    }

    /// Returns the algorithm of a table.
    pub(super) fn algorithm(&self, table: &str) -> Option<&'static str> {
        self.0.get(table).copied()
    }

    /// Judges what a row says of a file, which is one of so many that it can mean.
    pub(super) fn verdict(&self, row: &Row, file: &Resource, meant: usize) -> Verdict {
        let recorded = row.written.checksum.as_str();
        if meant > 1 {
            return Verdict::Ambiguous;
        }
        if row.state == State::Failed {
            return Verdict::Failed;
        }
        match (fits(recorded, file), self.algorithm(&row.table)) {
            (Some(algorithm), _) => Verdict::Proved(algorithm),
            (None, Some(algorithm)) if row.verify && has_form(recorded, algorithm) => {
                Verdict::Edited(algorithm)
            }
            (None, _) => Verdict::Word,
        }
    }
}

/// Returns the algorithm by which a checksum fits a file.
fn fits(recorded: &str, file: &Resource) -> Option<&'static str> {
    let recorded = bare(recorded);
    ALGORITHMS.into_iter().find(|algorithm| {
        let Some(hash) = hash(file, algorithm) else { return false };
        recorded == hash || (*algorithm == legacy::CRC32 && numbers(hash).contains(&recorded))
    })
}

/// Returns the hash of a declared file.
pub(super) fn hash<'a>(file: &'a Resource, algorithm: &str) -> Option<&'a str> {
    file.attrs.get("hashes")?.get(algorithm).and_then(Value::as_str)
}

/// Returns a checksum without what some write before it (`sha256:…`), in lower case.
fn bare(recorded: &str) -> String {
    let recorded = recorded.trim();
    recorded.rsplit_once(':').map_or(recorded, |(_, hash)| hash).to_lowercase()
}

/// Returns a CRC-32 as the numbers that it is written as: unsigned, and signed as Java has it.
fn numbers(hash: &str) -> [String; 2] {
    let number = u32::from_str_radix(hash, 16).unwrap_or_default();
    [number.to_string(), number.cast_signed().to_string()]
}

/// Returns whether a checksum can be one of an algorithm at all.
fn has_form(recorded: &str, algorithm: &str) -> bool {
    let recorded = bare(recorded);
    let hex = recorded.chars().all(|c| c.is_ascii_hexdigit());
    match algorithm {
        legacy::MD5 => hex && recorded.len() == 32,
        legacy::SHA1 => hex && recorded.len() == 40,
        legacy::SHA256 => hex && recorded.len() == 64,
        _ => (hex && recorded.len() == 8) || recorded.parse::<i64>().is_ok(),
    }
}

/// Writes a file's hash as a runner wrote one of another file.
pub(super) fn written_like(sample: &str, algorithm: &str, file: &Resource) -> Option<String> {
    let hash = hash(file, algorithm)?;
    let sample = sample.trim();
    if algorithm == legacy::CRC32 && sample.parse::<i64>().is_ok() {
        let [unsigned, signed] = numbers(hash);
        return Some(if sample.starts_with('-') { signed } else { unsigned });
    }
    let (prefix, body) = sample
        .rsplit_once(':')
        .map_or((String::new(), sample), |(before, body)| (format!("{before}:"), body));
    let upper = body.chars().any(|c| c.is_ascii_uppercase());
    Some(format!("{prefix}{}", if upper { hash.to_uppercase() } else { hash.to_owned() }))
}
