//! Messages as text mode shows them (27.005 §3.4.2, §3.4.3, §4.1 to §4.6).

use super::charset;
use super::settings::Settings;
use super::storage::{Slot, Stat};
use crate::sms::cbs::CbsPage;
use crate::sms::{
    self, Address, Deliver, Pdu, Scts, StatusReport, Submit, Tpdu, ValidityPeriod, Way,
};
use crate::types::UnixTime;

/// What a stored octet string is, and the service centre it came through.
struct Opened {
    tpdu: Option<Tpdu>,
    smsc: Option<Address>,
}

fn open(slot: &Slot) -> Opened {
    let way = if slot.stat.received() { Way::ToMobile } else { Way::FromMobile };
    match Pdu::from_octets(&slot.pdu, way) {
        Ok(pdu) => Opened { tpdu: Some(pdu.tpdu), smsc: pdu.smsc },
        Err(_) => Opened { tpdu: None, smsc: None },
    }
}

/// The lines of one message in +CMGL.
pub fn listed(slot: &Slot, index: u16, s: &Settings) -> Vec<String> {
    let stat = slot.stat.word();
    match open(slot).tpdu {
        Some(Tpdu::Deliver(d)) => {
            let mut head = format!(
                "+CMGL: {index},\"{stat}\",{},,{}",
                address(&d.originator, s),
                time(d.scts)
            );
            if s.show_header {
                head += &format!(
                    ",{},{}",
                    d.originator.type_of_address().octet(),
                    d.user_data.length()
                );
            }
            vec![head, charset::user_data_out(&d.user_data, d.dcs, s.charset)]
        }
        Some(Tpdu::Submit(m)) => {
            let mut head = format!("+CMGL: {index},\"{stat}\",{},,", address(&m.destination, s));
            if s.show_header {
                head += &format!(
                    ",{},{}",
                    m.destination.type_of_address().octet(),
                    m.user_data.length()
                );
            }
            vec![head, charset::user_data_out(&m.user_data, m.dcs, s.charset)]
        }
        Some(Tpdu::StatusReport(r)) => {
            vec![format!("+CMGL: {index},\"{stat}\",{}", report(&r, s))]
        }
        _ => vec![format!("+CMGL: {index},\"{stat}\",\"\",,"), String::new()],
    }
}

/// The lines of +CMGR.
pub fn read(slot: &Slot, s: &Settings) -> Vec<String> {
    let opened = open(slot);
    let stat = slot.stat.word();
    match &opened.tpdu {
        Some(Tpdu::Deliver(d)) => {
            let (from, at) = (address(&d.originator, s), time(d.scts));
            let mut head = format!("+CMGR: \"{stat}\",{from},,{at}");
            if s.show_header {
                head += &deliver_details(d, opened.smsc.as_ref(), s);
            }
            vec![head, charset::user_data_out(&d.user_data, d.dcs, s.charset)]
        }
        Some(Tpdu::Submit(m)) => {
            let mut head = format!("+CMGR: \"{stat}\",{},", address(&m.destination, s));
            if s.show_header {
                head += &submit_details(m, opened.smsc.as_ref(), s);
            }
            vec![head, charset::user_data_out(&m.user_data, m.dcs, s.charset)]
        }
        Some(Tpdu::StatusReport(r)) => vec![format!("+CMGR: \"{stat}\",{}", report(r, s))],
        _ => vec![format!("+CMGR: \"{stat}\",\"\",,"), String::new()],
    }
}

/// `+CMT` with its text, or `+CDS`, as it is routed to the terminal.
pub fn routed(pdu: &[u8], s: &Settings) -> Option<String> {
    let slot = Slot { stat: Stat::Unread, pdu: pdu.to_vec() };
    let opened = open(&slot);
    match opened.tpdu? {
        Tpdu::Deliver(d) => {
            let mut head = format!("+CMT: {},,{}", address(&d.originator, s), time(d.scts));
            if s.show_header {
                head += &deliver_details(&d, opened.smsc.as_ref(), s);
            }
            Some(format!("{head}\r\n{}", charset::user_data_out(&d.user_data, d.dcs, s.charset)))
        }
        Tpdu::StatusReport(r) => Some(format!("+CDS: {}", report(&r, s))),
        _ => None,
    }
}

/// A stored broadcast page, behind `+CMGL: index,` or `+CMGR: ` (27.005 §3.4.2, §3.4.3).
pub fn page(head: &str, slot: &Slot, s: &Settings) -> Vec<String> {
    let Ok(page) = CbsPage::decode(&slot.pdu) else { return Vec::new() };
    let (stat, details) = (slot.stat.word(), page_details(&page));
    vec![format!("{head}\"{stat}\",{details}"), page_text(&page, s)]
}

/// `+CBM` as it is routed to the terminal.
pub fn routed_page(octets: &[u8], s: &Settings) -> Option<String> {
    let page = CbsPage::decode(octets).ok()?;
    Some(format!("+CBM: {}\r\n{}", page_details(&page), page_text(&page, s)))
}

/// `<sn>,<mid>,<dcs>,<page>,<pages>`
fn page_details(p: &CbsPage) -> String {
    format!("{},{},{},{},{}", p.serial, p.channel, p.dcs.0, p.page, p.pages)
}

fn page_text(page: &CbsPage, s: &Settings) -> String {
    let text = page.text().map(|text| charset::text_out(&text, s.charset));
    text.unwrap_or_else(|| sms::to_hex(&page.content))
}

/// `<fo>,<mr>,<ra>,<tora>,<scts>,<dt>,<st>`
fn report(r: &StatusReport, s: &Settings) -> String {
    let (first, reference) = (r.first_octet(), r.reference);
    let (to, kind) = (address(&r.recipient, s), r.recipient.type_of_address().octet());
    format!("{first},{reference},{to},{kind},{},{},{}", time(r.scts), time(r.discharge), r.status.0)
}

/// `,<tooa>,<fo>,<pid>,<dcs>,<sca>,<tosca>,<length>`
fn deliver_details(d: &Deliver, smsc: Option<&Address>, s: &Settings) -> String {
    let (kind, first) = (d.originator.type_of_address().octet(), d.first_octet());
    let length = d.user_data.length();
    format!(",{kind},{first},{},{},{},{length}", d.pid.0, d.dcs.0, centre(smsc, s))
}

/// `,<toda>,<fo>,<pid>,<dcs>,[<vp>],<sca>,<tosca>,<length>`
fn submit_details(m: &Submit, smsc: Option<&Address>, s: &Settings) -> String {
    let (kind, first) = (m.destination.type_of_address().octet(), m.first_octet());
    let validity = match m.validity {
        Some(ValidityPeriod::Relative(octet)) => octet.to_string(),
        _ => String::new(),
    };
    let (pid, dcs, length) = (m.pid.0, m.dcs.0, m.user_data.length());
    format!(",{kind},{first},{pid},{dcs},{validity},{},{length}", centre(smsc, s))
}

fn centre(smsc: Option<&Address>, s: &Settings) -> String {
    match smsc {
        Some(smsc) => format!("{},{}", address(smsc, s), smsc.type_of_address().octet()),
        None => "\"\",129".to_owned(),
    }
}

fn address(address: &Address, s: &Settings) -> String {
    let text = address.number();
    let alphanumeric = address.is_alphanumeric();
    let out = if alphanumeric { charset::text_out } else { charset::number_out };
    format!("\"{}\"", out(&text, s.charset))
}

/// A time stamp in the terminal's form; corrupt ones keep their digits.
fn time(scts: Scts) -> String {
    let pair = |octet: u8| format!("{:X}{:X}", octet & 0x0F, octet >> 4);
    let [yy, mo, dd, hh, mi, ss, zone] = scts.0;
    let sign = if zone & 0x08 == 0 { '+' } else { '-' };
    let [date, clock] = [[yy, mo, dd], [hh, mi, ss]].map(|three| three.map(pair));
    format!("\"{},{}{sign}{}\"", date.join("/"), clock.join(":"), pair(zone & !0x08))
}

/// `yy/MM/dd,hh:mm:ss±zz` (27.007 §8.15).
pub fn local_time(time: UnixTime, zone: i8) -> String {
    let stamp = Scts::at(time, i16::from(zone) * 15).unwrap_or_default();
    self::time(stamp).trim_matches('"').to_owned()
}
