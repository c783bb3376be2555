//! Unsolicited result codes: what the modem says without being asked, as typed facts.
//!
//! A line (with its PDU line, if it has one) goes in, a [`Urc`] comes out, or nothing when the
//! line is not known to come unasked. Lines that only some modems print are rows of `SPECIAL`.
//! Absent on purpose: what to do about it, which is the driver's decision.

use super::commands::network::{Domain, Registration};
use super::commands::sim::SimState;
use super::commands::ussd::UssdReply;
use super::info::InfoLine;
use super::params::{Params, Value};
use super::result::ENDS_OF_CALL;

/// One unsolicited result code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Urc {
    /// `+CMTI`: a message was stored. Without index the modem could not store or name it: list.
    MessageStored {
        /// The storage, `None` when the modem named none or gave a number.
        storage: Option<String>,
        /// The index.
        index: Option<u16>,
    },
    /// `+CMT`: a message comes directly and is stored nowhere.
    MessageDirect(Direct),
    /// `+CDSI`: a status report was stored.
    ReportStored {
        /// The storage; some modems name the wrong one.
        storage: Option<String>,
        /// The index.
        index: Option<u16>,
    },
    /// `+CDS`: a status report comes directly.
    ReportDirect(Direct),
    /// `+CBM`: a cell broadcast page.
    Broadcast(Direct),
    /// `+CBMI`: a cell broadcast page was stored.
    BroadcastStored,
    /// `+CREG`, `+CGREG`, `+CEREG`, `+C5GREG`.
    Registration(Registration),
    /// `+CUSD`.
    Ussd(UssdReply),
    /// `RING`, `+CRING`.
    Ring,
    /// `+CLIP`, `+CCWA`: who is calling; `None` when hidden.
    Caller(Option<String>),
    /// `NO CARRIER`, `BUSY` and the like while no command calls.
    CallEnded,
    /// `+CPIN`: the SIM's state changed.
    Sim(SimState),
    /// A vendor's word that the SIM came, went or changed: read its state.
    SimChanged,
    /// A vendor's signal strength, in the units of `+CSQ`.
    Signal(u8),
    /// A vendor's word that the service changed: read the registration.
    ServiceChanged,
    /// The modem has (re)started and forgotten its settings.
    Start,
    /// The SMS part is ready now.
    SmsReady,
    /// A storage is full: nothing arrives until something is deleted.
    StorageFull(Option<String>),
    /// The modem switches itself off.
    PowerDown,
    /// Supply, temperature or power mode need a person; the line itself says more.
    Alarm(Alarm, String),
    /// Satellite sentences: this port is not the AT port.
    WrongPort,
    /// Known, and of no use to us.
    Ignored(String),
    /// Looks unsolicited, but nobody knows it.
    Unknown(String),
}

/// A PDU that comes with an unsolicited result code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Direct {
    /// The octets of the TPDU the header announces; it must agree with the PDU.
    pub length: Option<u16>,
    /// Hexadecimal digits, with the SMSC field.
    pub pdu: String,
}

/// What an alarm is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// Voltage too low or too high.
    Supply,
    /// Too hot or too cold.
    Temperature,
    /// Charging only, radio off.
    Mode,
}

impl Urc {
    /// The unsolicited result code that `line` is, if it is a known one or looks like one.
    pub fn parse(line: &InfoLine) -> Option<Self> {
        let text = line.text.trim();
        standard(text, line.pdu.as_deref()).or_else(|| special(text)).or_else(|| vendor(text))
    }

    /// True when a line that begins so is unsolicited whatever command is in flight.
    pub fn is_known(text: &str) -> bool {
        matches!(Self::parse(&InfoLine::new(text)), Some(urc) if !matches!(urc, Urc::Unknown(_)))
    }

    /// True when a PDU line must follow: `+CMT`, `+CDS`, `+CBM` (27.005 §3.4.1).
    pub fn has_pdu(text: &str) -> bool {
        ["+CMT:", "+CDS:", "+CBM:"].iter().any(|prefix| text.starts_with(prefix))
    }
}

fn standard(text: &str, pdu: Option<&str>) -> Option<Urc> {
    if text == "RING" || ENDS_OF_CALL.contains(&text) {
        return Some(if text == "RING" { Urc::Ring } else { Urc::CallEnded });
    }
    let (prefix, rest) = text.split_at_checked(text.find(':')? + 1)?;
    let direct = || {
        let length = Params::rough(rest).last().and_then(|(_, value)| value.number());
        let length = length.and_then(|length| u16::try_from(length).ok());
        pdu.map(|pdu| Direct { length, pdu: pdu.to_owned() })
    };
    Some(match prefix {
        "+CMTI:" => {
            let (storage, index) = stored(rest);
            Urc::MessageStored { storage, index }
        }
        "+CDSI:" => {
            let (storage, index) = stored(rest);
            Urc::ReportStored { storage, index }
        }
        "+CBMI:" => Urc::BroadcastStored,
        "+CMT:" => direct().map_or_else(|| Urc::Unknown(text.into()), Urc::MessageDirect),
        "+CDS:" => direct().map_or_else(|| Urc::Unknown(text.into()), Urc::ReportDirect),
        "+CBM:" => direct().map_or_else(|| Urc::Unknown(text.into()), Urc::Broadcast),
        "+CUSD:" => Urc::Ussd(UssdReply::parse(rest)?),
        "+CRING:" => Urc::Ring,
        "+CLIP:" | "+CCWA:" => Urc::Caller(Params::parse(rest).maybe_text()),
        "+CPIN:" => Urc::Sim(SimState::parse(rest)),
        _ => Urc::Registration(Registration::parse(Domain::of_prefix(prefix)?, rest, false)?),
    })
}

/// The last field is the index, a text before it the storage: `"SM",3`, `0,3`, `,-1`.
fn stored(rest: &str) -> (Option<String>, Option<u16>) {
    let params = Params::rough(rest);
    let storage = match params.values() {
        [Value::Bare(storage), _, ..] => Some(storage.clone()),
        _ => None,
    };
    let index = params.last().and_then(|(_, value)| value.number());
    // 255 and -1 stand for "nowhere".
    (storage, index.and_then(|index| u16::try_from(index).ok()).filter(|index| *index != 255))
}

/// What a row of `SPECIAL` makes of its line.
#[derive(Clone, Copy)]
enum Means {
    Start,
    SmsReady,
    SimChanged,
    ServiceChanged,
    Signal,
    Full,
    PowerDown,
    Alarm(Alarm),
    WrongPort,
    Ignored,
}

fn special(text: &str) -> Option<Urc> {
    let (prefix, means) = SPECIAL.iter().find(|(prefix, _)| {
        if prefix.ends_with([':', '-', ' ']) || prefix.starts_with('$') {
            text.starts_with(prefix)
        } else {
            text == *prefix
        }
    })?;
    let rest = text.strip_prefix(prefix).unwrap_or("").trim();
    Some(match means {
        Means::Start => Urc::Start,
        Means::SmsReady => Urc::SmsReady,
        Means::SimChanged => Urc::SimChanged,
        Means::ServiceChanged => Urc::ServiceChanged,
        Means::Signal => rest.parse().map_or_else(|_| Urc::Ignored(text.into()), Urc::Signal),
        Means::Full => Urc::StorageFull(
            Params::rough(rest).values().last().map(Value::text).filter(|s| s.len() == 2),
        ),
        Means::PowerDown => Urc::PowerDown,
        Means::Alarm(alarm) => Urc::Alarm(*alarm, text.to_owned()),
        Means::WrongPort => Urc::WrongPort,
        Means::Ignored => Urc::Ignored(text.to_owned()),
    })
}

/// Lines in a vendor's name space are unsolicited when nobody asked for them (`^…`, `*…`, `#…`).
fn vendor(text: &str) -> Option<Urc> {
    let ours = text.starts_with(['^', '*', '$', '#', '_', '!']) || text.starts_with("+Z");
    ours.then(|| Urc::Unknown(text.to_owned()))
}

/// Lines beyond the standards. One that ends in `:`, `-` or a blank is a prefix; the others are
/// whole lines. Spelling as printed by the modem.
const SPECIAL: &[(&str, Means)] = &[
    // (Re)start.
    ("RDY", Means::Start),
    ("APP RDY", Means::Start),
    ("+CFUN: 1", Means::Start),
    ("START", Means::Start),
    ("SYSSTART", Means::Start),
    ("READY", Means::Start),
    ("Ready", Means::Start),
    ("+READY", Means::Start),
    ("AT command interpreter ready", Means::Start),
    ("Modem power-on", Means::Start),
    ("^SYSSTART", Means::Start),
    ("^SYSSTART AIRPLANE MODE", Means::Start),
    ("EIND: 128", Means::Start),
    ("+EIND: 1", Means::Start),
    ("ECFUN: 1", Means::Start),
    ("*ATREADY: 1", Means::Start),
    ("*EMRDY: 1", Means::Start),
    ("+WIND: 3", Means::Start),
    // The SMS part.
    ("SMS Ready", Means::SmsReady),
    ("SMS DONE", Means::SmsReady),
    ("+QIND: SMS DONE", Means::SmsReady),
    ("+WIND: 4", Means::SmsReady),
    ("+WIND: 16", Means::SmsReady),
    ("#QSS: 3", Means::SmsReady),
    // The SIM.
    ("+WIND: 0", Means::SimChanged),
    ("+WIND: 1", Means::SimChanged),
    ("^SIMST:", Means::SimChanged),
    ("^SSIM READY", Means::SimChanged),
    ("^SCKS:", Means::SimChanged),
    ("+QUSIM:", Means::SimChanged),
    ("+QSIMSTAT:", Means::SimChanged),
    ("+UUSIMSTAT:", Means::SimChanged),
    ("+XSIM:", Means::SimChanged),
    ("+ZUSLOT:", Means::SimChanged),
    ("#QSS:", Means::SimChanged),
    ("EUSIM:", Means::SimChanged),
    // Signal and service.
    ("^RSSI:", Means::Signal),
    ("^SRVST:", Means::ServiceChanged),
    ("+WIND: 7", Means::ServiceChanged),
    ("+WIND: 8", Means::ServiceChanged),
    // Storage.
    ("^SMMEMFULL:", Means::Full),
    ("+ZSMMEMFULL:", Means::Full),
    ("+QIND: \"smsfull\",\"SM\"", Means::Full),
    ("+QIND: \"smsfull\",\"ME\"", Means::Full),
    ("+CIEV: \"MESSAGE\",1", Means::Full),
    ("+SMS FULL", Means::Full),
    // Power. `WARNNING` is how it is printed, so only the beginning is compared.
    ("UNDER-VOLTAGE ", Means::Alarm(Alarm::Supply)),
    ("UNDER_VOLTAGE ", Means::Alarm(Alarm::Supply)),
    ("OVER-VOLTAGE ", Means::Alarm(Alarm::Supply)),
    ("^SBC:", Means::Alarm(Alarm::Supply)),
    ("+CMTE:", Means::Alarm(Alarm::Temperature)),
    ("CHARGE-ONLY MODE", Means::Alarm(Alarm::Mode)),
    ("NORMAL POWER DOWN", Means::PowerDown),
    ("POWER DOWN", Means::PowerDown),
    ("POWERED DOWN", Means::PowerDown),
    ("^SHUTDOWN", Means::PowerDown),
    // Not an AT port at all.
    ("$GP", Means::WrongPort),
    ("$GN", Means::WrongPort),
    ("$GL", Means::WrongPort),
    // Of no use to us.
    ("Call Ready", Means::Ignored),
    ("PB DONE", Means::Ignored),
    ("+QIND:", Means::Ignored),
    ("+WIND:", Means::Ignored),
    ("^BOOT:", Means::Ignored),
    ("^HCSQ:", Means::Ignored),
    ("^MODE:", Means::Ignored),
    ("^STIN:", Means::Ignored),
    ("^CCIN:", Means::Ignored),
    ("^ORIG:", Means::Ignored),
    ("^CONF:", Means::Ignored),
    ("^CONN:", Means::Ignored),
    ("^CEND:", Means::Ignored),
    ("^DSFLOWRPT:", Means::Ignored),
    ("^NWTIME:", Means::Ignored),
    ("^EONS:", Means::Ignored),
    ("^THERM:", Means::Ignored),
    ("^CSNR:", Means::Ignored),
    ("^LWURC:", Means::Ignored),
    ("^EXIT", Means::Ignored),
    ("+STIN:", Means::Ignored),
    ("*PSUTTZ:", Means::Ignored),
    ("*PSNWID:", Means::Ignored),
    ("DST:", Means::Ignored),
    ("MISSED_CALL:", Means::Ignored),
    ("VOICE CALL:", Means::Ignored),
    ("+CPSI:", Means::Ignored),
    ("+ZUSIMR:", Means::Ignored),
    ("+ZPASR:", Means::Ignored),
    ("+ZDONR:", Means::Ignored),
    ("+ZEND", Means::Ignored),
    ("+ZPSTM", Means::Ignored),
    ("+ZURDY:", Means::Ignored),
    ("#BND:", Means::Ignored),
    ("#PSNT:", Means::Ignored),
    ("#STN:", Means::Ignored),
    ("#NITZ:", Means::Ignored),
    ("+UUSTS:", Means::Ignored),
    ("+UUPSDD:", Means::Ignored),
    ("+UUCREG:", Means::Ignored),
    ("+UMWI:", Means::Ignored),
    ("+WDSI:", Means::Ignored),
    ("*ECAV:", Means::Ignored),
    ("*E2SMSRI", Means::Ignored),
    ("*SMSR:", Means::Ignored),
    ("_OSIGQ:", Means::Ignored),
    ("_OSSYSI:", Means::Ignored),
    ("_OPON:", Means::Ignored),
    // Standard, and of no use to us (27.007 §7, §8).
    ("+CIEV:", Means::Ignored),
    ("+CTZV:", Means::Ignored),
    ("+CTZE:", Means::Ignored),
    ("+CTZDST:", Means::Ignored),
    ("+CSSI:", Means::Ignored),
    ("+CSSU:", Means::Ignored),
    ("+COLP:", Means::Ignored),
    ("+CGEV:", Means::Ignored),
    ("+CCCM:", Means::Ignored),
    ("+CNEMIU:", Means::Ignored),
];
