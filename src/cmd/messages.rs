//! `simgate messages` and `simgate queue`: what the gateway holds, in order of arrival.

use serde_json::Value;

use super::client::Client;
use super::{Common, Failure, block_on, terminal};

/// Arguments of `messages`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Go on printing messages as they come or change.
    #[arg(long)]
    follow: bool,
    /// How many of the newest to begin with.
    #[arg(long, default_value_t = 20)]
    last: usize,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

/// Arguments of `queue`.
#[derive(Debug, clap::Args)]
pub struct QueueArgs {
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

/// Prints the newest messages, and with `--follow` all that change from here on.
pub fn run(common: &Common, args: Args) -> Result<(), Failure> {
    let client = Client::new(&common.data_dir()?);
    block_on(async {
        let messages = all(&client, "").await?;
        let newest = &messages[messages.len().saturating_sub(args.last)..];
        print(newest, args.json);
        if !args.follow {
            return Ok(());
        }
        let each = |event: &str| {
            let event: Value = serde_json::from_str(event).unwrap_or_default();
            match (&event["message"], args.json) {
                (Value::Null, _) => {}
                (message, true) => println!("{message}"),
                (message, false) => println!("{}", row(message).join("  ")),
            }
        };
        client.follow("/api/v1/events", each).await
    })
}

/// Prints what has not left yet, or may have.
pub fn queue(common: &Common, args: QueueArgs) -> Result<(), Failure> {
    let client = Client::new(&common.data_dir()?);
    block_on(async {
        let mut waiting = Vec::new();
        for state in ["submitting", "queued", "held", "unknown"] {
            waiting.extend(all(&client, &format!("&direction=out&state={state}")).await?);
        }
        print(&waiting, args.json);
        Ok(())
    })
}

/// Every message a filter leaves, page by page.
pub(super) async fn all(client: &Client, filter: &str) -> Result<Vec<Value>, Failure> {
    let mut messages = Vec::new();
    let mut path = format!("/api/v1/messages?limit=500{filter}");
    loop {
        let mut page = client.get(&path).await?;
        match page["items"].take() {
            Value::Array(items) => messages.extend(items),
            _ => return Ok(messages),
        }
        match page["next"].as_str() {
            Some(next) => path = format!("/api/v1/messages?limit=500&after={next}{filter}"),
            None => return Ok(messages),
        }
    }
}

/// A table for people, or one object a line for programs.
pub(super) fn print(messages: &[Value], json: bool) {
    if json {
        messages.iter().for_each(|message| println!("{message}"));
        return;
    }
    let rows: Vec<Vec<String>> = messages.iter().map(row).collect();
    print!("{}", terminal::table(&["id", "time", "", "number", "state", "text"], &rows));
}

fn row(message: &Value) -> Vec<String> {
    let word = |field: &str| message[field].as_str().unwrap_or_default().to_owned();
    let arrow = if message["direction"] == "in" { "<" } else { ">" };
    let text = terminal::one_line(message["text"].as_str().unwrap_or_default());
    let number = terminal::one_line(&word("number"));
    vec![word("id"), word("created_at"), arrow.to_owned(), number, word("state"), text]
}
