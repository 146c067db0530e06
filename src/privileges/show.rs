//! Lines of `SHOW GRANTS`, read without loss.
//!
//! The order of lines matters: parents come first, and a partial `REVOKE` after the `GRANT` that it narrows.

use super::error::ParseError;
use super::grant::{PrivilegeSpec, Scope};
use super::ident::{Scanner, quote_if_needed};
use super::statement::{Element, Statement, Verb};

/// One line of `SHOW GRANTS FOR ALL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShowGrant {
    /// Privileges.
    Privileges {
        /// What is granted or revoked.
        statement: Statement,
        /// User or role, unquoted.
        grantee: String,
    },
    /// Memberships in roles.
    Roles {
        /// `Grant`, `Revoke`, or `RevokeOption` for `REVOKE ADMIN OPTION FOR`.
        verb: Verb,
        /// Roles, unquoted.
        roles: Vec<String>,
        /// `WITH ADMIN OPTION`
        admin_option: bool,
        /// User or role, unquoted.
        grantee: String,
    },
}

impl ShowGrant {
    /// Returns the user or role that the line is about.
    pub fn grantee(&self) -> &str {
        match self {
            Self::Privileges { grantee, .. } | Self::Roles { grantee, .. } => grantee,
        }
    }

    /// Returns the line as SQL.
    pub fn sql(&self) -> String {
        match self {
            Self::Privileges { statement, grantee } => statement.sql(grantee),
            Self::Roles { verb, roles, admin_option, grantee } => {
                roles_sql(*verb, roles, *admin_option, grantee)
            }
        }
    }
}

/// Returns the SQL that grants roles to a user or role, or takes them away.
pub(super) fn roles_sql<S: AsRef<str>>(verb: Verb, roles: &[S], admin_option: bool, grantee: &str) -> String {
    let roles: Vec<_> = roles.iter().map(|role| quote_if_needed(role.as_ref())).collect();
    let (verb, preposition) = match verb {
        Verb::Grant => ("GRANT", "TO"),
        Verb::Revoke => ("REVOKE", "FROM"),
        Verb::RevokeOption => ("REVOKE ADMIN OPTION FOR", "FROM"),
    };
    let option = if admin_option { " WITH ADMIN OPTION" } else { "" };
    format!("{verb} {} {preposition} {}{option}", roles.join(", "), quote_if_needed(grantee))
}

/// Parses one line of `SHOW GRANTS`, or one statement that [`Statement::sql`] made.
///
/// # Errors
/// Returns what does not fit, with its bytes within the line.
pub fn parse_show_grants(line: &str) -> Result<ShowGrant, ParseError> {
    let mut scanner = Scanner::new(line);
    scanner.spaces();
    let granting = scanner.keyword("GRANT");
    if !granting && !scanner.keyword("REVOKE") {
        return Err(scanner.unexpected("GRANT or REVOKE"));
    }
    let role_option = !granting && scanner.keywords(&["ADMIN", "OPTION", "FOR"]);
    let right_option = !granting && scanner.keywords(&["GRANT", "OPTION", "FOR"]);
    let verb = match (granting, role_option || right_option) {
        (true, _) => Verb::Grant,
        (false, true) => Verb::RevokeOption,
        (false, false) => Verb::Revoke,
    };
    // A list of roles has no ON: bare names such as SELECT or ON are roles when what follows says so.
    if !right_option && let Ok(roles) = parse_roles(scanner.clone(), verb) {
        return Ok(roles);
    }
    if role_option { parse_roles(scanner, verb) } else { parse_privileges(scanner, verb) }
}

fn parse_roles(mut scanner: Scanner<'_>, verb: Verb) -> Result<ShowGrant, ParseError> {
    let mut roles = Vec::new();
    loop {
        roles.push(scanner.identifier("a role")?);
        scanner.spaces();
        if !scanner.eat(',') {
            break;
        }
        scanner.spaces();
    }
    let grantee = parse_grantee(&mut scanner, verb)?;
    let admin_option = scanner.keywords(&["WITH", "ADMIN", "OPTION"]);
    scanner.finish()?;
    Ok(ShowGrant::Roles { verb, roles, admin_option, grantee })
}

fn parse_privileges(mut scanner: Scanner<'_>, verb: Verb) -> Result<ShowGrant, ParseError> {
    let mut elements = Vec::new();
    loop {
        elements.push(parse_element(&mut scanner)?);
        scanner.spaces();
        if !scanner.eat(',') {
            break;
        }
        scanner.spaces();
    }
    let grantee = parse_grantee(&mut scanner, verb)?;
    let grant_option = scanner.keywords(&["WITH", "GRANT", "OPTION"]);
    let replace = scanner.keywords(&["WITH", "REPLACE", "OPTION"]);
    scanner.finish()?;
    Ok(ShowGrant::Privileges { statement: Statement { verb, elements, grant_option, replace }, grantee })
}

fn parse_element(scanner: &mut Scanner<'_>) -> Result<Element, ParseError> {
    let mut privileges = Vec::new();
    loop {
        privileges.push(PrivilegeSpec::scan(scanner, |word| word.eq_ignore_ascii_case("ON"))?);
        if !scanner.eat(',') {
            break;
        }
        scanner.spaces();
    }
    if !scanner.keyword("ON") {
        return Err(scanner.unexpected("ON"));
    }
    Ok(Element { privileges, on: Scope::scan(scanner)? })
}

fn parse_grantee(scanner: &mut Scanner<'_>, verb: Verb) -> Result<String, ParseError> {
    scanner.spaces();
    let (preposition, expected) = if verb == Verb::Grant { ("TO", "TO") } else { ("FROM", "FROM") };
    if !scanner.keyword(preposition) {
        return Err(scanner.unexpected(expected));
    }
    let grantee = scanner.identifier("a user or role")?;
    scanner.spaces();
    Ok(grantee)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Printed by 26.9 for roles that were made for this.
    const PRINTED: &str = r"
GRANT CREATE USER ON ten* TO a1
GRANT CREATE USER ON * TO a2
GRANT NAMED COLLECTION ON `we\`ird*` TO a3
GRANT TABLE ENGINE ON MergeTree TO a4
GRANT S3 ON *.* TO a5
GRANT ALL ON *.* TO b3 WITH GRANT OPTION
REVOKE GRANT OPTION FOR SELECT ON a.* FROM b5
GRANT SELECT ON `1a`.`é` TO b6
GRANT SELECT ON `NULL`.`true` TO b6
GRANT SELECT ON _a1.`A$` TO b6
GRANT SELECT ON `a\b\f\r\n\t\0'`.* TO b7
GRANT SELECT(a) ON d.t TO b9 WITH GRANT OPTION
GRANT INSERT, SELECT(a, `b c`) ON `d-x`.`t\n\0\t\\y` TO r1
REVOKE SELECT ON ab*.* FROM c5
REVOKE SELECT(x) ON d.t FROM c6
GRANT SELECT ON d.t* TO c8
GRANT dictGet, displaySecretsInShowAndSelect ON *.* TO c9
GRANT x, `a b` TO r WITH ADMIN OPTION
REVOKE ADMIN OPTION FOR x, y FROM r
GRANT SELECT ON a.*, INSERT ON b*.*, SELECT(a, b) ON c.d TO r WITH GRANT OPTION WITH REPLACE OPTION
GRANT READ ON S3('s3://foo/.*') TO r
GRANT USAGE ON *.* TO r WITH REPLACE OPTION";

    #[test]
    fn reads_what_the_server_prints_without_loss() {
        for line in PRINTED.trim().lines() {
            assert_eq!(parse_show_grants(line).map(|show| show.sql()).as_deref(), Ok(line));
        }
    }

    #[test]
    fn keywords_as_names_stay_names() {
        let sql = |line| parse_show_grants(line).map(|show| show.sql()).unwrap_or_default();
        assert_eq!(sql("GRANT SELECT ON ON.`*` TO b6"), "GRANT SELECT ON `ON`.`*` TO b6");
        assert_eq!(sql("GRANT SELECT ON TO.to TO TO"), "GRANT SELECT ON `TO`.`to` TO `TO`");
        assert_eq!(sql("GRANT ON TO u"), "GRANT `ON` TO u");
        assert_eq!(sql("REVOKE ADMIN FROM u"), "REVOKE ADMIN FROM u");
    }

    #[test]
    fn tells_roles_from_privileges() {
        let show = parse_show_grants("GRANT SELECT, `b``c` TO `u@%`");
        let roles = vec!["SELECT".to_owned(), "b`c".to_owned()];
        let expected =
            ShowGrant::Roles { verb: Verb::Grant, roles, admin_option: false, grantee: "u@%".into() };
        assert_eq!(show, Ok(expected));
    }

    #[test]
    fn underlines_what_it_cannot_read() {
        let lines =
            ["", "SHOW x", "GRANT SELECT ON d.t", "GRANT SELECT ON d.t TO r x", "REVOKE SELECT ON d.t TO r"];
        let errors = lines.map(|line| match parse_show_grants(line) {
            Ok(show) => show.sql(),
            Err(e) => format!("{e} at {:?}", e.span),
        });
        insta::assert_snapshot!(errors.join("\n"), @"
        expected GRANT or REVOKE, found the end of the text at 0..0
        expected GRANT or REVOKE, found 'S' at 0..1
        expected TO, found the end of the text at 19..19
        expected the end of the text, found 'x' at 25..26
        expected FROM, found 'T' at 21..22
        ");
    }
}
