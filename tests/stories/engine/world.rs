//! A gateway's memory in plain maps: gives `decide` its facts and carries out its actions. It is
//! what the store does with rows, written once more as simply as possible.

use std::collections::{BTreeMap, BTreeSet};

use simgate::engine::action::{
    Action, Author, CodeChange, PromptChange, Purpose, RecipientChange, Sms, ThreadChange,
};
use simgate::engine::consent::{Change, Standing, State};
use simgate::engine::facts::{Contact, LastOutbound, Relayed, Thread, Traffic};
use simgate::engine::keyword::Then;
use simgate::engine::prompt::{Grammar, OpenPrompt};
use simgate::engine::relay::{Answer, Code};
use simgate::engine::{Decision, Facts, Inbound, Moment, PersonId, PromptId, Rules, decide};
use simgate::types::{Millis, Number, UnixTime};

/// One line of a gateway with its past.
#[derive(Clone, Default)]
pub struct World {
    pub rules: Rules,
    pub now: UnixTime,
    pub untrusted: bool,
    pub entropy: u64,
    pub contacts: BTreeMap<Number, Contact>,
    pub threads: BTreeMap<Number, Thread>,
    pub standings: BTreeMap<Number, Standing>,
    pub log: Vec<Row>,
    codes: BTreeMap<PersonId, Vec<Code>>,
    recipients: BTreeMap<PersonId, RecipientState>,
    prompts: BTreeMap<PromptId, Prompt>,
    open: BTreeMap<Number, Vec<OpenPrompt>>,
    looping: BTreeSet<Number>,
}

/// One text, in or out.
#[derive(Clone)]
pub struct Row {
    pub at: UnixTime,
    pub remote: Number,
    pub text: String,
    pub purpose: Option<Purpose>,
    pub inbound: bool,
    pub carried: LastOutbound,
    /// Who of staff wrote it, by relay.
    pub by: Option<PersonId>,
}

#[derive(Clone, Default)]
struct RecipientState {
    wrong: Vec<UnixTime>,
    locked_until: Option<UnixTime>,
    helped: Option<UnixTime>,
    relayed: Vec<UnixTime>,
    withheld: u32,
    digested: Option<UnixTime>,
}

/// A prompt as the header of a transcript describes it.
#[derive(Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prompt {
    id: PromptId,
    name: String,
    text: String,
    grammar: Grammar,
    #[serde(default)]
    hours_open: Option<u64>,
    #[serde(default)]
    revote: bool,
    #[serde(default)]
    hint: Option<String>,
    #[serde(default)]
    outcomes: BTreeMap<String, Vec<Then>>,
}

impl World {
    /// Reads `[contacts]`, `[[prompts]]` and the rules themselves.
    pub fn from_toml(header: &str) -> World {
        let mut table: toml::Table = header.parse().expect("the header is TOML");
        let mut world = World { now: at("2026-11-23T10:00:00Z"), ..World::default() };
        if let Some(toml::Value::Table(contacts)) = table.remove("contacts") {
            for (name, number) in contacts {
                let (first, last) = name.split_once(' ').unwrap_or((&name, ""));
                let contact = Contact {
                    first_name: first.into(),
                    last_name: last.into(),
                    ..Contact::default()
                };
                let number = number.as_str().expect("a number in quotes");
                world.contacts.insert(Number::parse(number, None).expect("a number"), contact);
            }
        }
        if let Some(prompts) = table.remove("prompts") {
            let prompts: Vec<Prompt> = prompts.try_into().expect("prompts");
            world.prompts = prompts.into_iter().map(|prompt| (prompt.id, prompt)).collect();
        }
        world.rules = table.try_into().expect("rules");
        world
    }

    /// What the store would load for this message.
    pub fn facts(&self, inbound: &Inbound) -> Facts {
        let from = &inbound.from;
        let ago = |at: UnixTime| self.now.since(at);
        let mine = || self.log.iter().filter(move |row| row.remote == *from);
        let automatic = |row: &&Row| row.purpose.is_some_and(|purpose| purpose.is_automatic());
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let traffic = Traffic {
            automatic_hour: count(mine().filter(automatic).filter(|r| ago(r.at) < HOUR).count()),
            automatic_day: count(mine().filter(automatic).filter(|r| ago(r.at) < DAY).count()),
            automatic_all_hour: count(
                self.log.iter().filter(automatic).filter(|r| ago(r.at) < HOUR).count(),
            ),
            same_text_hour: count(
                mine().filter(|r| r.inbound && r.text == inbound.text && ago(r.at) < HOUR).count(),
            ),
            last_automatic: mine()
                .rev()
                .filter(automatic)
                .take(3)
                .map(|r| r.text.clone())
                .collect(),
            loop_flagged: self.looping.contains(from),
            last_away: mine().rev().find(|r| r.purpose == Some(Purpose::Away)).map(|r| r.at),
        };
        Facts {
            contact: self.contacts.get(from).cloned(),
            thread: self.threads.get(from).cloned().unwrap_or_default(),
            consent: self.standing(from),
            welcomed: mine().next().is_some(),
            traffic,
            prompts: self.open.get(from).cloned().unwrap_or_default(),
            last_outbound: self.last_outbound(from),
            relay: self.relayed(from),
        }
    }

    /// Decides about one text and carries the decision out.
    pub fn receive(&mut self, inbound: &Inbound) -> Decision {
        let facts = self.facts(inbound);
        let decision = decide(inbound, &self.rules, &facts, self.moment());
        self.row(&inbound.from, &inbound.text, None, true, LastOutbound::default());
        let standing = self.standings.entry(inbound.from.clone()).or_default();
        standing.wrote_since |= standing.is_out();
        for action in &decision.actions {
            self.carry_out(inbound, action);
        }
        decision
    }

    pub fn moment(&self) -> Moment {
        Moment { now: self.now, trusted: !self.untrusted, entropy: self.entropy }
    }

    /// A member of staff sends from the inbox.
    pub fn send(&mut self, to: &Number, text: &str, carried: LastOutbound) {
        self.row(to, text, None, false, carried);
    }

    /// A prompt is put to a number; gives its text.
    pub fn ask(&mut self, to: &Number, prompt: PromptId) -> String {
        let prompt = self.prompts[&prompt].clone();
        let closes = prompt.hours_open.map(|hours| self.now.after(Millis(hours * HOUR.0)));
        let open = OpenPrompt {
            id: prompt.id,
            name: prompt.name,
            grammar: prompt.grammar,
            closes,
            answered: None,
            revote: prompt.revote,
            outcomes: prompt.outcomes,
            hint: prompt.hint,
            hinted: false,
        };
        self.open.entry(to.clone()).or_default().insert(0, open);
        self.row(to, &prompt.text, None, false, LastOutbound::default());
        prompt.text
    }

    /// A response code given out earlier.
    pub fn give_code(&mut self, person: PersonId, code: u32, customer: Number) {
        self.change_code(&CodeChange::Issue { person, code, customer });
    }

    pub fn prompt_named(&self, name: &str) -> PromptId {
        let found = self.prompts.values().find(|prompt| prompt.name == name);
        found.unwrap_or_else(|| panic!("no prompt {name}")).id
    }

    pub fn standing(&self, number: &Number) -> Standing {
        self.standings.get(number).cloned().unwrap_or_default()
    }

    fn row(
        &mut self,
        remote: &Number,
        text: &str,
        purpose: Option<Purpose>,
        inbound: bool,
        carried: LastOutbound,
    ) {
        let (at, remote, text) = (self.now, remote.clone(), text.to_owned());
        self.log.push(Row { at, remote, text, purpose, inbound, carried, by: None });
    }

    fn last_outbound(&self, number: &Number) -> Option<LastOutbound> {
        let sent = |row: &&Row| !row.inbound && row.remote == *number;
        self.log.iter().rev().find(sent).map(|row| row.carried.clone())
    }

    fn relayed(&self, from: &Number) -> Relayed {
        let Some(person) = self.rules.code_holder(from) else { return Relayed::default() };
        let none = RecipientState::default();
        let state = self.recipients.get(&person.id).unwrap_or(&none);
        let recent = |times: &[UnixTime], span| {
            let recent = times.iter().filter(|at| self.now.since(**at) < span).count();
            u32::try_from(recent).unwrap_or(u32::MAX)
        };
        let mut codes = self.codes.get(&person.id).cloned().unwrap_or_default();
        for code in &mut codes {
            let customer = &code.customer;
            code.name = self.contacts.get(customer).map(Contact::name).unwrap_or_default();
            code.thread = self.threads.get(customer).cloned().unwrap_or_default();
            code.standing = self.standing(customer);
            code.last_outbound = self.last_outbound(customer);
            let lines = self.log.iter().rev().filter(|row| row.remote == *customer).take(3);
            let ours = self.log.iter().rev().filter(|row| row.remote == *customer);
            code.answered_by = ours.take_while(|row| !row.inbound).find_map(|row| {
                let name = self.rules.person(row.by?)?.name.clone();
                Some(Answer { person: row.by, name, at: row.at, text: row.text.clone() })
            });
            code.last_lines = lines.map(|row| row.text.clone()).collect();
            code.last_lines.reverse();
        }
        Relayed {
            codes,
            wrong: recent(&state.wrong, HOUR),
            locked_until: state.locked_until,
            helped: state.helped,
            relayed: recent(&state.relayed, Millis::from_secs(600)),
            withheld: state.withheld,
            digested: state.digested,
        }
    }

    fn carry_out(&mut self, inbound: &Inbound, action: &Action) {
        match action {
            Action::File(filing) if filing.reopen => {
                self.threads.entry(inbound.from.clone()).or_default().closed = false;
            }
            Action::Send(sms) => self.sent(sms),
            Action::Consent(event) => {
                let now = self.now;
                let standing = self.standings.entry(event.number.clone()).or_default();
                let state = match event.change {
                    Change::OptedOut => Some(State::Out),
                    Change::OptedIn => Some(State::In),
                    _ => None,
                };
                if let Some(state) = state {
                    let said = inbound.text.clone();
                    *standing = Standing {
                        state,
                        since: Some(now),
                        said,
                        help_answers: standing.help_answers.clone(),
                        last_confirmation: standing.last_confirmation,
                        ..Standing::default()
                    };
                }
                if event.answered && state.is_some() || event.change == Change::Repeated {
                    standing.last_confirmation =
                        event.answered.then_some(now).or(standing.last_confirmation);
                }
                if event.change == Change::Help && event.answered {
                    standing.help_answers.push(now);
                }
            }
            Action::Thread { remote, change } => self.change_thread(remote, change),
            Action::Code(change) => self.change_code(change),
            Action::Recipient { person, change } => self.change_recipient(*person, change),
            Action::Prompt(change) => self.change_prompt(&inbound.from, change),
            Action::NameContact { number, name } => {
                let contact = Contact { first_name: name.clone(), ..Contact::default() };
                self.contacts.insert(number.clone(), contact);
            }
            _ => {}
        }
    }

    fn sent(&mut self, sms: &Sms) {
        let carried =
            LastOutbound { tag: sms.tag.clone(), response_emails: sms.response_emails.clone() };
        self.row(&sms.to, &sms.text, Some(sms.purpose), false, carried);
        if let Author::Person(person) = sms.author {
            self.log.last_mut().expect("the answer").by = Some(person);
        }
    }

    fn change_thread(&mut self, remote: &Number, change: &ThreadChange) {
        if *change == ThreadChange::PossibleOptOut {
            self.standings.entry(remote.clone()).or_default().possible_opt_out = true;
        }
        let thread = self.threads.entry(remote.clone()).or_default();
        match change {
            ThreadChange::Claim(person) => {
                thread.owner.get_or_insert(*person);
            }
            ThreadChange::TakeOver(person) => thread.owner = Some(*person),
            ThreadChange::Close(_) => thread.closed = true,
            ThreadChange::Flag(flag) if flag == "loop" => {
                self.looping.insert(remote.clone());
            }
            _ => {}
        }
    }

    fn change_code(&mut self, change: &CodeChange) {
        let now = self.now;
        match change {
            CodeChange::Issue { person, code, customer } => {
                let codes = self.codes.entry(*person).or_default();
                let recycled = codes.iter().any(|known| known.code == *code);
                codes.retain(|known| known.code != *code);
                let recycled_code = Code { recycled, ..Code::new(*code, customer.clone(), now) };
                codes.push(recycled_code);
            }
            CodeChange::Renew { person, code } => {
                let codes = self.codes.entry(*person).or_default();
                for known in codes.iter_mut().filter(|known| known.code == *code) {
                    known.last_used = now;
                }
            }
        }
    }

    fn change_recipient(&mut self, id: PersonId, change: &RecipientChange) {
        let now = self.now;
        let state = self.recipients.entry(id).or_default();
        let person = self.rules.people.iter_mut().find(|person| person.id == id).expect("a person");
        match change {
            RecipientChange::Pause => person.paused = true,
            RecipientChange::Resume => person.paused = false,
            RecipientChange::OnDuty => person.off_duty = false,
            RecipientChange::OffDuty => person.off_duty = true,
            RecipientChange::WrongCode => state.wrong.push(now),
            RecipientChange::LockUntil(until) => state.locked_until = Some(*until),
            RecipientChange::Helped => state.helped = Some(now),
            RecipientChange::Relayed => state.relayed.push(now),
            RecipientChange::Withheld => state.withheld += 1,
            RecipientChange::Digested => (state.withheld, state.digested) = (0, Some(now)),
            RecipientChange::Held { .. } => {}
        }
    }

    fn change_prompt(&mut self, number: &Number, change: &PromptChange) {
        let open = self.open.entry(number.clone()).or_default();
        match change {
            PromptChange::Answer { prompt, value, .. } => {
                for known in open.iter_mut().filter(|known| known.id == *prompt) {
                    known.answered = Some(value.clone());
                }
            }
            PromptChange::Nagged(prompt) => {
                open.iter_mut().filter(|known| known.id == *prompt).for_each(|p| p.hinted = true);
            }
            PromptChange::Open(prompt) => {
                self.ask(&number.clone(), *prompt);
                self.log.last_mut().expect("the question").purpose = Some(Purpose::PromptAnswer);
            }
        }
    }
}

pub fn at(text: &str) -> UnixTime {
    UnixTime::parse_rfc3339(text).expect("a time")
}

const HOUR: Millis = Millis::from_secs(3_600);
const DAY: Millis = Millis::from_secs(24 * 3_600);
