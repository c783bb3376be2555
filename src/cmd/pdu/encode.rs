//! `simgate pdu encode`.

use anyhow::Context;
use serde::Serialize;

use super::{AlphabetChoice, json_line, language, print};
use crate::cmd::Failure;
use crate::sms::{
    Address, Language, MessageClass, Pdu, SegmentOptions, Submit, Tpdu, ValidityPeriod,
    normal_text, segment,
};
use crate::types::Millis;

/// Arguments of `pdu encode`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The recipient, such as +447700900123.
    #[arg(long, value_name = "NUMBER")]
    to: String,
    /// What to say.
    #[arg(long)]
    text: String,
    /// One JSON object a segment.
    #[arg(long)]
    json: bool,
    /// The service centre; without it the one on the SIM is used.
    #[arg(long, value_name = "NUMBER")]
    smsc: Option<String>,
    /// How to write the text.
    #[arg(long, value_enum, default_value = "auto")]
    alphabet: AlphabetChoice,
    /// A language whose GSM 7-bit tables may be used: tr es pt bn gu hi kn ml or pa ta te ur.
    #[arg(long, value_parser = language)]
    lang: Option<Language>,
    /// 0 is shown at once ("flash"), 1 is for the modem, 2 for the SIM, 3 for the computer.
    #[arg(long, value_parser = clap::value_parser!(u8).range(0..=3))]
    class: Option<u8>,
    /// How long the network may try: 30m, 12h, 2d, 1w.
    #[arg(long, value_parser = duration, value_name = "DURATION")]
    validity: Option<Millis>,
    /// Ask for a status report.
    #[arg(long)]
    report: bool,
    /// The reference the segments share; above 255 it takes 16 bits.
    #[arg(long = "ref", value_name = "NUMBER", default_value_t = 0)]
    reference: u16,
}

#[derive(Serialize)]
struct Line {
    pdu: String,
    tpdu_octets: usize,
    segment: usize,
    of: usize,
}

/// Prints the segments in the order in which they are to be sent.
pub fn run(args: Args) -> Result<(), Failure> {
    let destination = number("--to", &args.to)?;
    let smsc = args.smsc.as_deref().map(|smsc| number("--smsc", smsc)).transpose()?;
    let options = SegmentOptions {
        alphabet: args.alphabet.into(),
        languages: args.lang.into_iter().collect(),
        class: args.class.and_then(MessageClass::from_number),
        reference: args.reference,
        wide: args.reference > u16::from(u8::MAX),
        elements: Vec::new(),
    };
    let cut = segment(&normal_text(&args.text), &options).context("the text cannot be sent")?;
    let of = cut.segments.len();
    for (segment, i) in cut.segments.iter().zip(1..) {
        let submit = Submit {
            report: args.report,
            validity: args.validity.map(ValidityPeriod::at_least),
            ..Submit::new(destination, segment)
        };
        let pdu = Pdu { smsc, tpdu: Tpdu::Submit(submit) };
        let hex = pdu.to_hex().context("the segment cannot be written")?;
        if args.json {
            let tpdu_octets = pdu.tpdu_octets().context("the segment cannot be written")?;
            print(&json_line(&Line { pdu: hex, tpdu_octets, segment: i, of })?)?;
        } else {
            print(&format!("{hex}\n"))?;
        }
    }
    Ok(())
}

fn number(option: &str, text: &str) -> Result<Address, Failure> {
    let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')')).collect();
    let address = Address::number_of(&plain).map_err(|error| error.to_string());
    let address = address.and_then(|address| match address.digit_count() {
        0 => Err("a number has digits".to_owned()),
        1..=20 => Ok(address),
        _ => Err("a number has at most 20 digits".to_owned()),
    });
    address.map_err(|error| Failure::Usage(format!("{option}: {error}")))
}

/// A number and one of `s`, `m`, `h`, `d`, `w`.
fn duration(text: &str) -> Result<Millis, String> {
    let wrong = || "write a number and a unit, such as 30m, 12h, 2d or 1w".to_owned();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return Err(wrong()),
    };
    let number: u32 = text.trim_end_matches(unit).parse().map_err(|_| wrong())?;
    if number == 0 {
        return Err("a validity of nothing would never be sent".to_owned());
    }
    Ok(Millis::from_secs(u64::from(number) * seconds))
}
