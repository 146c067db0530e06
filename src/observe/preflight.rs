//! Has the server parse all pending statements before the first one runs, without running any.
//!
//! `formatQuerySingleLineOrNull` (since 23.11) answers for many statements at once; for those that
//! it does not take, and on older servers for all, `EXPLAIN AST` says why. `formatQuery` formats and
//! `EXPLAIN AST` prints: neither reads a table or changes anything.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _};
use regex::{Captures, Regex};
use serde_json::Value as Json;

use crate::backend::{Error, ErrorKind, Query, Servers};
use crate::model::Secret;
use crate::model::snapshot::{Read, Row, number};

/// How much goes into one parameter: the server takes 128 KiB a form field
/// (`http_max_field_value_size`), and escaping at most doubles what JSON leaves.
const CHUNK: usize = 48 * 1024;

/// How many statements are asked about at once.
const AT_ONCE: usize = 8;

/// ClickHouse's UNKNOWN_FUNCTION.
const UNKNOWN_FUNCTION: u32 = 46;

/// ClickHouse's SYNTAX_ERROR.
const SYNTAX_ERROR: u32 = 62;

/// One row, one number a statement: whether it does not parse.
const PARSE: &str = "SELECT arrayMap(q -> isNull(formatQuerySingleLineOrNull(q)), \
    JSONExtract({statements:String}, 'Array(String)')) AS failed";

/// What precedes a statement that is explained; on a line of its own, so that columns stay right.
/// Without a setting, a statement that begins with an unknown word would be taken for one.
const EXPLAIN: &str = "EXPLAIN AST graph = 0\n";

/// Returns for each statement why the server cannot parse it; none where it can.
///
/// # Errors
/// A server that cannot be asked.
pub async fn preflight<S: Servers>(servers: &S, statements: &[String]) -> Result<Vec<Option<String>>, Error> {
    let distinct: BTreeSet<&str> = statements.iter().map(String::as_str).collect();
    let doubtful = doubtful(servers, &distinct).await?;
    let asked: Vec<BoxFuture<'_, Result<_, Error>>> =
        doubtful.into_iter().map(|statement| reason(servers, statement).boxed()).collect();
    let reasons: BTreeMap<&str, Option<String>> =
        futures_util::stream::iter(asked).buffered(AT_ONCE).try_collect().await?;
    let of = |statement: &String| reasons.get(statement.as_str()).cloned().flatten();
    Ok(statements.iter().map(of).collect())
}

/// Returns the statements that do not parse, or that the server cannot be asked about in bulk.
async fn doubtful<'a, S: Servers>(
    servers: &S,
    statements: &BTreeSet<&'a str>,
) -> Result<Vec<&'a str>, Error> {
    let (small, mut doubtful): (Vec<&str>, Vec<&str>) =
        statements.iter().partition(|statement| escaped(statement) <= CHUNK);
    for chunk in chunks(&small) {
        match servers.rows(bulk(chunk)).await {
            Ok(rows) => doubtful.extend(failed(chunk, rows.first())),
            Err(error) if error.code == Some(UNKNOWN_FUNCTION) => {
                return Ok(statements.iter().copied().collect());
            }
            Err(error) => return Err(error),
        }
    }
    Ok(doubtful)
}

/// Runs reads that are known only once there is a plan, and returns their rows by name.
///
/// # Errors
/// A server that cannot be asked.
pub async fn answer<S: Servers>(
    servers: &S,
    reads: Vec<Read>,
) -> Result<BTreeMap<&'static str, Vec<Row>>, Error> {
    let mut answers = BTreeMap::new();
    for read in reads {
        let Read::Sql { name, statement } = read else { continue };
        answers.insert(name, servers.rows(roomy(Query::new(statement))).await?);
    }
    Ok(answers)
}

/// Runs reads that a plan can do without, and returns the rows of those that the server answers.
pub async fn answer_what_may_be<S: Servers>(
    servers: &S,
    reads: Vec<Read>,
) -> BTreeMap<&'static str, Vec<Row>> {
    let mut answers = BTreeMap::new();
    for read in reads {
        let Read::Sql { name, statement } = read else { continue };
        match servers.rows(roomy(Query::new(statement))).await {
            Ok(rows) => _ = answers.insert(name, rows),
            Err(error) => tracing::debug!(name, %error, "not read"),
        }
    }
    answers
}

/// Lets a query be as long as it is: `max_query_size` is 256 KiB unless told.
fn roomy(mut query: Query) -> Query {
    let size = query.statement.len() + 1024;
    if size > 256 * 1024 {
        query.settings.insert("max_query_size".to_owned(), size.to_string());
    }
    query
}

fn bulk(chunk: &[&str]) -> Query {
    let list = Json::from(chunk.to_vec()).to_string();
    Query { params: vec![("statements".to_owned(), Secret::new(list))], ..Query::new(PARSE) }
}

/// Returns the statements that a row of [`PARSE`] says not to parse. One that the row is silent
/// about is among them: it is asked about again.
fn failed<'a>(chunk: &[&'a str], row: Option<&Row>) -> Vec<&'a str> {
    let flags = row.and_then(|row| row.get("failed")).and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
    let parses = |index: usize| {
        let flag = flags.get(index).cloned();
        flag.is_some_and(|flag| number(&Row::from_iter([("f".to_owned(), flag)]), "f") == 0)
    };
    let all = chunk.iter().copied().enumerate();
    all.filter(|(index, _)| !parses(*index)).map(|(_, statement)| statement).collect()
}

/// Returns how long a statement is in a JSON text.
fn escaped(statement: &str) -> usize {
    Json::from(statement).to_string().len()
}

/// Cuts a list into pieces that each fit one parameter.
fn chunks<'s, 'a>(statements: &'s [&'a str]) -> Vec<&'s [&'a str]> {
    let mut chunks = Vec::new();
    let (mut start, mut size) = (0, 0);
    for (index, statement) in statements.iter().enumerate() {
        let length = escaped(statement) + 1;
        if size + length > CHUNK && index > start {
            chunks.push(&statements[start..index]);
            (start, size) = (index, 0);
        }
        size += length;
    }
    if start < statements.len() {
        chunks.push(&statements[start..]);
    }
    chunks
}

/// Returns a statement with why it does not parse; none where it does after all.
async fn reason<'a, S: Servers>(servers: &S, statement: &'a str) -> Result<(&'a str, Option<String>), Error> {
    let reason = match servers.rows(roomy(Query::new(format!("{EXPLAIN}{statement}")))).await {
        Ok(_) => None,
        Err(error) if error.code == Some(SYNTAX_ERROR) => Some(relocated(&error.message)),
        // What it cannot explain parsed all the same.
        Err(error) if error.kind == ErrorKind::Refused && error.code.is_some() => None,
        Err(error) => return Err(error),
    };
    Ok((statement, reason))
}

/// Rewrites the place in a syntax error to one in the statement itself.
fn relocated(message: &str) -> String {
    static PLACE: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"position (\d+)|\(line (\d+), col").ok());
    let moved = |found: &Captures| {
        let number = |index| {
            let group: Option<regex::Match> = found.get(index);
            group.and_then(|group| group.as_str().parse::<usize>().ok())
        };
        match (number(1), number(2)) {
            (Some(position), _) => format!("position {}", position.saturating_sub(EXPLAIN.len())),
            (_, Some(line)) => format!("(line {}, col", line.saturating_sub(1)),
            _ => found[0].to_owned(),
        }
    };
    match PLACE.as_ref() {
        Some(place) => place.replace_all(message, moved).into_owned(),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_fit_and_nothing_is_lost() {
        let long = "x".repeat(CHUNK / 2);
        let statements = [&*long, "a", &*long, &*long, "b"];
        let cut = chunks(&statements);
        assert_eq!(cut.concat(), statements);
        assert_eq!(cut.iter().map(|piece| piece.len()).collect::<Vec<_>>(), [2, 1, 2]);
        assert!(chunks(&[]).is_empty());
    }

    #[test]
    fn a_silent_answer_is_no_yes() {
        let row: Row = serde_json::from_str(r#"{"failed":[0,"1"]}"#).expect("a row");
        assert_eq!(failed(&["a", "b", "c"], Some(&row)), ["b", "c"]);
        assert_eq!(failed(&["a"], None), ["a"]);
    }

    #[test]
    fn places_are_those_of_the_statement() {
        assert_eq!(
            relocated("Syntax error: failed at position 30 (x) (line 2, col 8): x"),
            "Syntax error: failed at position 8 (x) (line 1, col 8): x"
        );
    }
}
