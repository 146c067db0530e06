//! Proving by login that ClickHouse accepts what the Secrets hold.

use std::collections::BTreeSet;

use futures_util::stream::{self, StreamExt as _};

use super::context::{Context, Observation};
use crate::backend::{LoginVerdict, Servers as _};
use crate::kinds::LoginProbe;
use crate::model::{Addr, Rotation};

/// How many logins are tried at once.
const LOGINS_AT_ONCE: usize = 8;

/// Tries the login of each of these resources that has one. One that fails proves nothing where
/// the server answers the same for another reason.
pub async fn prove(
    context: &Context,
    observation: &Observation,
    selected: &BTreeSet<Addr>,
) -> Vec<(LoginProbe, LoginVerdict)> {
    let rotation = Rotation::default();
    let world = context.request(observation, &[], &rotation).world();
    let probes: Vec<LoginProbe> = context
        .compiled
        .desired
        .resources
        .values()
        .filter(|resource| selected.contains(&resource.addr))
        .filter_map(|resource| Some((context.kinds.get(resource.kind)?, resource)))
        .flat_map(|(kind, resource)| kind.probes(resource, &world))
        .collect();
    let verdicts = stream::iter(probes).map(|probe| async move {
        let verdict = match (context.servers.login(&probe.user, &probe.password).await, &probe.doubt) {
            (LoginVerdict::Fails, Some(why)) => {
                LoginVerdict::Unproved(format!("ClickHouse refuses the login, but {why}"))
            }
            (verdict, _) => verdict,
        };
        (probe, verdict)
    });
    verdicts.buffered(LOGINS_AT_ONCE).collect().await
}
