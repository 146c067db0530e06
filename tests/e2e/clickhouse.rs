//! ClickHouse as a person uses it: statements over HTTP, apart from charter's own client.

use crate::servers::ClickHouse;

/// What the server answered.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The exception's code; 0 for none.
    pub code: u32,
    /// The body.
    pub body: String,
}

/// Runs a statement as a user.
pub fn run(server: &ClickHouse, user: &str, password: &str, statement: &str) -> Answer {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut response = agent
        .post(&server.url)
        .header("X-ClickHouse-User", user)
        .header("X-ClickHouse-Key", password)
        .send(statement)
        .unwrap();
    let header = response.headers().get("X-ClickHouse-Exception-Code");
    let code = header.and_then(|value| value.to_str().ok()?.parse().ok()).unwrap_or(0);
    let status = response.status().as_u16();
    Answer { status, code, body: response.body_mut().read_to_string().unwrap() }
}

impl ClickHouse {
    /// Runs a statement as the administrator; it must work. Returns the body without its last newline.
    pub fn admin(&self, statement: &str) -> String {
        let answer = run(self, &self.user, &self.password, statement);
        assert_eq!(answer.status, 200, "{statement}: {}", answer.body);
        answer.body.trim_end().to_owned()
    }
}
