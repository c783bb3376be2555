//! `simgate modems`: the modems of a running gateway, or the ports one would try.

use serde_json::{Value, json};

use super::client::Client;
use super::run::hardware;
use super::{Common, Failure, block_on, terminal};
use crate::io::PortSource;

/// Arguments of `modems`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

/// Asks the gateway; without one, looks at the ports itself and opens none.
pub fn run(common: &Common, args: Args) -> Result<(), Failure> {
    let client = Client::new(&common.data_dir()?);
    block_on(async {
        match client.get("/api/v1/modems").await {
            Ok(listed) => of_gateway(&client, &listed, args.json).await,
            Err(Failure::NoGateway(_)) => candidates(common, args.json),
            Err(failure) => Err(failure),
        }
    })
}

async fn of_gateway(client: &Client, listed: &Value, json: bool) -> Result<(), Failure> {
    let modems = listed["items"].as_array().cloned().unwrap_or_default();
    if json {
        modems.iter().for_each(|modem| println!("{modem}"));
        return Ok(());
    }
    let lines = client.get("/api/v1/lines").await?;
    let lines = lines["items"].as_array().cloned().unwrap_or_default();
    let rows: Vec<Vec<String>> = modems.iter().map(|modem| row(modem, &lines)).collect();
    let head = ["id", "port", "modem", "IMEI", "ICCID", "operator", "signal", "state", "note"];
    print!("{}", terminal::table(&head, &rows));
    Ok(())
}

fn row(modem: &Value, lines: &[Value]) -> Vec<String> {
    let word =
        |field: &str| terminal::one_line(modem[field].as_str().unwrap_or_default()).to_owned();
    let line = lines.iter().find(|line| line["id"] == modem["line"]);
    let iccid = line.and_then(|line| line["iccid"].as_str()).unwrap_or_default();
    let signal = modem["signal_dbm"].as_i64().map(|dbm| format!("{dbm} dBm")).unwrap_or_default();
    vec![
        word("id"),
        word("port"),
        format!("{} {}", word("maker"), word("model")),
        word("imei"),
        iccid.to_owned(),
        word("operator"),
        signal,
        word("state"),
        word("note"),
    ]
}

/// The ports a gateway would try, and why.
fn candidates(common: &Common, json: bool) -> Result<(), Failure> {
    let found = hardware(&common.settings()?).candidates();
    if json {
        for c in &found {
            let (port, profile, why) = (&c.name, c.profile, &c.why);
            println!("{}", json!({ "port": port, "profile": profile, "why": why }));
        }
        return Ok(());
    }
    eprintln!("no gateway runs here; these are the ports one would try, best first");
    let rows: Vec<Vec<String>> = found
        .into_iter()
        .map(|c| vec![c.name, c.profile.unwrap_or_default().to_owned(), terminal::one_line(&c.why)])
        .collect();
    print!("{}", terminal::table(&["port", "profile", "why"], &rows));
    Ok(())
}
