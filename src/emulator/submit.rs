//! What the terminal enters after a prompt, and what becomes of it.
//!
//! PDU mode: hexadecimal of service centre address and TPDU. Text mode: characters that +CSMP
//! says how to code. Either ends as octets for the network, the storage or an acknowledgement.

use super::charset;
use super::device::Device;
use super::reply::Refusal;
use super::storage::{Slot, Stat};
use crate::sms::{self, Address, Dcs, Pid, Submit, Tpdu, ValidityPeriod, Way};

/// Data being entered.
#[derive(Debug)]
pub struct Entry {
    pub kind: Kind,
    pub data: Vec<u8>,
}

/// What the data is for.
#[derive(Debug)]
pub enum Kind {
    Send { octets: usize },
    SendText { to: Destination },
    Write { octets: usize, stat: Stat },
    WriteText { to: Option<Destination>, stat: Stat },
    Command { octets: usize },
    Acknowledge { positive: bool, octets: usize },
}

/// TP-DA as the terminal gave it.
#[derive(Clone, Debug)]
pub struct Destination(Address);

/// What a finished entry asks for.
pub enum Completed {
    Lines(Vec<String>),
    Send { smsc: String, tpdu: Vec<u8>, entry: &'static str },
}

impl Entry {
    pub fn new(kind: Kind) -> Self {
        Self { kind, data: Vec::new() }
    }
}

impl Destination {
    pub fn new(number: &str, international: bool) -> Result<Destination, Refusal> {
        let prefix = if international && !number.starts_with('+') { "+" } else { "" };
        let address = Address::number_of(&format!("{prefix}{number}"));
        address.map(Destination).map_err(|_| Refusal::Cms(305))
    }
}

impl Device {
    /// Ctrl-Z was typed.
    pub fn complete(&mut self, entry: Entry) -> Result<Completed, Refusal> {
        let data = entry.data;
        let send = |(smsc, tpdu), entry| Ok(Completed::Send { smsc, tpdu, entry });
        match entry.kind {
            Kind::Send { octets } => {
                let pdu = checked(&data, octets)?;
                send(self.ready_to_send(&pdu)?, "+CMGS")
            }
            Kind::SendText { to } => {
                let pdu = self.submit_of_text(Some(&to), &data)?;
                send(self.ready_to_send(&pdu)?, "+CMGS")
            }
            Kind::Command { octets } => {
                let pdu = checked(&data, octets)?;
                send(self.ready_to_send(&pdu)?, "+CMGC")
            }
            Kind::Write { octets, stat } => self.write(checked(&data, octets)?, stat),
            Kind::WriteText { to, stat } => {
                let pdu = self.submit_of_text(to.as_ref(), &data)?;
                self.write(pdu, stat)
            }
            Kind::Acknowledge { positive, octets } => {
                let report = hex(&data)?;
                if report.len() < octets {
                    return Err(Refusal::Cms(304));
                }
                self.acknowledged(positive);
                Ok(Completed::Lines(Vec::new()))
            }
        }
    }

    fn write(&mut self, pdu: Vec<u8>, stat: Stat) -> Result<Completed, Refusal> {
        let memory = self.settings.memories[1];
        let full = self.faults.full.iter().any(|name| name == memory.name());
        let storage = self.storage(memory).filter(|_| !full).ok_or(Refusal::Cms(322))?;
        let index = storage.put(Slot { stat, pdu }).ok_or(Refusal::Cms(322))?;
        Ok(Completed::Lines(vec![format!("+CMGW: {index}")]))
    }

    /// Service centre and TPDU with its reference, or why the network cannot be asked.
    pub fn ready_to_send(&mut self, pdu: &[u8]) -> Result<(String, Vec<u8>), Refusal> {
        let (given, tpdu) = split_centre(pdu)?;
        let mut tpdu = tpdu.to_vec();
        if !self.registered() {
            return Err(Refusal::Cms(331));
        }
        let keeps = self.keeps_reference;
        let sim = self.sms_card()?;
        let smsc = given.unwrap_or_else(|| sim.smsc.clone());
        if smsc.is_empty() {
            return Err(Refusal::Cms(330));
        }
        sim.reference = sim.reference.wrapping_add(1);
        let reference = sim.reference;
        if let Some(octet) = tpdu.get_mut(1).filter(|_| !keeps) {
            *octet = reference;
        }
        Ok((smsc, tpdu))
    }

    /// A SUBMIT as +CSMP and +CSCS say (27.005 §3.1, `<data>`).
    fn submit_of_text(&self, to: Option<&Destination>, data: &[u8]) -> Result<Vec<u8>, Refusal> {
        let parameters = &self.settings.text_parameters;
        let (first, dcs) = (parameters.first_octet, Dcs(parameters.coding));
        let nobody = Address::number_of("").map_err(|_| Refusal::Cms(305))?;
        let submit = Submit {
            reject_duplicates: first & 0x04 != 0,
            report: first & 0x20 != 0,
            reply_path: first & 0x80 != 0,
            reference: 0,
            destination: to.map_or(nobody, |to| to.0),
            pid: Pid(parameters.protocol),
            dcs,
            // Only a relative validity period fits the number +CSMP takes.
            validity: (first & 0x18 == 0x10)
                .then_some(ValidityPeriod::Relative(parameters.validity)),
            user_data: charset::user_data_in(data, dcs, first & 0x40 != 0, self.settings.charset)?,
        };
        let octets = Tpdu::Submit(submit).encode().map_err(|_| Refusal::Cms(305))?;
        Ok([&[0], &octets[..]].concat())
    }
}

fn hex(data: &[u8]) -> Result<Vec<u8>, Refusal> {
    let text: String = data.iter().map(|&b| char::from(b)).filter(|c| *c > ' ').collect();
    sms::from_hex(&text).map_err(|_| Refusal::Cms(304))
}

/// Hexadecimal that is as long as announced and is a TPDU of the right kind.
fn checked(data: &[u8], octets: usize) -> Result<Vec<u8>, Refusal> {
    let pdu = hex(data)?;
    let (_, tpdu) = split_centre(&pdu)?;
    let readable = tpdu.len() == octets && Tpdu::decode(tpdu, Way::Stored).is_ok()
        || tpdu.len() == octets && Tpdu::decode(tpdu, Way::FromMobile).is_ok();
    readable.then_some(pdu).ok_or(Refusal::Cms(304))
}

/// The service centre, when one is given, and the TPDU (23.040 §9.1.2.5, 24.011 §8.2.5.1).
fn split_centre(pdu: &[u8]) -> Result<(Option<String>, &[u8]), Refusal> {
    let wrong = Refusal::Cms(304);
    let (&length, rest) = pdu.split_first().ok_or(wrong.clone())?;
    let (centre, tpdu) = rest.split_at_checked(usize::from(length)).ok_or(wrong.clone())?;
    match centre {
        [] => Ok((None, tpdu)),
        [kind, digits @ ..] => {
            let plus = if kind & 0x70 == 0x10 { "+" } else { "" };
            let digits: String = digits
                .iter()
                .flat_map(|octet| [octet & 0x0F, octet >> 4])
                .filter_map(|nibble| char::from_digit(nibble.into(), 10))
                .collect();
            Ok((Some(format!("{plus}{digits}")), tpdu))
        }
    }
}

/// A stored SUBMIT for another destination (+CMSS with a number).
pub fn readdressed(pdu: &[u8], to: Option<&Destination>) -> Result<Vec<u8>, Refusal> {
    let Some(to) = to else { return Ok(pdu.to_vec()) };
    let (_, tpdu) = split_centre(pdu)?;
    let Ok(Tpdu::Submit(mut submit)) = Tpdu::decode(tpdu, Way::FromMobile) else {
        return Err(Refusal::Cms(304));
    };
    submit.destination = to.0;
    let octets = Tpdu::Submit(submit).encode().map_err(|_| Refusal::Cms(304))?;
    let centre = &pdu[..pdu.len() - tpdu.len()];
    Ok([centre, &octets].concat())
}
