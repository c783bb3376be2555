//! `simgate pdu count`.

use anyhow::Context;
use serde::Serialize;

use super::{AlphabetChoice, json_line, language, print, standard_input};
use crate::cmd::Failure;
use crate::sms::{Alphabet, Count, Language, SegmentOptions, count, normal_text};

/// Arguments of `pdu count`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The text; without it, or with `-`, standard input is read.
    text: Option<String>,
    /// How to write the text.
    #[arg(long, value_enum, default_value = "auto")]
    alphabet: AlphabetChoice,
    /// A language whose GSM 7-bit tables may be used: tr es pt bn gu hi kn ml or pa ta te ur.
    #[arg(long, value_parser = language)]
    lang: Option<Language>,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Line {
    alphabet: &'static str,
    language: Option<&'static str>,
    units: usize,
    segments: usize,
    units_left: usize,
    forcing: Vec<char>,
}

/// Prints what a text costs.
pub fn run(args: Args) -> Result<(), Failure> {
    let text = match args.text.as_deref() {
        None | Some("-") => {
            let mut text = standard_input()?;
            if text.ends_with('\n') {
                text.pop(); // the line end of the terminal is not part of the message
            }
            text
        }
        Some(text) => text.to_owned(),
    };
    let options = SegmentOptions {
        alphabet: args.alphabet.into(),
        languages: args.lang.into_iter().collect(),
        ..SegmentOptions::default()
    };
    let cost = count(&normal_text(&text), &options).context("the text cannot be sent")?;
    print(&if args.json { json_line(&Line::of(cost))? } else { sheet(&cost) })
}

impl Line {
    fn of(cost: Count) -> Self {
        Self {
            alphabet: cost.coding.alphabet().name(),
            language: cost.coding.language().map(Language::code),
            units: cost.units,
            segments: cost.segments,
            units_left: cost.units_left,
            forcing: cost.forcing,
        }
    }
}

fn sheet(cost: &Count) -> String {
    let alphabet = cost.coding.alphabet();
    let tables = cost.coding.language().map(|language| format!(" with the tables of {language}"));
    let unit = if alphabet == Alphabet::Gsm7 { "septets" } else { "UTF-16 units" };
    let mut sheet = format!("alphabet   {alphabet}{}\n", tables.unwrap_or_default());
    sheet.push_str(&format!("units      {} {unit}\n", cost.units));
    let refused = if cost.segments > 255 { " (255 at most can be sent)" } else { "" };
    sheet.push_str(&format!("segments   {}{refused}\n", cost.segments));
    sheet.push_str(&format!("left       {} in the last segment\n", cost.units_left));
    if !cost.forcing.is_empty() {
        let quoted: Vec<String> = cost
            .forcing
            .iter()
            .map(|character| format!("{character} (U+{:04X})", u32::from(*character)))
            .collect();
        sheet.push_str(&format!("because of {}\n", quoted.join(", ")));
    }
    sheet
}
