//! `simgate pdu`: look into SMS PDUs, make them, count what a text costs. No gateway is needed.

mod count;
mod decode;
mod encode;
mod human;
mod wire;

use std::io::{self, Read, Write};

use anyhow::Context;
use clap::Subcommand;

use super::Failure;
use crate::sms::{Alphabet, Language, UnknownLanguage};

/// Arguments of `pdu`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say what PDUs hold.
    Decode(decode::Args),
    /// Make the SMS-SUBMIT segments of a text.
    Encode(encode::Args),
    /// Count the segments of a text.
    Count(count::Args),
}

/// Runs one of the three.
pub fn run(args: Args) -> Result<(), Failure> {
    match args.command {
        Command::Decode(args) => decode::run(args),
        Command::Encode(args) => encode::run(args),
        Command::Count(args) => count::run(args),
    }
}

/// How a text is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum AlphabetChoice {
    /// The one that needs the fewest segments.
    Auto,
    /// GSM 7-bit, or refuse.
    Gsm7,
    /// UCS-2.
    Ucs2,
}

impl From<AlphabetChoice> for Option<Alphabet> {
    fn from(choice: AlphabetChoice) -> Self {
        match choice {
            AlphabetChoice::Auto => None,
            AlphabetChoice::Gsm7 => Some(Alphabet::Gsm7),
            AlphabetChoice::Ucs2 => Some(Alphabet::Ucs2),
        }
    }
}

fn language(text: &str) -> Result<Language, UnknownLanguage> {
    text.parse()
}

/// Everything on standard input, as text.
fn standard_input() -> Result<String, Failure> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
    Ok(text)
}

/// Prints one thing. A reader who went away (`| head`) is no failure.
fn print(text: &str) -> Result<(), Failure> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => Ok(outcome.context("cannot write to standard output")?),
    }
}

/// One JSON object on a line of its own.
fn json_line(value: &impl serde::Serialize) -> Result<String, Failure> {
    let mut line = serde_json::to_string(value).context("cannot write JSON")?;
    line.push('\n');
    Ok(line)
}
