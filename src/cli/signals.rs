//! What asks a command to end: Ctrl-C (SIGINT), and SIGTERM, which CI, systemd and Kubernetes send.

use std::time::{Duration, Instant};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// How close together two SIGTERM are one: whoever ends a job tells the whole group, and a parent
/// passes its own on.
const ONCE: Duration = Duration::from_millis(500);

/// The signals, from when they are first listened to: then they end the process no more.
#[derive(Debug)]
pub struct Signals {
    interrupt: Option<Signal>,
    terminate: Option<Signal>,
    terminated: Option<Instant>,
}

impl Signals {
    /// Begins to listen; a signal that cannot be listened to ends the process as it always did.
    pub fn listen() -> Self {
        let of = |kind| signal(kind).ok();
        Self {
            interrupt: of(SignalKind::interrupt()),
            terminate: of(SignalKind::terminate()),
            terminated: None,
        }
    }

    /// Returns when the process is asked to end; once more when it is asked again.
    pub async fn next(&mut self) {
        loop {
            tokio::select! {
                () = received(&mut self.interrupt) => return,
                () = received(&mut self.terminate) => {
                    if !is_repeated(&mut self.terminated, Instant::now()) {
                        return;
                    }
                }
            }
        }
    }
}

async fn received(signal: &mut Option<Signal>) {
    let heard = match signal {
        Some(signal) => signal.recv().await,
        None => None,
    };
    if heard.is_none() {
        std::future::pending::<()>().await;
    }
}

/// Returns whether a SIGTERM is the one that was just heard.
fn is_repeated(last: &mut Option<Instant>, now: Instant) -> bool {
    let repeats = last.is_some_and(|last| now.saturating_duration_since(last) < ONCE);
    if !repeats {
        *last = Some(now);
    }
    repeats
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_at_once_is_one_and_what_comes_later_another() {
        let (begun, mut last) = (Instant::now(), None);
        let told = [0, 10, 499, 600, 700, 1200]
            .map(|millis| !is_repeated(&mut last, begun + Duration::from_millis(millis)));
        assert_eq!(told, [true, false, false, true, false, true]);
    }
}
