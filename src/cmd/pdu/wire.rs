//! What `pdu decode --json` prints, one object a PDU. Names and shapes are a public contract.
//!
//! A field that does not exist in a message type is left out; `null` means absent or unknown.

use std::collections::BTreeMap;

use serde::Serialize;

use super::decode::Decoded;
use crate::sms::{
    Address, Alphabet, Body, Command, ConcatRef, Dcs, DecodeError, Deliver, DeliverReport,
    Parameters, Ports, Scts, StatusReport, Submit, SubmitReport, Tail, Tpdu, Udh, UserData,
    ValidityPeriod, to_hex,
};

/// A line of output.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Line {
    Message(Box<Message>),
    Invalid(Invalid),
}

/// A PDU that could not be read.
#[derive(Serialize)]
pub(super) struct Invalid {
    r#type: &'static str,
    error: &'static str,
    at: Option<&'static str>,
    octet: usize,
}

/// A message of any type; fields it does not have stay `None`.
#[derive(Default, Serialize)]
pub(super) struct Message {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    smsc: Option<Option<WireAddress>>,
    first_octet: String,
    flags: BTreeMap<&'static str, bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mr: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    oa: Option<WireAddress>,
    #[serde(skip_serializing_if = "Option::is_none")]
    da: Option<WireAddress>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ra: Option<WireAddress>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fcs: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pi: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dcs: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alphabet: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<Option<u8>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mwi: Option<Option<Mwi>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vpf: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vp: Option<Option<Vp>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scts: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scts_raw: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dt: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dt_raw: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    st: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ct: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mn: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cd: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    udl: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    udh: Option<Vec<Element>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    udh_malformed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    concat: Option<Concat>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ports: Option<WirePorts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tail_error: Option<String>,
    /// Small faults that were read past; without any the message encodes to the same octets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ignored: Vec<&'static str>,
}

#[derive(Serialize)]
struct WireAddress {
    number: String,
    ton: u8,
    npi: u8,
}

#[derive(Serialize)]
struct Mwi {
    kind: &'static str,
    active: bool,
    store: bool,
}

#[derive(Serialize)]
struct Vp {
    format: &'static str,
    raw: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    minutes: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
}

#[derive(Serialize)]
struct Element {
    iei: String,
    data: String,
}

#[derive(Serialize)]
struct Concat {
    r#ref: u16,
    total: u8,
    seq: u8,
    bits: u8,
}

#[derive(Serialize)]
struct WirePorts {
    dst: u16,
    src: u16,
    bits: u8,
}

impl Line {
    pub(super) fn of(decoded: &Result<Decoded, DecodeError>) -> Self {
        match decoded {
            Ok(decoded) => Self::Message(Box::new(Message::of(decoded))),
            Err(error) => Self::Invalid(Invalid {
                r#type: "invalid",
                error: error.code(),
                at: error.field().map(|field| field.name()),
                octet: error.octet(),
            }),
        }
    }
}

impl Message {
    fn of(decoded: &Decoded) -> Self {
        let mut message = Self {
            smsc: decoded.smsc.as_ref().map(|smsc| smsc.as_ref().map(WireAddress::of)),
            first_octet: format!("{:02X}", decoded.tpdu.first_octet()),
            ignored: decoded.ignored.reasons().collect(),
            ..Self::default()
        };
        let first = decoded.tpdu.first_octet();
        let bits: &[(&str, u8)] = match &decoded.tpdu {
            Tpdu::Deliver(_) => &[("mms", 2), ("lp", 3), ("sri", 5), ("udhi", 6), ("rp", 7)],
            Tpdu::Submit(_) => &[("rd", 2), ("srr", 5), ("udhi", 6), ("rp", 7)],
            Tpdu::StatusReport(_) => &[("mms", 2), ("lp", 3), ("srq", 5), ("udhi", 6)],
            Tpdu::SubmitReport(_) | Tpdu::DeliverReport(_) => &[("udhi", 6)],
            Tpdu::Command(_) => &[("srr", 5), ("udhi", 6)],
        };
        message.flags = bits.iter().map(|(name, bit)| (*name, first >> bit & 1 == 1)).collect();
        match &decoded.tpdu {
            Tpdu::Deliver(deliver) => message.deliver(deliver),
            Tpdu::Submit(submit) => message.submit(submit),
            Tpdu::StatusReport(report) => message.status_report(report),
            Tpdu::SubmitReport(report) => message.submit_report(report),
            Tpdu::DeliverReport(report) => message.deliver_report(report),
            Tpdu::Command(command) => message.command(command),
        }
        message
    }

    fn deliver(&mut self, deliver: &Deliver) {
        self.r#type = "deliver";
        self.oa = Some(WireAddress::of(&deliver.originator));
        self.pid = Some(deliver.pid.0);
        self.scts(deliver.scts);
        self.scheme(deliver.dcs);
        self.user_data(&deliver.user_data, deliver.dcs);
    }

    fn submit(&mut self, submit: &Submit) {
        self.r#type = "submit";
        self.mr = Some(submit.reference);
        self.da = Some(WireAddress::of(&submit.destination));
        self.pid = Some(submit.pid.0);
        self.vpf = Some(submit.first_octet() >> 3 & 0x03);
        self.vp = Some(submit.validity.map(Vp::of));
        self.scheme(submit.dcs);
        self.user_data(&submit.user_data, submit.dcs);
    }

    fn status_report(&mut self, report: &StatusReport) {
        self.r#type = "status-report";
        self.mr = Some(report.reference);
        self.ra = Some(WireAddress::of(&report.recipient));
        self.scts(report.scts);
        let (dt, raw) = stamp(report.discharge);
        (self.dt, self.dt_raw) = (Some(dt), raw);
        self.st = Some(report.status.0);
        self.status = Some(report.status.class().name());
        match &report.tail {
            Tail::Absent => {}
            Tail::Parameters(parameters) => self.parameters(parameters),
            Tail::Unreadable { octets, error } => {
                self.pi = octets.first().copied();
                let field = error.field().map_or("", |field| field.name());
                self.tail_error = Some(format!("{}:{field}", error.code()));
            }
        }
    }

    fn submit_report(&mut self, report: &SubmitReport) {
        self.r#type = "submit-report";
        self.fcs = report.cause.map(|cause| cause.0);
        self.scts(report.scts);
        self.parameters(&report.parameters);
    }

    fn deliver_report(&mut self, report: &DeliverReport) {
        self.r#type = "deliver-report";
        self.fcs = report.cause.map(|cause| cause.0);
        self.parameters(&report.parameters);
    }

    fn command(&mut self, command: &Command) {
        self.r#type = "command";
        self.mr = Some(command.reference);
        self.pid = Some(command.pid.0);
        self.ct = Some(command.kind);
        self.mn = Some(command.message);
        self.da = Some(WireAddress::of(&command.destination));
        self.cd = Some(to_hex(&command.data));
    }

    fn parameters(&mut self, parameters: &Parameters) {
        self.pi = Some(parameters.indicator());
        self.pid = parameters.pid.map(|pid| pid.0);
        self.dcs = parameters.dcs.map(|dcs| dcs.0);
        if let Some(user_data) = &parameters.user_data {
            let dcs = parameters.dcs.unwrap_or_default();
            self.alphabet = Some(dcs.alphabet().name());
            self.user_data(user_data, dcs);
        }
    }

    fn scts(&mut self, scts: Scts) {
        let (time, raw) = stamp(scts);
        (self.scts, self.scts_raw) = (Some(time), raw);
    }

    fn scheme(&mut self, dcs: Dcs) {
        self.dcs = Some(dcs.0);
        self.alphabet = Some(dcs.alphabet().name());
        self.class = Some(dcs.class().map(|class| class.number()));
        self.mwi = Some(dcs.message_waiting().map(|waiting| Mwi {
            kind: waiting.kind.name(),
            active: waiting.active,
            store: waiting.store,
        }));
    }

    fn user_data(&mut self, user_data: &UserData, dcs: Dcs) {
        self.udl = Some(user_data.length());
        if let Some(header) = &user_data.header {
            self.header(header);
        }
        self.text = user_data.text(dcs);
        let readable = self.text.is_some() && dcs.alphabet() != Alphabet::Octets;
        self.data = match &user_data.body {
            Body::Octets(octets) if !readable => Some(to_hex(octets)),
            _ => None,
        };
    }

    fn header(&mut self, header: &Udh) {
        let elements = header.elements().map(|element| Element {
            iei: format!("{:02X}", element.iei),
            data: to_hex(element.data),
        });
        self.udh = Some(elements.collect());
        self.udh_malformed = header.malformed().then_some(true);
        self.concat = header.concat().map(Concat::of);
        self.ports = header.ports().map(WirePorts::of);
    }
}

/// The time, and the octets when they mean none.
fn stamp(scts: Scts) -> (Option<String>, Option<String>) {
    let time = scts.local().map(|local| local.to_string());
    let raw = time.is_none().then(|| to_hex(&scts.0));
    (time, raw)
}

impl WireAddress {
    fn of(address: &Address) -> Self {
        let kind = address.type_of_address();
        Self { number: address.number(), ton: kind.ton(), npi: kind.npi() }
    }
}

impl Vp {
    fn of(validity: ValidityPeriod) -> Self {
        let (format, raw, minutes, time) = match validity {
            ValidityPeriod::Relative(octet) => {
                let minutes = validity.seconds().map(|seconds| seconds / 60);
                ("relative", to_hex(&[octet]), minutes, None)
            }
            ValidityPeriod::Enhanced(octets) => ("enhanced", to_hex(&octets), None, None),
            ValidityPeriod::Absolute(scts) => {
                ("absolute", to_hex(&scts.0), None, scts.local().map(|local| local.to_string()))
            }
        };
        Self { format, raw, minutes, time }
    }
}

impl Concat {
    fn of(concat: ConcatRef) -> Self {
        let bits = if concat.wide { 16 } else { 8 };
        Self { r#ref: concat.reference, total: concat.total, seq: concat.seq, bits }
    }
}

impl WirePorts {
    fn of(ports: Ports) -> Self {
        let bits = if ports.wide { 16 } else { 8 };
        Self { dst: ports.destination, src: ports.source, bits }
    }
}
