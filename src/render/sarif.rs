//! Findings as SARIF 2.1.0, for code scanning: rules from the pages of the codes, a result a finding,
//! what is allowed suppressed, with the reason.
//!
//! Source: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html>. Columns count
//! code points. Secrets are masked in the lines that places hold, so that snippets are safe.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use crate::lint::registry::{self, Code};
use crate::model::lint::Allowed;
use crate::model::place::Place;
use crate::model::{Digest, Finding, Severity};

/// Where the schema is published.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// Returns findings and what is allowed of them as one log. `folder` is where the configuration is,
/// relative to the root of the repository; empty for the root. `version` is charter's own.
pub fn log(findings: &[Finding], allowed: &[Allowed], folder: &str, version: &str) -> Json {
    let suppressed = allowed.iter().map(|one| &one.finding);
    let used: BTreeSet<&str> = findings.iter().chain(suppressed).map(|finding| finding.code).collect();
    let rules: Vec<&Code> = registry::all().iter().filter(|code| used.contains(code.code)).collect();
    let mut log = Log { rules: &rules, folder, seen: BTreeMap::new() };
    let mut results: Vec<Json> = findings.iter().map(|finding| log.result(finding)).collect();
    for one in allowed {
        let mut result = log.result(&one.finding);
        result["suppressions"] = json!([suppression(one)]);
        results.push(result);
    }
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "charter",
                "semanticVersion": version,
                "rules": rules.iter().map(|code| rule(code)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rule(code: &Code) -> Json {
    let paragraph = code.text().split("\n\n").nth(1).unwrap_or_default();
    let level = code.severities.first().map_or("none", |severity| level(*severity));
    json!({
        "id": code.code,
        "shortDescription": {"text": code.title},
        "fullDescription": {"text": paragraph.replace(['*', '\n'], " ").split_whitespace().collect::<Vec<_>>().join(" ")},
        "help": {"text": code.text(), "markdown": code.text()},
        "defaultConfiguration": {"level": level},
        "properties": {"tags": code.groups().collect::<Vec<_>>()},
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error | Severity::Decision => "error",
        Severity::Drift | Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn suppression(allowed: &Allowed) -> Json {
    match &allowed.reason {
        Some(reason) => json!({"kind": "inSource", "status": "accepted", "justification": reason}),
        None => {
            json!({"kind": "external", "status": "accepted", "justification": "allowed by the lint block"})
        }
    }
}

/// A log in the making.
struct Log<'a> {
    rules: &'a [&'a Code],
    folder: &'a str,
    /// How often each fingerprint was made before, so that equal findings stay apart.
    seen: BTreeMap<String, usize>,
}

impl Log<'_> {
    fn result(&mut self, finding: &Finding) -> Json {
        let mut text = finding.summary.clone();
        for (lead, part) in [("expected", &finding.expected), ("found", &finding.found)] {
            if !part.is_empty() {
                text.push_str(&format!("\n{lead}: {part}"));
            }
        }
        finding.help.iter().for_each(|help| text.push_str(&format!("\nhelp: {help}")));
        let mut result = json!({
            "ruleId": finding.code,
            "level": if finding.denied { "error" } else { level(finding.severity) },
            "message": {"text": text},
            "locations": self.locations(finding),
            "partialFingerprints": {"charter/v1": self.fingerprint(finding)},
        });
        if let Some(index) = self.rules.iter().position(|rule| rule.code == finding.code) {
            result["ruleIndex"] = index.into();
        }
        result
    }

    /// Returns the first place, which is the one to look at; what is nowhere in a file has an address.
    fn locations(&self, finding: &Finding) -> Vec<Json> {
        let physical = finding.places.iter().find_map(|place| self.physical(place));
        let logical = finding.addr.as_ref().map(|addr| json!([{"fullyQualifiedName": addr.to_string()}]));
        let mut location = json!({});
        if let Some(physical) = physical {
            location["physicalLocation"] = physical;
        }
        if let Some(logical) = logical {
            location["logicalLocations"] = logical;
        }
        if let Some(label) =
            finding.places.first().map(|place| &place.label).filter(|label| !label.is_empty())
        {
            location["message"] = json!({"text": label});
        }
        if location.as_object().is_some_and(|members| members.is_empty()) {
            Vec::new()
        } else {
            vec![location]
        }
    }

    fn physical(&self, place: &Place) -> Option<Json> {
        let at = place.excerpt.as_ref()?;
        let path =
            if self.folder.is_empty() { at.file.clone() } else { format!("{}/{}", self.folder, at.file) };
        Some(json!({
            "artifactLocation": {"uri": uri(&path), "uriBaseId": "%SRCROOT%"},
            "region": {
                "startLine": at.line,
                "startColumn": at.column,
                "endColumn": at.column + at.length,
                "snippet": {"text": at.text},
            },
        }))
    }

    /// Returns what stays the same when lines move: code, address, file and the text of the line.
    fn fingerprint(&mut self, finding: &Finding) -> String {
        let at = finding.places.iter().find_map(|place| place.excerpt.as_ref());
        let addr = finding.addr.as_ref().map(ToString::to_string).unwrap_or_default();
        let place = at.map(|at| (&at.file, at.text.split_whitespace().collect::<Vec<_>>().join(" ")));
        let about = if place.is_some() { "" } else { &addr };
        let digest = Digest::of_json(&json!([finding.code, about, place])).to_string();
        let count = self.seen.entry(digest.clone()).or_default();
        *count += 1;
        format!("{digest}:{count}")
    }
}

/// Writes a path as a relative reference of RFC 3986.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.trim_start_matches("./").bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte))
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::place::Excerpt;
    use crate::model::{Addr, Category};

    fn finding(line: usize) -> Finding {
        let excerpt = Excerpt {
            file: "migrations/a b/V1__x.sql".into(),
            line,
            column: 3,
            length: 8,
            text: "TRUNCATE TABLE t".into(),
        };
        Finding::new("CH104", Severity::Warning, Category::Tracking, "a migration empties a table")
            .at(&Addr::parse("tenant.acme").unwrap())
            .at_place(Place::located(excerpt, "all rows".into()))
    }

    #[test]
    fn a_place_is_relative_to_the_repository() {
        let log = log(&[finding(7)], &[], "infra/ch", "1.0.0");
        let result = &log["runs"][0]["results"][0];
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "infra/ch/migrations/a%20b/V1__x.sql");
        assert_eq!((&place["region"]["startLine"], &place["region"]["endColumn"]), (&json!(7), &json!(11)));
        assert_eq!((&result["ruleIndex"], &result["level"]), (&json!(0), &json!("warning")));
        assert_eq!(log["runs"][0]["tool"]["driver"]["rules"][0]["id"], "CH104");
    }

    #[test]
    fn fingerprints_stay_when_lines_move_and_differ_between_equals() {
        let prints = |findings: &[Finding]| -> Vec<Json> {
            let log = log(findings, &[], "", "1.0.0");
            let results = log["runs"][0]["results"].as_array().cloned().unwrap_or_default();
            results.into_iter().map(|one| one["partialFingerprints"]["charter/v1"].clone()).collect()
        };
        assert_eq!(prints(&[finding(1)]), prints(&[finding(9)]));
        let both = prints(&[finding(1), finding(2)]);
        assert_ne!(both[0], both[1]);
    }

    #[test]
    fn what_is_allowed_is_suppressed_with_the_reason() {
        let allowed = Allowed { finding: finding(1), reason: Some("a cache".into()), place: None };
        let denied = Finding { denied: true, ..finding(2) };
        let log = log(&[denied], &[allowed], "", "1.0.0");
        assert_eq!(log["runs"][0]["results"][0]["level"], "error");
        assert_eq!(log["runs"][0]["results"][1]["suppressions"][0]["justification"], "a cache");
    }
}
