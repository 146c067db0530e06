//! Servers in memory that record what they are asked and answer as they are told, and builders of
//! plans for them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::Value as Json;

use crate::backend::{Error, ErrorKind, Insert, LoginVerdict, ObjectWrite, Query, Servers, Stats};
use crate::model::op::{KubeDelete, Op};
use crate::model::plan::{Action, Plan, Step};
use crate::model::snapshot::{Api, Listing, Row};
use crate::model::{Addr, Digest, Secret};

/// What the servers were asked.
#[derive(Clone, Debug)]
pub enum Call {
    Execute(Query),
    Rows(Query),
    Insert(Insert),
    Write(ObjectWrite),
    Delete(KubeDelete),
    Login(String, Secret),
}

/// Answers to the statements that contain a text.
type Script<T> = Vec<(String, VecDeque<Result<T, Error>>)>;

/// What they answer, and what they have.
#[derive(Default)]
struct World {
    calls: Vec<Call>,
    running: usize,
    most_running: usize,
    slow: Vec<(String, Duration)>,
    executes: Script<Stats>,
    rows: Script<Vec<Row>>,
    inserts: BTreeMap<String, VecDeque<Error>>,
    insert_takes: Duration,
    missing_until: Option<String>,
    writes: VecDeque<Error>,
    deletes: VecDeque<Error>,
    logins: VecDeque<LoginVerdict>,
    secrets: BTreeMap<(String, String), BTreeMap<String, Secret>>,
}

/// The servers.
#[derive(Clone, Default)]
pub struct Fake(Arc<Mutex<World>>);

impl Fake {
    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap()
    }

    /// Lets statements that contain a text answer these, then succeed.
    pub fn answer(self, text: &str, answers: impl IntoIterator<Item = Result<Stats, Error>>) -> Self {
        let answers = answers.into_iter().collect();
        self.world().executes.push((text.to_owned(), answers));
        self
    }

    /// Lets queries that contain a text answer these, then nothing.
    pub fn answer_rows(self, text: &str, answers: impl IntoIterator<Item = Result<Vec<Row>, Error>>) -> Self {
        let answers = answers.into_iter().collect();
        self.world().rows.push((text.to_owned(), answers));
        self
    }

    /// Lets statements that contain a text take so long.
    pub fn slow(self, text: &str, takes: Duration) -> Self {
        self.world().slow.push((text.to_owned(), takes));
        self
    }

    /// Lets inserts take so long.
    pub fn slow_inserts(self, takes: Duration) -> Self {
        self.world().insert_takes = takes;
        self
    }

    /// Lets the next inserts into a table fail.
    pub fn fail_inserts(self, table: &str, errors: impl IntoIterator<Item = Error>) -> Self {
        let errors = errors.into_iter().collect();
        self.world().inserts.insert(table.to_owned(), errors);
        self
    }

    /// Lets the audit's tables be missing until a statement that contains a text was run.
    pub fn no_audit_until(self, text: &str) -> Self {
        self.world().missing_until = Some(text.to_owned());
        self
    }

    /// Lets the next writes of objects fail, though what they write may be there.
    pub fn fail_writes(self, errors: impl IntoIterator<Item = Error>) -> Self {
        self.world().writes.extend(errors);
        self
    }

    /// Lets the next deletions fail.
    pub fn fail_deletes(self, errors: impl IntoIterator<Item = Error>) -> Self {
        self.world().deletes.extend(errors);
        self
    }

    /// Lets the next logins say this, then that they work.
    pub fn login_says(self, verdicts: impl IntoIterator<Item = LoginVerdict>) -> Self {
        self.world().logins.extend(verdicts);
        self
    }

    /// Puts a Secret there.
    pub fn with_secret(self, namespace: &str, name: &str, key: &str, value: &str) -> Self {
        self.world()
            .secrets
            .entry((namespace.to_owned(), name.to_owned()))
            .or_default()
            .insert(key.to_owned(), Secret::new(value));
        self
    }

    /// Returns what was asked, in its order.
    pub fn calls(&self) -> Vec<Call> {
        self.world().calls.clone()
    }

    /// Returns the most statements that ran at once.
    pub fn most_running(&self) -> usize {
        self.world().most_running
    }

    /// Returns the statements that were run, in their order.
    pub fn statements(&self) -> Vec<String> {
        let calls = self.calls().into_iter();
        calls
            .filter_map(|call| match call {
                Call::Execute(query) => Some(query.statement),
                _ => None,
            })
            .collect()
    }

    /// Returns the rows that are in a table, and with how many inserts they came.
    pub fn table(&self, table: &str) -> (Vec<Row>, usize) {
        let inserts: Vec<Insert> = self
            .calls()
            .into_iter()
            .filter_map(|call| match call {
                Call::Insert(insert) if insert.table == table => Some(insert),
                _ => None,
            })
            .collect();
        let count = inserts.len();
        (inserts.into_iter().flat_map(|insert| insert.rows).collect(), count)
    }
}

impl Servers for Fake {
    async fn rows(&self, query: Query) -> Result<Vec<Row>, Error> {
        let mut world = self.world();
        let script = world.rows.iter_mut().find(|(text, _)| query.statement.contains(text.as_str()));
        let answer = script.and_then(|(_, answers)| answers.pop_front());
        world.calls.push(Call::Rows(query));
        answer.unwrap_or(Ok(Vec::new()))
    }

    async fn execute(&self, query: Query) -> Result<Stats, Error> {
        let takes = {
            let mut world = self.world();
            world.calls.push(Call::Execute(query.clone()));
            world.running += 1;
            world.most_running = world.most_running.max(world.running);
            let slow = world.slow.iter();
            slow.filter(|(text, _)| query.statement.contains(text.as_str())).map(|(_, takes)| *takes).next()
        };
        tokio::time::sleep(takes.unwrap_or(Duration::from_millis(1))).await;
        let mut world = self.world();
        world.running -= 1;
        if world.missing_until.as_ref() == Some(&query.statement) {
            world.missing_until = None;
        }
        let script = world.executes.iter_mut().find(|(text, _)| query.statement.contains(text.as_str()));
        let answer = script.and_then(|(_, answers)| answers.pop_front());
        answer.unwrap_or(Ok(Stats { written_rows: 1 }))
    }

    async fn insert(&self, insert: Insert) -> Result<(), Error> {
        let takes = self.world().insert_takes;
        tokio::time::sleep(takes).await;
        let mut world = self.world();
        let is_audit = ["charter_runs", "charter_steps"].contains(&insert.table);
        if is_audit && world.missing_until.is_some() {
            return Err(error(ErrorKind::Missing, Some(60), "no such table"));
        }
        if let Some(error) = world.inserts.get_mut(insert.table).and_then(VecDeque::pop_front) {
            return Err(error);
        }
        world.calls.push(Call::Insert(insert));
        Ok(())
    }

    async fn login(&self, user: &str, password: &Secret) -> LoginVerdict {
        let mut world = self.world();
        world.calls.push(Call::Login(user.to_owned(), password.clone()));
        world.logins.pop_front().unwrap_or(LoginVerdict::Works)
    }

    async fn list(&self, _: &Api, _: &str) -> Result<Listing, Error> {
        Ok(Listing::NoSuchKind)
    }

    async fn write(&self, object: ObjectWrite) -> Result<(), Error> {
        let mut world = self.world();
        world.calls.push(Call::Write(object.clone()));
        let failure = world.writes.pop_front();
        if failure.is_none() || failure.as_ref().map(|error| error.kind) == Some(ErrorKind::Unknown) {
            let key = (object.namespace, object.name);
            world.secrets.insert(key, object.data);
        }
        failure.map_or(Ok(()), Err)
    }

    async fn delete(&self, object: &KubeDelete) -> Result<(), Error> {
        let mut world = self.world();
        world.calls.push(Call::Delete(object.clone()));
        world.deletes.pop_front().map_or(Ok(()), Err)
    }

    async fn secret_key(&self, namespace: &str, name: &str, key: &str) -> Result<Option<Secret>, Error> {
        let world = self.world();
        let secret = world.secrets.get(&(namespace.to_owned(), name.to_owned()));
        Ok(secret.and_then(|data| data.get(key)).cloned())
    }

    async fn cluster_uid(&self) -> Result<Option<String>, Error> {
        Ok(None)
    }
}

/// Returns an error of the servers.
pub fn error(kind: ErrorKind, code: Option<u32>, message: &str) -> Error {
    Error { kind, code, message: message.to_owned(), query_id: None }
}

/// Returns a row.
pub fn row(json: Json) -> Row {
    json.as_object().cloned().unwrap()
}

/// Builds a step.
pub struct StepBuilder(Step);

/// Starts a step that creates a role.
pub fn step(id: usize, name: &str) -> StepBuilder {
    StepBuilder(Step {
        id,
        after: Vec::new(),
        addr: Addr::new("role", name),
        kind: "role".into(),
        identity: name.into(),
        tenant: None,
        action: Action::Create,
        before: None,
        desired: None,
        diff: Vec::new(),
        ops: Vec::new(),
        notes: Vec::new(),
        costs: Vec::new(),
        expects: Digest::of_bytes(name.as_bytes()),
        cause: crate::model::Cause::default(),
    })
}

impl StepBuilder {
    /// Says which steps it comes after.
    pub fn after(mut self, after: &[usize]) -> Self {
        self.0.after = after.to_vec();
        self
    }

    /// Adds an operation.
    pub fn op(mut self, op: impl Into<Op>) -> Self {
        self.0.ops.push(op.into());
        self
    }

    /// Says what happens.
    pub fn action(mut self, action: Action) -> Self {
        self.0.action = action;
        self
    }

    /// Returns the step.
    pub fn build(self) -> Step {
        self.0
    }
}

/// Returns a plan of steps.
pub fn plan(steps: Vec<Step>) -> Plan {
    let mut plan =
        Plan { scope: "platform".into(), environment: "development".into(), steps, ..Plan::default() };
    plan.servers.clickhouse = "server".into();
    plan.servers.clickhouse_version = "26.9.2.1".into();
    plan
}
