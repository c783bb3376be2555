//! `simgate at PORT`: a person's own AT commands, guarded.
//!
//! While a gateway drives the port, the command goes through it, between its own; else the port
//! is opened directly. What can lock a SIM or re-flash a modem is refused either way.

mod direct;

use std::io::BufRead;

use anyhow::anyhow;
use serde_json::{Value, json};

use super::client::Client;
use super::{Common, Failure, block_on, terminal};
use crate::modem;
use direct::Direct;

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
                    modem = Modem::Direct(Box::new(Direct::open(&args.port).await?));
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
    Direct(Box<Direct>),
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
            Modem::Direct(port) => Ok(port.ask(command).await?),
        }
    }
}
