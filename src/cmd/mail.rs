//! `simgate mail`: look into mails without a gateway.

mod parse;

use clap::Subcommand;

use super::{Common, Failure};

/// Arguments of `mail`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show what a mail would become and why.
    Parse(parse::Args),
}

/// Runs one of them.
pub fn run(_common: &Common, args: Args) -> Result<(), Failure> {
    match args.command {
        Command::Parse(args) => parse::run(args),
    }
}
