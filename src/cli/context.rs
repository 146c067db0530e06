//! What the commands share: load the configuration, reach the servers, observe, plan.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value as Json, json};

use super::args::{Ask, Common, Planning};
use super::{logins, migrate, preflight};
use crate::apply::{Run, lock};
use crate::backend::kubernetes::manifests::tracked_by_git;
use crate::backend::live::Live;
use crate::config::{self, Compiled};
use crate::diag::{self, Diagnostic, Diagnostics, SourceMap};
use crate::kinds::Kinds;
use crate::lint::judge::judge;
use crate::model::registry::Registry;
use crate::model::snapshot::{Api, Caps, Read};
use crate::model::{Addr, Category, Finding, Op, Plan, Rotation, Settings, Severity, Snapshot};
use crate::observe::{self, Extent};
use crate::plan::cause::witness;
use crate::plan::{self, Request};
use crate::ui::{Exit, Ui};

/// How many reads run at once.
const READS_AT_ONCE: usize = 8;

/// A configuration that compiled, with the servers that it names.
pub struct Context {
    /// The kinds.
    pub kinds: Kinds,
    /// What is declared.
    pub compiled: Compiled,
    /// Who declares, and where.
    pub settings: Settings,
    /// The servers.
    pub servers: Arc<Live>,
    /// Kinds of objects that are not to be listed.
    pub withheld: BTreeSet<Api>,
    /// The folder of the configuration.
    pub dir: PathBuf,
    /// What was seen of the lock when the servers were last observed.
    seen: Mutex<Option<Seen>>,
    /// The server's clock when it was last observed, in seconds since 1970.
    now: AtomicU64,
}

/// What an observation saw of the lock.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// The newest generation; 0 for none.
    pub lock: u64,
    /// When the observation began, in seconds since 1970 by the server's clock.
    pub at: u64,
}

/// What was read from the servers.
pub struct Observation {
    /// The rows and objects.
    pub snapshot: Snapshot,
    /// What is recorded.
    pub registry: Registry,
}

/// Loads the configuration and tells its problems; `None` where one of them is an error.
pub fn load(common: &Common, kinds: &Kinds, ui: &Ui) -> Option<(Compiled, Settings)> {
    let mut compiled = config::load::load(&common.dir, common.vars.clone(), common.var_files.clone(), kinds);
    if let Some(settings) =
        compiled.settings.as_ref().filter(|settings| settings.clickhouse.cluster.is_some())
    {
        let cluster = settings.clickhouse.cluster.clone().unwrap_or_default();
        compiled.diags.push(
            Diagnostic::error("clusters are not supported by this version")
                .detail(format!("`cluster = {cluster:?}` asks for ON CLUSTER, which nothing would send."))
                .help("leave `cluster` out to manage the one node that `url` names"),
        );
    }
    tell_all(ui, &compiled.diags, &compiled.sources);
    match compiled.settings.clone() {
        Some(settings) if !compiled.diags.has_errors() => Some((compiled, settings)),
        _ => None,
    }
}

impl Context {
    /// Loads the configuration and connects; what is wrong is told.
    pub async fn open(common: &Common, run: &Run, ui: &Ui) -> Result<Self, Exit> {
        let kinds = Kinds::all();
        let (compiled, settings) = load(common, &kinds, ui).ok_or(Exit::Error)?;
        let traceparent = config::load::environment().get("TRACEPARENT").cloned();
        let servers = Live::connect(&settings, &common.dir, &run.purpose, &run.id, traceparent)
            .await
            .map_err(|error| {
                tell(ui, error.diagnostic());
                Exit::Error
            })?;
        Ok(Self {
            kinds,
            compiled,
            settings,
            servers: Arc::new(servers),
            withheld: BTreeSet::new(),
            dir: common.dir.clone(),
            seen: Mutex::new(None),
            now: AtomicU64::new(0),
        })
    }

    /// Returns the same servers with another configuration.
    pub fn with(&self, compiled: Compiled, settings: Settings) -> Self {
        Self {
            kinds: self.kinds.clone(),
            compiled,
            settings,
            servers: Arc::clone(&self.servers),
            withheld: self.withheld.clone(),
            dir: self.dir.clone(),
            seen: Mutex::new(None),
            now: AtomicU64::new(0),
        }
    }

    /// Leaves Secrets unread: for who may not list them.
    pub fn without_secrets(&mut self) {
        self.withheld.insert(Api::secrets());
    }

    /// Reads the servers; what is wrong is told.
    pub async fn observe(&self, ui: &Ui) -> Result<Observation, Exit> {
        self.observe_more(&|_| Vec::new(), ui).await
    }

    /// Reads the servers, and what `more` asks besides; what is wrong is told.
    pub async fn observe_more(
        &self,
        more: &(dyn Fn(&Caps) -> Vec<Read> + Sync),
        ui: &Ui,
    ) -> Result<Observation, Exit> {
        self.observe_of(&self.kinds, more, ui).await
    }

    /// Reads what is needed for one kind alone, and what `more` asks besides; what is wrong is told.
    pub async fn observe_kind(
        &self,
        name: &str,
        more: &(dyn Fn(&Caps) -> Vec<Read> + Sync),
        ui: &Ui,
    ) -> Result<Observation, Exit> {
        let kinds = self.kinds.iter().filter(|kind| kind.name() == name).collect();
        self.observe_of(&Kinds::new(kinds), more, ui).await
    }

    async fn observe_of(
        &self,
        kinds: &Kinds,
        more: &(dyn Fn(&Caps) -> Vec<Read> + Sync),
        ui: &Ui,
    ) -> Result<Observation, Exit> {
        let (settings, desired) = (&self.settings, &self.compiled.desired);
        let extent = Extent { withheld: self.withheld.clone(), more };
        let read = observe::observe_to(&*self.servers, settings, kinds, desired, READS_AT_ONCE, extent);
        ui.going_on(&json!({
            "@level": "info",
            "@message": "reading the servers",
            "type": "observe_start",
        }));
        let (begun, asked) = (tokio::time::Instant::now(), self.servers.queries());
        match read.await {
            Ok((snapshot, registry)) => {
                let queries = self.servers.queries().saturating_sub(asked);
                ui.going_on(&json!({
                    "@level": "info",
                    "@message": format!("read the servers with {queries} queries"),
                    "type": "observe_complete",
                    "observed": {"queries": queries, "elapsed_seconds": begun.elapsed().as_secs_f64()},
                }));
                let caps = &snapshot.caps;
                self.now.store(caps.now, Ordering::Relaxed);
                let seen = Seen { lock: lock::newest(caps, &self.settings.scope), at: caps.now };
                let seen = (!caps.ops_uuid.is_empty()).then_some(seen);
                *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = seen;
                Ok(Observation { snapshot, registry })
            }
            Err(error) => {
                tell(ui, error.diagnostic(&self.settings));
                Err(Exit::Error)
            }
        }
    }

    /// Returns what the last observation saw of the lock; none where there was no database `ops` that
    /// could hold one.
    pub fn seen(&self) -> Option<Seen> {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the server's clock when it was last observed, in seconds since 1970.
    pub fn now(&self) -> u64 {
        self.now.load(Ordering::Relaxed)
    }

    /// Returns what planning needs.
    pub fn request<'a>(
        &'a self,
        observation: &'a Observation,
        targets: &'a [Addr],
        rotation: &'a Rotation,
    ) -> Request<'a> {
        Request {
            kinds: &self.kinds,
            settings: &self.settings,
            desired: &self.compiled.desired,
            snapshot: &observation.snapshot,
            registry: &observation.registry,
            targets,
            rotation,
        }
    }

    /// Returns what the arguments ask of a plan; what is wrong with them is told.
    pub fn ask(&self, planning: &Planning, ui: &Ui) -> Result<Ask, Exit> {
        let users = self.users(&planning.rotate, ui)?;
        let selected = plan::selected(&self.compiled.desired, &planning.targets);
        if let Some(user) = users.iter().find(|user| !selected.contains(user)) {
            tell(
                ui,
                Diagnostic::error(format!("{user} is to be rotated and is not among the targets"))
                    .help(format!("add --target {user}, or leave --target out")),
            );
            return Err(Exit::Error);
        }
        let rotation = Rotation { users, ..Rotation::default() };
        Ok(Ask { targets: planning.targets.clone(), rotation, probe: planning.probe, ..Ask::default() })
    }

    /// Returns the users whose passwords addresses name; what names none is told.
    pub fn users(&self, asked: &[Addr], ui: &Ui) -> Result<BTreeSet<Addr>, Exit> {
        plan::rotate::users(&self.kinds, &self.compiled.desired, asked).map_err(|wrong| {
            wrong.into_iter().for_each(|diagnostic| tell(ui, diagnostic));
            Exit::Error
        })
    }

    /// Tries the logins that a plan asks for, and keeps what they prove with what was read.
    async fn probe(&self, observation: &mut Observation, ask: &Ask) {
        let selected = if ask.probe {
            plan::selected(&self.compiled.desired, &ask.targets)
        } else if ask.rotation.finish {
            ask.rotation.users.clone()
        } else {
            return;
        };
        let proved = logins::prove(self, observation, &selected).await;
        observation.snapshot.logins =
            proved.into_iter().map(|(probe, verdict)| (probe.addr, verdict)).collect();
    }

    /// Observes and plans, and has the server parse what would run.
    pub async fn plan(&self, ask: &Ask, ui: &Ui) -> Result<Plan, Exit> {
        Ok(self.planned(ask, ui).await?.0)
    }

    /// Plans as [`Context::plan`] does, and returns what was read besides; none where only the ledger
    /// was.
    pub async fn planned(&self, ask: &Ask, ui: &Ui) -> Result<(Plan, Option<Observation>), Exit> {
        if let Some(work) = &ask.ledger {
            return Ok((migrate::plan(self, work, ui).await?, None));
        }
        let mut observation = self.observe(ui).await?;
        self.probe(&mut observation, ask).await;
        let mut plan = plan::build(&self.request(&observation, &ask.targets, &ask.rotation));
        self.explain(&observation, &mut plan).await;
        let findings = preflight::parse(self, &plan, ui).await?;
        plan.findings.extend(findings);
        let findings = preflight::look_ahead(self, &mut observation, ask, &plan, ui).await?;
        plan.findings.extend(findings);
        plan.findings.extend(self.missing_namespaces(&plan).await);
        self.warn_of_git(&plan, ui);
        // Again, for what was found since.
        let allowed = judge(&mut plan.findings, &self.settings.lint, &self.compiled.desired);
        plan.allowed.extend(allowed);
        plan.locate(&self.compiled.sources);
        plan.findings.sort_by(|a, b| (a.severity, &a.addr, a.code).cmp(&(b.severity, &b.addr, b.code)));
        Ok((plan, Some(observation)))
    }

    /// Asks who moved the server, where it moved. What cannot be asked is not known.
    async fn explain(&self, observation: &Observation, plan: &mut Plan) {
        let reads = witness::asks(&witness::suspects(plan, &self.kinds), &observation.snapshot.caps);
        let rows = observe::answer_what_may_be(&*self.servers, reads).await;
        witness::explain(plan, &self.kinds, &rows);
    }

    /// Finds namespaces that steps would write to and the cluster does not have.
    async fn missing_namespaces(&self, plan: &Plan) -> Vec<Finding> {
        let mut namespaces: BTreeMap<&str, &Addr> = BTreeMap::new();
        for step in &plan.steps {
            for op in &step.ops {
                if let Op::KubeApply(apply) = op {
                    namespaces.entry(&apply.namespace).or_insert(&step.addr);
                }
            }
        }
        let mut findings = Vec::new();
        for (namespace, addr) in namespaces {
            if self.servers.lacks_namespace(namespace).await {
                let summary = "a namespace is missing in the cluster";
                findings.push(
                    Finding::new("CH330", Severity::Error, Category::Secrets, summary)
                        .at(addr)
                        .compare(format!("namespace {namespace}"), "no such namespace")
                        .help(format!("create it: kubectl create namespace {namespace}"))
                        .help(
                            "or correct `namespace` in the kubernetes block; charter never makes namespaces",
                        ),
                );
            }
        }
        findings
    }

    /// Warns where manifests with passwords would be written to where git tracks them.
    fn warn_of_git(&self, plan: &Plan, ui: &Ui) {
        let writes = plan.steps.iter().flat_map(|step| &step.ops).any(|op| matches!(op, Op::KubeApply(_)));
        if let Some(folder) = self.servers.manifests_folder().filter(|_| writes)
            && tracked_by_git(folder)
        {
            tell(
                ui,
                Diagnostic::warning("git would track the manifests folder")
                    .detail(format!("{} will hold passwords in its Secrets.", folder.display()))
                    .help("add the folder to .gitignore, or name one outside of the work tree"),
            );
        }
    }
}

/// Tells a problem that has no place in the source.
pub fn tell(ui: &Ui, diagnostic: Diagnostic) {
    tell_all(ui, &[diagnostic].into_iter().collect(), &SourceMap::default());
}

/// Tells problems: drawn for people, as objects for programs.
pub fn tell_all(ui: &Ui, all: &Diagnostics, sources: &SourceMap) {
    events_of(ui, all, sources);
    if !ui.is_json() && !all.is_empty() {
        ui.drawn(diag::text::render(all, sources, ui.colors_messages(), ui.width()).trim_end());
    }
}

/// Tells problems as objects for programs alone.
pub fn events_of(ui: &Ui, all: &Diagnostics, sources: &SourceMap) {
    if !ui.has_events() {
        return;
    }
    for item in all.sorted() {
        let diagnostic = diag::json::diagnostic(item, sources);
        let level = match diagnostic["severity"].as_str() {
            Some("error") => "error",
            Some("warning") => "warn",
            _ => "info",
        };
        ui.json_line(&json!({
            "@level": level,
            "@message": item.summary,
            "type": "diagnostic",
            "diagnostic": diagnostic,
        }));
    }
}

/// Makes sure, before anything is read, that standard output is asked for events or for a document.
///
/// # Errors
/// For both.
pub fn one_of_both(ui: &Ui, is_document: bool) -> Result<(), Exit> {
    if ui.is_json() && is_document {
        ui.error("--json prints events, and --format a document: use --json-into FILE for the events");
        return Err(Exit::Usage);
    }
    Ok(())
}

/// Tells what a command found as events. Returns whether that is all of it: people get a text, and
/// who asks for a document gets that.
pub fn tell_events(ui: &Ui, events: impl FnOnce() -> Vec<Json>) -> bool {
    if ui.has_events() {
        events().iter().for_each(|event| ui.json_line(event));
    }
    ui.is_json()
}

/// Prints a result; where that cannot be done, the command failed.
pub fn print(ui: &Ui, text: &str, exit: Exit) -> Exit {
    match ui.result(text.trim_end()) {
        Ok(()) => exit,
        Err(error) => {
            ui.error(&format!("the result cannot be written: {error}"));
            Exit::Error
        }
    }
}
