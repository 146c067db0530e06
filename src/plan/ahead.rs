//! Looking ahead: what the kinds want to know once there is a plan, and what they foresee by it.

use std::collections::{BTreeMap, BTreeSet};

use super::Request;
use crate::model::snapshot::Read;
use crate::model::{Addr, Finding, Plan, Severity};

/// Returns what is to be read before the steps of a plan may run, each thing once.
pub fn asks(request: &Request, plan: &Plan) -> Vec<Read> {
    let world = request.world();
    let reads = request.kinds.iter().flat_map(|kind| kind.asks(&plan.steps, &world));
    let mut once: BTreeMap<String, Read> = BTreeMap::new();
    for read in reads {
        let key = match &read {
            Read::Sql { name, .. } => (*name).to_owned(),
            Read::Objects { api, namespace } => format!("{}/{namespace}", api.plural),
        };
        once.entry(key).or_insert(read);
    }
    once.into_values().collect()
}

/// Returns what would go wrong with the steps of a plan.
pub fn foresees(request: &Request, plan: &Plan) -> Vec<Finding> {
    let world = request.world();
    let stops = plan.findings.iter().filter(|finding| finding.severity <= Severity::Decision);
    let stopped: BTreeSet<Addr> = stops.filter_map(|finding| finding.addr.clone()).collect();
    request.kinds.iter().flat_map(|kind| kind.foresees(&plan.steps, &stopped, &world)).collect()
}
