//! Helpers for the tests of kinds: a small world, and changes in it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Change, Lowered, World, diff_attrs};
use crate::diag::{SourceMap, Span};
use crate::model::plan::AttrDiff;
use crate::model::registry::Registry;
use crate::model::resource::Desired;
use crate::model::settings::{ClickHouse, Kubernetes, KubernetesTarget, Settings};
use crate::model::snapshot::{Caps, Snapshot};
use crate::model::{Action, Attrs, Op, Resource, Rotation, Secret};

/// Returns a place in no particular file.
pub fn span() -> Span {
    let file = SourceMap::default().add("tenants.hcl", "");
    Span::new(file, 0..0)
}

/// Returns the settings of a scope `platform` in development, with a manifests folder.
pub fn settings() -> Settings {
    Settings {
        scope: "platform".into(),
        environment: "development".into(),
        clickhouse: ClickHouse {
            url: "http://127.0.0.1:8123".into(),
            user: "default".into(),
            password: Secret::new(""),
            cluster: None,
            ca_file: None,
            cert_file: None,
            key_file: None,
            timeout: Duration::from_secs(30),
            mutation_timeout: Duration::from_secs(30),
            settings: BTreeMap::new(),
        },
        kubernetes: Some(Kubernetes {
            namespace: "operations".into(),
            target: KubernetesTarget::Manifests("out".into()),
        }),
        isolation: Default::default(),
        rollout: None,
        lint: crate::model::lint::Policy::default(),
    }
}

/// Runs a closure in a world of an empty server of a version.
pub fn world<T>(version: &str, run: impl FnOnce(&World) -> T) -> T {
    world_with(Snapshot::default(), &Registry::default(), version, run)
}

/// Runs a closure in a world of what was read and recorded.
pub fn world_with<T>(
    mut snapshot: Snapshot,
    registry: &Registry,
    version: &str,
    run: impl FnOnce(&World) -> T,
) -> T {
    snapshot.caps = Caps { version: version.into(), ..snapshot.caps };
    let (settings, desired, rotation) = (settings(), Desired::default(), Rotation::default());
    run(&World {
        settings: &settings,
        snapshot: &snapshot,
        registry,
        desired: &desired,
        rotation: &rotation,
        recorded: false,
    })
}

/// Returns a change of a resource, with its plain differences.
pub fn change<'a>(action: Action, wanted: &'a Resource, live: Option<&'a Attrs>) -> Change<'a> {
    let diff: Vec<AttrDiff> = live.map(|live| diff_attrs(&wanted.attrs, live)).unwrap_or_default();
    Change {
        action,
        addr: &wanted.addr,
        identity: &wanted.identity,
        wanted: Some(wanted),
        live,
        diff: Box::leak(diff.into_boxed_slice()),
        entry: None,
    }
}

/// Returns the statements of what was lowered, in their order.
pub fn lowered_sql(lowered: &Lowered) -> Vec<String> {
    let statements = lowered.ops.iter().filter_map(|op| match op {
        Op::Sql(sql) => Some(sql.statement.clone()),
        Op::KubeApply(_) | Op::KubeDelete(_) | Op::Await(_) | Op::AwaitMutations(_) | Op::Ledger(_) => None,
    });
    statements.collect()
}
