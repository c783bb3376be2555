//! `simgate send`: hands a text to the running gateway.

use serde_json::{Value, json};

use super::client::Client;
use super::{Common, Failure, block_on, terminal};

/// Arguments of `send`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The recipient, such as +447700900123.
    #[arg(long)]
    to: String,
    /// The text; `-` reads it from standard input.
    #[arg(long)]
    text: String,
    /// The line to send on, by id, name, number or ICCID.
    #[arg(long)]
    line: Option<String>,
    /// conversation, auto, alert, otp or marketing.
    #[arg(long)]
    class: Option<String>,
    /// Wait until the network took it or refused it; exit code 1 when it did not go.
    #[arg(long)]
    wait: bool,
    /// Print the gateway's answer as JSON.
    #[arg(long)]
    json: bool,
}

/// A submit takes seconds; asking more often tells nothing new.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_millis(300);

/// Queues the text; it is durable when this returns.
pub fn run(common: &Common, args: Args) -> Result<(), Failure> {
    let client = Client::new(&common.data_dir()?);
    let text = match args.text.as_str() {
        "-" => std::io::read_to_string(std::io::stdin())
            .map_err(|error| Failure::Usage(format!("cannot read standard input: {error}")))?,
        text => text.to_owned(),
    };
    let mut asked = json!({ "to": args.to, "text": text });
    for (field, word) in [("line", args.line), ("class", args.class)] {
        if let Some(word) = word {
            asked[field] = json!(word);
        }
    }
    block_on(async {
        let queued = client.post("/api/v1/messages", asked).await?;
        let settled = match args.wait {
            true => settled(&client, &queued).await?,
            false => queued,
        };
        print(&settled, args.json);
        match settled["state"].as_str() {
            Some("failed" | "expired" | "undeliverable" | "unknown" | "cancelled" | "held") => {
                Err(Failure::Failed(anyhow::anyhow!("the text was not sent")))
            }
            _ => Ok(()),
        }
    })
}

/// The message once it is neither queued nor at the modem.
async fn settled(client: &Client, queued: &Value) -> Result<Value, Failure> {
    let path = format!("/api/v1/messages/{}", queued["id"].as_str().unwrap_or_default());
    loop {
        let message = client.get(&path).await?;
        if !matches!(message["state"].as_str(), Some("queued" | "submitting")) {
            return Ok(message);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn print(message: &Value, json: bool) {
    if json {
        println!("{message}");
        return;
    }
    let word = |field: &str| message[field].as_str().unwrap_or_default().to_owned();
    println!("{} {}", word("id"), word("state"));
    if let Some(error) = message["error"]["detail"].as_str() {
        println!("{}", terminal::one_line(error));
    }
}
