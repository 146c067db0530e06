//! What ClickHouse says when it does not do what it was asked, and what kind of failure that is.
//!
//! An answer is `Code: N. DB::Exception: <text> (NAME) (version …)`, bare or, from 23.9 to 25.10, as
//! the member `exception` of a JSON object (`http_write_exception_in_output_format`). Codes are
//! those of `src/Common/ErrorCodes.cpp`. Syntax errors quote the statement, so answers to
//! statements that hold a secret are cut to code and name.

use std::sync::LazyLock;

use hyper_util::client::legacy;
use regex::Regex;

use crate::backend::{Error, ErrorKind, Query};

/// How much is shown of an answer that is not ClickHouse's.
const FOREIGN_TEXT: usize = 200;

/// How long a list of what was expected may be; at the start of a statement it names all of SQL.
const EXPECTED_LIST: usize = 200;

/// An exception as the server words it.
#[derive(Debug, PartialEq, Eq)]
struct Exception {
    code: u32,
    name: String,
    text: String,
}

/// Returns a pattern, which is a constant of this file; its tests compile each.
fn pattern(text: &str) -> Option<Regex> {
    Regex::new(text).ok()
}

fn parse(body: &str) -> Option<Exception> {
    static CODE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        pattern(
            r"(?s)Code: (\d+)(?:\. (?:\w+::)*\w*Exception: (.*?))?(?: \(([A-Z][A-Z0-9_]+)\))?(?: \(version [^()]*(?:\([^()]*\))?\))?\s*$",
        )
    });
    let from_json = in_output_format(body);
    let found = CODE.as_ref()?.captures(from_json.as_deref().unwrap_or(body))?;
    let group = |index| found.get(index).map_or("", |group| group.as_str());
    Some(Exception {
        code: group(1).parse().ok()?,
        name: group(3).to_owned(),
        text: without_grammar(group(2).trim().trim_end_matches('.')),
    })
}

/// Returns the text of an exception without the long list of what a parser would have taken.
fn without_grammar(text: &str) -> String {
    const EXPECTED: &str = " Expected one of: ";
    match text.split_once(EXPECTED) {
        Some((before, list)) if list.len() > EXPECTED_LIST => before.trim_end_matches('.').to_owned(),
        _ => text.to_owned(),
    }
}

/// Returns the exception that stands as the last row of a JSON answer.
fn in_output_format(body: &str) -> Option<String> {
    let last = body.trim_end().lines().next_back()?;
    let row: serde_json::Value = serde_json::from_str(last).ok()?;
    row.get("exception")?.as_str().map(str::to_owned)
}

/// Returns what kind of failure an exception is.
fn kind_of(code: u32) -> ErrorKind {
    match code {
        // IP_ADDRESS_NOT_ALLOWED is among them since the login is what it refuses.
        193 | 194 | 195 | 516 => ErrorKind::Login,
        // DATABASE_ACCESS_DENIED, ACCESS_DENIED.
        291 | 497 => ErrorKind::Denied,
        // UNKNOWN_TABLE, UNKNOWN_DATABASE, UNKNOWN_USER, ACCESS_ENTITY_NOT_FOUND, UNKNOWN_ROLE.
        60 | 81 | 192 | 492 | 511 => ErrorKind::Missing,
        // TABLE_ALREADY_EXISTS, DATABASE_ALREADY_EXISTS, ACCESS_ENTITY_ALREADY_EXISTS.
        57 | 82 | 493 => ErrorKind::Conflict,
        // TIMEOUT_EXCEEDED (a distributed statement goes on), UNKNOWN_STATUS_OF_INSERT, UNFINISHED.
        159 | 319 | 341 => ErrorKind::Unknown,
        _ => ErrorKind::Refused,
    }
}

/// Returns whether the answer to a query must be cut: a parameter is a secret, or its
/// text is of the sort that holds one.
pub(super) fn must_withhold(query: &Query) -> bool {
    static SECRETS: LazyLock<Option<Regex>> =
        LazyLock::new(|| pattern(r#"(?i)\bidentified\b|\bnamed\s+collection\b|\bpassword\b\s*[=('"]"#));
    let in_text = SECRETS.as_ref().is_none_or(|secrets| secrets.is_match(&query.statement));
    query.sensitive || in_text
}

/// Makes the error of an answer.
pub(super) fn from_answer(body: &str, withhold: bool, query_id: &str) -> Error {
    let (kind, code, message) = match parse(body) {
        Some(exception) => (kind_of(exception.code), Some(exception.code), message(&exception, withhold)),
        // A proxy's page: whether the statement came through is anybody's guess.
        None => (ErrorKind::Unknown, None, foreign(body, withhold)),
    };
    Error { kind, code, message, query_id: Some(query_id.to_owned()) }
}

fn message(exception: &Exception, withhold: bool) -> String {
    let Exception { code, name, text } = exception;
    let label = match name.as_str() {
        "" => format!("code {code}"),
        name => format!("{name}, code {code}"),
    };
    if withhold {
        format!("{label}; the rest is withheld, because the statement holds a secret")
    } else if text.is_empty() {
        label
    } else {
        format!("{text} ({label})")
    }
}

fn foreign(body: &str, withhold: bool) -> String {
    if withhold {
        return "an answer that is not ClickHouse's, withheld because the statement holds a secret"
            .to_owned();
    }
    let line: String = body.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown: String = line.chars().take(FOREIGN_TEXT).collect();
    format!("an answer that is not ClickHouse's: {shown}")
}

/// Makes the error of what the HTTP client reports.
pub(super) fn from_client(error: clickhouse::error::Error, withhold: bool, query_id: &str) -> Error {
    use clickhouse::error::Error as Client;
    let (kind, message) = match error {
        Client::BadResponse(body) => return from_answer(&body, withhold, query_id),
        Client::Network(cause) => {
            let connecting = cause.downcast_ref::<legacy::Error>().is_some_and(legacy::Error::is_connect);
            // Its own text says only at what it was.
            let text = cause.source().map_or_else(|| cause.to_string(), chain);
            if connecting {
                (ErrorKind::Unreachable, text)
            } else {
                let text = format!("the connection broke: {text}");
                (ErrorKind::Unknown, text)
            }
        }
        Client::InvalidParams(cause) => {
            (ErrorKind::Refused, format!("the request cannot be made: {}", chain(cause.as_ref())))
        }
        other => (ErrorKind::Unknown, other.to_string()),
    };
    Error { kind, code: None, message, query_id: Some(query_id.to_owned()) }
}

/// Returns what an error and its causes say, each once.
pub(in crate::backend) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut parts = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
        next = cause.source();
    }
    parts.join(": ")
}

/// Makes the error of a query whose time is up.
pub(super) fn out_of_time(timeout: std::time::Duration, query_id: &str) -> Error {
    Error {
        kind: ErrorKind::Unknown,
        code: None,
        message: format!(
            "no answer within {} s; nobody knows yet whether query {query_id} was done",
            timeout.as_secs_f64()
        ),
        query_id: Some(query_id.to_owned()),
    }
}

/// Returns the privileges that a refusal (497) names as missing, each as in `GRANT <it> TO …`.
/// Columns are dropped: who may read one of a system table may read all.
pub fn missing_grants(message: &str) -> Vec<String> {
    static NECESSARY: LazyLock<Option<Regex>> = LazyLock::new(|| {
        pattern(
            r"necessary to have (?:the |at least |one of )*grants? (.+?)(?: \(Missing permissions|\. |: While|, while| \([A-Z_]+, code|$)",
        )
    });
    static COLUMNS: LazyLock<Option<Regex>> = LazyLock::new(|| pattern(r"^(\w+)\([^)]*\) ON (.+)$"));
    let found =
        NECESSARY.as_ref().and_then(|necessary| necessary.captures(message)).and_then(|found| found.get(1));
    let Some(grant) = found else {
        return Vec::new();
    };
    let whole = COLUMNS.as_ref().map(|columns| columns.replace(grant.as_str(), "$1 ON $2"));
    whole.into_iter().map(|text| text.into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Secret;

    const NOT_THERE: &str = "Code: 60. DB::Exception: Unknown table expression identifier 'ops.x' in scope SELECT 1 FROM ops.x. (UNKNOWN_TABLE) (version 26.9.2.1 (official build))\n";

    fn query(statement: &str) -> Query {
        Query { query_id: "q".into(), ..Query::new(statement) }
    }

    #[test]
    fn an_exception_has_code_name_and_text() {
        let error = from_answer(NOT_THERE, false, "q-1");
        assert_eq!(error.kind, ErrorKind::Missing);
        assert_eq!(error.code, Some(60));
        assert_eq!(error.query_id.as_deref(), Some("q-1"));
        assert_eq!(
            error.message,
            "Unknown table expression identifier 'ops.x' in scope SELECT 1 FROM ops.x (UNKNOWN_TABLE, code 60)"
        );
    }

    #[test]
    fn an_exception_inside_json_is_found() {
        let body = serde_json::json!({ "exception": NOT_THERE }).to_string();
        let body = format!("{{\"a\":1}}\n{body}\n");
        assert_eq!(from_answer(&body, false, "q").code, Some(60));
    }

    #[test]
    fn the_grammar_is_left_out() {
        let list = "SELECT query, ".repeat(40);
        let body = format!(
            "Code: 62. DB::Exception: Syntax error: failed at position 1 (CRATE): CRATE TABLE x. Expected one of: {list}. (SYNTAX_ERROR) (version 26.9.2.1)"
        );
        assert_eq!(
            from_answer(&body, false, "q").message,
            "Syntax error: failed at position 1 (CRATE): CRATE TABLE x (SYNTAX_ERROR, code 62)"
        );
        let short = "Code: 62. DB::Exception: At x. Expected one of: BY, end of query. (SYNTAX_ERROR)";
        assert!(from_answer(short, false, "q").message.contains("BY, end"));
    }

    #[test]
    fn kinds_follow_codes() {
        for (code, kind) in [
            (516, ErrorKind::Login),
            (194, ErrorKind::Login),
            (497, ErrorKind::Denied),
            (81, ErrorKind::Missing),
            (493, ErrorKind::Conflict),
            (159, ErrorKind::Unknown),
            (62, ErrorKind::Refused),
        ] {
            let error = from_answer(&format!("Code: {code}. DB::NetException: x (A_NAME)"), false, "q");
            assert_eq!((error.kind, error.code), (kind, Some(code)));
        }
        let bare = from_answer("Code: 516", false, "q");
        assert_eq!((bare.kind, bare.message.as_str()), (ErrorKind::Login, "code 516"));
    }

    #[test]
    fn a_proxys_page_is_unknown() {
        let error = from_answer("<html>\n<b>502 Bad Gateway</b></html>", false, "q");
        assert_eq!((error.kind, error.code), (ErrorKind::Unknown, None));
        assert!(error.message.contains("502 Bad Gateway"), "{}", error.message);
    }

    #[test]
    fn an_answer_that_quotes_a_parameter_is_cut() {
        let mut secret = query("ALTER USER u ADD IDENTIFED WITH sha256_hash BY {h:String}");
        secret.params = vec![("h".into(), Secret::new("hunter5hunter5"))];
        secret.sensitive = true;
        assert!(must_withhold(&secret));
        let body = "Code: 62. DB::Exception: Syntax error: failed at position 12 (ADD): ADD IDENTIFED BY 'hunter5hunter5'. (SYNTAX_ERROR) (version 24.8.1)";
        let error = from_answer(body, must_withhold(&secret), "q");
        assert!(!error.message.contains("hunter5"), "{}", error.message);
        assert!(error.message.starts_with("SYNTAX_ERROR, code 62"), "{}", error.message);
        let page = from_answer("<p>bad request: hunter5hunter5", must_withhold(&secret), "q");
        assert!(!page.message.contains("hunter5"), "{}", page.message);
    }

    #[test]
    fn a_text_that_holds_a_secret_is_known() {
        for statement in [
            "create user u identified by 'x'",
            "CREATE NAMED  COLLECTION c AS a = 1",
            "CREATE DICTIONARY d … SOURCE(MYSQL(PASSWORD 'x'))",
        ] {
            assert!(must_withhold(&query(statement)), "{statement}");
        }
        assert!(!must_withhold(&query("CREATE TABLE t (password String, identifier String)")));
    }

    #[test]
    fn missing_privileges_are_read_from_the_refusal() {
        for (text, grant) in [
            (
                "charter: Not enough privileges. To execute this query, it's necessary to have the grant SELECT(name, id) ON system.users (ACCESS_DENIED, code 497)",
                "SELECT ON system.users",
            ),
            (
                "c: Not enough privileges. To execute this query it's necessary to have grant SHOW USERS ON *.*",
                "SHOW USERS ON *.*",
            ),
            (
                "c: Not enough privileges. To execute this query, it's necessary to have the grant SELECT(a, b) ON ops.t. (Missing permissions: SELECT(b) ON ops.t) (ACCESS_DENIED, code 497)",
                "SELECT ON ops.t",
            ),
        ] {
            assert_eq!(missing_grants(text), [grant], "{text}");
        }
        assert!(missing_grants("no such thing").is_empty());
    }
}
