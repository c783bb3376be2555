//! A decision while it grows. Here the one rule of C12 is kept: the sender gets at most one
//! automatic SMS, and an opted-out number none but a consent answer.

use super::action::{Action, Decision, Delivery, Filing, Purpose, Sms, ThreadChange, TraceLine};
use super::case::Case;
use crate::types::{Class, Number};

/// Actions and reasons so far.
#[derive(Default)]
pub(super) struct Draft {
    step: &'static str,
    actions: Vec<Action>,
    trace: Vec<TraceLine>,
    answered_by: Option<&'static str>,
    muted: Option<String>,
}

impl Draft {
    pub(super) fn enter(&mut self, step: &'static str) {
        self.step = step;
    }

    pub(super) fn act(&mut self, action: Action) {
        self.actions.push(action);
    }

    pub(super) fn why(&mut self, why: impl Into<String>) {
        self.trace.push(TraceLine { step: self.step, why: why.into() });
    }

    /// No automatic SMS for this message.
    pub(super) fn mute(&mut self, why: impl Into<String>) {
        let why = why.into();
        self.why(format!("no automatic SMS: {why}"));
        self.muted.get_or_insert(why);
    }

    pub(super) fn answered(&self) -> bool {
        self.answered_by.is_some()
    }

    /// Whether an earlier step has filed the message.
    pub(super) fn filed(&self) -> bool {
        self.actions.iter().any(|a| matches!(a, Action::File(_)))
    }

    pub(super) fn file(&mut self, filing: Filing) {
        debug_assert!(!self.filed(), "a message has one place");
        self.actions.insert(0, Action::File(filing));
    }

    /// Sends the one automatic SMS, or says why not.
    pub(super) fn answer(&mut self, case: &Case<'_>, purpose: Purpose, text: String) -> bool {
        let mut refused = self.refused(case, purpose);
        if refused.is_none() && text.trim().is_empty() {
            refused = Some("the text is empty".to_owned());
        }
        if let Some(why) = refused {
            self.why(format!("no {}: {why}", purpose.as_str()));
            return false;
        }
        self.answered_by = Some(self.step);
        self.act(Action::Send(Sms::new(case.inbound.from.clone(), text, purpose)));
        true
    }

    /// Takes the place of the one automatic SMS for a text that others will write, or says why not.
    pub(super) fn may_answer(&mut self, case: &Case<'_>, purpose: Purpose) -> bool {
        if let Some(why) = self.refused(case, purpose) {
            self.why(format!("no {}: {why}", purpose.as_str()));
            return false;
        }
        self.answered_by = Some(self.step);
        true
    }

    fn refused(&self, case: &Case<'_>, purpose: Purpose) -> Option<String> {
        let class = purpose.class();
        let to = &case.inbound.from;
        let staff = purpose == Purpose::Desk;
        if let Some(step) = self.answered_by {
            Some(format!("{step} has answered already, and one inbound gets one answer"))
        } else if let Some(why) = &self.muted {
            Some(why.clone())
        } else if !case.rules.line.can_answer(to) {
            Some("this sender cannot be answered".to_owned())
        } else if case.rules.is_own(to) {
            Some("the sender is a line of our own".to_owned())
        } else if case.inbound.flash {
            Some("a flash SMS gets no automatic answer".to_owned())
        } else if case.facts.consent.is_out() && class != Class::Consent && !staff {
            Some("the sender has opted out".to_owned())
        } else {
            None
        }
    }

    /// Adds a notice, each (person, channel) once. Whether it was new.
    pub(super) fn notice(&mut self, notice: Delivery) -> bool {
        let told = |action: &Action| match (action, &notice) {
            (
                Action::Deliver(Delivery::Notice { person, channel, .. }),
                Delivery::Notice { person: who, channel: by, .. },
            ) => person == who && channel == by,
            _ => false,
        };
        let new = !self.actions.iter().any(told);
        if new {
            self.act(Action::Deliver(notice));
        }
        new
    }

    /// Whether a relay goes to this phone.
    pub(super) fn relays_to(&self, phone: &Number) -> bool {
        let relay = |sms: &Sms| sms.purpose == Purpose::Relay && sms.to == *phone;
        self.actions.iter().any(|action| matches!(action, Action::Send(sms) if relay(sms)))
    }

    /// Whether a step has flagged the conversation for people.
    pub(super) fn flagged(&self) -> bool {
        let flag = |change: &ThreadChange| matches!(change, ThreadChange::Flag(_));
        self.actions
            .iter()
            .any(|action| matches!(action, Action::Thread { change, .. } if flag(change)))
    }

    /// Changes the answer just given, to add a deadline or an author.
    pub(super) fn last_sms(&mut self) -> Option<&mut Sms> {
        self.actions.iter_mut().rev().find_map(|action| match action {
            Action::Send(sms) => Some(sms),
            _ => None,
        })
    }

    pub(super) fn decision(self) -> Decision {
        Decision { actions: self.actions, trace: self.trace }
    }
}
