//! `simgate backup`, `restore` and `verify`: the database as a whole.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::json;

use super::{Common, Failure, block_on};
use crate::app::{Rebuilt, rebuild};
use crate::io::Clock;
use crate::io::lock::InstanceLock;
use crate::store::{self, Checked, Store};
use crate::types::{Country, UnixTime};

/// Arguments of `backup`.
#[derive(Debug, clap::Args)]
pub struct BackupArgs {
    /// Where to.
    file: PathBuf,
}

/// Arguments of `restore`.
#[derive(Debug, clap::Args)]
pub struct RestoreArgs {
    /// A file that `backup` made.
    file: PathBuf,
}

/// Arguments of `verify`.
#[derive(Debug, clap::Args)]
pub struct VerifyArgs {
    /// Put texts that only the journal has back into the database; a database that cannot be read
    /// is set aside and made anew.
    #[arg(long)]
    rebuild: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Copies and checks.
pub fn backup(common: &Common, args: BackupArgs) -> Result<(), Failure> {
    let data = common.data_dir()?;
    let copied = store::back_up(&data, &args.file).context("no backup was made")?;
    println!("{}: {} texts, checked", args.file.display(), copied.messages);
    Ok(())
}

/// Checks and puts back.
pub fn restore(common: &Common, args: RestoreArgs) -> Result<(), Failure> {
    let data = common.data_dir()?;
    let _lock = alone(&data)?;
    let back = store::restore(&data, &args.file, Clock::system().wall());
    let back = back.context("nothing was changed")?;
    println!("restored {} texts; what waited to be sent is held for a person", back.messages);
    Ok(())
}

/// Looks at both copies.
pub fn verify(common: &Common, args: VerifyArgs) -> Result<(), Failure> {
    let data = common.data_dir()?;
    let country = common.settings().ok().and_then(|config| config.organisation.country);
    // A gateway may go on working while it is only looked at.
    let _lock = if args.rebuild { Some(alone(&data)?) } else { None };
    let journal = store::read_journal(&data).context("the journal cannot be read")?;
    let database = store::check(&data);
    let (records, torn) = (journal.records.len(), journal.torn.len());
    let damaged: Vec<String> = journal
        .damaged
        .iter()
        .map(|(file, offset)| format!("{} at octet {offset}", file.display()))
        .collect();
    let mut rebuilt = None;
    if args.rebuild {
        let now = Clock::system().wall();
        rebuilt = Some(block_on(again(&data, journal, database.is_err(), country, now))?);
    }
    let problem = database.as_ref().err().map(ToString::to_string);
    if args.json {
        let checked = database.as_ref().ok();
        let found = json!({
            "database": {
                "problem": problem,
                "messages": checked.map(|c: &Checked| c.messages),
                "segments": checked.map(|c| c.segments),
            },
            "journal": { "records": records, "damaged": damaged, "torn": torn },
            "rebuilt": rebuilt.map(|r| json!({ "received": r.received, "sent": r.sent })),
        });
        println!("{found}");
    } else {
        match &database {
            Ok(checked) => println!("database: sound, {} texts", checked.messages),
            Err(error) => println!("database: {error}"),
        }
        println!("journal: {records} records, {} damaged places, {torn} torn ends", damaged.len());
        damaged.iter().for_each(|place| println!("  {place}"));
        if let Some(Rebuilt { received, sent, left_out }) = rebuilt {
            println!("put back: {received} received, {sent} sent; left out: {left_out}");
        }
    }
    match (problem, args.rebuild) {
        (Some(problem), false) => Err(Failure::Failed(anyhow::anyhow!(
            "{problem}; `simgate verify --rebuild` makes it anew from the journal"
        ))),
        _ => Ok(()),
    }
}

/// Fills the database from the journal, a fresh one when the old one cannot be read.
async fn again(
    data: &Path,
    journal: store::JournalContents,
    fresh: bool,
    country: Option<Country>,
    now: UnixTime,
) -> Result<Rebuilt, Failure> {
    if fresh {
        store::set_aside(data, "damaged", now).context("the old database is in the way")?;
    }
    let store = Store::open_without_journal(data).await.context("cannot open the database")?;
    let rebuilt = rebuild(&store, journal.records, fresh, country).await;
    store.close().await.context("cannot close the database")?;
    Ok(rebuilt.context("not everything could be put back")?)
}

/// Nobody else at work on the folder.
fn alone(data: &Path) -> Result<InstanceLock, Failure> {
    Ok(InstanceLock::take(data).map_err(anyhow::Error::from)?)
}
