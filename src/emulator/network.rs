//! The virtual network: one service centre between all emulated SIMs and all handsets.
//!
//! SUBMITs come in, DELIVERs and STATUS-REPORTs go out after seeded delays; what cannot be
//! delivered waits here. Who is plugged in where is the world's business: this only knows numbers.

use std::collections::{BTreeMap, VecDeque};

use serde::Deserialize;

use super::handset::{Handset, HandsetText, Phone};
use super::random::Random;
use crate::sms::{
    Address, Deliver, Pdu, Scts, SegmentOptions, Status, StatusReport, Submit, Tpdu, Way, segment,
};
use crate::types::{Millis, UnixTime};

/// How the network behaves.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NetworkSettings {
    /// The service centre's number.
    pub smsc: String,
    /// Country code by which national numbers are completed.
    pub country_code: String,
    /// Zone of its time stamps in quarters of an hour.
    pub zone: i8,
    /// Seed of all delays.
    pub seed: u64,
    /// Shortest and longest time from Ctrl-Z to `+CMGS`.
    pub air_ms: [u64; 2],
    /// The same while the radio link is kept from the submit before (`+CMMS`); left out: `air_ms`.
    pub kept_air_ms: Option<[u64; 2]>,
    /// The same from a submit to its delivery.
    pub delivery_ms: [u64; 2],
    /// The same from delivery to the status report.
    pub report_ms: [u64; 2],
    /// How long until the network tries again what a modem did not acknowledge.
    pub redelivery_ms: u64,
    /// Numbers nobody has: become handsets when written to, or refuse.
    pub unknown_numbers: Unknown,
    /// Numbers whose submits are refused, with the `+CMS ERROR` code.
    pub refused: BTreeMap<String, u16>,
}

/// SM rejected, duplicate SM (23.040 §9.2.3.22).
const DUPLICATE: u16 = 197;

/// What happens to a text for a number that nobody has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    /// A handset of that number appears.
    #[default]
    Phone,
    /// `+CMS ERROR: 1`, unassigned number.
    Refuse,
}

impl Default for NetworkSettings {
    fn default() -> Self {
        Self {
            smsc: "+447700900000".into(),
            country_code: "44".into(),
            zone: 0,
            seed: 0,
            air_ms: [300, 900],
            kept_air_ms: None,
            delivery_ms: [200, 900],
            report_ms: [200, 900],
            redelivery_ms: 60_000,
            unknown_numbers: Unknown::default(),
            refused: BTreeMap::new(),
        }
    }
}

/// A SUBMIT the network took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// Counts all submits of the world from 1.
    pub seq: u64,
    /// Which modem sent it.
    pub modem: usize,
    /// TP-MR.
    pub reference: u8,
    /// TP-DA, normalised.
    pub to: String,
    /// The TPDU as it left.
    pub tpdu: Vec<u8>,
    /// The text of this segment, when it is one.
    pub text: Option<String>,
    /// Whether a status report was asked for.
    pub report: bool,
    /// Whether the modem was told that another follows (`+CMMS`).
    pub more: bool,
    /// When.
    pub at: UnixTime,
}

/// A message on its way to a SIM.
#[derive(Clone, Debug)]
pub(super) struct Parcel {
    /// With the service centre address in front.
    pub pdu: Vec<u8>,
    wants: Option<Receipt>,
    not_before: Millis,
    /// Sent a second time, because the network did not hear that it had arrived.
    pub repeated: bool,
}

/// Who is told about the delivery.
#[derive(Clone, Debug)]
struct Receipt {
    subscriber: String,
    reference: u8,
    recipient: Address,
    scts: Scts,
}

#[derive(Debug)]
enum Transit {
    ToSim(String, Parcel),
    ToPhone(String, Deliver, Option<Receipt>, Option<Millis>),
}

/// All that is in the air and in the service centre.
#[derive(Debug)]
pub struct Network {
    pub(super) settings: NetworkSettings,
    random: Random,
    transit: BTreeMap<(Millis, u64), Transit>,
    transits: u64,
    waiting: BTreeMap<String, VecDeque<Parcel>>,
    off: Vec<(String, Deliver, Option<Receipt>, Option<Millis>)>,
    pub(super) handsets: BTreeMap<String, Handset>,
    pub(super) submitted: Vec<Submitted>,
}

/// How a submit goes on the air.
#[derive(Clone, Copy, Debug)]
pub(super) struct Radio {
    /// The link is still there from the submit before.
    pub kept: bool,
    /// It is taken and lost.
    pub loses: bool,
}

/// The moment something happens in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub now: Millis,
    pub wall: UnixTime,
}

impl Network {
    pub(super) fn new(settings: NetworkSettings, phones: Vec<Phone>) -> Self {
        let random = Random::new(settings.seed);
        let handsets = phones.into_iter().map(|p| (p.number.clone(), Handset::new(p))).collect();
        let (transit, waiting, off) = Default::default();
        Self { settings, random, transit, transits: 0, waiting, off, handsets, submitted: vec![] }
    }

    fn after(&mut self, [low, high]: [u64; 2]) -> Millis {
        Millis(self.random.between(low, high))
    }

    fn send(&mut self, at: Millis, what: Transit) {
        self.transits += 1;
        self.transit.insert((at, self.transits), what);
    }

    pub(super) fn scts(&self, wall: UnixTime) -> Scts {
        Scts::at(wall, i16::from(self.settings.zone) * 15).unwrap_or_default()
    }

    /// A number as this network keeps it: international with `+`, short codes as they are.
    pub fn normal(&self, number: &str) -> String {
        if let Some(rest) = number.strip_prefix("00") {
            return format!("+{rest}");
        }
        match number.strip_prefix('0') {
            Some(rest) if rest.len() >= 6 => format!("+{}{rest}", self.settings.country_code),
            _ => number.to_owned(),
        }
    }

    /// How long the air takes, and whether the network took the TPDU or why not.
    pub(super) fn submit(
        &mut self,
        m: Moment,
        modem: usize,
        from: &str,
        tpdu: Vec<u8>,
        is_sim: impl Fn(&str) -> bool,
        radio: Radio,
    ) -> (Millis, Result<(), u16>) {
        let kept = self.settings.kept_air_ms.filter(|_| radio.kept);
        let air = self.after(kept.unwrap_or(self.settings.air_ms));
        let submit = match Tpdu::decode(&tpdu, Way::FromMobile) {
            Ok(Tpdu::Submit(submit)) => submit,
            // Commands are taken and do nothing, as in most networks.
            Ok(Tpdu::Command(_)) => return (air, Ok(())),
            _ => return (air, Err(95)),
        };
        let to = self.destination(&submit);
        if let Some(code) = self.settings.refused.get(&to) {
            return (air, Err(*code));
        }
        let known = is_sim(&to) || self.handsets.contains_key(&to);
        if to.is_empty() || (!known && self.settings.unknown_numbers == Unknown::Refuse) {
            return (air, Err(1));
        }
        if submit.reject_duplicates && self.holds(from, &to, submit.reference) {
            return (air, Err(DUPLICATE));
        }
        self.submitted.push(Submitted {
            seq: self.submitted.len() as u64 + 1,
            modem,
            reference: submit.reference,
            to: to.clone(),
            text: submit.text(),
            report: submit.report,
            more: false,
            at: m.wall,
            tpdu,
        });
        if !radio.loses {
            self.route(m, from, to.clone(), submit, is_sim(&to));
        }
        (air, Ok(()))
    }

    /// Whether a message of that sender, reference and recipient is still on its way
    /// (23.040 §9.2.3.25). Only those that want a report are remembered by reference.
    fn holds(&self, from: &str, to: &str, reference: u8) -> bool {
        let same = |number: &str, wants: &Option<Receipt>| {
            let receipt = wants.as_ref();
            number == to
                && receipt.is_some_and(|r| r.subscriber == from && r.reference == reference)
        };
        let moving = self.transit.values().any(|transit| match transit {
            Transit::ToSim(number, parcel) => same(number, &parcel.wants),
            Transit::ToPhone(number, _, wants, _) => same(number, wants),
        });
        let waiting = self.waiting.get(to).into_iter().flatten();
        moving
            || waiting.into_iter().any(|parcel| same(to, &parcel.wants))
            || self.off.iter().any(|(number, _, wants, _)| same(number, wants))
    }

    fn destination(&self, submit: &Submit) -> String {
        let number = submit.destination.number();
        // TON national: digits without the trunk 0 (23.040 §9.1.2.5).
        if submit.destination.type_of_address().ton() == 2 {
            let digits = number.trim_start_matches('0');
            return format!("+{}{digits}", self.settings.country_code);
        }
        self.normal(&number)
    }

    fn route(&mut self, m: Moment, from: &str, to: String, submit: Submit, is_sim: bool) {
        let scts = self.scts(m.wall);
        let Ok(originator) = Address::number_of(from) else { return };
        let wants = submit.report.then(|| Receipt {
            subscriber: from.to_owned(),
            reference: submit.reference,
            recipient: submit.destination,
            scts,
        });
        let expires = submit.validity.and_then(|validity| validity.seconds());
        let expires = expires.map(|s| m.now + Millis::from_secs(s.into()));
        let deliver = Deliver {
            more_messages: false,
            loop_prevention: false,
            report_to_sender: submit.report,
            reply_path: false,
            originator,
            pid: submit.pid,
            dcs: submit.dcs,
            scts,
            user_data: submit.user_data,
            reserved_bits: 0,
        };
        let at = m.now + self.after(self.settings.delivery_ms);
        if !is_sim {
            return self.send(at, Transit::ToPhone(to, deliver, wants, expires));
        }
        if let Some(parcel) = self.parcel(Tpdu::Deliver(deliver), wants) {
            self.send(at, Transit::ToSim(to, parcel));
        }
    }

    fn parcel(&self, tpdu: Tpdu, wants: Option<Receipt>) -> Option<Parcel> {
        let smsc = Address::number_of(&self.settings.smsc).ok();
        let pdu = Pdu { smsc, tpdu }.octets().ok()?;
        Some(Parcel { pdu, wants, not_before: Millis(0), repeated: false })
    }

    /// Hands a PDU to a subscriber as it is, after `delay`.
    pub(super) fn inject(&mut self, m: Moment, subscriber: &str, pdu: Vec<u8>, delay: Millis) {
        let parcel = Parcel { pdu, wants: None, not_before: Millis(0), repeated: false };
        self.send(m.now + delay, Transit::ToSim(subscriber.to_owned(), parcel));
    }

    /// A text in as many segments as it takes, from anybody to anybody.
    pub(super) fn text(
        &mut self,
        m: Moment,
        originator: Address,
        to: &str,
        text: &str,
        reference: u16,
        is_sim: bool,
    ) -> Result<usize, String> {
        let options = SegmentOptions { reference, ..SegmentOptions::default() };
        let segments = segment(text, &options).map_err(|error| error.to_string())?.segments;
        let scts = self.scts(m.wall);
        // One delay for all, so that segments stay in order.
        let at = m.now + self.after(self.settings.delivery_ms);
        for segment in &segments {
            let deliver = Deliver::new(originator, scts, segment);
            if !is_sim {
                self.send(at, Transit::ToPhone(to.to_owned(), deliver, None, None));
            } else if let Some(parcel) = self.parcel(Tpdu::Deliver(deliver), None) {
                self.send(at, Transit::ToSim(to.to_owned(), parcel));
            }
        }
        Ok(segments.len())
    }

    /// A status report for a submit, by hand.
    pub(super) fn report(
        &mut self,
        m: Moment,
        subscriber: &str,
        to: &Submitted,
        status: u8,
        delay: Millis,
    ) {
        let Ok(Tpdu::Submit(submit)) = Tpdu::decode(&to.tpdu, Way::FromMobile) else { return };
        let receipt = Receipt {
            subscriber: subscriber.to_owned(),
            reference: to.reference,
            recipient: submit.destination,
            scts: self.scts(to.at),
        };
        self.send_report(m, receipt, status, m.now + delay);
    }

    fn send_report(&mut self, m: Moment, r: Receipt, status: u8, at: Millis) {
        let wall = m.wall.after(at.since(m.now));
        let discharge = self.scts(wall);
        let report = StatusReport::new(r.reference, r.recipient, r.scts, discharge, Status(status));
        if let Some(parcel) = self.parcel(Tpdu::StatusReport(report), None) {
            self.send(at, Transit::ToSim(r.subscriber, parcel));
        }
    }

    /// Moves everything whose time has come. Returns the handsets that changed.
    pub(super) fn advance(&mut self, m: Moment, is_sim: impl Fn(&str) -> bool) -> Vec<String> {
        let mut changed = Vec::new();
        while let Some(entry) = self.transit.first_entry() {
            if entry.key().0 > m.now {
                break;
            }
            match entry.remove() {
                Transit::ToSim(number, parcel) => {
                    self.waiting.entry(number).or_default().push_back(parcel);
                }
                Transit::ToPhone(number, deliver, wants, expires) => {
                    self.at_phone(m, &number, deliver, wants, expires, &is_sim);
                    changed.push(number);
                }
            }
        }
        let expired = |e: &Option<Millis>| e.is_some_and(|at| at <= m.now);
        let (gone, kept) = std::mem::take(&mut self.off).into_iter().partition(|o| expired(&o.3));
        self.off = kept;
        let gone: Vec<(String, Deliver, Option<Receipt>, Option<Millis>)> = gone;
        for (_, _, wants, _) in gone {
            self.settle(m, wants, Status::EXPIRED.0);
        }
        changed
    }

    fn settle(&mut self, m: Moment, wants: Option<Receipt>, status: u8) {
        if let Some(receipt) = wants {
            let at = m.now + self.after(self.settings.report_ms);
            self.send_report(m, receipt, status, at);
        }
    }

    fn at_phone(
        &mut self,
        m: Moment,
        number: &str,
        deliver: Deliver,
        wants: Option<Receipt>,
        expires: Option<Millis>,
        is_sim: &impl Fn(&str) -> bool,
    ) {
        let handset = self.handset(number);
        if !handset.phone.on {
            return self.off.push((number.to_owned(), deliver, wants, expires));
        }
        let status = handset.phone.report.unwrap_or(0);
        let arrives = status < 0x20;
        let complete = arrives.then(|| handset.receive(deliver, m.wall)).flatten();
        let answer = complete.and_then(|t| Some((handset.answer_to(&t.text)?, t.number)));
        self.settle(m, wants, status);
        if let Some((text, to)) = answer {
            let to_sim = is_sim(&to);
            // A handset's own text that cannot be coded is simply not sent.
            let _ = self.write(m, number, &to, &text, to_sim);
        }
    }

    /// The handset of that number, which appears when it was not there.
    pub(super) fn handset(&mut self, number: &str) -> &mut Handset {
        let new = || Handset::new(Phone { number: number.to_owned(), ..Phone::default() });
        self.handsets.entry(number.to_owned()).or_insert_with(new)
    }

    /// A person types a text on a handset.
    pub(super) fn write(
        &mut self,
        m: Moment,
        from: &str,
        to: &str,
        text: &str,
        to_sim: bool,
    ) -> Result<usize, String> {
        let originator = Address::number_of(from).map_err(|error| error.to_string())?;
        let to = self.normal(to);
        let handset = self.handset(from);
        handset.reference = handset.reference.wrapping_add(1);
        let reference = handset.reference;
        let segments = self.text(m, originator, &to, text, reference, to_sim)?;
        let (number, text) = (to, text.to_owned());
        let sent = HandsetText { outgoing: true, number, text, at: m.wall, segments };
        self.handset(from).texts.push(sent);
        Ok(segments)
    }

    /// A handset is switched on: what waited arrives.
    pub(super) fn switched_on(&mut self, m: Moment, number: &str) {
        let (here, rest) = std::mem::take(&mut self.off).into_iter().partition(|o| o.0 == number);
        self.off = rest;
        let here: Vec<(String, Deliver, Option<Receipt>, Option<Millis>)> = here;
        for (number, deliver, wants, expires) in here {
            self.send(m.now, Transit::ToPhone(number, deliver, wants, expires));
        }
    }

    /// The next message for a SIM, when it may be tried.
    pub(super) fn next_for(&self, now: Millis, number: &str) -> Option<&Parcel> {
        self.waiting.get(number)?.front().filter(|parcel| parcel.not_before <= now)
    }

    /// The SIM has it.
    pub(super) fn delivered(&mut self, m: Moment, number: &str, again: bool) {
        let Some(queue) = self.waiting.get_mut(number) else { return };
        let Some(parcel) = queue.pop_front() else { return };
        if again {
            let (pdu, not_before) = (parcel.pdu, m.now + Millis(1_000));
            queue.push_front(Parcel { pdu, wants: None, not_before, repeated: true });
        }
        self.settle(m, parcel.wants, Status::DELIVERED.0);
    }

    /// The SIM did not acknowledge it.
    pub(super) fn not_delivered(&mut self, now: Millis, number: &str) {
        let again = now + Millis(self.settings.redelivery_ms);
        if let Some(parcel) = self.waiting.get_mut(number).and_then(VecDeque::front_mut) {
            parcel.not_before = again;
        }
    }

    /// How many messages are on their way to a SIM or a handset that is on.
    pub fn under_way(&self) -> usize {
        self.transit.len() + self.waiting.values().map(VecDeque::len).sum::<usize>()
    }

    /// How many messages wait for a SIM.
    pub fn waiting_for(&self, number: &str) -> usize {
        self.waiting.get(number).map_or(0, VecDeque::len)
    }

    pub(super) fn due(&self, now: Millis) -> Option<Millis> {
        let transit = self.transit.first_key_value().map(|((at, _), _)| *at);
        let expiry = self.off.iter().filter_map(|o| o.3).min();
        let retries = self.waiting.values().filter_map(VecDeque::front).map(|p| p.not_before);
        transit.into_iter().chain(expiry).chain(retries.filter(|at| *at > now)).min()
    }
}
