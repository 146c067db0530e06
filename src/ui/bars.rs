//! Progress on a terminal: a bar over all steps, and a line for each step that runs.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::progress::plain;
use crate::apply::Event;
use crate::apply::events::Subject;

/// How many steps have a line of their own.
const MOST_LINES: usize = 12;

/// How often the lines move.
const TICK: Duration = Duration::from_millis(120);

/// The bar over all steps.
const COLORED: &str = "{wide_bar:.green/dim} {pos}/{len} [{elapsed}]";
const PLAIN: &str = "{wide_bar} {pos}/{len} [{elapsed}]";

/// The line of a step.
const STEP: &str = "{spinner} {wide_msg} [{elapsed}]";

/// The bars.
pub(super) struct Bars {
    all: MultiProgress,
    total: ProgressBar,
    steps: BTreeMap<usize, ProgressBar>,
}

impl Bars {
    /// Returns the bars, coloured or not; none where standard error cannot show any.
    pub(super) fn new(color: bool) -> Option<Self> {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        if all.is_hidden() {
            return None;
        }
        let total = all.add(ProgressBar::new(0));
        total.set_style(style(if color { COLORED } else { PLAIN }));
        Some(Self { all, total, steps: BTreeMap::new() })
    }

    /// Shows an event, and a line above the bars.
    pub(super) fn show(&mut self, event: &Event, line: Option<&str>) {
        match event {
            Event::RunStarted { steps, .. } => {
                self.total.set_length(u64::try_from(*steps).unwrap_or(0));
            }
            Event::StepStarted { step } => self.begin(step, plain(event)),
            Event::Progress { step, .. } | Event::Retry { step, .. } => {
                if let Some(bar) = self.steps.get(&step.id) {
                    bar.set_message(plain(event));
                }
            }
            Event::StepDone { step, .. }
            | Event::StepFailed { step, .. }
            | Event::StepUnknown { step, .. }
            | Event::StepSkipped { step, .. } => self.end(step),
            Event::Stopping { .. } | Event::Warning { .. } | Event::RunFinished { .. } => {}
        }
        // A step's own line says that it runs.
        let is_news = !matches!(event, Event::StepStarted { .. } | Event::Progress { .. });
        if let Some(line) = line.filter(|_| is_news) {
            // A terminal that cannot be written shows nothing anyway.
            let _ = self.all.println(line);
        }
    }

    /// Takes the bars away.
    pub(super) fn clear(self) {
        let _ = self.all.clear();
    }

    fn begin(&mut self, step: &Subject, message: String) {
        if self.steps.len() >= MOST_LINES {
            return;
        }
        let bar = self.all.insert_before(&self.total, ProgressBar::new_spinner());
        bar.set_style(style(STEP));
        bar.set_message(message);
        bar.enable_steady_tick(TICK);
        self.steps.insert(step.id, bar);
    }

    fn end(&mut self, step: &Subject) {
        if let Some(bar) = self.steps.remove(&step.id) {
            bar.finish_and_clear();
            self.all.remove(&bar);
        }
        self.total.inc(1);
    }
}

/// Returns a style; the default one where the template is no template.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_templates() {
        for template in [COLORED, PLAIN, STEP] {
            assert!(ProgressStyle::with_template(template).is_ok());
        }
    }
}
