//! `simgate at PORT`: a person's own AT commands, guarded.
//!
//! While a gateway drives the port, the command goes through it, between its own; else the port
//! is opened directly. What can lock a SIM or re-flash a modem is refused either way.

use std::io::BufRead;
use std::time::Duration;

use anyhow::{Context, anyhow};
use serde_json::{Value, json};

use super::client::Client;
use super::{Common, Failure, block_on, terminal};
use crate::io::hardware::{Hardware, Place, Wanted};
use crate::io::wire::Wire;
use crate::io::{Candidate, PortSource};
use crate::modem;

/// Arguments of `at`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The port, or a modem's number or IMEI while the gateway runs.
    port: String,
    /// One command, such as AT+CSQ; without it they are read from standard input.
    command: Option<String>,
    /// Also take commands that can lock a SIM or damage a modem. Only while no gateway runs.
    #[arg(long = "unsafe")]
    unguarded: bool,
    /// One JSON object for each command.
    #[arg(long)]
    json: bool,
}

/// The slowest answer to wait for without a gateway: a network search.
const SLOWEST: Duration = Duration::from_secs(180);

/// Final results of V.250 and 27.007, by their beginnings; a prompt ends an answer too.
const FINALS: &[&str] =
    &["OK", "ERROR", "+CME ERROR", "+CMS ERROR", "NO CARRIER", "BUSY", "NO ANSWER", "NO DIALTONE"];

/// Runs one command, or one for each line of standard input.
pub fn run(common: &Common, args: Args) -> Result<(), Failure> {
    let folder = common.data_dir()?;
    block_on(async {
        let mut modem = Modem::Through(Client::new(&folder), args.port.clone());
        let commands: Vec<String> = match &args.command {
            Some(command) => vec![command.clone()],
            None => std::io::stdin().lock().lines().map_while(Result::ok).collect(),
        };
        for command in commands.iter().filter(|command| !command.trim().is_empty()) {
            let lines = match modem.ask(command, args.unguarded).await {
                // Nobody drives the port: from here on we do.
                Err(Failure::NoGateway(_)) => {
                    modem = Modem::Direct(open(&args.port).await?);
                    modem.ask(command, args.unguarded).await?
                }
                answered => answered?,
            };
            match args.json {
                true => println!("{}", json!({ "command": command, "lines": lines })),
                false => lines.iter().for_each(|line| println!("{}", terminal::one_line(line))),
            }
        }
        Ok(())
    })
}

/// How the modem is reached.
enum Modem {
    Through(Client, String),
    Direct(Wire),
}

impl Modem {
    async fn ask(&mut self, command: &str, unguarded: bool) -> Result<Vec<String>, Failure> {
        if !unguarded || matches!(self, Modem::Through(..)) {
            modem::check_console(command).map_err(|why| Failure::Failed(anyhow!(why)))?;
        }
        match self {
            Modem::Through(client, port) => {
                let asked = json!({ "port": port, "command": command });
                let answer = client.post("/local/console", asked).await?;
                if unguarded {
                    eprintln!("simgate: --unsafe has no effect while a gateway runs");
                }
                let lines = answer["lines"].as_array().into_iter().flatten();
                Ok(lines.filter_map(Value::as_str).map(str::to_owned).collect())
            }
            Modem::Direct(wire) => {
                let asked = direct(wire, command.trim());
                Ok(tokio::time::timeout(SLOWEST, asked)
                    .await
                    .context("the modem did not answer")??)
            }
        }
    }
}

async fn open(port: &str) -> Result<Wire, Failure> {
    let place = Place::Named(port.to_owned());
    let hardware = Hardware::new(vec![Wanted { place, baud: 115_200 }]);
    let candidate = Candidate::named(port, "named on the command line");
    Ok(Wire::new(hardware.open(&candidate).await.map_err(anyhow::Error::from)?))
}

/// Writes a line and reads up to a final result.
async fn direct(wire: &mut Wire, command: &str) -> anyhow::Result<Vec<String>> {
    wire.write(format!("{command}\r").as_bytes());
    let (mut pending, mut lines) = (String::new(), Vec::new());
    let mut buffer = [0; 1_024];
    loop {
        let read = wire.read(&mut buffer).await.map_err(|gone| anyhow!("the port is {gone:?}"))?;
        pending.push_str(&String::from_utf8_lossy(&buffer[..read]));
        while let Some(end) = pending.find(['\r', '\n']) {
            let line: String = pending.drain(..=end).collect();
            let line = line.trim();
            // The echo is ours, not the modem's.
            if line.is_empty() || line == command {
                continue;
            }
            lines.push(line.to_owned());
            if FINALS.iter().any(|last| line.starts_with(last)) {
                return Ok(lines);
            }
        }
    }
}
