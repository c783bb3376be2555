//! `simgate pdu decode`.

use std::io::{self, BufRead};

use anyhow::{Context, anyhow};

use super::{human, json_line, print, wire};
use crate::cmd::Failure;
use crate::sms::{Address, DecodeError, Ignored, Pdu, Tpdu, Way, from_hex};

/// Arguments of `pdu decode`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// PDUs in hexadecimal; `-` reads one a line from standard input.
    #[arg(required = true, value_name = "HEX")]
    pdus: Vec<String>,
    /// They went from the mobile to the network.
    #[arg(long)]
    mo: bool,
    /// They begin with the TPDU, without a service centre address.
    #[arg(long)]
    no_smsc: bool,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

/// A PDU that could be read.
pub(super) struct Decoded {
    /// `None` when the field is not part of the PDU.
    pub(super) smsc: Option<Option<Address>>,
    pub(super) tpdu: Tpdu,
    pub(super) ignored: Ignored,
}

/// Decodes each PDU and goes on after one that cannot be read.
pub fn run(args: Args) -> Result<(), Failure> {
    let mut tally = Tally::default();
    for pdu in &args.pdus {
        if pdu == "-" {
            for line in io::stdin().lock().lines() {
                let line = line.context("cannot read standard input")?;
                tally.add(show(&line, &args, tally.all > 0)?);
            }
        } else {
            tally.add(show(pdu, &args, tally.all > 0)?);
        }
    }
    match tally.bad {
        0 => Ok(()),
        bad => Err(anyhow!("{bad} of {} PDUs could not be read", tally.all).into()),
    }
}

#[derive(Default)]
struct Tally {
    all: usize,
    bad: usize,
}

impl Tally {
    fn add(&mut self, readable: bool) {
        self.all += 1;
        self.bad += usize::from(!readable);
    }
}

/// Prints one PDU; tells whether it could be read.
fn show(hex: &str, args: &Args, another: bool) -> Result<bool, Failure> {
    let hex = hex.trim();
    let decoded = decode(hex, args);
    if args.json {
        print(&json_line(&wire::Line::of(&decoded))?)?;
    } else {
        let gap = if another { "\n" } else { "" };
        let text = match &decoded {
            Ok(decoded) => human::decoded(decoded),
            Err(error) => human::refused(hex, error),
        };
        print(&format!("{gap}{text}"))?;
    }
    Ok(decoded.is_ok())
}

/// A PDU with a service centre address comes out of a modem, whose storage holds SUBMITs beside
/// DELIVERs; a bare TPDU is as on the air, where type 1 towards the mobile is a SUBMIT-REPORT.
fn decode(hex: &str, args: &Args) -> Result<Decoded, DecodeError> {
    let octets = from_hex(hex)?;
    let way = match (args.mo, args.no_smsc) {
        (true, _) => Way::FromMobile,
        (false, true) => Way::ToMobile,
        (false, false) => Way::Stored,
    };
    if args.no_smsc {
        let (tpdu, ignored) = Tpdu::decode_noting(&octets, way)?;
        Ok(Decoded { smsc: None, tpdu, ignored })
    } else {
        let (Pdu { smsc, tpdu }, ignored) = Pdu::decode_noting(&octets, way)?;
        Ok(Decoded { smsc: Some(smsc), tpdu, ignored })
    }
}
