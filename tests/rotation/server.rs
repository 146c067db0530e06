//! A ClickHouse with one user, a Kubernetes with its Secret and the registry, in memory: what is
//! done to the password is done here as the servers do it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use charter::backend::{Error, ErrorKind, Insert, LoginVerdict, ObjectWrite, Query, Servers, Stats};
use charter::model::op::{KubeDelete, KubeWrite};
use charter::model::snapshot::{Api, Listing, Row};
use charter::model::{Secret, Snapshot, Value};
use serde_json::json;

/// The user.
pub const USER: &str = "bi";
/// Its Secret's namespace and name.
pub const PLACE: (&str, &str) = ("operations", "bi");

/// What there is.
#[derive(Default)]
pub struct State {
    /// The user's methods: hash and salt.
    pub methods: Vec<(String, String)>,
    /// The Secret: its version and what it holds.
    pub secret: Option<(u64, BTreeMap<String, Secret>)>,
    /// The registry, the newest row last.
    pub rows: Vec<Row>,
    /// The server's clock.
    pub now: u64,
    /// The server's version.
    pub version: String,
    /// Passwords that clients hold, each with the time until which it has to work.
    pub held: Vec<(Secret, u64)>,
    /// Whether what the Secret holds has to log in, whenever there is one.
    pub is_proved: bool,
    /// Methods that another run puts in the place of the user's, right before the Secret is written.
    pub before_write: Option<Vec<(String, String)>>,
    /// What went wrong.
    pub broken: Vec<String>,
    versions: u64,
}

impl State {
    /// Returns whether a password logs in.
    pub fn accepts(&self, password: &Secret) -> bool {
        self.methods.iter().any(|(hash, salt)| password.salted_sha256(salt) == *hash)
    }

    /// Returns what the Secret holds.
    pub fn password(&self) -> Option<Secret> {
        self.secret.as_ref()?.1.get("password").cloned()
    }

    /// Puts a password into the Secret, as a person does.
    pub fn put_secret(&mut self, password: &str) {
        let keys = [("username", USER), ("password", password)];
        let data = keys.map(|(key, text)| (key.to_owned(), Secret::new(text)));
        self.versions += 1;
        self.secret = Some((self.versions, data.into()));
    }

    fn several(&self) -> bool {
        !self.version.starts_with("24.8")
    }

    /// Looks whether everyone can log in who must.
    fn look(&mut self, after: &str) {
        if let Some(password) = self.password().filter(|_| self.is_proved)
            && !self.accepts(&password)
        {
            self.broken.push(format!("what the Secret holds does not log in after {after}"));
        }
        let lost = self.held.iter().filter(|(held, until)| self.now < *until && !self.accepts(held)).count();
        if lost > 0 {
            self.broken.push(format!("{lost} clients with an old password are locked out after {after}"));
        }
    }

    /// Runs an `ALTER USER … IDENTIFIED WITH …`, its passwords given as parameters.
    fn alter(&mut self, query: &Query) -> Result<(), String> {
        let param = |name: &str| {
            let found = query.params.iter().find(|(of, _)| of == name);
            found.map(|(_, value)| value.expose().to_owned()).ok_or(format!("no parameter {name}"))
        };
        let text = &query.statement;
        let head = format!("ALTER USER `{USER}` ");
        let (verb, list) = text
            .strip_prefix(&head)
            .and_then(|rest| rest.split_once(" WITH "))
            .ok_or_else(|| format!("not understood: {text}"))?;
        let mut methods = Vec::new();
        for method in list.split(", ") {
            let names = method
                .strip_prefix("sha256_hash BY {")
                .and_then(|rest| rest.strip_suffix(":String}"))
                .and_then(|rest| rest.split_once(":String} SALT {"))
                .ok_or_else(|| format!("not understood: {method}"))?;
            methods.push((param(names.0)?, param(names.1)?));
        }
        match verb {
            "IDENTIFIED" => self.methods = methods,
            "ADD IDENTIFIED" if self.several() => self.methods.extend(methods),
            other => return Err(format!("{other} is not known to {}", self.version)),
        }
        if self.methods.len() > 1 && !self.several() {
            return Err(format!("{} knows one method a user", self.version));
        }
        Ok(())
    }
}

/// The servers.
#[derive(Clone, Default)]
pub struct Fake(Arc<Mutex<State>>);

impl Fake {
    /// Returns what there is.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Returns what an observation reads.
    pub fn snapshot(&self) -> Snapshot {
        let state = self.state();
        let mut snapshot = Snapshot::default();
        snapshot.caps.version = state.version.clone();
        snapshot.caps.now = state.now;
        snapshot.caps.server_uuid = "1111".into();
        snapshot.caps.ops_uuid = "2222".into();
        let auth = if state.several() {
            json!(vec!["sha256_password"; state.methods.len()])
        } else {
            json!("sha256_password")
        };
        let user = json!({
            "name": USER, "id": "u", "storage": "local_directory", "auth_type": auth, "host_ip": ["::/0"],
            "host_names": [], "host_names_regexp": [], "host_names_like": [], "default_roles_all": 1,
            "default_roles_list": [], "default_roles_except": [], "default_database": "", "grantees_any": 0,
            "grantees_list": [],
        });
        snapshot.rows.insert("users", vec![row(&user)]);
        let objects = state.secret.iter().map(|(version, data)| {
            let mut object = Value::from_json(
                &json!({"metadata": {"name": PLACE.1, "resourceVersion": version.to_string()}}),
            );
            let data = data
                .iter()
                .map(|(key, text)| (key.clone(), Value::Secret(Secret::new(STANDARD.encode(text.expose())))));
            if let Value::Map(map) = &mut object {
                map.insert("data".into(), Value::Map(data.collect()));
            }
            object
        });
        snapshot.objects.insert((Api::secrets(), PLACE.0.to_owned()), Listing::Objects(objects.collect()));
        snapshot
    }
}

fn row(json: &serde_json::Value) -> Row {
    json.as_object().cloned().unwrap()
}

fn refused(kind: ErrorKind, message: impl Into<String>) -> Error {
    Error { kind, code: None, message: message.into(), query_id: None }
}

impl Servers for Fake {
    async fn rows(&self, _: Query) -> Result<Vec<Row>, Error> {
        Ok(Vec::new())
    }

    async fn execute(&self, query: Query) -> Result<Stats, Error> {
        let mut state = self.state();
        state.alter(&query).map_err(|error| refused(ErrorKind::Refused, error))?;
        state.look(&query.statement);
        Ok(Stats::default())
    }

    async fn insert(&self, insert: Insert) -> Result<(), Error> {
        let mut state = self.state();
        if insert.table == "charter_resources" {
            for mut row in insert.rows {
                // As the column's default has it.
                let now = state.now;
                row.entry("credential_at").or_insert(now.into());
                state.rows.push(row);
            }
        }
        Ok(())
    }

    async fn login(&self, user: &str, password: &Secret) -> LoginVerdict {
        assert_eq!(user, USER);
        if self.state().accepts(password) { LoginVerdict::Works } else { LoginVerdict::Fails }
    }

    async fn list(&self, _: &Api, _: &str) -> Result<Listing, Error> {
        Ok(Listing::NoSuchKind)
    }

    async fn write(&self, object: ObjectWrite) -> Result<(), Error> {
        let mut state = self.state();
        assert_eq!((object.namespace.as_str(), object.name.as_str()), PLACE);
        assert_eq!(object.manager, "charter-credentials");
        let seen = state.secret.as_ref().map(|(version, _)| version.to_string());
        match &object.mode {
            KubeWrite::Create if seen.is_some() => return Err(refused(ErrorKind::Conflict, "exists")),
            KubeWrite::Apply { resource_version, .. } if *resource_version != seen => {
                return Err(refused(ErrorKind::Conflict, "the object has been modified"));
            }
            _ => {}
        }
        if let Some(methods) = state.before_write.take() {
            state.methods = methods;
        }
        state.versions += 1;
        state.secret = Some((state.versions, object.data));
        state.look("the Secret was written");
        Ok(())
    }

    async fn delete(&self, _: &KubeDelete) -> Result<(), Error> {
        panic!("a password is never rotated by deleting")
    }

    async fn secret_key(&self, _: &str, _: &str, key: &str) -> Result<Option<Secret>, Error> {
        Ok(self.state().secret.as_ref().and_then(|(_, data)| data.get(key)).cloned())
    }

    async fn cluster_uid(&self) -> Result<Option<String>, Error> {
        Ok(None)
    }
}
