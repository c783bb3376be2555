//! What the modem says unasked, and what the session does about it.
//!
//! A typed [`Urc`] comes in. Announcements of texts are hints for the inbox and no more; a start or
//! another SIM begins everything anew.

use super::{Event, Out, Phase, Session};
use crate::at::commands::network::Signal;
use crate::at::commands::sim::SimState;
use crate::at::{Dialogue, Urc};
use crate::sms::{Pdu, Way};
use crate::types::Millis;

impl Session {
    pub(super) fn on_urc(&mut self, now: Millis, urc: Urc, dialogue: &mut Dialogue, out: &mut Out) {
        match urc {
            Urc::MessageStored { index: None, .. } => {
                // Quirk 65: it could not be stored anywhere.
                out.event(Event::StorageFull);
                self.inbox.hint(now);
            }
            Urc::MessageStored { storage, .. } | Urc::ReportStored { storage, .. } => {
                self.inbox.announced(now, storage.as_deref(), &self.known);
                self.health.prove(now, out);
            }
            Urc::ReportDirect(direct)
                if !self.known.acknowledges && is_remnant(direct.length, &direct.pdu) =>
            {
                // Nobody repeats it, and what is left of it is no text for people to read.
                self.health.prove(now, out);
                out.note_once("A delivery report was damaged on the line and is not repeated.");
            }
            Urc::MessageDirect(direct) | Urc::ReportDirect(direct) => {
                self.health.prove(now, out);
                let whole = is_whole(direct.length, &direct.pdu);
                self.inbox.direct(direct.pdu, whole, &self.known, out);
                self.heed_acknowledgements(now);
            }
            Urc::StorageFull(_) => {
                out.event(Event::StorageFull);
                self.inbox.hint(now);
            }
            Urc::Registration(registration) => self.health.registration(now, &registration, out),
            Urc::ServiceChanged => self.health.ask_registration(now),
            Urc::Signal(rssi) => self.health.signal(Signal::of_rssi(rssi), out),
            Urc::Ussd(reply) => self.ussd.reply(&reply, out),
            Urc::Ring => {}
            Urc::Caller(number) => out.event(Event::Ringing { number }),
            Urc::Start => self.restarted(now, dialogue, out),
            Urc::SmsReady | Urc::Sim(SimState::Ready) => {
                if let Phase::BringUp(list) = &mut self.phase {
                    list.hurry();
                }
                self.inbox.hint(now);
            }
            Urc::Sim(_) | Urc::SimChanged => self.sim_changed(now, out),
            Urc::PowerDown => out.note("The modem says that it switches itself off."),
            Urc::Alarm(_, text) => out.note(format!("The modem warns: {text}")),
            Urc::WrongPort => out.note_once("This port speaks satellite positions, not AT."),
            Urc::Unknown(text) => {
                let noise = self.known.profile.noise;
                if !noise.iter().any(|start| text.starts_with(start)) {
                    out.note_once(format!("Unknown line: {}", head(&text)));
                }
            }
            Urc::Broadcast(_) | Urc::BroadcastStored | Urc::CallEnded | Urc::Ignored(_) => {}
        }
    }

    /// A direct delivery went without its acknowledgement: the modem will draw its conclusion.
    pub(super) fn heed_acknowledgements(&mut self, now: Millis) {
        if std::mem::take(&mut self.inbox.acknowledgement_missing) {
            self.health.ask_indications(now);
        }
    }

    /// The modem started anew: every setting is lost, and so is what was in flight.
    fn restarted(&mut self, now: Millis, dialogue: &mut Dialogue, out: &mut Out) {
        if matches!(self.phase, Phase::Closed | Phase::Probing | Phase::Stopping { .. }) {
            return;
        }
        self.outbox.restarted(now, out);
        self.stop_sending("the modem restarted", out);
        self.ussd.give_up(out);
        self.bring_up(false, out);
        dialogue.give_up(now);
    }

    /// The SIM came, went or changed: ask it, unless we are asking anyway.
    fn sim_changed(&mut self, now: Millis, out: &mut Out) {
        match &mut self.phase {
            Phase::Blocked { again_at } => *again_at = Some(now + SIM_SETTLES),
            Phase::Working => {
                self.known.epoch += 1;
                self.stop_sending("the SIM changed", out);
                self.enter(Phase::Blocked { again_at: Some(now + SIM_SETTLES) }, out);
            }
            _ => {}
        }
    }
}

/// The header of a direct delivery and its PDU agree in length.
fn is_whole(length: Option<u16>, pdu: &str) -> bool {
    let smsc = pdu.get(..2).and_then(|octet| usize::from_str_radix(octet, 16).ok());
    match (length, smsc) {
        (Some(length), Some(smsc)) => pdu.len() == 2 * (1 + smsc + usize::from(length)),
        _ => length.is_none(),
    }
}

/// What is left of a report that lost octets: no message, and no more than was announced. A longer
/// line may hold a text whose header was lost as well, and a line that reads as one is one.
fn is_remnant(length: Option<u16>, pdu: &str) -> bool {
    // The service centre's address has twelve octets at most (24.011 §8.2.5.2).
    let longest = length.map_or(0, |length| 2 * (12 + usize::from(length)));
    !is_whole(length, pdu) && pdu.len() <= longest && Pdu::decode(pdu, Way::ToMobile).is_err()
}

fn head(text: &str) -> String {
    text.chars().take(60).collect()
}

const SIM_SETTLES: Millis = Millis::from_secs(2);
