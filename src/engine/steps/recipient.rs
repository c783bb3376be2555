//! Texts of the line's response recipient: answers with a code, commands, and words without a code
//! (S13..S18, E1..E23). Nothing of it becomes a customer's message, and nothing is lost: every text
//! is kept among the internal ones.

use super::order;
use crate::engine::action::{Action, CodeChange, Filing, Mark, Place, Purpose, RecipientChange};
use crate::engine::case::Case;
use crate::engine::consent::{Intent, Level};
use crate::engine::draft::Draft;
use crate::engine::relay::{self, A_DAY, Code, Command, Middle, Token};
use crate::engine::rules::Person;
use crate::engine::{Flow, Seen};
use crate::types::{Millis, UnixTime};

pub(in crate::engine) fn recipient(case: &Case<'_>, draft: &mut Draft) -> Flow {
    let Some(person) = case.staff else { return Flow::Continue };
    if case.inbound.text.trim_start().starts_with('!') {
        draft.why(format!("{} writes as a customer, by the leading !", person.name));
        return Flow::Continue;
    }
    let desk = Desk { case, person };
    draft.file(Filing {
        place: Place::Internal(person.id),
        mark: Some(if case.text.reaction { Mark::Reaction } else { Mark::Staff }),
        unread: false,
        reopen: false,
    });
    desk.settle(draft);
    Flow::Stop
}

/// The recipient's side of one line.
pub(super) struct Desk<'a, 'b> {
    pub(super) case: &'b Case<'a>,
    pub(super) person: &'a Person,
}

impl Desk<'_, '_> {
    fn settle(&self, draft: &mut Draft) {
        let relayed = &self.case.facts.relay;
        if self.case.text.reaction {
            return draft.why("a reaction of the phone, not an answer: nothing is sent");
        }
        if self.case.inbound.seen == Seen::Completed {
            return draft.why("a late segment of a text that was settled before");
        }
        if relayed.locked_until.is_some_and(|until| self.case.now() < until) {
            return draft.why("locked after too many wrong codes: nothing is done");
        }
        let rules = &self.case.rules.line.relay;
        let tokens = relay::find(&self.case.inbound.text, rules.alternates);
        let mut codes: Vec<u32> = tokens.iter().map(|token| token.code).collect();
        codes.sort_unstable();
        codes.dedup();
        match codes.as_slice() {
            [] => self.without_code(draft),
            [code] => self.with_code(*code, &tokens, draft),
            several => {
                draft.why("two different codes in one text: nothing is sent");
                self.hold(draft);
                let named: Vec<String> = several.iter().map(|code| format!("@{code}")).collect();
                self.say(
                    draft,
                    format!(
                        "Not sent: which one, {}? Please send it to one code at a time.",
                        named.join(" or ")
                    ),
                );
            }
        }
    }

    fn with_code(&self, code: u32, tokens: &[Token], draft: &mut Draft) {
        let rules = &self.case.rules.line.relay;
        let codes = &self.case.facts.relay.codes;
        let alive = |known: &&Code| known.is_alive(self.case.now(), rules.cool_down());
        let Some(known) = codes.iter().find(|known| known.code == code).filter(alive) else {
            draft.why(format!("@{code} stands for nobody on this line"));
            self.hold(draft);
            let text =
                format!("Not sent: no conversation for @{code}. Text LIST for the latest ones.");
            return self.wrong(draft, text);
        };
        let mut rest = relay::strip(&self.case.inbound.text, tokens);
        if let Some(pin) = &rules.pin {
            match rest.strip_prefix(pin.expose()).filter(|rest| !starts_word(rest)) {
                Some(after) => rest = after.trim_start().to_owned(),
                None => {
                    draft.why("the PIN after the code is missing or wrong: nothing is sent");
                    return self.wrong(
                        draft,
                        format!("Not sent: write your PIN after the code, as in @{code} PIN text."),
                    );
                }
            }
        }
        let unsure = rules.middle == Middle::Ask && tokens.iter().all(|token| token.in_prose);
        if unsure {
            draft.why(format!(
                "@{code} stands between words and may be meant otherwise: asked first"
            ));
            self.hold(draft);
            let name = known.called();
            return self.say(
                draft,
                format!(
                    "Not sent: is this for {name}? Then please send it again with @{code} in front."
                ),
            );
        }
        draft.act(Action::Code(CodeChange::Renew { person: self.person.id, code }));
        order::carry_out(self, known, &rest, draft);
    }

    fn without_code(&self, draft: &mut Draft) {
        let found = self.case.consent.as_ref().filter(|found| found.level != Level::Inside);
        match found.map(|found| found.intent) {
            Some(Intent::OptOut) => {
                draft.why("STOP of a recipient pauses the relay to them; no customer is opted out");
                self.change(draft, RecipientChange::Pause);
                draft.act(Action::Alert(format!(
                    "{} has paused the relay by texting STOP; the next recipient takes over.",
                    self.person.name
                )));
                return self
                    .say(draft, "Relays to you are paused. Text START to get them again.".into());
            }
            Some(Intent::OptIn) => {
                draft.why("START of a recipient resumes the relay to them");
                self.change(draft, RecipientChange::Resume);
                return self.say(draft, "You get relayed texts again.".into());
            }
            _ => {}
        }
        match Command::read(&self.case.inbound.text) {
            Command::List => {
                draft.why("LIST: the latest conversations");
                self.say(draft, self.listed(LIST_LENGTH));
            }
            Command::Who(code) => {
                draft.why(format!("WHO {code}"));
                let codes = &self.case.facts.relay.codes;
                let known = codes.iter().find(|known| known.code == code);
                let text = known.map_or_else(
                    || format!("There is no conversation for @{code}."),
                    |known| format!("@{code} is {} ({}).", known.called(), known.customer),
                );
                self.say(draft, text);
            }
            Command::OnDuty => {
                draft.why("ON DUTY");
                self.change(draft, RecipientChange::OnDuty);
                self.say(draft, "You are on duty: relayed texts come to you.".into());
            }
            Command::OffDuty => {
                draft.why("OFF DUTY");
                self.change(draft, RecipientChange::OffDuty);
                self.say(draft, "You are off duty: relayed texts go to the next person.".into());
            }
            Command::Other => self.codeless(draft),
        }
    }

    /// Words without a code: for the one customer just relayed, if the line allows that; otherwise
    /// kept, and explained at most once an hour (E1, E19).
    fn codeless(&self, draft: &mut Draft) {
        let rules = &self.case.rules.line.relay;
        let now = self.case.now();
        if let Some(minutes) = rules.codeless_minutes {
            let window = Millis::from_secs(minutes.min(24 * 60) * 60);
            let mut recent = self.case.facts.relay.codes.iter().filter(|code| {
                now.since(code.last_used) <= window && code.is_alive(now, rules.cool_down())
            });
            if let (Some(only), None, None) = (recent.next(), recent.next(), &rules.pin) {
                draft.why(format!("no code, but only {} was relayed of late", only.called()));
                let code = only.code;
                draft.act(Action::Code(CodeChange::Renew { person: self.person.id, code }));
                return order::carry_out(self, only, &self.case.inbound.text, draft);
            }
        }
        draft.why("no code: kept here, sent to nobody");
        self.hold(draft);
        let helped = self.case.facts.relay.helped;
        if helped.is_some_and(|at| now.since(at) < AN_HOUR) {
            return draft.why("explained within the last hour already");
        }
        self.change(draft, RecipientChange::Helped);
        let text = match self.case.facts.relay.codes.is_empty() {
            true => "Not sent: put the code of the conversation in front, such as @347.".to_owned(),
            false => format!("Not sent: put a code in front. {}", self.listed(3)),
        };
        self.say(draft, text);
    }

    /// A wrong code or PIN: counted, and at the limit the number is locked for a day (E34).
    fn wrong(&self, draft: &mut Draft, answer: String) {
        self.change(draft, RecipientChange::WrongCode);
        if self.case.facts.relay.wrong + 1 < self.case.rules.line.relay.wrong_codes {
            return self.say(draft, answer);
        }
        let until: UnixTime = self.case.now().after(A_DAY);
        draft.why("too many wrong codes in an hour: locked for a day");
        self.change(draft, RecipientChange::LockUntil(until));
        draft.act(Action::Alert(format!(
            "Too many wrong response codes from {}'s number: relay answers are locked for a day.",
            self.person.name
        )));
        self.say(draft, "Too many wrong codes: answers by SMS are locked for a day.".into());
    }

    /// The latest live conversations: `@347 Alisha, @100 Bob`.
    fn listed(&self, most: usize) -> String {
        let rules = &self.case.rules.line.relay;
        let mut codes: Vec<&Code> = self.case.facts.relay.codes.iter().collect();
        codes.retain(|code| code.is_alive(self.case.now(), rules.cool_down()));
        codes.sort_by_key(|code| (std::cmp::Reverse(code.last_used), code.code));
        let named = codes.iter().take(most).map(|code| format!("@{} {}", code.code, code.called()));
        let named: Vec<String> = named.collect();
        if named.is_empty() {
            "No conversations yet.".into()
        } else {
            format!("Latest: {}.", named.join(", "))
        }
    }

    /// Answers the recipient.
    pub(super) fn say(&self, draft: &mut Draft, text: String) {
        draft.answer(self.case, Purpose::Desk, text);
    }

    /// Keeps the words for sending them again.
    pub(super) fn hold(&self, draft: &mut Draft) {
        self.change(draft, RecipientChange::Held { text: self.case.inbound.text.clone() });
    }

    fn change(&self, draft: &mut Draft, change: RecipientChange) {
        draft.act(Action::Recipient { person: self.person.id, change });
    }
}

fn starts_word(rest: &str) -> bool {
    rest.starts_with(char::is_alphanumeric)
}

const AN_HOUR: Millis = Millis::from_secs(3_600);
const LIST_LENGTH: usize = 8;
