//! `simgate export` and `simgate erase`: what is kept about one number.

use serde_json::json;

use super::client::Client;
use super::{Common, Failure, block_on};

/// Arguments of `export`.
#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    /// Whose.
    #[arg(long)]
    number: String,
}

/// Arguments of `erase`.
#[derive(Debug, clap::Args)]
pub struct EraseArgs {
    /// Whose.
    #[arg(long)]
    number: String,
    /// Print what was erased as JSON.
    #[arg(long)]
    json: bool,
}

/// Prints everything kept about a number as one JSON document.
pub fn export(common: &Common, args: ExportArgs) -> Result<(), Failure> {
    let client = Client::new(&common.data_dir()?);
    // The plus of a number would be read as a blank.
    let path =
        format!("/api/v1/export?number={}", args.number.replace('+', "%2B").replace(' ', ""));
    let found = block_on(async { client.get(&path).await })?;
    println!("{found:#}");
    Ok(())
}

/// Erases what is kept about a number.
pub fn erase(common: &Common, args: EraseArgs) -> Result<(), Failure> {
    let client = Client::new(&common.data_dir()?);
    let asked = json!({ "number": args.number });
    let erased = block_on(async { client.post("/api/v1/erase", asked).await })?;
    if args.json {
        println!("{erased}");
        return Ok(());
    }
    let count = |field: &str| erased[field].as_u64().unwrap_or_default();
    println!(
        "erased: {} texts, {} contacts, {} notes",
        count("messages"),
        count("contacts"),
        count("notes")
    );
    let mentions: Vec<_> = erased["mentioned_in"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|id| id.as_str())
        .collect();
    if !mentions.is_empty() {
        println!("other conversations speak of the number, look at them: {}", mentions.join(", "));
    }
    Ok(())
}
