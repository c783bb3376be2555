//! Who wrote what, and the rules that must hold at the end (invariants I1 and I2).
//!
//! Every text carries a token that no other has, in each of its segments, so that each can be
//! counted where it arrived. What the gateway says of itself is compared with what the network
//! saw, never with what the gateway logged.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use simgate::sms::Assembled;

/// A text somebody wrote.
#[derive(Clone, Debug)]
pub struct Text {
    /// In which cycle.
    pub cycle: u32,
    /// Which SIM of the gateway.
    pub line: usize,
    /// The other side's number.
    pub other: String,
    pub text: String,
    /// Out: under which id it was accepted; `None`: killed before the answer came.
    pub id: Option<String>,
}

/// Everything that was written.
#[derive(Debug, Default)]
pub struct Ledger {
    pub written_to_us: Vec<Text>,
    pub written_by_us: Vec<Text>,
}

/// What is where at the end.
#[derive(Debug, Default)]
pub struct Account {
    /// The gateway's messages with their segments and custody, as its API shows them.
    pub messages: Vec<Value>,
    /// SUBMITs the network took.
    pub submitted: Vec<Submitted>,
    /// By SIM of the gateway, its number.
    pub sims: Vec<String>,
    /// The id of each SIM's line.
    pub lines: Vec<String>,
    /// Texts that arrived on handsets, by number: from which SIM's number, and what.
    pub handsets: BTreeMap<String, Vec<(String, String)>>,
    /// What is left in the modems.
    pub stored: Vec<String>,
}

/// A SUBMIT the network took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    pub sim: usize,
    /// Hex; TP-MR, which the modem fills in, is zero.
    pub tpdu: String,
}

impl Submitted {
    pub fn new(sim: usize, tpdu: &str) -> Self {
        Self { sim, tpdu: without_reference(tpdu) }
    }
}

/// TP-MR is the second octet.
fn without_reference(tpdu: &str) -> String {
    let (head, rest) = (tpdu.get(..2).unwrap_or(tpdu), tpdu.get(4..).unwrap_or_default());
    format!("{head}00{rest}").to_uppercase()
}

fn word<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value[field].as_array().map_or(&[], Vec::as_slice)
}

/// Whether the gateway wrote it by itself: its welcome to a new sender (S127), once for each.
fn is_own(message: &Value) -> bool {
    message["author"]["kind"] == "system"
}

/// Nothing more happens to a text in this state by itself within a minute.
pub fn is_settled(state: &str) -> bool {
    !matches!(state, "queued" | "submitting" | "sent")
}

impl Account {
    /// How often each segment of an outbound message left: state and count.
    fn departures<'a>(&self, message: &'a Value) -> Vec<(&'a str, usize)> {
        let sim = self.lines.iter().position(|line| line == word(message, "line"));
        let left = |segment: &Value| {
            let tpdu = without_reference(word(segment, "tpdu"));
            self.submitted.iter().filter(|s| Some(s.sim) == sim && s.tpdu == tpdu).count()
        };
        list(message, "segment_list").iter().map(|s| (word(s, "state"), left(s))).collect()
    }

    /// Whether the network has all of an outbound message.
    fn left_whole(&self, message: &Value) -> bool {
        let departures = self.departures(message);
        !departures.is_empty() && departures.iter().all(|(_, count)| *count > 0)
    }

    /// Messages of ours to SIMs of ours that the network has whole: they come back in.
    pub fn between_sims(&self) -> impl Iterator<Item = (usize, &str)> {
        self.messages.iter().filter_map(|message| {
            let to = self.sims.iter().position(|sim| sim == word(message, "number"))?;
            let ours = word(message, "direction") == "out" && self.left_whole(message);
            ours.then(|| (to, word(message, "text")))
        })
    }

    /// How many inbound messages say exactly this on that SIM's line.
    pub fn received(&self, sim: usize, text: &str) -> usize {
        let same = |m: &&Value| {
            word(m, "direction") == "in"
                && word(m, "text") == text
                && self.lines.get(sim).is_some_and(|line| line == word(m, "line"))
        };
        self.messages.iter().filter(same).count()
    }

    /// Whether an inbound message is what came of one of ours to our other SIM that did not leave
    /// whole and says so: after a while the line there shows what it has, with its gaps.
    fn is_torn_between_sims(&self, message: &Value) -> bool {
        let sim = self.lines.iter().position(|line| line == word(message, "line"));
        let Some(number) = sim.and_then(|sim| self.sims.get(sim)) else { return false };
        let parts: Vec<&str> = word(message, "text").split(Assembled::GAP).collect();
        word(message, "state") == "incomplete"
            && parts.len() > 1
            && self.outbound().any(|ours| {
                word(ours, "number") == number
                    && !matches!(word(ours, "state"), "sent" | "delivered")
                    && !self.left_whole(ours)
                    && comes_in_order(&parts, word(ours, "text"))
            })
    }

    fn outbound(&self) -> impl Iterator<Item = &Value> {
        self.messages.iter().filter(|m| word(m, "direction") == "out")
    }
}

/// Whether these parts of a text stand in it in this order.
fn comes_in_order(parts: &[&str], text: &str) -> bool {
    let mut rest = Some(text);
    for part in parts {
        rest = rest.and_then(|rest| rest.split_once(part)).map(|(_, rest)| rest);
    }
    rest.is_some()
}

/// Everything that broke a promise, each with what the gateway knows about it.
pub fn broken_promises(ledger: &Ledger, account: &Account) -> Vec<String> {
    let mut broken = Vec::new();
    inbound(ledger, account, &mut broken);
    outbound(ledger, account, &mut broken);
    network(account, &mut broken);
    for pdu in &account.stored {
        broken.push(format!("left on a SIM: {pdu}"));
    }
    broken
}

/// I1: what the network delivered is there once.
fn inbound(ledger: &Ledger, account: &Account, broken: &mut Vec<String>) {
    for text in &ledger.written_to_us {
        let count = account.received(text.line, &text.text);
        if count != 1 {
            broken.push(format!("cycle {}: received {count} times: {text:?}", text.cycle));
        }
    }
    for (sim, text) in account.between_sims() {
        let count = account.received(sim, text);
        if count != 1 {
            broken.push(format!("between our SIMs, received {count} times: {text:?}"));
        }
    }
    let own = account.outbound().filter(|m| is_own(m)).map(|m| word(m, "text"));
    let known: BTreeSet<&str> = ledger.texts().map(|text| text.text.as_str()).chain(own).collect();
    for message in account.messages.iter().filter(|m| word(m, "direction") == "in") {
        let written = known.contains(word(message, "text")) && word(message, "state") == "received";
        if !written && !account.is_torn_between_sims(message) {
            broken.push(format!("nobody wrote this: {}", story(message)));
        }
    }
}

/// I2: what was accepted left once, or is marked, or failed and says so.
fn outbound(ledger: &Ledger, account: &Account, broken: &mut Vec<String>) {
    for text in &ledger.written_by_us {
        let mut of_text = account.outbound().filter(|m| word(m, "text") == text.text);
        let message = of_text.next();
        if of_text.next().is_some() {
            broken.push(format!("cycle {}: queued twice: {text:?}", text.cycle));
        }
        let found = message.map(|m| word(m, "id"));
        if text.id.is_some() && found != text.id.as_deref() {
            broken.push(format!("cycle {}: accepted, and gone: {text:?}", text.cycle));
        }
    }
    for message in account.outbound() {
        let mut wrong = |what: &str| {
            let written = ledger.written_by_us.iter().find(|t| t.text == word(message, "text"));
            let cycle = written.map_or(0, |text| text.cycle);
            broken.push(format!("cycle {cycle}: {what}: {}", story(message)));
        };
        let ours = ledger.written_by_us.iter().any(|text| text.text == word(message, "text"));
        if !ours && !is_own(message) {
            wrong("nobody wrote this");
        }
        let like_it = |m: &&Value| {
            is_own(m) && ["line", "number", "text"].iter().all(|field| m[field] == message[field])
        };
        if is_own(message) && account.outbound().filter(like_it).count() > 1 {
            wrong("answered twice by itself");
        }
        let state = word(message, "state");
        if !is_settled(state) {
            wrong("never settled");
        }
        let marked = message["possible_duplicate"] == Value::Bool(true);
        for (segment, count) in account.departures(message) {
            match (segment, count) {
                (_, 3..) => wrong("sent three times"),
                (_, 2) if !marked => wrong("sent twice without a mark"),
                ("accepted", 0) => wrong("called sent, and never left"),
                ("waiting" | "refused", 1..) => wrong("left, and is called unsent"),
                ("on_air", _) => wrong("forgotten at the modem"),
                _ => {}
            }
        }
        if let Some(handset) = account.handsets.get(word(message, "number")) {
            // Two lines may greet one person in the same words: each counts for itself.
            let sim = own_number(account, message);
            let same = |(from, text): &&(String, String)| {
                Some(from) == sim && *text == word(message, "text")
            };
            let arrived = handset.iter().filter(same).count();
            match arrived {
                0 if state == "delivered" => wrong("called delivered, and is on no handset"),
                2.. if !marked => wrong("twice on the handset without a mark"),
                _ => {}
            }
        }
    }
}

/// The number of the SIM a message belongs to.
fn own_number<'a>(account: &'a Account, message: &Value) -> Option<&'a String> {
    let sim = account.lines.iter().position(|line| line == word(message, "line"))?;
    account.sims.get(sim)
}

/// Nothing left that the gateway does not know of.
fn network(account: &Account, broken: &mut Vec<String>) {
    let known: BTreeSet<(usize, String)> = account
        .outbound()
        .filter_map(|message| {
            let sim = account.lines.iter().position(|line| line == word(message, "line"))?;
            let segments = list(message, "segment_list").iter();
            Some(segments.map(move |s| (sim, without_reference(word(s, "tpdu")))))
        })
        .flatten()
        .collect();
    for submitted in &account.submitted {
        if !known.contains(&(submitted.sim, submitted.tpdu.clone())) {
            broken.push(format!("the network took what nobody sent: {submitted:?}"));
        }
    }
}

impl Ledger {
    fn texts(&self) -> impl Iterator<Item = &Text> {
        self.written_to_us.iter().chain(&self.written_by_us)
    }
}

/// A message and where it was, for whoever has to find the mistake.
fn story(message: &Value) -> String {
    let mut told = format!(
        "message {} {} {}: {:?}",
        word(message, "id"),
        word(message, "direction"),
        word(message, "state"),
        word(message, "text"),
    );
    for segment in list(message, "segment_list") {
        let (seq, round) = (&segment["seq"], &segment["round"]);
        let (state, reference) = (word(segment, "state"), &segment["reference"]);
        told.push_str(&format!("\n    segment {seq} round {round}: {state}, mr {reference}"));
        told.push_str(&format!(", report {}", segment["report"]));
    }
    for station in list(message, "custody") {
        let (at, event) = (word(station, "at"), word(station, "event"));
        told.push_str(&format!("\n    {at} {event}: {}", word(station, "detail")));
    }
    told
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PHONE: &str = "+447700900200";
    const SIM: &str = "+447700900100";

    /// One text out and one in, and nothing wrong.
    fn sound() -> (Ledger, Account) {
        let text = |text: &str, id: Option<&str>| Text {
            cycle: 1,
            line: 0,
            other: PHONE.to_owned(),
            text: text.to_owned(),
            id: id.map(str::to_owned),
        };
        let ledger = Ledger {
            written_to_us: vec![text("in", None)],
            written_by_us: vec![text("out", Some("2"))],
        };
        let messages = vec![
            json!({ "id": "1", "line": "1", "direction": "in", "text": "in", "state": "received" }),
            json!({ "id": "2", "line": "1", "direction": "out", "text": "out", "state": "delivered",
                    "number": PHONE, "possible_duplicate": false,
                    "segment_list": [{ "tpdu": "310008", "state": "accepted" }] }),
        ];
        let account = Account {
            messages,
            submitted: vec![Submitted::new(0, "311108")],
            sims: vec![SIM.to_owned()],
            lines: vec!["1".to_owned()],
            handsets: [(PHONE.to_owned(), vec![(SIM.to_owned(), "out".to_owned())])].into(),
            stored: Vec::new(),
        };
        (ledger, account)
    }

    fn broken(spoil: impl FnOnce(&mut Ledger, &mut Account)) -> String {
        let (mut ledger, mut account) = sound();
        spoil(&mut ledger, &mut account);
        broken_promises(&ledger, &account).join("\n")
    }

    #[test]
    fn a_sound_account_breaks_no_promise() {
        assert_eq!(broken(|_, _| ()), "");
    }

    /// A text between our SIMs whose second segment never left, and what its line shows of it.
    fn torn(shown: &str, ours: &str) -> String {
        broken(|_, account| {
            account.lines.push("2".to_owned());
            account.sims.push("+447700900101".to_owned());
            account.messages.push(json!({
                "id": "3", "line": "1", "direction": "out", "text": "first second", "state": ours,
                "number": "+447700900101", "author": { "kind": "system" }, "possible_duplicate": false,
                "segment_list": [{ "tpdu": "410009", "state": "accepted" },
                                 { "tpdu": "41000A", "state": "unknown" }] }));
            account.submitted.push(Submitted::new(0, "413309"));
            account.messages.push(json!({
                "id": "4", "line": "2", "direction": "in", "text": shown, "state": "incomplete" }));
        })
    }

    #[test]
    fn what_came_of_a_torn_text_of_ours_is_shown_with_its_gap() {
        let gap = Assembled::GAP;
        assert_eq!(torn(&format!("first {gap}"), "unknown"), "");
        let other = torn(&format!("third {gap}"), "unknown");
        assert!(other.contains("nobody wrote this"), "{other}");
        let whole = torn("first second", "unknown");
        assert!(whole.contains("nobody wrote this"), "{whole}");
        let called_sent = torn(&format!("first {gap}"), "delivered");
        assert!(called_sent.contains("nobody wrote this"), "{called_sent}");
    }

    #[test]
    fn each_broken_promise_is_found_and_named() {
        let lost = broken(|_, account| drop(account.messages.remove(0)));
        assert!(lost.contains("received 0 times"), "{lost}");
        let doubled = broken(|_, account| account.messages.push(account.messages[0].clone()));
        assert!(doubled.contains("received 2 times"), "{doubled}");
        let left = broken(|_, account| account.stored.push("SM 1".to_owned()));
        assert!(left.contains("left on a SIM"), "{left}");
        let gone = broken(|_, account| drop(account.messages.pop()));
        assert!(gone.contains("accepted, and gone"), "{gone}");
        let twice = broken(|_, account| account.submitted.push(Submitted::new(0, "311208")));
        assert!(twice.contains("sent twice without a mark"), "{twice}");
        let never = broken(|_, account| account.submitted.clear());
        assert!(never.contains("called sent, and never left"), "{never}");
        let strange = broken(|_, account| account.submitted.push(Submitted::new(0, "31FF09")));
        assert!(strange.contains("the network took what nobody sent"), "{strange}");
        let unseen =
            broken(|_, account| account.handsets.entry(PHONE.to_owned()).or_default().clear());
        assert!(unseen.contains("on no handset"), "{unseen}");
        let again = broken(|_, account| {
            let texts = account.handsets.entry(PHONE.to_owned()).or_default();
            texts.push((SIM.to_owned(), "out".to_owned()));
        });
        assert!(again.contains("twice on the handset"), "{again}");
        let other = broken(|_, account| {
            let texts = account.handsets.entry(PHONE.to_owned()).or_default();
            texts.push(("+447700900101".to_owned(), "out".to_owned()));
        });
        assert_eq!(other, "", "the same words from another line are another text");
        let waits = broken(|_, account| account.messages[1]["state"] = json!("queued"));
        assert!(waits.contains("never settled"), "{waits}");
    }
}
