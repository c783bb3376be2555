//! Everything a terminal sets and a reset forgets.

use super::profile::Profile;
use super::reply::Style;
use super::storage::Memory;

/// One modem's volatile settings; `Settings::factory` is their state after power-on and `AT&F`.
#[derive(Clone, Debug)]
pub struct Settings {
    pub style: Style,
    pub echo: bool,
    /// S registers other than S3 and S4.
    pub registers: [u8; 256],
    /// +CMGF=1
    pub text_mode: bool,
    /// +CSMS: 1 wants every direct delivery acknowledged.
    pub service: u8,
    pub cnmi: Cnmi,
    /// +CPMS: read and delete, write and send, receive.
    pub memories: [Memory; 3],
    /// +CMMS
    pub more: u8,
    /// +CSDH=1
    pub show_header: bool,
    /// +CSMP: first octet, validity, protocol, data coding.
    pub text_parameters: TextParameters,
    /// +CSCS
    pub charset: Charset,
    /// n of +CREG, +CGREG, +CEREG.
    pub registration_reports: [u8; 3],
    pub clip: bool,
    /// +CRC=1
    pub cellular_result: bool,
    /// +CUSD=1
    pub ussd: bool,
    pub time_zone_update: u8,
    pub time_zone_report: u8,
    /// +COPS=3,x
    pub operator_format: u8,
    /// +CPBS
    pub phonebook: String,
    /// +CSCB: mode and the two lists as written.
    pub broadcast: (u8, String, String),
    /// Values of set-and-forget commands, by name: what was set is what is read.
    pub others: std::collections::BTreeMap<String, String>,
}

/// +CNMI=mode,mt,bm,ds,bfr
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cnmi {
    pub mode: u8,
    pub mt: u8,
    pub bm: u8,
    pub ds: u8,
    pub bfr: u8,
}

/// +CSMP
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextParameters {
    pub first_octet: u8,
    pub validity: u8,
    pub protocol: u8,
    pub coding: u8,
}

/// +CSCS
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    Gsm,
    Ira,
    Ucs2,
    Hex,
    Latin1,
}

impl Charset {
    pub const ALL: [Charset; 5] =
        [Charset::Gsm, Charset::Ira, Charset::Ucs2, Charset::Hex, Charset::Latin1];

    pub fn name(self) -> &'static str {
        match self {
            Charset::Gsm => "GSM",
            Charset::Ira => "IRA",
            Charset::Ucs2 => "UCS2",
            Charset::Hex => "HEX",
            Charset::Latin1 => "8859-1",
        }
    }
}

impl Settings {
    pub fn factory(profile: &Profile) -> Self {
        let mut registers = [0; 256];
        (registers[5], registers[6], registers[7], registers[8]) = (8, 2, 50, 2);
        let style = Style { errors: profile.errors_at_start, ..Style::default() };
        Self {
            style,
            echo: true,
            registers,
            text_mode: false,
            service: 0,
            cnmi: Cnmi::default(),
            memories: profile.memories_at_start,
            more: 0,
            show_header: false,
            text_parameters: TextParameters {
                first_octet: 17,
                validity: 167,
                protocol: 0,
                coding: 0,
            },
            charset: profile.charset_at_start,
            registration_reports: [0; 3],
            clip: false,
            cellular_result: false,
            ussd: false,
            time_zone_update: 0,
            time_zone_report: 0,
            operator_format: 0,
            phonebook: "SM".into(),
            broadcast: (0, String::new(), String::new()),
            others: Default::default(),
        }
    }
}
