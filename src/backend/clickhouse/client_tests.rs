//! Tests of what goes over the wire, against a server that answers each request from a list.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

use super::*;
use crate::backend::ErrorKind;

/// What the server does with a request.
#[derive(Clone, Copy)]
enum Reply {
    /// Answers with a status, headers and a body.
    Answer(&'static str, &'static str, &'static str),
    /// Closes the connection.
    HangUp,
    /// Says nothing.
    Silence,
}

/// Starts a server; returns its URL and the requests that it gets.
fn serve(replies: Vec<Reply>) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let (sender, requests) = channel();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for reply in replies {
            let (mut stream, _) = listener.accept().expect("a connection");
            let _ = sender.send(request(&mut stream));
            match reply {
                Reply::Answer(status, headers, body) => {
                    let length = body.len();
                    let head = format!(
                        "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n"
                    );
                    let _ = stream.write_all((head + body).as_bytes());
                }
                Reply::HangUp => {}
                Reply::Silence => kept.push(stream),
            }
        }
        if !kept.is_empty() {
            std::thread::park();
        }
    });
    (url, requests)
}

fn request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        if let Some(end) = text.find("\r\n\r\n") {
            let length =
                text.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
            if bytes.len() >= end + 4 + length.unwrap_or(0) {
                return String::from_utf8_lossy(&bytes).into_owned();
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return String::from_utf8_lossy(&bytes).into_owned(),
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

fn client(url: &str, timeout: u64) -> Client {
    let settings = ClickHouse {
        url: url.into(),
        user: "charter".into(),
        password: Secret::new("hunter5"),
        cluster: None,
        ca_file: None,
        cert_file: None,
        key_file: None,
        timeout: Duration::from_millis(timeout),
        mutation_timeout: Duration::from_millis(timeout),
        settings: [("max_threads".to_owned(), "3".to_owned())].into(),
    };
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    Client::new(&settings, Path::new("."), Some(parent)).expect("a client")
}

fn query(statement: &str) -> Query {
    Query {
        statement: statement.into(),
        params: Vec::new(),
        sensitive: false,
        login: None,
        database: Some("tenant_acme".into()),
        settings: BTreeMap::new(),
        query_id: "id-1".into(),
        comment: "run 1".into(),
    }
}

const OK: Reply = Reply::Answer("200 OK", "X-ClickHouse-Summary: {\"written_rows\":\"7\"}\r\n", "");

#[tokio::test]
async fn secrets_travel_in_body_and_headers_and_settings_in_the_url() {
    let (url, requests) = serve(vec![OK]);
    let mut asked = query("ALTER USER u ADD IDENTIFIED WITH sha256_hash BY {h:String}");
    asked.params = vec![("h".into(), Secret::new("c0ffee"))];
    asked.sensitive = true;
    let stats = client(&url, 5000).execute(&asked).await.expect("done");
    assert_eq!(stats.written_rows, 7);
    let request = requests.recv().expect("a request").to_lowercase();
    let (line, rest) = request.split_once("\r\n").expect("a line");
    for part in
        ["query_id=id-1", "log_comment=run+1", "wait_end_of_query=1", "max_threads=3", "database=tenant_acme"]
    {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert!(!line.contains("c0ffee") && !line.contains("hunter5"), "{line}");
    for part in ["x-clickhouse-user: charter", "x-clickhouse-key: hunter5", "traceparent: 00-0af7", "c0ffee"]
    {
        assert!(rest.contains(part), "{part}: {rest}");
    }
}

#[tokio::test]
async fn another_login_replaces_charters() {
    let (url, requests) = serve(vec![OK]);
    let mut asked = query("SELECT 1");
    asked.login = Some(("acme".into(), Secret::new("other")));
    client(&url, 5000).execute(&asked).await.expect("done");
    let request = requests.recv().expect("a request").to_lowercase();
    assert!(request.contains("x-clickhouse-user: acme\r\n"), "{request}");
    assert!(!request.contains("hunter5"), "{request}");
}

#[tokio::test]
async fn a_statement_is_sent_once_and_a_read_again() {
    let (url, requests) = serve(vec![Reply::HangUp]);
    let error = client(&url, 5000).execute(&query("DROP TABLE t")).await;
    assert_eq!(error.expect_err("broken").kind, ErrorKind::Unknown);
    assert_eq!(requests.try_iter().count(), 1);
    let rows = Reply::Answer("200 OK", "", "{\"a\":1}\n");
    let (url, requests) = serve(vec![Reply::HangUp, rows]);
    let rows = client(&url, 5000).rows(&query("SELECT 1 AS a")).await;
    assert_eq!(rows.expect("rows").len(), 1);
    let lines: Vec<String> = requests.try_iter().collect();
    assert!(lines[1].contains("query_id=id-1-r2"), "{}", lines[1]);
}

#[tokio::test]
async fn nobody_home_is_unreachable_and_silence_is_unknown() {
    let error = client("http://127.0.0.1:1", 5000).execute(&query("SELECT 1")).await;
    assert_eq!(error.expect_err("refused").kind, ErrorKind::Unreachable);
    let (url, requests) = serve(vec![Reply::Silence]);
    let error = client(&url, 50).rows(&query("SELECT 1")).await.expect_err("no answer");
    assert_eq!(error.kind, ErrorKind::Unknown);
    assert!(error.message.contains("query id-1"), "{error}");
    assert_eq!(requests.try_iter().count(), 1, "its time is up for all attempts");
}

#[tokio::test]
async fn an_exception_in_the_output_format_is_one() {
    let body = "{\"exception\": \"Code: 497. DB::Exception: u: Not enough privileges. (ACCESS_DENIED) (version 24.8.4.13)\"}\n";
    let (url, _requests) =
        serve(vec![Reply::Answer("500 Internal Server Error", "X-ClickHouse-Exception-Code: 497\r\n", body)]);
    let error = client(&url, 5000).rows(&query("SELECT 1")).await.expect_err("denied");
    assert_eq!((error.kind, error.code), (ErrorKind::Denied, Some(497)));
}

#[tokio::test]
async fn rows_are_inserted_one_a_line_and_at_once() {
    let (url, requests) = serve(vec![OK]);
    let row = |text: &str| serde_json::from_str(text).expect("a row");
    let insert = Insert {
        table: "charter_runs",
        rows: vec![row("{\"a\":\"x\\ny\"}"), row("{\"a\":\"z\"}")],
        query_id: "i".into(),
        comment: String::new(),
    };
    client(&url, 5000).insert(&insert).await.expect("inserted");
    let request = requests.recv().expect("a request");
    assert!(request.contains("async_insert=0") && request.contains("insert_deduplicate=0"));
    let body = request.split("\r\n\r\n").nth(1).expect("a body");
    assert_eq!(body, "INSERT INTO ops.charter_runs FORMAT JSONEachRow\n{\"a\":\"x\\ny\"}\n{\"a\":\"z\"}\n");
}
