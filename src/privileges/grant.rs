//! One declared grant: privileges with their columns, the scope that they are on, and the grant option.

use std::fmt;

use super::error::{ParseError, ParseErrorKind};
use super::ident::{Scanner, quote_if_needed, quote_literal};

/// Privileges on one scope, as a declaration or the server has them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Grant {
    /// The privileges, in order.
    pub privileges: Vec<PrivilegeSpec>,
    /// What they are on.
    pub on: Scope,
    /// Whether the grantee may grant them on.
    pub grant_option: bool,
    /// What of `on` they are not on: partial revokes.
    pub except: Vec<Except>,
}

/// A part of a scope that a grant leaves out, as a whole or some of its columns.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Except {
    /// The part.
    pub on: Scope,
    /// Columns of the one table that it is; none for all of it.
    pub columns: Vec<String>,
}

/// One privilege word with the columns that it is restricted to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PrivilegeSpec {
    /// Name, alias or group as written, with single spaces.
    pub name: String,
    /// Columns; none for all of them.
    pub columns: Vec<String>,
}

/// What a privilege is on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// `*.*`
    Global,
    /// `database.*`, or `prefix*.*` with a wildcard.
    Database {
        /// Name, or prefix of the names.
        name: String,
        /// Whether `name` is a prefix.
        wildcard: bool,
    },
    /// `database.table`, or `database.prefix*` with a wildcard.
    Table {
        /// Name of the database.
        database: String,
        /// Name, or prefix of the names.
        table: String,
        /// Whether `table` is a prefix.
        wildcard: bool,
    },
    /// An access object: a user or role name, a named collection, a table engine, a source. `*` is the empty prefix.
    Object {
        /// Name, or prefix of the names.
        name: String,
        /// Whether `name` is a prefix.
        wildcard: bool,
        /// Regular expression of a source, as in `S3('s3://bucket/.*')`.
        filter: Option<String>,
    },
}

impl Grant {
    /// Parses the texts of a declaration.
    ///
    /// # Errors
    /// See [`PrivilegeSpec::parse`] and [`Scope::parse`], whose spans are within the text that is wrong.
    pub fn parse(privileges: &[&str], on: &str, grant_option: bool) -> Result<Self, ParseError> {
        Ok(Self {
            privileges: privileges.iter().map(|text| PrivilegeSpec::parse(text)).collect::<Result<_, _>>()?,
            on: Scope::parse(on)?,
            grant_option,
            except: Vec::new(),
        })
    }

    /// Leaves parts of the scope out.
    #[must_use]
    pub fn excepting(mut self, except: Vec<Except>) -> Self {
        self.except = except;
        self
    }
}

impl Except {
    /// Parses a part of a scope: any scope, or `db.table(column, …)`.
    ///
    /// # Errors
    /// Returns what does not fit, with its bytes within `text`.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let mut scanner = Scanner::new(text);
        scanner.spaces();
        let on = Scope::scan(&mut scanner)?;
        scanner.spaces();
        let table = matches!(on, Scope::Table { wildcard: false, .. });
        let columns =
            if table && scanner.eat('(') { PrivilegeSpec::scan_columns(&mut scanner)? } else { Vec::new() };
        scanner.finish()?;
        Ok(Self { on, columns })
    }
}

impl PrivilegeSpec {
    /// Parses one privilege: `SELECT`, `alter  update`, ``SELECT(id, `b c`)``. Whether it exists is the catalog's matter.
    ///
    /// # Errors
    /// Returns what does not fit, with its bytes within `text`.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let mut scanner = Scanner::new(text);
        scanner.spaces();
        let spec = Self::scan(&mut scanner, |_| false)?;
        scanner.finish()?;
        Ok(spec)
    }

    /// Reads words up to the first one that `ends` the name.
    pub(super) fn scan(scanner: &mut Scanner<'_>, ends: impl Fn(&str) -> bool) -> Result<Self, ParseError> {
        let mut words = Vec::new();
        while scanner.peek_word().is_some_and(|word| words.is_empty() || !ends(word)) {
            words.extend(scanner.word());
            scanner.spaces();
        }
        if words.is_empty() {
            return Err(scanner.unexpected("a privilege"));
        }
        let columns = if scanner.eat('(') { Self::scan_columns(scanner)? } else { Vec::new() };
        Ok(Self { name: words.join(" "), columns })
    }

    pub(super) fn scan_columns(scanner: &mut Scanner<'_>) -> Result<Vec<String>, ParseError> {
        let mut columns = Vec::new();
        loop {
            scanner.spaces();
            let column = scanner.identifier("a column")?;
            if !columns.contains(&column) {
                columns.push(column);
            }
            scanner.spaces();
            if !scanner.eat(',') {
                break;
            }
        }
        scanner.expect(')', "a comma or a closing parenthesis")?;
        scanner.spaces();
        Ok(columns)
    }
}

impl Scope {
    /// Tells whether all that another scope covers is in this one, too.
    pub fn covers(&self, other: &Self) -> bool {
        let matches = |name: &str, wildcard: bool, other: &str, other_wildcard: bool| {
            if wildcard { other.starts_with(name) } else { !other_wildcard && other == name }
        };
        match (self, other) {
            (Self::Global, _) => true,
            (Self::Database { name, wildcard }, Self::Database { name: other, wildcard: star }) => {
                matches(name, *wildcard, other, *star)
            }
            (Self::Database { name, wildcard }, Self::Table { database, .. }) => {
                matches(name, *wildcard, database, false)
            }
            (
                Self::Table { database, table, wildcard },
                Self::Table { database: other, table: name, wildcard: star },
            ) => database == other && matches(table, *wildcard, name, *star),
            (
                Self::Object { name, wildcard, filter },
                Self::Object { name: other, wildcard: star, filter: narrower },
            ) => matches(name, *wildcard, other, *star) && (filter.is_none() || filter == narrower),
            _ => false,
        }
    }

    /// Tells whether it has a prefix for names of databases or tables.
    pub fn is_wildcard(&self) -> bool {
        matches!(self, Self::Database { wildcard: true, .. } | Self::Table { wildcard: true, .. })
    }

    /// Parses a scope: `*.*`, `db.*`, `prefix*.*`, `db.table`, `db.prefix*`, ``  `we``ird`.* ``, or an access object:
    /// `name`, `prefix*`, `*`, `S3('regexp')`.
    ///
    /// # Errors
    /// Returns what does not fit, with its bytes within `text`.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let mut scanner = Scanner::new(text);
        scanner.spaces();
        let scope = Self::scan(&mut scanner)?;
        scanner.finish()?;
        Ok(scope)
    }

    pub(super) fn scan(scanner: &mut Scanner<'_>) -> Result<Self, ParseError> {
        let start = scanner.at();
        if scanner.eat('*') {
            return Self::scan_any(scanner, start);
        }
        let name = scanner.identifier("a scope such as db.* or db.table")?;
        let wildcard = scanner.eat('*');
        if !scanner.eat('.') {
            let filter = if !wildcard && scanner.eat('(') { Some(Self::scan_filter(scanner)?) } else { None };
            return Ok(Self::Object { name, wildcard, filter });
        }
        if scanner.eat('*') {
            return Ok(Self::Database { name, wildcard });
        }
        let table = scanner.identifier("a table or *")?;
        if wildcard {
            return Err(scanner.error(ParseErrorKind::WildcardDatabaseWithTable, start, scanner.at()));
        }
        Ok(Self::Table { database: name, table, wildcard: scanner.eat('*') })
    }

    fn scan_any(scanner: &mut Scanner<'_>, start: usize) -> Result<Self, ParseError> {
        if !scanner.eat('.') {
            return Ok(Self::Object { name: String::new(), wildcard: true, filter: None });
        }
        if scanner.eat('*') {
            return Ok(Self::Global);
        }
        scanner.identifier("*")?;
        Err(scanner.error(ParseErrorKind::TableOfAnyDatabase, start, scanner.at()))
    }

    fn scan_filter(scanner: &mut Scanner<'_>) -> Result<String, ParseError> {
        scanner.spaces();
        let filter = scanner.literal()?;
        scanner.spaces();
        scanner.expect(')', "a closing parenthesis")?;
        Ok(filter)
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_list(f, &self.privileges)?;
        write!(f, " ON {}", self.on)?;
        if !self.except.is_empty() {
            f.write_str(" EXCEPT ")?;
            write_list(f, &self.except)?;
        }
        f.write_str(if self.grant_option { " WITH GRANT OPTION" } else { "" })
    }
}

impl fmt::Display for PrivilegeSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        write_columns(f, &self.columns)
    }
}

impl fmt::Display for Except {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.on)?;
        write_columns(f, &self.columns)
    }
}

fn write_columns(f: &mut fmt::Formatter<'_>, columns: &[String]) -> fmt::Result {
    if columns.is_empty() {
        return Ok(());
    }
    f.write_str("(")?;
    write_list(f, columns.iter().map(|column| quote_if_needed(column)))?;
    f.write_str(")")
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Global => f.write_str("*.*"),
            Self::Database { name, wildcard } => write!(f, "{}.*", Pattern(name, *wildcard)),
            Self::Table { database, table, wildcard } => {
                write!(f, "{}.{}", quote_if_needed(database), Pattern(table, *wildcard))
            }
            Self::Object { name, wildcard, filter } => {
                write!(f, "{}", Pattern(name, *wildcard))?;
                filter.as_ref().map_or(Ok(()), |filter| write!(f, "({})", quote_literal(filter)))
            }
        }
    }
}

/// A name with a star behind it if it is a prefix; the empty prefix is the star alone.
struct Pattern<'a>(&'a str, bool);

impl fmt::Display for Pattern<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !(self.1 && self.0.is_empty()) {
            f.write_str(&quote_if_needed(self.0))?;
        }
        f.write_str(if self.1 { "*" } else { "" })
    }
}

/// Writes the items with commas between them.
pub(super) fn write_list(
    f: &mut fmt::Formatter<'_>,
    items: impl IntoIterator<Item = impl fmt::Display>,
) -> fmt::Result {
    for (index, item) in items.into_iter().enumerate() {
        f.write_str(if index == 0 { "" } else { ", " })?;
        write!(f, "{item}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(text: &str) -> Result<String, String> {
        let scope = Scope::parse(text).map_err(|e| format!("{e} at {:?}", e.span))?;
        let printed = scope.to_string();
        assert_eq!(Scope::parse(&printed).as_ref(), Ok(&scope), "{printed}");
        Ok(printed)
    }

    #[test]
    fn parses_scopes_and_prints_them_back() {
        for text in ["*.*", "a.*", "a*.*", "a.t", "a.t*", "*", "ten*", "nc", "`tenant-`*.*", "`tenant-*`.*"] {
            assert_eq!(scope(text).as_deref(), Ok(text));
        }
        assert_eq!(scope(" `we``ird`.* ").as_deref(), Ok("`we\\`ird`.*"));
        assert_eq!(scope("S3( 's3://it''s/.*' )").as_deref(), Ok(r"S3('s3://it\'s/.*')"));
        assert_eq!(scope("`plain`.select").as_deref(), Ok("plain.`select`"));
    }

    #[test]
    fn tells_wildcards_from_stars_in_names() {
        let database = |text| match Scope::parse(text) {
            Ok(Scope::Database { name, wildcard }) => Some((name, wildcard)),
            _ => None,
        };
        assert_eq!(database("`a*`.*"), Some(("a*".into(), false)));
        assert_eq!(database("a*.*"), Some(("a".into(), true)));
    }

    #[test]
    fn underlines_what_is_wrong_with_a_scope() {
        let failures = ["", "a.", "*.t", "a*.t", "a-b.*", "a.b.c", "a*b.*", "`a.*", "S3('x'", "a .*"];
        let texts: Vec<_> = failures.map(|text| scope(text).unwrap_or_else(|error| error)).to_vec();
        insta::assert_snapshot!(texts.join("\n"), @"
        expected a scope such as db.* or db.table, found the end of the text at 0..0
        expected a table or *, found the end of the text at 2..2
        a table needs the name of its database: write db.table, db.* or *.* at 0..3
        a wildcard in the database takes all its tables: write prefix*.* at 0..4
        expected the end of the text, found '-' at 1..2
        expected the end of the text, found '.' at 3..4
        expected the end of the text, found 'b' at 2..3
        quote ` is not closed at 0..4
        expected a closing parenthesis, found the end of the text at 6..6
        expected the end of the text, found '.' at 2..3
        ");
    }

    #[test]
    fn parses_what_is_left_out() {
        let except = |text| Except::parse(text).map(|e| e.to_string()).map_err(|e| e.to_string());
        for text in ["d.*", "d.t", "d.t(a, `b c`)", "p*.*", "d.p*", "*", "S3('x')"] {
            assert_eq!(except(text).as_deref(), Ok(text));
        }
        assert!(except("d.*(a)").is_err() && except("d.t*(a)").is_err() && except("d.t()").is_err());
        let grant = Grant::parse(&["SELECT"], "*.*", false).unwrap();
        let grant = grant.excepting(vec![Except::parse("d.t(a)").unwrap(), Except::parse("e.*").unwrap()]);
        assert_eq!(grant.to_string(), "SELECT ON *.* EXCEPT d.t(a), e.*");
    }

    #[test]
    fn a_scope_covers_what_is_in_it() {
        let scope = |text| Scope::parse(text).unwrap();
        for (wide, narrow) in [
            ("*.*", "d.*"),
            ("d.*", "d.t"),
            ("d.*", "d.t*"),
            ("p*.*", "p_q*.*"),
            ("p*.*", "p.t"),
            ("d.p*", "d.pq"),
            ("*.*", "S3('x')"),
            ("S3", "S3('x')"),
            ("*", "name"),
        ] {
            assert!(scope(wide).covers(&scope(narrow)), "{wide} {narrow}");
            assert!(!scope(narrow).covers(&scope(wide)), "{narrow} {wide}");
        }
        assert!(!scope("d.*").covers(&scope("e.t")) && !scope("d.*").covers(&scope("d*.*")));
    }

    #[test]
    fn parses_privileges() {
        let spec = PrivilegeSpec::parse("  alter   update ( id, `b c`,id ) ").map(|spec| spec.to_string());
        assert_eq!(spec.as_deref(), Ok("alter update(id, `b c`)"));
        let grant = Grant::parse(&["SELECT(id)", "INSERT"], "a.t", true).map(|grant| grant.to_string());
        assert_eq!(grant.as_deref(), Ok("SELECT(id), INSERT ON a.t WITH GRANT OPTION"));
    }

    #[test]
    fn underlines_what_is_wrong_with_a_privilege() {
        let failures =
            ["", " ", "SELECT(", "SELECT()", "SELECT(a b)", "SELECT(a) ON", "SELECT, INSERT", "1", "A;B"];
        let errors = failures.map(|text| match PrivilegeSpec::parse(text) {
            Ok(spec) => spec.to_string(),
            Err(e) => format!("{e} at {:?}", e.span),
        });
        insta::assert_snapshot!(errors.join("\n"), @"
        expected a privilege, found the end of the text at 0..0
        expected a privilege, found the end of the text at 1..1
        expected a column, found the end of the text at 7..7
        expected a column, found ')' at 7..8
        expected a comma or a closing parenthesis, found 'b' at 9..10
        expected the end of the text, found 'O' at 10..11
        expected the end of the text, found ',' at 6..7
        expected a privilege, found '1' at 0..1
        expected the end of the text, found ';' at 1..2
        ");
    }
}
