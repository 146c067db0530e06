//! `charter apply FILE`: a saved plan is compared with the configuration and with one that is made
//! again, and that one is executed. The file decides whether the apply goes on, never what it does.

use std::path::Path;

use super::allow::Allow;
use super::apply::{How, Recheck, finish, locked, show};
use super::args::{Ask, Common, Format, Planning};
use super::context::Context;
use super::identity;
use super::plan::{exit_code, render_plan};
use super::saved;
use crate::apply::{gate, used};
use crate::config::load::{Disk, environment};
use crate::kinds::common::duration;
use crate::model::Plan;
use crate::plan_file::key::Key;
use crate::plan_file::{Opened, Saved, review, values};
use crate::render;
use crate::ui::{Exit, Ui};

/// A saved plan, and the key that vouches for it.
pub struct Given {
    saved: Saved,
    key: Option<Key>,
}

/// Applies a saved plan.
pub async fn run(common: &Common, file: &Path, allow: Allow, how: &How, ui: &Ui) -> Exit {
    match apply(common, file, allow, how, ui).await {
        Ok(code) | Err(code) => code,
    }
}

async fn apply(common: &Common, file: &Path, allow: Allow, how: &How, ui: &Ui) -> Result<Exit, Exit> {
    let key = saved::key(ui)?;
    let opened = saved::read(file, key.as_ref(), ui)?;
    made_by_us(&opened, ui)?;
    let given = Given { saved: opened.saved, key };
    let mut run = identity::run("apply", how.actor.as_deref(), &common.dir, &environment());
    run.plan.clone_from(&given.saved.id);
    let context = Context::open(common, &run, ui).await?;
    given.same_configuration(&context, ui)?;
    let ask = Ask { allow, ..given.ask(&context, ui)? };
    let plan = given.plan_again(&context, &ask, ui).await?;
    if ui.has_events() {
        render::lines::plan(&plan).iter().for_each(|line| ui.json_line(line));
    }
    show(&render_plan(&plan, Format::Text, how.look, ui), ui)?;
    if !plan.may_apply() || plan.steps.is_empty() {
        return Ok(exit_code(&plan, false));
    }
    ask.allow.check(&plan, ui)?;
    how.is_approved(&plan, ui)?;
    let recheck = Recheck { ask: &ask, saved: Some(&given), always: false };
    let lock = locked(&context, &plan, recheck, how, &run, ui).await?;
    Ok(finish(&context, plan, how, &run, lock, ui).await)
}

/// Refuses what another version of charter made: it may plan otherwise, or mean other things.
fn made_by_us(opened: &Opened, ui: &Ui) -> Result<(), Exit> {
    let version = env!("CARGO_PKG_VERSION");
    if opened.charter == version {
        return Ok(());
    }
    Err(refused(
        ui,
        &[format!("it was made by charter {}, and this is {version}", opened.charter)],
        "plan again with this version, or apply it with the one that made it",
    ))
}

/// Tells why a saved plan is not applied.
fn refused(ui: &Ui, reasons: &[String], help: &str) -> Exit {
    let list = match reasons {
        [one] if !one.contains('\n') => format!(" {one}"),
        all => format!("\n{}", all.join("\n")).replace('\n', "\n  "),
    };
    ui.error(&format!("the saved plan cannot be applied, and nothing was changed:{list}\n  {help}"));
    Exit::Stale
}

impl Given {
    /// Makes sure that the configuration is the one that it was made from.
    fn same_configuration(&self, context: &Context, ui: &Ui) -> Result<(), Exit> {
        let Saved { plan, configuration, .. } = &self.saved;
        let (settings, inputs) = (&context.settings, &context.compiled.inputs);
        let mut differences = Vec::new();
        for (what, then, now) in [
            ("scope", &plan.scope, &settings.scope),
            ("environment", &plan.environment, &settings.environment),
        ] {
            if then != now {
                differences.push(format!("the {what}: {then:?} when planned, {now:?} now"));
            }
        }
        differences.extend(configuration.differences(inputs, &Disk::new(&context.dir)));
        if differences.is_empty() {
            return Ok(());
        }
        differences.insert(0, "the configuration is not the one that it was made from".to_owned());
        Err(refused(ui, &differences, "plan again, or check out the revision that was planned"))
    }

    /// Returns what was asked of the plan.
    fn ask(&self, context: &Context, ui: &Ui) -> Result<Ask, Exit> {
        let options = self.saved.options.clone();
        context.ask(&Planning { targets: options.targets, rotate: options.rotate, probe: options.probe }, ui)
    }

    /// Makes sure that it was not applied, plans again, and makes sure that it is the same plan with
    /// the same sensitive values, in time.
    pub async fn plan_again(&self, context: &Context, ask: &Ask, ui: &Ui) -> Result<Plan, Exit> {
        let scope = &context.settings.scope;
        let used = used::used(&*context.servers, scope, &self.saved.id).await.map_err(|error| {
            ui.error(&format!("whether the plan was applied already cannot be read: {error}"));
            Exit::Error
        })?;
        if let Some(used) = used {
            return Err(refused(
                ui,
                &[used.to_string()],
                "a plan is applied once: plan again to see what there is to do now",
            ));
        }
        let again = context.plan(ask, ui).await?;
        if context.now() >= self.saved.expires_at {
            let reason = format!("it expired at {}", duration::instant(self.saved.expires_at));
            return Err(refused(ui, &[reason], "plan again; `--expires 7d` keeps a plan for longer"));
        }
        let moved = self.moved(context, &again);
        if moved.is_empty() {
            Ok(again)
        } else {
            Err(refused(ui, &moved, "plan again to see what there is to do now"))
        }
    }

    fn moved(&self, context: &Context, again: &Plan) -> Vec<String> {
        let mut moved = gate::still_fits(&self.saved.plan, again).err().unwrap_or_default();
        // Whatever the comparison does not name.
        if moved.is_empty() && again.digest() != self.saved.digest {
            moved.push("the plan made again is another one".to_owned());
        }
        if moved.is_empty() {
            moved = self.other_values(context, again).unwrap_or_else(|reason| vec![reason]);
        }
        // An approval is of what was shown.
        if moved.is_empty() {
            moved = review::differences(&self.saved.plan, again);
        }
        moved
    }

    fn other_values(&self, context: &Context, again: &Plan) -> Result<Vec<String>, String> {
        let Saved { configuration, values, id, .. } = &self.saved;
        let now = values::collect(again, configuration, &Disk::new(&context.dir))?;
        values.differences(&now, self.key.as_ref(), id)
    }
}
