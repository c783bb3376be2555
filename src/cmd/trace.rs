//! `simgate trace`: the flight recorder of a modem, as a dialogue file.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use serde_json::Value;

use super::client::Client;
use super::{Common, Failure, block_on};

/// Arguments of `trace`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The modem, by number, IMEI or port; not needed when there is only one.
    modem: Option<String>,
    /// Go on printing as it happens.
    #[arg(long)]
    follow: bool,
    /// Write to a file that the tests and `emulate` can replay.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Show numbers and texts too. Think before you share it.
    #[arg(long)]
    numbers: bool,
    /// One JSON object with the lines.
    #[arg(long, conflicts_with = "follow")]
    json: bool,
}

/// How often to ask for more.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_millis(300);

/// Prints the last lines, and with `--follow` the next ones.
pub fn run(common: &Common, args: Args) -> Result<(), Failure> {
    let client = Client::new(&common.data_dir()?);
    let mut out: Box<dyn Write> = match &args.out {
        Some(path) => Box::new(
            std::fs::File::create(path)
                .with_context(|| format!("cannot write {}", path.display()))?,
        ),
        None => Box::new(std::io::stdout()),
    };
    block_on(async {
        let mut from = 0;
        loop {
            let answer = client.get(&path(&args, from)).await?;
            from = answer["next"].as_u64().unwrap_or(from);
            if args.json {
                writeln!(out, "{answer}").context("writing the trace")?;
                return Ok(());
            }
            let lines = answer["lines"].as_array().into_iter().flatten().filter_map(Value::as_str);
            for line in lines {
                writeln!(out, "{line}").context("writing the trace")?;
            }
            if !args.follow {
                return Ok(());
            }
            out.flush().context("writing the trace")?;
            tokio::time::sleep(LOOK_EVERY).await;
        }
    })
}

fn path(args: &Args, from: u64) -> String {
    let modem = args.modem.as_deref().map(|word| format!("&modem={}", escaped(word)));
    format!("/local/trace?from={from}&numbers={}{}", args.numbers, modem.unwrap_or_default())
}

/// A word inside a query.
fn escaped(word: &str) -> String {
    word.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}
