//! Which port has a task, what runs beside them, and what follows when one ends.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::task::{Id, JoinError, JoinSet};

use super::mail::fetching;
use super::modem_task::{self, Ending};
use super::panics::{Panics, TOO_OFTEN};
use super::roster::{self, Roster};
use super::{End, Shared, deliverer, housekeeping, retention};
use crate::io::systemd::Pulse;
use crate::types::Millis;

/// Supervises until the gateway stops and the last task has ended.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut supervisor = Supervisor {
        pulse: shared.vitals.promise("supervisor"),
        roster: Roster::default(),
        modems: JoinSet::new(),
        ports: HashMap::new(),
        // Whatever ends the supervisor ends them too.
        chores: JoinSet::new(),
        running: HashMap::new(),
        panics: Panics::default(),
        shared: Arc::clone(&shared),
    };
    for chore in [Chore::Housekeeping, Chore::Retention, Chore::Deliveries, Chore::Mailbox] {
        supervisor.begin(chore, Millis(0));
    }
    tokio::select! {
        () = supervisor.watch() => {}
        () = shared.stopped() => {}
    }
    while let Some(ended) = supervisor.modems.join_next_with_id().await {
        supervisor.ended(ended);
    }
}

struct Supervisor {
    shared: Arc<Shared>,
    roster: Roster,
    modems: JoinSet<Ending>,
    /// The port of each task, and how many other line speeds it has.
    ports: HashMap<Id, (String, usize)>,
    chores: JoinSet<()>,
    running: HashMap<Id, Chore>,
    panics: Panics,
    pulse: Pulse,
}

/// What runs beside the modems for as long as the gateway does.
#[derive(Clone, Copy, Debug)]
enum Chore {
    Housekeeping,
    Retention,
    Deliveries,
    Mailbox,
}

impl Chore {
    fn name(self) -> &'static str {
        match self {
            Chore::Housekeeping => "housekeeping",
            Chore::Retention => "retention",
            Chore::Deliveries => "deliveries",
            Chore::Mailbox => "mailbox",
        }
    }

    async fn run(self, shared: Arc<Shared>) {
        match self {
            Chore::Housekeeping => housekeeping::run(shared).await,
            Chore::Retention => retention::run(shared).await,
            // A letter in flight is given up: it goes again with the same identity.
            Chore::Deliveries => deliverer::run(shared).await,
            Chore::Mailbox => fetching::run(shared).await,
        }
    }
}

impl Supervisor {
    /// Starts a task wherever a modem may be, for ever.
    async fn watch(&mut self) {
        loop {
            self.pulse.beat();
            self.start_due();
            let ports = Arc::clone(&self.shared.ports);
            let clock = self.shared.clock.clone();
            tokio::select! {
                () = ports.changed() => self.roster.look_again(),
                Some(ended) = self.modems.join_next_with_id() => self.ended(ended),
                Some(ended) = self.chores.join_next_with_id() => self.chore_ended(ended),
                () = clock.sleep_until(self.roster.next_look()) => {}
                () = clock.beat(Pulse::EVERY) => {}
            }
        }
    }

    fn start_due(&mut self) {
        let candidates = self.shared.ports.candidates();
        for candidate in self.roster.due(self.shared.clock.now(), &candidates) {
            tracing::debug!(port = candidate.name, why = candidate.why, "trying a port");
            let port = (candidate.name.clone(), candidate.speeds.len());
            // What another run learnt of its speed comes first; what this one learnt counts more.
            let fresh = self.roster.failures(&candidate.name) == 0;
            let run = modem_task::run(Arc::clone(&self.shared), candidate, fresh);
            let task = self.modems.spawn(run);
            self.ports.insert(task.id(), port);
        }
    }

    fn ended(&mut self, ended: Result<(Id, Ending), JoinError>) {
        let (id, ending) = match ended {
            Ok(ended) => ended,
            Err(error) => (error.id(), Ending { end: End::Panicked, worked: false }),
        };
        let Some((port, speeds)) = self.ports.remove(&id) else { return };
        if matches!(ending.end, End::Panicked) {
            self.panicked(&port);
        }
        self.roster.ended(self.shared.clock.now(), &port, &ending.end, ending.worked, speeds);
        tell(&port, &ending.end, self.roster.failures(&port));
        if matches!(ending.end, End::NoAnswer) && self.roster.is_hopeless(&port) {
            tracing::error!(
                port,
                "the modem does not answer although its port was opened again and again: cut its \
                 power, then look at the cable and the supply"
            );
        }
    }

    fn begin(&mut self, chore: Chore, pause: Millis) {
        let shared = Arc::clone(&self.shared);
        let at = shared.clock.now() + pause;
        let task = self.chores.spawn(async move {
            shared.clock.sleep_until(Some(at)).await;
            chore.run(shared).await;
        });
        self.running.insert(task.id(), chore);
    }

    /// A chore ends by itself only when the gateway stops; what it had not committed is there still.
    fn chore_ended(&mut self, ended: Result<(Id, ()), JoinError>) {
        let Err(error) = ended else { return };
        let Some(chore) = self.running.remove(&error.id()) else { return };
        let pause = self.panicked(chore.name());
        tracing::error!(chore = chore.name(), %error, "it panicked; it is started anew");
        self.begin(chore, pause);
    }

    /// A mistake of ours ended a task: the others live, and it is started anew after the pause returned.
    /// When that happens again and again, people are told.
    fn panicked(&mut self, task: &str) -> Millis {
        let count = self.panics.caught(self.shared.clock.now(), task);
        let shared = Arc::clone(&self.shared);
        let (task, now) = (task.to_owned(), shared.clock.wall());
        let alert = (count >= TOO_OFTEN).then(|| {
            let text = format!(
                "A part of the gateway ({task}) failed {count} times within ten minutes. It is \
                 started anew each time, and everything else goes on. Please report it, with the \
                 gateway's log."
            );
            deliverer::alert(text, format!("panics {task} {}", now.day()))
        });
        self.chores.spawn(async move {
            let told = shared.store.write(move |tx| {
                tx.count_panic(&task, now)?;
                alert.map_or(Ok(()), |alert| tx.add_delivery(&alert, now).map(drop))
            });
            if let Err(error) = told.await {
                tracing::error!(%error, "that a task panicked could not be noted");
            }
        });
        roster::pause(count)
    }
}

/// One line for each end that means something; a port that keeps failing is told of once.
fn tell(port: &str, end: &End, failures: u32) {
    match end {
        End::Stopped => tracing::debug!(port, "modem released"),
        End::NoAnswer => tracing::debug!(port, "no modem answers here"),
        End::SpareOf(owner) => tracing::info!(port, owner, "a second port of the same modem"),
        _ if failures > 1 => tracing::debug!(port, ?end, failures, "still failing"),
        End::CannotOpen(error) => tracing::warn!(port, %error, "cannot open the port"),
        End::Unplugged => tracing::warn!(port, "unplugged"),
        End::Stuck => tracing::warn!(port, "the port takes no bytes; reopening it"),
        End::Reopen(reason) => tracing::warn!(port, reason, "reopening the port"),
        End::Panicked => tracing::error!(port, "the modem's task panicked; starting a fresh one"),
    }
}
