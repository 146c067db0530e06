//! Stopping a run: first what runs is finished and nothing new begins, then at once.

use tokio::sync::watch;

/// How urgently a run is to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Go,
    Finish,
    Now,
}

/// The end that asks a run to stop: the signal handler's, or the lock's when it is lost.
#[derive(Clone, Debug)]
pub struct Stopper(watch::Sender<Level>);

/// The end that a run watches.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<Level>);

/// Returns both ends.
pub fn channel() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(Level::Go);
    (Stopper(sender), Stop(receiver))
}

impl Stopper {
    /// Asks that nothing new begins; what runs is finished.
    pub fn finish(&self) {
        self.raise(Level::Finish);
    }

    /// Asks that the run ends at once; nobody knows then what became of the steps that ran.
    pub fn now(&self) {
        self.raise(Level::Now);
    }

    fn raise(&self, level: Level) {
        self.0.send_if_modified(|current| {
            let raised = level > *current;
            *current = level.max(*current);
            raised
        });
    }
}

impl Stop {
    /// Returns whether nothing new may begin.
    pub fn requested(&self) -> bool {
        *self.0.borrow() > Level::Go
    }

    /// Returns when nothing new may begin.
    pub async fn wait(&mut self) {
        self.reach(Level::Finish).await;
    }

    /// Returns when the run is to end at once.
    pub(super) async fn wait_now(&mut self) {
        self.reach(Level::Now).await;
    }

    async fn reach(&mut self, level: Level) {
        if self.0.wait_for(|current| *current >= level).await.is_err() {
            // Whoever could ask is gone, so nobody ever will.
            std::future::pending::<()>().await;
        }
    }
}
