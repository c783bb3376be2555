//! A port of our own for the console: open it, wake the modem, one command at a time.
//!
//! The conversation is the gateway's own ([`Dialogue`]): a modem that is still starting, left at a
//! prompt or late with an answer is treated as the gateway treats it.

use anyhow::{anyhow, bail};

use crate::at::commands::general::Console;
use crate::at::{ConsoleLine, Dialogue, End, Input, Outcome, Output, Request, Ticket};
use crate::io::hardware::{Hardware, Place, Wanted};
use crate::io::wire::Wire;
use crate::io::{Candidate, Clock, PortSource};
use crate::types::Millis;

/// The slowest answer to wait for: a network search.
const SLOWEST: Millis = Millis::from_secs(180);

/// An open port and the conversation on it.
pub(super) struct Direct {
    wire: Wire,
    dialogue: Dialogue,
    clock: Clock,
    last: Ticket,
}

impl Direct {
    /// Opens the port and waits until the modem answers, a quarter of a minute at most.
    pub(super) async fn open(port: &str) -> anyhow::Result<Self> {
        let place = Place::Named(port.to_owned());
        let hardware = Hardware::new(vec![Wanted { place, baud: 115_200 }]);
        let candidate = Candidate::named(port, "named on the command line");
        let wire = Wire::new(hardware.open(&candidate).await?);
        let (dialogue, clock) = (Dialogue::new(), Clock::system());
        let mut direct = Self { wire, dialogue, clock, last: Ticket(0) };
        direct.dialogue.opened(direct.clock.now());
        match direct.until(|said| matches!(said, Output::Synced | Output::Deaf)).await? {
            Output::Synced => Ok(direct),
            _ => bail!(
                "nobody answers AT on {port}: is the modem switched on, and is this its AT port? \
                 simgate modems shows which port would be used"
            ),
        }
    }

    /// Writes a line; the lines of its answer, the final result last.
    pub(super) async fn ask(&mut self, command: &str) -> anyhow::Result<Vec<String>> {
        let line =
            ConsoleLine::new(command.trim()).map_err(|why| anyhow!("not a command line: {why}"))?;
        self.last.0 += 1;
        let request = Request::of(&Console(line)).within(SLOWEST);
        self.dialogue.start(self.clock.now(), self.last, request);
        let asked = self.last;
        let ended = |said: &Output| matches!(said, Output::Done(ticket, _) if *ticket == asked);
        match self.until(ended).await? {
            Output::Done(_, outcome) => answer(outcome),
            _ => bail!("the modem did not answer"),
        }
    }

    /// Carries bytes until the conversation says what is waited for.
    async fn until(&mut self, wanted: impl Fn(&Output) -> bool) -> anyhow::Result<Output> {
        let mut buffer = [0; 1_024];
        loop {
            let wake = loop {
                match self.dialogue.poll() {
                    Output::Transmit(bytes) => self.wire.write(&bytes),
                    Output::WakeAt(at) => break at,
                    said if wanted(&said) => {
                        // What is left to write leaves with the next command.
                        return Ok(said);
                    }
                    _ => {}
                }
            };
            tokio::select! {
                read = self.wire.read(&mut buffer) => {
                    let read = read.map_err(|gone| anyhow!("the port is {gone}"))?;
                    self.dialogue.handle(self.clock.now(), Input::Bytes(&buffer[..read]));
                }
                () = self.clock.sleep_until(wake) => {
                    self.dialogue.handle(self.clock.now(), Input::Time);
                }
            }
        }
    }
}

/// The answer as lines.
fn answer(outcome: Outcome) -> anyhow::Result<Vec<String>> {
    let lines = outcome.info.lines.into_iter();
    let mut lines: Vec<String> =
        lines.flat_map(|line| std::iter::once(line.text).chain(line.pdu)).collect();
    match outcome.end {
        End::Final(result) => lines.push(result.to_string()),
        End::Assumed => lines.push("(no final result)".to_owned()),
        End::TimedOut | End::GivenUp => bail!("the modem did not answer"),
    }
    Ok(lines)
}
