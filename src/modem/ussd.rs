//! USSD: a code goes out in the form this modem understands, the answer comes back as text.
//!
//! One question at a time. Which form worked is remembered and tried first the next time
//! (at-sms 7). What the packed forms mean is the codec's business.

use std::collections::VecDeque;

use super::event::{Event, UssdReply, UssdStatus};
use super::known::Known;
use super::order::Ticket;
use super::out::Out;
use super::profile::UssdForm;
use crate::at::commands::ussd::{self, EndUssd, SendUssd, SendUssdHex};
use crate::at::{End, FinalResult, Hex, Outcome, Quoted, Request};
use crate::sms::{Tables, gsm7, ucs2};
use crate::types::Millis;

/// Questions to the network.
#[derive(Debug, Default)]
pub(super) struct Ussd {
    queue: VecDeque<(Ticket, String)>,
    /// Asked, and answered or not by then.
    asked: Option<Asked>,
    /// The form that worked, as a place in the profile's list.
    form: usize,
    end_session: bool,
}

#[derive(Debug)]
struct Asked {
    ticket: Ticket,
    code: String,
    /// Forms that were refused.
    refused: usize,
    until: Option<Millis>,
    retry: bool,
}

impl Ussd {
    /// Takes a question.
    pub fn ask(&mut self, ticket: Ticket, code: String) {
        self.queue.push_back((ticket, code));
    }

    /// When there is something to write.
    pub fn due(&self) -> Option<Millis> {
        let free = match &self.asked {
            None => !self.queue.is_empty(),
            Some(asked) => asked.retry,
        };
        (free || self.end_session).then_some(Millis(0))
    }

    /// When the network has had time enough to answer.
    pub fn expires_at(&self) -> Option<Millis> {
        self.asked.as_ref().and_then(|asked| asked.until)
    }

    /// The next command.
    pub fn next(&mut self, known: &Known, out: &mut Out) -> Option<Request> {
        if std::mem::take(&mut self.end_session) {
            return Some(Request::of(&EndUssd));
        }
        if self.asked.is_none() {
            let (ticket, code) = self.queue.pop_front()?;
            self.asked = Some(Asked { ticket, code, refused: 0, until: None, retry: true });
        }
        let forms = known.profile.ussd;
        let asked = self.asked.as_mut().filter(|asked| asked.retry)?;
        asked.retry = false;
        let place = (self.form + asked.refused) % forms.len().max(1);
        let form = forms.get(place).copied().unwrap_or(UssdForm::Text);
        let request = question(form, &asked.code);
        if request.is_none() {
            self.answered(UssdStatus::Refused, String::new(), out);
        }
        request
    }

    /// Takes the outcome of a command.
    pub fn done(&mut self, now: Millis, outcome: &Outcome, known: &Known, out: &mut Out) {
        let Some(asked) = &mut self.asked else { return };
        match &outcome.end {
            End::Final(FinalResult::Ok) | End::Assumed => {
                self.form = (self.form + asked.refused) % known.profile.ussd.len().max(1);
                asked.refused = 0;
                asked.until = Some(now + ANSWER_WITHIN);
            }
            End::Final(_) if asked.refused + 1 < known.profile.ussd.len() => {
                asked.refused += 1;
                asked.retry = true;
            }
            End::Final(_) => self.answered(UssdStatus::Refused, String::new(), out),
            End::TimedOut | End::GivenUp => self.answered(UssdStatus::TimedOut, String::new(), out),
        }
    }

    /// The network spoke, before or after the `OK` (quirk 34), asked or not.
    pub fn reply(&mut self, reply: &ussd::UssdReply, out: &mut Out) {
        let unpack = |octets: &[u8]| Tables::DEFAULT.decode(&gsm7::unpack_ussd(octets));
        let (_, text) = reply.decode(unpack);
        let status = match reply.status {
            ussd::UssdStatus::Done => UssdStatus::Done,
            ussd::UssdStatus::Answer => UssdStatus::AnswerWanted,
            ussd::UssdStatus::Ended => UssdStatus::Ended,
            ussd::UssdStatus::Elsewhere | ussd::UssdStatus::NotSupported => UssdStatus::Refused,
            ussd::UssdStatus::Timeout => UssdStatus::TimedOut,
        };
        self.answered(status, text, out);
    }

    /// The network did not answer in time, or the modem went away.
    pub fn expire(&mut self, out: &mut Out) {
        if self.asked.is_some() {
            self.answered(UssdStatus::TimedOut, String::new(), out);
            self.end_session = true;
        }
    }

    /// Nothing more will come: the port is gone.
    pub fn give_up(&mut self, out: &mut Out) {
        self.expire(out);
        self.end_session = false;
        for (ticket, _) in std::mem::take(&mut self.queue) {
            let reply = UssdReply { status: UssdStatus::TimedOut, text: String::new() };
            out.event(Event::Ussd { ticket: Some(ticket), reply });
        }
    }

    fn answered(&mut self, status: UssdStatus, text: String, out: &mut Out) {
        let ticket = self.asked.take().map(|asked| asked.ticket);
        out.event(Event::Ussd { ticket, reply: UssdReply { status, text } });
    }
}

/// `None` when the code has characters no USSD code can have.
fn question(form: UssdForm, code: &str) -> Option<Request> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "*#+ .,".contains(c);
    if code.is_empty() || code.len() > 182 || !code.chars().all(allowed) {
        return None;
    }
    Some(match form {
        UssdForm::Text => Request::of(&SendUssd(Quoted::new(code).ok()?)),
        // Letters, digits and these marks have the same place in both alphabets (23.038 §6.2.1).
        UssdForm::Packed => Request::of(&SendUssdHex(Hex::of(&gsm7::pack_ussd(code.as_bytes())))),
        UssdForm::Ucs2 => Request::of(&SendUssdHex(Hex::of(&ucs2::encode(code)))),
    })
}

const ANSWER_WITHIN: Millis = Millis::from_secs(90);
