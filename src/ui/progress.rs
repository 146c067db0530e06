//! How a run looks while it goes on: bars on a terminal, lines in a log, objects for programs.

use std::collections::BTreeMap;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::Ui;
use super::bars::Bars;
use crate::apply::Event;
use crate::apply::events::{Progress, Subject, seconds, verb};
use crate::diag::escape;
use crate::model::Action;

/// How often a line says that a step still runs.
const STILL: Duration = Duration::from_secs(10);

/// Something that shows events to people; [`Reporter::Json`] shows them nothing.
enum Reporter {
    Bars(Bars),
    Lines(Lines),
    Json,
}

/// Shows the events of a run until it is over.
pub async fn show(ui: &Ui, mut events: UnboundedReceiver<Event>) {
    let mut reporter = match Bars::new(ui.colors_messages()) {
        _ if ui.options.json => Reporter::Json,
        Some(bars) if ui.animated => Reporter::Bars(bars),
        _ => Reporter::Lines(Lines::default()),
    };
    let mut tick = interval(STILL);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Some(event) => reporter.show(ui, &event),
                None => break,
            },
            _ = tick.tick() => reporter.still(ui),
        }
    }
    if let Reporter::Bars(bars) = reporter {
        bars.clear();
    }
}

impl Reporter {
    fn show(&mut self, ui: &Ui, event: &Event) {
        if ui.has_events() {
            ui.json_line(event);
            event.diagnostic().iter().for_each(|diagnostic| ui.json_line(diagnostic));
        }
        match self {
            Self::Json => {}
            Self::Lines(lines) => lines.show(ui, event),
            Self::Bars(bars) => {
                let line = is_worth_a_line(ui, event).then(|| match ui.colors_messages() {
                    true => styled(event),
                    false => plain(event),
                });
                bars.show(event, line.as_deref());
            }
        }
    }

    fn still(&self, ui: &Ui) {
        if let Self::Lines(lines) = self {
            lines.still(ui);
        }
    }
}

/// One line an event, for logs and pipes.
#[derive(Default)]
struct Lines {
    running: BTreeMap<usize, (Subject, Instant)>,
}

impl Lines {
    fn show(&mut self, ui: &Ui, event: &Event) {
        match event {
            Event::StepStarted { step } => {
                let begun = (step.clone(), Instant::now());
                self.running.insert(step.id, begun);
            }
            Event::StepDone { step, .. }
            | Event::StepFailed { step, .. }
            | Event::StepUnknown { step, .. } => _ = self.running.remove(&step.id),
            _ => {}
        }
        if is_worth_a_line(ui, event) {
            ui.say(&styled(event));
        }
    }

    /// Says which steps take their time, so that a log that stands still is no riddle.
    fn still(&self, ui: &Ui) {
        if ui.options.quiet {
            return;
        }
        for (step, begun) in self.running.values() {
            let elapsed = begun.elapsed();
            if elapsed >= STILL {
                let doing = verb(step.action).doing;
                let line = format!("{}: still {doing}… [{}]", step.addr, seconds(elapsed));
                ui.say(&escape::line(&line));
            }
        }
    }
}

/// Returns whether an event is worth a line. Warnings stand in the report.
fn is_worth_a_line(ui: &Ui, event: &Event) -> bool {
    let verbose = ui.options.verbosity > 0;
    match event {
        Event::StepFailed { .. } | Event::StepUnknown { .. } => true,
        _ if ui.options.quiet => false,
        Event::Progress { step, progress } => match progress {
            Progress::Statement { of, .. } => {
                matches!(step.action, Action::Execute { .. }) && *of > 1 || verbose
            }
            Progress::LookingUp { .. } | Progress::Mutations { .. } | Progress::Distributed { .. } => true,
            Progress::NotNeeded { .. } | Progress::Login { .. } => verbose,
        },
        Event::RunStarted { .. } => verbose,
        Event::Warning { .. } | Event::RunFinished { .. } => false,
        Event::StepStarted { .. }
        | Event::StepDone { .. }
        | Event::StepSkipped { .. }
        | Event::Retry { .. }
        | Event::Stopping { .. } => true,
    }
}

fn styled(event: &Event) -> String {
    let style = match event {
        Event::StepFailed { .. } | Event::StepUnknown { .. } => AnsiColor::Red.on_default(),
        Event::Retry { .. } | Event::Stopping { .. } => AnsiColor::Yellow.on_default(),
        _ => Style::new(),
    };
    format!("{style}{}{style:#}", plain(event))
}

/// Returns an event as one line, what users and servers wrote made safe for a terminal.
pub(super) fn plain(event: &Event) -> String {
    escape::line(&event.message()).into_owned()
}
