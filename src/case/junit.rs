//! Reports of tests in JUnit's XML, which CI systems show.
//!
//! Source: <https://github.com/testmoapp/junitxml>, and what `terraform test -junit-xml` writes.

use std::fmt::Write as _;
use std::time::Duration;

use super::run::Status;

/// A file of tests, as it is reported.
pub struct Suite {
    /// The file.
    pub name: String,
    /// Its runs.
    pub cases: Vec<Case>,
}

/// A run, as it is reported.
pub struct Case {
    /// Its name.
    pub name: String,
    /// How it ended; none where it was left out.
    pub status: Option<Status>,
    /// What there is to say of it, without colours.
    pub text: String,
    /// The first problem, in one line.
    pub message: String,
    /// How long it took.
    pub took: Duration,
}

/// Returns a report.
pub fn report(suites: &[Suite]) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let all: Vec<&Case> = suites.iter().flat_map(|suite| &suite.cases).collect();
    let _ = writeln!(xml, "<testsuites name=\"charter test\" {}>", numbers(&all));
    for suite in suites {
        let cases: Vec<&Case> = suite.cases.iter().collect();
        let _ = writeln!(xml, "  <testsuite name=\"{}\" {}>", escaped(&suite.name), numbers(&cases));
        for case in cases {
            self::case(&mut xml, suite, case);
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn numbers(cases: &[&Case]) -> String {
    let count = |status: Option<Status>| cases.iter().filter(|case| case.status == status).count();
    let took: Duration = cases.iter().map(|case| case.took).sum();
    format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3}\"",
        cases.len(),
        count(Some(Status::Fail)),
        count(Some(Status::Error)),
        count(None),
        took.as_secs_f64()
    )
}

fn case(xml: &mut String, suite: &Suite, case: &Case) {
    let (name, class) = (escaped(&case.name), escaped(&suite.name));
    let _ = write!(
        xml,
        "    <testcase name=\"{name}\" classname=\"{class}\" time=\"{:.3}\"",
        case.took.as_secs_f64()
    );
    let element = match case.status {
        Some(Status::Pass) => return xml.push_str("/>\n"),
        Some(Status::Fail) => "failure",
        Some(Status::Error) => "error",
        None => return xml.push_str("><skipped/></testcase>\n"),
    };
    let (message, text) = (escaped(&case.message), escaped(&case.text));
    let _ = writeln!(xml, ">\n      <{element} message=\"{message}\">{text}</{element}>\n    </testcase>");
}

/// Escapes a text for attributes and content. What XML 1.0 cannot hold becomes U+FFFD.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            c if c.is_control() => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}
