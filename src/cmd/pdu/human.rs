//! What `pdu decode` prints for people: one fact a line, labels aligned.

use super::decode::Decoded;
use crate::cmd::terminal::one_line;
use crate::sms::mms::MmsNotification;
use crate::sms::{
    Body, Dcs, DecodeError, MessageWaiting, Parameters, Purpose, Scts, Tail, Tpdu, Udh, UserData,
    ValidityPeriod, email_hint, to_hex,
};

/// WAP push, connectionless.
const WAP_PUSH: u16 = 2948;

/// A PDU that could be read.
pub(super) fn decoded(decoded: &Decoded) -> String {
    let mut sheet = Sheet::default();
    match &decoded.tpdu {
        Tpdu::Deliver(deliver) => {
            sheet.title("SMS-DELIVER, received");
            sheet.line("from", deliver.originator.number());
            sheet.time("sent", deliver.scts);
            sheet.purpose(deliver.pid.purpose());
            deliver.message_waiting().iter().for_each(|waiting| sheet.waiting(waiting));
            sheet.user_data(&deliver.user_data, deliver.dcs);
            if deliver.pid.purpose() == Purpose::Email
                && let Some(hint) = deliver.text().as_deref().and_then(email_hint)
            {
                sheet.line("written by", hint.address);
            }
        }
        Tpdu::Submit(submit) => {
            sheet.title("SMS-SUBMIT, to be sent");
            sheet.line("to", submit.destination.number());
            sheet.line("valid for", submit.validity.map_or("as the network likes".into(), period));
            sheet.line("report", if submit.report { "wanted" } else { "not wanted" });
            sheet.purpose(submit.pid.purpose());
            sheet.user_data(&submit.user_data, submit.dcs);
        }
        Tpdu::StatusReport(report) => {
            sheet.title("SMS-STATUS-REPORT, what became of a message");
            sheet.line("to", report.recipient.number());
            sheet.line("reference", report.reference.to_string());
            sheet.line("status", format!("{:02X}, {}", report.status.0, report.status.meaning()));
            sheet.time("taken", report.scts);
            sheet.time("settled", report.discharge);
            match &report.tail {
                Tail::Absent => {}
                Tail::Parameters(parameters) => sheet.parameters(parameters),
                Tail::Unreadable { octets, .. } => {
                    sheet.line("then", format!("{} octets without meaning", octets.len()));
                }
            }
        }
        Tpdu::SubmitReport(report) => {
            sheet.title("SMS-SUBMIT-REPORT, the network's answer");
            sheet.line("result", report.cause.map_or("accepted", |cause| cause.meaning()));
            sheet.time("taken", report.scts);
            sheet.parameters(&report.parameters);
        }
        Tpdu::DeliverReport(report) => {
            sheet.title("SMS-DELIVER-REPORT, the mobile's answer");
            sheet.line("result", report.cause.map_or("accepted", |cause| cause.meaning()));
            sheet.parameters(&report.parameters);
        }
        Tpdu::Command(command) => {
            sheet.title("SMS-COMMAND, about a message sent earlier");
            sheet.line("to", command.destination.number());
            sheet.line("command", format!("{:02X}", command.kind));
            sheet.line("about", format!("reference {}", command.message));
            if let Some(header) = command.header() {
                sheet.header(&header);
            }
            sheet.line("data", to_hex(command.content()));
        }
    }
    if let Some(Some(smsc)) = decoded.smsc {
        sheet.line("through", smsc.number());
    }
    if !decoded.ignored.is_empty() {
        sheet.line("ignored", decoded.ignored.to_string());
    }
    sheet.0
}

/// A PDU that could not.
pub(super) fn refused(hex: &str, error: &DecodeError) -> String {
    let mut sheet = Sheet::default();
    sheet.title("not readable");
    sheet.line("because", error.to_string());
    let before: String = hex.chars().take(2 * error.octet()).collect();
    let after: String = hex.chars().skip(2 * error.octet()).collect();
    sheet.line("here", format!("{before} >>> {after}"));
    sheet.0
}

#[derive(Default)]
struct Sheet(String);

impl Sheet {
    fn title(&mut self, title: &str) {
        self.0.push_str(title);
        self.0.push('\n');
    }

    fn line(&mut self, label: &str, fact: impl AsRef<str>) {
        self.0.push_str(&format!("  {label:<10} {}\n", one_line(fact.as_ref())));
    }

    fn time(&mut self, label: &str, scts: Scts) {
        match scts.local() {
            Some(local) => self.line(label, local.to_string()),
            None => self.line(label, format!("no sound time stamp ({})", to_hex(&scts.0))),
        }
    }

    fn purpose(&mut self, purpose: Purpose) {
        match purpose {
            Purpose::Ordinary => {}
            Purpose::Telematic => self.line("kind", "telex, fax or the like"),
            Purpose::Email => self.line("kind", "e-mail"),
            Purpose::Silent => self.line("kind", "silent: acknowledged, never shown"),
            Purpose::Replace(n) => self.line("kind", format!("replaces the last of kind {n}")),
            Purpose::ReturnCall => self.line("kind", "asks to be called back"),
            Purpose::DeviceTriggering => self.line("kind", "trigger for a device"),
            Purpose::Download => self.line("kind", "for the modem or the SIM, not for people"),
        }
    }

    fn waiting(&mut self, waiting: &MessageWaiting) {
        let what = if waiting.active { "waiting" } else { "cleared" };
        let count = waiting.count.filter(|count| *count > 0);
        let count = count.map_or(String::new(), |count| format!(", {count}"));
        self.line("indicates", format!("{} {what}{count}", waiting.kind.name()));
    }

    fn parameters(&mut self, parameters: &Parameters) {
        if let Some(user_data) = &parameters.user_data {
            self.user_data(user_data, parameters.dcs.unwrap_or_default());
        }
    }

    fn user_data(&mut self, user_data: &UserData, dcs: Dcs) {
        let mut alphabet = dcs.alphabet().to_string();
        let language = user_data.header.as_ref().and_then(|h| h.locking().or(h.single()));
        if let Some(language) = language {
            alphabet.push_str(&format!(" with the tables of {language}"));
        }
        if dcs.compressed() {
            alphabet.push_str(", compressed");
        }
        self.line("alphabet", alphabet);
        if let Some(class) = dcs.class() {
            let flash = if class.number() == 0 { ", shown at once" } else { "" };
            self.line("class", format!("{}{flash}", class.number()));
        }
        if let Some(header) = &user_data.header {
            self.header(header);
        }
        match (user_data.text(dcs), &user_data.body) {
            (Some(text), _) => self.line("text", text),
            (None, Body::Octets(octets)) => self.octets(octets, user_data.header.as_ref()),
            (None, Body::Septets(_)) => {}
        }
    }

    fn header(&mut self, header: &Udh) {
        if let Some(place) = header.concat() {
            let (seq, total, reference) = (place.seq, place.total, place.reference);
            self.line("segment", format!("{seq} of {total}, reference {reference}"));
        }
        if let Some(ports) = header.ports() {
            self.line("ports", format!("to {}, from {}", ports.destination, ports.source));
        }
        if let Some(address) = header.reply_address() {
            self.line("answer to", address.number());
        }
        if header.malformed() {
            self.line("header", "damaged; the text is not");
        }
    }

    fn octets(&mut self, octets: &[u8], header: Option<&Udh>) {
        self.line("data", to_hex(octets));
        let push = header.and_then(Udh::ports).is_some_and(|ports| ports.destination == WAP_PUSH);
        let Some(notification) = push.then(|| MmsNotification::decode(octets).ok()).flatten()
        else {
            return;
        };
        self.line("mms", "a picture message waits at the operator");
        if let Some(from) = notification.sender() {
            self.line("mms from", from);
        }
        if let Some(subject) = notification.subject.filter(|subject| !subject.is_empty()) {
            self.line("subject", subject);
        }
        if let Some(size) = notification.size {
            self.line("size", format!("{size} octets"));
        }
    }
}

fn period(validity: ValidityPeriod) -> String {
    match (validity, validity.seconds()) {
        (ValidityPeriod::Absolute(until), _) => {
            until.local().map_or("until no sound time".into(), |local| format!("until {local}"))
        }
        (_, None) => "no period".into(),
        (_, Some(seconds)) => match seconds {
            _ if seconds % 86_400 == 0 => plural(seconds / 86_400, "day"),
            _ if seconds % 3_600 == 0 => plural(seconds / 3_600, "hour"),
            _ if seconds % 60 == 0 => plural(seconds / 60, "minute"),
            _ => plural(seconds, "second"),
        },
    }
}

fn plural(number: u32, unit: &str) -> String {
    if number == 1 { format!("1 {unit}") } else { format!("{number} {unit}s") }
}
