//! `simgate man DIR`.

use std::path::PathBuf;

use anyhow::Context;
use clap::CommandFactory;

use super::{Cli, Failure};

/// Arguments of `man`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder to write `simgate.1` and one page per subcommand into.
    dir: PathBuf,
}

/// Writes one page per subcommand.
pub fn run(args: Args) -> Result<(), Failure> {
    std::fs::create_dir_all(&args.dir)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), &args.dir))
        .with_context(|| format!("writing manual pages into {}", args.dir.display()))?;
    Ok(())
}
