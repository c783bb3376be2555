//! One modem's task: the shell around its driver, the desk that takes what it says to the store,
//! and the sender of the line in it. They begin and end together.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::desk::Desk;
use super::sender::Sender;
use super::shell::{Ask, Shell};
use super::{End, Shared};
use crate::io::wire::Wire;
use crate::io::{Alarm, Candidate};
use crate::modem::{Driver, Order};
use crate::store::LineId;
use crate::types::Millis;

/// How a task ended, and whether its modem had introduced itself.
#[derive(Debug)]
pub(super) struct Ending {
    pub(super) end: End,
    pub(super) worked: bool,
}

/// What the desk knows and the sender goes by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Duty {
    /// The SIM in the modem.
    pub(super) line: Option<LineId>,
    /// The modem is registered and set up.
    pub(super) ready: bool,
    /// It falls when it sends, so it sends nothing until then.
    pub(super) held_until: Option<Millis>,
}

/// Opens the port and drives what is there until it ends.
pub(super) async fn run(shared: Arc<Shared>, candidate: Candidate, fresh: bool) -> Ending {
    let pulse = shared.vitals.promise(&candidate.name);
    let candidate = match fresh {
        true => at_its_speed(&shared, candidate).await,
        false => candidate,
    };
    let port = match shared.ports.open(&candidate).await {
        Ok(port) => port,
        Err(error) => return Ending { end: End::CannotOpen(error), worked: false },
    };
    let (asks, asked) = mpsc::unbounded_channel();
    let (events, heard) = mpsc::unbounded_channel();
    let (outcomes, settled) = mpsc::unbounded_channel();
    let (duty, on_duty) = watch::channel(Duty::default());
    let settings = shared.settings.modem(candidate.slot);
    let capture = shared.traces.of_port(&candidate.name);
    capture.remark(shared.clock.now(), &format!("opened {}", candidate.name));
    let shell = Shell {
        wire: Wire::new(port),
        driver: Driver::new(settings.clone()),
        clock: shared.clock.clone(),
        alarm: Alarm::new(shared.clock.clone()),
        beat: Alarm::new(shared.clock.clone()),
        capture: capture.clone(),
        pulse,
        asks: asked,
        events,
    };
    let desk = Desk::new(Arc::clone(&shared), candidate, settings, asks.clone(), outcomes, duty);
    let sender = Sender::new(Arc::clone(&shared), asks.clone(), on_duty);
    tokio::select! {
        (end, worked, ()) = async {
            tokio::join!(shell.run(), desk.run(heard), sender.run(settled))
        } => {
            capture.remark(shared.clock.now(), &format!("ended: {end:?}"));
            let end = match end {
                End::Reopen(_) if !worked => End::NoAnswer,
                end => end,
            };
            Ending { end, worked }
        }
        never = stop(&shared, &asks) => match never {},
    }
}

/// The speed at which the modem here answered in another run is tried first (fault 20).
async fn at_its_speed(shared: &Shared, candidate: Candidate) -> Candidate {
    if candidate.speeds.is_empty() {
        return candidate;
    }
    let port = candidate.name.clone();
    let known = shared.store.read(move |tx| tx.baud_of(&port)).await;
    let baud = known.ok().flatten().unwrap_or(candidate.baud);
    Candidate { baud, ..candidate }
}

/// When the gateway stops: asks the driver to finish, and leaves when it takes too long.
async fn stop(shared: &Shared, asks: &mpsc::UnboundedSender<Ask>) -> std::convert::Infallible {
    shared.stopped().await;
    let _ = asks.send(Ask::Order(Order::Stop));
    shared.clock.sleep(shared.settings.shutdown_within).await;
    let _ = asks.send(Ask::Leave(End::Stopped));
    std::future::pending().await
}
