//! Voice calls, as far as a terminal notices them: RING, CLIP, answer, hang up.

use super::device::{Device, Task};
use crate::types::Millis;

/// The one call a modem may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Empty when the caller withholds it.
    pub number: String,
    /// From the network, not dialled here.
    pub incoming: bool,
    pub answered: bool,
    /// How often it rang.
    pub rings: u8,
}

const RING_EVERY: Millis = Millis(5_000);
/// After this much ringing the caller gives up.
const PATIENCE: Millis = Millis(60_000);

impl Call {
    /// `<stat>` of +CLCC (27.007 §7.18).
    pub fn stat(&self) -> u8 {
        match (self.answered, self.incoming) {
            (true, _) => 0,
            (false, true) => 4,
            (false, false) => 3,
        }
    }

    pub fn number_type(&self) -> u8 {
        if self.number.starts_with('+') { 145 } else { 129 }
    }
}

impl Device {
    /// Somebody calls. False when the line is busy or not there.
    pub fn ring(&mut self, number: &str) -> bool {
        if self.call.is_some() || !self.registered() {
            return false;
        }
        self.call =
            Some(Call { number: number.to_owned(), incoming: true, answered: false, rings: 0 });
        self.later(PATIENCE, Task::CallerGivesUp);
        self.ring_again();
        true
    }

    pub fn ring_again(&mut self) {
        let Some(call) = self.call.clone().filter(|call| call.incoming && !call.answered) else {
            return;
        };
        self.urc(if self.settings.cellular_result { "+CRING: VOICE" } else { "RING" });
        if self.settings.clip {
            // Validity 1: the caller withheld the number (27.007 §7.6).
            let validity = u8::from(call.number.is_empty());
            self.urc(&format!("+CLIP: \"{}\",{},,,,{validity}", call.number, call.number_type()));
        }
        // S0: answered by itself after so many rings; 0 never (V.250 §6.3.8).
        let rings = call.rings.saturating_add(1);
        let answers = self.settings.registers[0];
        if let Some(call) = &mut self.call {
            call.rings = rings;
        }
        if answers > 0 && rings >= answers {
            return self.answer();
        }
        self.later(RING_EVERY, Task::Ring);
    }

    /// Takes the call, from the terminal or by S0.
    pub fn answer(&mut self) {
        if let Some(call) = &mut self.call {
            call.answered = true;
        }
        self.forget(&Task::CallerGivesUp);
        self.forget(&Task::Ring);
    }

    /// The other side hangs up.
    pub fn caller_hangs_up(&mut self) {
        if self.end_call() {
            self.urc("NO CARRIER");
        }
    }

    /// Ends the call from this side. False when there was none.
    pub fn end_call(&mut self) -> bool {
        self.forget(&Task::Ring);
        self.forget(&Task::CallerGivesUp);
        self.call.take().is_some()
    }
}
