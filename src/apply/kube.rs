//! Kubernetes objects: written and deleted, each request idempotent or guarded, so that it can be
//! sent again when its answer was lost.

use std::collections::BTreeMap;
use std::future::Future;

use backon::{BackoffBuilder, Retryable};

use super::ops::{At, Trouble};
use super::retry::{backoff, is_transient_request};
use crate::backend::{Error, ErrorKind, ObjectWrite, Servers};
use crate::model::Secret;
use crate::model::op::{KubeApply, KubeDelete, KubeWrite};

/// Waits out failures that pass by themselves.
pub(super) async fn patiently<T, F, Fut>(request: F) -> Result<T, Error>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, Error>>,
{
    request.retry(backoff()).sleep(tokio::time::sleep).when(is_transient_request).await
}

/// Writes an object.
pub(super) async fn apply<S: Servers>(at: &At<'_, S>, apply: &KubeApply) -> Result<(), Trouble> {
    let write = resolve(at, apply).await?;
    let mut waits = backoff().build();
    let mut attempt = 0;
    let mut answer_lost = false;
    loop {
        attempt += 1;
        let Err(error) = at.cx.servers.write(write.clone()).await else {
            at.log.state().changed = true;
            return Ok(());
        };
        if error.kind == ErrorKind::Unknown {
            answer_lost = true;
            at.log.state().changed = true;
        }
        if error.kind == ErrorKind::Conflict && answer_lost && is_there(at, &write).await {
            return Ok(());
        }
        match waits.next() {
            Some(wait) if is_transient_request(&error) => {
                at.emit_retry(attempt, wait, &error);
                tokio::time::sleep(wait).await;
            }
            _ => return Err(trouble(apply, &error)),
        }
    }
}

async fn resolve<S: Servers>(at: &At<'_, S>, apply: &KubeApply) -> Result<ObjectWrite, Trouble> {
    let mut data: BTreeMap<String, Secret> = BTreeMap::new();
    for (key, text) in &apply.data {
        data.insert(key.clone(), at.text(text).await?);
    }
    Ok(ObjectWrite {
        api: apply.api.clone(),
        namespace: apply.namespace.clone(),
        name: apply.name.clone(),
        manager: apply.manager.clone(),
        object: apply.object.clone(),
        data,
        mode: apply.mode.clone(),
        prune: apply.prune.clone(),
    })
}

/// Returns whether a Secret holds what a request whose answer was lost would have written.
async fn is_there<S: Servers>(at: &At<'_, S>, write: &ObjectWrite) -> bool {
    for (key, wanted) in &write.data {
        let read = || at.cx.servers.secret_key(&write.namespace, &write.name, key);
        if !matches!(patiently(read).await, Ok(Some(held)) if held == *wanted) {
            return false;
        }
    }
    !write.data.is_empty()
}

fn trouble(apply: &KubeApply, error: &Error) -> Trouble {
    let object = format!("{} {}/{}", apply.api.kind, apply.namespace, apply.name);
    match error.kind {
        ErrorKind::Unknown => Trouble::unknown(format!("writing {object}: {error}"))
            .help("run `charter apply` again: it reads how things are"),
        ErrorKind::Conflict if apply.mode == KubeWrite::Create => {
            Trouble::failed(format!("{object} exists meanwhile: {error}"))
                .help("`charter plan` shows whether it is as declared; an `import` block adopts it")
        }
        kind => Trouble::failed(format!("writing {object} failed: {error}")).help_for(kind),
    }
}

/// Deletes an object.
pub(super) async fn delete<S: Servers>(at: &At<'_, S>, delete: &KubeDelete) -> Result<(), Trouble> {
    let answer = patiently(|| at.cx.servers.delete(delete)).await;
    let unknown = matches!(&answer, Err(error) if error.kind == ErrorKind::Unknown);
    at.log.state().changed |= answer.is_ok() || unknown;
    answer.map_err(|error| {
        let what = format!("{} {}/{}", delete.api.kind, delete.namespace, delete.name);
        let trouble = Trouble::failed(format!("deleting {what} failed: {error}"));
        Trouble { unknown, ..trouble.help_for(error.kind) }
    })
}
