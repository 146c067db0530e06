//! What is checked before the first pending statement runs: the server parses all of them, and the kinds
//! look ahead with what it answers to their questions.

use std::collections::{BTreeMap, BTreeSet};

use super::args::Ask;
use super::context::{Context, Observation, tell};
use crate::diag::Diagnostic;
use crate::model::{Addr, Category, Finding, Op, Plan, Severity};
use crate::ui::{Exit, Ui};
use crate::{observe, plan};

/// Has the server parse every pending statement of every tenant, in one query.
pub async fn parse(context: &Context, plan: &Plan, ui: &Ui) -> Result<Vec<Finding>, Exit> {
    let mut places: BTreeMap<&str, BTreeSet<&Addr>> = BTreeMap::new();
    for step in &plan.steps {
        for op in &step.ops {
            if let Op::Sql(sql) = op
                && sql.journal.is_some()
            {
                places.entry(&sql.statement).or_default().insert(&step.addr);
            }
        }
    }
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let statements: Vec<String> = places.keys().map(|statement| (*statement).to_owned()).collect();
    let verdicts = observe::preflight(&*context.servers, &statements).await.map_err(|error| {
        tell(
            ui,
            Diagnostic::error("the server could not be asked to parse the pending migrations")
                .detail(error.to_string()),
        );
        Exit::Error
    })?;
    let refused = places
        .into_iter()
        .zip(verdicts)
        .filter_map(|((statement, addrs), verdict)| Some((statement, addrs, verdict?)));
    Ok(refused
        .flat_map(|(statement, addrs, reason)| {
            addrs.into_iter().map(move |addr| unparsable(addr, statement, &reason))
        })
        .collect())
}

/// Asks the server what the kinds want to know of it before the steps of a plan run, and returns what
/// would go wrong with them.
pub async fn look_ahead(
    context: &Context,
    observation: &mut Observation,
    ask: &Ask,
    plan: &Plan,
    ui: &Ui,
) -> Result<Vec<Finding>, Exit> {
    let reads = plan::asks(&context.request(observation, &ask.targets, &ask.rotation), plan);
    let answers = observe::answer(&*context.servers, reads).await.map_err(|error| {
        let what = "the server could not be asked about what the pending migrations need";
        tell(ui, Diagnostic::error(what).detail(error.to_string()));
        Exit::Error
    })?;
    observation.snapshot.rows.extend(answers);
    Ok(plan::foresees(&context.request(observation, &ask.targets, &ask.rotation), plan))
}

fn unparsable(addr: &Addr, statement: &str, reason: &str) -> Finding {
    let start: String = statement.chars().take(200).collect();
    Finding::new("CH415", Severity::Error, Category::Tracking, "the server cannot parse a statement")
        .at(addr)
        .compare("a statement of this server's SQL", format!("{start}: {reason}"))
        .help("correct it: nothing of any tenant runs before every pending statement parses")
}
