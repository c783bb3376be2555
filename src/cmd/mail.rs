//! `simgate mail`: whether mail works, and what a mail would become; both without a gateway.

mod parse;
mod test;

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
    /// Send a mail to the gateway's own address and read it back; say what is wrong.
    Test(test::Args),
}

/// Runs one of them.
pub fn run(common: &Common, args: Args) -> Result<(), Failure> {
    match args.command {
        Command::Parse(args) => parse::run(args),
        Command::Test(args) => test::run(common, args),
    }
}
