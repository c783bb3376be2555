//! Which port has a task, and what follows when one ends.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::task::{Id, JoinError, JoinSet};

use super::mail::fetching;
use super::modem_task::{self, Ending};
use super::roster::Roster;
use super::{End, Shared, deliverer, housekeeping, retention};
use crate::io::systemd::Pulse;

/// Supervises until the gateway stops and the last task has ended.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut supervisor = Supervisor {
        pulse: shared.vitals.promise("supervisor"),
        roster: Roster::default(),
        modems: JoinSet::new(),
        ports: HashMap::new(),
        shared: Arc::clone(&shared),
    };
    // Whatever ends the supervisor ends them too.
    let mut chores = JoinSet::new();
    chores.spawn(housekeeping::run(Arc::clone(&shared)));
    chores.spawn(retention::run(Arc::clone(&shared)));
    // A letter in flight is given up: it goes again with the same identity.
    chores.spawn(deliverer::run(Arc::clone(&shared)));
    chores.spawn(fetching::run(Arc::clone(&shared)));
    tokio::select! {
        () = supervisor.watch() => {}
        () = shared.stopped() => {}
    }
    while let Some(ended) = supervisor.modems.join_next_with_id().await {
        supervisor.ended(ended);
    }
    chores.abort_all();
}

struct Supervisor {
    shared: Arc<Shared>,
    roster: Roster,
    modems: JoinSet<Ending>,
    /// The port of each task, and how many other line speeds it has.
    ports: HashMap<Id, (String, usize)>,
    pulse: Pulse,
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
