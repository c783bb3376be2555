//! Readiness and the watchdog, told to systemd; silent when nobody listens.
//!
//! The watchdog is fed only while every task that promised to give signs of life does so: a
//! process whose timer runs but whose modem task hangs is dead, and systemd shall know.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};

use sd_notify::NotifyState;

use super::Clock;
use crate::types::Millis;

/// A task silent for longer than this is taken for dead: it missed two beats.
const SILENCE: Millis = Millis::from_secs(60);

/// The signs of life of all tasks.
#[derive(Clone, Debug)]
pub struct Vitals {
    clock: Clock,
    promises: Arc<Mutex<Vec<Promise>>>,
}

/// What one task promised; void once its [`Pulse`] is gone.
#[derive(Debug)]
struct Promise {
    task: String,
    last: Weak<AtomicU64>,
}

/// One task's promise to give signs of life; dropping it takes the promise back.
#[derive(Debug)]
pub struct Pulse {
    clock: Clock,
    last: Arc<AtomicU64>,
}

impl Vitals {
    /// Nobody has promised anything yet.
    pub fn new(clock: Clock) -> Self {
        Self { clock, promises: Arc::default() }
    }

    /// Promises signs of life of the task `name`, at least every [`Pulse::EVERY`].
    pub fn promise(&self, name: &str) -> Pulse {
        let last = Arc::new(AtomicU64::new(self.clock.now().0));
        let mut promises = self.promises.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        promises.push(Promise { task: name.to_owned(), last: Arc::downgrade(&last) });
        Pulse { clock: self.clock.clone(), last }
    }

    /// The tasks that broke their promise.
    pub fn silent(&self) -> Vec<String> {
        let now = self.clock.now();
        let mut promises = self.promises.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        promises.retain(|promise| promise.last.strong_count() > 0);
        let overdue = |promise: &&Promise| {
            let last = promise.last.upgrade().map(|last| Millis(last.load(Ordering::Relaxed)));
            last.is_some_and(|last| now.since(last) > SILENCE)
        };
        promises.iter().filter(overdue).map(|promise| promise.task.clone()).collect()
    }

    /// Feeds systemd's watchdog for as long as everybody is alive; ends never.
    pub async fn feed_watchdog(&self) {
        let Some(limit) = sd_notify::watchdog_enabled() else {
            return std::future::pending().await;
        };
        loop {
            let silent = self.silent();
            if silent.is_empty() {
                notify(NotifyState::Watchdog);
            } else {
                tracing::error!(?silent, "tasks without signs of life; not feeding the watchdog");
            }
            tokio::time::sleep(limit / 3).await;
        }
    }
}

impl Pulse {
    /// How often to beat.
    pub const EVERY: Millis = Millis::from_secs(30);

    /// A sign of life.
    pub fn beat(&self) {
        self.last.store(self.clock.now().0, Ordering::Relaxed);
    }
}

/// The gateway serves.
pub fn ready() {
    notify(NotifyState::Ready);
}

/// The gateway shuts down.
pub fn stopping() {
    notify(NotifyState::Stopping);
}

fn notify(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::debug!(%error, "systemd was not told");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::UnixTime;

    #[tokio::test(start_paused = true)]
    async fn a_task_that_hangs_is_named_and_one_that_ended_is_not() {
        let clock = Clock::starting_at(UnixTime(0));
        let vitals = Vitals::new(clock.clone());
        let (lively, hung) = (vitals.promise("intake"), vitals.promise("modem 1"));
        let ended = vitals.promise("modem 2");
        drop(ended);
        clock.sleep(Millis::from_secs(61)).await;
        lively.beat();
        assert_eq!(vitals.silent(), ["modem 1"]);
        hung.beat();
        assert!(vitals.silent().is_empty());
    }
}
