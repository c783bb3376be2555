//! `simgate check-config`: every problem of the settings at once.

use super::{Common, Failure};
use crate::config::{Config, Environment};

/// Arguments of `check-config`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print one JSON object with the problems.
    #[arg(long)]
    json: bool,
}

/// Prints the problems; exit code 3 when there is one.
pub fn run(common: &Common, args: Args) -> Result<(), Failure> {
    let loaded = Config::load(common.config.as_deref(), &Environment::of_process());
    let problems = loaded.err().unwrap_or_default();
    if args.json {
        let listed: Vec<_> = problems
            .0
            .iter()
            .map(|p| serde_json::json!({ "place": p.place, "key": p.key, "problem": p.what }))
            .collect();
        println!("{}", serde_json::json!({ "problems": listed }));
    } else if problems.0.is_empty() {
        println!("the configuration is valid");
    } else {
        print!("{problems}");
    }
    match problems.0.is_empty() {
        true => Ok(()),
        false => Err(Failure::Configuration),
    }
}
