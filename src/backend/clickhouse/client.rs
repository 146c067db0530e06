//! The client: one statement, one answer.
//!
//! What the HTTP library would log is switched off around each request: it logs answers, and an
//! answer can quote what was sent.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use tracing::instrument::WithSubscriber as _;
use tracing::subscriber::NoSubscriber;

use super::{error, tls};
use crate::backend::{ConnectError, Error, Insert, LoginVerdict, Query, Stats, retry};
use crate::model::Secret;
use crate::model::settings::ClickHouse;
use crate::model::snapshot::Row;

/// Settings of every query; they are not for the configuration to change.
const SETTINGS: [(&str, &str); 2] =
    [("wait_end_of_query", "1"), ("output_format_json_quote_64bit_integers", "1")];

/// Settings of an insert: it is done when the answer comes, and equal rows are not dropped.
const INSERT_SETTINGS: [(&str, &str); 3] =
    [("async_insert", "0"), ("insert_deduplicate", "0"), ("date_time_input_format", "best_effort")];

/// Codes that are answered only after the password was accepted: READONLY, QUOTA_EXCEEDED,
/// TOO_MANY_SIMULTANEOUS_QUERIES, SETTING_CONSTRAINT_VIOLATION, ACCESS_DENIED,
/// USER_SESSION_LIMIT_EXCEEDED.
const AFTER_LOGIN: [u32; 6] = [164, 201, 202, 452, 497, 700];

/// A ClickHouse server, and charter's own login.
pub struct Client {
    http: clickhouse::Client,
    user: String,
    password: Secret,
    by_certificate: bool,
    timeout: Duration,
}

/// What came back.
struct Answer {
    body: Vec<u8>,
    written_rows: u64,
}

impl Client {
    /// Prepares a client; nothing is sent. File names are relative to `folder`. A client
    /// certificate without a password is a login by certificate (`IDENTIFIED WITH ssl_certificate`).
    /// A `traceparent` that is none (W3C Trace Context §3.2) is left out, since the server would
    /// refuse every query for it.
    ///
    /// # Errors
    /// A URL that is none, and certificate files that cannot be used.
    pub fn new(
        settings: &ClickHouse,
        folder: &Path,
        traceparent: Option<&str>,
    ) -> Result<Self, ConnectError> {
        let mut http = tls::http_client(settings, folder)?
            .with_url(&settings.url)
            .with_product_info("charter", env!("CARGO_PKG_VERSION"));
        for (name, value) in &settings.settings {
            http = http.with_setting(name, value);
        }
        match traceparent {
            Some(parent) if is_traceparent(parent) => http = http.with_header("traceparent", parent),
            Some(_) => tracing::warn!("TRACEPARENT is not a W3C trace context; it is left out"),
            None => {}
        }
        Ok(Self {
            http,
            user: settings.user.clone(),
            by_certificate: settings.cert_file.is_some() && settings.password.expose().is_empty(),
            password: settings.password.clone(),
            timeout: settings.timeout,
        })
    }

    /// Runs a query that changes nothing and returns its rows. Sent again where the network or the
    /// server fails for a moment, all within one timeout.
    ///
    /// # Errors
    /// As the server answers.
    pub async fn rows(&self, query: &Query) -> Result<Vec<Row>, Error> {
        let mut attempt = 0_u32;
        let read = retry::read(retry::transient_query, || {
            attempt += 1;
            let mut query = query.clone();
            if attempt > 1 {
                // The first may be running still, and an id is taken for that long.
                query.query_id = format!("{}-r{attempt}", query.query_id);
            }
            async move { self.send(&query).await }
        });
        let answer = tokio::time::timeout(self.timeout, read)
            .await
            .unwrap_or_else(|_| Err(error::out_of_time(self.timeout, &query.query_id)))?;
        parse_rows(&answer.body, &query.query_id)
    }

    /// Runs a statement, once.
    ///
    /// # Errors
    /// As the server answers; after the timeout, an error of an unknown outcome.
    pub async fn execute(&self, query: &Query) -> Result<Stats, Error> {
        let answer = self.send_in_time(query).await?;
        Ok(Stats { written_rows: answer.written_rows })
    }

    /// Appends rows to a table of database `ops`, once.
    ///
    /// # Errors
    /// As [`Client::execute`].
    pub async fn insert(&self, insert: &Insert) -> Result<(), Error> {
        if insert.rows.is_empty() {
            return Ok(());
        }
        let mut statement = format!("INSERT INTO ops.{} FORMAT JSONEachRow\n", insert.table);
        for row in &insert.rows {
            statement.push_str(&serde_json::Value::Object(row.clone()).to_string());
            statement.push('\n');
        }
        let settings = INSERT_SETTINGS.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let query = Query {
            settings: BTreeMap::from(settings),
            query_id: insert.query_id.clone(),
            comment: insert.comment.clone(),
            ..Query::new(statement)
        };
        self.send_in_time(&query).await.map(|_| ())
    }

    /// Tries a login, once: failed logins are recorded, and may lock an account.
    pub async fn login(&self, query: &Query) -> LoginVerdict {
        match self.send_in_time(query).await {
            Ok(_) => LoginVerdict::Works,
            Err(error) => verdict(&error),
        }
    }

    async fn send_in_time(&self, query: &Query) -> Result<Answer, Error> {
        tokio::time::timeout(self.timeout, self.send(query))
            .await
            .unwrap_or_else(|_| Err(error::out_of_time(self.timeout, &query.query_id)))
    }

    async fn send(&self, query: &Query) -> Result<Answer, Error> {
        let exchange = async {
            let mut cursor = self.request(query).fetch_bytes("JSONEachRow")?;
            let body = cursor.collect().await?.to_vec();
            let written_rows = cursor.summary().and_then(clickhouse::QuerySummary::written_rows);
            Ok(Answer { body, written_rows: written_rows.unwrap_or_default() })
        };
        exchange
            .with_subscriber(NoSubscriber::default())
            .await
            .map_err(|error| error::from_client(error, error::must_withhold(query), &query.query_id))
    }

    fn request(&self, query: &Query) -> clickhouse::query::Query {
        let mut http = match &query.login {
            Some((user, password)) => with_login(&self.http, user, password),
            None if self.by_certificate => {
                self.http.clone().with_user(&self.user).with_header("X-ClickHouse-SSL-Certificate-Auth", "on")
            }
            None => with_login(&self.http, &self.user, &self.password),
        };
        if let Some(database) = &query.database {
            http = http.with_database(database);
        }
        let mut request = http.query_raw(&query.statement);
        for (name, value) in &query.settings {
            request = request.with_setting(name, value);
        }
        for (name, value) in SETTINGS {
            request = request.with_setting(name, value);
        }
        for (name, value) in &query.params {
            request = request.param(name, value.expose());
        }
        request.with_setting("query_id", &query.query_id).with_setting("log_comment", &query.comment)
    }
}

fn with_login(http: &clickhouse::Client, user: &str, password: &Secret) -> clickhouse::Client {
    http.clone().with_user(user).with_password(password.expose())
}

fn verdict(error: &Error) -> LoginVerdict {
    match error.code {
        Some(193 | 194 | 516) => LoginVerdict::Fails,
        Some(code) if AFTER_LOGIN.contains(&code) => LoginVerdict::Works,
        _ => LoginVerdict::Unproved(error.message.clone()),
    }
}

fn parse_rows(body: &[u8], query_id: &str) -> Result<Vec<Row>, Error> {
    // Strings of ClickHouse are bytes; JSON is not.
    let text = String::from_utf8_lossy(body);
    serde_json::Deserializer::from_str(&text).into_iter::<Row>().collect::<Result<_, _>>().map_err(|error| {
        Error {
            kind: crate::backend::ErrorKind::Refused,
            code: None,
            message: format!("the answer is not JSONEachRow ({:?})", error.classify()),
            query_id: Some(query_id.to_owned()),
        }
    })
}

/// Returns whether a text is a `traceparent` of version 00.
fn is_traceparent(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    let hex = |c: char| c == '-' || c.is_ascii_digit() || ('a'..='f').contains(&c);
    text.starts_with("00-") && lengths == [2, 32, 16, 2] && text.chars().all(hex)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::ErrorKind;

    fn refusal(code: Option<u32>) -> Error {
        Error { kind: ErrorKind::Refused, code, message: "why".into(), query_id: None }
    }

    #[test]
    fn a_login_is_judged_by_what_is_refused() {
        assert_eq!(verdict(&refusal(Some(516))), LoginVerdict::Fails);
        assert_eq!(verdict(&refusal(Some(194))), LoginVerdict::Fails);
        assert_eq!(verdict(&refusal(Some(164))), LoginVerdict::Works);
        for code in [None, Some(195), Some(720)] {
            assert_eq!(verdict(&refusal(code)), LoginVerdict::Unproved("why".into()));
        }
    }

    #[test]
    fn rows_are_objects_even_with_broken_text() {
        let rows = parse_rows(b"{\"a\":1}\n{\"a\":\"\xff\"}\n", "q").expect("rows");
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[1]["a"], "\u{fffd}");
        assert!(parse_rows(b"a\tb\n", "q").is_err());
    }

    #[test]
    fn only_a_trace_context_is_passed_on() {
        assert!(is_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
        for text in ["", "00-1-2-3", "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"] {
            assert!(!is_traceparent(text), "{text}");
        }
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod wire_tests;
