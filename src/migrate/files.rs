//! Reads the names and the bytes of migration files; touches no file system.
//!
//! A migration is `V<digits>__<name>.sql`. Other `.sql` files are errors, as a file that is
//! silently left out looks applied; what is not `.sql`, and hidden files, are ignored.

use std::collections::BTreeMap;

/// How migration files are called, for people.
pub const PATTERN: &str = "V<digits>__<name>.sql, for example V1002__add_events.sql";

/// The parts of a migration file's name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MigrationName {
    /// The number after `V`; leading zeros do not count.
    pub version: u64,
    /// What stands between `__` and `.sql`.
    pub name: String,
    /// The file's name as it is.
    pub file: String,
}

/// Why a folder's files are no sequence of migrations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileNameError {
    /// A `.sql` file is not named as a migration.
    Pattern {
        /// The file's name.
        file: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Two files have the same version.
    Duplicate {
        /// The version.
        version: u64,
        /// Their names, in alphabetical order.
        files: [String; 2],
    },
}

impl std::fmt::Display for FileNameError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pattern { file, reason } => write!(f, "`{file}` {reason}"),
            Self::Duplicate { version, files: [a, b] } => {
                write!(f, "version {version} is used twice: `{a}` and `{b}`")
            }
        }
    }
}

impl std::error::Error for FileNameError {}

/// Reads one file name; `None` stands for a file that is no migration and need not be.
///
/// # Errors
/// A `.sql` file whose name does not follow the pattern.
pub fn parse_file_name(file: &str) -> Result<Option<MigrationName>, FileNameError> {
    let (stem, extension) = file.rsplit_once('.').unwrap_or((file, ""));
    if file.starts_with('.') || !extension.eq_ignore_ascii_case("sql") {
        return Ok(None);
    }
    let fail = |reason| FileNameError::Pattern { file: file.to_owned(), reason };
    if extension != "sql" {
        return Err(fail("has an extension in upper case"));
    }
    let rest = stem.strip_prefix('V').ok_or_else(|| fail("does not begin with `V`"))?;
    let (digits, name) = rest.split_once("__").ok_or_else(|| fail("has no `__` after its version"))?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(fail("has a version that is not made of digits"));
    }
    let version = digits.parse().map_err(|_| fail("has a version beyond 64 bits"))?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name.is_empty() || !name.chars().all(allowed) {
        return Err(fail("has a name that is not made of letters, digits, `_`, `-` and `.`"));
    }
    Ok(Some(MigrationName { version, name: name.to_owned(), file: file.to_owned() }))
}

/// Puts the migrations among the files of one folder into the order of their versions.
///
/// # Errors
/// Every wrong name and every version that two files share.
pub fn order<'a>(files: impl IntoIterator<Item = &'a str>) -> Result<Vec<MigrationName>, Vec<FileNameError>> {
    let mut sorted: Vec<&str> = files.into_iter().collect();
    sorted.sort_unstable();
    let mut found: BTreeMap<u64, MigrationName> = BTreeMap::new();
    let mut errors = Vec::new();
    for file in sorted {
        match parse_file_name(file) {
            Ok(None) => {}
            Err(error) => errors.push(error),
            Ok(Some(name)) => match found.get(&name.version) {
                Some(other) => errors.push(FileNameError::Duplicate {
                    version: name.version,
                    files: [other.file.clone(), name.file],
                }),
                None => {
                    found.insert(name.version, name);
                }
            },
        }
    }
    if errors.is_empty() { Ok(found.into_values().collect()) } else { Err(errors) }
}

/// A byte that is not UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Utf8Error {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The offset in the file, in bytes, a byte order mark included.
    pub offset: usize,
    /// Whether the file begins like UTF-16.
    pub utf16: bool,
}

impl std::fmt::Display for Utf8Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.utf16 {
            return f.write_str("the file is UTF-16");
        }
        let Self { line, column, offset, .. } = self;
        write!(f, "not UTF-8 at line {line}, column {column} (byte {offset})")
    }
}

impl std::error::Error for Utf8Error {}

/// Decodes a file and drops its byte order mark.
///
/// # Errors
/// The first byte that is not UTF-8.
pub fn decode_utf8(bytes: &[u8]) -> Result<String, Utf8Error> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text).to_owned()),
        Err(error) => {
            let offset = error.valid_up_to();
            let before = String::from_utf8_lossy(bytes.get(..offset).unwrap_or_default());
            let before = before.trim_start_matches('\u{feff}');
            let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
            Err(Utf8Error {
                line: 1 + before.matches('\n').count(),
                column: 1 + before[line_start..].chars().count(),
                offset,
                utf16: bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{decode_utf8, order, parse_file_name};

    #[test]
    fn versions_are_numbers() {
        let files = ["V10__c.sql", "V2__b.sql", "README.md", "V0001__a-b.c.sql", ".V9__x.sql", "notes"];
        let names = order(files).unwrap();
        let names: Vec<_> = names.iter().map(|name| (name.version, name.name.as_str())).collect();
        assert_eq!(names, [(1, "a-b.c"), (2, "b"), (10, "c")]);
    }

    #[test]
    fn every_problem_is_named() {
        let errors = order(["V1__b.sql", "V01__a.sql", "v3__c.sql", "V4__d.sql"]).unwrap_err();
        let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(errors.join("\n"), @r"
        version 1 is used twice: `V01__a.sql` and `V1__b.sql`
        `v3__c.sql` does not begin with `V`
        ");
    }

    #[test]
    fn wrong_names_are_refused() {
        for file in [
            "V1_a.sql",
            "V__a.sql",
            "V1__.sql",
            "V1__a b.sql",
            "1__a.sql",
            "V1a__b.sql",
            "V-1__a.sql",
            "V+1__a.sql",
            "V99999999999999999999__a.sql",
            "V1__ä.sql",
            "V1__a.SQL",
            "V１__a.sql",
            "U1__a.sql",
            "V1__a/b.sql",
            "x.sql",
        ] {
            assert!(parse_file_name(file).is_err(), "{file}");
        }
    }

    #[test]
    fn other_files_are_ignored() {
        for file in ["", "V1__a.txt", "V1__a.sql.bak", "sql", "V1__a", "._V1__a.sql"] {
            assert_eq!(parse_file_name(file), Ok(None), "{file}");
        }
    }

    #[test]
    fn text_is_decoded() {
        assert_eq!(decode_utf8(b"\xef\xbb\xbfSELECT 1").unwrap(), "SELECT 1");
        let error = decode_utf8(
            "\u{feff}a\nbü".as_bytes().iter().chain(b"\xff").copied().collect::<Vec<_>>().as_slice(),
        );
        let error = error.unwrap_err();
        assert_eq!((error.line, error.column, error.offset), (2, 3, 8));
        assert!(decode_utf8(b"\xff\xfeS\0").unwrap_err().to_string().contains("UTF-16"));
    }
}
