//! Dialogue files: one conversation with a modem each, and a player that holds a [`Driver`] to it.
//!
//! The format is that of [`simgate::emulator::dialogue`].
//!
//! In goes the text; out comes what the driver did. Begin with [`play`].

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use simgate::emulator::dialogue;
pub use simgate::emulator::dialogue::{Line, Step};
use simgate::modem::{
    Driver, Event, Input, Order, Output, Receipt, Settings, Source, SubmitError, Ticket,
};
use simgate::types::{Millis, Secret};

/// How the modem's bytes reach the driver.
#[derive(Clone, Copy, Debug)]
pub enum Split {
    /// Lines that follow each other in one read.
    Joined,
    /// Every byte in a read of its own.
    Bytes,
    /// Pieces of 1 to 7 bytes, chosen by this seed.
    Random(u64),
}

/// The folder of all dialogue files.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialogues")
}

/// All dialogue files, as paths below [`folder`], in order.
pub fn all() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for family in std::fs::read_dir(folder()).expect("tests/dialogues").flatten() {
        for file in std::fs::read_dir(family.path()).into_iter().flatten().flatten() {
            if file.path().extension().is_some_and(|end| end == "at") {
                files.push(file.path().strip_prefix(folder()).expect("below").to_owned());
            }
        }
    }
    files.sort();
    files
}

/// Reads a dialogue file with the files it begins with.
pub fn read(file: &Path) -> Result<Vec<Line>, String> {
    let text = std::fs::read_to_string(folder().join(file))
        .map_err(|error| format!("{}: {error}", file.display()))?;
    parse(&file.display().to_string(), &text)
}

/// Reads the text of a dialogue file; `name` stands in messages.
pub fn parse(name: &str, text: &str) -> Result<Vec<Line>, String> {
    let include = |file: &str| read(Path::new(file));
    dialogue::parse(name, text, &include).map_err(|bad| bad.to_string())
}

/// Holds a driver to the script. Gives back everything it did, one line per output; fails with
/// the place where it did something else.
pub fn play(script: &[Line], split: Split) -> Result<Vec<String>, String> {
    let (settings, script) = settings(script);
    let mut player = Player::new(settings, split);
    player.feed(Input::Opened);
    let mut steps = script.iter().peekable();
    while let Some(line) = steps.next() {
        let outcome = match &line.step {
            Step::Expect(bytes) => player.expect(bytes),
            Step::Say(bytes) | Step::Unasked(bytes) => {
                let mut bytes = bytes.clone();
                player.learn(&line.step);
                while let (Split::Joined, Some(next)) = (split, steps.peek())
                    && let Step::Say(more) | Step::Unasked(more) = &next.step
                {
                    bytes.extend_from_slice(more);
                    player.learn(&next.step);
                    steps.next();
                }
                player.say(&bytes)
            }
            Step::Routine(time) => player.routine(*time),
            Step::Wait(time) => {
                player.wait(*time);
                Ok(())
            }
            Step::Port(open) => {
                player.sent.clear();
                player.feed(if *open { Input::Opened } else { Input::Closed });
                Ok(())
            }
            Step::Order(words) => order(words).map(|order| player.feed(Input::Order(order))),
            Step::Conclude(words) => player.conclude(words),
        };
        outcome.map_err(|why| format!("{}: {why}\n{}", line.place, player.tail()))?;
    }
    player.end().map_err(|why| format!("at the end: {why}\n{}", player.tail()))?;
    Ok(player.log)
}

/// The settings of the first lines, and the script without them.
fn settings(script: &[Line]) -> (Settings, Vec<Line>) {
    let mut settings = Settings::default();
    let mut steps = Vec::new();
    for line in script {
        match &line.step {
            Step::Order(words) if words.starts_with("pin ") => {
                settings.pin = Some(Secret::new(words["pin ".len()..].trim()));
            }
            Step::Order(words) if words.starts_with("profile ") => {
                settings.profile = Some(words["profile ".len()..].trim().to_owned());
            }
            _ => steps.push(line.clone()),
        }
    }
    (settings, steps)
}

/// `submit 1 HEX`, `submit-more 1 HEX`, `submit-keep 1 HEX`, `confirm 1`, `release 1`, `leave 1`,
/// `allow-pin`, `allow-restart 60` (from that second on), `sweep`, `ussd 1 *100#`, `console 1 AT+CSQ`, `restart`, `stop`.
fn order(words: &str) -> Result<Order, String> {
    let mut parts = words.splitn(3, ' ');
    let verb = parts.next().unwrap_or("");
    let number = parts.next().and_then(|n| n.parse().ok()).unwrap_or(0);
    let text = parts.next().unwrap_or("").to_owned();
    let ticket = Ticket(number);
    Ok(match verb {
        "submit" | "submit-more" | "submit-keep" => {
            let (more, keep) = (verb == "submit-more", verb == "submit-keep");
            Order::Submit { ticket, tpdu: octets(&text)?, more, keep }
        }
        "confirm" => Order::Confirm(Receipt(number)),
        "release" => Order::Release(Receipt(number)),
        "leave" => Order::Leave(Receipt(number)),
        "allow-pin" => Order::AllowPin,
        "allow-restart" => Order::AllowRestart { from: Millis::from_secs(number) },
        "centre" => Order::Centre(text),
        "sweep" => Order::Sweep,
        "ussd" => Order::Ussd { ticket, code: text },
        "console" => Order::Console { ticket, command: text },
        "restart" => Order::Restart,
        "stop" => Order::Stop,
        _ => return Err(format!("unknown order {words}")),
    })
}

fn octets(hex: &str) -> Result<Vec<u8>, String> {
    let pairs = hex.as_bytes().chunks(2).map(|pair| {
        std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok())
    });
    pairs.collect::<Option<_>>().ok_or_else(|| format!("not hexadecimal: {hex}"))
}

struct Player {
    driver: Driver,
    split: Split,
    now: Millis,
    wake: Option<Millis>,
    sent: VecDeque<Vec<u8>>,
    events: VecDeque<Event>,
    log: Vec<String>,
    /// What was answered to what, and which was asked last.
    answers: BTreeMap<Vec<u8>, Vec<u8>>,
    asked: Vec<u8>,
}

impl Player {
    fn new(settings: Settings, split: Split) -> Self {
        Self {
            driver: Driver::new(settings),
            split,
            now: Millis(1_000),
            wake: None,
            sent: VecDeque::new(),
            events: VecDeque::new(),
            log: Vec::new(),
            answers: BTreeMap::new(),
            asked: Vec::new(),
        }
    }

    fn feed(&mut self, input: Input<'_>) {
        self.driver.handle(self.now, input);
        loop {
            match self.driver.poll() {
                Output::Transmit(bytes) => {
                    self.log.push(format!("{} > {}", self.now, bytes.escape_ascii()));
                    self.sent.push_back(bytes);
                }
                Output::Event(event) => {
                    self.log.push(format!("{} = {}", self.now, conclusion(&event)));
                    self.events.push_back(event);
                }
                Output::WakeAt(at) => {
                    self.wake = at;
                    return;
                }
            }
        }
    }

    /// Time up to and including `until`, with every wake-up on the way.
    fn advance(&mut self, until: Millis) {
        for _ in 0..100_000 {
            match self.wake {
                Some(wake) if wake <= until => {
                    self.now = self.now.max(wake);
                    self.feed(Input::Time);
                }
                _ => break,
            }
        }
        self.now = self.now.max(until);
    }

    fn wait(&mut self, time: Millis) {
        self.advance(self.now + time);
    }

    fn expect(&mut self, bytes: &[u8]) -> Result<(), String> {
        let limit = self.now + Millis(200);
        while self.sent.is_empty() && self.wake.is_some_and(|wake| wake <= limit) {
            self.now = self.now.max(self.wake.unwrap_or_default());
            self.feed(Input::Time);
        }
        match self.sent.pop_front() {
            Some(sent) if sent == bytes => {
                self.answers.insert(sent.clone(), Vec::new());
                self.asked = sent;
                Ok(())
            }
            Some(sent) => {
                Err(format!("expected {}, sent {}", bytes.escape_ascii(), sent.escape_ascii()))
            }
            None => Err(format!("expected {}, sent nothing", bytes.escape_ascii())),
        }
    }

    /// Notes an answer, for the next time the same is asked.
    fn learn(&mut self, step: &Step) {
        if let (Step::Say(said), Some(answer)) = (step, self.answers.get_mut(&self.asked)) {
            answer.extend_from_slice(said);
        }
    }

    /// Time passes with every wake-up on the way; questions are answered as before.
    fn routine(&mut self, time: Millis) -> Result<(), String> {
        let until = self.now + time;
        for _ in 0..100_000 {
            if let Some(sent) = self.sent.pop_front() {
                let answer = self.answers.get(&sent).cloned();
                let never = || format!("never answered before: {}", sent.escape_ascii());
                self.say(&answer.ok_or_else(never)?)?;
                continue;
            }
            match self.wake.filter(|wake| *wake <= until) {
                Some(wake) => {
                    self.now = self.now.max(wake);
                    self.feed(Input::Time);
                }
                None => break,
            }
        }
        self.now = until;
        Ok(())
    }

    fn say(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.nothing_sent()?;
        let mut rest = bytes;
        while !rest.is_empty() {
            let length = match &mut self.split {
                Split::Joined => rest.len(),
                Split::Bytes => 1,
                Split::Random(seed) => {
                    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    (*seed >> 33) as usize % 7 + 1
                }
            };
            let (piece, after) = rest.split_at(length.min(rest.len()));
            self.feed(Input::Bytes(piece));
            rest = after;
        }
        Ok(())
    }

    fn nothing_sent(&self) -> Result<(), String> {
        match self.sent.front() {
            None => Ok(()),
            Some(sent) => Err(format!("sent without being expected: {}", sent.escape_ascii())),
        }
    }

    /// Takes the next conclusion; quiet ones before it may be left unnamed.
    fn conclude(&mut self, words: &str) -> Result<(), String> {
        while let Some(event) = self.events.pop_front() {
            let text = conclusion(&event);
            if text.starts_with(words) {
                return Ok(());
            }
            if !is_quiet(&event) {
                return Err(format!("expected = {words}, concluded {text}"));
            }
        }
        Err(format!("expected = {words}, concluded nothing"))
    }

    fn end(&mut self) -> Result<(), String> {
        self.nothing_sent()?;
        match self.events.iter().find(|event| !is_quiet(event)) {
            Some(event) => Err(format!("not in the script: = {}", conclusion(event))),
            None => Ok(()),
        }
    }

    fn tail(&self) -> String {
        let from = self.log.len().saturating_sub(14);
        self.log[from..].iter().fold(String::new(), |mut text, line| {
            let _ = writeln!(text, "    {line}");
            text
        })
    }
}

/// Events a script need not name.
fn is_quiet(event: &Event) -> bool {
    matches!(
        event,
        Event::Transition { .. }
            | Event::Identified(_)
            | Event::Sim(_)
            | Event::Status(_)
            | Event::FellWhileSending
            | Event::Restarted
            | Event::Storage { .. }
            | Event::Note(_)
    )
}

/// An event in the words of a `=` line.
pub fn conclusion(event: &Event) -> String {
    match event {
        Event::Transition { to, .. } => format!("state {to}"),
        Event::Identified(who) => {
            let imei = who.imei.as_ref().map_or("-", |imei| imei.as_str());
            format!("identified {} {} {} imei={imei}", who.profile, who.maker, who.model)
        }
        Event::Sim(sim) => {
            let iccid = sim.iccid.as_ref().map_or("-", |iccid| iccid.as_str());
            let imsi = sim.imsi.as_ref().map_or("-", |imsi| imsi.as_str());
            let number = sim.number.as_deref().unwrap_or("-");
            let smsc = sim.smsc.as_deref().unwrap_or("-");
            format!("sim iccid={iccid} imsi={imsi} number={number} smsc={smsc}")
        }
        Event::PinWanted { tries_left } => format!("pin-wanted {tries_left:?}"),
        Event::Blocked(why) => format!("blocked {why:?}"),
        Event::Received(received) => {
            let place = match &received.from {
                Source::Stored { storage, index, stat } => {
                    let stat = stat.map_or("-".to_owned(), |stat| stat.to_string());
                    format!("{storage} {index} stat={stat}")
                }
                Source::Direct => "direct".to_owned(),
            };
            format!("received {} {place} {}", received.receipt.0, received.pdu)
        }
        Event::Removed { receipt } => format!("removed {}", receipt.0),
        Event::Submitted { ticket, outcome } => submitted(ticket, outcome),
        Event::SubmittedLate { ticket, outcome } => format!("late {}", submitted(ticket, outcome)),
        Event::FellWhileSending => "fell-while-sending".to_owned(),
        Event::Restarted => "restarted".to_owned(),
        Event::Restarting => "restarting".to_owned(),
        Event::Status(status) => {
            let signal = status.signal_dbm.map_or("-".to_owned(), |dbm| dbm.to_string());
            let operator = status.operator.as_deref().unwrap_or("-");
            let registration = status.registration.as_str();
            format!("status {registration} {signal} bars={} {operator}", status.bars)
        }
        Event::Storage { storage, used, total } => format!("storage {storage} {used}/{total}"),
        Event::StorageFull => "storage-full".to_owned(),
        Event::Ussd { ticket, reply } => {
            let ticket = ticket.map_or("-".to_owned(), |ticket| ticket.0.to_string());
            format!("ussd {ticket} {:?} {}", reply.status, reply.text.escape_debug())
        }
        Event::ConsoleDone { ticket, lines } => {
            format!("console {} {}", ticket.0, lines.join(" | "))
        }
        Event::Ringing { number } => format!("ringing {}", number.as_deref().unwrap_or("-")),
        Event::Note(text) => format!("note {text}"),
        Event::Reopen { reason } => format!("reopen {reason}"),
        Event::Stopped => "stopped".to_owned(),
    }
}

fn submitted(ticket: &Ticket, outcome: &Result<simgate::modem::Accepted, SubmitError>) -> String {
    let ticket = ticket.0;
    match outcome {
        Ok(accepted) => format!("accepted {ticket} mr={}", accepted.reference),
        Err(SubmitError::NotRegistered) => format!("not-registered {ticket}"),
        Err(SubmitError::NotSent(why)) => format!("not-sent {ticket} {why}"),
        Err(SubmitError::Refused(refusal)) => {
            format!("refused {ticket} {:?} {refusal}", refusal.disposition())
        }
        Err(SubmitError::Unknown) => format!("unknown {ticket}"),
    }
}
