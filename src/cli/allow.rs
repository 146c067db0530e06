//! The flags that let an apply remove what a plan removes: asked for where the plan needs them,
//! harmless where it does not.

use super::context;
use crate::diag::Diagnostic;
use crate::model::Plan;
use crate::model::gate::{Flag, Gate};
use crate::render::gates;
use crate::ui::{Exit, Ui};

/// What an apply may remove.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct Allow {
    /// Destroy the databases that the plan removes, with their data; `removed` blocks ask for that
    #[arg(long)]
    pub allow_data_loss: bool,
    /// Remove objects from more than a tenth of the blocks that the scope manages, and more than three
    #[arg(long)]
    pub allow_mass_removal: bool,
}

impl Allow {
    fn has(self, flag: Flag) -> bool {
        match flag {
            Flag::DataLoss => self.allow_data_loss,
            Flag::MassRemoval => self.allow_mass_removal,
        }
    }

    /// Returns the gates of a plan that these flags do not open.
    pub fn closed(self, plan: &Plan) -> impl Iterator<Item = &Gate> {
        plan.gates.iter().filter(move |gate| !self.has(gate.flag))
    }

    /// Makes sure that a plan may be applied with these flags; what is missing is told.
    ///
    /// # Errors
    /// [`Exit::Denied`] where a flag is missing.
    pub fn check(self, plan: &Plan, ui: &Ui) -> Result<(), Exit> {
        let mut exit = Ok(());
        for gate in self.closed(plan) {
            context::tell(ui, refusal(gate));
            exit = Err(Exit::Denied);
        }
        exit
    }
}

fn refusal(gate: &Gate) -> Diagnostic {
    let flag = gate.flag.text();
    let what = match gate.flag {
        Flag::DataLoss => "the plan destroys data",
        Flag::MassRemoval => "the plan removes much at once",
    };
    let detail = [vec![gates::why(gate)], gates::named(gate)].concat().join("\n");
    Diagnostic::error(format!("{what}, and {flag} was not given; nothing was changed"))
        .detail(detail)
        .help(format!("if that is what you want: charter apply {flag}"))
        .help("else plan again without the `removed` block, or with what is declared no more")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_flag_opens_its_own_gate_and_needs_none() {
        let gate = |flag| Gate { flag, removed: 4, managed: 4, objects: Vec::new() };
        let plan = Plan { gates: vec![gate(Flag::DataLoss), gate(Flag::MassRemoval)], ..Plan::default() };
        let closed = |allow: Allow| allow.closed(&plan).map(|gate| gate.flag.text()).collect::<Vec<_>>();
        let (both, none) = (Allow { allow_data_loss: true, allow_mass_removal: true }, Allow::default());
        assert_eq!(closed(none), ["--allow-data-loss", "--allow-mass-removal"]);
        assert_eq!(closed(Allow { allow_data_loss: true, ..none }), ["--allow-mass-removal"]);
        assert_eq!(closed(Allow { allow_mass_removal: true, ..none }), ["--allow-data-loss"]);
        assert_eq!(closed(both), Vec::<&str>::new());
        assert_eq!(both.closed(&Plan::default()).count(), 0);
    }
}
