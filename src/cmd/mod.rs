//! The command line: one file per subcommand.
//!
//! Exit codes: 0 done, 1 failed, 2 wrong usage, 3 configuration invalid, 4 no gateway running.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod completions;
mod man;

/// A self-hosted SMS gateway: your own SIM, your own team inbox.
#[derive(Debug, Parser)]
#[command(name = "simgate", version, about, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print shell completions.
    Completions(completions::Args),
    /// Write the manual pages into a folder.
    Man(man::Args),
}

/// Why a command ended without doing its work; decides the exit code.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It was tried and did not work (exit code 1).
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
    /// The words on the command line do not fit (exit code 2).
    #[error("{0}")]
    Usage(String),
    /// The configuration is invalid; the problems were already printed (exit code 3).
    #[error("the configuration is invalid")]
    Configuration,
    /// No gateway is running on that data folder (exit code 4).
    #[error("{0}")]
    NoGateway(String),
}

impl Failure {
    fn code(&self) -> u8 {
        match self {
            Failure::Failed(_) => 1,
            Failure::Usage(_) => 2,
            Failure::Configuration => 3,
            Failure::NoGateway(_) => 4,
        }
    }
}

/// Parses the arguments, runs the subcommand, prints an error chain, chooses the exit code.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match dispatch(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            match &failure {
                Failure::Failed(error) => eprintln!("simgate: {error:#}"),
                other => eprintln!("simgate: {other}"),
            }
            ExitCode::from(failure.code())
        }
    }
}

fn dispatch(command: Command) -> Result<(), Failure> {
    match command {
        Command::Completions(args) => completions::run(args),
        Command::Man(args) => man::run(args),
    }
}
