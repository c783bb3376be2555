//! `simgate completions SHELL`.

use clap::CommandFactory;

use super::{Cli, Failure};

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell to write for.
    shell: clap_complete::Shell,
}

/// Prints the completion script on standard output.
pub fn run(args: Args) -> Result<(), Failure> {
    clap_complete::generate(args.shell, &mut Cli::command(), "simgate", &mut std::io::stdout());
    Ok(())
}
